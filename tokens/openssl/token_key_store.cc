#include "tokens/openssl/token_key_store.h"

#include <openssl/err.h>

#include <algorithm>

#include "base/rng.h"
#include "tokens/openssl/key_pair_generation.h"
#include "tokens/openssl/module_context.h"
#include "tokens/openssl/reasons.h"

namespace intaglio::tokens {
namespace {

std::string Text(const char* text) { return text == nullptr ? "" : text; }

// libp11 takes a C string.
StatusOr<SecretBytes> TerminatedPin(const SecretBytes& pin) {
  const ByteView octets = pin.Expose();
  if (octets.empty() || octets.size() > 255 || std::ranges::find(octets, 0) != octets.end()) {
    return Fail(kStoreInputInvalid, "a PIN has 1 to 255 octets, none of them zero");
  }
  SecretBytes out(octets.size() + 1);
  std::ranges::copy(octets, out.ExposeMutable().begin());
  return out;
}

Status CheckLabel(std::string_view label) {
  const bool printable = std::ranges::all_of(label, [](char c) { return c >= 0x20 && c <= 0x7e; });
  if (!label.empty() && label.size() <= 64 && printable) return OkStatus();
  return Fail(kStoreInputInvalid, "a key label has 1 to 64 printable ASCII characters");
}

// Slots are the context's; its mutex is held.
StatusOr<PKCS11_SLOT*> FindSlot(ModuleContext& context, const std::string& label) {
  PKCS11_SLOT* found = nullptr;
  std::string shown;
  int matches = 0;
  for (PKCS11_SLOT& slot : context.slots()) {
    if (slot.token == nullptr || !slot.token->initialized) continue;
    if (Text(slot.token->label) == label) {
      found = &slot;
      ++matches;
    }
    shown += (shown.empty() ? "'" : ", '") + Text(slot.token->label) + "' (serial " +
             Text(slot.token->serialnr) + ")";
  }
  if (matches == 1) return found;
  return Fail(kStoreTokenNotFound, std::to_string(matches) + " tokens are named '" + label + "'; " +
                                       context.path() + " shows " +
                                       (shown.empty() ? "no initialised token" : shown));
}

Status LogIn(PKCS11_SLOT* slot, const SecretBytes& pin) {
  ASSIGN_OR_RETURN(const SecretBytes terminated, TerminatedPin(pin));
  ERR_clear_error();
  const auto* text = reinterpret_cast<const char*>(terminated.Expose().data());
  if (PKCS11_login(slot, 0, text) == 0) return OkStatus();
  return Fail(kStoreLogin, "token '" + Text(slot->token->label) + "': " + DrainOpensslErrors());
}

struct KeySearch {
  PKCS11_KEY* key = nullptr;
  int matches = 0;
  std::string shown;
};

// The result is good until the next search.
StatusOr<KeySearch> SearchKey(PKCS11_SLOT* slot, std::string_view label) {
  PKCS11_KEY* keys = nullptr;
  unsigned int count = 0;
  ERR_clear_error();
  if (PKCS11_enumerate_keys(slot->token, &keys, &count) != 0) {
    return Fail(kStoreFailure, "PKCS11_enumerate_keys: " + DrainOpensslErrors());
  }
  KeySearch out;
  for (unsigned int i = 0; i < count; ++i) {
    if (Text(keys[i].label) == label) {
      out.key = &keys[i];
      ++out.matches;
    }
    out.shown += (out.shown.empty() ? "'" : ", '") + Text(keys[i].label) + "'";
  }
  return out;
}

}  // namespace

struct TokenKeyStore::OpenToken {
  std::shared_ptr<ModuleContext> context;
  PKCS11_SLOT* slot;
};

void KeyLease::Free::operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }

TokenKeyStore::TokenKeyStore(TokenAddress address, SecretBytes pin)
    : address_(std::move(address)), pin_(std::move(pin)) {}
TokenKeyStore::~TokenKeyStore() = default;

StatusOr<std::unique_ptr<TokenKeyStore>> TokenKeyStore::Open(TokenAddress address,
                                                             const SecretBytes& pin) {
  std::unique_ptr<TokenKeyStore> store(
      new TokenKeyStore(std::move(address), SecretBytes::CopyOf(pin.Expose())));
  RETURN_IF_ERROR(store->Connect());
  return store;
}

Status TokenKeyStore::Connect() {
  ASSIGN_OR_RETURN(auto context, ModuleContext::Share(address_.module_path));
  const std::lock_guard lock(context->mutex());
  ASSIGN_OR_RETURN(PKCS11_SLOT * slot, FindSlot(*context, address_.token_label));
  RETURN_IF_ERROR(LogIn(slot, pin_));
  open_ = std::make_shared<OpenToken>(OpenToken{context, slot});
  return OkStatus();
}

StatusOr<KeyLease> TokenKeyStore::Find(std::string_view label) {
  const std::lock_guard lock(mutex_);
  if (!open_) return Fail(kStoreModule, "the last Reload() failed; reload again");
  const std::lock_guard module_lock(open_->context->mutex());
  ASSIGN_OR_RETURN(const KeySearch search, SearchKey(open_->slot, label));
  const std::string name = "'" + std::string(label) + "'";
  if (search.matches == 0) {
    return Fail(kStoreKeyNotFound, "no private key " + name + " in token '" + address_.token_label +
                                       "', which holds " +
                                       (search.shown.empty() ? "none" : search.shown));
  }
  if (search.matches > 1) {
    return Fail(kStoreKeyAmbiguous, std::to_string(search.matches) + " private keys are " + name);
  }
  EVP_PKEY* key = PKCS11_get_private_key(search.key);
  if (key == nullptr) {
    return Fail(kStoreFailure, "PKCS11_get_private_key: " + DrainOpensslErrors());
  }
  ERR_clear_error();
  return KeyLease(open_->context, key);
}

Status TokenKeyStore::GenerateP256(std::string_view label) {
  RETURN_IF_ERROR(CheckLabel(label));
  const std::lock_guard lock(mutex_);
  if (!open_) return Fail(kStoreModule, "the last Reload() failed; reload again");
  const std::lock_guard module_lock(open_->context->mutex());
  ASSIGN_OR_RETURN(const KeySearch search, SearchKey(open_->slot, label));
  if (search.matches > 0) {
    return Fail(kStoreKeyExists, "token '" + address_.token_label + "' holds a private key '" +
                                     std::string(label) + "'");
  }
  SystemRng rng;
  ASSIGN_OR_RETURN(const Bytes id, rng.Draw(16));
  return GenerateP256Pair({open_->context->path(), PKCS11_get_slotid_from_slot(open_->slot)}, label,
                          PairId{id});
}

Status TokenKeyStore::Reload() {
  const std::lock_guard lock(mutex_);
  if (open_) {
    // Ours is the only reference, and only we could hand out another.
    if (open_->context.use_count() > 1) {
      return Fail(kStoreBusy, "give back every key lease and close other stores of " +
                                  open_->context->path() + " first");
    }
    open_.reset();
  }
  return Connect();
}

}  // namespace intaglio::tokens
