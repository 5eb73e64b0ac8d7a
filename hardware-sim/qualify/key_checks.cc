// What happens to keys: whether they stay, and whether attributes tell the truth.
#include "hardware-sim/qualify/battery.h"

namespace intaglio::sim {
namespace {

using As = QualifySession::As;

// A pair in a fresh session, or why there is none.
struct Pair {
  explicit Pair(const Cryptoki& cryptoki, const Template& secret = {})
      : session(cryptoki, As::kUser) {
    rv = session.rv() == CKR_OK ? session.GenerateP256(secret, &keys) : session.rv();
  }
  Finding Missing() const { return NotSupported(Said("C_GenerateKeyPair", rv)); }
  QualifySession session;
  KeyPairHandles keys;
  CK_RV rv;
};

Template One(CK_ATTRIBUTE_TYPE type, bool value) {
  Template out;
  out.Flag(type, value);
  return out;
}

// Private value 1: everybody knows it, and its public point is the curve's base point.
Template KnownPrivateKey() {
  constexpr CK_BYTE curve[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
  Bytes one(32, 0);
  one.back() = 1;
  Template out = SecretSigningKey();
  out.Number(CKA_CLASS, CKO_PRIVATE_KEY)
      .Number(CKA_KEY_TYPE, CKK_EC)
      .Octets(CKA_EC_PARAMS, curve)
      .Octets(CKA_VALUE, one);
  return out;
}

Finding ValueUnreadable(const Cryptoki& cryptoki) {
  Pair pair(cryptoki);
  if (pair.rv != CKR_OK) return pair.Missing();
  Bytes value;
  const CK_RV rv = pair.session.Read(pair.keys.secret, CKA_VALUE, &value);
  if (rv == CKR_OK && value.empty()) return Pass("C_GetAttributeValue(CKA_VALUE): no octets");
  return MustRefuse("C_GetAttributeValue(CKA_VALUE) of a sensitive key", rv);
}

Finding WrapRefused(const Cryptoki& cryptoki) {
  Pair pair(cryptoki);
  if (pair.rv != CKR_OK) return pair.Missing();
  CK_OBJECT_HANDLE wrapping = 0;
  const CK_RV made = pair.session.GenerateAes({}, &wrapping);
  if (made != CKR_OK) return NotSupported(Said("C_GenerateKey(AES)", made));
  if (!cryptoki.Has(CKM_AES_KEY_WRAP_PAD)) return NotSupported("no CKM_AES_KEY_WRAP_PAD");
  Bytes wrapped;
  return MustRefuse("C_WrapKey of a key with EXTRACTABLE=FALSE",
                    pair.session.Wrap(wrapping, pair.keys.secret, &wrapped));
}

Finding AttributesHardenOnly(const Cryptoki& cryptoki) {
  Pair pair(cryptoki);
  if (pair.rv != CKR_OK) return pair.Missing();
  const CK_RV extractable = pair.session.Set(pair.keys.secret, One(CKA_EXTRACTABLE, true));
  const CK_RV sensitive = pair.session.Set(pair.keys.secret, One(CKA_SENSITIVE, false));
  bool now_extractable = false, now_sensitive = true;
  pair.session.Flag(pair.keys.secret, CKA_EXTRACTABLE, &now_extractable);
  pair.session.Flag(pair.keys.secret, CKA_SENSITIVE, &now_sensitive);
  const std::string evidence = Said("EXTRACTABLE=TRUE", extractable) + "; " +
                               Said("SENSITIVE=FALSE", sensitive) +
                               "; then EXTRACTABLE=" + (now_extractable ? "TRUE" : "FALSE") +
                               ", SENSITIVE=" + (now_sensitive ? "TRUE" : "FALSE");
  return now_extractable || !now_sensitive ? Fails(evidence) : Pass(evidence);
}

Finding CopyKeepsRestrictions(const Cryptoki& cryptoki) {
  Pair pair(cryptoki);
  if (pair.rv != CKR_OK) return pair.Missing();
  CK_OBJECT_HANDLE copy = 0;
  const CK_RV extractable = pair.session.Copy(pair.keys.secret, One(CKA_EXTRACTABLE, true), &copy);
  bool leaks = false;
  if (extractable == CKR_OK) pair.session.Flag(copy, CKA_EXTRACTABLE, &leaks);
  const CK_RV sensitive = pair.session.Copy(pair.keys.secret, One(CKA_SENSITIVE, false), &copy);
  bool still_sensitive = true;
  if (sensitive == CKR_OK) pair.session.Flag(copy, CKA_SENSITIVE, &still_sensitive);
  const std::string evidence = Said("C_CopyObject with EXTRACTABLE=TRUE", extractable) + "; " +
                               Said("with SENSITIVE=FALSE", sensitive);
  if (extractable == CKR_FUNCTION_NOT_SUPPORTED) return NotSupported(evidence);
  return leaks || !still_sensitive ? Fails(evidence) : Pass(evidence);
}

Finding OriginOfGenerated(const Cryptoki& cryptoki) {
  Pair pair(cryptoki);
  if (pair.rv != CKR_OK) return pair.Missing();
  std::string evidence;
  bool all = true;
  const std::pair<CK_ATTRIBUTE_TYPE, const char*> wanted[] = {
      {CKA_LOCAL, "LOCAL"},
      {CKA_ALWAYS_SENSITIVE, "ALWAYS_SENSITIVE"},
      {CKA_NEVER_EXTRACTABLE, "NEVER_EXTRACTABLE"}};
  for (const auto& [type, name] : wanted) {
    bool value = false;
    const CK_RV rv = pair.session.Flag(pair.keys.secret, type, &value);
    all = all && rv == CKR_OK && value;
    evidence += std::string(evidence.empty() ? "" : ", ") + name + "=" +
                (rv == CKR_OK ? (value ? "TRUE" : "FALSE") : Said("", rv));
  }
  return all ? Pass(evidence) : Fails(evidence);
}

// What a key of foreign origin claims about itself.
Finding ForeignOrigin(QualifySession& session, CK_OBJECT_HANDLE key, const std::string& how) {
  bool local = false, never = false, always = false;
  session.Flag(key, CKA_LOCAL, &local);
  session.Flag(key, CKA_NEVER_EXTRACTABLE, &never);
  session.Flag(key, CKA_ALWAYS_SENSITIVE, &always);
  const std::string evidence = how + ": LOCAL=" + (local ? "TRUE" : "FALSE") +
                               ", NEVER_EXTRACTABLE=" + (never ? "TRUE" : "FALSE") +
                               ", ALWAYS_SENSITIVE=" + (always ? "TRUE" : "FALSE");
  return local || never || always ? Fails(evidence) : Pass(evidence);
}

Finding ImportIsNotLocal(const Cryptoki& cryptoki) {
  QualifySession session(cryptoki, As::kUser);
  CK_OBJECT_HANDLE key = 0;
  const CK_RV rv = session.rv() == CKR_OK ? session.Create(KnownPrivateKey(), &key) : session.rv();
  // A device that takes no private keys at all needs no honesty about them.
  if (rv != CKR_OK) return Pass(Said("C_CreateObject of a private key is refused", rv));
  return ForeignOrigin(session, key, "C_CreateObject");
}

Finding ImportCannotClaim(const Cryptoki& cryptoki) {
  QualifySession session(cryptoki, As::kUser);
  if (session.rv() != CKR_OK) return NotSupported(Said("C_Login", session.rv()));
  Template claiming = KnownPrivateKey();
  claiming.Flag(CKA_LOCAL, true).Flag(CKA_NEVER_EXTRACTABLE, true);
  CK_OBJECT_HANDLE key = 0;
  const CK_RV rv = session.Create(claiming, &key);
  if (rv != CKR_OK) return Pass(Said("C_CreateObject with LOCAL=TRUE", rv));
  return ForeignOrigin(session, key, "C_CreateObject with LOCAL=TRUE");
}

Finding UnwrappedIsNotLocal(const Cryptoki& cryptoki) {
  Pair pair(cryptoki, One(CKA_EXTRACTABLE, true));
  if (pair.rv != CKR_OK) return pair.Missing();
  CK_OBJECT_HANDLE wrapping = 0;
  CK_RV rv = pair.session.GenerateAes({}, &wrapping);
  if (rv != CKR_OK) return NotSupported(Said("C_GenerateKey(AES)", rv));
  Bytes wrapped;
  rv = pair.session.Wrap(wrapping, pair.keys.secret, &wrapped);
  if (rv != CKR_OK) return NotSupported(Said("C_WrapKey", rv));
  CK_OBJECT_HANDLE key = 0;
  rv = pair.session.Unwrap(wrapping, wrapped, {}, &key);
  if (rv != CKR_OK) return NotSupported(Said("C_UnwrapKey", rv));
  return ForeignOrigin(pair.session, key, "C_UnwrapKey");
}

Finding DestroyedIsGone(const Cryptoki& cryptoki) {
  Pair pair(cryptoki);
  if (pair.rv != CKR_OK) return pair.Missing();
  const CK_RV destroyed = pair.session.Destroy(pair.keys.secret);
  if (destroyed != CKR_OK) return Fails(Said("C_DestroyObject", destroyed));
  Bytes signature;
  return MustRefuse("C_Sign with a destroyed key",
                    pair.session.Sign(pair.keys.secret, Bytes(32, 1), &signature));
}

Finding UseIsKept(const Cryptoki& cryptoki) {
  Pair pair(cryptoki, One(CKA_SIGN, false));
  if (pair.rv != CKR_OK) return Pass(Said("a key with SIGN=FALSE is not made", pair.rv));
  Bytes signature;
  return MustRefuse("C_Sign with a key with SIGN=FALSE",
                    pair.session.Sign(pair.keys.secret, Bytes(32, 1), &signature));
}

constexpr Check kChecks[] = {
    {"key.value", "The value of a sensitive key cannot be read",
     "Whoever has the PIN has the key itself, and sole control ends with the first copy.",
     ValueUnreadable},
    {"key.stays", "A key with EXTRACTABLE=FALSE cannot be wrapped",
     "A wrapped copy under a key of one's own choosing is the key in the clear.", WrapRefused},
    {"key.hardens", "EXTRACTABLE and SENSITIVE change in one direction only",
     "The attributes mean nothing if their holder can take them back.", AttributesHardenOnly},
    {"key.copy", "A copy is as restricted as its original",
     "A copy that may leave is a way out for every key.", CopyKeepsRestrictions},
    {"key.destroyed", "A destroyed key cannot be used",
     "Keys of revoked certificates must be gone.", DestroyedIsGone},
    {"key.use", "A key does only what its attributes allow",
     "A key for one purpose would sign for another.", UseIsKept},
    {"origin.generated", "A key made inside says LOCAL, ALWAYS_SENSITIVE, NEVER_EXTRACTABLE",
     "Origin cannot be told from attributes; take other evidence.", OriginOfGenerated},
    {"origin.imported", "A key put in from outside does not claim to be made inside",
     "A key that many know would pass for one born in the device.", ImportIsNotLocal},
    {"origin.claimed", "Whoever puts a key in cannot make it claim to be made inside",
     "A key that many know would pass for one born in the device.", ImportCannotClaim},
    {"origin.unwrapped", "An unwrapped key does not claim to be made inside",
     "Its value may have been chosen outside and wrapped there.", UnwrappedIsNotLocal},
};

}  // namespace

std::span<const Check> KeyChecks() { return kChecks; }

}  // namespace intaglio::sim
