#include "attestation/produce/element_writer.h"

#include <set>

#include "attestation/model/der_writer.h"
#include "attestation/produce/reasons.h"

namespace intaglio::attestation::produce_internal {
namespace {

// Collects the claims of one element; the first failure sticks.
class ElementWriter final {
 public:
  explicit ElementWriter(const EvidenceProfile& profile) : profile_(profile) {}

  void Octets(ClaimType type, const std::optional<Bytes>& value) {
    if (value) Add(type, DerOctetString(*value));
  }
  void Text(ClaimType type, const std::optional<std::string>& value) {
    if (!value) return;
    if (!IsUtf8(*value) && status_.ok()) {
      status_ = Fail(kContentText, "claim " + std::string(SpecOf(type).name));
    }
    Add(type, DerUtf8String(*value));
  }
  void Integer(ClaimType type, const std::optional<int64_t>& value) {
    if (value) Add(type, DerInteger(*value));
  }
  void Boolean(ClaimType type, const std::optional<bool>& value) {
    if (value) Add(type, DerBoolean(*value));
  }
  void Time(ClaimType type, const std::optional<WallTime>& value) {
    if (!value) return;
    StatusOr<Bytes> time = DerGeneralizedTime(*value);
    if (time.ok()) {
      Add(type, *time);
    } else if (status_.ok()) {
      status_ = time.status();
    }
  }
  void Purposes(const std::optional<std::vector<KeyPurpose>>& purposes) {
    if (!purposes) return;
    std::vector<Bytes> oids;
    std::set<KeyPurpose> seen;
    for (KeyPurpose purpose : *purposes) {
      if (purpose == KeyPurpose::kOther || !seen.insert(purpose).second) {
        if (status_.ok()) status_ = Fail(kContentPurpose, std::string(NameOf(purpose)));
        return;
      }
      oids.push_back(DerOid(profile_.OidOf(purpose)));
    }
    Add(ClaimType::kPurpose, DerSequenceOf(oids));
  }

  const Status& status() const { return status_; }
  bool empty() const { return claims_.empty(); }
  Bytes Finish(ElementType type) const {
    return DerSequence({DerOid(profile_.OidOf(type)), DerSequenceOf(claims_)});
  }

 private:
  void Add(ClaimType type, ByteView value) {
    claims_.push_back(DerSequence({DerOid(profile_.OidOf(type)), value}));
  }

  const EvidenceProfile& profile_;
  std::vector<Bytes> claims_;
  Status status_;
};

void WriteTransaction(ElementWriter& out, const TransactionClaims& claims) {
  out.Octets(ClaimType::kNonce, claims.nonce);
  out.Time(ClaimType::kTimestamp, claims.timestamp);
  for (const Bytes& spki : claims.ak_spki) out.Octets(ClaimType::kAkSpki, spki);
}

void WritePlatform(ElementWriter& out, const PlatformClaims& claims) {
  out.Text(ClaimType::kVendor, claims.vendor);
  out.Octets(ClaimType::kOemId, claims.oemid);
  out.Octets(ClaimType::kHwModel, claims.hwmodel);
  out.Text(ClaimType::kHwVersion, claims.hwversion);
  out.Text(ClaimType::kHwSerial, claims.hwserial);
  out.Text(ClaimType::kSwName, claims.swname);
  out.Text(ClaimType::kSwVersion, claims.swversion);
  out.Integer(ClaimType::kDebugStat, claims.debugstat);
  out.Integer(ClaimType::kUptime, claims.uptime);
  out.Integer(ClaimType::kBootCount, claims.bootcount);
  out.Boolean(ClaimType::kFipsBoot, claims.fipsboot);
  out.Text(ClaimType::kFipsVersion, claims.fipsver);
  out.Integer(ClaimType::kFipsLevel, claims.fipslevel);
  out.Text(ClaimType::kFipsModule, claims.fipsmodule);
  out.Octets(ClaimType::kBootId, claims.boot_id);
  out.Octets(ClaimType::kCoreInstance, claims.core_instance);
  out.Octets(ClaimType::kSelfReportedMeasurement, claims.self_reported_measurement);
  out.Boolean(ClaimType::kSimulated, claims.simulated);
  out.Octets(ClaimType::kJournalHead, claims.journal_head);
}

void WriteKey(ElementWriter& out, const KeyClaims& claims) {
  for (const std::string& identifier : claims.identifiers) {
    out.Text(ClaimType::kIdentifier, identifier);
  }
  out.Octets(ClaimType::kSpki, claims.spki);
  out.Boolean(ClaimType::kExtractable, claims.extractable);
  out.Boolean(ClaimType::kSensitive, claims.sensitive);
  out.Boolean(ClaimType::kNeverExtractable, claims.never_extractable);
  out.Boolean(ClaimType::kLocal, claims.local);
  out.Time(ClaimType::kExpiry, claims.expiry);
  out.Purposes(claims.purposes);
  out.Boolean(ClaimType::kWrapWithTrusted, claims.wrap_with_trusted);
  if (claims.residency) {
    out.Text(ClaimType::kResidency,
             std::string(*claims.residency == Residency::kResident ? kResidentText : kWrappedText));
  }
  if (claims.key_class) out.Text(ClaimType::kKeyClass, std::string(kStorageText));
  out.Boolean(ClaimType::kTrusted, claims.trusted);
}

}  // namespace

bool IsUtf8(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<uint8_t>(text[i]);
    const size_t length = lead < 0x80       ? 1
                          : lead >> 5 == 6  ? 2
                          : lead >> 4 == 14 ? 3
                          : lead >> 3 == 30 ? 4
                                            : 0;
    if (length == 0 || text.size() - i < length) return false;
    uint32_t point = length == 1 ? lead : lead & (0x7f >> length);
    for (size_t k = 1; k < length; ++k) {
      const auto next = static_cast<uint8_t>(text[i + k]);
      if (next >> 6 != 2) return false;
      point = point << 6 | (next & 0x3f);
    }
    static constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = point >= 0xd800 && point <= 0xdfff;
    if (point < kLeast[length] || point > 0x10ffff || surrogate) return false;
    i += length;
  }
  return true;
}

StatusOr<Bytes> WriteTbsEvidence(const EvidenceProfile& profile, const EvidenceContent& content) {
  std::vector<Bytes> elements;
  ElementWriter transaction(profile);
  WriteTransaction(transaction, content.transaction);
  RETURN_IF_ERROR(transaction.status());
  if (!transaction.empty()) elements.push_back(transaction.Finish(ElementType::kTransaction));

  ElementWriter platform(profile);
  WritePlatform(platform, content.platform);
  RETURN_IF_ERROR(platform.status());
  if (!platform.empty()) elements.push_back(platform.Finish(ElementType::kPlatform));

  for (const KeyClaims& claims : content.keys) {
    ElementWriter key(profile);
    WriteKey(key, claims);
    RETURN_IF_ERROR(key.status());
    elements.push_back(key.Finish(ElementType::kKey));
  }
  return DerSequence({DerInteger(1), DerSequenceOf(elements)});
}

}  // namespace intaglio::attestation::produce_internal
