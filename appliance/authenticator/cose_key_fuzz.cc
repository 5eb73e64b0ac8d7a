// Takes any octets for a COSE_Key: what is accepted has exactly one form, and its SPKI is one that
// the core's own readers take.
#include <cstdlib>

#include "appliance/authenticator/cbor_reader.h"
#include "appliance/authenticator/cose_key.h"
#include "appliance/crypto/ecdsa.h"
#include "appliance/crypto/rsa.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* octets, size_t size) {
  using namespace intaglio;
  using namespace intaglio::appliance;
  const ByteView input(octets, size);
  const auto spki = SpkiOfCoseKey(input);
  if (!spki.ok()) return 0;
  if (PointOfSpki(*spki).has_value() == RsaKeyOfSpki(*spki).has_value()) abort();
  // Whatever is a key is canonical CBOR, whole.
  CborReader reader(input);
  if (!reader.Skip() || !reader.AtEnd()) abort();
  Bytes longer = ToBytes(input);
  longer.push_back(0);
  if (SpkiOfCoseKey(longer).ok() || SpkiOfCoseKey(input.first(size - 1)).ok()) abort();
  return 0;
}
