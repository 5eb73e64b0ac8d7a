#include "tokens/pkcs11/key_generation.h"

#include "tokens/pkcs11/ck_error.h"
#include "tokens/pkcs11/key_shape.h"
#include "tokens/pkcs11/reasons.h"

namespace intaglio::tokens {
namespace {

constexpr CK_ULONG kMaxWrapped = 8192;

// Names each attribute that is not as it was asked for.
class OriginJudge final {
 public:
  void Expect(const char* attribute, bool found, bool wanted) {
    if (found == wanted) return;
    differences_ +=
        std::string(differences_.empty() ? "" : ", ") + attribute + (found ? "=TRUE" : "=FALSE");
  }
  void ExpectMechanism(uint64_t found, CK_MECHANISM_TYPE wanted) {
    if (found == wanted) return;
    differences_ += std::string(differences_.empty() ? "" : ", ") +
                    "CKA_KEY_GEN_MECHANISM=" + std::to_string(found);
  }
  Status Verdict() const {
    if (differences_.empty()) return OkStatus();
    return Fail(kOriginMismatch, "the token says of the key it just made: " + differences_);
  }

 private:
  std::string differences_;
};

void PublicTemplate(AttributeTemplate& out, KeyAlgorithm algorithm) {
  out.False(CKA_TOKEN).False(CKA_PRIVATE).True(CKA_VERIFY);
  const KeyShape& shape = ShapeOf(algorithm);
  if (shape.key_type == CKK_EC) {
    out.Octets(CKA_EC_PARAMS, shape.curve);
  } else {
    out.Number(CKA_MODULUS_BITS, shape.public_octets * 8);
    out.Octets(CKA_PUBLIC_EXPONENT, kExponent65537);
  }
}

// A key that signs and does nothing else.
void SignOnly(AttributeTemplate& out) {
  out.True(CKA_PRIVATE).True(CKA_SENSITIVE).True(CKA_SIGN);
  out.False(CKA_DECRYPT).False(CKA_UNWRAP).False(CKA_SIGN_RECOVER).False(CKA_DERIVE);
}

StatusOr<PublicKey> ReadPublicKey(Session& session, CK_OBJECT_HANDLE key, KeyAlgorithm algorithm) {
  if (ShapeOf(algorithm).key_type == CKK_EC) {
    ASSIGN_OR_RETURN(const Bytes point, ReadOctets(session, key, CKA_EC_POINT));
    return PublicKey::FromEcPoint(point, algorithm);
  }
  ASSIGN_OR_RETURN(const Bytes modulus, ReadOctets(session, key, CKA_MODULUS));
  ASSIGN_OR_RETURN(const Bytes exponent, ReadOctets(session, key, CKA_PUBLIC_EXPONENT));
  return PublicKey::FromRsa(modulus, exponent, algorithm);
}

struct MadePair {
  CK_OBJECT_HANDLE private_key;
  GeneratedKey key;
};

// Leaves the private key to the caller, but not if its public half cannot be read.
StatusOr<MadePair> MakePair(Session& session, KeyAlgorithm algorithm,
                            AttributeTemplate& private_template) {
  CK_MECHANISM mechanism{ShapeOf(algorithm).generation, nullptr, 0};
  AttributeTemplate public_template;
  PublicTemplate(public_template, algorithm);
  CK_OBJECT_HANDLE public_handle = CK_INVALID_HANDLE;
  CK_OBJECT_HANDLE private_handle = CK_INVALID_HANDLE;
  RETURN_IF_ERROR(FromCk(
      "C_GenerateKeyPair",
      session.ck().C_GenerateKeyPair(session.handle(), &mechanism, public_template.get(),
                                     public_template.size(), private_template.get(),
                                     private_template.size(), &public_handle, &private_handle)));
  const ScopedObject public_half(session, public_handle);
  ScopedObject private_half(session, private_handle);
  ASSIGN_OR_RETURN(const PublicKey key, ReadPublicKey(session, public_handle, algorithm));
  ASSIGN_OR_RETURN(const KeyOrigin origin, ReadOrigin(session, private_handle));
  return MadePair{private_half.Release(), {key.ToSpki(), origin}};
}

Status RefuseExisting(Session& session, AttributeTemplate& wanted, const std::string& what) {
  const Status found = FindOne(session, wanted, what).status();
  if (Is(found, kKeyNotFound)) return OkStatus();
  if (found.ok() || Is(found, kKeyAmbiguous)) {
    return Fail(kKeyExists, "the token already holds " + what);
  }
  return found;
}

std::string NameOf(const KeyId& id) { return "the private key with id " + ToHex(id.octets()); }
std::string NameOf(const KeyLabel& label) { return "the secret key '" + label.text() + "'"; }

void ResidentSearch(AttributeTemplate& out, const KeyId& id) {
  out.Number(CKA_CLASS, CKO_PRIVATE_KEY).True(CKA_TOKEN).Octets(CKA_ID, id.octets());
}
void SecretSearch(AttributeTemplate& out, const KeyLabel& label) {
  out.Number(CKA_CLASS, CKO_SECRET_KEY).True(CKA_TOKEN).Octets(CKA_LABEL, AsBytes(label.text()));
}

}  // namespace

Status CheckResidentOrigin(const KeyOrigin& origin, KeyAlgorithm algorithm) {
  OriginJudge judge;
  judge.Expect("CKA_LOCAL", origin.local, true);
  judge.Expect("CKA_SENSITIVE", origin.sensitive, true);
  judge.Expect("CKA_ALWAYS_SENSITIVE", origin.always_sensitive, true);
  judge.Expect("CKA_EXTRACTABLE", origin.extractable, false);
  judge.Expect("CKA_NEVER_EXTRACTABLE", origin.never_extractable, true);
  judge.ExpectMechanism(origin.key_gen_mechanism, ShapeOf(algorithm).generation);
  return judge.Verdict();
}

Status CheckWrappedOrigin(const KeyOrigin& origin, KeyAlgorithm algorithm) {
  OriginJudge judge;
  judge.Expect("CKA_LOCAL", origin.local, true);
  judge.Expect("CKA_SENSITIVE", origin.sensitive, true);
  judge.Expect("CKA_ALWAYS_SENSITIVE", origin.always_sensitive, true);
  judge.Expect("CKA_EXTRACTABLE", origin.extractable, true);
  judge.Expect("CKA_NEVER_EXTRACTABLE", origin.never_extractable, false);
  judge.Expect("CKA_WRAP_WITH_TRUSTED", origin.wrap_with_trusted, true);
  judge.ExpectMechanism(origin.key_gen_mechanism, ShapeOf(algorithm).generation);
  return judge.Verdict();
}

StatusOr<KeyOrigin> ReadOrigin(Session& session, CK_OBJECT_HANDLE key) {
  KeyOrigin out;
  ASSIGN_OR_RETURN(out.local, ReadFlag(session, key, CKA_LOCAL));
  ASSIGN_OR_RETURN(out.sensitive, ReadFlag(session, key, CKA_SENSITIVE));
  ASSIGN_OR_RETURN(out.always_sensitive, ReadFlag(session, key, CKA_ALWAYS_SENSITIVE));
  ASSIGN_OR_RETURN(out.extractable, ReadFlag(session, key, CKA_EXTRACTABLE));
  ASSIGN_OR_RETURN(out.never_extractable, ReadFlag(session, key, CKA_NEVER_EXTRACTABLE));
  // Tokens that cannot wrap have no such attribute; for them it is false, which the judge of
  // WRAPPED keys refuses.
  const auto with_trusted = ReadFlag(session, key, CKA_WRAP_WITH_TRUSTED);
  if (!with_trusted.ok() && !Is(with_trusted.status(), kTemplateRefused)) {
    return with_trusted.status();
  }
  out.wrap_with_trusted = with_trusted.ok() && *with_trusted;
  const auto mechanism = ReadNumber(session, key, CKA_KEY_GEN_MECHANISM);
  if (!mechanism.ok() && !Is(mechanism.status(), kTemplateRefused)) return mechanism.status();
  if (mechanism.ok()) out.key_gen_mechanism = *mechanism;
  return out;
}

StatusOr<GeneratedKey> MakeResidentKey(Session& session, KeyAlgorithm algorithm,
                                       const KeyLabel& label, const KeyId& id) {
  AttributeTemplate existing;
  ResidentSearch(existing, id);
  RETURN_IF_ERROR(RefuseExisting(session, existing, NameOf(id)));
  AttributeTemplate wanted;
  SignOnly(wanted);
  // Not CKA_MODIFIABLE=FALSE: modules then refuse the session copy, which signs a third faster.
  // What counts, SENSITIVE and EXTRACTABLE, changes in one direction alone. [PKCS#11 4.4.1]
  wanted.True(CKA_TOKEN).False(CKA_EXTRACTABLE);
  wanted.Octets(CKA_LABEL, AsBytes(label.text())).Octets(CKA_ID, id.octets());
  ASSIGN_OR_RETURN(MadePair made, MakePair(session, algorithm, wanted));
  ScopedObject guard(session, made.private_key);
  RETURN_IF_ERROR(CheckResidentOrigin(made.key.origin, algorithm));
  for (const CK_ATTRIBUTE_TYPE type : {CKA_PRIVATE, CKA_TOKEN}) {
    ASSIGN_OR_RETURN(const bool held, ReadFlag(session, made.private_key, type));
    if (!held) return Fail(kOriginMismatch, "the token made the key public or not to stay");
  }
  guard.Release();
  return std::move(made.key);
}

StatusOr<GeneratedWrappedKey> MakeWrappedKey(Session& session, KeyAlgorithm algorithm,
                                             CK_OBJECT_HANDLE storage_key) {
  AttributeTemplate wanted;
  SignOnly(wanted);
  wanted.False(CKA_TOKEN).True(CKA_EXTRACTABLE).True(CKA_WRAP_WITH_TRUSTED);
  ASSIGN_OR_RETURN(MadePair made, MakePair(session, algorithm, wanted));
  const ScopedObject guard(session, made.private_key);
  RETURN_IF_ERROR(CheckWrappedOrigin(made.key.origin, algorithm));

  CK_MECHANISM mechanism{CKM_AES_KEY_WRAP_PAD, nullptr, 0};
  const auto wrap = [&](CK_BYTE* out, CK_ULONG* size) {
    return FromCk("C_WrapKey", session.ck().C_WrapKey(session.handle(), &mechanism, storage_key,
                                                      made.private_key, out, size));
  };
  CK_ULONG size = 0;
  RETURN_IF_ERROR(wrap(nullptr, &size));
  if (size > kMaxWrapped) {
    return Fail(kTokenFailure, "C_WrapKey announces " + std::to_string(size) + " octets");
  }
  GeneratedWrappedKey out;
  out.wrapped.resize(size);
  RETURN_IF_ERROR(wrap(out.wrapped.data(), &size));
  out.wrapped.resize(std::min<size_t>(size, out.wrapped.size()));
  out.key = std::move(made.key);
  return out;
}

StatusOr<CK_OBJECT_HANDLE> UnwrapKey(Session& session, KeyAlgorithm algorithm,
                                     CK_OBJECT_HANDLE storage_key, WrappedKey wrapped) {
  if (wrapped.octets.size() < 16 || wrapped.octets.size() > kMaxWrapped ||
      wrapped.octets.size() % 8 != 0) {
    return Fail(kWrappedKeyInvalid,
                std::to_string(wrapped.octets.size()) + " octets are no wrapped key");
  }
  AttributeTemplate wanted;
  wanted.Number(CKA_CLASS, CKO_PRIVATE_KEY).Number(CKA_KEY_TYPE, ShapeOf(algorithm).key_type);
  SignOnly(wanted);
  wanted.False(CKA_TOKEN).False(CKA_EXTRACTABLE);
  CK_MECHANISM mechanism{CKM_AES_KEY_WRAP_PAD, nullptr, 0};
  CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
  const CK_RV rv =
      session.ck().C_UnwrapKey(session.handle(), &mechanism, storage_key, CkInput(wrapped.octets),
                               wrapped.octets.size(), wanted.get(), wanted.size(), &key);
  // A blob that was tampered with gets one of several answers, a plain failure among them; what is
  // the session's or the device's fault is named otherwise.
  const Status status = FromCk("C_UnwrapKey", rv);
  if (Is(status, kTokenFailure) || Is(status, kSealBroken) || Is(status, kArgumentsRefused) ||
      Is(status, kTemplateRefused)) {
    return Fail(kWrappedKeyInvalid, DetailOf(status));
  }
  RETURN_IF_ERROR(status);
  return key;
}

Status CheckStorageKey(Session& session, CK_OBJECT_HANDLE key) {
  ASSIGN_OR_RETURN(const CK_ULONG type, ReadNumber(session, key, CKA_KEY_TYPE));
  ASSIGN_OR_RETURN(const bool trusted, ReadFlag(session, key, CKA_TRUSTED));
  ASSIGN_OR_RETURN(const bool sensitive, ReadFlag(session, key, CKA_SENSITIVE));
  ASSIGN_OR_RETURN(const bool extractable, ReadFlag(session, key, CKA_EXTRACTABLE));
  std::string wrong;
  if (type != CKK_AES) wrong += " not AES;";
  if (!trusted) wrong += " CKA_TRUSTED is false (only the security officer can make it);";
  if (!sensitive) wrong += " CKA_SENSITIVE is false;";
  if (extractable) wrong += " CKA_EXTRACTABLE is true;";
  if (wrong.empty()) return OkStatus();
  return Fail(kStorageKeyUntrusted, "the storage key is refused:" + wrong +
                                        " make it with intaglio-provision --storage-key");
}

Status MakeSecretKey(Session& session, const KeyLabel& label) {
  AttributeTemplate existing;
  SecretSearch(existing, label);
  RETURN_IF_ERROR(RefuseExisting(session, existing, NameOf(label)));
  AttributeTemplate wanted;
  wanted.Number(CKA_VALUE_LEN, 32).Octets(CKA_LABEL, AsBytes(label.text()));
  wanted.True(CKA_TOKEN).True(CKA_PRIVATE).True(CKA_SENSITIVE).False(CKA_EXTRACTABLE);
  wanted.True(CKA_ENCRYPT).True(CKA_DECRYPT).False(CKA_WRAP).False(CKA_UNWRAP);
  wanted.False(CKA_SIGN).False(CKA_VERIFY).False(CKA_DERIVE).False(CKA_MODIFIABLE);
  CK_MECHANISM mechanism{CKM_AES_KEY_GEN, nullptr, 0};
  CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
  RETURN_IF_ERROR(FromCk(
      "C_GenerateKey",
      session.ck().C_GenerateKey(session.handle(), &mechanism, wanted.get(), wanted.size(), &key)));
  ScopedObject guard(session, key);
  ASSIGN_OR_RETURN(const KeyOrigin origin, ReadOrigin(session, key));
  ASSIGN_OR_RETURN(const bool is_private, ReadFlag(session, key, CKA_PRIVATE));
  OriginJudge judge;
  judge.Expect("CKA_PRIVATE", is_private, true);
  judge.Expect("CKA_LOCAL", origin.local, true);
  judge.Expect("CKA_ALWAYS_SENSITIVE", origin.always_sensitive, true);
  judge.Expect("CKA_NEVER_EXTRACTABLE", origin.never_extractable, true);
  RETURN_IF_ERROR(judge.Verdict());
  guard.Release();
  return OkStatus();
}

StatusOr<CK_OBJECT_HANDLE> FindResidentKey(Session& session, const KeyId& id) {
  AttributeTemplate wanted;
  ResidentSearch(wanted, id);
  return FindOne(session, wanted, NameOf(id));
}

StatusOr<CK_OBJECT_HANDLE> FindSecretKeyObject(Session& session, const KeyLabel& label) {
  AttributeTemplate wanted;
  SecretSearch(wanted, label);
  return FindOne(session, wanted, NameOf(label));
}

}  // namespace intaglio::tokens
