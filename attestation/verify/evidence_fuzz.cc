// Feeds arbitrary octets to the evidence parser, as DER and as PEM. What parses has to parse the
// same way again from the octets that were kept.
#include <cstdlib>

#include "attestation/verify/parsed_evidence.h"

using intaglio::ByteView;
using intaglio::attestation::EvidenceFromPem;
using intaglio::attestation::EvidenceProfile;
using intaglio::attestation::ParsedEvidence;
using intaglio::attestation::ParseEvidence;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* octets, size_t size) {
  static const EvidenceProfile profile = EvidenceProfile::Draft();
  const ByteView input(octets, size);
  const intaglio::StatusOr<ParsedEvidence> parsed = ParseEvidence(input, profile);
  if (parsed.ok()) {
    const intaglio::StatusOr<ParsedEvidence> again = ParseEvidence(parsed->der(), profile);
    if (!again.ok() || !(again->content() == parsed->content())) std::abort();
  }
  const intaglio::StatusOr<intaglio::Bytes> der = EvidenceFromPem(intaglio::AsStringView(input));
  if (der.ok()) static_cast<void>(ParseEvidence(*der, profile).ok());
  return 0;
}
