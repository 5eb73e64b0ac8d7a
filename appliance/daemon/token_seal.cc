#include "appliance/daemon/token_seal.h"

#include <algorithm>

#include "appliance/domain/reasons.h"
#include "tokens/pkcs11/reasons.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kIvSize = 12;

}  // namespace

StatusOr<Bytes> SealInToken(tokens::TokenKeys& token, Rng& rng, const TokenSeal& seal,
                            const SecretBytes& secret) {
  tokens::GcmNonce nonce;
  RETURN_IF_ERROR(rng.Fill(nonce.octets));
  ASSIGN_OR_RETURN(const Bytes sealed,
                   token.SealGcm(seal.key, nonce, {AsBytes(seal.context)}, secret.Expose()));
  return Concat({nonce.octets, sealed});
}

StatusOr<SecretBytes> OpenInToken(tokens::TokenKeys& token, const TokenSeal& seal,
                                  ByteView sealed) {
  const std::string what(seal.context);
  if (sealed.size() <= kIvSize) return Fail(kRecordKeyUnavailable, what + " is cut off");
  tokens::GcmNonce nonce;
  std::copy_n(sealed.begin(), kIvSize, nonce.octets.begin());
  auto opened = token.OpenGcm(seal.key, nonce, {AsBytes(seal.context)}, sealed.subspan(kIvSize));
  if (!opened.ok()) {
    return Fail(kRecordKeyUnavailable, what + ": " + std::string(opened.status().message()));
  }
  return SecretBytes::WipeAndTake(*opened);
}

Status EnsureSecretKey(tokens::TokenKeys& token, const tokens::KeyLabel& label) {
  const Status found = token.FindSecretKey(label);
  return Is(found, tokens::kKeyNotFound) ? token.GenerateSecretKey(label) : found;
}

}  // namespace intaglio::appliance
