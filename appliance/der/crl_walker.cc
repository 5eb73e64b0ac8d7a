#include "appliance/der/crl_walker.h"

#include <algorithm>
#include <set>

#include "appliance/der/reasons.h"
#include "appliance/der/strict_der.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kMaxName = 8 * 1024;
constexpr size_t kMaxEntry = 256;
constexpr size_t kMaxExtensions = 64 * 1024;
constexpr std::string_view kEcdsaWithSha256 = "1.2.840.10045.4.3.2";
constexpr std::string_view kReasonCode = "2.5.29.21";
constexpr std::string_view kCrlNumber = "2.5.29.20";
constexpr std::string_view kAuthorityKeyId = "2.5.29.35";
constexpr std::string_view kExpiredCertsOnCrl = "2.5.29.60";

Status Shape(const std::string& what) { return Fail(kCrlShape, what); }

struct Extension {
  std::string oid;
  bool critical = false;
  ByteView value;
};

StatusOr<Extension> TakeExtension(DerReader& list) {
  ASSIGN_OR_RETURN(DerReader reader, list.Enter(kDerSequence));
  Extension out;
  ASSIGN_OR_RETURN(const DerValue oid, reader.Expect(kDerOid));
  ASSIGN_OR_RETURN(out.oid, DecodeOid(oid));
  if (reader.NextIs(kDerBoolean)) {
    ASSIGN_OR_RETURN(const DerValue flag, reader.Next());
    ASSIGN_OR_RETURN(out.critical, DecodeBoolean(flag));
    if (!out.critical) return Fail(kTbsDefaultEncoded, "critical FALSE");
  }
  ASSIGN_OR_RETURN(const DerValue value, reader.Expect(kDerOctetString));
  out.value = value.content;
  RETURN_IF_ERROR(reader.Finish());
  return out;
}

StatusOr<CrlReason> ReasonOf(ByteView value) {
  ASSIGN_OR_RETURN(const DerValue element, ReadDerElement(value, 8));
  if (element.tag != kDerEnumerated || element.content.size() != 1) {
    return Fail(kCrlExtension, "reasonCode");
  }
  switch (element.content[0]) {
    case 1:
    case 3:
    case 4:
    case 5:
    case 6:
    case 9:
      return static_cast<CrlReason>(element.content[0]);
    default:
      // unspecified is left out, never written; the others are for CAs or for delta CRLs.
      return Fail(kCrlExtension, "reasonCode " + std::to_string(element.content[0]));
  }
}

StatusOr<Serial> SerialOf(const DerValue& value) {
  RETURN_IF_ERROR(CheckInteger(value));
  if (value.content.size() > 20 || (value.content[0] & 0x80) != 0 ||
      (value.content.size() == 1 && value.content[0] == 0)) {
    return Fail(kTbsSerial, "of a CRL entry");
  }
  return Serial{ToBytes(value.content)};
}

// Shorter first, then octet by octet: the order of positive minimal integers.
bool Ascends(const Serial& before, const Serial& after) {
  if (before.octets.size() != after.octets.size()) {
    return before.octets.size() < after.octets.size();
  }
  return before.octets < after.octets;
}

}  // namespace

Status CrlWalker::Feed(ByteView octets) {
  if (octets.size() > length_ - fed_) return Shape("more octets than announced");
  fed_ += octets.size();
  hash_.Update(octets);
  buffer_.insert(buffer_.end(), octets.begin(), octets.end());
  bool progress = true;
  while (progress) {
    progress = false;
    RETURN_IF_ERROR(Step(progress));
  }
  return OkStatus();
}

StatusOr<CrlFacts> CrlWalker::Finish() {
  if (fed_ != length_ || stage_ != Stage::kDone || consumed_ != length_) {
    return Shape("the TBSCertList is not complete");
  }
  facts_.tbs_sha256 = hash_.Finish();
  return facts_;
}

Status CrlWalker::Step(bool& progress) {
  switch (stage_) {
    case Stage::kOuter:
      return ReadOuter(progress);
    case Stage::kHeader:
      return ReadHeaderField(progress);
    case Stage::kListHeader:
    case Stage::kEntry:
      return ReadEntry(progress);
    case Stage::kExtensions:
      return ReadExtensions(progress);
    case Stage::kDone:
      return buffer_.empty() ? OkStatus() : Shape("octets after the extensions");
  }
  return Shape("stage");
}

Status CrlWalker::ReadOuter(bool& progress) {
  ASSIGN_OR_RETURN(const auto header, ReadDerHeader(buffer_));
  if (!header) return OkStatus();
  if (header->tag != kDerSequence || header->header_octets + header->content_octets != length_) {
    return Shape("the outer SEQUENCE does not span the announced length");
  }
  buffer_.erase(buffer_.begin(),
                buffer_.begin() + static_cast<std::ptrdiff_t>(header->header_octets));
  consumed_ += header->header_octets;
  stage_ = Stage::kHeader;
  progress = true;
  return OkStatus();
}

StatusOr<std::optional<Bytes>> CrlWalker::TakeElement(size_t most) {
  ASSIGN_OR_RETURN(const auto header, ReadDerHeader(buffer_));
  if (!header) return std::nullopt;
  const size_t whole = header->header_octets + header->content_octets;
  if (whole > most) return Fail(kDerTooLarge, std::to_string(whole) + " octets in a CRL");
  if (buffer_.size() < whole) return std::nullopt;
  Bytes element(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(whole));
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(whole));
  consumed_ += whole;
  return element;
}

Status CrlWalker::ReadHeaderField(bool& progress) {
  ASSIGN_OR_RETURN(const auto element, TakeElement(kMaxName));
  if (!element) return OkStatus();
  RETURN_IF_ERROR(TakeHeaderElement(*element));
  if (++header_field_ == 5) stage_ = Stage::kListHeader;
  progress = true;
  return OkStatus();
}

Status CrlWalker::TakeHeaderElement(const Bytes& element) {
  ASSIGN_OR_RETURN(const DerValue value, ReadDerElement(element, kMaxName));
  switch (header_field_) {
    case 0: {
      if (value.tag != kDerInteger) return Shape("version is missing");
      ASSIGN_OR_RETURN(const uint32_t version, DecodeSmallInteger(value));
      return version == 1 ? OkStatus() : Shape("version is not v2");
    }
    case 1: {
      DerReader outer(element);
      ASSIGN_OR_RETURN(DerReader algorithm, outer.Enter(kDerSequence));
      ASSIGN_OR_RETURN(const DerValue oid, algorithm.Expect(kDerOid));
      ASSIGN_OR_RETURN(const std::string text, DecodeOid(oid));
      RETURN_IF_ERROR(algorithm.Finish());
      return text == kEcdsaWithSha256 ? OkStatus() : Fail(kTbsSignatureAlgorithm, text);
    }
    case 2:
      if (value.tag != kDerSequence) return Shape("issuer");
      RETURN_IF_ERROR(CheckDerDeep(value));
      facts_.issuer = element;
      return OkStatus();
    case 3: {
      ASSIGN_OR_RETURN(facts_.this_update, DecodeX509Time(value));
      return OkStatus();
    }
    default: {
      ASSIGN_OR_RETURN(facts_.next_update, DecodeX509Time(value));
      return OkStatus();
    }
  }
}

Status CrlWalker::ReadEntry(bool& progress) {
  if (stage_ == Stage::kListHeader) {
    ASSIGN_OR_RETURN(const auto header, ReadDerHeader(buffer_));
    if (!header) return OkStatus();
    progress = true;
    if (header->tag != kDerSequence) {
      // revokedCertificates is absent when there is nothing to list.
      stage_ = Stage::kExtensions;
      return OkStatus();
    }
    if (header->content_octets == 0) return Shape("revokedCertificates is empty, not absent");
    buffer_.erase(buffer_.begin(),
                  buffer_.begin() + static_cast<std::ptrdiff_t>(header->header_octets));
    consumed_ += header->header_octets;
    list_end_ = consumed_ + header->content_octets;
    if (list_end_ > length_) return Shape("revokedCertificates is longer than the list");
    stage_ = Stage::kEntry;
    return OkStatus();
  }
  // Entries are taken out of the buffer together, so that a chunk of many costs one move.
  size_t at = 0;
  while (consumed_ + at < list_end_) {
    const ByteView rest = ByteView(buffer_).subspan(at);
    ASSIGN_OR_RETURN(const auto header, ReadDerHeader(rest));
    if (!header) break;
    const size_t whole = header->header_octets + header->content_octets;
    if (whole > kMaxEntry) return Fail(kDerTooLarge, "a CRL entry");
    if (consumed_ + at + whole > list_end_) return Shape("an entry leaves the list");
    if (rest.size() < whole) break;
    DerReader outer(rest.first(whole));
    ASSIGN_OR_RETURN(DerReader reader, outer.Enter(kDerSequence));
    CrlEntry entry;
    ASSIGN_OR_RETURN(const DerValue serial, reader.Expect(kDerInteger));
    ASSIGN_OR_RETURN(entry.serial, SerialOf(serial));
    ASSIGN_OR_RETURN(const DerValue date, reader.Next());
    ASSIGN_OR_RETURN(entry.revoked_at, DecodeX509Time(date));
    if (!reader.AtEnd()) {
      ASSIGN_OR_RETURN(DerReader extensions, reader.Enter(kDerSequence));
      ASSIGN_OR_RETURN(const Extension extension, TakeExtension(extensions));
      if (extension.oid != kReasonCode || extension.critical) {
        return Fail(kCrlExtension, "entry extension " + extension.oid);
      }
      ASSIGN_OR_RETURN(entry.reason, ReasonOf(extension.value));
      RETURN_IF_ERROR(extensions.Finish());
    }
    RETURN_IF_ERROR(reader.Finish());
    if (last_serial_ && !Ascends(*last_serial_, entry.serial)) {
      return Fail(kCrlOrder, "serial " + ToHex(entry.serial.octets));
    }
    last_serial_ = entry.serial;
    ++facts_.entries;
    RETURN_IF_ERROR(sink_(entry));
    at += whole;
  }
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(at));
  consumed_ += at;
  if (consumed_ == list_end_) {
    stage_ = Stage::kExtensions;
    progress = true;
  }
  return OkStatus();
}

Status CrlWalker::ReadExtensions(bool& progress) {
  ASSIGN_OR_RETURN(const auto element, TakeElement(kMaxExtensions));
  if (!element) return OkStatus();
  DerReader outer(*element);
  ASSIGN_OR_RETURN(DerReader wrapper, outer.Enter(DerContextConstructed(0)));
  ASSIGN_OR_RETURN(DerReader list, wrapper.Enter(kDerSequence));
  RETURN_IF_ERROR(wrapper.Finish());
  std::set<std::string> seen;
  bool numbered = false;
  while (!list.AtEnd()) {
    ASSIGN_OR_RETURN(const Extension extension, TakeExtension(list));
    if (!seen.insert(extension.oid).second) return Fail(kTbsExtensionRepeated, extension.oid);
    if (extension.critical) return Fail(kCrlExtension, "critical " + extension.oid);
    if (extension.oid == kCrlNumber) {
      ASSIGN_OR_RETURN(const DerValue value, ReadDerElement(extension.value, 24));
      if (value.tag != kDerInteger) return Fail(kCrlExtension, "cRLNumber");
      RETURN_IF_ERROR(CheckInteger(value));
      if (value.content.size() > 8 || (value.content[0] & 0x80) != 0) {
        return Fail(kCrlExtension, "cRLNumber is out of bounds");
      }
      for (const uint8_t octet : value.content) facts_.number = facts_.number << 8 | octet;
      numbered = true;
    } else if (extension.oid == kAuthorityKeyId) {
      DerReader value(extension.value);
      ASSIGN_OR_RETURN(DerReader fields, value.Enter(kDerSequence));
      RETURN_IF_ERROR(value.Finish());
      ASSIGN_OR_RETURN(const DerValue key_id, fields.Expect(DerContext(0)));
      facts_.authority_key_id = ToBytes(key_id.content);
      RETURN_IF_ERROR(fields.Finish());
    } else if (extension.oid == kExpiredCertsOnCrl) {
      ASSIGN_OR_RETURN(const DerValue value, ReadDerElement(extension.value, 24));
      if (value.tag != kDerGeneralizedTime) return Fail(kCrlExtension, "expiredCertsOnCRL");
      ASSIGN_OR_RETURN(const WallTime from, DecodeGeneralizedTime(value));
      facts_.expired_certs_on_crl = from;
    } else {
      // What the core does not recognise it does not sign: an issuingDistributionPoint or a delta
      // indicator would change what the list means.
      return Fail(kCrlExtension, "extension " + extension.oid);
    }
  }
  if (!numbered || facts_.authority_key_id.empty()) {
    return Fail(kCrlExtension, "cRLNumber and authorityKeyIdentifier are needed");
  }
  stage_ = Stage::kDone;
  progress = true;
  return OkStatus();
}

}  // namespace intaglio::appliance
