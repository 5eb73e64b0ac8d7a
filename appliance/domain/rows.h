// Rows: what the core itself remembers, so that a host cannot make it forget.
#ifndef INTAGLIO_APPLIANCE_DOMAIN_ROWS_H_
#define INTAGLIO_APPLIANCE_DOMAIN_ROWS_H_

#include <vector>

#include "appliance/domain/ids.h"
#include "appliance/domain/statements.h"
#include "base/clock.h"

namespace intaglio::appliance {

enum class KeyState { kUsable, kSuspended, kBlocked, kDestroyed };

struct KeyRow {
  uint64_t version = 0;  // of the one record that is accepted
  KeyState state = KeyState::kUsable;
  Bytes agreement_signature;  // the one a version 1 record makes; empty before
  KeyPurpose purpose = KeyPurpose::kSigner;
  // Of the record key that seals the newest record. A row that says too early an epoch only delays
  // the destruction of that epoch's key.
  uint32_t epoch = 1;
  std::vector<AuthenticatorId> removed_authenticators;
  Bytes cka_id;         // RESIDENT: names the token object until it has been destroyed
  bool spent = false;   // ONE_TIME: the one activation is used up
  WallTime blocked_at;  // a reinstatement signed before says nothing of this block
  // The highest that any record of this key was given. Raised before that record is sealed, so that
  // no two records have one version, also where one of them never came into force.
  uint64_t last_version = 0;
};

enum class SerialState { kDrawn, kIntent, kIssued, kSuspended, kRevoked };

struct SerialRow {
  SerialState state = SerialState::kDrawn;
  Digest tbs_sha256{};
  Digest certificate_sha256{};
  KeyId key_id;
  WallTime not_after;
  WallTime changed_at;  // whole seconds
  CrlReason reason = CrlReason::kUnspecified;
  WallTime last_suspended_at;  // a reinstatement signed before says nothing of this suspension
};

// One entry a CRL must carry.
struct RevokedRow {
  Serial serial;
  WallTime revoked_at;  // whole seconds
  CrlReason reason = CrlReason::kUnspecified;
  WallTime not_after;
};

struct OrderRow {
  WallTime expires_at;
  KeyId key_id;
  Bytes sealed_record;
  Bytes spki;
  Serial serial;
  Bytes certificate;
  Bytes certified_record;
  Digest issue_intent_tbs_sha256{};
};

// An authorisation and what of it has been given out. Given out in blocks: a crash loses what was
// left of a block and repeats nothing.
struct SealLedgerRow {
  Bytes authorisation;         // the canonical SealAuthorisation
  uint64_t reserved = 0;       // signatures; never above the quota
  uint64_t last_sequence = 0;  // every one up to it may have been begun
  bool warned_of_quota = false;
  bool warned_of_end = false;
  bool withdrawn = false;  // for good
};

struct CaRow {
  uint64_t last_crl_number = 0;
  WallTime last_this_update;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DOMAIN_ROWS_H_
