// Cryptoki: the one place where the C header enters this folder.
//
// CK_ types and handles stop here: nothing outside tokens/ may include this file.
#ifndef INTAGLIO_TOKENS_PKCS11_CRYPTOKI_H_
#define INTAGLIO_TOKENS_PKCS11_CRYPTOKI_H_

#include <p11-kit/pkcs11.h>

#include "base/bytes.h"

namespace intaglio::tokens {

// Cryptoki takes its inputs by pointers to non-const; it does not write through them. An empty
// input still needs an address: modules refuse a null pointer.
inline CK_BYTE* CkInput(ByteView octets) {
  static constexpr uint8_t kNothing = 0;
  return const_cast<CK_BYTE*>(octets.empty() ? &kNothing : octets.data());
}

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PKCS11_CRYPTOKI_H_
