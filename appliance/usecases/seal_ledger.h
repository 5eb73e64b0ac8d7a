// SealLedger: what is left of each seal authorisation, so that no batch is begun twice and no quota
// exceeded, whatever crashes. [R-SYS-6; DESIGN 4]
//
// Signatures and sequence numbers are given out of blocks that are on disk before anything of them
// is used. A crash loses what was left of a block. What moves with each batch is in memory: the
// signatures used, which of the latest sequence numbers have been begun, the last minute's rate and
// the chunks of batches under way. A restarted core begins with an empty minute.
#ifndef INTAGLIO_APPLIANCE_USECASES_SEAL_LEDGER_H_
#define INTAGLIO_APPLIANCE_USECASES_SEAL_LEDGER_H_

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "appliance/policy/seal_policy.h"
#include "appliance/usecases/ports.h"

namespace intaglio::appliance {

// Warnings nobody has given yet. Whoever is told of one, alone is; it journals it and calls
// Warned().
struct SealWarnings {
  bool of_quota = false;
  bool of_end = false;
  bool any() const { return of_quota || of_end; }
};

class SealLedger final {
 public:
  using Decode = std::function<StatusOr<SealAuthorisation>(ByteView)>;
  // `decode` reads what Enter() was given.
  SealLedger(StatePort& state, const Clock& clock, Decode decode)
      : state_(state), clock_(clock), decode_(std::move(decode)) {}

  // A new authorisation with a quota of its own; one that is there already stays as it is. Removes
  // authorisations of this key that ended 31 days ago. kSealTooMany. Thread-safe, as all.
  Status Enter(const KeyId& key_id, const SealAuthorisationId& id, ByteView octets, WallTime now);
  // kSealUnauthorised, kSealWithdrawn.
  StatusOr<SealAuthorisation> Find(const KeyId& key_id, const SealAuthorisationId& id);
  // From here on nothing is taken from it, for good. kSealUnauthorised.
  Status Withdraw(const KeyId& key_id, const SealAuthorisationId& id);

  // What a frame wants: signatures for a whole batch, or for one chunk of it.
  struct Claim {
    const SealBatch& batch;
    const Digest& batch_digest;
    std::optional<uint32_t> chunk;
    uint64_t signatures = 0;
  };
  struct Taken {
    SealGrant grant;
    uint64_t remaining = 0;
    bool nearly_spent = false;
    SealWarnings due;
  };
  // Takes all of it or nothing. kSealUnauthorised, kSealWithdrawn, kSealRate, kSealQuotaSpent,
  // kSealSequence, kSealChunkBegun, kSealTooMany, and the state's Reasons.
  StatusOr<Taken> Take(const KeyId& key_id, const Claim& claim, WallTime now);
  // The warning could not be journalled: somebody else is told of it.
  void Untold(const KeyId& key_id, const SealAuthorisationId& id, const SealWarnings& due);
  // The warning has been journalled.
  Status Warned(const KeyId& key_id, const SealAuthorisationId& id, const SealWarnings& given);
  // The batch's chunks are being carried out, so its client has been verified.
  bool IsUnderWay(const KeyId& key_id, const SealBatch& batch, const Digest& batch_digest);

  struct Standing {
    SealAuthorisationId id;
    SealAuthorisation authorisation;
    Digest client_id{};  // SHA-256 of the client's SPKI
    uint64_t used_or_reserved = 0;
    uint64_t next_sequence = 0;
    bool nearly_spent = false;
    bool withdrawn = false;
    SealWarnings due;
  };
  StatusOr<std::vector<Standing>> List(const KeyId& key_id, WallTime now);

  static constexpr uint64_t kSignatureBlock = 1000;
  static constexpr uint64_t kSequenceBlock = 64;
  // How far a batch may be overtaken by later ones.
  static constexpr uint64_t kSequenceWindow = 64;
  static constexpr size_t kMostPerKey = 64;
  static constexpr size_t kMostTrees = 32;             // of one authorisation
  static constexpr Duration kTreeLife = 10 * kMinute;  // since its last chunk

 private:
  using Place = std::pair<KeyId, SealAuthorisationId>;
  struct Tree {
    std::vector<bool> begun;
    uint32_t left = 0;
    BootTime last;
  };
  // Signatures in each of the last 61 seconds: never more than the rate in any sixty.
  struct Minute {
    static constexpr size_t kSlots = 61;
    std::array<uint64_t, kSlots> slots{};
    int64_t newest = 0;  // second of the newest slot
    uint64_t sum = 0;
    void MoveTo(int64_t second);
    void Add(uint64_t count);
  };
  struct Account {
    SealAuthorisation authorisation;
    SealLedgerRow row;
    uint64_t used = 0;
    uint64_t highest = 0;  // sequence number begun
    uint64_t begun = 0;    // bit n: `highest` - n has been begun
    SealWarnings told;     // somebody has been told, if it is not on disk yet
    BootTime used_at;
    Minute minute;
    std::map<Digest, Tree> trees;
  };

  StatusOr<std::unique_ptr<Account>> Read(const SealLedgerRow& row) const;
  StatusOr<Account*> Load(const KeyId& key_id, const SealAuthorisationId& id);
  // Room for one more account, at the cost of one that nothing but its blocks would be lost of.
  Status MakeRoom();
  static Status CheckSequence(const Account& account, uint64_t sequence);
  Status CheckRate(Account& account, uint64_t signatures);
  // Enlarges the blocks on disk where they do not reach.
  Status Reserve(const KeyId& key_id, Account& account, const Claim& claim);
  Status OpenTree(Account& account, const Claim& claim);
  static SealWarnings TakeWarnings(Account& account, WallTime now);
  static void Begin(Account& account, uint64_t sequence);

  StatePort& state_;
  const Clock& clock_;
  const Decode decode_;
  std::mutex mutex_;
  std::map<Place, std::unique_ptr<Account>> accounts_;
};

// Four fifths of the quota, or of the window, are gone.
bool NearlySpent(const SealAuthorisation& authorisation, uint64_t used);
bool NearlyOver(const SealAuthorisation& authorisation, WallTime now);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_USECASES_SEAL_LEDGER_H_
