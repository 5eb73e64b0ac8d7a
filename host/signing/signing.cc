#include "host/signing/signing.h"

#include "host/domain/usecase_reasons.h"

namespace intaglio::host {

StatusOr<UsableKey> Signing::Find(const std::string& credential_id) {
  ASSIGN_OR_RETURN(auto key, store_.FindUsableKey(credential_id));
  if (!key) return Fail(kCredentialUnknown, "credential " + credential_id);
  return *std::move(key);
}

// The host does not look at the state first: the core does, and a host that answered from its own
// database would answer differently on the day the two disagree.
void Signing::Begin(const std::string& credential_id, const std::string& session_id,
                    const std::vector<Digest>& dtbsr, const CorePort::Done<Bytes>& done) {
  const auto key = Find(credential_id);
  if (!key.ok()) return done(key.status());
  core_.BeginActivationAsync(key->sealed_record, session_id, dtbsr, done);
}

void Signing::Finish(const std::string& credential_id, ByteView payload,
                     const AuthenticatorProof& proof,
                     const CorePort::Done<std::vector<Bytes>>& done) {
  const auto key = Find(credential_id);
  if (!key.ok()) return done(key.status());
  core_.SignAsync({key->sealed_record, ToBytes(payload), proof},
                  [this, done, serial = key->serial](StatusOr<std::vector<Bytes>> signatures) {
                    if (!signatures.ok()) return done(std::move(signatures));
                    // The core's journal has it on disk already; a host that cannot keep its own
                    // log gives the signatures out when it can again, on the same request.
                    const Status kept = store_.AppendAuditSoon(
                        {"signed", serial, std::to_string(signatures->size()) + " signatures"});
                    if (!kept.ok()) return done(kept);
                    done(std::move(signatures));
                  });
}

}  // namespace intaglio::host
