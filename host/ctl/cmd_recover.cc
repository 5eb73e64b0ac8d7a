// Rebuilding a host's database from the core's journal, on the host's machine while the host is
// down.
#include <algorithm>
#include <charconv>

#include "host/ctl/command_table.h"
#include "host/ctl/inputs.h"
#include "host/ctl/reasons.h"
#include "host/recovery/recovery.h"
#include "host/statements/statement_composer.h"
#include "host/store/sql_store.h"

namespace intaglio::host {
namespace {

struct RecoverFlags {
  std::string journal;
  std::string database;
  std::string key;
  std::string head;
};

// "SEQUENCE:HASH", as `intaglio core status` tells them.
StatusOr<RecoveryInput::Head> HeadOf(const std::string& text) {
  const size_t colon = text.find(':');
  RecoveryInput::Head head;
  const auto number =
      std::from_chars(text.data(), text.data() + std::min(colon, text.size()), head.sequence);
  const auto hash = FromHex(colon == std::string::npos ? "" : text.substr(colon + 1));
  if (colon == std::string::npos || number.ec != std::errc() || head.sequence == 0 ||
      number.ptr != text.data() + colon || !hash.ok() || hash->size() != head.chain_hash.size()) {
    return Fail(kArgumentInvalid, "--head: '" + text +
                                      "' is not a line's number, ':' and 64 "
                                      "hexadecimal digits");
  }
  std::ranges::copy(*hash, head.chain_hash.begin());
  return head;
}

StatusOr<Report> RecoverDatabase(const RecoverFlags& flags, Session& session) {
  RecoveryInput input;
  input.journal = flags.journal;
  if (!flags.key.empty()) {
    ASSIGN_OR_RETURN(input.journal_spki, ReadPublicKey(flags.key));
  }
  if (!flags.head.empty()) {
    ASSIGN_OR_RETURN(input.head, HeadOf(flags.head));
  }
  input.progress = [&](uint64_t lines) {
    session.Progress(std::to_string(lines) + " lines entered");
  };
  ASSIGN_OR_RETURN(const auto store, SqlStore::Open(flags.database));
  StatementComposer statements;
  ASSIGN_OR_RETURN(const RecoveryFindings found, Recover(input, *store, statements));
  Report report;
  report.Number("lines", static_cast<int64_t>(found.journal.lines))
      .Number("last_sequence", static_cast<int64_t>(found.journal.last_sequence))
      .Octets("head", found.journal.head)
      .Number("entered_until", static_cast<int64_t>(found.entered_until))
      .Number("checkpoints", static_cast<int64_t>(found.journal.checkpoints))
      .Octets("journal_key_id", found.journal.journal_key_id)
      .Number("applications_made", static_cast<int64_t>(found.applications))
      .Number("credentials_made", static_cast<int64_t>(found.credentials))
      .Number("service_keys_made", static_cast<int64_t>(found.service_keys))
      .Number("records_updated", static_cast<int64_t>(found.records))
      .Number("certificates_entered", static_cast<int64_t>(found.certificates))
      .Number("state_changes_entered", static_cast<int64_t>(found.state_changes))
      .Number("last_crl_number", static_cast<int64_t>(found.crl_number));
  std::vector<Report> unfinished;
  for (const std::string& id : found.unfinished) {
    unfinished.emplace_back().Text("credential_id", id);
  }
  report.Parts("without_certificate", std::move(unfinished));
  if (!found.journal.key_was_given) {
    report.Text("check",
                "journal_key_id is the journal's own word: compare it with the core's init,"
                " or give --journal-key");
  }
  if (found.service_keys > 0) {
    report.Text("next", "start intaglio-host, then `intaglio ca activate` with the CA's chain");
  }
  return report;
}

}  // namespace

void AddRecoverCommand(CommandTable& table) {
  table.Add<RecoverFlags>(
      {"recover", "Rebuilds the host's database from the core's journal; the host must be down",
       "intaglio recover --journal /var/lib/intaglio-core/journal --database "
       "/var/lib/intaglio-host/host.db"},
      [](Flags& flags, RecoverFlags& o) {
        flags.Required("--journal", o.journal, "folder of segments, or an exported journal")
            .Required("--database", o.database, "SQLite file: an old copy, or a new one")
            .Optional("--journal-key", o.key, "public key of the core's JOURNAL key, PEM or DER")
            .Optional("--head", o.head,
                      "SEQUENCE:HASH, the core's word for lines no checkpoint covers yet");
      },
      RecoverDatabase);
}

}  // namespace intaglio::host
