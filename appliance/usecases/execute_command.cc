#include "appliance/usecases/execute_command.h"

#include <algorithm>

#include "appliance/crypto/hash.h"
#include "appliance/der/tbs_certificate.h"
#include "appliance/domain/reasons.h"
#include "appliance/policy/algorithm_suite.h"
#include "appliance/policy/issuance_policy.h"
#include "appliance/policy/sole_control_policy.h"
#include "appliance/usecases/approval_check.h"
#include "appliance/usecases/commands/decisions.h"

namespace intaglio::appliance {
namespace {

constexpr Duration kNonceLife = kDay;
constexpr size_t kMostNonces = 64;

}  // namespace

StatusOr<Nonce> ExecuteCommand::Begin() {
  ASSIGN_OR_RETURN(const Nonce nonce, DrawId<Nonce>(services_.rng));
  std::lock_guard lock(mutex_);
  const BootTime now = services_.clock.SinceBoot();
  std::erase_if(outstanding_, [&](const auto& each) { return now >= each.second; });
  // A host that draws and draws ends the oldest, and does not shut the officers out for a day.
  if (outstanding_.size() >= kMostNonces) {
    outstanding_.erase(std::ranges::min_element(
        outstanding_, [](const auto& a, const auto& b) { return a.second < b.second; }));
  }
  outstanding_.emplace(nonce, now + kNonceLife);
  return nonce;
}

bool ExecuteCommand::Spend(const Nonce& nonce) {
  std::lock_guard lock(mutex_);
  const auto found = outstanding_.find(nonce);
  if (found == outstanding_.end()) return false;
  const bool fresh = services_.clock.SinceBoot() < found->second;
  outstanding_.erase(found);
  return fresh;
}

StatusOr<ExecuteCommand::Outcome> ExecuteCommand::Execute(const Signed<Command>& command,
                                                          ByteView ca_record) {
  const Command& statement = command.statement;
  std::lock_guard executing(executing_);
  RETURN_IF_ERROR(identity_change_.CatchUp());
  RETURN_IF_ERROR(CheckAddress(services_, statement.core_instance));
  const bool confirms_time = std::holds_alternative<ConfirmTime>(statement.act);
  if (!confirms_time) {
    // Confirming the time is the one act that cannot wait for a trusted time.
    ASSIGN_OR_RETURN(const WallTime now, services_.time.Now());
    RETURN_IF_ERROR(CheckWindow(services_, statement.issued_at, statement.expires_at, now));
  }
  ASSIGN_OR_RETURN(
      const Approved approved,
      ApprovalCheck::Check(services_, command.octets, command.approvals, Role::kSecurityOfficer,
                           services_.identity.Get()->commands_need));
  if (!Spend(statement.nonce)) return Fail(kCommandNonce, "ask the core for a new nonce");
  const Event event{.type = EventType::kCommandExecuted,
                    .statement_digest = approved.statement_digest(),
                    .officers = approved.officers(),
                    .statement = command.octets,
                    .proofs = command.proofs};
  return std::visit(
      [&](const auto& act) -> StatusOr<Outcome> {
        using Act = std::decay_t<decltype(act)>;
        if constexpr (std::is_same_v<Act, InstallCaCertificate>) {
          return Do(act, ca_record, event);
        } else if constexpr (std::is_same_v<Act, GenerateServiceKey> ||
                             std::is_same_v<Act, ConfirmTime> || std::is_same_v<Act, BeginEpoch> ||
                             std::is_same_v<Act, DestroyEpoch>) {
          return Do(act, event);
        } else {
          return Change(act, event);
        }
      },
      statement.act);
}

template <class Act>
StatusOr<ExecuteCommand::Outcome> ExecuteCommand::Change(const Act& act, Event event) {
  const auto before = services_.identity.Get();
  ASSIGN_OR_RETURN(const WallTime now, services_.time.Now());
  ASSIGN_OR_RETURN(CoreIdentity after, Decide(act, {*before, now, version_}));
  event.type = EventOf(act);
  RETURN_IF_ERROR(identity_change_.BringIntoForce(std::move(after), event));
  return Outcome{};
}

StatusOr<ExecuteCommand::Outcome> ExecuteCommand::Do(const GenerateServiceKey& act, Event event) {
  // Rebuilding replaces every row.
  RETURN_IF_ERROR(CheckRowsWhole(services_));
  KeyRecord record;
  ASSIGN_OR_RETURN(record.key_id, DrawId<KeyId>(services_.rng));
  ASSIGN_OR_RETURN(record.generated_at, services_.time.Now());
  RETURN_IF_ERROR(CheckKeyGeneration(act.algorithm, act.purpose, record.generated_at));
  record.purpose = act.purpose;
  record.algorithm = act.algorithm;
  record.residency = KeyResidency::kResident;
  record.label = act.label;
  ASSIGN_OR_RETURN(GeneratedKey key,
                   services_.token.GenerateResident(act.algorithm, record.key_id, act.label));
  record.spki = key.spki;
  record.origin = key.origin;
  ASSIGN_OR_RETURN(const Bytes sealed, services_.records.Seal(record));
  event.key_id = record.key_id;
  event.sealed_record = sealed;
  RETURN_IF_ERROR(services_.journal.Append(event).status());
  RETURN_IF_ERROR(services_.state.Update([&](RowTransaction& rows) {
    KeyRow row;
    row.purpose = record.purpose;
    row.epoch = services_.records.EpochOf(sealed);
    row.cka_id = ToBytes(record.key_id.view());
    return rows.PutKey(record.key_id, row);
  }));
  return Outcome{sealed, record.spki, record.key_id};
}

StatusOr<ExecuteCommand::Outcome> ExecuteCommand::Do(const InstallCaCertificate& act,
                                                     ByteView ca_record, Event event) {
  RETURN_IF_ERROR(CheckRowsWhole(services_));
  // Not OpenKey: any record of this key will do, since what differs between them is the certificate
  // that is being replaced.
  ASSIGN_OR_RETURN(KeyRecord record, services_.records.Open(ca_record));
  if (record.purpose != KeyPurpose::kCaIssuing) {
    return Fail(kKeyPurpose, "key " + record.key_id.hex() + " was generated for another purpose");
  }
  if (record.key_id != act.ca_key_id) {
    return Fail(kOrderMismatch, "the command names key " + act.ca_key_id.hex());
  }
  ASSIGN_OR_RETURN(const auto row, services_.state.FindKey(record.key_id));
  if (!row) return Fail(kRecordStale, "the core has no row for key " + record.key_id.hex());
  RETURN_IF_ERROR(CheckKeyState(*row));
  ASSIGN_OR_RETURN(const WallTime now, services_.time.Now());
  ASSIGN_OR_RETURN(const CertificateParts certificate, ReadCertificate(act.certificate));
  RETURN_IF_ERROR(IssuancePolicy::JudgeCaInstallation(certificate.facts, record, now));
  ASSIGN_OR_RETURN(record.version, ReserveVersion(services_, record.key_id));
  record.ca_certificate = act.certificate;
  ASSIGN_OR_RETURN(const Bytes sealed, services_.records.Seal(record));
  event.key_id = record.key_id;
  event.sealed_record = sealed;
  event.certificate = act.certificate;
  event.count = static_cast<uint32_t>(record.version);
  // The line before the row, as with authenticators.
  RETURN_IF_ERROR(services_.journal.Append(event).status());
  RETURN_IF_ERROR(services_.state.Update([&](RowTransaction& rows) -> Status {
    ASSIGN_OR_RETURN(auto current, rows.FindKey(record.key_id));
    if (!current) return Fail(kRecordStale, "the key's row is gone");
    RETURN_IF_ERROR(CheckKeyState(*current));
    current->version = record.version;
    current->epoch = services_.records.EpochOf(sealed);
    return rows.PutKey(record.key_id, *current);
  }));
  return Outcome{sealed, record.spki, record.key_id};
}

StatusOr<ExecuteCommand::Outcome> ExecuteCommand::Do(const ConfirmTime& act, Event event) {
  RETURN_IF_ERROR(services_.time.CheckObserved(act.observed_at));
  event.type = EventType::kTimeConfirmed;
  RETURN_IF_ERROR(services_.journal.Append(event).status());
  RETURN_IF_ERROR(services_.time.Confirm(act.observed_at));
  return Outcome{};
}

StatusOr<ExecuteCommand::Outcome> ExecuteCommand::Do(const BeginEpoch&, Event event) {
  RETURN_IF_ERROR(services_.journal.Append(event).status());
  RETURN_IF_ERROR(epochs_.Begin().status());
  return Outcome{};
}

StatusOr<ExecuteCommand::Outcome> ExecuteCommand::Do(const DestroyEpoch& act, Event event) {
  RETURN_IF_ERROR(epochs_.MayDestroy(act.epoch));
  RETURN_IF_ERROR(services_.journal.Append(event).status());
  event.statement.clear();
  event.proofs.clear();
  RETURN_IF_ERROR(epochs_.Destroy(act.epoch, std::move(event)));
  return Outcome{};
}

}  // namespace intaglio::appliance
