#include "appliance/health/guarded_core.h"

#include "appliance/journal/reasons.h"
#include "appliance/link/routes.h"
#include "tokens/pkcs11/reasons.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kMaxFrame = 1 << 20;
// An id and an empty message; longer frames cannot ask for a self-test.
constexpr size_t kMaxSelfTest = 16;

}  // namespace

StatusOr<Bytes> GuardedCore::Handle(uint64_t connection, ByteView frame) {
  const Status fit = errors_.Check();
  if (fit.ok() && frame.size() > kMaxSelfTest) return core_.Handle(connection, frame);
  pb::CoreRequest request;
  if (!ParseCanonical(frame, kMaxFrame, request) || request.id() == 0) {
    return core_.Handle(connection, frame);  // refuses it in its own words
  }
  pb::CoreResponse response;
  response.set_id(request.id());
  if (request.has_self_test()) {
    const auto lines = self_test_.Run();
    response.mutable_self_test()->set_passed(Verdict(lines).ok());
    for (const SelfTestLine& each : lines) {
      auto& line = *response.mutable_self_test()->add_tests();
      line.set_name(each.name);
      line.set_passed(each.outcome.ok());
      if (!each.outcome.ok()) line.set_detail(PublicDetailOf(each.outcome));
    }
    return SerializeCanonical(response);
  }
  if (fit.ok() || request.has_status() || request.act_case() == pb::CoreRequest::ACT_NOT_SET) {
    return core_.Handle(connection, frame);
  }
  FillFailure(fit, *response.mutable_failure());
  return SerializeCanonical(response);
}

StatusOr<JournalHead> WatchedJournal::Append(const Event& event) {
  auto head = journal_.Append(event);
  if (Is(head.status(), kJournalUnwritable)) errors_.Enter(ErrorCause::kJournal, head.status());
  return head;
}

Status WatchedJournal::AppendSoon(const Event& event) {
  const Status status = journal_.AppendSoon(event);
  if (Is(status, kJournalUnwritable)) errors_.Enter(ErrorCause::kJournal, status);
  return status;
}

}  // namespace intaglio::appliance
