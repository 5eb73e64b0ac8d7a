// Keys that are the same in every run, so that what is built of them is too. Their private parts
// are small numbers anybody knows: for tests only.
#ifndef INTAGLIO_TESTS_INTEGRATION_FIXED_KEYS_H_
#define INTAGLIO_TESTS_INTEGRATION_FIXED_KEYS_H_

#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "host/x509/openssl_ptr.h"

namespace intaglio::testing_support {

// The P-256 key of the private number `number`. Aborts on failure.
host::PkeyPtr FixedP256(uint8_t number);
Bytes SpkiOfFixed(uint8_t number);
// Public keys that are not FixedP256's of 1 to 9, each with a name.
std::vector<std::pair<std::string, Bytes>> OtherPublicKeys();

}  // namespace intaglio::testing_support

#endif  // INTAGLIO_TESTS_INTEGRATION_FIXED_KEYS_H_
