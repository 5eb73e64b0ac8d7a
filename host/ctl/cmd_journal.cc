// The core's journal, as auditors take it away and read it.
#include <cstdio>
#include <fstream>

#include "base/reasons.h"
#include "host/ctl/command_table.h"
#include "host/ctl/inputs.h"
#include "host/ctl/reasons.h"
#include "host/journal/journal_audit.h"
#include "host/journal/journal_files.h"
#include "host/journal/reasons.h"
#include "host/x509/public_key.h"

namespace intaglio::host {
namespace {

constexpr size_t kMostJournal = 1024u * 1024 * 1024;

struct ExportFlags {
  std::string out;
  uint32_t from = 1;
};

Report ReportOfChain(const JournalChain& chain) {
  Report report;
  report.Number("lines", static_cast<int64_t>(chain.lines()));
  report.Number("last_sequence", static_cast<int64_t>(chain.last_sequence()));
  report.Octets("head", chain.head());
  return report;
}

StatusOr<Report> JournalExport(const ExportFlags& flags, Session& session) {
  RETURN_IF_ERROR(RequireAbsent(flags.out));
  ASSIGN_OR_RETURN(Connection* const host, session.Host());
  // Verified lines only, and the name appears when all of them have come.
  const std::string partial = flags.out + ".part";
  std::ofstream file(partial, std::ios::binary | std::ios::trunc);
  JournalChain chain;
  const Status read = host->ReadJournal(flags.from, [&](ByteView line) -> Status {
    if (chain.lines() == 0) {
      ASSIGN_OR_RETURN(const auto first, chain.Add(line));
      if (first.sequence() != flags.from) {
        return Fail(kJournalBroken, "asked for line " + std::to_string(flags.from) + ", got " +
                                        std::to_string(first.sequence()));
      }
    } else {
      RETURN_IF_ERROR(chain.Add(line).status());
    }
    const Bytes framed = FrameLine(line);
    file.write(reinterpret_cast<const char*>(framed.data()),
               static_cast<std::streamsize>(framed.size()));
    return OkStatus();
  });
  file.close();
  if (!read.ok()) {
    std::remove(partial.c_str());
    return read;
  }
  if (file.fail() || std::rename(partial.c_str(), flags.out.c_str()) != 0) {
    return Fail(kFileUnwritable, flags.out);
  }
  Report report = ReportOfChain(chain);
  report.Text("journal", flags.out);
  return report;
}

struct JournalShowFlags {
  std::string file;
};

// One line for people: what happened, to which key or certificate.
Report ShortLine(const core::v1::JournalEntry& entry) {
  Report line;
  line.Number("sequence", static_cast<int64_t>(entry.sequence()));
  line.Time("at", WallTime{entry.wall_ms()});
  line.Text("event", EnumText(*core::v1::EventType_descriptor(), entry.type()));
  if (!entry.key_id().empty()) line.Octets("key_id", AsBytes(entry.key_id()));
  if (!entry.serial().empty()) line.Octets("serial", AsBytes(entry.serial()));
  if (!entry.statement_digest().empty()) {
    line.Octets("statement_digest", AsBytes(entry.statement_digest()));
  }
  if (!entry.content_digest().empty()) {
    line.Octets("content_digest", AsBytes(entry.content_digest()));
  }
  if (!entry.output_digest().empty()) line.Octets("output_digest", AsBytes(entry.output_digest()));
  if (entry.count() > 0) line.Number("count", entry.count());
  if (!entry.reason_id().empty()) line.Text("reason_id", entry.reason_id());
  if (!entry.note().empty()) line.Text("note", entry.note());
  for (const std::string& each : entry.officers()) line.Octets("officer", AsBytes(each));
  return line;
}

StatusOr<Report> JournalShow(const JournalShowFlags& flags, Session&) {
  ASSIGN_OR_RETURN(const Bytes file, ReadInput(flags.file, kMostJournal));
  JournalChain chain;
  std::vector<Report> lines;
  ByteView rest = file;
  while (true) {
    ASSIGN_OR_RETURN(const auto line, TakeLine(rest));
    if (!line) break;
    ASSIGN_OR_RETURN(const auto entry, chain.Add(*line));
    lines.push_back(ShortLine(entry));
  }
  Report report;
  report.Parts("entries", std::move(lines)).Append(ReportOfChain(chain));
  return report;
}

struct JournalVerifyFlags {
  std::string journal;
  std::string key;
};

StatusOr<Report> JournalVerify(const JournalVerifyFlags& flags, Session&) {
  Bytes spki;
  if (!flags.key.empty()) {
    ASSIGN_OR_RETURN(spki, ReadPublicKey(flags.key));
  }
  JournalAudit audit(std::move(spki));
  ASSIGN_OR_RETURN(const SegmentEnd end, ReadJournalLines(flags.journal, [&](ByteView line) {
                     return audit.Add(line).status();
                   }));
  const JournalFindings found = audit.Findings();
  Report report;
  report.Number("lines", static_cast<int64_t>(found.lines))
      .Number("first_sequence", static_cast<int64_t>(found.first_sequence))
      .Number("last_sequence", static_cast<int64_t>(found.last_sequence))
      .Octets("head", found.head)
      .Number("boots", static_cast<int64_t>(found.boots))
      .Number("signatures", static_cast<int64_t>(found.signatures))
      .Number("open_intents", static_cast<int64_t>(found.open_intents))
      .Number("checkpoints", static_cast<int64_t>(found.checkpoints))
      .Number("sealed_sequence", static_cast<int64_t>(found.sealed_sequence))
      .Number("lines_after_checkpoint",
              static_cast<int64_t>(found.last_sequence - found.sealed_sequence))
      .Number("torn_octets", static_cast<int64_t>(end.torn_octets));
  if (found.checkpoints > 0) {
    report.Octets("journal_key_id", found.journal_key_id)
        .Truth("journal_key_given", found.key_was_given)
        .Text("anchor", found.anchor_kind)
        .Number("anchor_counter", static_cast<int64_t>(found.anchor_counter));
  }
  return report;
}

}  // namespace

void AddJournalCommands(CommandTable& table) {
  table.Noun("journal", "The core's journal");
  table.Add<ExportFlags>(
      {"journal export", "Fetches the journal and verifies its chain as it comes",
       "intaglio journal export --out journal.bin"},
      [](Flags& flags, ExportFlags& o) {
        flags.Required("--out", o.out, "file to write")
            .Number("--from", o.from, {1, 4294967295u}, "first line's number");
      },
      JournalExport);
  table.Add<JournalVerifyFlags>(
      {"journal verify",
       "Verifies a journal offline: the chain, the checkpoints, their counts, an intent before "
       "every "
       "signature",
       "intaglio journal verify /var/lib/intaglio-core/journal --journal-key journal.pub.pem"},
      [](Flags& flags, JournalVerifyFlags& o) {
        flags.Required("PATH", o.journal, "folder of segments, or an exported journal")
            .Optional("--journal-key", o.key, "public key of the core's JOURNAL key, PEM or DER");
      },
      JournalVerify);
  table.Add<JournalShowFlags>(
      {"journal show", "Verifies an exported journal and shows its lines",
       "intaglio journal show journal.bin"},
      [](Flags& flags, JournalShowFlags& o) { flags.Required("FILE", o.file, "exported journal"); },
      JournalShow);
}

}  // namespace intaglio::host
