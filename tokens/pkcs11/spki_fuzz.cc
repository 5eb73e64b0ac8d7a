// Whatever FromSpki() accepts is written back octet for octet.
#include <stdlib.h>

#include "tokens/pkcs11/spki.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* octets, size_t size) {
  using intaglio::tokens::KeyAlgorithm;
  const intaglio::ByteView der(octets, size);
  for (const KeyAlgorithm algorithm :
       {KeyAlgorithm::kP256, KeyAlgorithm::kP384, KeyAlgorithm::kRsa3072, KeyAlgorithm::kRsa4096,
        KeyAlgorithm::kRsa3072Pss, KeyAlgorithm::kRsa4096Pss}) {
    const auto key = intaglio::tokens::PublicKey::FromSpki(intaglio::tokens::Spki{der}, algorithm);
    if (key.ok() && !intaglio::Equal(key->ToSpki(), der)) abort();
  }
  return 0;
}
