// ModuleContext: one PKCS#11 module as libp11 holds it.
//
// Two libp11 contexts on one module end badly: unloading one finalises the module under the other.
// So a process keeps at most one a module, shared by everyone who opens it and by every key lease,
// since an EVP_PKEY that outlives its context crashes. Private to tokens/openssl.
#ifndef INTAGLIO_TOKENS_OPENSSL_MODULE_CONTEXT_H_
#define INTAGLIO_TOKENS_OPENSSL_MODULE_CONTEXT_H_

#include <libp11.h>

#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "base/status.h"

namespace intaglio::tokens {

// Empties OpenSSL's error queue of this thread into text, for a failure's detail.
std::string DrainOpensslErrors();

class ModuleContext final {
 public:
  // The context of the module at `path`, loaded now or shared. kStoreModule. Thread-safe.
  static StatusOr<std::shared_ptr<ModuleContext>> Share(const std::string& path);
  ~ModuleContext();
  ModuleContext(const ModuleContext&) = delete;
  ModuleContext& operator=(const ModuleContext&) = delete;

  const std::string& path() const { return path_; }
  // Slots as they were when the module was loaded. Hold mutex() while using them: libp11 keeps
  // lists of keys in them that it rewrites.
  std::span<PKCS11_SLOT> slots() { return {slots_, slot_count_}; }
  std::mutex& mutex() { return mutex_; }

 private:
  explicit ModuleContext(std::string path) : path_(std::move(path)) {}
  Status Load();

  const std::string path_;
  std::mutex mutex_;
  PKCS11_CTX* context_ = nullptr;
  bool loaded_ = false;
  PKCS11_SLOT* slots_ = nullptr;
  unsigned int slot_count_ = 0;
};

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_OPENSSL_MODULE_CONTEXT_H_
