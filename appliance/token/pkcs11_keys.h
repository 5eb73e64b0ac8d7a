// Pkcs11Keys: the core's TokenPort over a PKCS#11 token. Translates between the domain's values and
// the token's and nothing else; the rules are in the judges, the calls in tokens/pkcs11.
#ifndef INTAGLIO_APPLIANCE_TOKEN_PKCS11_KEYS_H_
#define INTAGLIO_APPLIANCE_TOKEN_PKCS11_KEYS_H_

#include "appliance/usecases/ports.h"
#include "tokens/pkcs11/token_keys.h"

namespace intaglio::appliance {

class Pkcs11Keys final : public TokenPort {
 public:
  // `token` outlives this.
  Pkcs11Keys(tokens::TokenKeys& token, tokens::KeyLabel storage_key)
      : token_(token), storage_key_(std::move(storage_key)) {}

  StatusOr<GeneratedKey> GenerateResident(KeyAlgorithm algorithm, const KeyId& key_id,
                                          const std::string& label) override;
  StatusOr<GeneratedKey> GenerateWrapped(KeyAlgorithm algorithm) override;
  StatusOr<std::vector<Bytes>> Sign(SignPermit permit, const KeyRecord& key) override;
  Status VerifyEs256(ByteView spki, const Digest& digest, ByteView signature_der) override;
  Status Destroy(ByteView cka_id) override;
  void DropKey(const KeyId& key_id) override;
  StatusOr<TrustedStorageKey> DescribeStorageKey() override;
  StatusOr<TokenDescription> Describe() override;
  TokenHealth Health() override;

 private:
  tokens::TokenKeys& token_;
  const tokens::KeyLabel storage_key_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_TOKEN_PKCS11_KEYS_H_
