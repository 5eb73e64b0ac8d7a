#include "host/recovery/line_replay.h"

#include <algorithm>
#include <cstdio>

#include "host/domain/certificate_policy.h"
#include "host/recovery/reasons.h"
#include "host/statements/statement_composer.h"
#include "host/x509/certificate.h"
#include "host/x509/public_key.h"
#include "intaglio/core/v1/record.pb.h"

namespace intaglio::host {
namespace {

namespace pb = ::intaglio::core::v1;

// Whether `sealed` is at least as new as what is kept: an export older than the database must not
// bring a record back that the core has outgrown.
bool IsNewer(ByteView sealed, ByteView kept) {
  pb::SealedRecord offered, present;
  if (!offered.ParseFromArray(sealed.data(), static_cast<int>(sealed.size()))) return false;
  if (!present.ParseFromArray(kept.data(), static_cast<int>(kept.size()))) return true;
  return std::pair(offered.version(), offered.epoch()) >
         std::pair(present.version(), present.epoch());
}

Status Unreadable(const pb::JournalEntry& entry, const std::string& what) {
  return Fail(kRecoveryUnreadable, "line " + std::to_string(entry.sequence()) + ": " + what);
}

StatusOr<Bytes> SpkiIn(ByteView certificate) {
  ASSIGN_OR_RETURN(CertificateFacts facts, DescribeCertificate(certificate));
  return std::move(facts.spki);
}

NaturalPerson PersonOf(const pb::NaturalPerson& from) {
  NaturalPerson person;
  person.country = from.country();
  person.given_name = from.given_name();
  person.surname = from.surname();
  person.common_name = from.common_name();
  person.serial_number = from.serial_number();
  return person;
}

SealSubject SealOf(const pb::IssuanceOrder& order) {
  SealSubject seal;
  const pb::LegalPerson& from = order.legal_subject();
  seal.organization = {from.country(), from.organization_name(), from.organization_identifier(),
                       from.common_name()};
  for (const pb::Authenticator& each : order.authenticators()) {
    seal.controllers.push_back({static_cast<AuthenticatorKind>(each.kind()), ToBytes(each.spki())});
  }
  seal.controllers_need = order.controllers_need();
  seal.key_algorithm = order.core_generated().algorithm();
  return seal;
}

}  // namespace

Status LineReplay::Apply(const pb::JournalEntry& entry, bool carried_out, StoreTransaction& store) {
  switch (entry.type()) {
    case pb::EVENT_TYPE_KEY_GENERATED:
      return KeyGenerated(entry, store);
    case pb::EVENT_TYPE_COMMAND_EXECUTED:
      return CommandExecuted(entry, store);
    case pb::EVENT_TYPE_CERTIFICATE_SIGNED:
      return CertificateSigned(entry, store);
    case pb::EVENT_TYPE_CERTIFICATE_ACCEPTED:
      return Accepted(entry, store);
    case pb::EVENT_TYPE_REVOKED:
    case pb::EVENT_TYPE_SUSPENDED:
    case pb::EVENT_TYPE_REINSTATED:
      return carried_out ? OkStatus() : StateChanged(entry, store);
    case pb::EVENT_TYPE_RECORD_RESEALED:
    case pb::EVENT_TYPE_AUTHENTICATOR_ADDED:
      return NewRecord(entry, store);
    case pb::EVENT_TYPE_CRL_SIGNED: {
      unsigned long long number = 0;
      if (sscanf(entry.note().c_str(), "number %llu", &number) == 1) {
        findings_.crl_number = std::max<uint64_t>(findings_.crl_number, number);
      }
      return OkStatus();
    }
    default:
      return OkStatus();
  }
}

Status LineReplay::KeyGenerated(const pb::JournalEntry& entry, StoreTransaction& store) {
  pb::IssuanceOrder order;
  if (entry.statement().empty()) return OkStatus();
  if (!ParseCanonical(AsBytes(entry.statement()), order)) return Unreadable(entry, "its order");
  const std::string id = ToHex(AsBytes(entry.key_id()));
  ASSIGN_OR_RETURN(auto application, store.FindApplication(order.signer_id()));
  if (!application) {
    ASSIGN_OR_RETURN(const CertificatePolicy policy, PolicyOfOid(order.policy_oid()));
    application.emplace();
    application->id = order.signer_id();
    application->policy = policy;
    application->person = PersonOf(order.subject());
    // The representative stands in the evidence alone, which the core's journal does not hold.
    if (order.has_legal_subject()) {
      application->seal = SealOf(order);
    } else if (order.authenticators_size() > 0) {
      application->authenticator_spki = ToBytes(order.authenticators(0).spki());
      application->authenticator_kind =
          static_cast<AuthenticatorKind>(order.authenticators(0).kind());
    }
    application->created_at = {order.issued_at_ms()};
    application->evidence_digest = ToBytes(order.evidence_digest());
    application->order.octets = ToBytes(entry.statement());
    application->order_expires_at = {order.expires_at_ms()};
    ++findings_.applications;
  }
  if (application->state < ApplicationState::kKeyAttested) {
    application->state = ApplicationState::kKeyAttested;
  }
  application->credential_id = id;
  RETURN_IF_ERROR(store.PutApplication(*application));
  ASSIGN_OR_RETURN(auto credential, store.FindCredential(id));
  if (credential) return NewRecord(entry, store);
  credential.emplace();
  credential->id = id;
  credential->application_id = application->id;
  credential->sealed_record = ToBytes(entry.sealed_record());
  ++findings_.credentials;
  uncertified_.insert(id);
  return store.PutCredential(*credential);
}

Status LineReplay::CommandExecuted(const pb::JournalEntry& entry, StoreTransaction& store) {
  pb::Command command;
  if (entry.sealed_record().empty() || entry.statement().empty()) return OkStatus();
  if (!ParseCanonical(AsBytes(entry.statement()), command)) return Unreadable(entry, "its command");
  const std::string id = ToHex(AsBytes(entry.key_id()));
  ASSIGN_OR_RETURN(auto key, store.FindServiceKey(id));
  if (command.has_generate_service_key()) {
    service_keys_.insert(id);
    if (key) return OkStatus();
    key.emplace();
    key->id = id;
    key->purpose = command.generate_service_key().purpose() == pb::SERVICE_KEY_PURPOSE_CA_ISSUING
                       ? ServiceKeyPurpose::kCaIssuing
                       : ServiceKeyPurpose::kStatus;
    key->sealed_record = ToBytes(entry.sealed_record());
    ++findings_.service_keys;
    return store.PutServiceKey(*key);
  }
  if (!key || !command.has_install_ca_certificate()) return OkStatus();
  const bool newer = IsNewer(AsBytes(entry.sealed_record()), key->sealed_record);
  if (!newer && !key->certificate.empty()) return OkStatus();
  if (newer) {
    key->sealed_record = ToBytes(entry.sealed_record());
    ++findings_.records;
  }
  // Served once an administrator activates the CA again and names its chain, which no journal
  // holds.
  ASSIGN_OR_RETURN(key->spki, SpkiIn(AsBytes(entry.certificate())));
  return store.PutServiceKey(*key);
}

Status LineReplay::CertificateSigned(const pb::JournalEntry& entry, StoreTransaction& store) {
  const std::string id = ToHex(AsBytes(entry.key_id()));
  ASSIGN_OR_RETURN(auto service_key, store.FindServiceKey(id));
  if (service_key) {
    // A responder's certificate; the newest stands, and the host renews it by itself.
    ASSIGN_OR_RETURN(service_key->spki, SpkiIn(AsBytes(entry.certificate())));
    return store.PutServiceKey(*service_key);
  }
  ASSIGN_OR_RETURN(auto credential, store.FindCredential(id));
  if (!credential) return Unreadable(entry, "a certificate for a key that no line made");
  uncertified_.erase(id);
  if (IsNewer(AsBytes(entry.sealed_record()), credential->sealed_record)) {
    credential->sealed_record = ToBytes(entry.sealed_record());
    ++findings_.records;
  }
  if (!credential->certificate.empty()) return store.PutCredential(*credential);
  ASSIGN_OR_RETURN(const CertificateFacts facts, DescribeCertificate(AsBytes(entry.certificate())));
  credential->certificate = ToBytes(entry.certificate());
  credential->spki = facts.spki;
  credential->serial = ToHex(facts.serial);
  credential->not_after = facts.validity.not_after;
  credential->changed_at = {entry.wall_ms() / 1000 * 1000};
  if (credential->state == CertificateState::kNone) credential->state = CertificateState::kIssued;
  RETURN_IF_ERROR(store.PutCredential(*credential));
  RETURN_IF_ERROR(store.AppendStatus(
      {credential->serial, credential->state, credential->changed_at, credential->reason}, {}));
  ++findings_.certificates;
  ASSIGN_OR_RETURN(auto application, store.FindApplication(credential->application_id));
  if (!application || application->state >= ApplicationState::kIssued) return OkStatus();
  application->state = ApplicationState::kIssued;
  return store.PutApplication(*application);
}

Status LineReplay::Accepted(const pb::JournalEntry& entry, StoreTransaction& store) {
  RETURN_IF_ERROR(NewRecord(entry, store));
  ASSIGN_OR_RETURN(auto credential, store.FindCredential(ToHex(AsBytes(entry.key_id()))));
  if (!credential) return OkStatus();
  ASSIGN_OR_RETURN(auto application, store.FindApplication(credential->application_id));
  if (!application || application->state == ApplicationState::kAccepted) return OkStatus();
  application->state = ApplicationState::kAccepted;
  RETURN_IF_ERROR(store.PutApplication(*application));
  if (credential->state != CertificateState::kIssued) return OkStatus();
  credential->state = CertificateState::kActive;
  RETURN_IF_ERROR(store.PutCredential(*credential));
  return store.AppendStatus({credential->serial, credential->state,
                             WallTime{entry.wall_ms() / 1000 * 1000}, credential->reason},
                            {});
}

Status LineReplay::StateChanged(const pb::JournalEntry& entry, StoreTransaction& store) {
  ASSIGN_OR_RETURN(auto credential, store.FindBySerial(ToHex(AsBytes(entry.serial()))));
  // A responder's certificate has no row of its own here.
  if (!credential) return OkStatus();
  RevocationReason reason = RevocationReason::kUnspecified;
  if (entry.type() == pb::EVENT_TYPE_REVOKED) {
    const auto order = statements_.ReadStateOrder(AsBytes(entry.statement()));
    const auto by_signer = statements_.ReadSignerRevocation(AsBytes(entry.statement()));
    if (!order.ok() && !by_signer.ok()) return Unreadable(entry, "its order");
    reason = order.ok() ? order->reason : by_signer->reason;
    credential->state = CertificateState::kRevoked;
  } else if (credential->state == CertificateState::kRevoked) {
    return Unreadable(entry, "a revoked certificate that comes back");
  } else if (entry.type() == pb::EVENT_TYPE_SUSPENDED) {
    reason = RevocationReason::kCertificateHold;
    credential->state = CertificateState::kSuspended;
  } else {
    ASSIGN_OR_RETURN(const auto application, store.FindApplication(credential->application_id));
    const bool accepted = application && application->state == ApplicationState::kAccepted;
    credential->state = accepted ? CertificateState::kActive : CertificateState::kIssued;
  }
  credential->reason = reason;
  credential->changed_at = {entry.effective_at_ms()};
  RETURN_IF_ERROR(store.PutCredential(*credential));
  ++findings_.state_changes;
  return store.AppendStatus(
      {credential->serial, credential->state, credential->changed_at, credential->reason},
      AsBytes(entry.statement_digest()));
}

Status LineReplay::NewRecord(const pb::JournalEntry& entry, StoreTransaction& store) {
  const std::string id = ToHex(AsBytes(entry.key_id()));
  const ByteView sealed = AsBytes(entry.sealed_record());
  ASSIGN_OR_RETURN(auto credential, store.FindCredential(id));
  if (credential) {
    if (!IsNewer(sealed, credential->sealed_record)) return OkStatus();
    credential->sealed_record = ToBytes(sealed);
    ++findings_.records;
    return store.PutCredential(*credential);
  }
  ASSIGN_OR_RETURN(auto key, store.FindServiceKey(id));
  if (!key || !IsNewer(sealed, key->sealed_record)) return OkStatus();
  key->sealed_record = ToBytes(sealed);
  ++findings_.records;
  return store.PutServiceKey(*key);
}

}  // namespace intaglio::host
