#include "hardware-sim/qualify/cryptoki.h"

#include <dlfcn.h>

#include <algorithm>
#include <memory>

#include "hardware-sim/faults/ck_names.h"
#include "hardware-sim/qualify/reasons.h"

namespace intaglio::sim {
namespace {

constexpr CK_BYTE kP256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};

Status Unusable(const std::string& what, CK_RV rv) {
  return Fail(kModuleUnusable, what + " answered " + NameOfReturnValue(rv));
}

CK_BYTE* Mutable(ByteView octets) { return const_cast<CK_BYTE*>(octets.data()); }

// Every template here begins with these and lets the caller's part win.
Template Merge(const Template& base, const Template& changes) {
  Template out;
  const auto wanted = changes.Attributes();
  for (const CK_ATTRIBUTE& each : base.Attributes()) {
    const bool replaced = std::ranges::any_of(
        wanted, [&](const CK_ATTRIBUTE& other) { return other.type == each.type; });
    if (!replaced) out.Octets(each.type, {static_cast<uint8_t*>(each.pValue), each.ulValueLen});
  }
  for (const CK_ATTRIBUTE& each : wanted) {
    out.Octets(each.type, {static_cast<uint8_t*>(each.pValue), each.ulValueLen});
  }
  return out;
}

std::string LabelOf(const CK_TOKEN_INFO& info) {
  std::string label(reinterpret_cast<const char*>(info.label), sizeof info.label);
  label.erase(label.find_last_not_of(' ') + 1);
  return label;
}

}  // namespace

Template& Template::Flag(CK_ATTRIBUTE_TYPE type, bool value) {
  const CK_BBOOL octet = value ? CK_TRUE : CK_FALSE;
  return Octets(type, {&octet, 1});
}

Template& Template::Number(CK_ATTRIBUTE_TYPE type, CK_ULONG value) {
  return Octets(type, {reinterpret_cast<const uint8_t*>(&value), sizeof value});
}

Template& Template::Octets(CK_ATTRIBUTE_TYPE type, ByteView value) {
  parts_.emplace_back(type, ToBytes(value));
  return *this;
}

Template& Template::Text(CK_ATTRIBUTE_TYPE type, const std::string& value) {
  return Octets(type, AsBytes(value));
}

std::vector<CK_ATTRIBUTE> Template::Attributes() const {
  std::vector<CK_ATTRIBUTE> out;
  for (const auto& [type, octets] : parts_) {
    out.push_back({type, Mutable(octets), static_cast<CK_ULONG>(octets.size())});
  }
  return out;
}

Template SecretSigningKey() {
  Template key;
  key.Flag(CKA_TOKEN, false)
      .Flag(CKA_PRIVATE, true)
      .Flag(CKA_SENSITIVE, true)
      .Flag(CKA_EXTRACTABLE, false)
      .Flag(CKA_SIGN, true);
  return key;
}

StatusOr<std::unique_ptr<Cryptoki>> Cryptoki::Open(Module wanted) {
  // Kept until the process ends: what it registered must find its code.
  void* const library = dlopen(wanted.path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return Fail(kModuleUnusable, dlerror());
  const auto list = reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList"));
  if (list == nullptr) return Fail(kModuleUnusable, wanted.path + " has no C_GetFunctionList");
  CK_FUNCTION_LIST* functions = nullptr;
  if (const CK_RV rv = list(&functions); rv != CKR_OK) return Unusable("C_GetFunctionList", rv);
  std::unique_ptr<Cryptoki> out(new Cryptoki(std::move(wanted), functions));
  const Module& module = out->module_;
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  if (!module.reserved.empty()) arguments.pReserved = const_cast<char*>(module.reserved.c_str());
  if (const CK_RV rv = functions->C_Initialize(&arguments); rv != CKR_OK) {
    return Unusable("C_Initialize", rv);
  }
  out->initialised_ = true;
  CK_ULONG count = 64;
  CK_SLOT_ID slots[64];
  if (const CK_RV rv = functions->C_GetSlotList(CK_TRUE, slots, &count); rv != CKR_OK) {
    return Unusable("C_GetSlotList", rv);
  }
  std::string found;
  for (const CK_SLOT_ID slot : std::span(slots, count)) {
    CK_TOKEN_INFO info{};
    if (functions->C_GetTokenInfo(slot, &info) != CKR_OK) continue;
    if ((info.flags & CKF_TOKEN_INITIALIZED) == 0) continue;
    const std::string label = LabelOf(info);
    found += found.empty() ? "'" + label + "'" : ", '" + label + "'";
    if (!module.token.empty() && label != module.token) continue;
    out->slot_ = slot;
    return out;
  }
  return Fail(kModuleUnusable, "no initialised token" +
                                   (module.token.empty() ? "" : " '" + module.token + "'") +
                                   "; found: " + (found.empty() ? "none" : found));
}

Cryptoki::~Cryptoki() {
  if (initialised_) functions_->C_Finalize(nullptr);
}

CK_INFO Cryptoki::Info() const {
  CK_INFO info{};
  functions_->C_GetInfo(&info);
  return info;
}

CK_TOKEN_INFO Cryptoki::TokenInfo() const {
  CK_TOKEN_INFO info{};
  functions_->C_GetTokenInfo(slot_, &info);
  return info;
}

bool Cryptoki::Has(CK_MECHANISM_TYPE mechanism) const {
  CK_MECHANISM_INFO info{};
  return functions_->C_GetMechanismInfo(slot_, mechanism, &info) == CKR_OK;
}

QualifySession::QualifySession(const Cryptoki& cryptoki, As as, bool read_write)
    : cryptoki_(cryptoki) {
  const CK_FLAGS flags = CKF_SERIAL_SESSION | (read_write ? CKF_RW_SESSION : 0);
  rv_ = cryptoki_->C_OpenSession(cryptoki_.slot(), flags, nullptr, nullptr, &handle_);
  if (rv_ != CKR_OK) handle_ = CK_INVALID_HANDLE;
  if (rv_ == CKR_OK && as == As::kUser) rv_ = Login(CKU_USER, cryptoki.module().pin);
  if (rv_ == CKR_OK && as == As::kSecurityOfficer) {
    const auto& pin = cryptoki.module().so_pin;
    rv_ = pin ? Login(CKU_SO, *pin) : CKR_USER_PIN_NOT_INITIALIZED;
  }
}

QualifySession::~QualifySession() { Close(); }

void QualifySession::Close() {
  if (handle_ == CK_INVALID_HANDLE) return;
  if (logged_in_) cryptoki_->C_Logout(handle_);
  cryptoki_->C_CloseSession(handle_);
  handle_ = CK_INVALID_HANDLE;
}

CK_RV QualifySession::Login(CK_USER_TYPE user, const SecretBytes& pin) {
  const CK_RV rv =
      cryptoki_->C_Login(handle_, user, Mutable(pin.Expose()), static_cast<CK_ULONG>(pin.size()));
  // Another session of this process may have logged in already; the login is the application's.
  if (rv == CKR_OK && user != CKU_CONTEXT_SPECIFIC) logged_in_ = true;
  return rv == CKR_USER_ALREADY_LOGGED_IN ? CKR_OK : rv;
}

CK_RV QualifySession::Logout() {
  logged_in_ = false;
  return cryptoki_->C_Logout(handle_);
}

CK_RV QualifySession::GenerateP256(const Template& secret, KeyPairHandles* out) {
  Template open_key;
  open_key.Flag(CKA_TOKEN, false).Flag(CKA_VERIFY, true).Octets(CKA_EC_PARAMS, kP256);
  const Template secret_key = Merge(SecretSigningKey(), secret);
  auto open_part = open_key.Attributes(), secret_part = secret_key.Attributes();
  CK_MECHANISM mechanism{CKM_EC_KEY_PAIR_GEN, nullptr, 0};
  return cryptoki_->C_GenerateKeyPair(handle_, &mechanism, open_part.data(), open_part.size(),
                                      secret_part.data(), secret_part.size(), &out->open,
                                      &out->secret);
}

CK_RV QualifySession::GenerateAes(const Template& key, CK_OBJECT_HANDLE* out) {
  Template base;
  base.Flag(CKA_TOKEN, false)
      .Flag(CKA_PRIVATE, true)
      .Flag(CKA_SENSITIVE, true)
      .Flag(CKA_EXTRACTABLE, false)
      .Flag(CKA_WRAP, true)
      .Flag(CKA_UNWRAP, true)
      .Number(CKA_VALUE_LEN, 32);
  const Template whole = Merge(base, key);
  auto parts = whole.Attributes();
  CK_MECHANISM mechanism{CKM_AES_KEY_GEN, nullptr, 0};
  return cryptoki_->C_GenerateKey(handle_, &mechanism, parts.data(), parts.size(), out);
}

CK_RV QualifySession::Create(const Template& object, CK_OBJECT_HANDLE* out) {
  auto parts = object.Attributes();
  return cryptoki_->C_CreateObject(handle_, parts.data(), parts.size(), out);
}

CK_RV QualifySession::Copy(CK_OBJECT_HANDLE object, const Template& changes,
                           CK_OBJECT_HANDLE* out) {
  auto parts = changes.Attributes();
  return cryptoki_->C_CopyObject(handle_, object, parts.data(), parts.size(), out);
}

CK_RV QualifySession::Set(CK_OBJECT_HANDLE object, const Template& changes) {
  auto parts = changes.Attributes();
  return cryptoki_->C_SetAttributeValue(handle_, object, parts.data(), parts.size());
}

CK_RV QualifySession::Destroy(CK_OBJECT_HANDLE object) {
  return cryptoki_->C_DestroyObject(handle_, object);
}

CK_RV QualifySession::SignInit(CK_OBJECT_HANDLE key) {
  CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
  return cryptoki_->C_SignInit(handle_, &mechanism, key);
}

CK_RV QualifySession::SignFinal(ByteView digest, Bytes* signature) {
  signature->assign(256, 0);
  CK_ULONG size = signature->size();
  const CK_RV rv =
      cryptoki_->C_Sign(handle_, Mutable(digest), digest.size(), signature->data(), &size);
  signature->resize(rv == CKR_OK ? size : 0);
  return rv;
}

CK_RV QualifySession::Sign(CK_OBJECT_HANDLE key, ByteView digest, Bytes* signature) {
  if (const CK_RV rv = SignInit(key); rv != CKR_OK) return rv;
  return SignFinal(digest, signature);
}

CK_RV QualifySession::Verify(CK_OBJECT_HANDLE key, ByteView digest, const Bytes& signature) {
  CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
  if (const CK_RV rv = cryptoki_->C_VerifyInit(handle_, &mechanism, key); rv != CKR_OK) return rv;
  return cryptoki_->C_Verify(handle_, Mutable(digest), digest.size(), Mutable(signature),
                             signature.size());
}

CK_RV QualifySession::Wrap(CK_OBJECT_HANDLE wrapping, CK_OBJECT_HANDLE key, Bytes* wrapped) {
  CK_MECHANISM mechanism{CKM_AES_KEY_WRAP_PAD, nullptr, 0};
  wrapped->assign(4096, 0);
  CK_ULONG size = wrapped->size();
  const CK_RV rv = cryptoki_->C_WrapKey(handle_, &mechanism, wrapping, key, wrapped->data(), &size);
  wrapped->resize(rv == CKR_OK ? size : 0);
  return rv;
}

CK_RV QualifySession::Unwrap(CK_OBJECT_HANDLE wrapping, const Bytes& wrapped, const Template& key,
                             CK_OBJECT_HANDLE* out) {
  CK_MECHANISM mechanism{CKM_AES_KEY_WRAP_PAD, nullptr, 0};
  Template base = SecretSigningKey();
  base.Number(CKA_CLASS, CKO_PRIVATE_KEY).Number(CKA_KEY_TYPE, CKK_EC);
  const Template whole = Merge(base, key);
  auto parts = whole.Attributes();
  return cryptoki_->C_UnwrapKey(handle_, &mechanism, wrapping, Mutable(wrapped), wrapped.size(),
                                parts.data(), parts.size(), out);
}

CK_RV QualifySession::Flag(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, bool* value) {
  CK_BBOOL octet = CK_FALSE;
  CK_ATTRIBUTE wanted{type, &octet, 1};
  const CK_RV rv = cryptoki_->C_GetAttributeValue(handle_, object, &wanted, 1);
  *value = rv == CKR_OK && octet != CK_FALSE;
  return rv;
}

CK_RV QualifySession::Read(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, Bytes* value) {
  value->assign(4096, 0);
  CK_ATTRIBUTE wanted{type, value->data(), value->size()};
  const CK_RV rv = cryptoki_->C_GetAttributeValue(handle_, object, &wanted, 1);
  value->resize(rv == CKR_OK ? wanted.ulValueLen : 0);
  return rv;
}

CK_RV QualifySession::Count(const std::string& label, size_t* count) {
  Template wanted;
  wanted.Text(CKA_LABEL, label);
  auto parts = wanted.Attributes();
  CK_RV rv = cryptoki_->C_FindObjectsInit(handle_, parts.data(), parts.size());
  if (rv != CKR_OK) return rv;
  CK_OBJECT_HANDLE objects[64];
  CK_ULONG found = 0;
  rv = cryptoki_->C_FindObjects(handle_, objects, 64, &found);
  cryptoki_->C_FindObjectsFinal(handle_);
  *count = found;
  return rv;
}

}  // namespace intaglio::sim
