#include "appliance/backup/row_replay.h"

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <charconv>

#include "appliance/backup/reasons.h"
#include "appliance/crypto/hash.h"
#include "appliance/der/tbs_certificate.h"
#include "appliance/journal/entry_codec.h"
#include "appliance/records/canonical.h"
#include "appliance/records/proto_values.h"
#include "intaglio/config/v1/core.pb.h"
#include "intaglio/core/v1/statements.pb.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kMostStatement = 512 * 1024;

Status Bad(const pb::JournalEntry& line, const std::string& why) {
  return Fail(kLostJournalLine, "line " + std::to_string(line.sequence()) + ", " +
                                    NameOf(static_cast<EventType>(line.type())) + ": " + why);
}

// The statement that the line carries, which its digest names.
template <class Message>
StatusOr<Message> StatementOf(const pb::JournalEntry& line, std::string_view context) {
  Message message;
  if (!Equal(Sha256(AsBytes(line.statement())), AsBytes(line.statement_digest())) ||
      !ParseCanonical(AsBytes(line.statement()), kMostStatement, message) ||
      message.context() != context) {
    return Bad(line, "its statement is none of " + std::string(context));
  }
  return message;
}

StatusOr<pb::Command> CommandOf(const pb::JournalEntry& line) {
  return StatementOf<pb::Command>(line, "intaglio/command/v1");
}

StatusOr<Digest> StatementDigestOf(const pb::JournalEntry& line) {
  const auto digest = ToDigest(AsBytes(line.statement_digest()));
  return digest.ok() ? digest : Bad(line, "it names no statement");
}

StatusOr<KeyId> KeyIdOf(const pb::JournalEntry& line) {
  KeyId id;
  if (Assign(AsBytes(line.key_id()), id)) return id;
  return Bad(line, "it names no key");
}

WallTime WholeSeconds(WallTime time) { return {time.ms / 1000 * 1000}; }

// What a statement that changes a certificate's state asks for.
struct StateChange {
  StateAction action = StateAction::kRevoke;
  CrlReason reason = CrlReason::kUnspecified;
  WallTime issued_at;
  WallTime expires_at;  // 0 of a signer's own
};

EventType EventOf(StateAction action) {
  switch (action) {
    case StateAction::kRevoke:
      return EventType::kRevoked;
    case StateAction::kSuspend:
      return EventType::kSuspended;
    case StateAction::kReinstate:
      break;
  }
  return EventType::kReinstated;
}

StatusOr<StateChange> BySigner(const pb::JournalEntry& line) {
  ASSIGN_OR_RETURN(const auto asked,
                   StatementOf<pb::SignerRevocation>(line, "intaglio/signer-revocation/v1"));
  const auto reason = FromProto(asked.reason());
  if (!reason) return Bad(line, "its reason");
  return StateChange{StateAction::kRevoke, *reason, WallTime{asked.requested_at_ms()}, WallTime{}};
}

StatusOr<StateChange> ByOfficer(const pb::JournalEntry& line) {
  ASSIGN_OR_RETURN(const auto order, StatementOf<pb::StateOrder>(line, "intaglio/state-order/v1"));
  StateChange out{StateAction::kRevoke, CrlReason::kUnspecified, WallTime{order.issued_at_ms()},
                  WallTime{order.expires_at_ms()}};
  if (order.action() == pb::STATE_ACTION_SUSPEND) {
    out.action = StateAction::kSuspend;
  } else if (order.action() == pb::STATE_ACTION_REINSTATE) {
    out.action = StateAction::kReinstate;
  } else if (const auto reason = FromProto(order.reason());
             order.action() == pb::STATE_ACTION_REVOKE && reason) {
    out.reason = *reason;
  } else {
    return Bad(line, "its action or reason");
  }
  return out;
}

StatusOr<StateChange> ChangeOf(const pb::JournalEntry& line) {
  // The two statements have different contexts, so at most one of them reads.
  auto change = ByOfficer(line);
  if (!change.ok()) change = BySigner(line);
  RETURN_IF_ERROR(change.status());
  if (static_cast<int>(EventOf(change->action)) != line.type()) {
    return Bad(line, "its statement asks for another act");
  }
  return change;
}

void Change(const StateChange& change, const pb::JournalEntry& line, SerialRow& serial,
            KeyRow& key) {
  if (serial.state == SerialState::kRevoked) return;  // final
  const WallTime effective{line.effective_at_ms()};
  switch (change.action) {
    case StateAction::kRevoke:
      serial.state = SerialState::kRevoked;
      serial.reason = change.reason;
      key.state = KeyState::kDestroyed;
      break;
    case StateAction::kSuspend:
      serial.state = SerialState::kSuspended;
      serial.reason = CrlReason::kCertificateHold;
      serial.last_suspended_at = {line.wall_ms()};
      if (key.state != KeyState::kDestroyed) key.state = KeyState::kSuspended;
      break;
    case StateAction::kReinstate:
      // Where a crash cost the order's first line, a later suspension stands before its second.
      if (serial.state == SerialState::kSuspended && change.issued_at < serial.last_suspended_at) {
        return;
      }
      // Where a block came between the line and its row.
      if (key.state == KeyState::kBlocked && change.issued_at < key.blocked_at) return;
      serial.state = SerialState::kIssued;
      serial.reason = CrlReason::kUnspecified;
      if (key.state != KeyState::kDestroyed) key.state = KeyState::kUsable;
      break;
  }
  serial.changed_at = effective;
}

std::optional<Role> RoleOf(const std::string& name) {
  if (name == "security-officer") return Role::kSecurityOfficer;
  if (name == "registration-officer") return Role::kRegistrationOfficer;
  if (name == "revocation-officer") return Role::kRevocationOfficer;
  if (name == "auditor") return Role::kAuditor;
  return std::nullopt;
}

std::optional<Role> RoleOf(pb::Role role) {
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
      return std::nullopt;
  }
}

// The smallest of the numbers that is not below `epoch`; the largest if all are.
uint32_t NotAfter(const std::vector<uint32_t>& epochs, uint32_t epoch) {
  const auto found = std::lower_bound(epochs.begin(), epochs.end(), epoch);
  return found == epochs.end() ? epochs.back() : *found;
}

}  // namespace

void RowReplay::BeginNext() {
  before_ = std::exchange(now_standing_, Standing{});
  first_ = joined_ = false;
}

Status RowReplay::Apply(const Line& line) {
  switch (line.type()) {
    case pb::EVENT_TYPE_INITIALISED:
      return Initialised(line);
    case pb::EVENT_TYPE_ROSTER_CHANGED:
      return RosterChanged(line);
    case pb::EVENT_TYPE_RESTORED:
      return Restored(line);
    case pb::EVENT_TYPE_COMMAND_EXECUTED:
      return CommandExecuted(line);
    case pb::EVENT_TYPE_KEY_GENERATED:
      return KeyGenerated(line);
    case pb::EVENT_TYPE_SERIAL_DRAWN:
      return SerialDrawn(line);
    case pb::EVENT_TYPE_CERTIFICATE_INTENT:
      return CertificateIntent(line);
    case pb::EVENT_TYPE_CERTIFICATE_SIGNED:
      return CertificateSigned(line);
    case pb::EVENT_TYPE_CERTIFICATE_ACCEPTED:
      return CertificateAccepted(line);
    case pb::EVENT_TYPE_AUTHENTICATOR_ADDED:
      return AuthenticatorAdded(line);
    case pb::EVENT_TYPE_AUTHENTICATOR_REMOVED:
      return AuthenticatorRemoved(line);
    case pb::EVENT_TYPE_KEY_BLOCKED:
      return Blocked(line);
    case pb::EVENT_TYPE_REVOKED:
    case pb::EVENT_TYPE_SUSPENDED:
    case pb::EVENT_TYPE_REINSTATED:
      return StateChanged(line);
    case pb::EVENT_TYPE_SIGN_INTENT:
      return SignIntent(line);
    case pb::EVENT_TYPE_KEY_DESTROYED:
      return KeyErased(line);
    case pb::EVENT_TYPE_CRL_SIGNED:
      return CrlSigned(line);
    case pb::EVENT_TYPE_BACKUP_MADE:
      return BackupMade(line);
    case pb::EVENT_TYPE_ZEROISED:
      return Bad(line, "every key was destroyed on purpose; there is nothing to open");
    // No row follows from these; which record key a re-sealed record is under is found at the end.
    case pb::EVENT_TYPE_STARTED:
    case pb::EVENT_TYPE_STOPPED:
    case pb::EVENT_TYPE_LINK_OPENED:
    case pb::EVENT_TYPE_LINK_REFUSED:
    case pb::EVENT_TYPE_LINK_ENDED:
    case pb::EVENT_TYPE_REFUSED:
    case pb::EVENT_TYPE_ATTESTED:
    case pb::EVENT_TYPE_ACTIVATION_BEGUN:
    case pb::EVENT_TYPE_SIGNED:
    case pb::EVENT_TYPE_CRL_INTENT:
    case pb::EVENT_TYPE_OCSP_SIGNED:
    case pb::EVENT_TYPE_TIME_STOPPED:
    case pb::EVENT_TYPE_TIME_CONFIRMED:
    case pb::EVENT_TYPE_TIME_SYNCHRONISATION:
    case pb::EVENT_TYPE_TAIL_REPAIRED:
    case pb::EVENT_TYPE_DEVICE_CERTIFICATE_INSTALLED:
    case pb::EVENT_TYPE_CHECKPOINT:
    case pb::EVENT_TYPE_SEGMENT_ROTATED:
    case pb::EVENT_TYPE_EXPORT_CONFIRMED:
    case pb::EVENT_TYPE_STORAGE_ALARM:
    case pb::EVENT_TYPE_TOKEN_TRANSITION:
    case pb::EVENT_TYPE_SELF_TEST:
    case pb::EVENT_TYPE_ERROR_STATE:
    case pb::EVENT_TYPE_SEAL_AUTHORISED:
    case pb::EVENT_TYPE_SEAL_INTENT:
    case pb::EVENT_TYPE_SEALED:
    case pb::EVENT_TYPE_SEAL_QUOTA_WARNING:
    case pb::EVENT_TYPE_SEAL_WITHDRAWN:
    case pb::EVENT_TYPE_EPOCH_STARTED:
    case pb::EVENT_TYPE_RECORD_RESEALED:
    case pb::EVENT_TYPE_EPOCH_DESTROYED:
    case pb::EVENT_TYPE_CONFIGURATION_APPROVED:
    case pb::EVENT_TYPE_QSCD_ENTRY_SET:
    case pb::EVENT_TYPE_TRUST_ANCHORS_SET:
    case pb::EVENT_TYPE_HOSTS_PINNED:
    case pb::EVENT_TYPE_UPGRADED:
    case pb::EVENT_TYPE_ROWS_REBUILT:
    case pb::EVENT_TYPE_REBUILT_OPENED:
      return OkStatus();
    default:
      return Bad(line, "this program does not know the event; use the newer one that wrote it");
  }
}

StatusOr<KeyRow*> RowReplay::KeyOf(const Line& line) {
  ASSIGN_OR_RETURN(const KeyId id, KeyIdOf(line));
  const auto found = now_standing_.keys.find(id);
  if (found == now_standing_.keys.end()) return Bad(line, "no line before made key " + id.hex());
  return &found->second;
}

StatusOr<uint32_t> RowReplay::EpochOf(const Line& line) const {
  const uint32_t epoch = records_.EpochOf(AsBytes(line.sealed_record()));
  if (epoch == 0) return Bad(line, "it holds no sealed record");
  return epoch;
}

StatusOr<SerialRow*> RowReplay::SerialOf(const Line& line) {
  KeyId issuer;
  const size_t size = line.serial().size();
  if (!Assign(AsBytes(line.issuer_key_id()), issuer) || size == 0 || size > 20) {
    return Bad(line, "it names no issuer or serial");
  }
  return &now_standing_.serials[{issuer, Serial{ToBytes(line.serial())}}];
}

OrderRow* RowReplay::OrderOf(const Line& line) {
  const auto digest = ToDigest(AsBytes(line.statement_digest()));
  if (!digest.ok()) return nullptr;
  const auto found = now_standing_.orders.find(*digest);
  return found == now_standing_.orders.end() ? nullptr : &found->second;
}

Status RowReplay::EnterOrder(const Line& line, OrderRow row) {
  ASSIGN_OR_RETURN(const Digest digest, StatementDigestOf(line));
  if (row.expires_at >= now_) now_standing_.orders[digest] = std::move(row);
  return OkStatus();
}

Status RowReplay::Initialised(const Line& line) {
  // The file names the people, the line their keys, in the same order.
  intaglio::config::v1::CoreInit init;
  google::protobuf::TextFormat::Parser parser;
  if (!parser.ParseFromString(line.statement(), &init) ||
      init.officers_size() != line.officers_size()) {
    return Bad(line, "it holds no roster");
  }
  Standing& standing = now_standing_;
  standing.roster.clear();
  standing.commands_need = init.commands_need();
  for (int i = 0; i < init.officers_size(); ++i) {
    Officer& officer = standing.roster.emplace_back();
    const auto role = RoleOf(init.officers(i).role());
    if (!role || !Assign(AsBytes(line.officers(i)), officer.id)) return Bad(line, "an officer");
    officer.role = *role;
    officer.name = init.officers(i).name();
  }
  return OkStatus();
}

Status RowReplay::RosterChanged(const Line& line) {
  ASSIGN_OR_RETURN(const pb::Command command, CommandOf(line));
  std::vector<Officer> roster;
  for (const pb::RosterEntry& entry : command.change_roster().entries()) {
    Officer& officer = roster.emplace_back();
    const auto role = RoleOf(entry.role());
    if (!role || !Assign(AsBytes(entry.officer_id()), officer.id)) return Bad(line, "an officer");
    officer.role = *role;
    officer.name = entry.name();
    officer.until = {entry.until_ms()};
  }
  now_standing_.roster = std::move(roster);
  now_standing_.commands_need = command.change_roster().commands_need();
  return OkStatus();
}

Status RowReplay::Restored(const Line& line) {
  if (first_) {
    return Fail(kLostJournalLink, "line " + std::to_string(line.sequence()) +
                                      " goes on from the journal of an earlier core; give that "
                                      "one first, and have officers name both");
  }
  ASSIGN_OR_RETURN(const pb::Command command, CommandOf(line));
  // Repeated where a crash came between the line and its row.
  if (std::exchange(joined_, true)) return OkStatus();
  Standing carried = std::move(before_);
  if (command.has_restore_without_backup()) {
    // Its own officers stay; a backup brings those of the old core.
    carried.roster = std::move(now_standing_.roster);
    carried.commands_need = now_standing_.commands_need;
  }
  now_standing_ = std::move(carried);
  return OkStatus();
}

Status RowReplay::CommandExecuted(const Line& line) {
  ASSIGN_OR_RETURN(const pb::Command command, CommandOf(line));
  if (command.has_generate_service_key()) {
    ASSIGN_OR_RETURN(const KeyId id, KeyIdOf(line));
    KeyRow row;
    row.purpose = command.generate_service_key().purpose() == pb::SERVICE_KEY_PURPOSE_CA_ISSUING
                      ? KeyPurpose::kCaIssuing
                      : KeyPurpose::kStatus;
    ASSIGN_OR_RETURN(row.epoch, EpochOf(line));
    row.cka_id = ToBytes(id.view());
    now_standing_.keys[id] = std::move(row);
  } else if (command.has_install_ca_certificate()) {
    ASSIGN_OR_RETURN(KeyRow* const row, KeyOf(line));
    row->version = row->last_version = std::max<uint64_t>(line.count(), kVersionInstalled);
    ASSIGN_OR_RETURN(row->epoch, EpochOf(line));
  }
  return OkStatus();
}

Status RowReplay::KeyGenerated(const Line& line) {
  ASSIGN_OR_RETURN(const auto order,
                   StatementOf<pb::IssuanceOrder>(line, "intaglio/issuance-order/v1"));
  ASSIGN_OR_RETURN(const Digest digest, StatementDigestOf(line));
  ASSIGN_OR_RETURN(const KeyId id, KeyIdOf(line));
  KeyRow row;
  switch (order.core_generated().use()) {
    case pb::SUBJECT_KEY_USE_SIGNER:
      row.purpose = KeyPurpose::kSigner;
      break;
    case pb::SUBJECT_KEY_USE_ONE_TIME:
      row.purpose = KeyPurpose::kOneTime;
      break;
    case pb::SUBJECT_KEY_USE_SEAL:
      row.purpose = KeyPurpose::kSeal;
      row.cka_id = ToBytes(id.view());
      break;
    default:
      return Bad(line, "the key's use");
  }
  ASSIGN_OR_RETURN(row.epoch, EpochOf(line));
  // The order makes one key; a second line means the first had no row.
  const auto [before, is_new] = now_standing_.without_row.try_emplace(digest, id);
  if (!is_new) now_standing_.keys.erase(std::exchange(before->second, id));
  now_standing_.keys[id] = std::move(row);
  OrderRow entered;
  entered.expires_at = {order.expires_at_ms()};
  entered.key_id = id;
  entered.sealed_record = ToBytes(line.sealed_record());
  // What the order is answered with again; a record that opens no more is of no use to anyone.
  if (const auto record = records_.Open(entered.sealed_record); record.ok()) {
    entered.spki = record->spki;
  }
  return EnterOrder(line, std::move(entered));
}

Status RowReplay::SerialDrawn(const Line& line) { return SerialOf(line).status(); }

Status RowReplay::CertificateIntent(const Line& line) {
  ASSIGN_OR_RETURN(SerialRow* const serial, SerialOf(line));
  ASSIGN_OR_RETURN(const KeyId key_id, KeyIdOf(line));
  const auto tbs = ToDigest(AsBytes(line.content_digest()));
  if (!tbs.ok()) return Bad(line, "it names no content");
  if (serial->state == SerialState::kDrawn || serial->state == SerialState::kIntent) {
    serial->state = SerialState::kIntent;
    serial->tbs_sha256 = *tbs;
    serial->key_id = key_id;
  }
  if (OrderRow* const order = OrderOf(line)) {
    order->serial = {ToBytes(line.serial())};
    order->issue_intent_tbs_sha256 = *tbs;
  }
  if (!line.statement_digest().empty()) {
    ASSIGN_OR_RETURN(const Digest digest, StatementDigestOf(line));
    now_standing_.without_row.erase(digest);
  }
  return OkStatus();
}

Status RowReplay::CertificateSigned(const Line& line) {
  ASSIGN_OR_RETURN(SerialRow* const serial, SerialOf(line));
  ASSIGN_OR_RETURN(const KeyId key_id, KeyIdOf(line));
  const auto tbs = ToDigest(AsBytes(line.content_digest()));
  const auto certificate = ReadCertificate(AsBytes(line.certificate()));
  if (!tbs.ok() || !certificate.ok() ||
      !Equal(certificate->facts.serial.octets, AsBytes(line.serial()))) {
    return Bad(line, "it holds no such certificate");
  }
  serial->tbs_sha256 = *tbs;
  serial->key_id = key_id;
  serial->certificate_sha256 = Sha256(AsBytes(line.certificate()));
  serial->not_after = certificate->facts.not_after;
  // An answer given again says nothing of what came between.
  if (serial->state == SerialState::kDrawn || serial->state == SerialState::kIntent) {
    serial->state = SerialState::kIssued;
    serial->changed_at = WholeSeconds({line.wall_ms()});
  }
  if (line.sealed_record().empty()) return OkStatus();  // a responder's
  ASSIGN_OR_RETURN(KeyRow* const key, KeyOf(line));
  if (key->version < kVersionCertified) {
    key->version = kVersionCertified;
    ASSIGN_OR_RETURN(key->epoch, EpochOf(line));
  }
  if (OrderRow* const order = OrderOf(line)) {
    order->serial = {ToBytes(line.serial())};
    order->issue_intent_tbs_sha256 = *tbs;
    order->certificate = ToBytes(line.certificate());
    order->certified_record = ToBytes(line.sealed_record());
  }
  return OkStatus();
}

Status RowReplay::CertificateAccepted(const Line& line) {
  ASSIGN_OR_RETURN(KeyRow* const key, KeyOf(line));
  if (key->version > kVersionAccepted) return OkStatus();
  key->version = key->last_version = kVersionAccepted;
  ASSIGN_OR_RETURN(key->epoch, EpochOf(line));
  return OkStatus();
}

Status RowReplay::AuthenticatorAdded(const Line& line) {
  ASSIGN_OR_RETURN(const auto statement,
                   StatementOf<pb::AddAuthenticator>(line, "intaglio/add-authenticator/v1"));
  ASSIGN_OR_RETURN(KeyRow* const key, KeyOf(line));
  // Lines of before versions were reserved have no number of their own.
  const uint64_t version = std::max<uint64_t>(line.count(), statement.record_version() + 1);
  if (version > key->version) {
    key->version = key->last_version = version;
    ASSIGN_OR_RETURN(key->epoch, EpochOf(line));
  }
  OrderRow order;
  order.expires_at = {statement.expires_at_ms()};
  ASSIGN_OR_RETURN(order.key_id, KeyIdOf(line));
  order.sealed_record = ToBytes(line.sealed_record());
  return EnterOrder(line, std::move(order));
}

Status RowReplay::AuthenticatorRemoved(const Line& line) {
  ASSIGN_OR_RETURN(const auto statement,
                   StatementOf<pb::RemoveAuthenticator>(line, "intaglio/remove-authenticator/v1"));
  ASSIGN_OR_RETURN(KeyRow* const key, KeyOf(line));
  AuthenticatorId id;
  if (!Assign(AsBytes(statement.authenticator_id()), id)) return Bad(line, "the authenticator");
  auto& removed = key->removed_authenticators;
  if (std::find(removed.begin(), removed.end(), id) == removed.end()) removed.push_back(id);
  return OkStatus();
}

Status RowReplay::Blocked(const Line& line) {
  ASSIGN_OR_RETURN(KeyRow* const key, KeyOf(line));
  if (key->state == KeyState::kUsable) key->state = KeyState::kBlocked;
  // Lines of before blocks had a date have it in their own.
  key->blocked_at = {line.effective_at_ms() != 0 ? line.effective_at_ms() : line.wall_ms()};
  return OkStatus();
}

Status RowReplay::StateChanged(const Line& line) {
  ASSIGN_OR_RETURN(const StateChange change, ChangeOf(line));
  ASSIGN_OR_RETURN(const Digest digest, StatementDigestOf(line));
  ASSIGN_OR_RETURN(SerialRow* const serial, SerialOf(line));
  ASSIGN_OR_RETURN(const KeyId key_id, KeyIdOf(line));
  // An order handed in again has a line again, and changes nothing.
  if (!now_standing_.carried_out.insert(digest).second) return OkStatus();
  serial->key_id = key_id;
  Change(change, line, *serial, now_standing_.keys[key_id]);
  OrderRow order;
  order.expires_at = change.expires_at;
  order.key_id = key_id;
  order.serial = {ToBytes(line.serial())};
  return EnterOrder(line, std::move(order));
}

Status RowReplay::SignIntent(const Line& line) {
  ASSIGN_OR_RETURN(KeyRow* const key, KeyOf(line));
  if (key->purpose != KeyPurpose::kOneTime || key->version < kVersionAccepted) {
    return OkStatus();
  }
  key->spent = true;
  key->state = KeyState::kDestroyed;
  return OkStatus();
}

Status RowReplay::KeyErased(const Line& line) {
  ASSIGN_OR_RETURN(KeyRow* const key, KeyOf(line));
  key->cka_id.clear();
  return OkStatus();
}

Status RowReplay::CrlSigned(const Line& line) {
  constexpr std::string_view kBefore = "number ";
  KeyId issuer;
  uint64_t number = 0;
  const std::string& note = line.note();
  const char* const end = note.data() + note.size();
  if (!Assign(AsBytes(line.issuer_key_id()), issuer) || !note.starts_with(kBefore) ||
      std::from_chars(note.data() + kBefore.size(), end, number).ptr != end) {
    return Bad(line, "it names no issuer or number");
  }
  CaRow& row = now_standing_.cas[issuer];
  row.last_crl_number = std::max(row.last_crl_number, number);
  row.last_this_update = WholeSeconds({line.wall_ms()});
  return OkStatus();
}

Status RowReplay::BackupMade(const Line& line) {
  ASSIGN_OR_RETURN(const pb::Command command, CommandOf(line));
  OrderRow row;
  row.expires_at = {command.expires_at_ms()};
  return EnterOrder(line, std::move(row));
}

RowReplay::Counts RowReplay::Count() const {
  Counts out{now_standing_.keys.size(), 0, 0, 0, now_standing_.orders.size()};
  for (const auto& [place, row] : now_standing_.serials) {
    out.certificates += row.state >= SerialState::kIssued ? 1 : 0;
    out.revoked += row.state == SerialState::kRevoked ? 1 : 0;
    out.suspended += row.state == SerialState::kSuspended ? 1 : 0;
  }
  return out;
}

Status RowReplay::PutRows(RowTransaction& rows, const std::vector<uint32_t>& epochs) const {
  for (const auto& [id, found] : now_standing_.keys) {
    KeyRow row = found;
    // A live record whose epoch has ended was carried to a later one. Counting it under the
    // earliest there is only delays that one's end.
    row.epoch = NotAfter(epochs, row.epoch);
    RETURN_IF_ERROR(rows.PutKey(id, row));
  }
  for (const auto& [place, row] : now_standing_.serials) {
    RETURN_IF_ERROR(rows.PutSerial(place.first, place.second, row));
  }
  for (const auto& [issuer, row] : now_standing_.cas) RETURN_IF_ERROR(rows.PutCa(issuer, row));
  for (const auto& [digest, row] : now_standing_.orders) {
    RETURN_IF_ERROR(rows.PutOrder(digest, row));
  }
  return OkStatus();
}

}  // namespace intaglio::appliance
