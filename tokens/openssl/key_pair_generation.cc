#include "tokens/openssl/key_pair_generation.h"

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stdio.h>

#include <memory>

#include "tokens/openssl/reasons.h"

namespace intaglio::tokens {
namespace {

constexpr uint8_t kP256Oid[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};

struct Unload {
  void operator()(void* library) const { dlclose(library); }
};

Status Failed(const char* function, CK_RV rv) {
  char text[80];
  snprintf(text, sizeof text, "%s: CK_RV 0x%lx", function, rv);
  return Fail(kStoreFailure, text);
}

CK_ATTRIBUTE Flag(CK_ATTRIBUTE_TYPE type, CK_BBOOL value) {
  static CK_BBOOL yes = CK_TRUE;
  static CK_BBOOL no = CK_FALSE;
  return {type, value ? &yes : &no, sizeof(CK_BBOOL)};
}

CK_ATTRIBUTE Octets(CK_ATTRIBUTE_TYPE type, ByteView value) {
  return {type, const_cast<uint8_t*>(value.data()), value.size()};
}

class RawSession final {
 public:
  RawSession(const CK_FUNCTION_LIST& ck, CK_SESSION_HANDLE handle) : ck_(ck), handle_(handle) {}
  ~RawSession() { (void)ck_.C_CloseSession(handle_); }
  RawSession(const RawSession&) = delete;
  RawSession& operator=(const RawSession&) = delete;
  CK_SESSION_HANDLE get() const { return handle_; }

 private:
  const CK_FUNCTION_LIST& ck_;
  const CK_SESSION_HANDLE handle_;
};

// The private half is as it was asked for.
bool Holds(const CK_FUNCTION_LIST& ck, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key) {
  CK_BBOOL always_sensitive = CK_FALSE;
  CK_BBOOL never_extractable = CK_FALSE;
  CK_BBOOL local = CK_FALSE;
  CK_ATTRIBUTE read[] = {{CKA_ALWAYS_SENSITIVE, &always_sensitive, sizeof always_sensitive},
                         {CKA_NEVER_EXTRACTABLE, &never_extractable, sizeof never_extractable},
                         {CKA_LOCAL, &local, sizeof local}};
  return ck.C_GetAttributeValue(session, key, read, 3) == CKR_OK && always_sensitive &&
         never_extractable && local;
}

Status Generate(const CK_FUNCTION_LIST& ck, CK_SESSION_HANDLE session, std::string_view label,
                ByteView id) {
  CK_ATTRIBUTE public_half[] = {Flag(CKA_TOKEN, CK_TRUE),  Flag(CKA_PRIVATE, CK_FALSE),
                                Flag(CKA_VERIFY, CK_TRUE), Octets(CKA_EC_PARAMS, kP256Oid),
                                Octets(CKA_ID, id),        Octets(CKA_LABEL, AsBytes(label))};
  CK_ATTRIBUTE private_half[] = {Flag(CKA_TOKEN, CK_TRUE),         Flag(CKA_PRIVATE, CK_TRUE),
                                 Flag(CKA_SENSITIVE, CK_TRUE),     Flag(CKA_EXTRACTABLE, CK_FALSE),
                                 Flag(CKA_SIGN, CK_TRUE),          Flag(CKA_DECRYPT, CK_FALSE),
                                 Flag(CKA_SIGN_RECOVER, CK_FALSE), Flag(CKA_UNWRAP, CK_FALSE),
                                 Flag(CKA_DERIVE, CK_FALSE),       Octets(CKA_ID, id),
                                 Octets(CKA_LABEL, AsBytes(label))};
  CK_MECHANISM mechanism{CKM_EC_KEY_PAIR_GEN, nullptr, 0};
  CK_OBJECT_HANDLE public_key = CK_INVALID_HANDLE;
  CK_OBJECT_HANDLE private_key = CK_INVALID_HANDLE;
  const CK_RV rv =
      ck.C_GenerateKeyPair(session, &mechanism, public_half, std::size(public_half), private_half,
                           std::size(private_half), &public_key, &private_key);
  if (rv != CKR_OK) return Failed("C_GenerateKeyPair", rv);
  if (Holds(ck, session, private_key)) return OkStatus();
  (void)ck.C_DestroyObject(session, private_key);
  (void)ck.C_DestroyObject(session, public_key);
  return Fail(kStoreFailure, "the token did not make the key local, sensitive and unextractable");
}

}  // namespace

Status GenerateP256Pair(const LiveSlot& where, std::string_view label, PairId id) {
  // RTLD_NOLOAD: the module is there already, initialised by libp11; this only counts a reference.
  const std::unique_ptr<void, Unload> library(
      dlopen(where.module_path.c_str(), RTLD_NOW | RTLD_NOLOAD));
  if (!library) return Fail(kStoreFailure, where.module_path + " is not loaded");
  const auto get_list =
      reinterpret_cast<CK_C_GetFunctionList>(dlsym(library.get(), "C_GetFunctionList"));
  CK_FUNCTION_LIST* ck = nullptr;
  if (get_list == nullptr || get_list(&ck) != CKR_OK || ck == nullptr) {
    return Fail(kStoreFailure, where.module_path + " gives no PKCS#11 functions");
  }
  CK_SESSION_HANDLE handle = CK_INVALID_HANDLE;
  const CK_RV rv =
      ck->C_OpenSession(where.slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &handle);
  if (rv != CKR_OK) return Failed("C_OpenSession", rv);
  const RawSession session(*ck, handle);
  return Generate(*ck, session.get(), label, id.octets);
}

}  // namespace intaglio::tokens
