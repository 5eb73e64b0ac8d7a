#include "tokens/pkcs11/module.h"

#include <dlfcn.h>
#include <stdlib.h>

#include <chrono>

#include "tokens/pkcs11/ck_error.h"
#include "tokens/pkcs11/cryptoki.h"
#include "tokens/pkcs11/reasons.h"
#include "tokens/pkcs11/slot.h"

namespace intaglio::tokens {
namespace {

std::string ClaimName(const TokenDescription& token) { return token.label + '\n' + token.serial; }

// Every function that this folder calls; a module may leave out the others.
bool HasWhatWeCall(const CK_FUNCTION_LIST& f) {
  return f.C_Initialize && f.C_Finalize && f.C_GetSlotList && f.C_GetTokenInfo && f.C_InitToken &&
         f.C_InitPIN && f.C_OpenSession && f.C_CloseSession && f.C_GetSessionInfo && f.C_Login &&
         f.C_Logout && f.C_CreateObject && f.C_CopyObject && f.C_DestroyObject &&
         f.C_GetAttributeValue && f.C_FindObjectsInit && f.C_FindObjects && f.C_FindObjectsFinal &&
         f.C_EncryptInit && f.C_Encrypt && f.C_DecryptInit && f.C_Decrypt && f.C_SignInit &&
         f.C_Sign && f.C_VerifyInit && f.C_Verify && f.C_GenerateKey && f.C_GenerateKeyPair &&
         f.C_WrapKey && f.C_UnwrapKey && f.C_GenerateRandom;
}

}  // namespace

Module::Module(std::string path, void* library, const CK_FUNCTION_LIST* functions)
    : path_(std::move(path)), library_(library), functions_(functions) {}

StatusOr<std::shared_ptr<Module>> Module::Load(const std::string& path) {
  if (path.empty() || path.front() != '/') {
    return Fail(kModuleUnloadable, "'" + path + "' is not an absolute path");
  }
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = dlerror();
    return Fail(kModuleUnloadable, path + ": " + (why ? why : "no reason given"));
  }
  const auto get_list = reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList"));
  CK_FUNCTION_LIST* functions = nullptr;
  const CK_RV rv = get_list ? get_list(&functions) : CKR_FUNCTION_NOT_SUPPORTED;
  if (rv != CKR_OK || functions == nullptr || functions->version.major != 2 ||
      !HasWhatWeCall(*functions)) {
    dlclose(library);
    return Fail(kModuleInvalid, path + " is no complete PKCS#11 2.x module (C_GetFunctionList: " +
                                    (get_list ? CkName(rv) : "not exported") + ")");
  }
  std::shared_ptr<Module> module(new Module(path, library, functions));
  RETURN_IF_ERROR(module->Initialise());
  return module;
}

Status Module::Initialise() {
  CK_C_INITIALIZE_ARGS args{};
  args.flags = CKF_OS_LOCKING_OK;
  const CK_RV rv = functions_->C_Initialize(&args);
  if (rv == CKR_CRYPTOKI_ALREADY_INITIALIZED) {
    return Fail(kModuleInUse, path_ + ": share the Module that this process already loaded");
  }
  if (rv != CKR_OK) {
    const char* softhsm = getenv("SOFTHSM2_CONF");
    return Fail(kModuleInvalid, path_ + ": C_Initialize: " + CkName(rv) +
                                    "; check the module's own configuration (SOFTHSM2_CONF is " +
                                    (softhsm ? softhsm : "not set") + ")");
  }
  initialised_ = true;
  destroyed_objects_ = 0;
  ++generation_;
  return OkStatus();
}

Module::~Module() {
  if (initialised_) functions_->C_Finalize(nullptr);
  dlclose(library_);
}

Module::Call::Call(Module& module) : module_(module) {
  std::unique_lock lock(module_.mutex_);
  if (!module_.changed_.wait_for(lock, std::chrono::milliseconds(kLongestGateWait),
                                 [&] { return !module_.closed_; })) {
    status_ = Fail(kTokenBusy, module_.path_ + " is still being initialised anew");
    return;
  }
  ++module_.in_flight_;
}

Module::Call::~Call() {
  if (!status_.ok()) return;
  std::lock_guard lock(module_.mutex_);
  if (--module_.in_flight_ == 0) module_.changed_.notify_all();
}

Status Module::Reinitialise(Duration longest_wait) {
  return ReinitialiseIf(std::nullopt, longest_wait);
}

Status Module::ReinitialiseOnce(uint64_t seen, Duration longest_wait) {
  return ReinitialiseIf(seen, longest_wait);
}

Status Module::ReinitialiseIf(std::optional<uint64_t> seen, Duration longest_wait) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(longest_wait);
  std::unique_lock lock(mutex_);
  if (!changed_.wait_until(lock, until, [&] { return !closed_; })) {
    return Fail(kTokenBusy, path_ + " is still being initialised anew by another thread");
  }
  if (seen && initialised_ && generation_.load() != *seen) return OkStatus();
  closed_ = true;
  if (!changed_.wait_until(lock, until, [&] { return in_flight_ == 0; })) {
    closed_ = false;
    changed_.notify_all();
    return Fail(kTokenBusy, std::to_string(in_flight_) + " calls into " + path_ +
                                " have not returned; it cannot be initialised under them");
  }
  // The gate keeps everybody out; unlocked, so that a module that takes its time holds up nobody
  // longer than he is willing to wait.
  lock.unlock();
  if (initialised_) functions_->C_Finalize(nullptr);
  initialised_ = false;
  const Status status = Initialise();
  lock.lock();
  closed_ = false;
  changed_.notify_all();
  return status;
}

StatusOr<std::vector<TokenDescription>> Module::ListTokens() {
  const Call call(*this);
  RETURN_IF_ERROR(call.status());
  ASSIGN_OR_RETURN(const std::vector<SlotToken> slots, ReadSlots(*functions_));
  std::vector<TokenDescription> out;
  for (const SlotToken& slot : slots) {
    if (slot.flags & CKF_TOKEN_INITIALIZED) out.push_back(slot.token);
  }
  return out;
}

Status Module::Claim(const TokenDescription& token) {
  std::lock_guard lock(mutex_);
  if (claimed_.insert(ClaimName(token)).second) return OkStatus();
  return Fail(kTokenInUse, "token '" + token.label + "' (serial " + token.serial +
                               ") has an owner in this process; share that one");
}

void Module::Disclaim(const TokenDescription& token) {
  std::lock_guard lock(mutex_);
  claimed_.erase(ClaimName(token));
}

}  // namespace intaglio::tokens
