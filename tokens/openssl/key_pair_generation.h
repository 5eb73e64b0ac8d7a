// Key-pair generation by PKCS#11 itself: libp11 0.4 generates RSA keys only.
#ifndef INTAGLIO_TOKENS_OPENSSL_KEY_PAIR_GENERATION_H_
#define INTAGLIO_TOKENS_OPENSSL_KEY_PAIR_GENERATION_H_

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace intaglio::tokens {

// A slot of a module that this process has initialised and logged in to.
struct LiveSlot {
  std::string module_path;
  unsigned long slot;
};
// CKA_ID of the new pair; one not in use.
struct PairId {
  ByteView octets;
};

// Makes a P-256 pair of token objects; the private half is sensitive, not extractable and only
// signs, read back and destroyed again if it is not so. kStoreFailure.
Status GenerateP256Pair(const LiveSlot& where, std::string_view label, PairId id);

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_OPENSSL_KEY_PAIR_GENERATION_H_
