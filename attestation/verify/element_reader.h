// Reads the reported elements of evidence into their claims.
//
// Internal to attestation/verify. Pure; thread-safe.
#ifndef INTAGLIO_ATTESTATION_VERIFY_ELEMENT_READER_H_
#define INTAGLIO_ATTESTATION_VERIFY_ELEMENT_READER_H_

#include "attestation/model/evidence_content.h"
#include "attestation/verify/der_reader.h"

namespace intaglio::attestation::verify_internal {

struct ReportedElements {
  EvidenceContent content;
  size_t unknown_elements = 0;
  size_t unknown_claims = 0;
};

// `reader` stands at reportedElements. The Reasons ATT-0002 to ATT-0020 but for the version.
StatusOr<ReportedElements> ReadElements(DerReader& reader, const EvidenceProfile& profile);

}  // namespace intaglio::attestation::verify_internal

#endif  // INTAGLIO_ATTESTATION_VERIFY_ELEMENT_READER_H_
