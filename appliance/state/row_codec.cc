#include "appliance/state/row_codec.h"

#include <limits>
#include <string>

#include "appliance/state/reasons.h"
#include "intaglio/core/v1/rows.pb.h"

namespace intaglio::appliance {
namespace {

namespace pb = ::intaglio::core::v1;

template <class Message>
Bytes Serialise(const Message& message) {
  Bytes out(message.ByteSizeLong());
  message.SerializeToArray(out.data(), static_cast<int>(out.size()));
  return out;
}

Status Unreadable(const std::string& what) {
  return Fail(kRowUnreadable, what + "; was the store written by a newer version?");
}

template <class Message>
StatusOr<Message> Parse(ByteView octets) {
  Message message;
  if (octets.size() > std::numeric_limits<int>::max() ||
      !message.ParseFromArray(octets.data(), static_cast<int>(octets.size()))) {
    return Unreadable(message.GetTypeName() + " does not parse");
  }
  return message;
}

template <class Id>
Status ReadId(const std::string& octets, const char* field, Id& id) {
  if (Assign(AsBytes(octets), id)) return OkStatus();
  return Unreadable(std::string(field) + " has " + std::to_string(octets.size()) + " octets");
}

Status ReadDigest(const std::string& octets, const char* field, Digest& digest) {
  auto read = ToDigest(AsBytes(octets));
  if (!read.ok()) {
    return Unreadable(std::string(field) + " has " + std::to_string(octets.size()) + " octets");
  }
  digest = *read;
  return OkStatus();
}

StatusOr<CrlReason> ReadReason(uint32_t number) {
  for (const CrlReason reason :
       {CrlReason::kUnspecified, CrlReason::kKeyCompromise, CrlReason::kAffiliationChanged,
        CrlReason::kSuperseded, CrlReason::kCessationOfOperation, CrlReason::kCertificateHold,
        CrlReason::kPrivilegeWithdrawn}) {
    if (number == static_cast<uint32_t>(reason)) return reason;
  }
  return Unreadable("CRL reason " + std::to_string(number));
}

pb::KeyState ToProto(KeyState state) {
  switch (state) {
    case KeyState::kUsable:
      return pb::KEY_STATE_UNSPECIFIED;
    case KeyState::kSuspended:
      return pb::KEY_STATE_SUSPENDED;
    case KeyState::kBlocked:
      return pb::KEY_STATE_BLOCKED;
    case KeyState::kDestroyed:
      return pb::KEY_STATE_DESTROYED;
  }
  return pb::KEY_STATE_DESTROYED;
}

StatusOr<KeyState> FromProto(pb::KeyState state) {
  switch (state) {
    case pb::KEY_STATE_UNSPECIFIED:
      return KeyState::kUsable;
    case pb::KEY_STATE_SUSPENDED:
      return KeyState::kSuspended;
    case pb::KEY_STATE_BLOCKED:
      return KeyState::kBlocked;
    case pb::KEY_STATE_DESTROYED:
      return KeyState::kDestroyed;
    default:
      return Unreadable("key state " + std::to_string(state));
  }
}

pb::SerialState ToProto(SerialState state) {
  switch (state) {
    case SerialState::kDrawn:
      return pb::SERIAL_STATE_DRAWN;
    case SerialState::kIntent:
      return pb::SERIAL_STATE_INTENT;
    case SerialState::kIssued:
      return pb::SERIAL_STATE_ISSUED;
    case SerialState::kSuspended:
      return pb::SERIAL_STATE_SUSPENDED;
    case SerialState::kRevoked:
      return pb::SERIAL_STATE_REVOKED;
  }
  return pb::SERIAL_STATE_REVOKED;
}

StatusOr<SerialState> FromProto(pb::SerialState state) {
  switch (state) {
    case pb::SERIAL_STATE_DRAWN:
      return SerialState::kDrawn;
    case pb::SERIAL_STATE_INTENT:
      return SerialState::kIntent;
    case pb::SERIAL_STATE_ISSUED:
      return SerialState::kIssued;
    case pb::SERIAL_STATE_SUSPENDED:
      return SerialState::kSuspended;
    case pb::SERIAL_STATE_REVOKED:
      return SerialState::kRevoked;
    default:
      return Unreadable("serial state " + std::to_string(state));
  }
}

pb::Role ToProto(Role role) {
  switch (role) {
    case Role::kSecurityOfficer:
      return pb::ROLE_SECURITY_OFFICER;
    case Role::kRegistrationOfficer:
      return pb::ROLE_REGISTRATION_OFFICER;
    case Role::kRevocationOfficer:
      return pb::ROLE_REVOCATION_OFFICER;
    case Role::kAuditor:
      return pb::ROLE_AUDITOR;
  }
  return pb::ROLE_AUDITOR;
}

StatusOr<Role> FromProto(pb::Role role) {
  switch (role) {
    case pb::ROLE_SECURITY_OFFICER:
      return Role::kSecurityOfficer;
    case pb::ROLE_REGISTRATION_OFFICER:
      return Role::kRegistrationOfficer;
    case pb::ROLE_REVOCATION_OFFICER:
      return Role::kRevocationOfficer;
    case pb::ROLE_AUDITOR:
      return Role::kAuditor;
    default:
      return Unreadable("role " + std::to_string(role));
  }
}

// What officers decide while the core runs.
Status ReadDecisions(const pb::InstanceRow& in, CoreIdentity& identity) {
  identity.instance_epoch = in.instance_epoch();
  identity.roster_version = in.roster_version();
  identity.rows_lost = in.rows_lost();
  RETURN_IF_ERROR(
      ReadDigest(in.configuration_sha256(), "configuration_sha256", identity.configuration_sha256));
  for (const std::string& root : in.device_roots()) {
    identity.device_roots.push_back(ToBytes(root));
  }
  for (const pb::PinnedHost& pin : in.pinned_hosts()) {
    PinnedHost& host = identity.pinned_hosts.emplace_back();
    RETURN_IF_ERROR(ReadDigest(pin.certificate_sha256(), "pinned_hosts", host.certificate_sha256));
    host.until.ms = pin.until_ms();
  }
  if (in.has_approved_upgrade()) {
    const pb::ApproveUpgrade& upgrade = in.approved_upgrade();
    identity.upgrade = {upgrade.from_version(), upgrade.to_version(), {}};
    return ReadDigest(upgrade.program_sha256(), "approved_upgrade",
                      identity.upgrade->program_sha256);
  }
  return OkStatus();
}

}  // namespace

Bytes EncodeRow(const KeyRow& row) {
  pb::KeyRow out;
  out.set_version(row.version);
  out.set_state(ToProto(row.state));
  out.set_agreement_signature(AsString(row.agreement_signature));
  // KeyPurpose counts from 0 where the schema counts from 1, in the same order.
  out.set_purpose(static_cast<pb::KeyPurpose>(static_cast<int>(row.purpose) + 1));
  out.set_epoch(row.epoch);
  for (const AuthenticatorId& id : row.removed_authenticators) {
    out.add_removed_authenticators(AsString(id.view()));
  }
  out.set_cka_id(AsString(row.cka_id));
  out.set_spent(row.spent);
  out.set_blocked_at_ms(row.blocked_at.ms);
  out.set_last_version(row.last_version);
  return Serialise(out);
}

StatusOr<KeyRow> DecodeKeyRow(ByteView octets) {
  ASSIGN_OR_RETURN(const pb::KeyRow in, Parse<pb::KeyRow>(octets));
  KeyRow row;
  row.version = in.version();
  ASSIGN_OR_RETURN(row.state, FromProto(in.state()));
  row.agreement_signature = ToBytes(in.agreement_signature());
  if (in.purpose() < pb::KEY_PURPOSE_SIGNER || in.purpose() > pb::KEY_PURPOSE_STORAGE) {
    return Fail(kRowUnreadable, "purpose");
  }
  row.purpose = static_cast<KeyPurpose>(in.purpose() - 1);
  row.epoch = in.epoch();
  if (row.epoch == 0) return Unreadable("epoch 0");
  for (const std::string& removed : in.removed_authenticators()) {
    RETURN_IF_ERROR(
        ReadId(removed, "removed_authenticators", row.removed_authenticators.emplace_back()));
  }
  row.cka_id = ToBytes(in.cka_id());
  row.spent = in.spent();
  row.blocked_at.ms = in.blocked_at_ms();
  row.last_version = in.last_version();
  return row;
}

Bytes EncodeRow(const SerialRow& row) {
  pb::SerialRow out;
  out.set_state(ToProto(row.state));
  out.set_tbs_sha256(AsString(row.tbs_sha256));
  out.set_certificate_sha256(AsString(row.certificate_sha256));
  out.set_key_id(AsString(row.key_id.view()));
  out.set_not_after_ms(row.not_after.ms);
  out.set_changed_at_ms(row.changed_at.ms);
  out.set_crl_reason(static_cast<uint32_t>(row.reason));
  out.set_last_suspended_at_ms(row.last_suspended_at.ms);
  return Serialise(out);
}

StatusOr<SerialRow> DecodeSerialRow(ByteView octets) {
  ASSIGN_OR_RETURN(const pb::SerialRow in, Parse<pb::SerialRow>(octets));
  SerialRow row;
  ASSIGN_OR_RETURN(row.state, FromProto(in.state()));
  RETURN_IF_ERROR(ReadDigest(in.tbs_sha256(), "tbs_sha256", row.tbs_sha256));
  RETURN_IF_ERROR(
      ReadDigest(in.certificate_sha256(), "certificate_sha256", row.certificate_sha256));
  RETURN_IF_ERROR(ReadId(in.key_id(), "key_id", row.key_id));
  row.not_after.ms = in.not_after_ms();
  row.changed_at.ms = in.changed_at_ms();
  ASSIGN_OR_RETURN(row.reason, ReadReason(in.crl_reason()));
  row.last_suspended_at.ms = in.last_suspended_at_ms();
  return row;
}

Bytes EncodeRow(const RevokedRow& row) {
  pb::RevokedRow out;
  out.set_revoked_at_ms(row.revoked_at.ms);
  out.set_crl_reason(static_cast<uint32_t>(row.reason));
  out.set_not_after_ms(row.not_after.ms);
  return Serialise(out);
}

StatusOr<RevokedRow> DecodeRevokedRow(ByteView octets) {
  ASSIGN_OR_RETURN(const pb::RevokedRow in, Parse<pb::RevokedRow>(octets));
  RevokedRow row;
  row.revoked_at.ms = in.revoked_at_ms();
  ASSIGN_OR_RETURN(row.reason, ReadReason(in.crl_reason()));
  row.not_after.ms = in.not_after_ms();
  return row;
}

Bytes EncodeRow(const OrderRow& row) {
  pb::OrderRow out;
  out.set_expires_at_ms(row.expires_at.ms);
  out.set_key_id(AsString(row.key_id.view()));
  out.set_sealed_record(AsString(row.sealed_record));
  out.set_spki(AsString(row.spki));
  out.set_serial(AsString(row.serial.octets));
  out.set_certificate(AsString(row.certificate));
  out.set_certified_record(AsString(row.certified_record));
  out.set_issue_intent_tbs_sha256(AsString(row.issue_intent_tbs_sha256));
  return Serialise(out);
}

StatusOr<OrderRow> DecodeOrderRow(ByteView octets) {
  ASSIGN_OR_RETURN(const pb::OrderRow in, Parse<pb::OrderRow>(octets));
  OrderRow row;
  row.expires_at.ms = in.expires_at_ms();
  RETURN_IF_ERROR(ReadId(in.key_id(), "key_id", row.key_id));
  row.sealed_record = ToBytes(in.sealed_record());
  row.spki = ToBytes(in.spki());
  row.serial.octets = ToBytes(in.serial());
  row.certificate = ToBytes(in.certificate());
  row.certified_record = ToBytes(in.certified_record());
  RETURN_IF_ERROR(ReadDigest(in.issue_intent_tbs_sha256(), "issue_intent_tbs_sha256",
                             row.issue_intent_tbs_sha256));
  return row;
}

Bytes EncodeRow(const CaRow& row) {
  pb::CaRow out;
  out.set_last_crl_number(row.last_crl_number);
  out.set_last_this_update_ms(row.last_this_update.ms);
  return Serialise(out);
}

StatusOr<CaRow> DecodeCaRow(ByteView octets) {
  ASSIGN_OR_RETURN(const pb::CaRow in, Parse<pb::CaRow>(octets));
  return CaRow{in.last_crl_number(), WallTime{in.last_this_update_ms()}};
}

Bytes EncodeRow(const SealLedgerRow& row) {
  pb::SealLedgerRow out;
  out.set_authorisation(AsString(row.authorisation));
  out.set_reserved(row.reserved);
  out.set_last_sequence(row.last_sequence);
  out.set_warned(row.warned_of_quota);
  out.set_warned_of_end(row.warned_of_end);
  out.set_withdrawn(row.withdrawn);
  return Serialise(out);
}

StatusOr<SealLedgerRow> DecodeSealRow(ByteView octets) {
  ASSIGN_OR_RETURN(const pb::SealLedgerRow in, Parse<pb::SealLedgerRow>(octets));
  return SealLedgerRow{ToBytes(in.authorisation()), in.reserved(), in.last_sequence(), in.warned(),
                       in.warned_of_end(),          in.withdrawn()};
}

Bytes EncodeRow(const StoredInstance& instance) {
  const CoreIdentity& identity = instance.identity;
  pb::InstanceRow out;
  out.set_core_instance(AsString(identity.instance.view()));
  out.set_commands_need(identity.commands_need);
  for (const Officer& officer : identity.roster) {
    pb::RosterEntry& entry = *out.add_roster();
    entry.set_officer_id(AsString(officer.id.view()));
    entry.set_role(ToProto(officer.role));
    entry.set_name(officer.name);
    entry.set_spki(AsString(officer.spki));
    entry.set_until_ms(officer.until.ms);
  }
  out.mutable_qscd_entry()->set_entry_id(identity.qscd_entry.entry_id);
  out.mutable_qscd_entry()->set_valid_until_ms(identity.qscd_entry.valid_until.ms);
  out.set_attestation_spki(AsString(instance.attestation_spki));
  out.set_attestation_certificate(AsString(instance.attestation_certificate));
  for (const Bytes& link : instance.attestation_chain) {
    out.add_attestation_chain(AsString(link));
  }
  out.set_attestation_cka_id(AsString(instance.attestation_cka_id));
  out.set_instance_epoch(identity.instance_epoch);
  out.set_roster_version(identity.roster_version);
  out.set_configuration_sha256(AsString(identity.configuration_sha256));
  for (const Bytes& root : identity.device_roots) out.add_device_roots(AsString(root));
  for (const PinnedHost& host : identity.pinned_hosts) {
    pb::PinnedHost& pin = *out.add_pinned_hosts();
    pin.set_certificate_sha256(AsString(host.certificate_sha256));
    pin.set_until_ms(host.until.ms);
  }
  if (identity.upgrade) {
    pb::ApproveUpgrade& upgrade = *out.mutable_approved_upgrade();
    upgrade.set_from_version(identity.upgrade->from_version);
    upgrade.set_to_version(identity.upgrade->to_version);
    upgrade.set_program_sha256(AsString(identity.upgrade->program_sha256));
  }
  out.set_journal_spki(AsString(instance.journal_spki));
  out.set_journal_cka_id(AsString(instance.journal_cka_id));
  out.set_format(instance.format);
  out.set_written_by(instance.written_by);
  out.set_program_sha256(AsString(instance.program_sha256));
  out.set_rows_lost(identity.rows_lost);
  return Serialise(out);
}

StatusOr<StoredInstance> DecodeInstance(ByteView octets) {
  ASSIGN_OR_RETURN(const pb::InstanceRow in, Parse<pb::InstanceRow>(octets));
  StoredInstance instance;
  CoreIdentity& identity = instance.identity;
  RETURN_IF_ERROR(ReadId(in.core_instance(), "core_instance", identity.instance));
  identity.commands_need = in.commands_need();
  for (const pb::RosterEntry& entry : in.roster()) {
    Officer officer;
    RETURN_IF_ERROR(ReadId(entry.officer_id(), "officer_id", officer.id));
    ASSIGN_OR_RETURN(officer.role, FromProto(entry.role()));
    officer.name = entry.name();
    officer.spki = ToBytes(entry.spki());
    officer.until.ms = entry.until_ms();
    identity.roster.push_back(std::move(officer));
  }
  identity.qscd_entry.entry_id = in.qscd_entry().entry_id();
  identity.qscd_entry.valid_until.ms = in.qscd_entry().valid_until_ms();
  instance.attestation_spki = ToBytes(in.attestation_spki());
  instance.attestation_certificate = ToBytes(in.attestation_certificate());
  for (const std::string& link : in.attestation_chain()) {
    instance.attestation_chain.push_back(ToBytes(link));
  }
  instance.attestation_cka_id = ToBytes(in.attestation_cka_id());
  RETURN_IF_ERROR(ReadDecisions(in, identity));
  instance.journal_spki = ToBytes(in.journal_spki());
  instance.journal_cka_id = ToBytes(in.journal_cka_id());
  instance.format = in.format();
  instance.written_by = in.written_by();
  RETURN_IF_ERROR(ReadDigest(in.program_sha256(), "program_sha256", instance.program_sha256));
  return instance;
}

// Sequence, 8 octets big-endian ‖ statement digest ‖ the row as it will be, of which the identity
// alone counts.
Bytes EncodeRow(const PendingIdentity& pending) {
  StoredInstance row;
  row.identity = pending.identity;
  return Concat({EncodeCount(pending.journal_sequence), pending.statement_digest, EncodeRow(row)});
}

StatusOr<PendingIdentity> DecodePendingIdentity(ByteView octets) {
  PendingIdentity pending;
  constexpr size_t kHead = 8 + std::tuple_size_v<Digest>;
  if (octets.size() < kHead) return Unreadable("a pending change is cut short");
  ASSIGN_OR_RETURN(pending.journal_sequence, DecodeCount(octets.first(8)));
  ASSIGN_OR_RETURN(pending.statement_digest, ToDigest(octets.subspan(8, kHead - 8)));
  ASSIGN_OR_RETURN(StoredInstance row, DecodeInstance(octets.subspan(kHead)));
  pending.identity = std::move(row.identity);
  return pending;
}

Bytes EncodeCount(uint64_t count) {
  Bytes octets(8);
  for (size_t i = 0; i < 8; ++i) octets[7 - i] = static_cast<uint8_t>(count >> (8 * i));
  return octets;
}

StatusOr<uint64_t> DecodeCount(ByteView octets) {
  if (octets.size() != 8)
    return Unreadable("a count of " + std::to_string(octets.size()) + " octets");
  uint64_t count = 0;
  for (const uint8_t octet : octets) count = count << 8 | octet;
  return count;
}

Bytes EncodeRow(const StoredEpoch& epoch) {
  pb::EpochRow out;
  out.set_epoch(epoch.epoch);
  out.set_sealed_record_key(AsString(epoch.sealed_record_key));
  out.set_created_at_ms(epoch.created_at.ms);
  return Serialise(out);
}

StatusOr<StoredEpoch> DecodeEpoch(ByteView octets) {
  ASSIGN_OR_RETURN(const pb::EpochRow in, Parse<pb::EpochRow>(octets));
  return StoredEpoch{in.epoch(), ToBytes(in.sealed_record_key()), WallTime{in.created_at_ms()}};
}

Bytes EncodeRow(const StoredRestore& restore) {
  pb::RestoreRow out;
  out.set_nonce(AsString(restore.nonce.view()));
  for (const VouchedJournal& each : restore.journals) {
    pb::LostJournal& journal = *out.add_journals();
    journal.set_journal_spki(AsString(each.journal_spki));
    journal.set_sequence(each.sequence);
    journal.set_chain_hash(AsString(each.chain_hash));
  }
  out.set_rebuilt(restore.rebuilt);
  for (const Officer& each : restore.officers) {
    pb::RosterEntry& entry = *out.add_officers();
    entry.set_officer_id(AsString(each.id.view()));
    entry.set_role(ToProto(each.role));
    entry.set_name(each.name);
    entry.set_until_ms(each.until.ms);
  }
  out.set_commands_need(restore.commands_need);
  return Serialise(out);
}

StatusOr<StoredRestore> DecodeRestore(ByteView octets) {
  ASSIGN_OR_RETURN(const pb::RestoreRow in, Parse<pb::RestoreRow>(octets));
  StoredRestore out;
  RETURN_IF_ERROR(ReadId(in.nonce(), "nonce", out.nonce));
  for (const pb::LostJournal& each : in.journals()) {
    VouchedJournal& journal = out.journals.emplace_back();
    journal.journal_spki = ToBytes(each.journal_spki());
    journal.sequence = each.sequence();
    RETURN_IF_ERROR(ReadDigest(each.chain_hash(), "chain_hash", journal.chain_hash));
  }
  out.rebuilt = in.rebuilt();
  for (const pb::RosterEntry& entry : in.officers()) {
    Officer& officer = out.officers.emplace_back();
    RETURN_IF_ERROR(ReadId(entry.officer_id(), "officer_id", officer.id));
    ASSIGN_OR_RETURN(officer.role, FromProto(entry.role()));
    officer.name = entry.name();
    officer.until.ms = entry.until_ms();
  }
  out.commands_need = in.commands_need();
  return out;
}

Bytes EncodeRow(const StoredTime& time) {
  pb::TimeRow out;
  out.set_high_water_ms(time.high_water.ms);
  out.set_boot_count(time.boot_count);
  return Serialise(out);
}

StatusOr<StoredTime> DecodeTime(ByteView octets) {
  ASSIGN_OR_RETURN(const pb::TimeRow in, Parse<pb::TimeRow>(octets));
  return StoredTime{WallTime{in.high_water_ms()}, in.boot_count()};
}

// Sequence, 8 octets big-endian ‖ chain hash.
Bytes EncodeRow(const JournalHead& head) {
  Bytes out;
  for (int shift = 56; shift >= 0; shift -= 8) {
    out.push_back(static_cast<uint8_t>(head.sequence >> shift));
  }
  out.insert(out.end(), head.chain_hash.begin(), head.chain_hash.end());
  return out;
}

StatusOr<JournalHead> DecodeJournalHead(ByteView octets) {
  JournalHead head;
  if (octets.size() != 8 + head.chain_hash.size()) {
    return Unreadable("a journal head of " + std::to_string(octets.size()) + " octets");
  }
  for (const uint8_t octet : octets.first(8)) head.sequence = head.sequence << 8 | octet;
  ASSIGN_OR_RETURN(head.chain_hash, ToDigest(octets.subspan(8)));
  return head;
}

}  // namespace intaglio::appliance
