// Octets of authorisations, batches and chunks as a host would hand them in.
#include "appliance/records/canonical.h"
#include "appliance/records/seal_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace intaglio::appliance;  // NOLINT
  const intaglio::ByteView octets(data, size);
  (void)DecodeSealAuthorisation(octets);
  (void)DecodeSealBatch(octets);
  intaglio::core::v1::SealChunk chunk;
  if (ParseCanonical(octets, size, chunk)) {
    (void)TakeSealChunk(chunk, intaglio::HashAlgorithm::kSha256);
  }
  return 0;
}
