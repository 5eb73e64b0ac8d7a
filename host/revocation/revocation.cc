#include "host/revocation/revocation.h"

#include "base/log.h"
#include "host/domain/usecase_reasons.h"
#include "host/x509/public_key.h"

namespace intaglio::host {
namespace {

constexpr Duration kOrderLife = 7 * kDay;

}  // namespace

StatusOr<Credential> Revocation::FindBySerial(const std::string& serial) {
  ASSIGN_OR_RETURN(auto credential, services_.store.FindBySerial(serial));
  if (!credential) return Fail(kSerialNotOurs, "serial " + serial);
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
  const std::string serial = ToHex(fields.serial);
  RETURN_IF_ERROR(FindBySerial(serial).status());
  ASSIGN_OR_RETURN(const WallTime effective, services_.core.ChangeState(order));
  return Record(serial, fields.action, fields.reason, effective, order.octets);
}

StatusOr<Bytes> Revocation::PrepareSignerRevocation(const std::string& credential_id,
                                                    RevocationReason reason) {
  ASSIGN_OR_RETURN(const auto credential, services_.store.FindCredential(credential_id));
  if (!credential) return Fail(kCredentialUnknown, "credential " + credential_id);
  if (credential->serial.empty()) {
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
  ASSIGN_OR_RETURN(
      const WallTime effective,
      services_.core.RevokeBySigner({credential->sealed_record, ToBytes(statement), proof}));
  return Record(credential->serial, StateAction::kRevoke, fields.reason, effective, statement);
}

Status Revocation::Block(const std::string& credential_id) {
  ASSIGN_OR_RETURN(const Bytes key_id, FromHex(credential_id));
  RETURN_IF_ERROR(services_.core.BlockKey(key_id));
  return services_.store.Update([&](StoreTransaction& store) {
    return store.AppendAudit({"key-blocked", credential_id, ""});
  });
}

StatusOr<Credential> Revocation::Record(const std::string& serial, StateAction action,
                                        RevocationReason reason, WallTime effective,
                                        ByteView authority) {
  Credential changed;
  RETURN_IF_ERROR(services_.store.Update([&](StoreTransaction& store) -> Status {
    ASSIGN_OR_RETURN(auto credential, store.FindBySerial(serial));
    if (!credential) return Fail(kSerialNotOurs, "serial " + serial);
    const bool final = credential->state == CertificateState::kRevoked;
    switch (action) {
      case StateAction::kRevoke:
        // Revoked once, the first reason and date stand, as in the core.
        if (!final) {
          credential->state = CertificateState::kRevoked;
          credential->reason = reason;
        }
        break;
      case StateAction::kSuspend:
        credential->state = CertificateState::kSuspended;
        credential->reason = RevocationReason::kCertificateHold;
        break;
      case StateAction::kReinstate:
        credential->state = CertificateState::kActive;
        credential->reason = RevocationReason::kUnspecified;
        break;
    }
    credential->changed_at = effective;
    changed = *credential;
    RETURN_IF_ERROR(store.PutCredential(*credential));
    RETURN_IF_ERROR(store.AppendStatus(
        {credential->serial, credential->state, credential->changed_at, credential->reason}));
    return store.AppendAudit({"state-changed", serial, "authority " + ToHex(Sha256(authority))});
  }));
  // The change stands already; publication that fails now is tried again by the periodic tasks.
  if (const auto crl = services_.status.PublishCrl(); !crl.ok()) {
    LogFailure("crl.publish", crl.status());
  }
  if (const Status refreshed = services_.status.RefreshOcsp(serial); !refreshed.ok()) {
    LogFailure("ocsp.refresh", refreshed);
  }
  return changed;
}

}  // namespace intaglio::host
