#include "attestation/registry/qscd_registry.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <set>

#include "attestation/registry/reasons.h"
#include "base/file.h"
#include "intaglio/config/v1/qscd_registry.pb.h"

namespace intaglio::attestation {
namespace {

namespace pb = ::intaglio::config::v1;

constexpr std::string_view kNotAttested = "not attested";
constexpr size_t kMaxTextOctets = 16 * 1024 * 1024;
constexpr int kMaxEntries = 10000;
constexpr int kMaxSerials = 10000;

// Keeps the first complaint of the parser with its place.
class FirstError final : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (!text_.empty()) return;
    text_ = "line " + std::to_string(line + 1) + ", column " + std::to_string(column + 1) + ": " +
            message;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

StatusOr<pb::QscdRegistry> ParseText(std::string_view text) {
  pb::QscdRegistry registry;
  FirstError error;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  parser.SetRecursionLimit(4);
  google::protobuf::io::ArrayInputStream input(text.data(), static_cast<int>(text.size()));
  if (!parser.Parse(&input, &registry)) return Fail(kRegistrySyntax, error.text());
  return registry;
}

// Turns one message into an entry; each failure names the entry and the field.
class EntryReader final {
 public:
  EntryReader(const pb::QscdRegistryEntry& message, int index)
      : message_(message),
        which_("entry " + std::to_string(index + 1) + " ('" + message.id().substr(0, 64) + "'), ") {
  }

  StatusOr<QscdEntry> Read() {
    RETURN_IF_ERROR(ReadId());
    RETURN_IF_ERROR(ReadKindAndStatus());
    RETURN_IF_ERROR(Required("product", message_.product(), entry_.product));
    RETURN_IF_ERROR(Required("vendor", message_.vendor(), entry_.vendor));
    std::string model;
    RETURN_IF_ERROR(Required("hw_model", message_.hw_model(), model));
    entry_.hw_model = ToBytes(model);
    RETURN_IF_ERROR(Required("hw_version", message_.hw_version(), entry_.hw_version));
    // Said, so that nobody leaves it out by mistake.
    if (entry_.hw_version == kNotAttested) entry_.hw_version.clear();
    RETURN_IF_ERROR(Required("sw_name", message_.sw_name(), entry_.sw_name));
    RETURN_IF_ERROR(Required("sw_version", message_.sw_version(), entry_.sw_version));
    RETURN_IF_ERROR(Required("source", message_.source(), entry_.source));
    RETURN_IF_ERROR(ReadSerials());
    RETURN_IF_ERROR(ReadCertificate());
    RETURN_IF_ERROR(ReadDates());
    RETURN_IF_ERROR(ReadPeople());
    return std::move(entry_);
  }

 private:
  Status FailAt(const Reason& reason, const std::string& what) const {
    return Fail(reason, which_ + what);
  }

  Status Required(const char* field, const std::string& value, std::string& target) const {
    if (value.empty()) return FailAt(kRegistryFieldMissing, std::string(field) + " is empty");
    target = value;
    return OkStatus();
  }

  Status ReadId() {
    const std::string& id = message_.id();
    const auto allowed = [](char c) {
      return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
             c == '.' || c == '_' || c == '-';
    };
    if (id.empty() || id.size() > 64 || !std::all_of(id.begin(), id.end(), allowed)) {
      return FailAt(kRegistryIdInvalid, "id");
    }
    entry_.id = id;
    return OkStatus();
  }

  Status ReadKindAndStatus() {
    switch (message_.kind()) {
      case pb::QSCD_KIND_CERTIFIED:
        entry_.kind = QscdKind::kCertified;
        break;
      case pb::QSCD_KIND_LAB:
        entry_.kind = QscdKind::kLab;
        break;
      default:
        return FailAt(kRegistryEnumUnspecified, "kind");
    }
    switch (message_.status()) {
      case pb::QSCD_STATUS_LISTED:
        entry_.source_status = QscdSourceStatus::kListed;
        return OkStatus();
      case pb::QSCD_STATUS_CANCELLED:
        entry_.source_status = QscdSourceStatus::kCancelled;
        return OkStatus();
      case pb::QSCD_STATUS_UNKNOWN:
        entry_.source_status = QscdSourceStatus::kUnknown;
        return OkStatus();
      default:
        return FailAt(kRegistryEnumUnspecified, "status");
    }
  }

  Status ReadSerials() {
    if (message_.serials_size() > kMaxSerials) {
      return FailAt(kRegistrySerials, "serials has " + std::to_string(message_.serials_size()));
    }
    std::set<std::string> seen;
    for (const std::string& serial : message_.serials()) {
      if (serial.empty()) return FailAt(kRegistrySerials, "serials has an empty one");
      if (!seen.insert(serial).second) {
        return FailAt(kRegistrySerials, "serials has '" + serial + "' twice");
      }
      entry_.serials.push_back(serial);
    }
    return OkStatus();
  }

  Status ReadCertificate() {
    entry_.certificate_reference = message_.certificate_reference();
    if (entry_.kind == QscdKind::kCertified) {
      std::string hash;
      RETURN_IF_ERROR(Required("certificate_reference", message_.certificate_reference(),
                               entry_.certificate_reference));
      RETURN_IF_ERROR(Required("report_hash", message_.report_hash(), hash));
    }
    if (message_.report_hash().empty()) return OkStatus();
    const StatusOr<Bytes> octets = FromHex(message_.report_hash());
    const StatusOr<Digest> digest = octets.ok() ? ToDigest(*octets) : octets.status();
    if (!digest.ok()) {
      return FailAt(kRegistryReportHash, "report_hash: " + DetailOf(digest.status()));
    }
    entry_.report_hash = *digest;
    return OkStatus();
  }

  Status ReadDate(const char* field, const std::string& text, Date& target) const {
    std::string given;
    RETURN_IF_ERROR(Required(field, text, given));
    const StatusOr<Date> date = ParseDate(given);
    if (!date.ok()) {
      return FailAt(kRegistryDateInvalid, std::string(field) + ": " + DetailOf(date.status()));
    }
    target = *date;
    return OkStatus();
  }

  Status ReadDates() {
    RETURN_IF_ERROR(ReadDate("valid_from", message_.valid_from(), entry_.valid_from));
    RETURN_IF_ERROR(ReadDate("valid_until", message_.valid_until(), entry_.valid_until));
    RETURN_IF_ERROR(ReadDate("last_checked", message_.last_checked(), entry_.last_checked));
    if (entry_.valid_until >= entry_.valid_from) return OkStatus();
    return FailAt(kRegistryPeriodInvalid, "valid_until " + ToText(entry_.valid_until) +
                                              " is before valid_from " + ToText(entry_.valid_from));
  }

  // Compared without regard to case and surrounding blanks, so that "Ann" is not a second "ann ".
  static std::string Folded(std::string name) {
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!name.empty() && blank(name.back())) name.pop_back();
    while (!name.empty() && blank(name.front())) name.erase(name.begin());
    for (char& c : name) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return name;
  }

  Status ReadPeople() {
    if (message_.entered_by_size() != 2) {
      return FailAt(kRegistryTwoPeople,
                    "entered_by names " + std::to_string(message_.entered_by_size()));
    }
    const std::string first = Folded(message_.entered_by(0));
    const std::string second = Folded(message_.entered_by(1));
    if (first.empty() || second.empty()) {
      return FailAt(kRegistryTwoPeople, "entered_by has an empty name");
    }
    if (first == second) return FailAt(kRegistryTwoPeople, "entered_by names one person twice");
    entry_.entered_by = {message_.entered_by(0), message_.entered_by(1)};
    return OkStatus();
  }

  const pb::QscdRegistryEntry& message_;
  std::string which_;
  QscdEntry entry_;
};

}  // namespace

StatusOr<QscdRegistry> QscdRegistry::FromTextproto(std::string_view text) {
  if (text.size() > kMaxTextOctets) return Fail(kRegistrySize, "larger than 16 MiB");
  ASSIGN_OR_RETURN(const pb::QscdRegistry message, ParseText(text));
  if (message.entries_size() < 1 || message.entries_size() > kMaxEntries) {
    return Fail(kRegistrySize, "found " + std::to_string(message.entries_size()) + " entries");
  }
  QscdRegistry registry;
  registry.text_ = std::string(text);
  for (int i = 0; i < message.entries_size(); ++i) {
    ASSIGN_OR_RETURN(QscdEntry entry, EntryReader(message.entries(i), i).Read());
    const std::string id = entry.id;
    if (!registry.entries_.emplace(id, std::move(entry)).second) {
      return Fail(kRegistryIdRepeated, "entry " + std::to_string(i + 1) + ", id '" + id + "'");
    }
  }
  return registry;
}

StatusOr<QscdRegistry> QscdRegistry::FromFile(const std::string& path) {
  ASSIGN_OR_RETURN(const Bytes content, ReadFile(path, FileTrust::kNotWritable, kMaxTextOctets));
  return FromTextproto(AsStringView(content));
}

StatusOr<const QscdEntry*> QscdRegistry::Find(std::string_view id) const {
  const auto found = entries_.find(id);
  if (found == entries_.end()) {
    return Fail(kRegistryEntryNotFound, "'" + std::string(id.substr(0, 64)) + "'");
  }
  return &found->second;
}

std::vector<const QscdEntry*> QscdRegistry::entries() const {
  std::vector<const QscdEntry*> all;
  for (const auto& [id, entry] : entries_) all.push_back(&entry);
  return all;
}

std::vector<const QscdEntry*> QscdRegistry::NotHoldingOn(Date today) const {
  std::vector<const QscdEntry*> ended;
  for (const auto& [id, entry] : entries_) {
    const QscdState state = StateOn(entry, today);
    if (state != QscdState::kCertified && state != QscdState::kExpiring) ended.push_back(&entry);
  }
  return ended;
}

}  // namespace intaglio::attestation
