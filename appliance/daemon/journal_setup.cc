#include "appliance/daemon/journal_setup.h"

#include "appliance/anchor/token_object_anchor.h"
#include "appliance/crypto/hash.h"
#include "appliance/daemon/pem.h"
#include "appliance/daemon/startup_checks.h"
#include "appliance/domain/reasons.h"
#include "appliance/journal/export_journal.h"
#include "appliance/journal/verify.h"
#include "appliance/state/reasons.h"
#include "appliance/usecases/services.h"
#include "base/file.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kMaxPem = 64 * 1024;

StatusOr<Bytes> ReadJournalKey(const std::string& file) {
  if (file.empty()) return Bytes();
  ASSIGN_OR_RETURN(const Bytes octets, ReadFile(file, FileTrust::kAnyMode, kMaxPem));
  return DerOrPem(octets, "PUBLIC KEY");
}

std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
  }
  return out + "\"";
}

// What a journal is compared with beside its own lines.
struct Elsewhere {
  std::string rows = "not reached";  // "checked", or why not
  std::string anchor = "not reached";
  Bytes journal_spki;
  std::vector<JournalHead> heads;
  std::optional<AnchorMark> mark;
  std::string kind;
  std::optional<uint64_t> rows_boot_count;  // only while no core runs
};

std::string Describe(const JournalSummary& summary, const Elsewhere& elsewhere, bool key_given) {
  const auto& last = summary.last_checkpoint;
  std::string out = "{\"entries\":" + std::to_string(summary.entries) +
                    ",\"first_sequence\":" + std::to_string(summary.first_sequence) +
                    ",\"head_sequence\":" + std::to_string(summary.head.sequence) + ",\"head\":\"" +
                    ToHex(summary.head.chain_hash) + "\"" +
                    ",\"checkpoints\":" + std::to_string(summary.checkpoints) +
                    ",\"unsigned_entries\":" + std::to_string(summary.unsigned_entries) +
                    ",\"signatures\":" + std::to_string(summary.signatures) +
                    ",\"torn_octets\":" + std::to_string(summary.torn_octets);
  if (last) {
    out += ",\"journal_key_id\":\"" + ToHex(last->journal_key_id) +
           "\",\"anchor_kind\":" + Quoted(last->anchor_kind) +
           ",\"anchor_counter\":" + std::to_string(last->anchor_counter);
  }
  return out + ",\"journal_key\":" + (key_given ? "\"given\"" : "\"its own word\"") +
         ",\"rows\":" + Quoted(elsewhere.rows) + ",\"anchor\":" + Quoted(elsewhere.anchor) + "}";
}

// Rows are locked while a core runs; a journal is verified beside it all the same.
Status ReachRows(Vault& vault, Elsewhere& out) {
  ASSIGN_OR_RETURN(const auto instance, vault.state->LoadInstance());
  ASSIGN_OR_RETURN(const auto head, vault.state->LoadJournalAnchor());
  ASSIGN_OR_RETURN(const auto time, vault.state->LoadTime());
  if (instance) out.journal_spki = instance->journal_spki;
  if (head) out.heads.push_back(*head);
  out.rows_boot_count = time ? time->boot_count : 0;
  out.rows = "checked";
  return OkStatus();
}

Status ReachAnchor(const CoreSettings& settings, tokens::TokenKeys& token, Elsewhere& out) {
  const auto anchor = MakeAnchor(settings, token);
  out.kind = anchor->kind();
  ASSIGN_OR_RETURN(out.mark, anchor->Read());
  if (out.mark && out.mark->sequence > 0) {
    out.heads.push_back({out.mark->sequence, out.mark->chain_hash});
  }
  out.anchor = "checked";
  return OkStatus();
}

StatusOr<Elsewhere> Reach(const CoreSettings& settings) {
  Elsewhere out;
  auto vault = OpenVault(settings);
  if (vault.ok()) {
    RETURN_IF_ERROR(ReachRows(*vault, out));
  } else if (Is(vault.status(), kDirectoryInUse)) {
    out.rows = "not reached: a core is running";
    vault = OpenToken(settings);
  }
  // A script must not take a journal for verified that was compared with nothing. The files alone
  // are what verify-journal --dir is for.
  RETURN_IF_ERROR(vault.status());
  RETURN_IF_ERROR(ReachAnchor(settings, *vault->token, out));
  return out;
}

}  // namespace

std::unique_ptr<AnchorPort> MakeAnchor(const CoreSettings& settings, tokens::TokenKeys& token) {
  if (settings.journal.tpm) return std::make_unique<TpmAnchor>(*settings.journal.tpm);
  return std::make_unique<TokenObjectAnchor>(token);
}

Status MakeJournalKey(TokenPort& token, Rng& rng, StoredInstance& instance) {
  ASSIGN_OR_RETURN(const KeyId id, DrawId<KeyId>(rng));
  ASSIGN_OR_RETURN(GeneratedKey key, token.GenerateResident(KeyAlgorithm::kP256, id, "journal"));
  instance.journal_spki = std::move(key.spki);
  instance.journal_cka_id = ToBytes(id.view());
  return OkStatus();
}

JournalSigner SignerOf(const StoredInstance& instance, uint64_t boot_count) {
  JournalSigner out;
  out.instance = instance.identity.instance;
  out.instance_epoch = instance.identity.instance_epoch;
  Assign(ByteView(instance.journal_cka_id), out.key.key_id);
  out.key.purpose = KeyPurpose::kJournal;
  out.key.residency = KeyResidency::kResident;
  out.key.spki = instance.journal_spki;
  out.boot_count = boot_count;
  return out;
}

StatusOr<CoreJournal> OpenCoreJournal(const CoreSettings& settings, Vault& vault,
                                      const Clock& clock, Opening opening) {
  CoreJournal out;
  ASSIGN_OR_RETURN(const auto stored_time, vault.state->LoadTime());
  out.time = stored_time.value_or(StoredTime{});
  const uint64_t rows_boot_count = out.time.boot_count;
  if (opening == Opening::kStart) ++out.time.boot_count;
  out.anchor = MakeAnchor(settings, *vault.token);
  ASSIGN_OR_RETURN(const auto mark, out.anchor->Read());
  ASSIGN_OR_RETURN(const auto instance, vault.state->LoadInstance());
  if (!instance) return Fail(kNotInitialised, "run intaglio-core init first");
  JournalKnowledge knowledge;
  knowledge.journal_spki = instance->journal_spki;
  ASSIGN_OR_RETURN(const auto rows_head, vault.state->LoadJournalAnchor());
  if (rows_head) knowledge.heads.push_back(*rows_head);
  if (mark && mark->sequence > 0) knowledge.heads.push_back({mark->sequence, mark->chain_hash});
  ASSIGN_OR_RETURN(const auto exported, vault.state->LoadExported());
  if (exported) knowledge.exported_sequence = exported->sequence;
  ASSIGN_OR_RETURN(out.journal, FileJournal::Open(JournalDir(settings), clock, out.time.boot_count,
                                                  knowledge, settings.journal.limits));
  RETURN_IF_ERROR(CheckAnchor(
      {out.anchor->kind(), mark, out.journal->Standing().last_checkpoint, rows_boot_count}));
  if (opening == Opening::kZeroise) return out;
  RETURN_IF_ERROR(CheckStarts(rows_boot_count, *out.journal));
  // Before any other line of this start: a crash behind one would look as if rows were put back.
  if (opening == Opening::kStart) RETURN_IF_ERROR(vault.state->StoreTime(out.time));
  ASSIGN_OR_RETURN(out.rows_vouched, CheckRows(*vault.state, *out.journal));
  RETURN_IF_ERROR(FinishPendingChange(*vault.state, *out.journal));
  ASSIGN_OR_RETURN(const auto settled, vault.state->LoadInstance());
  RETURN_IF_ERROR(CheckConfiguration(settings, settled->identity, *out.journal));
  // The running core watches its clock; the console's windows and officers' ends have this alone.
  const WallTime now = clock.Now();
  if (opening == Opening::kConsole && now < out.time.high_water - TrustedTime::kBackTolerance) {
    return Fail(kTimeUnconfirmed, "the clock shows " + ToIso8601(now) + ", the core has seen " +
                                      ToIso8601(out.time.high_water) + "; set it right");
  }
  return out;
}

Status CloseCoreJournal(const CoreJournal& core, LmdbState& rows) {
  if (core.rows_vouched) {
    ASSIGN_OR_RETURN(const Digest state_hash, rows.StateHash());
    RETURN_IF_ERROR(
        core.journal
            ->Append({.type = EventType::kStopped, .note = "console", .state_hash = state_hash})
            .status());
  }
  return rows.StoreJournalAnchor(core.journal->Head());
}

StatusOr<std::string> VerifyCoreJournal(const CoreSettings& settings,
                                        const std::string& journal_key) {
  ASSIGN_OR_RETURN(Bytes spki, ReadJournalKey(journal_key));
  // Before the lines are read: beside a running core they only go on from here.
  ASSIGN_OR_RETURN(const Elsewhere elsewhere, Reach(settings));
  const bool given = !spki.empty() || !elsewhere.journal_spki.empty();
  if (spki.empty()) spki = elsewhere.journal_spki;
  ASSIGN_OR_RETURN(const JournalSummary summary,
                   VerifyJournal(JournalDir(settings), spki, elsewhere.heads));
  if (elsewhere.rows_boot_count && elsewhere.anchor == "checked") {
    RETURN_IF_ERROR(CheckAnchor(
        {elsewhere.kind, elsewhere.mark, summary.last_checkpoint, *elsewhere.rows_boot_count}));
  }
  return Describe(summary, elsewhere, given);
}

StatusOr<std::string> VerifyJournalFolder(const std::string& dir, const std::string& journal_key) {
  ASSIGN_OR_RETURN(const Bytes spki, ReadJournalKey(journal_key));
  ASSIGN_OR_RETURN(const JournalSummary summary, VerifyJournal(dir, spki, {}));
  return Describe(summary, {}, !spki.empty());
}

StatusOr<std::string> PruneJournal(const CoreSettings& settings, uint64_t before) {
  ASSIGN_OR_RETURN(Vault vault, OpenVault(settings));
  SystemClock clock;
  ASSIGN_OR_RETURN(CoreJournal core, OpenCoreJournal(settings, vault, clock, Opening::kConsole));
  ExportJournal exports(*core.journal, *vault.state, std::string(core.anchor->kind()));
  ASSIGN_OR_RETURN(const size_t removed, exports.Prune(before));
  RETURN_IF_ERROR(CloseCoreJournal(core, *vault.state));
  return "{\"segments_removed\":" + std::to_string(removed) + "}";
}

}  // namespace intaglio::appliance
