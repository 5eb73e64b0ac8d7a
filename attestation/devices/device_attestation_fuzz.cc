// Feeds arbitrary octets to the reader of vendors' attestations, as a file and as a certificate.
// What verifies under a root that nobody has the key of is a finding.
#include <cstdlib>

#include "attestation/devices/device_attestation.h"

using intaglio::Bytes;
using intaglio::ByteView;
using intaglio::attestation::DeviceAttestation;
using intaglio::attestation::DeviceFormat;
using intaglio::attestation::DeviceFormats;
using intaglio::attestation::FormatOf;
using intaglio::attestation::KeyClaims;
using intaglio::attestation::PlatformClaims;
using intaglio::attestation::ReadDeviceAttestation;
using intaglio::attestation::VendorExtensions;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* octets, size_t size) {
  const ByteView input(octets, size);
  const auto file = ReadDeviceAttestation(input);
  if (file.ok()) static_cast<void>(FormatOf(*file).ok());
  // The facts themselves: number, length, octets, again and again.
  std::vector<VendorExtensions::Extension> facts;
  for (size_t at = 0; at + 2 <= size;) {
    const uint32_t number = octets[at] % 12;
    const size_t length = std::min<size_t>(octets[at + 1], size - at - 2);
    facts.push_back({number, Bytes(octets + at + 2, octets + at + 2 + length)});
    at += 2 + length;
  }
  const VendorExtensions extensions(std::move(facts));
  for (const DeviceFormat* format : DeviceFormats()) {
    PlatformClaims platform;
    KeyClaims key;
    // What is read says where the key was born and whether it can leave.
    if (format->read(extensions, platform, key).ok() &&
        (!key.local || !key.extractable || !platform.swversion || !platform.hwserial)) {
      std::abort();
    }
  }
  return 0;
}
