// TokenSeal: small secrets of the core under a key that never leaves the token.
#ifndef INTAGLIO_APPLIANCE_DAEMON_TOKEN_SEAL_H_
#define INTAGLIO_APPLIANCE_DAEMON_TOKEN_SEAL_H_

#include <string>
#include <string_view>

#include "base/rng.h"
#include "base/secret_bytes.h"
#include "tokens/pkcs11/token_keys.h"

namespace intaglio::appliance {

// Which AES key of the token seals, and what the secret is for: another context does not open it.
struct TokenSeal {
  tokens::KeyLabel key;
  std::string_view context;
};

// Nonce ‖ ciphertext ‖ tag. The token's Reasons.
StatusOr<Bytes> SealInToken(tokens::TokenKeys& token, Rng& rng, const TokenSeal& seal,
                            const SecretBytes& secret);
// kRecordKeyUnavailable, saying why.
StatusOr<SecretBytes> OpenInToken(tokens::TokenKeys& token, const TokenSeal& seal, ByteView sealed);
// Makes the key if there is none.
Status EnsureSecretKey(tokens::TokenKeys& token, const tokens::KeyLabel& label);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DAEMON_TOKEN_SEAL_H_
