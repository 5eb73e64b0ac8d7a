#include "appliance/records/proto_values.h"

namespace intaglio::appliance {

std::optional<KeyAlgorithm> FromProto(pb::KeyAlgorithm value) {
  switch (value) {
    case pb::KEY_ALGORITHM_P256:
      return KeyAlgorithm::kP256;
    case pb::KEY_ALGORITHM_RSA3072:
      return KeyAlgorithm::kRsa3072;
    case pb::KEY_ALGORITHM_P384:
      return KeyAlgorithm::kP384;
    case pb::KEY_ALGORITHM_RSA4096:
      return KeyAlgorithm::kRsa4096;
    case pb::KEY_ALGORITHM_RSA3072_PSS:
      return KeyAlgorithm::kRsa3072Pss;
    case pb::KEY_ALGORITHM_RSA4096_PSS:
      return KeyAlgorithm::kRsa4096Pss;
    default:
      return std::nullopt;
  }
}

pb::KeyAlgorithm ToProto(KeyAlgorithm value) {
  switch (value) {
    case KeyAlgorithm::kP256:
      return pb::KEY_ALGORITHM_P256;
    case KeyAlgorithm::kRsa3072:
      return pb::KEY_ALGORITHM_RSA3072;
    case KeyAlgorithm::kP384:
      return pb::KEY_ALGORITHM_P384;
    case KeyAlgorithm::kRsa4096:
      return pb::KEY_ALGORITHM_RSA4096;
    case KeyAlgorithm::kRsa3072Pss:
      return pb::KEY_ALGORITHM_RSA3072_PSS;
    case KeyAlgorithm::kRsa4096Pss:
      break;
  }
  return pb::KEY_ALGORITHM_RSA4096_PSS;
}

std::optional<HashAlgorithm> FromProto(pb::HashAlgorithm value) {
  switch (value) {
    case pb::HASH_ALGORITHM_SHA256:
      return HashAlgorithm::kSha256;
    case pb::HASH_ALGORITHM_SHA384:
      return HashAlgorithm::kSha384;
    case pb::HASH_ALGORITHM_SHA512:
      return HashAlgorithm::kSha512;
    default:
      return std::nullopt;
  }
}

pb::HashAlgorithm ToProto(HashAlgorithm value) {
  switch (value) {
    case HashAlgorithm::kSha256:
      return pb::HASH_ALGORITHM_SHA256;
    case HashAlgorithm::kSha384:
      return pb::HASH_ALGORITHM_SHA384;
    case HashAlgorithm::kSha512:
      break;
  }
  return pb::HASH_ALGORITHM_SHA512;
}

// KeyPurpose counts from 0 where the schema counts from 1, in the same order.
std::optional<KeyPurpose> FromProto(pb::KeyPurpose value) {
  if (value < pb::KEY_PURPOSE_SIGNER || value > pb::KEY_PURPOSE_STORAGE) return std::nullopt;
  return static_cast<KeyPurpose>(value - 1);
}

pb::KeyPurpose ToProto(KeyPurpose value) {
  return static_cast<pb::KeyPurpose>(static_cast<int>(value) + 1);
}

std::optional<KeyResidency> FromProto(pb::KeyResidency value) {
  switch (value) {
    case pb::KEY_RESIDENCY_RESIDENT:
      return KeyResidency::kResident;
    case pb::KEY_RESIDENCY_WRAPPED:
      return KeyResidency::kWrapped;
    default:
      return std::nullopt;
  }
}

pb::KeyResidency ToProto(KeyResidency value) {
  return value == KeyResidency::kResident ? pb::KEY_RESIDENCY_RESIDENT : pb::KEY_RESIDENCY_WRAPPED;
}

// AuthenticatorKind likewise.
std::optional<AuthenticatorKind> FromProto(pb::AuthenticatorKind value) {
  if (value < pb::AUTHENTICATOR_KIND_ES256_FILE || value > pb::AUTHENTICATOR_KIND_WEBAUTHN_SYNCED) {
    return std::nullopt;
  }
  return static_cast<AuthenticatorKind>(value - 1);
}

pb::AuthenticatorKind ToProto(AuthenticatorKind value) {
  return static_cast<pb::AuthenticatorKind>(static_cast<int>(value) + 1);
}

std::optional<CrlReason> FromProto(pb::RevocationReason value) {
  switch (value) {
    case pb::REVOCATION_REASON_UNSPECIFIED:
      return CrlReason::kUnspecified;
    case pb::REVOCATION_REASON_KEY_COMPROMISE:
      return CrlReason::kKeyCompromise;
    case pb::REVOCATION_REASON_AFFILIATION_CHANGED:
      return CrlReason::kAffiliationChanged;
    case pb::REVOCATION_REASON_SUPERSEDED:
      return CrlReason::kSuperseded;
    case pb::REVOCATION_REASON_CESSATION_OF_OPERATION:
      return CrlReason::kCessationOfOperation;
    case pb::REVOCATION_REASON_PRIVILEGE_WITHDRAWN:
      return CrlReason::kPrivilegeWithdrawn;
    default:
      return std::nullopt;
  }
}

}  // namespace intaglio::appliance
