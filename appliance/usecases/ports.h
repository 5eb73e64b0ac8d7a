// Ports: what the core's use cases need from the world. Adapters implement them; the daemon wires
// them. All are thread-safe.
#ifndef INTAGLIO_APPLIANCE_USECASES_PORTS_H_
#define INTAGLIO_APPLIANCE_USECASES_PORTS_H_

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "appliance/domain/event.h"
#include "appliance/domain/key_record.h"
#include "appliance/domain/roster.h"
#include "appliance/domain/rows.h"
#include "appliance/domain/seal_statements.h"
#include "appliance/domain/statements.h"
#include "appliance/policy/sign_permit.h"
#include "base/bytes.h"
#include "base/clock.h"

namespace intaglio::appliance {

struct GeneratedKey {
  Bytes spki;     // DER
  Bytes wrapped;  // WRAPPED keys only
  KeyOrigin origin;
};

// What the token says of itself; becomes platform claims of the evidence.
struct TokenDescription {
  std::string serial;
  std::string manufacturer;
  std::string model;
  std::string hardware_version;
  std::string firmware_version;
};

// The storage key as the token shows it now. It exists only if CKA_TRUSTED is set: the SO made it.
struct TrustedStorageKey {
  std::string label;
  KeyOrigin origin;
};

// How the token, or the tokens that stand in for each other, are.
struct TokenHealth {
  std::string state;  // "healthy", "degraded", "recovering", "failed", "pin-refused"
  uint64_t sessions_open = 0;
  uint64_t sessions_discarded = 0;
  uint64_t logins = 0;
  uint64_t reinitialisations = 0;
  uint64_t fail_overs = 0;
  uint64_t cache_hits = 0;
  uint64_t cache_misses = 0;
  uint64_t cache_evictions = 0;
  uint64_t recoveries = 0;
  Duration last_recovery_ms = 0;
};

// The keys in the token.
class TokenPort {
 public:
  virtual ~TokenPort() = default;
  // Refused if the attributes read back do not prove the origin the residency promises.
  virtual StatusOr<GeneratedKey> GenerateResident(KeyAlgorithm algorithm, const KeyId& key_id,
                                                  const std::string& label) = 0;
  virtual StatusOr<GeneratedKey> GenerateWrapped(KeyAlgorithm algorithm) = 0;
  // One signature for each digest of the permit, in order, each verified before it is returned: DER
  // ECDSA-Sig-Value or RSA octets. kPermitInvalid if the permit is spent or for another key.
  virtual StatusOr<std::vector<Bytes>> Sign(SignPermit permit, const KeyRecord& key) = 0;
  // ES256 over `digest`: kSignatureWrong if it does not verify, another Reason if that could not be
  // decided.
  virtual Status VerifyEs256(ByteView spki, const Digest& digest, ByteView signature_der) = 0;
  // Destroys the token object of a RESIDENT key; OK if there is none.
  virtual Status Destroy(ByteView cka_id) = 0;
  // Drops what the token's sessions keep alive of a private key, so that none outlives a change of
  // its state.
  virtual void DropKey(const KeyId& key_id) = 0;
  // The storage key's attributes, for evidence about WRAPPED keys.
  virtual StatusOr<TrustedStorageKey> DescribeStorageKey() = 0;
  virtual StatusOr<TokenDescription> Describe() = 0;
  virtual TokenHealth Health() = 0;
};

// Sealed key records.
class RecordPort {
 public:
  virtual ~RecordPort() = default;
  virtual StatusOr<Bytes> Seal(const KeyRecord& record) = 0;
  // kRecordUnreadable unless every octet is as this core sealed it.
  virtual StatusOr<KeyRecord> Open(ByteView sealed) = 0;
  // The epoch of the record key a record says it is sealed under; 0 for octets that are no record.
  // Believe it only of a record that Seal() made or Open() opened.
  virtual uint32_t EpochOf(ByteView sealed) const = 0;
  // The epoch Seal() uses.
  virtual uint32_t CurrentEpoch() const = 0;
};

// The record keys: each epoch's is a key of its own in the token, so that destroying that one
// erases every record sealed under it, wherever copies of it lie.
struct EpochFacts {
  uint32_t epoch = 0;
  WallTime created_at;
};
class EpochPort {
 public:
  virtual ~EpochPort() = default;
  // Oldest first; the last is the one that seals.
  virtual StatusOr<std::vector<EpochFacts>> List() = 0;
  // A fresh record key under the next number; from here on it seals.
  virtual StatusOr<uint32_t> Begin(WallTime now) = 0;
  // For good. Never the one that seals: kEpochInUse.
  virtual Status Destroy(uint32_t epoch) = 0;
};

// Canonical octets of what the core hands out to be signed.
class StatementPort {
 public:
  virtual ~StatementPort() = default;
  virtual Bytes Encode(const SadPayload& payload) = 0;
};

// What officers decided, on its way into force: kept before its journal line is written, so that
// after a crash the line, and it alone, says whether the change happened.
struct PendingIdentity {
  CoreIdentity identity;
  Digest statement_digest{};      // the line names it
  uint64_t journal_sequence = 0;  // the last line before it
};

// One atomic change of rows. Reads see earlier writes of the same transaction.
class RowTransaction {
 public:
  virtual ~RowTransaction() = default;
  virtual StatusOr<std::optional<KeyRow>> FindKey(const KeyId& key_id) = 0;
  virtual Status PutKey(const KeyId& key_id, const KeyRow& row) = 0;
  virtual StatusOr<std::optional<SerialRow>> FindSerial(const KeyId& issuer,
                                                        const Serial& serial) = 0;
  // Also writes or removes the entry that a CRL must carry, as the row's state says.
  virtual Status PutSerial(const KeyId& issuer, const Serial& serial, const SerialRow& row) = 0;
  virtual StatusOr<std::optional<OrderRow>> FindOrder(const Digest& order_digest) = 0;
  virtual Status PutOrder(const Digest& order_digest, const OrderRow& row) = 0;
  virtual StatusOr<CaRow> FindCa(const KeyId& issuer) = 0;  // a row of zeros if there is none
  virtual Status PutCa(const KeyId& issuer, const CaRow& row) = 0;
  virtual StatusOr<std::optional<SealLedgerRow>> FindSeal(const KeyId& key_id,
                                                          const SealAuthorisationId& id) = 0;
  virtual Status PutSeal(const KeyId& key_id, const SealAuthorisationId& id,
                         const SealLedgerRow& row) = 0;
  // Does nothing if there is no such row.
  virtual Status EraseSeal(const KeyId& key_id, const SealAuthorisationId& id) = 0;
  // Keeps what officers decided beside the rest of the core's own row, and drops what was pending.
  virtual Status PutIdentity(const CoreIdentity& identity) = 0;
  // nullopt drops it.
  virtual Status PutPendingIdentity(const std::optional<PendingIdentity>& pending) = 0;
};

// The rows. A row that was changed outside the core is kRowForged, never a value.
class StatePort {
 public:
  virtual ~StatePort() = default;
  // Runs `change` in a write transaction, alone; durable when this returns OK, nothing is changed
  // when `change` or the commit fails.
  virtual Status Update(const std::function<Status(RowTransaction&)>& change) = 0;
  virtual StatusOr<std::optional<KeyRow>> FindKey(const KeyId& key_id) = 0;
  virtual StatusOr<std::optional<SerialRow>> FindSerial(const KeyId& issuer,
                                                        const Serial& serial) = 0;
  virtual StatusOr<std::optional<OrderRow>> FindOrder(const Digest& order_digest) = 0;
  // Orders are forgotten after their end. One that ends at this time or before may have been
  // carried out and forgotten by a clock that was ahead, so it is not taken again.
  virtual StatusOr<WallTime> PurgedUntil() = 0;
  virtual StatusOr<CaRow> FindCa(const KeyId& issuer) = 0;
  // Up to `limit` entries a CRL of `issuer` must carry, in ascending serial order (shorter first,
  // then octet by octet), strictly after `after` (from the first if empty).
  virtual StatusOr<std::vector<RevokedRow>> RevokedAfter(const KeyId& issuer, const Serial& after,
                                                         size_t limit) = 0;
  virtual StatusOr<std::optional<SealLedgerRow>> FindSeal(const KeyId& key_id,
                                                          const SealAuthorisationId& id) = 0;
  // The seal authorisations of one key, at most `limit`.
  virtual StatusOr<std::vector<std::pair<SealAuthorisationId, SealLedgerRow>>> ListSeals(
      const KeyId& key_id, size_t limit) = 0;
  // Keys that are not destroyed and whose newest record is sealed under this epoch.
  virtual StatusOr<uint64_t> LiveRecords(uint32_t epoch) = 0;
  // Destroyed keys whose token object may still be there.
  virtual StatusOr<std::vector<KeyId>> PendingDestructions(size_t limit) = 0;
  virtual StatusOr<std::optional<PendingIdentity>> FindPendingIdentity() = 0;
  // Sum over all rows: changes with any row, does not depend on their order.
  virtual StatusOr<Digest> StateHash() = 0;
};

struct JournalHead {
  uint64_t sequence = 0;
  Digest chain_hash{};
};

// The journal. An event is on disk when Append returns; if it cannot be, the act must not happen.
class JournalPort {
 public:
  virtual ~JournalPort() = default;
  virtual StatusOr<JournalHead> Append(const Event& event) = 0;
  // For an event that matters only once something follows it, as an activation's beginning does:
  // it stands in front of whatever is appended after this call returns, and need not be on disk
  // before that. A crash in between loses it.
  virtual Status AppendSoon(const Event& event) { return Append(event).status(); }
  virtual JournalHead Head() = 0;
  // Entries as they stand on disk, from `sequence`, at most `max` and at most `max_octets` in all.
  virtual StatusOr<std::vector<Bytes>> Read(uint64_t sequence, size_t max, size_t max_octets) = 0;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_USECASES_PORTS_H_
