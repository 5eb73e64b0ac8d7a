#include "tokens/pkcs11/signing.h"

#include "tokens/pkcs11/attributes.h"
#include "tokens/pkcs11/ck_error.h"
#include "tokens/pkcs11/reasons.h"
#include "tokens/pkcs11/sign_mechanism.h"

namespace intaglio::tokens {
namespace {

StatusOr<CK_OBJECT_HANDLE> ImportPublicKey(Session& session, const PublicKey& key) {
  const KeyShape& shape = ShapeOf(key.algorithm());
  AttributeTemplate wanted;
  wanted.Number(CKA_CLASS, CKO_PUBLIC_KEY).False(CKA_TOKEN).False(CKA_PRIVATE).True(CKA_VERIFY);
  wanted.Number(CKA_KEY_TYPE, shape.key_type);
  if (shape.key_type == CKK_EC) {
    const uint8_t octet_string[] = {0x04, static_cast<uint8_t>(shape.public_octets)};
    wanted.Octets(CKA_EC_PARAMS, shape.curve);
    wanted.Octets(CKA_EC_POINT, Concat({octet_string, key.octets()}));
  } else {
    wanted.Octets(CKA_MODULUS, key.octets()).Octets(CKA_PUBLIC_EXPONENT, kExponent65537);
  }
  CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
  const Status status =
      FromCk("C_CreateObject",
             session.ck().C_CreateObject(session.handle(), wanted.get(), wanted.size(), &object));
  // A token that examines the point refuses one off the curve here.
  if (Is(status, kTemplateRefused)) return Fail(kSignatureUnverifiable, DetailOf(status));
  RETURN_IF_ERROR(status);
  return object;
}

StatusOr<CK_OBJECT_HANDLE> PublicKeyIn(Session& session, const PublicKey& key) {
  const std::string name = AsString(key.octets());
  if (const auto cached = session.public_keys().Find(name)) return *cached;
  ASSIGN_OR_RETURN(const CK_OBJECT_HANDLE object, ImportPublicKey(session, key));
  session.Destroy(session.public_keys().Insert(name, object, ObjectOwner::kSession));
  return object;
}

Status SignPrepared(Session& session, CK_OBJECT_HANDLE key, SignMechanism& mechanism,
                    Bytes& signature) {
  const auto& ck = session.ck();
  RETURN_IF_ERROR(
      FromCk("C_SignInit", ck.C_SignInit(session.handle(), mechanism.mechanism(), key)));
  CK_ULONG size = signature.size();
  RETURN_IF_ERROR(FromCk("C_Sign", ck.C_Sign(session.handle(), mechanism.input(),
                                             mechanism.input_size(), signature.data(), &size)));
  if (size == signature.size()) return OkStatus();
  return Fail(kOwnSignatureWrong, "C_Sign: " + std::to_string(size) + " octets instead of " +
                                      std::to_string(signature.size()));
}

Status VerifyPrepared(Session& session, CK_OBJECT_HANDLE key, SignMechanism& mechanism,
                      ByteView signature) {
  const auto& ck = session.ck();
  RETURN_IF_ERROR(
      FromCk("C_VerifyInit", ck.C_VerifyInit(session.handle(), mechanism.mechanism(), key)));
  return FromCk("C_Verify", ck.C_Verify(session.handle(), mechanism.input(), mechanism.input_size(),
                                        CkInput(signature), signature.size()));
}

}  // namespace

Status VerifyDigest(Session& session, const PublicKey& key, const MessageDigest& digest,
                    ByteView signature) {
  const KeyShape& shape = ShapeOf(key.algorithm());
  RETURN_IF_ERROR(CheckHash(key.algorithm(), digest.algorithm()));
  if (signature.size() != shape.signature_octets) {
    return Fail(kSignatureUnverifiable, "a signature of " + std::string(shape.name) + " has " +
                                            std::to_string(shape.signature_octets) +
                                            " octets, not " + std::to_string(signature.size()));
  }
  ASSIGN_OR_RETURN(const CK_OBJECT_HANDLE object, PublicKeyIn(session, key));
  SignMechanism mechanism(shape);
  mechanism.Prepare(digest);
  return VerifyPrepared(session, object, mechanism, signature);
}

StatusOr<std::vector<Bytes>> SignDigests(Session& session, CK_OBJECT_HANDLE private_key,
                                         const PublicKey& public_key,
                                         std::span<const MessageDigest> digests) {
  const KeyShape& shape = ShapeOf(public_key.algorithm());
  for (const MessageDigest& digest : digests) {
    RETURN_IF_ERROR(CheckHash(public_key.algorithm(), digest.algorithm()));
  }
  ASSIGN_OR_RETURN(const CK_OBJECT_HANDLE verifying, PublicKeyIn(session, public_key));
  SignMechanism mechanism(shape);
  std::vector<Bytes> out;
  out.reserve(digests.size());
  for (const MessageDigest& digest : digests) {
    mechanism.Prepare(digest);
    Bytes& signature = out.emplace_back(shape.signature_octets);
    RETURN_IF_ERROR(SignPrepared(session, private_key, mechanism, signature));
    const Status own = VerifyPrepared(session, verifying, mechanism, signature);
    if (Is(own, kSignatureWrong)) {
      return Fail(kOwnSignatureWrong,
                  "signature " + std::to_string(out.size()) + " of " +
                      std::to_string(digests.size()) +
                      " does not verify against the public key of the record; it was dropped");
    }
    RETURN_IF_ERROR(own);
  }
  return out;
}

StatusOr<UsableKey> CopyIntoSession(Session& session, CK_OBJECT_HANDLE token_key) {
  AttributeTemplate wanted;
  wanted.False(CKA_TOKEN);
  CK_OBJECT_HANDLE copy = CK_INVALID_HANDLE;
  const Status status = FromCk(
      "C_CopyObject",
      session.ck().C_CopyObject(session.handle(), token_key, wanted.get(), wanted.size(), &copy));
  if (IsSessionFault(status) || Is(status, kKeyHandleInvalid)) return status;
  if (!status.ok()) return UsableKey{token_key, ObjectOwner::kToken};
  ScopedObject guard(session, copy);
  ASSIGN_OR_RETURN(const bool sensitive, ReadFlag(session, copy, CKA_SENSITIVE));
  ASSIGN_OR_RETURN(const bool extractable, ReadFlag(session, copy, CKA_EXTRACTABLE));
  ASSIGN_OR_RETURN(const bool stays, ReadFlag(session, copy, CKA_TOKEN));
  if (!sensitive || extractable || stays) return UsableKey{token_key, ObjectOwner::kToken};
  return UsableKey{guard.Release(), ObjectOwner::kSession};
}

}  // namespace intaglio::tokens
