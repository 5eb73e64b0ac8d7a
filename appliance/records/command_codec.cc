#include "appliance/records/command_codec.h"

#include <set>

#include "appliance/crypto/ecdsa.h"
#include "appliance/crypto/hash.h"
#include "appliance/records/proto_values.h"
#include "appliance/records/statement_fields.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kMaxCertificate = 4096;
constexpr int kMostApprovals = 16;
constexpr int kMostRosterEntries = 256;
constexpr int kMostDeviceRoots = 16;
constexpr int kMostPins = 8;
constexpr size_t kMaxName = 64;

// 0 for no end.
Status TakeEnd(std::string_view field, int64_t ms, WallTime& out) {
  if (ms < 0) return Invalid(field);
  out = {ms};
  return OkStatus();
}

Status TakeAct(const pb::GenerateServiceKey& act, GenerateServiceKey& out) {
  const auto algorithm = FromProto(act.algorithm());
  if (!algorithm) return Invalid("generate_service_key.algorithm");
  out.algorithm = *algorithm;
  if (act.purpose() == pb::SERVICE_KEY_PURPOSE_CA_ISSUING) {
    out.purpose = KeyPurpose::kCaIssuing;
  } else if (act.purpose() == pb::SERVICE_KEY_PURPOSE_STATUS) {
    out.purpose = KeyPurpose::kStatus;
  } else {
    return Invalid("generate_service_key.purpose");
  }
  return TakeName("generate_service_key.label", act.label(), 32, kLabelAlphabet, out.label);
}

Status TakeAct(const pb::InstallCaCertificate& act, InstallCaCertificate& out) {
  RETURN_IF_ERROR(Take("install_ca_certificate.ca_key_id", act.ca_key_id(), out.ca_key_id));
  return TakeOctets("install_ca_certificate.certificate", act.certificate(), 1, kMaxCertificate,
                    out.certificate);
}

Status TakeAct(const pb::ConfirmTime& act, ConfirmTime& out) {
  if (act.observed_at_ms() <= 0) return Invalid("confirm_time");
  out.observed_at = {act.observed_at_ms()};
  return OkStatus();
}

Status TakeOfficer(const pb::RosterEntry& entry, Officer& out) {
  RETURN_IF_ERROR(Take("change_roster.entries.officer_id", entry.officer_id(), out.id));
  switch (entry.role()) {
    case pb::ROLE_SECURITY_OFFICER:
      out.role = Role::kSecurityOfficer;
      break;
    case pb::ROLE_REGISTRATION_OFFICER:
      out.role = Role::kRegistrationOfficer;
      break;
    case pb::ROLE_REVOCATION_OFFICER:
      out.role = Role::kRevocationOfficer;
      break;
    case pb::ROLE_AUDITOR:
      out.role = Role::kAuditor;
      break;
    default:
      return Invalid("change_roster.entries.role");
  }
  RETURN_IF_ERROR(TakeText("change_roster.entries.name", entry.name(), kMaxName, out.name));
  out.spki = ToBytes(entry.spki());
  // The id must not say another key than the one that will be verified with.
  if (!PointOfSpki(out.spki) || out.id.octets != Sha256(out.spki)) {
    return Invalid("change_roster.entries.spki");
  }
  return TakeEnd("change_roster.entries.until_ms", entry.until_ms(), out.until);
}

Status TakeAct(const pb::ChangeRoster& act, ChangeRoster& out) {
  out.roster_version = act.roster_version();
  out.commands_need = act.commands_need();
  if (act.entries().empty() || act.entries_size() > kMostRosterEntries) {
    return Invalid("change_roster.entries");
  }
  for (const pb::RosterEntry& each : act.entries()) {
    RETURN_IF_ERROR(TakeOfficer(each, out.roster.emplace_back()));
  }
  return OkStatus();
}

Status TakeAct(const pb::SetQscdEntry& act, SetQscdEntry& out) {
  RETURN_IF_ERROR(TakeName("set_qscd_entry.entry_id", act.entry().entry_id(), 64, kIdAlphabet,
                           out.entry.entry_id));
  if (act.entry().valid_until_ms() <= 0) return Invalid("set_qscd_entry.valid_until_ms");
  out.entry.valid_until = {act.entry().valid_until_ms()};
  return OkStatus();
}

Status TakeAct(const pb::ApproveConfiguration& act, ApproveConfiguration& out) {
  return TakeDigest("approve_configuration.configuration_sha256", act.configuration_sha256(),
                    out.configuration_sha256);
}

Status TakeAct(const pb::SetTrustAnchors& act, SetTrustAnchors& out) {
  if (act.device_roots_size() > kMostDeviceRoots) return Invalid("set_trust_anchors.device_roots");
  std::set<std::string_view> seen;
  for (const std::string& root : act.device_roots()) {
    RETURN_IF_ERROR(TakeOctets("set_trust_anchors.device_roots", root, 1, kMaxCertificate,
                               out.device_roots.emplace_back()));
    if (!seen.insert(root).second) return Invalid("set_trust_anchors.device_roots");
  }
  return OkStatus();
}

Status TakeAct(const pb::PinHosts& act, PinHosts& out) {
  if (act.hosts().empty() || act.hosts_size() > kMostPins) return Invalid("pin_hosts.hosts");
  std::set<std::string_view> seen;
  for (const pb::PinnedHost& each : act.hosts()) {
    PinnedHost& host = out.hosts.emplace_back();
    RETURN_IF_ERROR(TakeDigest("pin_hosts.hosts.certificate_sha256", each.certificate_sha256(),
                               host.certificate_sha256));
    if (!seen.insert(each.certificate_sha256()).second) return Invalid("pin_hosts.hosts");
    RETURN_IF_ERROR(TakeEnd("pin_hosts.hosts.until_ms", each.until_ms(), host.until));
  }
  return OkStatus();
}

Status TakeAct(const pb::ApproveUpgrade& act, ApproveUpgrade& out) {
  static constexpr std::string_view kVersionAlphabet = "0123456789.";
  RETURN_IF_ERROR(TakeName("approve_upgrade.from_version", act.from_version(), 32, kVersionAlphabet,
                           out.upgrade.from_version));
  RETURN_IF_ERROR(TakeName("approve_upgrade.to_version", act.to_version(), 32, kVersionAlphabet,
                           out.upgrade.to_version));
  return TakeDigest("approve_upgrade.program_sha256", act.program_sha256(),
                    out.upgrade.program_sha256);
}

Status TakeAct(const pb::BeginEpoch&, BeginEpoch&) { return OkStatus(); }

Status TakeAct(const pb::DestroyEpoch& act, DestroyEpoch& out) {
  out.epoch = act.epoch();
  return out.epoch > 0 ? OkStatus() : Invalid("destroy_epoch.epoch");
}

template <class Act, class Message>
StatusOr<Command> WithAct(Command command, const Message& message) {
  Act act;
  RETURN_IF_ERROR(TakeAct(message, act));
  command.act = std::move(act);
  return command;
}

}  // namespace

StatusOr<Command> DecodeCommand(ByteView octets) {
  ASSIGN_OR_RETURN(const auto message, Parse<pb::Command>(octets, "intaglio/command/v1"));
  Command command;
  RETURN_IF_ERROR(Take("core_instance", message.core_instance(), command.core_instance));
  RETURN_IF_ERROR(Take("nonce", message.nonce(), command.nonce));
  RETURN_IF_ERROR(TakeWindow(message.issued_at_ms(), message.expires_at_ms(), kDay,
                             command.issued_at, command.expires_at));
  switch (message.act_case()) {
    case pb::Command::kGenerateServiceKey:
      return WithAct<GenerateServiceKey>(command, message.generate_service_key());
    case pb::Command::kInstallCaCertificate:
      return WithAct<InstallCaCertificate>(command, message.install_ca_certificate());
    case pb::Command::kConfirmTime:
      return WithAct<ConfirmTime>(command, message.confirm_time());
    case pb::Command::kChangeRoster:
      return WithAct<ChangeRoster>(command, message.change_roster());
    case pb::Command::kSetQscdEntry:
      return WithAct<SetQscdEntry>(command, message.set_qscd_entry());
    case pb::Command::kApproveConfiguration:
      return WithAct<ApproveConfiguration>(command, message.approve_configuration());
    case pb::Command::kSetTrustAnchors:
      return WithAct<SetTrustAnchors>(command, message.set_trust_anchors());
    case pb::Command::kPinHosts:
      return WithAct<PinHosts>(command, message.pin_hosts());
    case pb::Command::kApproveUpgrade:
      return WithAct<ApproveUpgrade>(command, message.approve_upgrade());
    case pb::Command::kBeginEpoch:
      return WithAct<BeginEpoch>(command, message.begin_epoch());
    case pb::Command::kDestroyEpoch:
      return WithAct<DestroyEpoch>(command, message.destroy_epoch());
    default:  // acts this build does not know are refused like no act
      break;
  }
  return Invalid("act");
}

StatusOr<Signed<Command>> TakeSignedCommand(const pb::SignedStatement& message) {
  if (message.approvals_size() > kMostApprovals) return Invalid("approvals");
  Signed<Command> out;
  out.octets = ToBytes(message.statement());
  ASSIGN_OR_RETURN(out.statement, DecodeCommand(out.octets));
  for (const pb::Approval& each : message.approvals()) {
    Approval& approval = out.approvals.emplace_back();
    RETURN_IF_ERROR(Take("approvals.officer_id", each.officer_id(), approval.officer_id));
    approval.signature = ToBytes(each.signature());
  }
  pb::SignedStatement proofs;
  *proofs.mutable_approvals() = message.approvals();
  out.proofs = SerializeCanonical(proofs);
  return out;
}

}  // namespace intaglio::appliance
