#include "host/x509/crl_builder.h"

#include <openssl/err.h>

#include <algorithm>
#include <cstring>

#include "host/domain/oids.h"
#include "host/x509/certificate.h"
#include "host/x509/der.h"
#include "host/x509/openssl_ptr.h"
#include "host/x509/reasons.h"
#include "host/x509/tbs_encoding.h"

namespace intaglio::host {
namespace {

constexpr size_t kLeastPiece = 4096;

constexpr WallTime kFirstGeneralized{2524608000000};  // 2050-01-01T00:00:00Z
constexpr int64_t kSecondsPerDay = 24 * 3600;

// Extensions with the one reasonCode extension, up to the number itself [RFC 5280 §5.3.1].
constexpr uint8_t kReasonPrefix[] = {0x30, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55,
                                     0x1d, 0x15, 0x04, 0x03, 0x0a, 0x01};

// Octets of the encoded entry: at most 2 + 22 + 17 + 14, so every length in it is short form.
size_t EntrySize(const CrlEntry& entry) {
  const size_t serial = 2 + entry.serial.octets().size();
  const size_t date = entry.revoked_at < kFirstGeneralized ? 15 : 17;
  const bool has_reason = entry.reason != RevocationReason::kUnspecified;
  return 2 + serial + date + (has_reason ? sizeof(kReasonPrefix) + 1 : 0);
}

// Encodes entries one after the other in a buffer of its own. Millions pass through here, so the
// calendar is consulted once for each run of entries of one day.
class EntryEncoder final {
 public:
  ByteView Encode(const CrlEntry& entry) {
    size_t at = 2;
    const ByteView serial = entry.serial.octets();
    buffer_[at++] = der::kInteger;
    buffer_[at++] = static_cast<uint8_t>(serial.size());
    at = Append(at, serial);
    at = AppendDate(at, entry.revoked_at);
    if (entry.reason != RevocationReason::kUnspecified) {
      at = Append(at, kReasonPrefix);
      buffer_[at++] = static_cast<uint8_t>(entry.reason);
    }
    buffer_[0] = der::kSequence;
    buffer_[1] = static_cast<uint8_t>(at - 2);
    return {buffer_, at};
  }

 private:
  size_t Append(size_t at, ByteView octets) {
    std::memcpy(buffer_ + at, octets.data(), octets.size());
    return at + octets.size();
  }
  size_t AppendDate(size_t at, WallTime time) {
    const int64_t second = FloorDivide(time.ms, kSecond);
    const int64_t day = FloorDivide(second, kSecondsPerDay);
    if (midnight_.empty() || day != day_) {
      midnight_ = der::Time({day * kSecondsPerDay * kSecond});
      day_ = day;
    }
    const int64_t in_day = second - day * kSecondsPerDay;
    at = Append(at, ByteView(midnight_).first(midnight_.size() - 7));  // "HHMMSSZ" is replaced
    for (const int64_t part : {in_day / 3600, in_day / 60 % 60, in_day % 60}) {
      buffer_[at++] = static_cast<uint8_t>('0' + part / 10);
      buffer_[at++] = static_cast<uint8_t>('0' + part % 10);
    }
    buffer_[at++] = 'Z';
    return at;
  }
  static int64_t FloorDivide(int64_t value, int64_t by) {
    return value / by - (value % by < 0 ? 1 : 0);
  }

  uint8_t buffer_[64];
  Bytes midnight_;
  int64_t day_ = 0;
};

// Runs over all entries in order, from the first on.
template <class Visit>
Status ForEachEntry(CrlEntrySource& entries, const Visit& visit) {
  RETURN_IF_ERROR(entries.Rewind());
  std::optional<Serial> last;
  while (true) {
    StatusOr<std::optional<CrlEntry>> next = entries.Next();
    if (!next.ok()) return next.status();
    if (!next->has_value()) return OkStatus();
    const CrlEntry& entry = **next;
    if (last && entry.serial <= *last) {
      return Fail(kCrlOrder, "serial " + entry.serial.ToHexText() + " after " + last->ToHexText());
    }
    if (!der::IsEncodable(entry.revoked_at)) {
      return Fail(kCrlDates, "the revocation date of serial " + entry.serial.ToHexText());
    }
    last = entry.serial;
    RETURN_IF_ERROR(visit(entry));
  }
}

Bytes EncodeExtensions(const CrlFields& fields) {
  std::vector<Bytes> extensions = {
      AuthorityKeyIdExtension(fields.issuer.key_id()),
      EncodeExtension(oid::kCrlNumber, Criticality::kNotCritical, der::Unsigned(fields.number)),
  };
  if (fields.expired_certs_from) {
    extensions.push_back(EncodeExtension(oid::kExpiredCertsOnCrl, Criticality::kNotCritical,
                                         der::GeneralizedTime(*fields.expired_certs_from)));
  }
  if (fields.distribution_point) {
    extensions.push_back(
        EncodeExtension(oid::kIssuingDistributionPoint, Criticality::kCritical,
                        der::Sequence({DistributionPointName(*fields.distribution_point)})));
  }
  return der::Tlv(der::Constructed(0), der::SequenceOf(extensions));
}

Status CheckFields(const CrlFields& fields) {
  if (!der::IsEncodable(fields.this_update) || !der::IsEncodable(fields.next_update) ||
      (fields.expired_certs_from && !der::IsEncodable(*fields.expired_certs_from))) {
    return Fail(kCrlDates, "a time outside the years 1950 to 9999");
  }
  if (fields.next_update <= fields.this_update) {
    return Fail(kCrlDates, "nextUpdate " + ToIso8601(fields.next_update) +
                               " is not later than thisUpdate " + ToIso8601(fields.this_update));
  }
  if (fields.distribution_point) {
    return CheckUrl(*fields.distribution_point, UrlScheme::kHttp, "distribution point");
  }
  return OkStatus();
}

// Gathers octets into pieces of one size.
class Pieces final {
 public:
  Pieces(size_t size, const CrlSink& sink) : size_(std::max(size, kLeastPiece)), sink_(sink) {
    piece_.reserve(size_);
  }
  Status Add(ByteView octets) {
    while (!octets.empty()) {
      const size_t take = std::min(octets.size(), size_ - piece_.size());
      piece_.insert(piece_.end(), octets.begin(), octets.begin() + static_cast<ptrdiff_t>(take));
      octets = octets.subspan(take);
      if (piece_.size() == size_) RETURN_IF_ERROR(Flush());
    }
    return OkStatus();
  }
  Status Flush() {
    if (piece_.empty()) return OkStatus();
    Status status = sink_(piece_);
    piece_.clear();
    return status;
  }

 private:
  size_t size_;
  const CrlSink& sink_;
  Bytes piece_;
};

}  // namespace

StatusOr<CrlTbsWriter> CrlTbsWriter::Create(const CrlFields& fields, CrlEntrySource& entries) {
  RETURN_IF_ERROR(CheckFields(fields));
  CrlTbsWriter writer;
  writer.entries_ = &entries;
  RETURN_IF_ERROR(ForEachEntry(entries, [&](const CrlEntry& entry) {
    ++writer.entry_count_;
    writer.entry_octets_ += EntrySize(entry);
    return OkStatus();
  }));
  const Bytes fixed =
      Concat({der::Unsigned(1), der::EcdsaWithSha256(), fields.issuer.subject_name(),
              der::Time(fields.this_update), der::Time(fields.next_update)});
  // revokedCertificates is absent, not empty, where there is nothing [RFC 5280 §5.1.2.6].
  const Bytes list =
      writer.entry_count_ == 0 ? Bytes() : der::Header(der::kSequence, writer.entry_octets_);
  writer.tail_ = EncodeExtensions(fields);
  const uint64_t content = fixed.size() + list.size() + writer.entry_octets_ + writer.tail_.size();
  writer.head_ = Concat({der::Header(der::kSequence, content), fixed, list});
  writer.size_ = der::HeaderSize(content) + content;
  return writer;
}

Status CrlTbsWriter::Write(size_t piece_octets, const CrlSink& sink) const {
  Pieces pieces(piece_octets, sink);
  RETURN_IF_ERROR(pieces.Add(head_));
  uint64_t count = 0;
  uint64_t octets = 0;
  EntryEncoder encoder;
  RETURN_IF_ERROR(ForEachEntry(*entries_, [&](const CrlEntry& entry) {
    const ByteView encoded = encoder.Encode(entry);
    ++count;
    octets += encoded.size();
    return pieces.Add(encoded);
  }));
  if (count != entry_count_ || octets != entry_octets_) {
    return Fail(kCrlSourceChanged, "first " + std::to_string(entry_count_) + " entries of " +
                                       std::to_string(entry_octets_) + " octets, then " +
                                       std::to_string(count) + " of " + std::to_string(octets));
  }
  RETURN_IF_ERROR(pieces.Add(tail_));
  return pieces.Flush();
}

StatusOr<Bytes> BuildCrlTbs(const CrlFields& fields, CrlEntrySource& entries) {
  ASSIGN_OR_RETURN(const CrlTbsWriter writer, CrlTbsWriter::Create(fields, entries));
  Bytes tbs;
  tbs.reserve(writer.size());
  RETURN_IF_ERROR(writer.Write(kLeastPiece, [&](ByteView piece) {
    tbs.insert(tbs.end(), piece.begin(), piece.end());
    return OkStatus();
  }));
  return tbs;
}

StatusOr<CrlFrame> FrameCrl(uint64_t tbs_size, ByteView signature_der) {
  RETURN_IF_ERROR(CheckEcdsaSignature(signature_der));
  CrlFrame frame;
  frame.after = Concat({der::EcdsaWithSha256(), der::BitString(signature_der)});
  frame.before = der::Header(der::kSequence, tbs_size + frame.after.size());
  return frame;
}

StatusOr<Bytes> AssembleCrl(ByteView tbs, ByteView signature_der) {
  return AssembleSigned(tbs, signature_der);
}

Status VerifyCrl(ByteView crl_der, ByteView issuer_der) {
  ASSIGN_OR_RETURN(const X509Ptr issuer, ParseCertificate(issuer_der));
  ERR_clear_error();
  const uint8_t* at = crl_der.data();
  X509CrlPtr crl(d2i_X509_CRL(nullptr, &at, static_cast<long>(crl_der.size())));
  if (!crl || at != crl_der.data() + crl_der.size()) {
    return OpensslFail(kCertificateMalformed, "not a CRL");
  }
  EVP_PKEY* key = X509_get0_pubkey(issuer.get());
  if (X509_NAME_cmp(X509_CRL_get_issuer(crl.get()), X509_get_subject_name(issuer.get())) != 0) {
    return Fail(kCertificateNotVerified, "the CRL names another issuer");
  }
  if (key == nullptr || X509_CRL_verify(crl.get(), key) != 1) {
    return OpensslFail(kCertificateNotVerified, "the issuer's key does not verify the CRL");
  }
  return OkStatus();
}

}  // namespace intaglio::host
