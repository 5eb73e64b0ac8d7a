// StatementFields: how the codecs of statements take single fields, with their bounds. Each failure
// is kStatementInvalid naming the field. Only the codecs of this folder use them.
#ifndef INTAGLIO_APPLIANCE_RECORDS_STATEMENT_FIELDS_H_
#define INTAGLIO_APPLIANCE_RECORDS_STATEMENT_FIELDS_H_

#include <string>
#include <string_view>

#include "appliance/domain/ids.h"
#include "appliance/domain/reasons.h"
#include "appliance/records/canonical.h"
#include "base/clock.h"

namespace intaglio::appliance {

inline constexpr size_t kMaxStatement = 512 * 1024;
inline constexpr std::string_view kIdAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
inline constexpr std::string_view kLabelAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789-";

Status Invalid(std::string_view field);

template <class Message>
StatusOr<Message> Parse(ByteView octets, std::string_view context) {
  Message message;
  if (!ParseCanonical(octets, kMaxStatement, message)) {
    return Fail(kStatementInvalid, "not the canonical octets of " + message.GetTypeName());
  }
  if (message.context() != context) return Invalid("context");
  return message;
}

template <class Id>
Status Take(std::string_view field, const std::string& octets, Id& id) {
  return Assign(AsBytes(octets), id) ? OkStatus() : Invalid(field);
}

Status TakeDigest(std::string_view field, const std::string& octets, Digest& digest);
Status TakeOctets(std::string_view field, const std::string& octets, size_t least, size_t most,
                  Bytes& out);
// Text of 1 to `most` octets without control characters.
Status TakeText(std::string_view field, const std::string& text, size_t most, std::string& out);
Status TakeName(std::string_view field, const std::string& text, size_t most,
                std::string_view alphabet, std::string& out);
// Positive times, the end after the start and at most `longest` later.
Status TakeWindow(int64_t issued, int64_t expires, Duration longest, WallTime& from, WallTime& to);
Status TakeSerial(const std::string& octets, Serial& serial);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_RECORDS_STATEMENT_FIELDS_H_
