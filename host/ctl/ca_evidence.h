// CheckCaEvidence: whether a key that is to become a CA was made in a token and cannot leave it.
//
// The root signs a CA certificate only after this: the evidence verifies to the pinned device
// roots, answers the ceremony's own nonce, and describes this key as local, sensitive, resident,
// not extractable, never so, and for signing alone. A claim that is absent counts as the wrong one.
// Pure.
#ifndef INTAGLIO_HOST_CTL_CA_EVIDENCE_H_
#define INTAGLIO_HOST_CTL_CA_EVIDENCE_H_

#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "host/ctl/report.h"

namespace intaglio::host {

struct CaEvidence {
  Bytes evidence;  // DER
  Bytes spki;
  Bytes nonce;
  std::vector<Bytes> device_roots;  // DER
};
// The evidence as people read it. kEvidenceUnacceptable naming the claim; the Reasons of
// ParseEvidence and VerifyEvidence (ATT-...).
StatusOr<Report> CheckCaEvidence(const CaEvidence& input, WallTime at);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_CTL_CA_EVIDENCE_H_
