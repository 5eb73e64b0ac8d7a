#include "tests/bench/raw_token.h"

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace intaglio::bench {
namespace {

void Must(CK_RV result, const char* call) {
  if (result == CKR_OK) return;
  fprintf(stderr, "bench: %s: 0x%lx\n", call, result);
  abort();
}

CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

template <class T>
CK_ATTRIBUTE Attribute(CK_ATTRIBUTE_TYPE type, T& value) {
  return {type, &value, sizeof(value)};
}

// OBJECT IDENTIFIER prime256v1
std::array<uint8_t, 10> p256_parameters{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
std::array<uint8_t, 3> rsa_exponent{0x01, 0x00, 0x01};
// DigestInfo of a SHA-256 digest of zeros.
std::array<uint8_t, 51> DigestInfo() {
  std::array<uint8_t, 51> info{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                               0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
  return info;
}

struct Pair {
  CK_OBJECT_HANDLE public_key = 0;
  CK_OBJECT_HANDLE private_key = 0;
};

}  // namespace

struct RawWorker::Impl {
  Impl(CK_FUNCTION_LIST* functions, CK_SLOT_ID slot, const std::string& storage_key)
      : ck(*functions) {
    Must(ck.C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &session),
         "C_OpenSession");
    std::vector<CK_ATTRIBUTE> curve{
        {CKA_EC_PARAMS, p256_parameters.data(), p256_parameters.size()}};
    signer = Generate(CKM_EC_KEY_PAIR_GEN, curve, no);
    authenticator = Generate(CKM_EC_KEY_PAIR_GEN, curve, no);
    CK_ULONG bits = 3072;
    rsa = Generate(CKM_RSA_PKCS_KEY_PAIR_GEN,
                   {Attribute(CKA_MODULUS_BITS, bits),
                    {CKA_PUBLIC_EXPONENT, rsa_exponent.data(), rsa_exponent.size()}},
                   no);
    FindStorageKey(storage_key);
    const Pair exported = Generate(CKM_EC_KEY_PAIR_GEN, curve, yes);
    exported_public = exported.public_key;
    CK_MECHANISM wrap{CKM_AES_KEY_WRAP_PAD, nullptr, 0};
    CK_ULONG size = 0;
    Must(ck.C_WrapKey(session, &wrap, storage, exported.private_key, nullptr, &size), "C_WrapKey");
    wrapped.resize(size);
    Must(ck.C_WrapKey(session, &wrap, storage, exported.private_key, wrapped.data(), &size),
         "C_WrapKey");
    wrapped.resize(size);
    authentication = Sign(CKM_ECDSA, authenticator.private_key, digest.data(), digest.size(), 64);
  }
  ~Impl() { ck.C_CloseSession(session); }

  Pair Generate(CK_MECHANISM_TYPE type, std::vector<CK_ATTRIBUTE> public_template,
                CK_BBOOL extractable) {
    CK_MECHANISM mechanism{type, nullptr, 0};
    public_template.push_back(Attribute(CKA_TOKEN, no));
    public_template.push_back(Attribute(CKA_VERIFY, yes));
    std::vector<CK_ATTRIBUTE> private_template{
        Attribute(CKA_TOKEN, no), Attribute(CKA_PRIVATE, yes), Attribute(CKA_SIGN, yes),
        Attribute(CKA_SENSITIVE, yes), Attribute(CKA_EXTRACTABLE, extractable)};
    Pair pair;
    Must(ck.C_GenerateKeyPair(session, &mechanism, public_template.data(), public_template.size(),
                              private_template.data(), private_template.size(), &pair.public_key,
                              &pair.private_key),
         "C_GenerateKeyPair");
    return pair;
  }

  void FindStorageKey(std::string label) {
    CK_OBJECT_CLASS secret = CKO_SECRET_KEY;
    CK_ATTRIBUTE wanted[] = {Attribute(CKA_CLASS, secret), {CKA_LABEL, label.data(), label.size()}};
    CK_ULONG found = 0;
    Must(ck.C_FindObjectsInit(session, wanted, 2), "C_FindObjectsInit");
    Must(ck.C_FindObjects(session, &storage, 1, &found), "C_FindObjects");
    Must(ck.C_FindObjectsFinal(session), "C_FindObjectsFinal");
    if (found != 1) {
      fprintf(stderr, "bench: no storage key %s\n", label.c_str());
      abort();
    }
  }

  std::vector<uint8_t> Sign(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key, uint8_t* octets,
                            size_t size, size_t most) {
    CK_MECHANISM mechanism{type, nullptr, 0};
    std::vector<uint8_t> signature(most);
    CK_ULONG length = most;
    Must(ck.C_SignInit(session, &mechanism, key), "C_SignInit");
    Must(ck.C_Sign(session, octets, size, signature.data(), &length), "C_Sign");
    return signature;
  }
  void Verify(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key, uint8_t* octets, size_t size,
              std::vector<uint8_t>& signature) {
    CK_MECHANISM mechanism{type, nullptr, 0};
    Must(ck.C_VerifyInit(session, &mechanism, key), "C_VerifyInit");
    Must(ck.C_Verify(session, octets, size, signature.data(), signature.size()), "C_Verify");
  }

  CK_FUNCTION_LIST& ck;
  CK_SESSION_HANDLE session = 0;
  Pair signer, authenticator, rsa;
  CK_OBJECT_HANDLE storage = 0, exported_public = 0;
  std::vector<uint8_t> wrapped, authentication;
  std::array<uint8_t, 32> digest{};
  std::array<uint8_t, 51> digest_info = DigestInfo();
};

RawWorker::RawWorker(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RawWorker::~RawWorker() = default;

void RawWorker::SignP256() {
  impl_->Sign(CKM_ECDSA, impl_->signer.private_key, impl_->digest.data(), 32, 64);
}

void RawWorker::SignAndVerifyP256() {
  auto signature = impl_->Sign(CKM_ECDSA, impl_->signer.private_key, impl_->digest.data(), 32, 64);
  impl_->Verify(CKM_ECDSA, impl_->signer.public_key, impl_->digest.data(), 32, signature);
}

void RawWorker::SignRsa3072() {
  impl_->Sign(CKM_RSA_PKCS, impl_->rsa.private_key, impl_->digest_info.data(), 51, 384);
}

void RawWorker::SignAndVerifyRsa3072() {
  auto signature =
      impl_->Sign(CKM_RSA_PKCS, impl_->rsa.private_key, impl_->digest_info.data(), 51, 384);
  impl_->Verify(CKM_RSA_PKCS, impl_->rsa.public_key, impl_->digest_info.data(), 51, signature);
}

void RawWorker::ActivateP256() {
  Impl& i = *impl_;
  i.Verify(CKM_ECDSA, i.authenticator.public_key, i.digest.data(), 32, i.authentication);
  CK_OBJECT_CLASS private_key = CKO_PRIVATE_KEY;
  CK_KEY_TYPE ec = CKK_EC;
  CK_ATTRIBUTE attributes[] = {Attribute(CKA_CLASS, private_key), Attribute(CKA_KEY_TYPE, ec),
                               Attribute(CKA_TOKEN, no),          Attribute(CKA_PRIVATE, yes),
                               Attribute(CKA_SENSITIVE, yes),     Attribute(CKA_SIGN, yes),
                               Attribute(CKA_EXTRACTABLE, no)};
  CK_MECHANISM unwrap{CKM_AES_KEY_WRAP_PAD, nullptr, 0};
  CK_OBJECT_HANDLE key = 0;
  Must(i.ck.C_UnwrapKey(i.session, &unwrap, i.storage, i.wrapped.data(), i.wrapped.size(),
                        attributes, std::size(attributes), &key),
       "C_UnwrapKey");
  auto signature = i.Sign(CKM_ECDSA, key, i.digest.data(), 32, 64);
  i.Verify(CKM_ECDSA, i.exported_public, i.digest.data(), 32, signature);
  Must(i.ck.C_DestroyObject(i.session, key), "C_DestroyObject");
}

RawToken::RawToken(const std::string& module_path, const std::string& label, const SecretBytes& pin,
                   const std::string& storage_key)
    : storage_key_(storage_key) {
  void* library = dlopen(module_path.c_str(), RTLD_NOW | RTLD_LOCAL);
  auto* get = library == nullptr
                  ? nullptr
                  : reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList"));
  CK_FUNCTION_LIST* functions = nullptr;
  if (get == nullptr || get(&functions) != CKR_OK) {
    fprintf(stderr, "bench: %s cannot be loaded\n", module_path.c_str());
    abort();
  }
  functions_ = functions;
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  const CK_RV initialised = functions->C_Initialize(&arguments);
  if (initialised != CKR_CRYPTOKI_ALREADY_INITIALIZED) Must(initialised, "C_Initialize");
  std::array<CK_SLOT_ID, 64> slots{};
  CK_ULONG count = slots.size();
  Must(functions->C_GetSlotList(CK_TRUE, slots.data(), &count), "C_GetSlotList");
  bool found = false;
  for (CK_ULONG i = 0; i < count && !found; ++i) {
    CK_TOKEN_INFO info;
    Must(functions->C_GetTokenInfo(slots[i], &info), "C_GetTokenInfo");
    const std::string shown(reinterpret_cast<char*>(info.label), sizeof(info.label));
    found = shown.substr(0, shown.find_last_not_of(' ') + 1) == label;
    slot_ = slots[i];
  }
  if (!found) {
    fprintf(stderr, "bench: no token %s\n", label.c_str());
    abort();
  }
  // Logged in for as long as a session of the process is open; this one is never closed.
  CK_SESSION_HANDLE session = 0;
  Must(functions->C_OpenSession(slot_, CKF_SERIAL_SESSION, nullptr, nullptr, &session),
       "C_OpenSession");
  const ByteView secret = pin.Expose();
  const CK_RV login = functions->C_Login(session, CKU_USER, const_cast<uint8_t*>(secret.data()),
                                         static_cast<CK_ULONG>(secret.size()));
  if (login != CKR_USER_ALREADY_LOGGED_IN) Must(login, "C_Login");
}

std::unique_ptr<RawWorker> RawToken::NewWorker() {
  return std::unique_ptr<RawWorker>(new RawWorker(std::make_unique<RawWorker::Impl>(
      static_cast<CK_FUNCTION_LIST*>(functions_), slot_, storage_key_)));
}

}  // namespace intaglio::bench
