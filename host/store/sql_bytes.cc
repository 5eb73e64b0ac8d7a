#include "host/store/sql_bytes.h"

#include "host/store/reasons.h"

namespace intaglio::host {

std::string ToSql(ByteView octets) { return ToBase64(octets); }

StatusOr<Bytes> FromSql(const std::string& text) {
  auto octets = FromBase64(text);
  if (!octets.ok()) return Fail(kStoreCorrupt, "a column is not base64");
  return octets;
}

std::string ListToSql(const std::vector<Bytes>& list) {
  std::string out;
  for (const Bytes& each : list) out += ToBase64(each) + "\n";
  return out;
}

StatusOr<std::vector<Bytes>> ListFromSql(const std::string& text) {
  std::vector<Bytes> out;
  size_t from = 0;
  while (from < text.size()) {
    const size_t to = text.find('\n', from);
    if (to == std::string::npos) return Fail(kStoreCorrupt, "a list column does not end");
    ASSIGN_OR_RETURN(Bytes each, FromSql(text.substr(from, to - from)));
    out.push_back(std::move(each));
    from = to + 1;
  }
  return out;
}

std::string SerialKey(const std::string& serial) {
  // Two digits of length keep shorter (smaller) serials first.
  const std::string length = std::to_string(serial.size());
  return (length.size() < 2 ? "0" : "") + length + serial;
}

std::string SerialOfKey(const std::string& key) { return key.size() < 2 ? "" : key.substr(2); }

}  // namespace intaglio::host
