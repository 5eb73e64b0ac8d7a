#include "appliance/records/statement_fields.h"

#include <algorithm>

namespace intaglio::appliance {

Status Invalid(std::string_view field) {
  return Fail(kStatementInvalid, "field " + std::string(field));
}

Status TakeDigest(std::string_view field, const std::string& octets, Digest& digest) {
  if (octets.size() != digest.size()) return Invalid(field);
  std::copy(octets.begin(), octets.end(), digest.begin());
  return OkStatus();
}

Status TakeOctets(std::string_view field, const std::string& octets, size_t least, size_t most,
                  Bytes& out) {
  if (octets.size() < least || octets.size() > most) return Invalid(field);
  out = ToBytes(octets);
  return OkStatus();
}

Status TakeText(std::string_view field, const std::string& text, size_t most, std::string& out) {
  if (text.empty() || text.size() > most ||
      std::any_of(text.begin(), text.end(),
                  [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
    return Invalid(field);
  }
  out = text;
  return OkStatus();
}

Status TakeName(std::string_view field, const std::string& text, size_t most,
                std::string_view alphabet, std::string& out) {
  RETURN_IF_ERROR(TakeText(field, text, most, out));
  return text.find_first_not_of(alphabet) == std::string::npos ? OkStatus() : Invalid(field);
}

Status TakeWindow(int64_t issued, int64_t expires, Duration longest, WallTime& from, WallTime& to) {
  if (issued <= 0) return Invalid("issued_at_ms");
  if (expires <= issued || expires - issued > longest) return Invalid("expires_at_ms");
  from = {issued};
  to = {expires};
  return OkStatus();
}

Status TakeSerial(const std::string& octets, Serial& serial) {
  if (octets.empty() || octets.size() > 20) return Invalid("serial");
  serial.octets = ToBytes(octets);
  return OkStatus();
}

}  // namespace intaglio::appliance
