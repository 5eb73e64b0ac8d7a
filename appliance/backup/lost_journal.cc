#include "appliance/backup/lost_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "appliance/backup/reasons.h"
#include "appliance/journal/chain_verifier.h"
#include "appliance/journal/frame_reader.h"
#include "appliance/journal/journal_scan.h"
#include "appliance/journal/line_audit.h"
#include "appliance/journal/reasons.h"
#include "appliance/state/file_descriptor.h"

namespace intaglio::appliance {
namespace {

Status Unreadable(const std::string& path) {
  return Fail(kJournalUnreadable, path + ": " + strerror(errno));
}

// In order; a single one for a file.
StatusOr<std::vector<std::string>> ListFiles(const std::string& path) {
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) return Unreadable(path);
  if (S_ISREG(found.st_mode)) return std::vector<std::string>{path};
  const FileDescriptor directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) return Unreadable(path);
  ASSIGN_OR_RETURN(const auto segments, ListSegments(directory.get()));
  std::vector<std::string> files;
  for (const uint64_t first : segments) files.push_back(path + "/" + SegmentName(first));
  return files;
}

using EntryOctets = std::function<Status(ByteView entry)>;

// A crash may have cut the very last line off; whether it was needed the head tells.
Status ReadFrames(const std::string& file, const EntryOctets& visit) {
  const FileDescriptor opened(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!opened.valid()) return Unreadable(file);
  FileSource source(opened.get(), 0);
  FrameReader reader(source, 0);
  for (;;) {
    ASSIGN_OR_RETURN(const Frame frame, reader.Next());
    if (frame.kind != Frame::Kind::kEntry) return OkStatus();
    RETURN_IF_ERROR(visit(frame.entry));
  }
}

Status ReadEntries(const std::string& path, const EntryOctets& visit) {
  ASSIGN_OR_RETURN(const auto files, ListFiles(path));
  for (const std::string& each : files) RETURN_IF_ERROR(ReadFrames(each, visit));
  return OkStatus();
}

StatusOr<core::v1::JournalEntry> ParseLine(ByteView entry) {
  core::v1::JournalEntry line;
  if (line.ParseFromArray(entry.data(), static_cast<int>(entry.size()))) return line;
  return Fail(kJournalBroken, std::to_string(entry.size()) + " octets are no line");
}

std::string Describe(const JournalHead& head) {
  return "line " + std::to_string(head.sequence) + " " + ToHex(head.chain_hash);
}

Status CheckHead(const std::string& path, const JournalHead& head, const VouchedJournal& vouched) {
  if (head.sequence == vouched.sequence && head.chain_hash == vouched.chain_hash) return OkStatus();
  return Fail(kLostJournalHead, path + " ends at " + Describe(head) + ", the officers named " +
                                    Describe({vouched.sequence, vouched.chain_hash}) +
                                    (head.sequence < vouched.sequence
                                         ? "; find a copy that is whole"
                                         : "; find out why, and have them name the right one"));
}

}  // namespace

StatusOr<LostJournalEnd> ReadLostJournal(const std::string& path, const VouchedJournal& vouched,
                                         const LostLineVisitor& visit) {
  ChainVerifier chain(JournalHead{});
  LineAudit audit(vouched.journal_spki, AuditFrom::kFirstLine);
  LostJournalEnd end;
  RETURN_IF_ERROR(ReadEntries(path, [&](ByteView entry) -> Status {
    ASSIGN_OR_RETURN(const EntryFacts facts, chain.Accept(entry));
    RETURN_IF_ERROR(audit.Add(facts));
    end.last_wall = std::max(end.last_wall, facts.place.wall);
    ASSIGN_OR_RETURN(const auto line, ParseLine(entry));
    return visit(line, chain.head().chain_hash);
  }));
  RETURN_IF_ERROR(CheckHead(path, chain.head(), vouched));
  if (!audit.last()) return Fail(kCheckpointForged, path + " has no checkpoint at all");
  end.last_checkpoint = *audit.last();
  end.unsigned_lines = audit.lines_since();
  return end;
}

StatusOr<std::optional<Digest>> FindLink(const std::string& path) {
  std::optional<Digest> link;
  RETURN_IF_ERROR(ReadEntries(path, [&](ByteView entry) -> Status {
    ASSIGN_OR_RETURN(const auto line, ParseLine(entry));
    // The last counts: one before it was cut short by a crash, and written again.
    if (line.type() != core::v1::EVENT_TYPE_RESTORED) return OkStatus();
    ASSIGN_OR_RETURN(link, ToDigest(AsBytes(line.output_digest())));
    return OkStatus();
  }));
  return link;
}

}  // namespace intaglio::appliance
