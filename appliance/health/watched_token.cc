#include "appliance/health/watched_token.h"

#include "appliance/health/reasons.h"
#include "base/log.h"
#include "tokens/pkcs11/reasons.h"

namespace intaglio::appliance {

StatusOr<MessageDigest> WatchedToken::Challenge(tokens::KeyAlgorithm algorithm) {
  const bool p384 = algorithm == tokens::KeyAlgorithm::kP384;
  ASSIGN_OR_RETURN(const Bytes octets, rng_.Draw(p384 ? 48 : 32));
  return MessageDigest::Create(p384 ? HashAlgorithm::kSha384 : HashAlgorithm::kSha256, octets);
}

Status WatchedToken::Watch(const Status& status) {
  if (Is(status, tokens::kOwnSignatureWrong)) errors_.Enter(ErrorCause::kOwnSignature, status);
  return status;
}

StatusOr<tokens::GeneratedKey> WatchedToken::GenerateResident(tokens::KeyAlgorithm algorithm,
                                                              const tokens::KeyLabel& label,
                                                              const tokens::KeyId& id) {
  ASSIGN_OR_RETURN(const MessageDigest challenge, Challenge(algorithm));
  ASSIGN_OR_RETURN(auto key, token_.GenerateResident(algorithm, label, id));
  const Status proven =
      SignResident(id, algorithm, {key.spki_der}, std::span(&challenge, 1)).status();
  if (proven.ok()) return key;
  if (const Status gone = token_.DestroyResident(id); !gone.ok()) {
    LogFailure("health.unproven_key_stays", gone);
  }
  return Fail(kSelfTestFailed, "a new key did not prove itself: " + PublicDetailOf(proven));
}

StatusOr<tokens::GeneratedWrappedKey> WatchedToken::GenerateWrapped(
    tokens::KeyAlgorithm algorithm, const tokens::KeyLabel& storage_key) {
  ASSIGN_OR_RETURN(const MessageDigest challenge, Challenge(algorithm));
  ASSIGN_OR_RETURN(const Bytes name, rng_.Draw(16));
  ASSIGN_OR_RETURN(const tokens::KeyId id, tokens::KeyId::Create(name));
  ASSIGN_OR_RETURN(auto key, token_.GenerateWrapped(algorithm, storage_key));
  const Status proven = SignWrapped(id, {key.wrapped}, algorithm, storage_key, {key.key.spki_der},
                                    std::span(&challenge, 1))
                            .status();
  token_.DropKey(id);
  if (proven.ok()) return key;
  return Fail(kSelfTestFailed, "a new key did not prove itself: " + PublicDetailOf(proven));
}

StatusOr<std::vector<Bytes>> WatchedToken::SignResident(const tokens::KeyId& id,
                                                        tokens::KeyAlgorithm algorithm,
                                                        tokens::Spki public_key,
                                                        std::span<const MessageDigest> digests) {
  auto signatures = token_.SignResident(id, algorithm, public_key, digests);
  RETURN_IF_ERROR(Watch(signatures.status()));
  return signatures;
}

StatusOr<std::vector<Bytes>> WatchedToken::SignWrapped(const tokens::KeyId& id,
                                                       tokens::WrappedKey wrapped,
                                                       tokens::KeyAlgorithm algorithm,
                                                       const tokens::KeyLabel& storage_key,
                                                       tokens::Spki public_key,
                                                       std::span<const MessageDigest> digests) {
  auto signatures = token_.SignWrapped(id, wrapped, algorithm, storage_key, public_key, digests);
  RETURN_IF_ERROR(Watch(signatures.status()));
  return signatures;
}

}  // namespace intaglio::appliance
