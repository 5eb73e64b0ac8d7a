#include "host/signing/authenticators.h"

#include "host/domain/usecase_reasons.h"

namespace intaglio::host {

StatusOr<Credential> Authenticators::FindCredential(const std::string& credential_id) {
  ASSIGN_OR_RETURN(auto credential, store_.FindCredential(credential_id));
  if (!credential) return Fail(kCredentialUnknown, "credential " + credential_id);
  return *std::move(credential);
}

StatusOr<Authenticators::Place> Authenticators::Find(const std::string& credential_id) {
  ASSIGN_OR_RETURN(const Credential credential, FindCredential(credential_id));
  ASSIGN_OR_RETURN(const CoreStatus core, core_.DescribeCore());
  ASSIGN_OR_RETURN(Bytes key_id, FromHex(credential.id));
  return Place{core.core_instance, std::move(key_id),
               authenticators_.VersionOf(credential.sealed_record)};
}

StatusOr<uint64_t> Authenticators::Add(const std::string& credential_id, ByteView statement,
                                       const AuthenticatorProof& proof) {
  ASSIGN_OR_RETURN(const Credential credential, FindCredential(credential_id));
  ASSIGN_OR_RETURN(const Bytes record, authenticators_.AddAuthenticator(
                                           {credential.sealed_record, ToBytes(statement), proof}));
  const uint64_t version = authenticators_.VersionOf(record);
  RETURN_IF_ERROR(store_.Update([&](StoreTransaction& store) -> Status {
    ASSIGN_OR_RETURN(auto now, store.FindCredential(credential_id));
    if (!now) return Fail(kCredentialUnknown, "credential " + credential_id);
    // An answer that came late must not put an older record in a newer one's place.
    if (version > authenticators_.VersionOf(now->sealed_record)) {
      now->sealed_record = record;
      RETURN_IF_ERROR(store.PutCredential(*now));
    }
    return store.AppendAudit(
        {"authenticator-added", now->serial, "record version " + std::to_string(version)});
  }));
  return version;
}

Status Authenticators::Remove(const std::string& credential_id, ByteView statement,
                              const AuthenticatorProof& proof) {
  ASSIGN_OR_RETURN(const Credential credential, FindCredential(credential_id));
  RETURN_IF_ERROR(
      authenticators_.RemoveAuthenticator({credential.sealed_record, ToBytes(statement), proof}));
  return Audit(credential, "under a bound authenticator's proof");
}

Status Authenticators::RemoveByOrder(const std::string& credential_id,
                                     const ApprovedOctets& order) {
  ASSIGN_OR_RETURN(const Credential credential, FindCredential(credential_id));
  RETURN_IF_ERROR(authenticators_.RemoveAuthenticatorByOrder(credential.sealed_record, order));
  return Audit(credential, "under an officer's order");
}

Status Authenticators::Audit(const Credential& credential, const char* authority) {
  return store_.Update([&](StoreTransaction& store) {
    return store.AppendAudit({"authenticator-removed", credential.serial, authority});
  });
}

}  // namespace intaglio::host
