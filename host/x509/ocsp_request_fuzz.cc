// Feeds arbitrary octets to the OCSP request reader; whatever it accepts must point into the input
// and stay within the limits.
#include <cstdint>
#include <cstdlib>

#include "host/x509/ocsp_request.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* octets, size_t size) {
  using namespace intaglio::host;
  const auto request = ParseOcspRequest({octets, size}, kOcspRequestLimits2026);
  if (!request.ok()) return 0;
  if (request->cert_ids.empty() || request->cert_ids.size() > kOcspRequestLimits2026.cert_ids) {
    std::abort();
  }
  for (const CertIdView& id : request->cert_ids) {
    const bool inside = id.der.data() >= octets && id.der.data() + id.der.size() <= octets + size;
    if (!inside || id.issuer_name_hash.size() != id.issuer_key_hash.size()) std::abort();
  }
  if (request->nonce && (request->nonce->empty() || request->nonce->size() > 128)) std::abort();
  return 0;
}
