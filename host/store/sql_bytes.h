// SqlBytes: octets as the database keeps them: base64 text. SOCI's own binary forms lose octets in
// some engines and throw in others.
#ifndef INTAGLIO_HOST_STORE_SQL_BYTES_H_
#define INTAGLIO_HOST_STORE_SQL_BYTES_H_

#include <string>
#include <vector>

#include "base/bytes.h"

namespace intaglio::host {

std::string ToSql(ByteView octets);
// kStoreCorrupt if `text` is not what ToSql wrote.
StatusOr<Bytes> FromSql(const std::string& text);

// A list of octet strings in one column.
std::string ListToSql(const std::vector<Bytes>& list);
StatusOr<std::vector<Bytes>> ListFromSql(const std::string& text);

// A serial (hexadecimal, 1 to 20 octets) in a form whose text order is that of the integers.
std::string SerialKey(const std::string& serial);
std::string SerialOfKey(const std::string& key);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_STORE_SQL_BYTES_H_
