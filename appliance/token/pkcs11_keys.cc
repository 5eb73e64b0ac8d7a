#include "appliance/token/pkcs11_keys.h"

#include <algorithm>

#include "appliance/crypto/ecdsa.h"
#include "appliance/domain/reasons.h"
#include "tokens/pkcs11/reasons.h"

namespace intaglio::appliance {
namespace {

tokens::KeyAlgorithm ToToken(KeyAlgorithm algorithm) {
  switch (algorithm) {
    case KeyAlgorithm::kP256:
      return tokens::KeyAlgorithm::kP256;
    case KeyAlgorithm::kRsa3072:
      return tokens::KeyAlgorithm::kRsa3072;
    case KeyAlgorithm::kP384:
      return tokens::KeyAlgorithm::kP384;
    case KeyAlgorithm::kRsa4096:
      return tokens::KeyAlgorithm::kRsa4096;
    case KeyAlgorithm::kRsa3072Pss:
      return tokens::KeyAlgorithm::kRsa3072Pss;
    case KeyAlgorithm::kRsa4096Pss:
      break;
  }
  return tokens::KeyAlgorithm::kRsa4096Pss;
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
void ForX509(KeyAlgorithm algorithm, std::vector<Bytes>& signatures) {
  if (algorithm != KeyAlgorithm::kP256 && algorithm != KeyAlgorithm::kP384) return;
  for (Bytes& each : signatures) each = SignatureToDer(each);
}

// The preferred token's state; degraded where another one has to stand in for it.
std::string StateOf(const tokens::SupervisorStatus& found) {
  const tokens::TokenState first = found.tokens.front().state;
  const bool another = std::ranges::any_of(found.tokens, [](const tokens::TokenStanding& each) {
    return each.state == tokens::TokenState::kHealthy;
  });
  const bool stands_in = first != tokens::TokenState::kHealthy && another;
  return std::string(NameOf(stands_in ? tokens::TokenState::kDegraded : first));
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
  const std::vector<MessageDigest> digests = permit.Spend();
  StatusOr<std::vector<Bytes>> raw = std::vector<Bytes>();
  ASSIGN_OR_RETURN(const tokens::KeyId id, tokens::KeyId::Create(key.key_id.view()));
  if (key.residency == KeyResidency::kWrapped) {
    raw = token_.SignWrapped(id, {key.wrapped}, ToToken(key.algorithm), storage_key_, {key.spki},
                             digests);
  } else {
    raw = token_.SignResident(id, ToToken(key.algorithm), {key.spki}, digests);
  }
  if (raw.ok()) ForX509(key.algorithm, *raw);
  return raw;
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

void Pkcs11Keys::DropKey(const KeyId& key_id) {
  // An id of this core is always one of a token.
  const auto id = tokens::KeyId::Create(key_id.view());
  if (id.ok()) token_.DropKey(*id);
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

TokenHealth Pkcs11Keys::Health() {
  const tokens::SupervisorStatus found = token_.Standing();
  const tokens::SupervisorCounters& counters = found.counters;
  return {StateOf(found),      counters.sessions_open,     counters.sessions_discarded,
          counters.logins,     counters.reinitialisations, counters.fail_overs,
          counters.cache_hits, counters.cache_misses,      counters.cache_evictions,
          counters.recoveries, counters.last_recovery_ms};
}

}  // namespace intaglio::appliance
