// Whatever FromSpki() accepts is written back octet for octet.
#include <stdlib.h>

#include "tokens/pkcs11/spki.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* octets, size_t size) {
  const intaglio::ByteView der(octets, size);
  const auto key = intaglio::tokens::PublicKey::FromSpki(intaglio::tokens::Spki{der});
  if (key.ok() && !intaglio::Equal(key->ToSpki(), der)) abort();
  return 0;
}
