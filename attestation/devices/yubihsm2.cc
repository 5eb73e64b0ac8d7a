// YubiHSM 2. The device attests generated and imported keys alike and says which it was.
#include <string>

#include "attestation/devices/device_format.h"
#include "attestation/devices/reasons.h"

namespace intaglio::attestation {
namespace {

namespace in = devices_internal;

enum Number : uint32_t {
  kFirmware = 1,
  kSerial = 2,
  kOrigin = 3,
  kDomains = 4,
  kCapabilities = 5,
  kObjectId = 6,
  kLabel = 9,
  kFips = 10,  // [docs.yubico.com/hardware/oid]
};

constexpr uint8_t kGenerated = 0x01, kImported = 0x02, kImportedWrapped = 0x10;

constexpr uint64_t Bit(int number) { return uint64_t{1} << number; }
constexpr uint64_t kSigns =
    Bit(0x05) | Bit(0x06) | Bit(0x07) | Bit(0x08);     // PKCS#1, PSS, ECDSA, EdDSA
constexpr uint64_t kDecrypts = Bit(0x09) | Bit(0x0a);  // PKCS#1, OAEP
constexpr uint64_t kDerives = Bit(0x0b);               // ECDH
constexpr uint64_t kExportable = Bit(0x10);

// Generated here; a key that was wrapped out and came back was elsewhere meanwhile.
Status ReadOrigin(const VendorExtensions& extensions, KeyClaims& key) {
  ASSIGN_OR_RETURN(const ByteView der, extensions.Find(kOrigin, "origin"));
  ASSIGN_OR_RETURN(const Bytes origin, in::BitOctets(der, "origin"));
  constexpr uint8_t kAll = kGenerated | kImported | kImportedWrapped;
  if (origin.size() != 1 || (origin[0] & ~kAll) != 0 || (origin[0] & kAll) == 0) {
    return Fail(kDeviceExtensionInvalid, "origin: found " + ToHex(origin));
  }
  key.local = origin[0] == kGenerated;
  return OkStatus();
}

Status ReadCapabilities(const VendorExtensions& extensions, KeyClaims& key) {
  ASSIGN_OR_RETURN(const ByteView der, extensions.Find(kCapabilities, "capabilities"));
  ASSIGN_OR_RETURN(const Bytes octets, in::BitOctets(der, "capabilities"));
  if (octets.size() != 8) {
    return Fail(kDeviceExtensionInvalid,
                "capabilities: 8 octets, found " + std::to_string(octets.size()));
  }
  uint64_t bits = 0;
  for (const uint8_t each : octets) bits = bits << 8 | each;
  // Signing certificates of the device's own making among them: what such a key signs is not its
  // owner's to decide.
  const uint64_t unknown = bits & ~(kSigns | kDecrypts | kDerives | kExportable);
  if (unknown != 0) return Fail(kDeviceCapability, "found " + ToHex(octets));
  std::vector<KeyPurpose> purposes;
  if ((bits & kSigns) != 0) purposes.push_back(KeyPurpose::kSign);
  if ((bits & kDecrypts) != 0) purposes.push_back(KeyPurpose::kDecrypt);
  if ((bits & kDerives) != 0) purposes.push_back(KeyPurpose::kDerive);
  key.purposes = std::move(purposes);
  // Capabilities are given when an object is made and never change, so now is always. A key that
  // came in from elsewhere could be exported there.
  key.extractable = (bits & kExportable) != 0;
  key.never_extractable = !*key.extractable && key.local.value_or(false);
  return OkStatus();
}

// Facts that appraisal does not use still have their form; a certificate that gets them wrong is
// not the device's.
Status CheckOthers(const VendorExtensions& extensions) {
  if (const auto domains = extensions.Find(kDomains, "domains"); domains.ok()) {
    ASSIGN_OR_RETURN(const Bytes octets, in::BitOctets(*domains, "domains"));
    if (octets.size() != 2) return Fail(kDeviceExtensionInvalid, "domains: " + ToHex(octets));
  }
  if (const auto label = extensions.Find(kLabel, "label"); label.ok()) {
    ASSIGN_OR_RETURN(const std::string text, in::Text(*label, "label"));
    if (text.size() > 40) return Fail(kDeviceExtensionInvalid, "label: longer than 40 octets");
  }
  return OkStatus();
}

Status Read(const VendorExtensions& extensions, PlatformClaims& platform, KeyClaims& key) {
  ASSIGN_OR_RETURN(const ByteView firmware, extensions.Find(kFirmware, "firmware"));
  ASSIGN_OR_RETURN(const Bytes version, in::OctetString(firmware, "firmware"));
  ASSIGN_OR_RETURN(platform.swversion, in::Version(version, "firmware"));
  ASSIGN_OR_RETURN(const ByteView serial, extensions.Find(kSerial, "serial"));
  ASSIGN_OR_RETURN(const uint64_t number, in::Number(serial, "serial"));
  platform.hwserial = std::to_string(number);
  platform.vendor = "Yubico";
  platform.hwmodel = ToBytes("YubiHSM 2");
  platform.swname = "YubiHSM 2 firmware";
  RETURN_IF_ERROR(ReadOrigin(extensions, key));
  RETURN_IF_ERROR(ReadCapabilities(extensions, key));
  // Objects of this device leave it encrypted or not at all.
  key.sensitive = true;
  RETURN_IF_ERROR(CheckOthers(extensions));
  ASSIGN_OR_RETURN(const ByteView object, extensions.Find(kObjectId, "object id"));
  ASSIGN_OR_RETURN(const uint64_t object_id, in::Number(object, "object id"));
  if (object_id > 0xffff) {
    return Fail(kDeviceExtensionInvalid, "object id: " + std::to_string(object_id));
  }
  key.identifiers = {"yubihsm2:" + *platform.hwserial + ":" + std::to_string(object_id)};
  return OkStatus();
}

}  // namespace

const DeviceFormat kYubiHsm2{
    "yubihsm2",
    "1.3.6.1.4.1.41482.4",
    {kFirmware, kSerial, kOrigin, kDomains, kCapabilities, kObjectId, kLabel, kFips},
    Read};

}  // namespace intaglio::attestation
