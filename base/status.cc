#include "base/status.h"

#include "absl/strings/cord.h"

namespace intaglio {
namespace {

constexpr char kIdPayload[] = "intaglio/reason-id";
constexpr char kNamePayload[] = "intaglio/reason-name";
constexpr char kMeaningPayload[] = "intaglio/reason-meaning";  // present only when redacted
constexpr char kDetailPayload[] = "intaglio/detail";

absl::string_view Absl(std::string_view s) { return {s.data(), s.size()}; }

std::string Payload(const Status& status, const char* url) {
  auto payload = status.GetPayload(url);
  return payload ? std::string(*payload) : std::string();
}

Status Make(absl::StatusCode code, std::string_view id, std::string_view name,
            std::string_view detail) {
  if (code == absl::StatusCode::kOk) code = absl::StatusCode::kInternal;
  std::string message;
  message.append(name).append(" (").append(id).append(")");
  if (!detail.empty()) message.append(": ").append(detail);
  Status status(code, message);
  status.SetPayload(kIdPayload, absl::Cord(Absl(id)));
  status.SetPayload(kNamePayload, absl::Cord(Absl(name)));
  status.SetPayload(kDetailPayload, absl::Cord(Absl(detail)));
  return status;
}

}  // namespace

Status Fail(const Reason& reason, std::string detail) {
  Status status = Make(reason.code, reason.id, reason.name, detail);
  if (reason.redaction == Redaction::kInternal) {
    status.SetPayload(kMeaningPayload, absl::Cord(Absl(reason.meaning)));
  }
  return status;
}

Status FailRemote(absl::StatusCode code, std::string_view reason_id, std::string_view reason_name,
                  std::string_view detail) {
  return Make(code, reason_id, reason_name, detail);
}

std::string ReasonIdOf(const Status& status) { return Payload(status, kIdPayload); }
std::string ReasonNameOf(const Status& status) { return Payload(status, kNamePayload); }
std::string DetailOf(const Status& status) {
  if (auto payload = status.GetPayload(kDetailPayload)) return std::string(*payload);
  return std::string(status.message());
}

std::string PublicDetailOf(const Status& status) {
  if (auto meaning = status.GetPayload(kMeaningPayload)) return std::string(*meaning);
  if (ReasonIdOf(status).empty()) return status.ok() ? "" : "internal error";
  return DetailOf(status);
}

bool Is(const Status& status, const Reason& reason) { return ReasonIdOf(status) == reason.id; }

}  // namespace intaglio
