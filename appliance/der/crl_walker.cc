#include "appliance/der/crl_walker.h"

#include <algorithm>

#include "appliance/der/reasons.h"
#include "appliance/der/strict_der.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kMaxHeaderField = 8 * 1024;
constexpr size_t kMaxEntry = 256;
constexpr size_t kMaxExtensions = 64 * 1024;
// A piece handed in is worked through in slices, so that the buffer never holds more than one
// element and one slice.
constexpr size_t kSlice = 16 * 1024;
constexpr std::string_view kEcdsaWithSha256 = "1.2.840.10045.4.3.2";

Status Shape(const std::string& what) { return Fail(kCrlShape, what); }

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

StatusOr<std::unique_ptr<CrlWalker>> CrlWalker::Create(uint64_t length, EntrySink sink) {
  if (length == 0) return Shape("a TBSCertList of no octets");
  if (length > kMaxCrlOctets) return Fail(kDerTooLarge, "a CRL of over 1 GiB");
  return std::unique_ptr<CrlWalker>(new CrlWalker(length, std::move(sink)));
}

Status CrlWalker::Feed(ByteView octets) {
  if (failed_) return Shape("the walk has failed before");
  if (octets.size() > length_ - fed_) {
    failed_ = true;
    return Shape("more octets than announced");
  }
  fed_ += octets.size();
  hash_.Update(octets);
  while (!octets.empty()) {
    const ByteView slice = octets.first(std::min(octets.size(), kSlice));
    const Status status = TakeSlice(slice);
    failed_ = !status.ok();
    if (failed_) return status;
    octets = octets.subspan(slice.size());
  }
  return OkStatus();
}

Status CrlWalker::TakeSlice(ByteView octets) {
  buffer_.insert(buffer_.end(), octets.begin(), octets.end());
  bool progress = true;
  while (progress) {
    progress = false;
    RETURN_IF_ERROR(Step(progress));
  }
  return OkStatus();
}

StatusOr<CrlFacts> CrlWalker::Finish() {
  if (failed_ || fed_ != length_ || stage_ != Stage::kDone) {
    return Shape("the TBSCertList is not complete");
  }
  failed_ = true;
  facts_.tbs_sha256 = hash_.Finish();
  return std::move(facts_);
}

Status CrlWalker::Step(bool& progress) {
  switch (stage_) {
    case Stage::kOuter:
      return ReadOuter(progress);
    case Stage::kHeader:
      return ReadHeaderField(progress);
    case Stage::kListHeader:
      return ReadListHeader(progress);
    case Stage::kEntry:
      return ReadEntries(progress);
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
  ASSIGN_OR_RETURN(const auto element, TakeElement(kMaxHeaderField));
  if (!element) return OkStatus();
  RETURN_IF_ERROR(TakeHeaderElement(*element));
  if (++header_field_ == 5) stage_ = Stage::kListHeader;
  progress = true;
  return OkStatus();
}

Status CrlWalker::TakeHeaderElement(const Bytes& element) {
  ASSIGN_OR_RETURN(const DerValue value, ReadDerElement(element, kMaxHeaderField));
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
      const bool plain = algorithm.AtEnd() && text == kEcdsaWithSha256;
      return plain ? OkStatus() : Fail(kTbsSignatureAlgorithm, text);
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

Status CrlWalker::ReadListHeader(bool& progress) {
  ASSIGN_OR_RETURN(const auto header, ReadDerHeader(buffer_));
  if (!header) return OkStatus();
  progress = true;
  if (header->tag != kDerSequence) {
    // revokedCertificates is absent when there is nothing to list. [RFC 5280 §5.1.2.6]
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

Status CrlWalker::ReadEntries(bool& progress) {
  // Entries are taken out of the buffer together, so that a slice of many costs one move.
  size_t at = 0;
  while (consumed_ + at < list_end_) {
    const ByteView rest = ByteView(buffer_).subspan(at);
    ASSIGN_OR_RETURN(const auto header, ReadDerHeader(rest));
    if (!header) break;
    const size_t whole = header->header_octets + header->content_octets;
    if (whole > kMaxEntry) return Fail(kDerTooLarge, "a CRL entry of over 256 octets");
    if (consumed_ + at + whole > list_end_) return Shape("an entry leaves the list");
    if (rest.size() < whole) break;
    RETURN_IF_ERROR(TakeEntry(rest.first(whole)));
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

Status CrlWalker::TakeEntry(ByteView octets) {
  DerReader outer(octets);
  ASSIGN_OR_RETURN(DerReader reader, outer.Enter(kDerSequence));
  CrlEntry entry;
  ASSIGN_OR_RETURN(const DerValue serial, reader.Expect(kDerInteger));
  ASSIGN_OR_RETURN(entry.serial, SerialOf(serial));
  ASSIGN_OR_RETURN(const DerValue date, reader.Next());
  ASSIGN_OR_RETURN(entry.revoked_at, DecodeX509Time(date));
  if (!reader.AtEnd()) {
    ASSIGN_OR_RETURN(const DerReader extensions, reader.Enter(kDerSequence));
    ASSIGN_OR_RETURN(entry.reason, ReadEntryExtensions(extensions));
  }
  RETURN_IF_ERROR(reader.Finish());
  if (last_serial_ && !Ascends(*last_serial_, entry.serial)) {
    return Fail(kCrlOrder,
                "serial " + ToHex(entry.serial.octets) + " after " + ToHex(last_serial_->octets));
  }
  RETURN_IF_ERROR(sink_(entry));
  ++facts_.entries;
  last_serial_ = std::move(entry.serial);
  return OkStatus();
}

Status CrlWalker::ReadExtensions(bool& progress) {
  ASSIGN_OR_RETURN(const auto element, TakeElement(kMaxExtensions));
  if (!element) return OkStatus();
  ASSIGN_OR_RETURN(facts_.extensions, ReadCrlExtensions(*element));
  stage_ = Stage::kDone;
  progress = true;
  return OkStatus();
}

}  // namespace intaglio::appliance
