#include "tokens/pkcs11/session.h"

#include "tokens/pkcs11/ck_error.h"
#include "tokens/pkcs11/reasons.h"

namespace intaglio::tokens {

Session::Session(Module& module, CK_SLOT_ID slot, CK_SESSION_HANDLE handle, size_t cached_keys)
    : module_(module),
      slot_(slot),
      handle_(handle),
      private_keys_(cached_keys, module.cache_counters()),
      public_keys_(cached_keys, module.cache_counters()) {}

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

void Session::Drop(const Drops& drops) {
  if (drops.all) Destroy(private_keys_.Clear());
  for (const std::string& name : drops.names) Destroy(private_keys_.Remove(name));
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
