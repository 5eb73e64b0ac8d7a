#include "tokens/pkcs11/gcm.h"

#include "tokens/pkcs11/ck_error.h"
#include "tokens/pkcs11/reasons.h"

namespace intaglio::tokens {
namespace {

constexpr size_t kTagSize = 16;
constexpr size_t kMaxText = 1 << 20;

CK_GCM_PARAMS Parameters(const GcmNonce& nonce, Aad aad) {
  CK_GCM_PARAMS out{};
  out.pIv = CkInput(nonce.octets);
  out.ulIvLen = nonce.octets.size();
  out.ulIvBits = nonce.octets.size() * 8;
  out.pAAD = aad.octets.empty() ? nullptr : CkInput(aad.octets);
  out.ulAADLen = aad.octets.size();
  out.ulTagBits = kTagSize * 8;
  return out;
}

Status CheckSize(ByteView text, Aad aad) {
  if (text.size() <= kMaxText && aad.octets.size() <= kMaxText) return OkStatus();
  return Fail(kTokenInputInvalid, "text and AAD of a seal have at most 1 MiB");
}

}  // namespace

StatusOr<Bytes> GcmSeal(Session& session, CK_OBJECT_HANDLE key, const GcmNonce& nonce, Aad aad,
                        ByteView plaintext) {
  RETURN_IF_ERROR(CheckSize(plaintext, aad));
  CK_GCM_PARAMS parameters = Parameters(nonce, aad);
  CK_MECHANISM mechanism{CKM_AES_GCM, &parameters, sizeof parameters};
  const auto& ck = session.ck();
  RETURN_IF_ERROR(FromCk("C_EncryptInit", ck.C_EncryptInit(session.handle(), &mechanism, key)));
  // A module may want room for a whole block more than it uses.
  Bytes out(plaintext.size() + 2 * kTagSize);
  CK_ULONG size = out.size();
  RETURN_IF_ERROR(FromCk("C_Encrypt", ck.C_Encrypt(session.handle(), CkInput(plaintext),
                                                   plaintext.size(), out.data(), &size)));
  if (size != plaintext.size() + kTagSize) {
    return Fail(kTokenFailure, "C_Encrypt: " + std::to_string(size) + " octets for " +
                                   std::to_string(plaintext.size()));
  }
  out.resize(size);
  return out;
}

StatusOr<Bytes> GcmOpen(Session& session, CK_OBJECT_HANDLE key, const GcmNonce& nonce, Aad aad,
                        ByteView sealed) {
  if (sealed.size() < kTagSize) {
    return Fail(kSealBroken, std::to_string(sealed.size()) + " octets do not even hold a tag");
  }
  const size_t text_size = sealed.size() - kTagSize;
  RETURN_IF_ERROR(CheckSize(sealed.first(text_size), aad));
  CK_GCM_PARAMS parameters = Parameters(nonce, aad);
  CK_MECHANISM mechanism{CKM_AES_GCM, &parameters, sizeof parameters};
  const auto& ck = session.ck();
  RETURN_IF_ERROR(FromCk("C_DecryptInit", ck.C_DecryptInit(session.handle(), &mechanism, key)));
  Bytes out(sealed.size());
  CK_ULONG size = out.size();
  const Status status = FromCk("C_Decrypt", ck.C_Decrypt(session.handle(), CkInput(sealed),
                                                         sealed.size(), out.data(), &size));
  // Modules say a wrong tag in several ways, a plain failure among them.
  if (Is(status, kTokenFailure) || Is(status, kArgumentsRefused) || Is(status, kSignatureWrong)) {
    return Fail(kSealBroken, DetailOf(status));
  }
  RETURN_IF_ERROR(status);
  if (size != text_size) {
    return Fail(kTokenFailure,
                "C_Decrypt: " + std::to_string(size) + " octets for " + std::to_string(text_size));
  }
  out.resize(size);
  return out;
}

}  // namespace intaglio::tokens
