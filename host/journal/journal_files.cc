#include "host/journal/journal_files.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>

#include "host/journal/journal_chain.h"
#include "host/journal/reasons.h"

namespace intaglio::host {
namespace {

constexpr size_t kReadAtOnce = 256 * 1024;

std::optional<uint64_t> FirstSequenceOf(const std::string& name) {
  uint64_t number = 0;
  char end = 0;
  if (sscanf(name.c_str(), "journal-%" SCNu64 ".ijl%c", &number, &end) != 1 || number == 0 ||
      JournalSegmentName(number) != name) {
    return std::nullopt;
  }
  return number;
}

}  // namespace

std::string JournalSegmentName(uint64_t first_sequence) {
  char name[48];
  snprintf(name, sizeof name, "journal-%08" PRIu64 ".ijl", first_sequence);
  return name;
}

StatusOr<std::vector<JournalSegment>> ListJournal(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (fs::is_regular_file(path, error)) return std::vector<JournalSegment>{{path, 0}};
  std::vector<JournalSegment> segments;
  fs::directory_iterator each(path, error);
  if (error) return Fail(kJournalUnreadable, path + ": " + error.message());
  for (; each != fs::directory_iterator(); each.increment(error)) {
    const auto first = FirstSequenceOf(each->path().filename().string());
    if (first) segments.push_back({each->path().string(), *first});
  }
  // A step that fails ends the walk; half a list must not pass for all of it.
  if (error) return Fail(kJournalUnreadable, path + ": " + error.message());
  std::sort(segments.begin(), segments.end(), [](const auto& left, const auto& right) {
    return left.first_sequence < right.first_sequence;
  });
  return segments;
}

StatusOr<SegmentEnd> ReadSegment(const std::string& path,
                                 const std::function<Status(ByteView)>& line) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Fail(kJournalUnreadable, path + " cannot be opened");
  SegmentEnd end;
  Bytes buffer;
  while (true) {
    const size_t had = buffer.size();
    buffer.resize(had + kReadAtOnce);
    file.read(reinterpret_cast<char*>(buffer.data()) + had,
              static_cast<std::streamsize>(kReadAtOnce));
    const auto got = static_cast<size_t>(file.gcount());
    if (file.bad()) return Fail(kJournalUnreadable, path + " cannot be read");
    buffer.resize(had + got);
    ByteView rest = buffer;
    while (true) {
      ASSIGN_OR_RETURN(const auto next, TakeWholeLine(rest));
      if (!next) break;
      RETURN_IF_ERROR(line(*next));
      end.octets += 4 + next->size();
    }
    buffer.erase(buffer.begin(), buffer.end() - static_cast<std::ptrdiff_t>(rest.size()));
    if (got == 0) break;
  }
  end.torn_octets = buffer.size();
  return end;
}

StatusOr<SegmentEnd> ReadJournalLines(const std::string& path,
                                      const std::function<Status(ByteView)>& line) {
  ASSIGN_OR_RETURN(const auto segments, ListJournal(path));
  if (segments.empty()) return Fail(kJournalUnreadable, path + " holds no journal");
  SegmentEnd end;
  for (size_t i = 0; i < segments.size(); ++i) {
    ASSIGN_OR_RETURN(end, ReadSegment(segments[i].path, line));
    if (end.torn_octets > 0 && i + 1 < segments.size()) {
      return Fail(kJournalBroken, segments[i].path + " ends inside a line, and another follows");
    }
  }
  return end;
}

}  // namespace intaglio::host
