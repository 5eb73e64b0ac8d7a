// DerReader: reads DER and nothing more lenient.
//
// Evidence and the certificates in it come from outside, and the ASN.1 parsers of the libraries let
// through non-minimal lengths, BER booleans and trailing octets; two encodings of one thing are how
// signatures get confused. Views into the input, which has to outlive the reader. Each failure
// names `what` was being read and where. [X.690 §8–11]
#ifndef INTAGLIO_ATTESTATION_VERIFY_DER_READER_H_
#define INTAGLIO_ATTESTATION_VERIFY_DER_READER_H_

#include <optional>
#include <string>
#include <string_view>

#include "attestation/model/oid.h"
#include "base/bytes.h"
#include "base/clock.h"

namespace intaglio::attestation {

enum class DerTag : uint8_t {
  kBoolean = 0x01,
  kInteger = 0x02,
  kOctetString = 0x04,
  kOid = 0x06,
  kUtf8String = 0x0c,
  kGeneralizedTime = 0x18,
  kSequence = 0x30,
  kContext0 = 0xa0,  // constructed
  kContext1 = 0xa1,
  kContext2 = 0xa2,
};

class DerReader final {
 public:
  explicit DerReader(ByteView input) : rest_(input) {}

  bool AtEnd() const { return rest_.empty(); }
  // True if the next value has `tag`; false at the end.
  bool NextIs(DerTag tag) const;
  // kDerTrailing where something is left.
  Status ExpectEnd(std::string_view what) const;

  // The content octets of the next value. kDerTruncated, kDerTag, kDerLength.
  StatusOr<ByteView> Content(DerTag tag, std::string_view what);
  // The next value with its tag and length. Same failures.
  StatusOr<ByteView> Whole(DerTag tag, std::string_view what);
  // A reader of the content of the next value. Same failures.
  StatusOr<DerReader> Enter(DerTag tag, std::string_view what);
  // Passes over one value of any type after checking the lengths of all that is nested in it, and
  // answers it whole. Also kDerDepth.
  StatusOr<ByteView> Any(std::string_view what);

  // Same failures, and kDerValue.
  StatusOr<bool> Boolean(std::string_view what);
  // At most 64 bits.
  StatusOr<int64_t> Integer(std::string_view what);
  StatusOr<Bytes> OctetString(std::string_view what);
  StatusOr<std::string> Utf8String(std::string_view what);
  StatusOr<Oid> ObjectIdentifier(std::string_view what);
  // YYYYMMDDHHMMSSZ, the one form PKIX uses. [RFC 5280 §4.1.2.5.2]
  StatusOr<WallTime> GeneralizedTime(std::string_view what);

 private:
  struct Tlv {
    uint8_t tag;
    ByteView content;
    ByteView whole;
  };
  StatusOr<Tlv> Next(std::string_view what);
  StatusOr<Tlv> Expect(DerTag tag, std::string_view what);
  static Status CheckNested(ByteView content, int depth, std::string_view what);

  ByteView rest_;
};

}  // namespace intaglio::attestation

#endif  // INTAGLIO_ATTESTATION_VERIFY_DER_READER_H_
