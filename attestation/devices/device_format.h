// DeviceFormat: how one vendor's devices attest a key with an X.509 certificate of their own.
//
// A vendor is one file that reads its extensions into the claims our own evidence would make, and
// one line of the table in device_attestation.cc. Reading proves nothing: signature, chain and time
// are device_attestation's part, whether the device is good enough appraisal's.
// docs/adding-a-device.md leads through it.
#ifndef INTAGLIO_ATTESTATION_DEVICES_DEVICE_FORMAT_H_
#define INTAGLIO_ATTESTATION_DEVICES_DEVICE_FORMAT_H_

#include <string_view>
#include <vector>

#include "attestation/model/evidence_content.h"
#include "attestation/model/oid.h"

namespace intaglio::attestation {

// The extensions of one arc, in the certificate of the attested key. Each occurs once
// (kDeviceExtensionRepeated) and has a number that the format knows (kDeviceExtensionUnknown): a
// device that says more than this release understands is not taken at its word.
class VendorExtensions final {
 public:
  struct Extension {
    uint32_t number = 0;  // the arc's last component
    Bytes value;          // content of the extnValue OCTET STRING
  };
  explicit VendorExtensions(std::vector<Extension> all) : all_(std::move(all)) {}

  // kDeviceExtensionMissing.
  StatusOr<ByteView> Find(uint32_t number, std::string_view what) const;

 private:
  std::vector<Extension> all_;
};

struct DeviceFormat {
  std::string_view name;        // "yubihsm2"
  std::string_view arc;         // dotted, of the extensions; one under it makes it this format
  std::vector<uint32_t> known;  // numbers that may occur
  // Fills in platform and key claims, all but the SPKI; what the device does not say stays absent.
  // kDeviceExtension…, kDeviceCapability.
  Status (*read)(const VendorExtensions& extensions, PlatformClaims& platform, KeyClaims& key);
};

// YubiHSM 2: SIGN ATTESTATION CERTIFICATE. [developers.yubico.com/YubiHSM2/Concepts/Attestation]
extern const DeviceFormat kYubiHsm2;
// YubiKey PIV: the attestation of a slot. [developers.yubico.com/PIV/Introduction/PIV_attestation]
extern const DeviceFormat kYubiKeyPiv;

namespace devices_internal {
// Values in strict DER that are this and nothing more: kDeviceExtensionInvalid.
StatusOr<Bytes> OctetString(ByteView der, std::string_view what);
StatusOr<uint64_t> Number(ByteView der, std::string_view what);  // not negative
// A BIT STRING of whole octets.
StatusOr<Bytes> BitOctets(ByteView der, std::string_view what);
StatusOr<std::string> Text(ByteView der, std::string_view what);  // UTF8String
// "2.4.1" of three octets.
StatusOr<std::string> Version(ByteView octets, std::string_view what);
}  // namespace devices_internal

}  // namespace intaglio::attestation

#endif  // INTAGLIO_ATTESTATION_DEVICES_DEVICE_FORMAT_H_
