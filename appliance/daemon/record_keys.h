// RecordKeys: the record key of each epoch, kept in a row under a token key of its own.
//
// The row may be copied, the token key may not: destroying it erases every record of its epoch, in
// whatever backup of rows or records a copy of it lies. [DESIGN: record key epochs] One copy lies
// in the token itself, as a private data object: a token that outlives the rows opens the records.
#ifndef INTAGLIO_APPLIANCE_DAEMON_RECORD_KEYS_H_
#define INTAGLIO_APPLIANCE_DAEMON_RECORD_KEYS_H_

#include <memory>
#include <mutex>

#include "appliance/records/record_sealer.h"
#include "appliance/state/lmdb_state.h"
#include "base/rng.h"
#include "tokens/pkcs11/token_keys.h"

namespace intaglio::appliance {

// A record key in the clear, on its way into or out of a backup.
struct CarriedEpoch {
  uint32_t epoch = 0;
  SecretBytes key;
  WallTime created_at;
};

class RecordKeys final : public EpochPort {
 public:
  // The first epoch's key, for `init`, under a number that no record key in this token has had:
  // what a lost core left there stays.
  static Status Found(tokens::TokenKeys& token, LmdbState& state, Rng& rng, WallTime now);
  // Opens every epoch's key in the token. kNotInitialised if there is none, kRecordKeyUnavailable.
  // All arguments outlive this.
  static StatusOr<std::unique_ptr<RecordKeys>> Open(tokens::TokenKeys& token, LmdbState& state,
                                                    Rng& rng);

  // For the console: the keys of every live epoch, and the same under this token's keys in rows
  // that have none. kRecordKeyUnavailable, the token's Reasons.
  static StatusOr<std::vector<CarriedEpoch>> Carry(tokens::TokenKeys& token, LmdbState& state);
  static Status Put(tokens::TokenKeys& token, LmdbState& state, Rng& rng,
                    const std::vector<CarriedEpoch>& carried);

  // Record keys in the token that `state` has not, as its rows would hold them; each was opened.
  // `unopened`: numbers whose token key or copy is there and does not open.
  struct Surviving {
    std::vector<StoredEpoch> epochs;
    std::vector<uint32_t> unopened;
  };
  static StatusOr<Surviving> FindSurviving(tokens::TokenKeys& token, LmdbState& state);

  // The copy of an epoch whose token key was destroyed, overwritten; its number stays used. The
  // token's Reasons.
  static Status OverwriteCopy(tokens::TokenKeys& token, uint32_t epoch);

  RecordSealer& sealer() { return sealer_; }

  // EpochPort. Thread-safe.
  StatusOr<std::vector<EpochFacts>> List() override;
  StatusOr<uint32_t> Begin(WallTime now) override;
  Status Destroy(uint32_t epoch) override;

 private:
  RecordKeys(tokens::TokenKeys& token, LmdbState& state, Rng& rng, std::vector<EpochKey> keys)
      : token_(token), state_(state), rng_(rng), sealer_(std::move(keys), rng) {}

  tokens::TokenKeys& token_;
  LmdbState& state_;
  Rng& rng_;
  RecordSealer sealer_;
  std::mutex mutex_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DAEMON_RECORD_KEYS_H_
