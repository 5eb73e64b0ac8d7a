// Who may do what: logins, trusted wrapping, the security officer.
#include "hardware-sim/qualify/battery.h"

namespace intaglio::sim {
namespace {

using As = QualifySession::As;

constexpr char kLabel[] = "intaglio-qualify";

Template One(CK_ATTRIBUTE_TYPE type, bool value) {
  Template out;
  out.Flag(type, value);
  return out;
}

Finding NothingWithoutLogin(const Cryptoki& cryptoki) {
  QualifySession session(cryptoki, As::kNobody);
  if (session.rv() != CKR_OK) return NotSupported(Said("C_OpenSession", session.rv()));
  KeyPairHandles keys;
  return MustRefuse("C_GenerateKeyPair of a private key without a login",
                    session.GenerateP256({}, &keys));
}

Finding PrivateObjectsAreHidden(const Cryptoki& cryptoki) {
  QualifySession session(cryptoki, As::kUser);
  if (session.rv() != CKR_OK) return NotSupported(Said("C_Login", session.rv()));
  Template labelled;
  labelled.Text(CKA_LABEL, kLabel);
  KeyPairHandles keys;
  CK_RV rv = session.GenerateP256(labelled, &keys);
  if (rv != CKR_OK) return NotSupported(Said("C_GenerateKeyPair", rv));
  size_t before = 0, after = 0;
  session.Count(kLabel, &before);
  rv = session.Logout();
  if (rv != CKR_OK) return NotSupported(Said("C_Logout", rv));
  session.Count(kLabel, &after);
  Bytes signature;
  const CK_RV used = session.Sign(keys.secret, Bytes(32, 1), &signature);
  const std::string evidence = "found " + std::to_string(before) + " before C_Logout and " +
                               std::to_string(after) + " after; " + Said("C_Sign then", used);
  return after == 0 && used != CKR_OK ? Pass(evidence) : Fails(evidence);
}

Finding WrongPinIsRefused(const Cryptoki& cryptoki) {
  QualifySession session(cryptoki, As::kNobody);
  if (session.rv() != CKR_OK) return NotSupported(Said("C_OpenSession", session.rv()));
  Bytes wrong = ToBytes(cryptoki.module().pin.Expose());
  wrong.back() ^= 1;
  const CK_RV rv = session.Login(CKU_USER, SecretBytes::WipeAndTake(wrong));
  const CK_FLAGS flags = cryptoki.TokenInfo().flags;
  const CK_RV right = session.Login(CKU_USER, cryptoki.module().pin);
  const std::string evidence =
      Said("C_Login with a wrong PIN", rv) +
      ((flags & CKF_USER_PIN_COUNT_LOW) != 0 ? ", CKF_USER_PIN_COUNT_LOW set" : "") + "; " +
      Said("with the right one", right);
  return rv == CKR_PIN_INCORRECT && right == CKR_OK ? Pass(evidence) : Fails(evidence);
}

Finding AlwaysAuthenticate(const Cryptoki& cryptoki) {
  QualifySession session(cryptoki, As::kUser);
  if (session.rv() != CKR_OK) return NotSupported(Said("C_Login", session.rv()));
  KeyPairHandles keys;
  CK_RV rv = session.GenerateP256(One(CKA_ALWAYS_AUTHENTICATE, true), &keys);
  if (rv != CKR_OK) return NotSupported(Said("a key with ALWAYS_AUTHENTICATE=TRUE", rv));
  Bytes signature;
  const CK_RV without = session.Sign(keys.secret, Bytes(32, 1), &signature);
  if (without == CKR_OK) return Fails(Said("C_Sign without another login", without));
  rv = session.SignInit(keys.secret);
  if (rv != CKR_OK) return NotSupported(Said("C_SignInit", rv));
  const CK_RV login = session.Login(CKU_CONTEXT_SPECIFIC, cryptoki.module().pin);
  const CK_RV first = session.SignFinal(Bytes(32, 1), &signature);
  const CK_RV second = session.Sign(keys.secret, Bytes(32, 2), &signature);
  const std::string evidence = Said("C_Sign without another login", without) + "; " +
                               Said("C_Login for it", login) + "; " + Said("C_Sign", first) + "; " +
                               Said("the next C_Sign", second);
  return first == CKR_OK && second != CKR_OK ? Pass(evidence) : Fails(evidence);
}

Finding OnlyTrustedKeysWrap(const Cryptoki& cryptoki) {
  QualifySession session(cryptoki, As::kUser);
  if (session.rv() != CKR_OK) return NotSupported(Said("C_Login", session.rv()));
  Template secret;
  secret.Flag(CKA_EXTRACTABLE, true).Flag(CKA_WRAP_WITH_TRUSTED, true);
  KeyPairHandles keys;
  CK_RV rv = session.GenerateP256(secret, &keys);
  if (rv != CKR_OK) return NotSupported(Said("a key with WRAP_WITH_TRUSTED=TRUE", rv));
  CK_OBJECT_HANDLE wrapping = 0;
  rv = session.GenerateAes({}, &wrapping);
  if (rv != CKR_OK) return NotSupported(Said("C_GenerateKey(AES)", rv));
  if (!cryptoki.Has(CKM_AES_KEY_WRAP_PAD)) return NotSupported("no CKM_AES_KEY_WRAP_PAD");
  Bytes wrapped;
  const CK_RV refused = session.Wrap(wrapping, keys.secret, &wrapped);
  const CK_RV dropped = session.Set(keys.secret, One(CKA_WRAP_WITH_TRUSTED, false));
  bool still = true;
  session.Flag(keys.secret, CKA_WRAP_WITH_TRUSTED, &still);
  const std::string evidence = Said("C_WrapKey under a key that is not trusted", refused) + "; " +
                               Said("WRAP_WITH_TRUSTED=FALSE", dropped);
  return refused != CKR_OK && still ? Pass(evidence) : Fails(evidence);
}

Finding UserMakesNothingTrusted(const Cryptoki& cryptoki) {
  QualifySession session(cryptoki, As::kUser);
  if (session.rv() != CKR_OK) return NotSupported(Said("C_Login", session.rv()));
  CK_OBJECT_HANDLE made = 0, plain = 0;
  const CK_RV at_once = session.GenerateAes(One(CKA_TRUSTED, true), &made);
  bool trusted_at_once = false, trusted_later = false;
  if (at_once == CKR_OK) session.Flag(made, CKA_TRUSTED, &trusted_at_once);
  CK_RV rv = session.GenerateAes({}, &plain);
  if (rv != CKR_OK) return NotSupported(Said("C_GenerateKey(AES)", rv));
  const CK_RV later = session.Set(plain, One(CKA_TRUSTED, true));
  session.Flag(plain, CKA_TRUSTED, &trusted_later);
  const std::string evidence =
      Said("C_GenerateKey with TRUSTED=TRUE", at_once) + "; " + Said("C_SetAttributeValue", later);
  return trusted_at_once || trusted_later ? Fails(evidence) : Pass(evidence);
}

Finding OfficerKnowsNoTrustedKey(const Cryptoki& cryptoki) {
  if (!cryptoki.module().so_pin) return NotSupported("no security officer's PIN was given");
  QualifySession session(cryptoki, As::kSecurityOfficer);
  if (session.rv() != CKR_OK) return NotSupported(Said("C_Login(CKU_SO)", session.rv()));
  Template known;
  known.Number(CKA_CLASS, CKO_SECRET_KEY)
      .Number(CKA_KEY_TYPE, CKK_AES)
      .Flag(CKA_TOKEN, false)
      .Flag(CKA_PRIVATE, false)
      .Flag(CKA_WRAP, true)
      .Flag(CKA_TRUSTED, true)
      .Octets(CKA_VALUE, Bytes(32, 7));
  CK_OBJECT_HANDLE key = 0;
  const CK_RV rv = session.Create(known, &key);
  bool trusted = false;
  if (rv == CKR_OK) session.Flag(key, CKA_TRUSTED, &trusted);
  const std::string evidence = Said("C_CreateObject of a trusted key of known value", rv);
  return trusted ? Fails(evidence) : Pass(evidence);
}

Finding WrappingKeysOnlyWrap(const Cryptoki& cryptoki) {
  QualifySession session(cryptoki, As::kUser);
  if (session.rv() != CKR_OK) return NotSupported(Said("C_Login", session.rv()));
  CK_OBJECT_HANDLE wrapping = 0;
  Template only;
  only.Flag(CKA_DECRYPT, false).Flag(CKA_ENCRYPT, false);
  CK_RV rv = session.GenerateAes(only, &wrapping);
  if (rv != CKR_OK) return NotSupported(Said("C_GenerateKey(AES)", rv));
  CK_BYTE iv[16] = {};
  CK_MECHANISM mechanism{CKM_AES_CBC_PAD, iv, sizeof iv};
  if (!cryptoki.Has(CKM_AES_CBC_PAD)) return NotSupported("no CKM_AES_CBC_PAD");
  return MustRefuse("C_DecryptInit with a key that only wraps",
                    cryptoki->C_DecryptInit(session.handle(), &mechanism, wrapping));
}

Finding ReadOnlySessionsMakeNoTokenObjects(const Cryptoki& cryptoki) {
  QualifySession session(cryptoki, As::kUser, /*read_write=*/false);
  if (session.rv() != CKR_OK) return NotSupported(Said("C_OpenSession", session.rv()));
  Template token;
  token.Flag(CKA_TOKEN, true).Text(CKA_LABEL, kLabel);
  KeyPairHandles keys;
  const CK_RV rv = session.GenerateP256(token, &keys);
  if (rv == CKR_OK) session.Destroy(keys.secret);
  return MustRefuse("C_GenerateKeyPair with TOKEN=TRUE in a read-only session", rv);
}

Finding PinLocks(const Cryptoki& cryptoki) {
  if (!cryptoki.module().so_pin) return NotSupported("no security officer's PIN was given");
  constexpr int kMostTries = 20;
  int tries = 0;
  CK_RV rv = CKR_PIN_INCORRECT;
  {
    QualifySession session(cryptoki, As::kNobody);
    if (session.rv() != CKR_OK) return NotSupported(Said("C_OpenSession", session.rv()));
    Bytes wrong = ToBytes(cryptoki.module().pin.Expose());
    wrong.back() ^= 1;
    const SecretBytes pin = SecretBytes::WipeAndTake(wrong);
    while (tries < kMostTries && rv == CKR_PIN_INCORRECT) {
      rv = session.Login(CKU_USER, pin);
      ++tries;
    }
  }
  QualifySession officer(cryptoki, As::kSecurityOfficer);
  const SecretBytes& pin = cryptoki.module().pin;
  const CK_RV reset =
      officer.rv() == CKR_OK
          ? cryptoki->C_InitPIN(officer.handle(), const_cast<CK_BYTE*>(pin.Expose().data()),
                                static_cast<CK_ULONG>(pin.size()))
          : officer.rv();
  const std::string evidence = Said("after " + std::to_string(tries) + " wrong PINs", rv) + "; " +
                               Said("C_InitPIN by the security officer", reset);
  return rv == CKR_PIN_LOCKED && reset == CKR_OK ? Pass(evidence) : Fails(evidence);
}

constexpr Check kChecks[] = {
    {"login.needed", "Private keys are made by a logged-in user only",
     "Anybody at the socket could use the device.", NothingWithoutLogin},
    {"login.private", "Private objects are neither seen nor used after the logout",
     "The login would protect the first moment only.", PrivateObjectsAreHidden},
    {"login.wrong-pin", "A wrong PIN is refused and said to be wrong",
     "Software cannot tell a wrong PIN from a broken device and will try again.",
     WrongPinIsRefused},
    {"login.each-use", "A key with ALWAYS_AUTHENTICATE asks for a login at each use",
     "One login would sign any number of documents.", AlwaysAuthenticate},
    {"wrap.trusted-only", "A key with WRAP_WITH_TRUSTED is wrapped by trusted keys alone, for ever",
     "The user could wrap it under a key of the user's own.", OnlyTrustedKeysWrap},
    {"wrap.user-trusted", "The user makes no key trusted", "Trust that its subject grants is none.",
     UserMakesNothingTrusted},
    {"wrap.officer-trusted",
     "The security officer makes no trusted key of a value the officer knows",
     "Whoever has the security officer's PIN can take wrapped keys out: split or discard that PIN.",
     OfficerKnowsNoTrustedKey},
    {"wrap.only", "A wrapping key does not decrypt",
     "What it wraps could be decrypted into the clear.", WrappingKeysOnlyWrap},
    {"session.read-only", "A read-only session makes no token objects",
     "Whoever may only read could write.", ReadOnlySessionsMakeNoTokenObjects},
};
constexpr Check kLockingChecks[] = {
    {"login.lock", "Wrong PINs lock the PIN, and the security officer sets it anew",
     "The PIN can be guessed.", PinLocks},
};

}  // namespace

std::span<const Check> AccessChecks() { return kChecks; }
std::span<const Check> LockingChecks() { return kLockingChecks; }

}  // namespace intaglio::sim
