// RowReplay: what the journal of a lost core says its rows were.
//
// Lines come in order, already proven to be the core's own. What takes authority away is taken as
// it stands; what a crash left open is read so that it takes more away, not less: an intent of a
// one-time key spends it, and a record key's epoch is at most the true one. Quotas are not
// rebuilt: a restored core has an epoch that no seal authorisation of before names. Not
// thread-safe. Used by the console alone.
#ifndef INTAGLIO_APPLIANCE_BACKUP_ROW_REPLAY_H_
#define INTAGLIO_APPLIANCE_BACKUP_ROW_REPLAY_H_

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "appliance/usecases/ports.h"
#include "intaglio/core/v1/journal.pb.h"

namespace intaglio::appliance {

class RowReplay final {
 public:
  // Orders that ended before `now` are left out: nobody can hand them in again. `records` outlives
  // this.
  RowReplay(RecordPort& records, WallTime now) : records_(records), now_(now) {}

  // The journal of the next core that was this instance; the first begins by itself.
  void BeginNext();
  // kLostJournalLine naming the line; kLostJournalLink for a first journal that goes on from
  // another.
  Status Apply(const core::v1::JournalEntry& line);

  struct Counts {
    size_t keys = 0;
    size_t certificates = 0;
    size_t revoked = 0;
    size_t suspended = 0;
    size_t orders = 0;
  };
  Counts Count() const;
  // Every row, into a store without rows. `epochs`: numbers of the record keys there are,
  // ascending, at least one. The rows' Reasons.
  Status PutRows(RowTransaction& rows, const std::vector<uint32_t>& epochs) const;

  // Who commanded the core at the end, without their keys.
  const std::vector<Officer>& roster() const { return now_standing_.roster; }
  uint32_t commands_need() const { return now_standing_.commands_need; }

 private:
  using Line = core::v1::JournalEntry;
  struct Standing {
    std::map<KeyId, KeyRow> keys;
    std::map<std::pair<KeyId, Serial>, SerialRow> serials;
    std::map<KeyId, CaRow> cas;
    std::map<Digest, OrderRow> orders;    // not ended
    std::map<Digest, KeyId> without_row;  // by order: a key whose row a crash may have cost
    std::set<Digest> carried_out;         // changes of state
    std::vector<Officer> roster;
    uint32_t commands_need = 0;
  };

  Status Initialised(const Line& line);
  Status RosterChanged(const Line& line);
  Status Restored(const Line& line);
  Status CommandExecuted(const Line& line);
  Status KeyGenerated(const Line& line);
  Status SerialDrawn(const Line& line);
  Status CertificateIntent(const Line& line);
  Status CertificateSigned(const Line& line);
  Status CertificateAccepted(const Line& line);
  Status AuthenticatorAdded(const Line& line);
  Status AuthenticatorRemoved(const Line& line);
  Status Blocked(const Line& line);
  Status StateChanged(const Line& line);
  Status SignIntent(const Line& line);
  Status KeyErased(const Line& line);
  Status CrlSigned(const Line& line);
  Status BackupMade(const Line& line);

  StatusOr<KeyRow*> KeyOf(const Line& line);
  StatusOr<uint32_t> EpochOf(const Line& line) const;
  StatusOr<SerialRow*> SerialOf(const Line& line);
  OrderRow* OrderOf(const Line& line);
  Status EnterOrder(const Line& line, OrderRow row);

  RecordPort& records_;
  const WallTime now_;
  bool first_ = true;
  bool joined_ = false;
  Standing before_;  // at the end of the journal before, until the line that goes on from it
  Standing now_standing_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_BACKUP_ROW_REPLAY_H_
