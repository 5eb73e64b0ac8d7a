// A second opinion on a token's signatures: OpenSSL's, of which tokens/pkcs11 knows nothing.
#ifndef INTAGLIO_TESTS_CONTRACT_OPENSSL_VERIFY_H_
#define INTAGLIO_TESTS_CONTRACT_OPENSSL_VERIFY_H_

#include "tokens/pkcs11/key.h"

namespace intaglio::testing_support {

// True if `signature`, in the token's form, verifies under the algorithm's own scheme and no other.
bool OpensslVerifies(ByteView spki, tokens::KeyAlgorithm algorithm, const MessageDigest& digest,
                     ByteView signature);

}  // namespace intaglio::testing_support

#endif  // INTAGLIO_TESTS_CONTRACT_OPENSSL_VERIFY_H_
