// Session: one open session of a token, and the objects that live in it.
//
// A session serves one thread at a time (PKCS#11 keeps the state of an operation in it). Copies of
// private keys and imported public keys are cached here, pinned to the session that owns them, so
// no other thread can see one vanish.
#ifndef INTAGLIO_TOKENS_PKCS11_SESSION_H_
#define INTAGLIO_TOKENS_PKCS11_SESSION_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "tokens/pkcs11/handle_cache.h"
#include "tokens/pkcs11/module.h"

namespace intaglio::tokens {

// Private keys a session is to forget, asked for while another thread used it.
struct Drops {
  bool all = false;
  std::vector<std::string> names;
  bool empty() const { return !all && names.empty(); }
  void Add(const Drops& more) {
    all |= more.all;
    names.insert(names.end(), more.names.begin(), more.names.end());
  }
};

class Session final {
 public:
  // A read-write session, not logged in. Failures as C_OpenSession's. The module must outlive it.
  static StatusOr<std::unique_ptr<Session>> Open(Module& module, CK_SLOT_ID slot,
                                                 size_t cached_keys);
  // Closes the session, and with it every object it owns.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const CK_FUNCTION_LIST& ck() const { return module_.ck(); }
  CK_SESSION_HANDLE handle() const { return handle_; }
  CK_SLOT_ID slot() const { return slot_; }

  // OK while the user is logged in, else kNotLoggedIn or kSessionLost. Where a private object is
  // not found this tells "absent" from "hidden".
  Status CheckLoggedIn() const;

  // Private keys by the id of their record (a RESIDENT key's CKA_ID), public keys by their octets.
  HandleCache& private_keys() { return private_keys_; }
  HandleCache& public_keys() { return public_keys_; }
  void Drop(const Drops& drops);

  // For the pool alone, under its lock: what to drop once the lease ends, and when the session was
  // last used.
  Drops& due_drops() { return due_drops_; }
  BootTime last_used() const { return last_used_; }
  void set_last_used(BootTime time) { last_used_ = time; }

  // Destroys session objects; what cannot be destroyed goes with the session.
  void Destroy(const std::vector<CK_OBJECT_HANDLE>& objects);
  Status DestroyObject(CK_OBJECT_HANDLE object);

  // The module was finalised meanwhile: the handle may belong to another session by now.
  void Abandon() { handle_ = CK_INVALID_HANDLE; }

 private:
  Session(Module& module, CK_SLOT_ID slot, CK_SESSION_HANDLE handle, size_t cached_keys);

  Module& module_;
  const CK_SLOT_ID slot_;
  CK_SESSION_HANDLE handle_;
  HandleCache private_keys_;
  HandleCache public_keys_;
  Drops due_drops_;
  BootTime last_used_;
};

// Destroys an object when it goes out of scope, unless released.
class ScopedObject final {
 public:
  ScopedObject(Session& session, CK_OBJECT_HANDLE object) : session_(session), object_(object) {}
  ~ScopedObject() {
    if (object_ != CK_INVALID_HANDLE) (void)session_.DestroyObject(object_);
  }
  ScopedObject(const ScopedObject&) = delete;
  ScopedObject& operator=(const ScopedObject&) = delete;

  CK_OBJECT_HANDLE get() const { return object_; }
  CK_OBJECT_HANDLE Release() { return std::exchange(object_, CK_INVALID_HANDLE); }

 private:
  Session& session_;
  CK_OBJECT_HANDLE object_;
};

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PKCS11_SESSION_H_
