#include "attestation/verify/trust_store.h"

#include <openssl/x509v3.h>

#include "attestation/verify/openssl_handles.h"
#include "attestation/verify/reasons.h"

namespace intaglio::attestation {

StatusOr<TrustStore> TrustStore::Create(std::vector<Bytes> roots,
                                        std::vector<Digest> distrusted_ak_spkis) {
  if (roots.empty()) return Fail(kTrustStoreInvalid, "no root; configure at least one");
  for (size_t i = 0; i < roots.size(); ++i) {
    const std::string which = "root " + std::to_string(i) + ": ";
    const StatusOr<verify_internal::X509Ptr> root =
        verify_internal::ParseCertificate(roots[i], kTrustStoreInvalid);
    if (!root.ok()) return Fail(kTrustStoreInvalid, which + DetailOf(root.status()));
    const uint32_t flags = X509_get_extension_flags(root->get());
    // EXFLAG_SS: issuer and subject are one.
    if ((flags & EXFLAG_INVALID) != 0 || (flags & EXFLAG_CA) == 0 || (flags & EXFLAG_SS) == 0) {
      return Fail(kTrustStoreInvalid, which + "not a self-signed certificate of a CA");
    }
  }
  TrustStore store;
  store.roots_ = std::move(roots);
  store.distrusted_.insert(distrusted_ak_spkis.begin(), distrusted_ak_spkis.end());
  return store;
}

bool TrustStore::IsDistrusted(const Digest& ak_spki_sha256) const {
  return distrusted_.contains(ak_spki_sha256);
}

}  // namespace intaglio::attestation
