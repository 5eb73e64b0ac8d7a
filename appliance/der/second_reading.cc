#include "appliance/der/second_reading.h"

#include <mbedtls/x509_crt.h>

#include <chrono>

#include "appliance/der/reasons.h"

namespace intaglio::appliance {
namespace {

// An Mbed TLS certificate; pinned, for the library links certificates by address.
class ParsedCertificate final {
 public:
  ParsedCertificate() { mbedtls_x509_crt_init(&crt_); }
  ~ParsedCertificate() { mbedtls_x509_crt_free(&crt_); }
  ParsedCertificate(const ParsedCertificate&) = delete;
  ParsedCertificate& operator=(const ParsedCertificate&) = delete;

  int Parse(ByteView der) { return mbedtls_x509_crt_parse_der(&crt_, der.data(), der.size()); }
  const mbedtls_x509_crt& get() const { return crt_; }

 private:
  mbedtls_x509_crt crt_;
};

Bytes ToBytes(const mbedtls_x509_buf& buffer) {
  return buffer.len == 0 ? Bytes{} : Bytes(buffer.p, buffer.p + buffer.len);
}

WallTime ToWallTime(const mbedtls_x509_time& time) {
  const std::chrono::year_month_day date{std::chrono::year{time.year},
                                         std::chrono::month{static_cast<unsigned>(time.mon)},
                                         std::chrono::day{static_cast<unsigned>(time.day)}};
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return {days * kDay + time.hour * kHour + time.min * kMinute + time.sec * kSecond};
}

}  // namespace

StatusOr<SecondReading> ReadWithMbedTls(ByteView tbs) {
  constexpr uint8_t kOneOne[] = {0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01};
  ParsedCertificate parsed;
  if (const int code = parsed.Parse(AssembleCertificate(tbs, kOneOne)); code != 0) {
    return Fail(kTbsSecondReader, "Mbed TLS: code " + std::to_string(code));
  }
  const mbedtls_x509_crt& crt = parsed.get();
  return SecondReading{.serial = ToBytes(crt.serial),
                       .issuer = ToBytes(crt.issuer_raw),
                       .subject = ToBytes(crt.subject_raw),
                       .spki = ToBytes(crt.pk_raw),
                       .not_before = ToWallTime(crt.valid_from),
                       .not_after = ToWallTime(crt.valid_to)};
}

Status CompareReadings(const TbsFacts& facts, const SecondReading& second) {
  const auto differ = [](const char* field) {
    return Fail(kTbsReadingsDiffer, std::string("Mbed TLS reads another ") + field);
  };
  if (facts.serial.octets != second.serial) return differ("serial");
  if (facts.issuer != second.issuer) return differ("issuer");
  if (facts.subject != second.subject) return differ("subject");
  if (facts.spki != second.spki) return differ("public key");
  if (facts.not_before != second.not_before) return differ("notBefore");
  if (facts.not_after != second.not_after) return differ("notAfter");
  return OkStatus();
}

}  // namespace intaglio::appliance
