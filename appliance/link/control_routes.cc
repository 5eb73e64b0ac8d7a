// Routes of officers, operators and the host's housekeeping.
#include "appliance/link/routes.h"
#include "appliance/records/command_codec.h"

namespace intaglio::appliance {
namespace {

constexpr int kMostReseals = 100;
constexpr uint32_t kMostJournalEntries = 1000;
// Room for the entries of a journal answer in a frame of 1 MiB.
constexpr size_t kMaxJournalAnswer = 960 * 1024;

pb::Role ToProto(Role role) {
  switch (role) {
    case Role::kSecurityOfficer:
      return pb::ROLE_SECURITY_OFFICER;
    case Role::kRegistrationOfficer:
      return pb::ROLE_REGISTRATION_OFFICER;
    case Role::kRevocationOfficer:
      return pb::ROLE_REVOCATION_OFFICER;
    case Role::kAuditor:
      break;
  }
  return pb::ROLE_AUDITOR;
}

void SetTokenHealth(const TokenHealth& health, pb::TokenHealth& out) {
  out.set_state(health.state);
  out.set_sessions_open(static_cast<uint32_t>(health.sessions_open));
  out.set_sessions_discarded(health.sessions_discarded);
  out.set_logins(health.logins);
  out.set_reinitialisations(health.reinitialisations);
  out.set_fail_overs(health.fail_overs);
  out.set_cache_hits(health.cache_hits);
  out.set_cache_misses(health.cache_misses);
  out.set_cache_evictions(health.cache_evictions);
  out.set_recoveries(health.recoveries);
  out.set_last_recovery_ms(static_cast<uint32_t>(health.last_recovery_ms));
}

}  // namespace

Status RouteStatus(const RouteContext& core, const pb::StatusRequest&, pb::StatusResponse& out) {
  const auto snapshot = core.services.identity.Get();
  const CoreIdentity& identity = *snapshot;
  out.set_core_instance(AsString(identity.instance.view()));
  out.set_boot_id(AsString(core.services.boot_id.view()));
  out.set_boot_count(core.boot_count);
  out.set_version(core.version);
  out.set_time_confirmed(core.services.time.confirmed());
  out.set_now_ms(core.services.clock.Now().ms);
  const JournalHead head = core.services.journal.Head();
  out.set_journal_sequence(head.sequence);
  out.set_journal_head(AsString(head.chain_hash));
  for (const Officer& officer : identity.roster) {
    pb::RosterEntry& entry = *out.add_roster();
    entry.set_officer_id(AsString(officer.id.view()));
    entry.set_role(ToProto(officer.role));
    entry.set_name(officer.name);
    entry.set_spki(AsString(officer.spki));
    entry.set_until_ms(officer.until.ms);
  }
  out.set_commands_need(identity.commands_need);
  out.mutable_qscd_entry()->set_entry_id(identity.qscd_entry.entry_id);
  out.mutable_qscd_entry()->set_valid_until_ms(identity.qscd_entry.valid_until.ms);
  out.set_instance_epoch(identity.instance_epoch);
  out.set_roster_version(identity.roster_version);
  ASSIGN_OR_RETURN(const auto epochs, core.use_cases.record_epochs.List());
  for (const RecordEpochs::Standing& each : epochs) {
    pb::EpochRecords& entry = *out.add_epochs();
    entry.set_epoch(each.facts.epoch);
    entry.set_live_records(each.live_records);
    entry.set_created_at_ms(each.facts.created_at.ms);
  }
  out.set_record_epoch(core.services.records.CurrentEpoch());
  ExportJournal& exports = core.use_cases.export_journal;
  out.set_anchor(exports.anchor_kind());
  ASSIGN_OR_RETURN(const uint64_t exported, exports.ExportedSequence());
  out.set_exported_sequence(exported);
  ASSIGN_OR_RETURN(const uint32_t free_percent, exports.FreePercent());
  out.set_state_free_percent(free_percent);
  SetTokenHealth(core.services.token.Health(), *out.mutable_token());
  return OkStatus();
}

Status RouteBeginCommand(const RouteContext& core, const pb::BeginCommandRequest&,
                         pb::BeginCommandResponse& response) {
  ASSIGN_OR_RETURN(const Nonce nonce, core.use_cases.execute_command.Begin());
  response.set_nonce(AsString(nonce.view()));
  response.set_core_instance(AsString(core.services.identity.instance().view()));
  return OkStatus();
}

Status RouteExecuteCommand(const RouteContext& core, const pb::ExecuteCommandRequest& request,
                           pb::ExecuteCommandResponse& response) {
  ASSIGN_OR_RETURN(const auto command, TakeSignedCommand(request.command()));
  ASSIGN_OR_RETURN(const auto outcome,
                   core.use_cases.execute_command.Execute(command, AsBytes(request.ca_record())));
  response.set_record(AsString(outcome.record));
  response.set_spki(AsString(outcome.spki));
  if (!outcome.record.empty()) response.set_key_id(AsString(outcome.key_id.view()));
  return OkStatus();
}

Status RouteReseal(const RouteContext& core, const pb::ResealRecordsRequest& request,
                   pb::ResealRecordsResponse& response) {
  if (request.records().empty() || request.records_size() > kMostReseals) {
    return Invalid("records: from 1 to 100");
  }
  for (const std::string& sealed : request.records()) {
    pb::ResealedRecord& out = *response.add_records();
    const auto resealed = core.use_cases.record_epochs.Reseal(AsBytes(sealed));
    if (resealed.ok()) {
      out.set_record(AsString(*resealed));
    } else {
      FillFailure(resealed.status(), *out.mutable_failure());
    }
  }
  return OkStatus();
}

Status RouteReadJournal(const RouteContext& core, const pb::ReadJournalRequest& request,
                        pb::ReadJournalResponse& response) {
  if (request.from_sequence() == 0) return Invalid("from_sequence: from 1");
  if (request.max_entries() == 0 || request.max_entries() > kMostJournalEntries) {
    return Invalid("max_entries: from 1 to 1000");
  }
  ASSIGN_OR_RETURN(const auto entries,
                   core.services.journal.Read(request.from_sequence(), request.max_entries(),
                                              kMaxJournalAnswer));
  for (const Bytes& entry : entries) response.add_entries(AsString(entry));
  response.set_last_sequence(core.services.journal.Head().sequence);
  return OkStatus();
}

Status RouteConfirmExport(const RouteContext& core, const pb::ConfirmExportRequest& request,
                          pb::ConfirmExportResponse&) {
  const auto chain_hash = ToDigest(AsBytes(request.chain_hash()));
  if (request.sequence() == 0) return Invalid("sequence: from 1");
  if (!chain_hash.ok()) return Invalid("chain_hash: 32 octets");
  return core.use_cases.export_journal.Confirm(request.sequence(), *chain_hash);
}

}  // namespace intaglio::appliance
