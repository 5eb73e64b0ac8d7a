#include "host/sealing/sealing.h"

#include "base/log.h"
#include "host/domain/usecase_reasons.h"

namespace intaglio::host {
namespace {

// Keys whose last answer is remembered, so that a notice comes once.
constexpr size_t kMostRemembered = 10'000;

}  // namespace

StatusOr<Credential> Sealing::Find(const std::string& credential_id) {
  ASSIGN_OR_RETURN(auto credential, store_.FindCredential(credential_id));
  if (!credential) return Fail(kCredentialUnknown, "credential " + credential_id);
  return *std::move(credential);
}

StatusOr<SealPort::Begun> Sealing::Begin(const std::string& credential_id) {
  ASSIGN_OR_RETURN(const Credential credential, Find(credential_id));
  return core_.BeginAuthorisation(credential.sealed_record);
}

StatusOr<Bytes> Sealing::Authorise(const std::string& credential_id, ByteView authorisation,
                                   const std::vector<Bytes>& proofs) {
  ASSIGN_OR_RETURN(const Credential credential, Find(credential_id));
  ASSIGN_OR_RETURN(Bytes id, core_.Authorise(credential.sealed_record, authorisation, proofs));
  RETURN_IF_ERROR(store_.Update([&](StoreTransaction& store) {
    return store.AppendAudit({"seal-authorised", credential.serial, ToHex(id)});
  }));
  return id;
}

Status Sealing::Withdraw(const std::string& credential_id, ByteView authorisation_id) {
  ASSIGN_OR_RETURN(const Credential credential, Find(credential_id));
  ASSIGN_OR_RETURN(const Bytes key_id, FromHex(credential.id));
  RETURN_IF_ERROR(core_.Withdraw(key_id, authorisation_id));
  return store_.Update([&](StoreTransaction& store) {
    return store.AppendAudit({"seal-withdrawn", credential.serial, ToHex(authorisation_id)});
  });
}

StatusOr<Sealing::Standing> Sealing::Describe(const std::string& credential_id) {
  ASSIGN_OR_RETURN(Credential credential, Find(credential_id));
  ASSIGN_OR_RETURN(const Bytes key_id, FromHex(credential.id));
  ASSIGN_OR_RETURN(auto authorisations, core_.ListAuthorisations(key_id));
  return Standing{std::move(credential), std::move(authorisations)};
}

StatusOr<Bytes> Sealing::RecordOf(const std::string& credential_id) {
  ASSIGN_OR_RETURN(Credential credential, Find(credential_id));
  return std::move(credential.sealed_record);
}

Status Sealing::Record(const Frame& frame) {
  const bool news = IsNews(frame);
  if (news) LogWarn("seal.nearly_spent", {{"credential", frame.credential_id}});
  return store_.Update([&](StoreTransaction& store) -> Status {
    if (news) {
      RETURN_IF_ERROR(
          store.AppendAudit({"seal-nearly-spent", frame.credential_id, "authorise the next one"}));
    }
    return store.AppendAudit({"sealed", frame.credential_id,
                              ToHex(frame.batch_sha256) + ": " + std::to_string(frame.sealed) +
                                  " sealed, " + std::to_string(frame.failed) + " failed"});
  });
}

bool Sealing::IsNews(const Frame& frame) {
  const std::lock_guard lock(mutex_);
  if (nearly_spent_.size() >= kMostRemembered) nearly_spent_.clear();
  return std::exchange(nearly_spent_[frame.credential_id], frame.nearly_spent) !=
             frame.nearly_spent &&
         frame.nearly_spent;
}

}  // namespace intaglio::host
