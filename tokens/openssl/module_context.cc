#include "tokens/openssl/module_context.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include <condition_variable>
#include <map>

#include "tokens/openssl/reasons.h"

namespace intaglio::tokens {
namespace {

// PKCS#11 itself is one a process, and so is this.
struct Registry {
  std::mutex mutex;
  std::condition_variable unloaded;
  // An entry that has expired belongs to a context that is being unloaded right now.
  std::map<std::string, std::weak_ptr<ModuleContext>> loaded;
};

Registry& TheRegistry() {
  static Registry* const registry = new Registry;  // never destroyed: leases may outlive main()
  return *registry;
}

StatusOr<std::string> Canonical(const std::string& path) {
  if (path.empty() || path.front() != '/') {
    return Fail(kStoreModule, "'" + path + "' is not an absolute path");
  }
  const std::unique_ptr<char, decltype(&free)> real(realpath(path.c_str(), nullptr), &free);
  if (!real) return Fail(kStoreModule, path + ": " + strerror(errno));
  return std::string(real.get());
}

}  // namespace

std::string DrainOpensslErrors() {
  std::string out;
  char text[256];
  for (unsigned long code; (code = ERR_get_error()) != 0;) {
    ERR_error_string_n(code, text, sizeof text);
    if (!out.empty()) out += "; ";
    out += text;
  }
  return out.empty() ? "no reason given" : out;
}

StatusOr<std::shared_ptr<ModuleContext>> ModuleContext::Share(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string real, Canonical(path));
  Registry& registry = TheRegistry();
  std::unique_lock lock(registry.mutex);
  for (;;) {
    const auto found = registry.loaded.find(real);
    if (found == registry.loaded.end()) break;
    if (auto shared = found->second.lock()) return shared;
    registry.unloaded.wait(lock);
  }
  std::unique_ptr<ModuleContext> made(new ModuleContext(real));
  RETURN_IF_ERROR(made->Load());
  const auto unload = [](ModuleContext* context) {
    Registry& owner = TheRegistry();
    const std::lock_guard guard(owner.mutex);
    owner.loaded.erase(context->path());
    delete context;
    owner.unloaded.notify_all();
  };
  std::shared_ptr<ModuleContext> shared(made.release(), unload);
  registry.loaded[real] = shared;
  return shared;
}

Status ModuleContext::Load() {
  ERR_clear_error();
  context_ = PKCS11_CTX_new();
  if (context_ == nullptr) return Fail(kStoreModule, path_ + ": " + DrainOpensslErrors());
  if (PKCS11_CTX_load(context_, path_.c_str()) != 0) {
    const char* softhsm = getenv("SOFTHSM2_CONF");
    return Fail(kStoreModule, path_ + ": " + DrainOpensslErrors() + " (SOFTHSM2_CONF is " +
                                  (softhsm ? softhsm : "not set") + ")");
  }
  loaded_ = true;
  if (PKCS11_enumerate_slots(context_, &slots_, &slot_count_) != 0) {
    return Fail(kStoreModule, path_ + ": " + DrainOpensslErrors());
  }
  ERR_clear_error();
  return OkStatus();
}

ModuleContext::~ModuleContext() {
  if (slots_ != nullptr) PKCS11_release_all_slots(context_, slots_, slot_count_);
  if (loaded_) PKCS11_CTX_unload(context_);
  if (context_ != nullptr) PKCS11_CTX_free(context_);
  ERR_clear_error();
}

}  // namespace intaglio::tokens
