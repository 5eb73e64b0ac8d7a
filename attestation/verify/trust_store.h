// TrustStore: the pinned device roots, and the attestation keys withdrawn despite them.
//
// Device CAs publish no revocation lists, so a compromised attestation key is withdrawn by naming
// it. Invariant: at least one root, and each parses as one strict DER certificate of a CA.
// Immutable; thread-safe.
#ifndef INTAGLIO_ATTESTATION_VERIFY_TRUST_STORE_H_
#define INTAGLIO_ATTESTATION_VERIFY_TRUST_STORE_H_

#include <set>
#include <vector>

#include "base/bytes.h"

namespace intaglio::attestation {

class TrustStore final {
 public:
  // `roots`: self-signed DER certificates. `distrusted_ak_spkis`: SHA-256 of the DER
  // SubjectPublicKeyInfo of each withdrawn attestation key. kTrustStoreInvalid.
  static StatusOr<TrustStore> Create(std::vector<Bytes> roots,
                                     std::vector<Digest> distrusted_ak_spkis);

  const std::vector<Bytes>& roots() const { return roots_; }
  bool IsDistrusted(const Digest& ak_spki_sha256) const;

 private:
  TrustStore() = default;

  std::vector<Bytes> roots_;
  std::set<Digest> distrusted_;
};

}  // namespace intaglio::attestation

#endif  // INTAGLIO_ATTESTATION_VERIFY_TRUST_STORE_H_
