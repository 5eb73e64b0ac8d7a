// WatchedToken: the core's token under watch. A key that was just made must prove itself before
// anyone gets it, and a signature of ours that does not verify puts the core into its error state.
#ifndef INTAGLIO_APPLIANCE_HEALTH_WATCHED_TOKEN_H_
#define INTAGLIO_APPLIANCE_HEALTH_WATCHED_TOKEN_H_

#include "appliance/health/error_state.h"
#include "base/rng.h"
#include "tokens/pkcs11/token_keys.h"

namespace intaglio::appliance {

// Adds kSelfTestFailed to the calls that make keys. Thread-safe.
class WatchedToken final : public tokens::TokenKeys {
 public:
  // All outlive this.
  WatchedToken(tokens::TokenKeys& token, Rng& rng, ErrorState& errors)
      : token_(token), rng_(rng), errors_(errors) {}

  // A key that fails its pairwise consistency test is destroyed again.
  StatusOr<tokens::GeneratedKey> GenerateResident(tokens::KeyAlgorithm algorithm,
                                                  const tokens::KeyLabel& label,
                                                  const tokens::KeyId& id) override;
  StatusOr<tokens::GeneratedWrappedKey> GenerateWrapped(
      tokens::KeyAlgorithm algorithm, const tokens::KeyLabel& storage_key) override;
  StatusOr<std::vector<Bytes>> SignResident(const tokens::KeyId& id, tokens::KeyAlgorithm algorithm,
                                            tokens::Spki public_key,
                                            std::span<const MessageDigest> digests) override;
  StatusOr<std::vector<Bytes>> SignWrapped(const tokens::KeyId& id, tokens::WrappedKey wrapped,
                                           tokens::KeyAlgorithm algorithm,
                                           const tokens::KeyLabel& storage_key,
                                           tokens::Spki public_key,
                                           std::span<const MessageDigest> digests) override;

  const tokens::TokenDescription& Describe() const override { return token_.Describe(); }
  tokens::SupervisorStatus Standing() const override { return token_.Standing(); }
  Status DestroyResident(const tokens::KeyId& id) override { return token_.DestroyResident(id); }
  StatusOr<tokens::KeyOrigin> StorageKeyOrigin(const tokens::KeyLabel& key) override {
    return token_.StorageKeyOrigin(key);
  }
  void DropKey(const tokens::KeyId& id) override { token_.DropKey(id); }
  void DropCopies() override { token_.DropCopies(); }
  Status VerifyP256(tokens::P256Point point, const Digest& digest,
                    tokens::P256Signature signature) override {
    return token_.VerifyP256(point, digest, signature);
  }
  Status GenerateSecretKey(const tokens::KeyLabel& label) override {
    return token_.GenerateSecretKey(label);
  }
  Status FindSecretKey(const tokens::KeyLabel& label) override {
    return token_.FindSecretKey(label);
  }
  Status DestroySecretKey(const tokens::KeyLabel& label) override {
    return token_.DestroySecretKey(label);
  }
  StatusOr<Bytes> SealGcm(const tokens::KeyLabel& label, const tokens::GcmNonce& nonce,
                          tokens::Aad aad, ByteView plaintext) override {
    return token_.SealGcm(label, nonce, aad, plaintext);
  }
  StatusOr<Bytes> OpenGcm(const tokens::KeyLabel& label, const tokens::GcmNonce& nonce,
                          tokens::Aad aad, ByteView sealed) override {
    return token_.OpenGcm(label, nonce, aad, sealed);
  }
  Status ReplaceData(const tokens::KeyLabel& label, ByteView octets) override {
    return token_.ReplaceData(label, octets);
  }
  StatusOr<std::vector<Bytes>> ReadData(const tokens::KeyLabel& label) override {
    return token_.ReadData(label);
  }
  Status GenerateRandom(std::span<uint8_t> out) override { return token_.GenerateRandom(out); }

 private:
  // What a new key has to sign.
  StatusOr<MessageDigest> Challenge(tokens::KeyAlgorithm algorithm);
  // Enters the error state where `status` says that a signature of ours is wrong.
  Status Watch(const Status& status);

  tokens::TokenKeys& token_;
  Rng& rng_;
  ErrorState& errors_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_HEALTH_WATCHED_TOKEN_H_
