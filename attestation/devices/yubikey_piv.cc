// YubiKey PIV. A slot is attested only if its key was generated in the device, and no key of a slot
// can leave it. What the key may be used for is not said, so appraisal, which wants keys that only
// sign, does not take one unless the device's list entry lets it.
#include <string>

#include "attestation/devices/device_format.h"
#include "attestation/devices/reasons.h"

namespace intaglio::attestation {
namespace {

namespace in = devices_internal;

enum Number : uint32_t {
  kFirmware = 3,
  kSerial = 7,
  kPolicies = 8,
  kFormFactor = 9,
};

// PIN and touch policy: 1 to 3 each. One octet each, not DER.
Status CheckPolicies(const VendorExtensions& extensions) {
  ASSIGN_OR_RETURN(const ByteView octets, extensions.Find(kPolicies, "PIN and touch policy"));
  const bool known =
      octets.size() == 2 && octets[0] >= 1 && octets[0] <= 3 && octets[1] >= 1 && octets[1] <= 3;
  if (known) return OkStatus();
  return Fail(kDeviceExtensionInvalid, "PIN and touch policy: found " + ToHex(octets));
}

Status Read(const VendorExtensions& extensions, PlatformClaims& platform, KeyClaims& key) {
  ASSIGN_OR_RETURN(const ByteView firmware, extensions.Find(kFirmware, "firmware"));
  ASSIGN_OR_RETURN(platform.swversion, in::Version(firmware, "firmware"));
  ASSIGN_OR_RETURN(const ByteView serial, extensions.Find(kSerial, "serial"));
  ASSIGN_OR_RETURN(const uint64_t number, in::Number(serial, "serial"));
  platform.hwserial = std::to_string(number);
  RETURN_IF_ERROR(CheckPolicies(extensions));
  const auto form = extensions.Find(kFormFactor, "form factor");
  if (form.ok() && form->size() != 1) {
    return Fail(kDeviceExtensionInvalid, "form factor: found " + ToHex(*form));
  }
  platform.vendor = "Yubico";
  platform.hwmodel = ToBytes("YubiKey");
  platform.swname = "YubiKey firmware";
  key.local = true;
  key.sensitive = true;
  key.extractable = false;
  key.never_extractable = true;
  key.identifiers = {"yubikey-piv:" + *platform.hwserial};
  return OkStatus();
}

}  // namespace

const DeviceFormat kYubiKeyPiv{
    "yubikey-piv", "1.3.6.1.4.1.41482.3", {kFirmware, kSerial, kPolicies, kFormFactor}, Read};

}  // namespace intaglio::attestation
