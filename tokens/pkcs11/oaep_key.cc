#include "tokens/pkcs11/oaep_key.h"

#include "tokens/pkcs11/ck_error.h"
#include "tokens/pkcs11/key_generation.h"
#include "tokens/pkcs11/key_shape.h"
#include "tokens/pkcs11/reasons.h"

namespace intaglio::tokens {
namespace {

constexpr KeyAlgorithm kShape = KeyAlgorithm::kRsa3072;
constexpr size_t kModulusOctets = 384;

Status RefuseExisting(Session& session, const KeyId& id) {
  const Status found = FindResidentKey(session, id).status();
  if (Is(found, kKeyNotFound)) return OkStatus();
  if (!found.ok() && !Is(found, kKeyAmbiguous)) return found;
  return Fail(kKeyExists, "the token already holds a key with id " + ToHex(id.octets()));
}

// It decrypts and does nothing else.
Status CheckUses(Session& session, CK_OBJECT_HANDLE key) {
  for (const CK_ATTRIBUTE_TYPE type : {CKA_TOKEN, CKA_PRIVATE, CKA_DECRYPT}) {
    ASSIGN_OR_RETURN(const bool held, ReadFlag(session, key, type));
    if (!held) return Fail(kOriginMismatch, "the token made the key public or of no use");
  }
  for (const CK_ATTRIBUTE_TYPE type : {CKA_SIGN, CKA_UNWRAP}) {
    ASSIGN_OR_RETURN(const bool held, ReadFlag(session, key, type));
    if (held) return Fail(kOriginMismatch, "the token made the key for more than decryption");
  }
  return OkStatus();
}

}  // namespace

StatusOr<GeneratedKey> MakeOaepKey(Session& session, const KeyLabel& label, const KeyId& id) {
  RETURN_IF_ERROR(RefuseExisting(session, id));
  AttributeTemplate public_part;
  public_part.False(CKA_TOKEN).False(CKA_PRIVATE).True(CKA_ENCRYPT).False(CKA_VERIFY);
  public_part.Number(CKA_MODULUS_BITS, kModulusOctets * 8);
  public_part.Octets(CKA_PUBLIC_EXPONENT, kExponent65537);
  AttributeTemplate private_part;
  private_part.True(CKA_TOKEN).True(CKA_PRIVATE).True(CKA_SENSITIVE).False(CKA_EXTRACTABLE);
  private_part.True(CKA_DECRYPT).False(CKA_SIGN).False(CKA_UNWRAP).False(CKA_SIGN_RECOVER);
  private_part.False(CKA_DERIVE);
  private_part.Octets(CKA_LABEL, AsBytes(label.text())).Octets(CKA_ID, id.octets());
  CK_MECHANISM mechanism{CKM_RSA_PKCS_KEY_PAIR_GEN, nullptr, 0};
  CK_OBJECT_HANDLE public_handle = CK_INVALID_HANDLE, private_handle = CK_INVALID_HANDLE;
  RETURN_IF_ERROR(
      FromCk("C_GenerateKeyPair",
             session.ck().C_GenerateKeyPair(session.handle(), &mechanism, public_part.get(),
                                            public_part.size(), private_part.get(),
                                            private_part.size(), &public_handle, &private_handle)));
  const ScopedObject public_half(session, public_handle);
  ScopedObject private_half(session, private_handle);
  ASSIGN_OR_RETURN(const Bytes modulus, ReadOctets(session, public_handle, CKA_MODULUS));
  ASSIGN_OR_RETURN(const Bytes exponent, ReadOctets(session, public_handle, CKA_PUBLIC_EXPONENT));
  ASSIGN_OR_RETURN(const PublicKey key, PublicKey::FromRsa(modulus, exponent, kShape));
  ASSIGN_OR_RETURN(const KeyOrigin origin, ReadOrigin(session, private_handle));
  RETURN_IF_ERROR(CheckResidentOrigin(origin, kShape));
  RETURN_IF_ERROR(CheckUses(session, private_handle));
  private_half.Release();
  return GeneratedKey{key.ToSpki(), origin};
}

StatusOr<SecretBytes> OaepOpen(Session& session, CK_OBJECT_HANDLE key, ByteView sealed) {
  if (sealed.size() != kModulusOctets) {
    return Fail(kSealBroken, std::to_string(sealed.size()) + " octets are not sealed to this key");
  }
  CK_RSA_PKCS_OAEP_PARAMS parameters{};
  parameters.hashAlg = CKM_SHA_1;
  parameters.mgf = CKG_MGF1_SHA1;
  parameters.source = CKZ_DATA_SPECIFIED;
  CK_MECHANISM mechanism{CKM_RSA_PKCS_OAEP, &parameters, sizeof parameters};
  const auto& ck = session.ck();
  RETURN_IF_ERROR(FromCk("C_DecryptInit", ck.C_DecryptInit(session.handle(), &mechanism, key)));
  SecretBytes room(kModulusOctets);
  CK_ULONG size = room.size();
  const Status status =
      FromCk("C_Decrypt", ck.C_Decrypt(session.handle(), CkInput(sealed), sealed.size(),
                                       room.ExposeMutable().data(), &size));
  // Modules say it in several ways, a plain failure among them.
  if (Is(status, kTokenFailure) || Is(status, kArgumentsRefused) || Is(status, kSealBroken)) {
    return Fail(kSealBroken, DetailOf(status));
  }
  RETURN_IF_ERROR(status);
  if (size > room.size()) return Fail(kTokenFailure, "C_Decrypt announces too many octets");
  return SecretBytes::CopyOf(room.Expose().first(size));
}

}  // namespace intaglio::tokens
