// Cryptoki: plain PKCS#11 calls against the module under examination. Nothing here retries, hides a
// return value or falls back: what the module answers is what the battery judges.
#ifndef INTAGLIO_HARDWARE_SIM_QUALIFY_CRYPTOKI_H_
#define INTAGLIO_HARDWARE_SIM_QUALIFY_CRYPTOKI_H_

#include <p11-kit/pkcs11.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/secret_bytes.h"
#include "base/status.h"

namespace intaglio::sim {

// Attributes of one template, with their octets.
class Template final {
 public:
  Template& Flag(CK_ATTRIBUTE_TYPE type, bool value);
  Template& Number(CK_ATTRIBUTE_TYPE type, CK_ULONG value);
  Template& Octets(CK_ATTRIBUTE_TYPE type, ByteView value);
  Template& Text(CK_ATTRIBUTE_TYPE type, const std::string& value);
  // Valid until the next change.
  std::vector<CK_ATTRIBUTE> Attributes() const;

 private:
  std::vector<std::pair<CK_ATTRIBUTE_TYPE, Bytes>> parts_;
};

struct Module {
  std::string path;
  std::string reserved;  // handed to C_Initialize as pReserved; NSS takes its settings there
  std::string token;     // label; empty: the only initialised token
  SecretBytes pin;
  std::optional<SecretBytes> so_pin;
};

class Cryptoki final {
 public:
  // Loads, initialises and finds the token. kModuleUnusable says at which call it failed.
  static StatusOr<std::unique_ptr<Cryptoki>> Open(Module module);
  ~Cryptoki();
  Cryptoki(const Cryptoki&) = delete;
  Cryptoki& operator=(const Cryptoki&) = delete;

  const CK_FUNCTION_LIST* operator->() const { return functions_; }
  CK_SLOT_ID slot() const { return slot_; }
  const Module& module() const { return module_; }
  CK_INFO Info() const;
  CK_TOKEN_INFO TokenInfo() const;
  bool Has(CK_MECHANISM_TYPE mechanism) const;

 private:
  Cryptoki(Module module, CK_FUNCTION_LIST* functions)
      : module_(std::move(module)), functions_(functions) {}

  const Module module_;
  CK_FUNCTION_LIST* const functions_;
  CK_SLOT_ID slot_ = 0;
  bool initialised_ = false;
};

struct KeyPairHandles {
  CK_OBJECT_HANDLE open = CK_INVALID_HANDLE;
  CK_OBJECT_HANDLE secret = CK_INVALID_HANDLE;
};

// One session; closed with it. Every call answers the module's own CK_RV.
class QualifySession final {
 public:
  enum class As { kNobody, kUser, kSecurityOfficer };
  // `rv` is that of the first call that failed.
  QualifySession(const Cryptoki& cryptoki, As as, bool read_write = true);
  ~QualifySession();
  QualifySession(const QualifySession&) = delete;
  QualifySession& operator=(const QualifySession&) = delete;

  CK_RV rv() const { return rv_; }
  CK_SESSION_HANDLE handle() const { return handle_; }
  void Close();

  CK_RV Login(CK_USER_TYPE user, const SecretBytes& pin);
  CK_RV Logout();
  // A P-256 pair for signing; `secret` adds to the private template and may override it.
  CK_RV GenerateP256(const Template& secret, KeyPairHandles* out);
  // AES-256; `key` adds to the template.
  CK_RV GenerateAes(const Template& key, CK_OBJECT_HANDLE* out);
  CK_RV Create(const Template& object, CK_OBJECT_HANDLE* out);
  CK_RV Copy(CK_OBJECT_HANDLE object, const Template& changes, CK_OBJECT_HANDLE* out);
  CK_RV Set(CK_OBJECT_HANDLE object, const Template& changes);
  CK_RV Destroy(CK_OBJECT_HANDLE object);
  CK_RV SignInit(CK_OBJECT_HANDLE key);
  CK_RV SignFinal(ByteView digest, Bytes* signature);
  CK_RV Sign(CK_OBJECT_HANDLE key, ByteView digest, Bytes* signature);
  CK_RV Verify(CK_OBJECT_HANDLE key, ByteView digest, const Bytes& signature);
  CK_RV Wrap(CK_OBJECT_HANDLE wrapping, CK_OBJECT_HANDLE key, Bytes* wrapped);
  CK_RV Unwrap(CK_OBJECT_HANDLE wrapping, const Bytes& wrapped, const Template& key,
               CK_OBJECT_HANDLE* out);
  CK_RV Flag(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, bool* value);
  CK_RV Read(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, Bytes* value);
  // Objects with this label that the session sees.
  CK_RV Count(const std::string& label, size_t* count);

 private:
  const Cryptoki& cryptoki_;
  CK_SESSION_HANDLE handle_ = CK_INVALID_HANDLE;
  CK_RV rv_ = CKR_OK;
  bool logged_in_ = false;
};

// A template that says: a P-256 private key for signing, in the session, as secret as can be.
Template SecretSigningKey();

}  // namespace intaglio::sim

#endif  // INTAGLIO_HARDWARE_SIM_QUALIFY_CRYPTOKI_H_
