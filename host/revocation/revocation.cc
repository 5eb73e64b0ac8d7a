#include "host/revocation/revocation.h"

#include "base/log.h"
#include "host/domain/usecase_reasons.h"
#include "host/x509/public_key.h"

namespace intaglio::host {
namespace {

constexpr Duration kOrderLife = 7 * kDay;

// True where the core has certainly not acted; otherwise it may have, and must be asked again.
bool IsRefusal(const Status& failure) {
  switch (failure.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kUnimplemented:
      return true;
    default:
      return false;
  }
}

// What the credential becomes. `accepted` says whether its subscriber has accepted it. Pure.
void Advance(const StateAction action, RevocationReason reason, WallTime effective, bool accepted,
             Credential& credential) {
  const bool final = credential.state == CertificateState::kRevoked;
  switch (action) {
    case StateAction::kRevoke:
      // Revoked once, the first reason and date stand, as in the core.
      if (!final) credential.reason = reason;
      credential.state = CertificateState::kRevoked;
      break;
    case StateAction::kSuspend:
      credential.state = CertificateState::kSuspended;
      credential.reason = RevocationReason::kCertificateHold;
      break;
    case StateAction::kReinstate:
      // One not accepted is never active. [R-ISS-5]
      credential.state = accepted ? CertificateState::kActive : CertificateState::kIssued;
      credential.reason = RevocationReason::kUnspecified;
      break;
  }
  credential.changed_at = effective;
}

}  // namespace

StatusOr<Credential> Revocation::FindBySerial(const std::string& serial) {
  ASSIGN_OR_RETURN(auto credential, services_.store.FindBySerial(serial));
  // Before the core has signed there is a serial, but no certificate to speak of.
  if (!credential || credential->state == CertificateState::kNone) {
    return Fail(kSerialNotOurs, "serial " + serial);
  }
  return *std::move(credential);
}

StatusOr<Bytes> Revocation::IssuerKeyId() {
  ASSIGN_OR_RETURN(const auto ca, services_.store.ActiveServiceKey(ServiceKeyPurpose::kCaIssuing));
  if (!ca) return Fail(kServiceNotReady, "activate the issuing CA first");
  return FromHex(ca->id);
}

StatusOr<Bytes> Revocation::PrepareOrder(const std::string& serial, StateAction action,
                                         RevocationReason reason) {
  RETURN_IF_ERROR(FindBySerial(serial).status());
  ASSIGN_OR_RETURN(const CoreStatus core, services_.core.DescribeCore());
  StateOrderFields fields;
  ASSIGN_OR_RETURN(fields.order_id, services_.rng.Draw(32));
  fields.core_instance = core.core_instance;
  fields.action = action;
  ASSIGN_OR_RETURN(fields.issuer_key_id, IssuerKeyId());
  ASSIGN_OR_RETURN(fields.serial, FromHex(serial));
  fields.reason = reason;
  fields.issued_at = services_.clock.Now();
  fields.expires_at = fields.issued_at + kOrderLife;
  return services_.statements.ComposeStateOrder(fields);
}

StatusOr<Credential> Revocation::Change(const ApprovedOctets& order) {
  ASSIGN_OR_RETURN(const StateOrderFields fields,
                   services_.statements.ReadStateOrder(order.octets));
  return Begin({ToHex(fields.serial), order, std::nullopt});
}

StatusOr<Bytes> Revocation::PrepareSignerRevocation(const std::string& credential_id,
                                                    RevocationReason reason) {
  ASSIGN_OR_RETURN(const auto credential, services_.store.FindCredential(credential_id));
  if (!credential) return Fail(kCredentialUnknown, "credential " + credential_id);
  if (credential->state == CertificateState::kNone) {
    return Fail(kCredentialState, "it has no certificate to revoke");
  }
  ASSIGN_OR_RETURN(const CoreStatus core, services_.core.DescribeCore());
  ASSIGN_OR_RETURN(const Bytes issuer, IssuerKeyId());
  ASSIGN_OR_RETURN(const Bytes serial, FromHex(credential->serial));
  return services_.statements.ComposeSignerRevocation(
      {core.core_instance, issuer, serial, reason, services_.clock.Now()});
}

StatusOr<Credential> Revocation::RevokeBySigner(const std::string& credential_id,
                                                ByteView statement,
                                                const AuthenticatorProof& proof) {
  ASSIGN_OR_RETURN(const auto credential, services_.store.FindCredential(credential_id));
  if (!credential) return Fail(kCredentialUnknown, "credential " + credential_id);
  ASSIGN_OR_RETURN(const SignerRevocationFields fields,
                   services_.statements.ReadSignerRevocation(statement));
  if (ToHex(fields.serial) != credential->serial) {
    return Fail(kFieldInvalid, "field statement: it names another certificate's serial");
  }
  return Begin({credential->serial, {ToBytes(statement), {}}, proof});
}

Status Revocation::Block(const std::string& credential_id) {
  ASSIGN_OR_RETURN(const auto credential, services_.store.FindCredential(credential_id));
  if (!credential) return Fail(kCredentialUnknown, "credential " + credential_id);
  ASSIGN_OR_RETURN(const Bytes key_id, FromHex(credential_id));
  RETURN_IF_ERROR(services_.core.BlockKey(key_id));
  return services_.store.Update([&](StoreTransaction& store) {
    return store.AppendAudit({"key-blocked", credential_id, ""});
  });
}

Status Revocation::FinishPending() {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(const auto pending, services_.store.PendingChanges(""));
  Status first;
  for (const PendingChange& change : pending) {
    const Status status = CarryOut(change).status();
    if (status.ok() || IsRefusal(status)) continue;  // settled either way
    LogFailure("state-change.pending", status);
    if (first.ok()) first = status;
  }
  return first;
}

StatusOr<Credential> Revocation::Begin(const PendingChange& change) {
  std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(FindBySerial(change.serial).status());
  // What was begun before on this certificate comes first: the order of changes is the core's.
  ASSIGN_OR_RETURN(const auto before, services_.store.PendingChanges(change.serial));
  for (const PendingChange& each : before) {
    const Status status = CarryOut(each).status();
    if (!status.ok() && !IsRefusal(status)) return status;
  }
  ASSIGN_OR_RETURN(const bool done, services_.store.IsCarriedOut(Sha256(change.authority.octets)));
  if (done) {
    Publish(change.serial);
    return FindBySerial(change.serial);
  }
  RETURN_IF_ERROR(services_.store.Update(
      [&](StoreTransaction& store) { return store.PutPendingChange(change); }));
  return CarryOut(change);
}

StatusOr<Credential> Revocation::CarryOut(const PendingChange& change) {
  const auto outcome = AskCore(change);
  if (!outcome.ok()) {
    if (IsRefusal(outcome.status())) RETURN_IF_ERROR(Drop(change, outcome.status()));
    return outcome.status();
  }
  ASSIGN_OR_RETURN(Credential credential, Record(change, *outcome));
  Publish(change.serial);
  return credential;
}

StatusOr<Revocation::Outcome> Revocation::AskCore(const PendingChange& change) {
  if (!change.proof) {
    ASSIGN_OR_RETURN(const StateOrderFields fields,
                     services_.statements.ReadStateOrder(change.authority.octets));
    ASSIGN_OR_RETURN(const WallTime effective, services_.core.ChangeState(change.authority));
    return Outcome{fields.action, fields.reason, effective};
  }
  ASSIGN_OR_RETURN(const SignerRevocationFields fields,
                   services_.statements.ReadSignerRevocation(change.authority.octets));
  ASSIGN_OR_RETURN(const Credential credential, FindBySerial(change.serial));
  ASSIGN_OR_RETURN(const WallTime effective,
                   services_.core.RevokeBySigner(
                       {credential.sealed_record, change.authority.octets, *change.proof}));
  return Outcome{StateAction::kRevoke, fields.reason, effective};
}

Status Revocation::Drop(const PendingChange& change, const Status& refusal) {
  return services_.store.Update([&](StoreTransaction& store) -> Status {
    RETURN_IF_ERROR(store.DropPendingChange(change));
    return store.AppendAudit({"state-change-refused", change.serial, ReasonIdOf(refusal)});
  });
}

StatusOr<Credential> Revocation::Record(const PendingChange& change, const Outcome& outcome) {
  Credential changed;
  const Digest authority = Sha256(change.authority.octets);
  RETURN_IF_ERROR(services_.store.Update([&](StoreTransaction& store) -> Status {
    ASSIGN_OR_RETURN(auto credential, store.FindBySerial(change.serial));
    if (!credential) return Fail(kSerialNotOurs, "serial " + change.serial);
    ASSIGN_OR_RETURN(const auto application, store.FindApplication(credential->application_id));
    const bool accepted = application && application->state == ApplicationState::kAccepted;
    Advance(outcome.action, outcome.reason, outcome.effective, accepted, *credential);
    changed = *credential;
    RETURN_IF_ERROR(store.PutCredential(changed));
    RETURN_IF_ERROR(store.AppendStatus(
        {changed.serial, changed.state, changed.changed_at, changed.reason}, authority));
    RETURN_IF_ERROR(store.DropPendingChange(change));
    return store.AppendAudit({"state-changed", change.serial, "authority " + ToHex(authority)});
  }));
  return changed;
}

// The change stands already; publication that fails now is tried again by the periodic tasks.
void Revocation::Publish(const std::string& serial) {
  if (const Status crl = services_.status.KeepCrlFresh(); !crl.ok()) {
    LogFailure("crl.publish", crl);
  }
  const auto answer = services_.store.FindOcsp(serial);
  if (answer.ok() && answer->has_value()) return;  // it says the new status already
  if (const Status refreshed = services_.status.RefreshOcsp(serial); !refreshed.ok()) {
    LogFailure("ocsp.refresh", refreshed);
  }
}

}  // namespace intaglio::host
