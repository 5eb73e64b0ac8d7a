// Plain PKCS#11 calls against a module, for the simulator's own tests: no wrapper of ours in
// between.
#ifndef INTAGLIO_HARDWARE_SIM_PKCS11_TEST_CRYPTOKI_H_
#define INTAGLIO_HARDWARE_SIM_PKCS11_TEST_CRYPTOKI_H_

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stdlib.h>

#include <string>
#include <vector>

#include "base/secret_bytes.h"
#include "hardware-sim/faults/ck_names.h"

namespace intaglio::sim {

// So that a failed comparison shows names.
inline std::string Rv(CK_RV rv) { return NameOfReturnValue(rv); }

struct KeyPair {
  CK_OBJECT_HANDLE public_key = CK_INVALID_HANDLE;
  CK_OBJECT_HANDLE private_key = CK_INVALID_HANDLE;
};

enum class Kept { kSession, kToken };

class TestCryptoki final {
 public:
  explicit TestCryptoki(const std::string& path) {
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) abort();
    const auto list = reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList"));
    if (list == nullptr || list(&functions_) != CKR_OK) abort();
  }
  CK_FUNCTION_LIST& operator*() const { return *functions_; }
  CK_FUNCTION_LIST* operator->() const { return functions_; }

  CK_RV Start() const {
    CK_C_INITIALIZE_ARGS args{};
    args.flags = CKF_OS_LOCKING_OK;
    return functions_->C_Initialize(&args);
  }
  CK_RV Stop() const { return functions_->C_Finalize(nullptr); }

  std::vector<CK_SLOT_ID> Slots() const {
    CK_ULONG count = 0;
    if (functions_->C_GetSlotList(CK_TRUE, nullptr, &count) != CKR_OK) return {};
    std::vector<CK_SLOT_ID> out(count);
    if (functions_->C_GetSlotList(CK_TRUE, out.data(), &count) != CKR_OK) return {};
    out.resize(count);
    return out;
  }
  // The slot of the initialised token; aborts if there is none.
  CK_SLOT_ID Slot() const {
    for (const CK_SLOT_ID slot : Slots()) {
      CK_TOKEN_INFO token{};
      if (functions_->C_GetTokenInfo(slot, &token) == CKR_OK &&
          (token.flags & CKF_TOKEN_INITIALIZED) != 0) {
        return slot;
      }
    }
    abort();
  }
  CK_RV Open(CK_SESSION_HANDLE* session) const {
    return functions_->C_OpenSession(Slot(), CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr,
                                     session);
  }
  CK_SESSION_HANDLE Open() const {
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
    if (Open(&session) != CKR_OK) abort();
    return session;
  }
  CK_RV Login(CK_SESSION_HANDLE session, const SecretBytes& pin,
              CK_USER_TYPE user = CKU_USER) const {
    return functions_->C_Login(session, user, const_cast<CK_BYTE*>(pin.Expose().data()),
                               pin.size());
  }

  CK_RV MakeP256(CK_SESSION_HANDLE session, const std::string& label, Kept kept,
                 KeyPair* out) const {
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL no = CK_FALSE;
    CK_BBOOL token = kept == Kept::kToken ? CK_TRUE : CK_FALSE;
    CK_BYTE curve[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    char* const name = const_cast<char*>(label.data());
    CK_ATTRIBUTE open[] = {{CKA_TOKEN, &token, 1},
                           {CKA_EC_PARAMS, curve, sizeof curve},
                           {CKA_VERIFY, &yes, 1},
                           {CKA_LABEL, name, label.size()}};
    CK_ATTRIBUTE secret[] = {{CKA_TOKEN, &token, 1},   {CKA_PRIVATE, &yes, 1},
                             {CKA_SENSITIVE, &yes, 1}, {CKA_EXTRACTABLE, &no, 1},
                             {CKA_SIGN, &yes, 1},      {CKA_LABEL, name, label.size()}};
    CK_MECHANISM mechanism{CKM_EC_KEY_PAIR_GEN, nullptr, 0};
    return functions_->C_GenerateKeyPair(session, &mechanism, open, std::size(open), secret,
                                         std::size(secret), &out->public_key, &out->private_key);
  }
  KeyPair MakeP256(CK_SESSION_HANDLE session, const std::string& label) const {
    KeyPair out;
    if (MakeP256(session, label, Kept::kSession, &out) != CKR_OK) abort();
    return out;
  }

  // Digest of 32 octets `fill`; the result of the first call that failed.
  CK_RV Sign(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, uint8_t fill, Bytes* out) const {
    CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
    if (const CK_RV rv = functions_->C_SignInit(session, &mechanism, key); rv != CKR_OK) return rv;
    Bytes digest(32, fill);
    out->assign(256, 0);
    CK_ULONG size = out->size();
    const CK_RV rv = functions_->C_Sign(session, digest.data(), digest.size(), out->data(), &size);
    out->resize(rv == CKR_OK ? size : 0);
    return rv;
  }
  CK_RV Sign(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key) const {
    Bytes ignored;
    return Sign(session, key, 1, &ignored);
  }
  CK_RV Verify(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, uint8_t fill,
               Bytes signature) const {
    CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
    if (const CK_RV rv = functions_->C_VerifyInit(session, &mechanism, key); rv != CKR_OK) {
      return rv;
    }
    Bytes digest(32, fill);
    return functions_->C_Verify(session, digest.data(), digest.size(), signature.data(),
                                signature.size());
  }
  CK_RV Random(CK_SESSION_HANDLE session, Bytes* out) const {
    out->assign(32, 0);
    return functions_->C_GenerateRandom(session, out->data(), out->size());
  }
  CK_RV ReadFlag(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                 CK_BBOOL* out) const {
    CK_ATTRIBUTE wanted{type, out, 1};
    return functions_->C_GetAttributeValue(session, object, &wanted, 1);
  }

 private:
  CK_FUNCTION_LIST* functions_ = nullptr;
};

}  // namespace intaglio::sim

#endif  // INTAGLIO_HARDWARE_SIM_PKCS11_TEST_CRYPTOKI_H_
