#include "appliance/journal/storage.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

#include "appliance/journal/reasons.h"

namespace intaglio::appliance {

StatusOr<StorageLevel> ReadStorageLevel(int fd) {
  struct statvfs found {};
  if (fstatvfs(fd, &found) != 0) {
    return Fail(kJournalUnreadable, std::string("the file system's level: ") + strerror(errno));
  }
  StorageLevel level;
  level.free_octets = uint64_t{found.f_bavail} * found.f_frsize;
  const uint64_t used = found.f_blocks - found.f_bfree;
  const uint64_t total = used + found.f_bavail;
  // Rounded up: 80 % is reached, not passed.
  if (total > 0) level.used_percent = static_cast<uint32_t>((used * 100 + total - 1) / total);
  return level;
}

bool BeginsSignature(EventType type) {
  switch (type) {
    case EventType::kActivationBegun:
    case EventType::kSignIntent:
    case EventType::kSealIntent:
    case EventType::kSerialDrawn:
    case EventType::kCertificateIntent:
    case EventType::kCrlIntent:
    case EventType::kOcspSigned:
      return true;
    default:
      return false;
  }
}

std::optional<Event> StorageAlarm::Take(const StorageLevel& level) {
  if (level.used_percent < kCalmPercent) told_ = false;
  if (told_ || level.used_percent < kAlarmPercent) return std::nullopt;
  Event event;
  event.type = EventType::kStorageAlarm;
  event.note = std::to_string(level.used_percent) + " % used, " +
               std::to_string(level.free_octets >> 20) + " MiB free";
  return event;
}

}  // namespace intaglio::appliance
