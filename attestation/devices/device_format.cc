#include "attestation/devices/device_format.h"

#include <algorithm>

#include "attestation/devices/reasons.h"
#include "attestation/verify/der_reader.h"

namespace intaglio::attestation {
namespace {

// DerReader reads what evidence needs; this is the one type more.
constexpr DerTag kBitString{0x03};

Status Invalid(std::string_view what, const std::string& why) {
  return Fail(kDeviceExtensionInvalid, std::string(what) + ": " + why);
}

}  // namespace

StatusOr<ByteView> VendorExtensions::Find(uint32_t number, std::string_view what) const {
  const auto found = std::find_if(all_.begin(), all_.end(),
                                  [&](const Extension& each) { return each.number == number; });
  if (found != all_.end()) return ByteView(found->value);
  return Fail(kDeviceExtensionMissing,
              "number " + std::to_string(number) + ", " + std::string(what));
}

namespace devices_internal {

StatusOr<Bytes> OctetString(ByteView der, std::string_view what) {
  DerReader reader(der);
  auto octets = reader.OctetString(what);
  if (!octets.ok()) return Invalid(what, DetailOf(octets.status()));
  if (!reader.AtEnd()) return Invalid(what, "octets follow");
  return octets;
}

StatusOr<uint64_t> Number(ByteView der, std::string_view what) {
  DerReader reader(der);
  const auto number = reader.Integer(what);
  if (!number.ok()) return Invalid(what, DetailOf(number.status()));
  if (!reader.AtEnd()) return Invalid(what, "octets follow");
  if (*number < 0) return Invalid(what, std::to_string(*number) + " is negative");
  return static_cast<uint64_t>(*number);
}

StatusOr<Bytes> BitOctets(ByteView der, std::string_view what) {
  DerReader reader(der);
  const auto content = reader.Content(kBitString, what);
  if (!content.ok()) return Invalid(what, DetailOf(content.status()));
  if (!reader.AtEnd()) return Invalid(what, "octets follow");
  if (content->size() < 2 || content->front() != 0) return Invalid(what, "not of whole octets");
  return ToBytes(content->subspan(1));
}

StatusOr<std::string> Text(ByteView der, std::string_view what) {
  DerReader reader(der);
  auto text = reader.Utf8String(what);
  if (!text.ok()) return Invalid(what, DetailOf(text.status()));
  if (!reader.AtEnd()) return Invalid(what, "octets follow");
  return text;
}

StatusOr<std::string> Version(ByteView octets, std::string_view what) {
  if (octets.size() != 3) {
    return Invalid(what, "3 octets are a version, found " + std::to_string(octets.size()));
  }
  return std::to_string(octets[0]) + "." + std::to_string(octets[1]) + "." +
         std::to_string(octets[2]);
}

}  // namespace devices_internal
}  // namespace intaglio::attestation
