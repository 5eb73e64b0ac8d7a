// Takes any octets for a ResponseData: reading ends, and what is accepted keeps the bounds that the
// judge relies on and is made of the octets given.
#include <algorithm>
#include <cstdlib>

#include "appliance/der/ocsp_response_data.h"

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
  const auto read = ReadOcspResponseData(input);
  if (!read.ok()) return 0;
  MustHold(size <= kMaxOcspOctets);
  MustHold(!read->singles.empty() && read->singles.size() <= 20);
  MustHold(Contains(input, read->responder_key_hash));
  for (const OcspSingle& each : read->singles) {
    MustHold(!each.serial.octets.empty() && each.serial.octets.size() <= 20);
    MustHold(Contains(input, each.serial.octets) && Contains(input, each.issuer_name_hash));
    MustHold(Contains(input, each.issuer_key_hash));
    if (const auto* revoked = std::get_if<OcspRevoked>(&each.status)) {
      MustHold(static_cast<uint8_t>(revoked->reason) <= 9);
    }
  }
  return 0;
}
