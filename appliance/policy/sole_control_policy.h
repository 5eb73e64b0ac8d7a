// SoleControlPolicy: may this key sign these hashes now? The only judge that mints a permit for a
// SIGNER key. [EN 419 241-1 SRA_SAP.2; R-QSC-4]
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

// An activation this core gave out and that nobody has used yet.
struct OutstandingActivation {
  KeyId key_id;
  uint64_t record_version = 0;
  Digest payload_digest{};
  std::vector<Digest> dtbsr;
  BootTime expires_at;
};

struct SignFacts {
  const KeyRecord& record;
  const KeyRow& row;
  const OutstandingActivation& activation;
  const Digest& payload_digest;  // SHA-256 of the payload handed in
  const VerifiedProof& proof;
  WallTime now;
  BootTime boot_now;
};

class SoleControlPolicy final {
 public:
  // Before an activation is given out: purpose, state, version, validity and the number of hashes.
  // A certified key signs its agreement's hash once, an accepted one up to
  // `kMaxHashesPerActivation`. kKeyPurpose, kKeySuspended, kKeyBlocked, kKeyDestroyed,
  // kRecordVersion, kCertificateExpired, kAgreementOnly, kTooManyHashes, kAlgorithmUnsuitable.
  static Status MayActivate(const KeyRecord& record, const KeyRow& row,
                            const std::vector<Digest>& dtbsr, WallTime now);
  // As MayActivate, and: the activation is for this key and this version of its record, has not
  // expired, and the proof is over exactly its payload. kSadMismatch, kSadSpent besides.
  static StatusOr<SignPermit> Judge(const SignFacts& facts);

  static constexpr size_t kMaxHashesPerActivation = 100;
};

// kKeySuspended, kKeyBlocked or kKeyDestroyed, or OK for a usable key.
Status CheckKeyState(const KeyRow& row);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_POLICY_SOLE_CONTROL_POLICY_H_
