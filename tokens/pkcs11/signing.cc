#include "tokens/pkcs11/signing.h"

#include "tokens/pkcs11/attributes.h"
#include "tokens/pkcs11/ck_error.h"
#include "tokens/pkcs11/reasons.h"

namespace intaglio::tokens {
namespace {

constexpr uint8_t kP256Oid[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
constexpr uint8_t kOctetStringOf65[] = {0x04, 0x41};
constexpr uint8_t kExponent65537[] = {0x01, 0x00, 0x01};
// DigestInfo for SHA-256 up to the digest [RFC 8017 §9.2 note 1]
constexpr uint8_t kDigestInfo[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                   0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};

CK_MECHANISM MechanismOf(KeyAlgorithm algorithm) {
  return {algorithm == KeyAlgorithm::kP256 ? CKM_ECDSA : CKM_RSA_PKCS, nullptr, 0};
}

size_t SignatureSize(KeyAlgorithm algorithm) { return algorithm == KeyAlgorithm::kP256 ? 64 : 384; }

// What the mechanism signs for this digest.
Bytes ToBeSigned(KeyAlgorithm algorithm, const Digest& digest) {
  if (algorithm == KeyAlgorithm::kP256) return ToBytes(ByteView(digest));
  return Concat({kDigestInfo, digest});
}

StatusOr<CK_OBJECT_HANDLE> ImportPublicKey(Session& session, const PublicKey& key) {
  AttributeTemplate wanted;
  wanted.Number(CKA_CLASS, CKO_PUBLIC_KEY).False(CKA_TOKEN).False(CKA_PRIVATE).True(CKA_VERIFY);
  if (key.algorithm() == KeyAlgorithm::kP256) {
    wanted.Number(CKA_KEY_TYPE, CKK_EC).Octets(CKA_EC_PARAMS, kP256Oid);
    wanted.Octets(CKA_EC_POINT, Concat({kOctetStringOf65, key.octets()}));
  } else {
    wanted.Number(CKA_KEY_TYPE, CKK_RSA).Octets(CKA_MODULUS, key.octets());
    wanted.Octets(CKA_PUBLIC_EXPONENT, kExponent65537);
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

StatusOr<Bytes> SignOne(Session& session, CK_OBJECT_HANDLE key, KeyAlgorithm algorithm,
                        const Digest& digest) {
  CK_MECHANISM mechanism = MechanismOf(algorithm);
  const auto& ck = session.ck();
  RETURN_IF_ERROR(FromCk("C_SignInit", ck.C_SignInit(session.handle(), &mechanism, key)));
  const Bytes input = ToBeSigned(algorithm, digest);
  Bytes signature(SignatureSize(algorithm));
  CK_ULONG size = signature.size();
  RETURN_IF_ERROR(FromCk("C_Sign", ck.C_Sign(session.handle(), CkInput(input), input.size(),
                                             signature.data(), &size)));
  if (size != signature.size()) {
    return Fail(kOwnSignatureWrong, "C_Sign: " + std::to_string(size) + " octets instead of " +
                                        std::to_string(signature.size()));
  }
  return signature;
}

}  // namespace

Status VerifyDigest(Session& session, const PublicKey& key, const Digest& digest,
                    ByteView signature) {
  if (signature.size() != SignatureSize(key.algorithm())) {
    return Fail(kSignatureUnverifiable, "a signature of " + std::string(NameOf(key.algorithm())) +
                                            " has " +
                                            std::to_string(SignatureSize(key.algorithm())) +
                                            " octets, not " + std::to_string(signature.size()));
  }
  ASSIGN_OR_RETURN(const CK_OBJECT_HANDLE object, PublicKeyIn(session, key));
  CK_MECHANISM mechanism = MechanismOf(key.algorithm());
  const auto& ck = session.ck();
  RETURN_IF_ERROR(FromCk("C_VerifyInit", ck.C_VerifyInit(session.handle(), &mechanism, object)));
  const Bytes input = ToBeSigned(key.algorithm(), digest);
  return FromCk("C_Verify", ck.C_Verify(session.handle(), CkInput(input), input.size(),
                                        CkInput(signature), signature.size()));
}

StatusOr<std::vector<Bytes>> SignDigests(Session& session, CK_OBJECT_HANDLE private_key,
                                         const PublicKey& public_key,
                                         std::span<const Digest> digests) {
  std::vector<Bytes> out;
  out.reserve(digests.size());
  for (const Digest& digest : digests) {
    ASSIGN_OR_RETURN(Bytes signature,
                     SignOne(session, private_key, public_key.algorithm(), digest));
    const Status own = VerifyDigest(session, public_key, digest, signature);
    if (Is(own, kSignatureWrong)) {
      return Fail(kOwnSignatureWrong,
                  "signature " + std::to_string(out.size() + 1) + " of " +
                      std::to_string(digests.size()) +
                      " does not verify against the public key of the record; it was dropped");
    }
    RETURN_IF_ERROR(own);
    out.push_back(std::move(signature));
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
