#include "appliance/policy/sole_control_policy.h"

#include <algorithm>

#include "appliance/domain/reasons.h"
#include "appliance/policy/algorithm_suite.h"

namespace intaglio::appliance {
namespace {

// Of a statement and of an answer, with room for what stands beside the hashes and signatures.
constexpr size_t kMostPayloadOctets = 510'000;
constexpr size_t kMostAnswerOctets = 1'000'000;
// Tag and length of one of many.
constexpr size_t kPerHash = 2, kPerSignature = 4;

}  // namespace

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

size_t SoleControlPolicy::MostHashes(KeyAlgorithm algorithm, HashAlgorithm hash) {
  return std::min({kMaxHashesPerActivation, kMostPayloadOctets / (DigestSize(hash) + kPerHash),
                   kMostAnswerOctets / (LongestSignature(algorithm) + kPerSignature)});
}

Status SoleControlPolicy::MayActivate(const KeyRecord& record, const KeyRow& row,
                                      const std::vector<MessageDigest>& dtbsr, WallTime now) {
  if (!IsSignersKey(record.purpose)) {
    return Fail(kKeyPurpose, "activation is for SIGNER and ONE_TIME keys");
  }
  if (record.purpose == KeyPurpose::kOneTime && row.spent) {
    return Fail(kKeySpent, "ask for another key and certificate");
  }
  RETURN_IF_ERROR(CheckKeyState(row));
  if (record.version == kVersionGenerated || !record.certified_as) {
    return Fail(kRecordVersion, "record version 0: the key has no certificate yet");
  }
  if (now < record.certified_as->not_before || now >= record.certified_as->not_after) {
    return Fail(kCertificateExpired, "valid from " + ToIso8601(record.certified_as->not_before) +
                                         " until " + ToIso8601(record.certified_as->not_after));
  }
  if (dtbsr.empty()) return Fail(kTooManyHashes, "0 hashes; at least one is needed");
  const HashAlgorithm hash = dtbsr.front().algorithm();
  const size_t most = MostHashes(record.algorithm, hash);
  if (dtbsr.size() > most) {
    return Fail(kTooManyHashes, std::to_string(dtbsr.size()) + " hashes; from 1 to " +
                                    std::to_string(most) + " are allowed for this key");
  }
  RETURN_IF_ERROR(CheckSuite(record.algorithm, hash, record.purpose, now));
  if (record.version == kVersionCertified &&
      (dtbsr.size() != 1 || dtbsr[0] != MessageDigest::Sha256(record.agreement_digest))) {
    return Fail(kAgreementOnly, "record version 1 signs the agreement's hash alone");
  }
  return OkStatus();
}

StatusOr<SignPermit> SoleControlPolicy::Judge(const SignFacts& facts) {
  const OutstandingActivation& activation = facts.activation;
  RETURN_IF_ERROR(MayActivate(facts.record, facts.row, facts.dtbsr, facts.now));
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
  return SignPermit(facts.record.key_id, facts.dtbsr);
}

}  // namespace intaglio::appliance
