// Slots: which tokens a module shows, and where.
#ifndef INTAGLIO_TOKENS_PKCS11_SLOT_H_
#define INTAGLIO_TOKENS_PKCS11_SLOT_H_

#include <optional>
#include <vector>

#include "tokens/pkcs11/cryptoki.h"
#include "tokens/pkcs11/key.h"

namespace intaglio::tokens {

struct SlotToken {
  CK_SLOT_ID slot = 0;
  CK_FLAGS flags = 0;
  TokenDescription token;
  // Sessions this process may have open, read-write ones at that; empty where the token does not
  // say or knows no limit.
  std::optional<size_t> most_sessions;
};

// What the token in `slot` says of itself; kTokenGone if there is none.
StatusOr<SlotToken> ReadSlot(const CK_FUNCTION_LIST& ck, CK_SLOT_ID slot);
// Every slot with a token in it, initialised or not. The caller holds a Module::Call.
StatusOr<std::vector<SlotToken>> ReadSlots(const CK_FUNCTION_LIST& ck);

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PKCS11_SLOT_H_
