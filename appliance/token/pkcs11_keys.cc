#include "appliance/token/pkcs11_keys.h"

#include <algorithm>

#include "appliance/crypto/ecdsa.h"
#include "appliance/domain/reasons.h"
#include "tokens/pkcs11/reasons.h"

namespace intaglio::appliance {
namespace {

tokens::KeyAlgorithm ToToken(KeyAlgorithm algorithm) {
  return algorithm == KeyAlgorithm::kP256 ? tokens::KeyAlgorithm::kP256
                                          : tokens::KeyAlgorithm::kRsa3072;
}

KeyOrigin FromToken(const tokens::KeyOrigin& origin) {
  return {origin.local,
          origin.sensitive,
          origin.always_sensitive,
          origin.extractable,
          origin.never_extractable,
          origin.wrap_with_trusted,
          origin.key_gen_mechanism};
}

// What X.509 and CMS carry: ECDSA in DER, RSA as it is.
StatusOr<Bytes> ForX509(KeyAlgorithm algorithm, Bytes signature) {
  if (algorithm != KeyAlgorithm::kP256) return signature;
  P256Signature raw;
  if (signature.size() != raw.size()) {
    return Fail(tokens::kTokenFailure, "an ECDSA signature of another length than 64 octets");
  }
  std::copy(signature.begin(), signature.end(), raw.begin());
  return SignatureToDer(raw);
}

}  // namespace

StatusOr<GeneratedKey> Pkcs11Keys::GenerateResident(KeyAlgorithm algorithm, const KeyId& key_id,
                                                    const std::string& label) {
  ASSIGN_OR_RETURN(const tokens::KeyLabel token_label, tokens::KeyLabel::Create(label));
  ASSIGN_OR_RETURN(const tokens::KeyId token_id, tokens::KeyId::Create(key_id.view()));
  ASSIGN_OR_RETURN(tokens::GeneratedKey key,
                   token_.GenerateResident(ToToken(algorithm), token_label, token_id));
  return GeneratedKey{std::move(key.spki_der), {}, FromToken(key.origin)};
}

StatusOr<GeneratedKey> Pkcs11Keys::GenerateWrapped(KeyAlgorithm algorithm) {
  ASSIGN_OR_RETURN(tokens::GeneratedWrappedKey key,
                   token_.GenerateWrapped(ToToken(algorithm), storage_key_));
  return GeneratedKey{std::move(key.key.spki_der), std::move(key.wrapped),
                      FromToken(key.key.origin)};
}

StatusOr<std::vector<Bytes>> Pkcs11Keys::Sign(SignPermit permit, const KeyRecord& key) {
  if (!permit.valid() || permit.key_id() != key.key_id) {
    return Fail(kPermitInvalid,
                "permit for " + permit.key_id().hex() + ", key " + key.key_id.hex());
  }
  const std::vector<Digest> digests = permit.Spend();
  StatusOr<std::vector<Bytes>> raw = std::vector<Bytes>();
  if (key.residency == KeyResidency::kWrapped) {
    raw = token_.SignWrapped({key.wrapped}, ToToken(key.algorithm), storage_key_, {key.spki},
                             digests);
  } else {
    ASSIGN_OR_RETURN(const tokens::KeyId id, tokens::KeyId::Create(key.key_id.view()));
    raw = token_.SignResident(id, ToToken(key.algorithm), {key.spki}, digests);
  }
  RETURN_IF_ERROR(raw.status());
  std::vector<Bytes> signatures;
  for (Bytes& each : *raw) {
    ASSIGN_OR_RETURN(Bytes signature, ForX509(key.algorithm, std::move(each)));
    signatures.push_back(std::move(signature));
  }
  return signatures;
}

Status Pkcs11Keys::VerifyEs256(ByteView spki, const Digest& digest, ByteView signature_der) {
  const auto point = PointOfSpki(spki);
  if (!point) return Fail(kProofMalformed, "the public key is not on P-256");
  const auto signature = SignatureFromDer(signature_der);
  if (!signature) return Fail(kProofMalformed, "not a DER ECDSA-Sig-Value for P-256");
  const Status verdict = token_.VerifyP256({*point}, digest, {*signature});
  if (verdict.ok()) return OkStatus();
  if (Is(verdict, tokens::kSignatureWrong)) {
    return Fail(kSignatureWrong, "over these octets, by this key");
  }
  // The module may not verify, or its session may just have died: software decides then.
  if (VerifyEs256InSoftware(*point, digest, *signature)) return OkStatus();
  return Fail(kSignatureWrong, "over these octets, by this key");
}

Status Pkcs11Keys::Destroy(ByteView cka_id) {
  ASSIGN_OR_RETURN(const tokens::KeyId id, tokens::KeyId::Create(cka_id));
  const Status destroyed = token_.DestroyResident(id);
  return Is(destroyed, tokens::kKeyNotFound) ? OkStatus() : destroyed;
}

StatusOr<TrustedStorageKey> Pkcs11Keys::DescribeStorageKey() {
  ASSIGN_OR_RETURN(const tokens::KeyOrigin origin, token_.StorageKeyOrigin(storage_key_));
  return TrustedStorageKey{storage_key_.text(), FromToken(origin)};
}

StatusOr<TokenDescription> Pkcs11Keys::Describe() {
  const tokens::TokenDescription& token = token_.Describe();
  return TokenDescription{token.serial, token.manufacturer, token.model, token.hardware_version,
                          token.firmware_version};
}

}  // namespace intaglio::appliance
