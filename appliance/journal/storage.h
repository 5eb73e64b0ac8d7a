// Storage: how full the journal's file system is, and when to say so.
#ifndef INTAGLIO_APPLIANCE_JOURNAL_STORAGE_H_
#define INTAGLIO_APPLIANCE_JOURNAL_STORAGE_H_

#include <cstdint>
#include <optional>

#include "appliance/domain/event.h"
#include "base/status.h"

namespace intaglio::appliance {

struct StorageLevel {
  uint64_t free_octets = 0;   // to this user
  uint32_t used_percent = 0;  // as df counts
};
// Of the file system an open file or directory lies on. kJournalUnreadable.
StatusOr<StorageLevel> ReadStorageLevel(int fd);

// True for lines that begin an act which ends in a signature. Those are refused when space runs
// out; what is left is for the lines that end acts, take authority away, or stop the core.
bool BeginsSignature(EventType type);

// The alarm: once when the level is reached, again only after it was left.
class StorageAlarm final {
 public:
  static constexpr uint32_t kAlarmPercent = 80;
  static constexpr uint32_t kCalmPercent =
      78;  // so that a level about 80 is not told again and again

  // The line to write now, if any. Call Told() once it is written.
  std::optional<Event> Take(const StorageLevel& level);
  void Told() { told_ = true; }

 private:
  bool told_ = false;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_JOURNAL_STORAGE_H_
