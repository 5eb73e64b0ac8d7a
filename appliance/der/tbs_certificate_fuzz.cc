// Takes any octets for a TBSCertificate and for a certificate: reading must end, and what is
// accepted must be made of the very octets given.
#include <algorithm>
#include <cstdlib>

#include "appliance/der/tbs_certificate.h"

namespace {

using intaglio::Bytes;
using intaglio::ByteView;

void MustHold(bool claim) {
  if (!claim) abort();
}

bool Contains(ByteView whole, const Bytes& part) {
  return std::search(whole.begin(), whole.end(), part.begin(), part.end()) != whole.end();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* octets, size_t size) {
  using namespace intaglio::appliance;
  const ByteView input(octets, size);
  if (const auto facts = ReadTbsCertificate(input); facts.ok()) {
    MustHold(!facts->serial.octets.empty() && facts->serial.octets.size() <= 20);
    MustHold(facts->not_before <= facts->not_after);
    MustHold(Contains(input, facts->issuer) && Contains(input, facts->subject));
    MustHold(Contains(input, facts->spki));
    for (const CertificateExtension& each : facts->extensions.all) {
      MustHold(Contains(input, each.value));
    }
  }
  if (const auto parts = ReadCertificate(input); parts.ok()) {
    const Bytes again = AssembleCertificate(parts->tbs, parts->signature);
    MustHold(std::equal(again.begin(), again.end(), input.begin(), input.end()));
  }
  return 0;
}
