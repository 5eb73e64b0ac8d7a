// SignMechanism: the mechanism, its parameters and the exact input with which a token signs or
// verifies one digest.
#ifndef INTAGLIO_TOKENS_PKCS11_SIGN_MECHANISM_H_
#define INTAGLIO_TOKENS_PKCS11_SIGN_MECHANISM_H_

#include <array>

#include "tokens/pkcs11/cryptoki.h"
#include "tokens/pkcs11/key_shape.h"

namespace intaglio::tokens {

// Points into itself, so it neither copies nor moves. Prepared anew for each digest without
// allocating.
class SignMechanism final {
 public:
  explicit SignMechanism(const KeyShape& shape) : shape_(shape) {
    mechanism_.mechanism = shape.signing;
  }
  SignMechanism(const SignMechanism&) = delete;
  SignMechanism& operator=(const SignMechanism&) = delete;

  // Sets mechanism() and input() for `digest`.
  void Prepare(const MessageDigest& digest);

  CK_MECHANISM* mechanism() { return &mechanism_; }
  CK_BYTE* input() { return input_.data(); }
  CK_ULONG input_size() const { return input_size_; }

 private:
  const KeyShape& shape_;
  CK_MECHANISM mechanism_{};
  CK_RSA_PKCS_PSS_PARAMS pss_{};
  std::array<CK_BYTE, 96> input_{};
  CK_ULONG input_size_ = 0;
};

}  // namespace intaglio::tokens

#endif  // INTAGLIO_TOKENS_PKCS11_SIGN_MECHANISM_H_
