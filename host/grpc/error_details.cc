#include "host/grpc/error_details.h"

#include "google/rpc/status.pb.h"
#include "host/domain/usecase_reasons.h"

namespace intaglio::host {
namespace {

constexpr char kDomain[] = "intaglio";
constexpr char kIdKey[] = "id";
constexpr char kFieldKey[] = "field";
constexpr size_t kMostDetails = 64 * 1024;
constexpr int kLastCode = 16;
// Trailers share an 8 KiB limit, and the detail stands in them three times.
constexpr size_t kMostDetail = 1024;

// The first kMostDetail octets, not cut inside a character.
std::string Shortened(std::string text) {
  if (text.size() <= kMostDetail) return text;
  size_t end = kMostDetail;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

}  // namespace

std::string FieldOf(const Status& failure) {
  static constexpr std::string_view kStart = "field ";
  if (!Is(failure, kFieldInvalid)) return "";
  const std::string detail = DetailOf(failure);
  const size_t end = detail.find(": ");
  if (detail.rfind(kStart, 0) != 0 || end == std::string::npos) return "";
  const std::string field = detail.substr(kStart.size(), end - kStart.size());
  return field.find(' ') == std::string::npos ? field : "";
}

WireError ToWire(const Status& failure) {
  const std::string id = ReasonIdOf(failure);
  const std::string name = ReasonNameOf(failure);
  const std::string detail = Shortened(PublicDetailOf(failure));
  WireError out;
  out.code =
      id.empty() ? static_cast<int>(absl::StatusCode::kInternal) : static_cast<int>(failure.code());
  out.message = id.empty() ? detail : name + " (" + id + "): " + detail;
  google::rpc::ErrorInfo cause;
  cause.set_reason(name);
  cause.set_domain(kDomain);
  (*cause.mutable_metadata())[kIdKey] = id;
  (*cause.mutable_metadata())["detail"] = detail;
  if (const std::string field = FieldOf(failure); !field.empty()) {
    (*cause.mutable_metadata())[kFieldKey] = field;
  }
  google::rpc::Status status;
  status.set_code(out.code);
  status.set_message(out.message);
  if (!id.empty()) status.add_details()->PackFrom(cause);
  out.details = status.SerializeAsString();
  return out;
}

Status FromWire(int code, std::string_view message, std::string_view details) {
  if (code <= 0 || code > kLastCode) code = static_cast<int>(absl::StatusCode::kUnknown);
  const auto canonical = static_cast<absl::StatusCode>(code);
  google::rpc::Status status;
  if (details.size() <= kMostDetails &&
      status.ParseFromArray(details.data(), static_cast<int>(details.size()))) {
    for (const auto& each : status.details()) {
      google::rpc::ErrorInfo cause;
      if (!each.Is<google::rpc::ErrorInfo>() || !each.UnpackTo(&cause) ||
          cause.domain() != kDomain) {
        continue;
      }
      const auto id = cause.metadata().find(kIdKey);
      const auto detail = cause.metadata().find("detail");
      return FailRemote(canonical, id == cause.metadata().end() ? "" : id->second, cause.reason(),
                        detail == cause.metadata().end() ? status.message() : detail->second);
    }
  }
  return FailRemote(canonical, "", "", message);
}

}  // namespace intaglio::host
