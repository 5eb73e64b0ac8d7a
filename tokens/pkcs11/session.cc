#include "tokens/pkcs11/session.h"

#include "tokens/pkcs11/ck_error.h"
#include "tokens/pkcs11/reasons.h"

namespace intaglio::tokens {

std::optional<CK_OBJECT_HANDLE> HandleCache::Find(const std::string& name) {
  const auto found = index_.find(name);
  if (found == index_.end()) return std::nullopt;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->handle;
}

std::vector<CK_OBJECT_HANDLE> HandleCache::Insert(const std::string& name, CK_OBJECT_HANDLE handle,
                                                  ObjectOwner owner) {
  std::vector<CK_OBJECT_HANDLE> displaced = Remove(name);
  if (entries_.size() >= capacity_ && !entries_.empty()) {
    const std::string oldest = entries_.back().name;
    for (const CK_OBJECT_HANDLE object : Remove(oldest)) displaced.push_back(object);
  }
  entries_.push_front({name, handle, owner});
  index_[name] = entries_.begin();
  return displaced;
}

std::vector<CK_OBJECT_HANDLE> HandleCache::Remove(const std::string& name) {
  std::vector<CK_OBJECT_HANDLE> out;
  const auto found = index_.find(name);
  if (found == index_.end()) return out;
  if (found->second->owner == ObjectOwner::kSession) out.push_back(found->second->handle);
  entries_.erase(found->second);
  index_.erase(found);
  return out;
}

std::vector<CK_OBJECT_HANDLE> HandleCache::Clear() {
  std::vector<CK_OBJECT_HANDLE> out;
  for (const Entry& entry : entries_) {
    if (entry.owner == ObjectOwner::kSession) out.push_back(entry.handle);
  }
  entries_.clear();
  index_.clear();
  return out;
}

Session::Session(Module& module, CK_SLOT_ID slot, CK_SESSION_HANDLE handle, size_t cached_keys)
    : module_(module),
      slot_(slot),
      handle_(handle),
      private_keys_(cached_keys),
      public_keys_(cached_keys) {}

StatusOr<std::unique_ptr<Session>> Session::Open(Module& module, CK_SLOT_ID slot,
                                                 size_t cached_keys) {
  CK_SESSION_HANDLE handle = CK_INVALID_HANDLE;
  const CK_RV rv = module.ck().C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr,
                                             nullptr, &handle);
  RETURN_IF_ERROR(FromCk("C_OpenSession", rv));
  return std::unique_ptr<Session>(new Session(module, slot, handle, cached_keys));
}

Session::~Session() {
  if (handle_ != CK_INVALID_HANDLE) (void)ck().C_CloseSession(handle_);
}

Status Session::CheckLoggedIn() const {
  CK_SESSION_INFO state{};
  RETURN_IF_ERROR(FromCk("C_GetSessionInfo", ck().C_GetSessionInfo(handle_, &state)));
  if (state.state == CKS_RW_USER_FUNCTIONS) return OkStatus();
  return Fail(kNotLoggedIn,
              "C_GetSessionInfo: the session is in state " + std::to_string(state.state));
}

void Session::Destroy(const std::vector<CK_OBJECT_HANDLE>& objects) {
  for (const CK_OBJECT_HANDLE object : objects) (void)DestroyObject(object);
}

Status Session::DestroyObject(CK_OBJECT_HANDLE object) {
  RETURN_IF_ERROR(FromCk("C_DestroyObject", ck().C_DestroyObject(handle_, object)));
  module_.CountDestroyed();
  return OkStatus();
}

}  // namespace intaglio::tokens
