#include "appliance/policy/sole_control_policy.h"

#include "appliance/domain/reasons.h"
#include "appliance/policy/algorithm_suite.h"

namespace intaglio::appliance {

Status CheckKeyState(const KeyRow& row) {
  switch (row.state) {
    case KeyState::kUsable:
      return OkStatus();
    case KeyState::kSuspended:
      return Fail(kKeySuspended, "only a revocation officer's order reinstates it");
    case KeyState::kBlocked:
      return Fail(kKeyBlocked, "only a revocation officer's order reinstates it");
    case KeyState::kDestroyed:
      break;
  }
  return Fail(kKeyDestroyed, "a revoked certificate's key never signs again");
}

Status SoleControlPolicy::MayActivate(const KeyRecord& record, const KeyRow& row,
                                      const std::vector<Digest>& dtbsr, WallTime now) {
  if (record.purpose != KeyPurpose::kSigner) {
    return Fail(kKeyPurpose, "activation is for SIGNER keys");
  }
  RETURN_IF_ERROR(CheckKeyState(row));
  if (record.version == kVersionGenerated || !record.certified_as) {
    return Fail(kRecordVersion, "record version 0: the key has no certificate yet");
  }
  if (now < record.certified_as->not_before || now >= record.certified_as->not_after) {
    return Fail(kCertificateExpired, "valid from " + ToIso8601(record.certified_as->not_before) +
                                         " until " + ToIso8601(record.certified_as->not_after));
  }
  if (dtbsr.empty() || dtbsr.size() > kMaxHashesPerActivation) {
    return Fail(kTooManyHashes, std::to_string(dtbsr.size()) + " hashes; from 1 to " +
                                    std::to_string(kMaxHashesPerActivation) + " are allowed");
  }
  RETURN_IF_ERROR(CheckSuite(record.algorithm, HashAlgorithm::kSha256, record.purpose, now));
  if (record.version == kVersionCertified &&
      (dtbsr.size() != 1 || dtbsr[0] != record.agreement_digest)) {
    return Fail(kAgreementOnly, "record version 1 signs the agreement's hash alone");
  }
  return OkStatus();
}

StatusOr<SignPermit> SoleControlPolicy::Judge(const SignFacts& facts) {
  const OutstandingActivation& activation = facts.activation;
  RETURN_IF_ERROR(MayActivate(facts.record, facts.row, activation.dtbsr, facts.now));
  if (facts.boot_now >= activation.expires_at) return Fail(kSadSpent, "the activation expired");
  if (activation.key_id != facts.record.key_id ||
      activation.record_version != facts.record.version ||
      activation.payload_digest != facts.payload_digest) {
    return Fail(kSadMismatch, "ask for a new activation with the hashes to be signed");
  }
  if (facts.proof.key_id() != facts.record.key_id ||
      facts.proof.statement_digest() != facts.payload_digest) {
    return Fail(kSadMismatch, "the proof is over another payload");
  }
  return SignPermit(facts.record.key_id, MessageDigest::AllSha256(activation.dtbsr));
}

}  // namespace intaglio::appliance
