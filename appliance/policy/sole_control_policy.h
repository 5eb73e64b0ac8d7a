// SoleControlPolicy: may this key sign these hashes now? The only judge that mints a permit for a
// SIGNER or ONE_TIME key. [EN 419 241-1 SRA_SAP.2; R-QSC-4]
#ifndef INTAGLIO_APPLIANCE_POLICY_SOLE_CONTROL_POLICY_H_
#define INTAGLIO_APPLIANCE_POLICY_SOLE_CONTROL_POLICY_H_

#include <vector>

#include "appliance/domain/key_record.h"
#include "appliance/domain/rows.h"
#include "appliance/policy/sign_permit.h"
#include "appliance/policy/verified_proof.h"
#include "base/clock.h"
#include "base/status.h"

namespace intaglio::appliance {

// An activation this core gave out and that nobody has used yet. Its hashes are in the payload, and
// the payload comes back with the proof.
struct OutstandingActivation {
  KeyId key_id;
  uint64_t record_version = 0;
  Digest payload_digest{};
  BootTime expires_at;
};

struct SignFacts {
  const KeyRecord& record;
  const KeyRow& row;
  const OutstandingActivation& activation;
  const Digest& payload_digest;             // SHA-256 of the payload handed in
  const std::vector<MessageDigest>& dtbsr;  // what that payload lists
  const VerifiedProof& proof;
  WallTime now;
  BootTime boot_now;
};

class SoleControlPolicy final {
 public:
  // Before an activation is given out: purpose, state, version, validity, algorithm and the number
  // of hashes. A certified key signs its agreement's hash once, an accepted one up to MostHashes,
  // an accepted one-time key in one activation alone. kKeyPurpose, kKeySpent, kKeySuspended,
  // kKeyBlocked, kKeyDestroyed, kRecordVersion, kCertificateExpired, kAgreementOnly,
  // kTooManyHashes, kAlgorithmUnsuitable.
  static Status MayActivate(const KeyRecord& record, const KeyRow& row,
                            const std::vector<MessageDigest>& dtbsr, WallTime now);
  // As MayActivate, and: the activation is for this key and this version of its record, has not
  // expired, and the proof is over exactly its payload. kSadMismatch, kSadSpent besides.
  static StatusOr<SignPermit> Judge(const SignFacts& facts);

  // How many hashes one payload may list: kMaxHashesPerActivation, or as many as a statement and
  // the frame with their signatures have room for.
  static size_t MostHashes(KeyAlgorithm algorithm, HashAlgorithm hash);

  static constexpr size_t kMaxHashesPerActivation = 10'000;
};

// A natural person's key, under sole control.
inline bool IsSignersKey(KeyPurpose purpose) {
  return purpose == KeyPurpose::kSigner || purpose == KeyPurpose::kOneTime;
}

// Whether using the record in this version uses up the key: a one-time key's document activation
// does, its agreement does not. [TS 119 431-1 GEN-6.2.1-09]
inline bool SpendsKey(const KeyRecord& record) {
  return record.purpose == KeyPurpose::kOneTime && record.version >= kVersionAccepted;
}

// kKeySuspended, kKeyBlocked or kKeyDestroyed, or OK for a usable key.
Status CheckKeyState(const KeyRow& row);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_POLICY_SOLE_CONTROL_POLICY_H_
