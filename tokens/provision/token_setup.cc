#include "tokens/provision/token_setup.h"

#include "tokens/pkcs11/attributes.h"
#include "tokens/pkcs11/ck_error.h"
#include "tokens/pkcs11/key_generation.h"
#include "tokens/pkcs11/reasons.h"
#include "tokens/pkcs11/slot.h"

namespace intaglio::tokens {
namespace {

StatusOr<CK_SLOT_ID> BlankSlot(const std::vector<SlotToken>& slots, const TokenLabel& label) {
  for (const SlotToken& slot : slots) {
    if ((slot.flags & CKF_TOKEN_INITIALIZED) && slot.token.label == label.text()) {
      return Fail(kTokenAmbiguous, "a token '" + label.text() + "' exists already (serial " +
                                       slot.token.serial + ")");
    }
  }
  for (const SlotToken& slot : slots) {
    if (!(slot.flags & CKF_TOKEN_INITIALIZED)) return slot.slot;
  }
  return Fail(kTokenNotFound, "no slot holds a blank token");
}

// The slot moves when its token is initialised.
StatusOr<SlotToken> TokenNamed(Module& module, const TokenLabel& label) {
  ASSIGN_OR_RETURN(const std::vector<SlotToken> slots, ReadSlots(module.ck()));
  for (const SlotToken& slot : slots) {
    if ((slot.flags & CKF_TOKEN_INITIALIZED) && slot.token.label == label.text()) return slot;
  }
  return Fail(kTokenNotFound, "the module shows no token '" + label.text() + "'");
}

// Only the security officer can make a key CKA_TRUSTED. It is public because he, who makes it, may
// not make private objects; the token still never gives its value away.
Status MakeStorageKey(Session& session, const KeyLabel& label) {
  AttributeTemplate wanted;
  wanted.Number(CKA_VALUE_LEN, 32).Octets(CKA_LABEL, AsBytes(label.text()));
  wanted.True(CKA_TOKEN).False(CKA_PRIVATE).True(CKA_SENSITIVE).False(CKA_EXTRACTABLE);
  wanted.True(CKA_TRUSTED).True(CKA_WRAP).True(CKA_UNWRAP);
  wanted.False(CKA_ENCRYPT).False(CKA_DECRYPT).False(CKA_SIGN).False(CKA_VERIFY);
  wanted.False(CKA_DERIVE).False(CKA_MODIFIABLE);
  CK_MECHANISM mechanism{CKM_AES_KEY_GEN, nullptr, 0};
  CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
  RETURN_IF_ERROR(FromCk(
      "C_GenerateKey",
      session.ck().C_GenerateKey(session.handle(), &mechanism, wanted.get(), wanted.size(), &key)));
  const Status fit = CheckStorageKey(session, key);
  if (!fit.ok()) (void)session.DestroyObject(key);
  return fit;
}

}  // namespace

StatusOr<TokenDescription> SetUpToken(Module& module, const TokenLabel& label, SetupPins pins,
                                      const std::optional<KeyLabel>& storage_key) {
  const Module::Call call(module);
  RETURN_IF_ERROR(call.status());
  const auto& ck = module.ck();
  const ByteView so_pin = pins.security_officer.Expose();
  const ByteView user_pin = pins.user.Expose();
  ASSIGN_OR_RETURN(const std::vector<SlotToken> slots, ReadSlots(ck));
  ASSIGN_OR_RETURN(const CK_SLOT_ID blank, BlankSlot(slots, label));
  std::string padded = label.text();
  padded.resize(32, ' ');
  RETURN_IF_ERROR(FromCk("C_InitToken", ck.C_InitToken(blank, CkInput(so_pin), so_pin.size(),
                                                       CkInput(AsBytes(padded)))));
  ASSIGN_OR_RETURN(const SlotToken made, TokenNamed(module, label));
  ASSIGN_OR_RETURN(const auto session, Session::Open(module, made.slot, 1));
  RETURN_IF_ERROR(
      FromCk("C_Login", ck.C_Login(session->handle(), CKU_SO, CkInput(so_pin), so_pin.size())));
  RETURN_IF_ERROR(
      FromCk("C_InitPIN", ck.C_InitPIN(session->handle(), CkInput(user_pin), user_pin.size())));
  if (storage_key) RETURN_IF_ERROR(MakeStorageKey(*session, *storage_key));
  RETURN_IF_ERROR(FromCk("C_Logout", ck.C_Logout(session->handle())));
  return made.token;
}

Status CheckStorageKeyOf(Module& module, const TokenLabel& label, const KeyLabel& storage_key) {
  const Module::Call call(module);
  RETURN_IF_ERROR(call.status());
  ASSIGN_OR_RETURN(const SlotToken found, TokenNamed(module, label));
  ASSIGN_OR_RETURN(const auto session, Session::Open(module, found.slot, 1));
  const auto key = FindSecretKeyObject(*session, storage_key);
  if (Is(key.status(), kNotLoggedIn)) {
    return Fail(kKeyNotFound, "the token holds no public secret key '" + storage_key.text() + "'");
  }
  RETURN_IF_ERROR(key.status());
  return CheckStorageKey(*session, *key);
}

}  // namespace intaglio::tokens
