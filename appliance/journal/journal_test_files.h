// What the journal's tests share: events with recognisable content and raw access to segments.
#ifndef INTAGLIO_APPLIANCE_JOURNAL_JOURNAL_TEST_FILES_H_
#define INTAGLIO_APPLIANCE_JOURNAL_JOURNAL_TEST_FILES_H_

#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "appliance/journal/file_journal.h"
#include "base/file.h"

namespace intaglio::appliance {

inline const FakeClock& TestClock() {
  static const FakeClock clock(WallTime{1'800'000'000'000});
  return clock;
}

inline StatusOr<std::unique_ptr<FileJournal>> OpenTestJournal(
    const std::string& dir, std::optional<JournalHead> anchor = std::nullopt,
    SegmentLimit limit = kUsualSegmentLimit) {
  JournalKnowledge knowledge;
  if (anchor) knowledge.heads.push_back(*anchor);
  return FileJournal::Open(dir, TestClock(), 7, knowledge, {limit, 0});
}

inline Event TestEvent(const std::string& note) {
  Event event;
  event.type = EventType::kSigned;
  event.note = note;
  event.count = 2;
  return event;
}

inline Bytes ReadSegment(const std::string& dir, uint64_t first_sequence) {
  return *ReadFile(dir + "/" + SegmentName(first_sequence), FileTrust::kAnyMode, 1 << 30);
}

inline void WriteSegment(const std::string& dir, uint64_t first_sequence, ByteView octets) {
  const std::string path = dir + "/" + SegmentName(first_sequence);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(octets.data()),
             static_cast<std::streamsize>(octets.size()));
  if (!file.flush()) abort();
}

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_JOURNAL_JOURNAL_TEST_FILES_H_
