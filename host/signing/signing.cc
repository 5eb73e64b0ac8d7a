#include "host/signing/signing.h"

#include "host/domain/usecase_reasons.h"

namespace intaglio::host {

StatusOr<Credential> Signing::Find(const std::string& credential_id) {
  ASSIGN_OR_RETURN(auto credential, store_.FindCredential(credential_id));
  if (!credential) return Fail(kCredentialUnknown, "credential " + credential_id);
  return *std::move(credential);
}

// The host does not look at the state first: the core does, and a host that answered from its own
// database would answer differently on the day the two disagree.
StatusOr<Bytes> Signing::Begin(const std::string& credential_id, const std::string& session_id,
                               const std::vector<Digest>& dtbsr) {
  ASSIGN_OR_RETURN(const Credential credential, Find(credential_id));
  return core_.BeginActivation(credential.sealed_record, session_id, dtbsr);
}

StatusOr<std::vector<Bytes>> Signing::Finish(const std::string& credential_id, ByteView payload,
                                             const AuthenticatorProof& proof) {
  ASSIGN_OR_RETURN(const Credential credential, Find(credential_id));
  ASSIGN_OR_RETURN(auto signatures,
                   core_.Sign({credential.sealed_record, ToBytes(payload), proof}));
  RETURN_IF_ERROR(store_.Update([&](StoreTransaction& store) {
    return store.AppendAudit(
        {"signed", credential.serial, std::to_string(signatures.size()) + " signatures"});
  }));
  return signatures;
}

}  // namespace intaglio::host
