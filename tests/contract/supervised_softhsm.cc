#include "tests/contract/supervised_softhsm.h"

#include <dlfcn.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#include <chrono>

#include "base/file.h"
#include "base/rng.h"
#include "tokens/pkcs11/attributes.h"
#include "tokens/pkcs11/ck_error.h"
#include "tokens/pkcs11/key_generation.h"
#include "tokens/pkcs11/slot.h"
#include "tokens/provision/token_setup.h"

namespace intaglio::testing_support {
namespace {

using namespace intaglio::tokens;

template <class T>
T Must(StatusOr<T> value) {
  if (value.ok()) return std::move(value).value();
  fprintf(stderr, "%s\n", value.status().ToString().c_str());
  abort();
}

void Must(CK_RV rv) {
  if (rv == CKR_OK) return;
  fprintf(stderr, "%s\n", CkName(rv).c_str());
  abort();
}

CK_SLOT_ID SlotOf(const CK_FUNCTION_LIST& ck, const std::string& label) {
  for (const SlotToken& slot : Must(ReadSlots(ck))) {
    if (slot.token.label == label) return slot.slot;
  }
  abort();
}

// A private key of the given value, as a token object that only signs.
void Import(Module& module, const std::string& label, const SecretBytes& pin, const KeyId& id,
            ByteView value) {
  const Module::Call call(module);
  const auto session = Must(Session::Open(module, SlotOf(module.ck(), label), 1));
  Must(module.ck().C_Login(session->handle(), CKU_USER, CkInput(pin.Expose()), pin.size()));
  AttributeTemplate key;
  key.Number(CKA_CLASS, CKO_PRIVATE_KEY).Number(CKA_KEY_TYPE, CKK_EC).True(CKA_TOKEN);
  key.True(CKA_PRIVATE).True(CKA_SENSITIVE).False(CKA_EXTRACTABLE).True(CKA_SIGN);
  key.Octets(CKA_ID, id.octets()).Octets(CKA_LABEL, AsBytes("shared"));
  key.Octets(CKA_EC_PARAMS, Must(FromHex("06082a8648ce3d030107"))).Octets(CKA_VALUE, value);
  CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
  Must(module.ck().C_CreateObject(session->handle(), key.get(), key.size(), &object));
  Must(module.ck().C_Logout(session->handle()));
}

}  // namespace

void RecordingObserver::Transition(const TransitionEvent& event) {
  const std::lock_guard lock(mutex_);
  events_.push_back(event);
  told_.notify_all();
}

bool RecordingObserver::WaitFor(const std::function<bool(const TransitionEvent&)>& fits) {
  std::unique_lock lock(mutex_);
  return told_.wait_for(lock, std::chrono::seconds(10), [&] {
    for (const TransitionEvent& event : events_) {
      if (fits(event)) return true;
    }
    return false;
  });
}

std::vector<std::string> RecordingObserver::Path() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const TransitionEvent& event : events_) {
    out.push_back(std::string(NameOf(event.from)) + ">" + std::string(NameOf(event.to)));
  }
  return out;
}

SupervisedSoftHsm::SupervisedSoftHsm() : softhsm_(Must(SoftHsm::Create())) {
  const Bytes config = Must(ReadFile(softhsm_->config_path(), FileTrust::kAnyMode, 65536));
  const std::string text = AsString(config);
  const std::string key = "directories.tokendir = ";
  const size_t at = text.find(key);
  if (at == std::string::npos) abort();
  const size_t begin = at + key.size();
  token_folder_ = text.substr(begin, text.find('\n', begin) - begin);
}

SupervisedTokenConfig SupervisedSoftHsm::Config(const std::string& label) const {
  SupervisedTokenConfig out{.module_path = softhsm_->module_path(),
                            .selector = Must(TokenSelector::Parse(label)),
                            .pin = softhsm_->Pin(),
                            .limits = {},
                            .idle_timeout = 0,
                            .reinitialise_after = 1'000'000};
  out.limits = {.max_sessions = 4, .cached_keys_per_session = 8, .longest_wait = 5 * kSecond};
  return out;
}

void SupervisedSoftHsm::AddToken(const std::string& label) {
  const auto module = Must(Module::Load(softhsm_->module_path()));
  const SecretBytes officer = SecretBytes::CopyOf(AsBytes("officer-of-the-second"));
  const SecretBytes user = softhsm_->Pin();
  (void)Must(SetUpToken(*module, Must(TokenLabel::Create(label)), {officer, user}, std::nullopt));
}

SharedKey SupervisedSoftHsm::PutSharedKey(const std::string& other) {
  EVP_PKEY* pair = EVP_EC_gen("P-256");
  BIGNUM* number = nullptr;
  uint8_t* der = nullptr;
  if (EVP_PKEY_get_bn_param(pair, OSSL_PKEY_PARAM_PRIV_KEY, &number) != 1) abort();
  Bytes value(32);
  BN_bn2binpad(number, value.data(), 32);
  const int size = i2d_PUBKEY(pair, &der);
  SystemRng rng;
  SharedKey out{Must(KeyId::Create(Must(rng.Draw(16)))), Bytes(der, der + size)};
  OPENSSL_free(der);
  BN_free(number);
  EVP_PKEY_free(pair);
  const auto module = Must(Module::Load(softhsm_->module_path()));
  for (const std::string& label : {std::string("core"), other}) {
    Import(*module, label, softhsm_->Pin(), out.id, value);
  }
  return out;
}

void SupervisedSoftHsm::DestroyBehind(const std::string& module, const std::string& label,
                                      const KeyId& id) {
  void* library = dlopen(module.c_str(), RTLD_NOW | RTLD_NOLOAD);
  const auto get_list = reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList"));
  CK_FUNCTION_LIST* ck = nullptr;
  Must(get_list(&ck));
  CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
  Must(ck->C_OpenSession(SlotOf(*ck, label), CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr,
                         &session));
  AttributeTemplate wanted;
  wanted.Number(CKA_CLASS, CKO_PRIVATE_KEY).True(CKA_TOKEN).Octets(CKA_ID, id.octets());
  Must(ck->C_FindObjectsInit(session, wanted.get(), wanted.size()));
  CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
  CK_ULONG count = 0;
  Must(ck->C_FindObjects(session, &object, 1, &count));
  Must(ck->C_FindObjectsFinal(session));
  if (count != 1) abort();
  Must(ck->C_DestroyObject(session, object));
  Must(ck->C_CloseSession(session));
  dlclose(library);
}

}  // namespace intaglio::testing_support
