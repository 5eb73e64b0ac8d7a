#include "appliance/link/dispatcher.h"

#include "appliance/link/routes.h"
#include "base/log.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kMaxFrame = 1 << 20;
constexpr size_t kMaxChunk = 512 * 1024;

}  // namespace

StatusOr<Bytes> Dispatcher::Handle(uint64_t connection, ByteView frame) {
  pb::CoreRequest request;
  if (!ParseCanonical(frame, kMaxFrame, request) || request.id() == 0 ||
      request.act_case() == pb::CoreRequest::ACT_NOT_SET) {
    return Fail(kRequestInvalid, "the frame is not a canonical CoreRequest");
  }
  pb::CoreResponse response;
  const Status status = Route(connection, request, response);
  if (!status.ok()) {
    JournalRefusal(request, status);
    FillFailure(status, *response.mutable_failure());
  }
  response.set_id(request.id());
  return SerializeCanonical(response);
}

Status Dispatcher::Route(uint64_t connection, const pb::CoreRequest& request,
                         pb::CoreResponse& response) {
  const RouteContext core{services_, use_cases_, version_, boot_count_};
  switch (request.act_case()) {
    case pb::CoreRequest::kStatus:
      return RouteStatus(core, request.status(), *response.mutable_status());
    case pb::CoreRequest::kBeginCommand:
      return RouteBeginCommand(core, request.begin_command(), *response.mutable_begin_command());
    case pb::CoreRequest::kExecuteCommand:
      return RouteExecuteCommand(core, request.execute_command(),
                                 *response.mutable_execute_command());
    case pb::CoreRequest::kGenerateSignerKey:
      return RouteGenerateSignerKey(core, request.generate_signer_key(),
                                    *response.mutable_generate_signer_key());
    case pb::CoreRequest::kAttest:
      return RouteAttest(core, request.attest(), *response.mutable_attest());
    case pb::CoreRequest::kDrawSerial:
      return RouteDrawSerial(core, request.draw_serial(), *response.mutable_draw_serial());
    case pb::CoreRequest::kIssueCertificate:
      return RouteIssue(core, request.issue_certificate(), *response.mutable_issue_certificate());
    case pb::CoreRequest::kIssueResponderCertificate:
      return RouteIssueResponder(core, request.issue_responder_certificate(),
                                 *response.mutable_issue_responder_certificate());
    case pb::CoreRequest::kBeginActivation:
      return RouteBeginActivation(core, request.begin_activation(),
                                  *response.mutable_begin_activation());
    case pb::CoreRequest::kSign:
      return RouteSign(core, request.sign(), *response.mutable_sign());
    case pb::CoreRequest::kAcceptCertificate:
      return RouteAccept(core, request.accept_certificate(),
                         *response.mutable_accept_certificate());
    case pb::CoreRequest::kAddAuthenticator:
      return RouteAddAuthenticator(core, request.add_authenticator(),
                                   *response.mutable_add_authenticator());
    case pb::CoreRequest::kRemoveAuthenticator:
      return RouteRemoveAuthenticator(core, request.remove_authenticator(),
                                      *response.mutable_remove_authenticator());
    case pb::CoreRequest::kBlockKey:
      return RouteBlockKey(core, request.block_key(), *response.mutable_block_key());
    case pb::CoreRequest::kChangeState:
      return RouteChangeState(core, request.change_state(), *response.mutable_change_state());
    case pb::CoreRequest::kSignOcsp:
      return RouteSignOcsp(core, request.sign_ocsp(), *response.mutable_sign_ocsp());
    case pb::CoreRequest::kReadJournal:
      return RouteReadJournal(core, request.read_journal(), *response.mutable_read_journal());
    case pb::CoreRequest::kConfirmExport:
      return RouteConfirmExport(core, request.confirm_export(), *response.mutable_confirm_export());
    case pb::CoreRequest::kResealRecords:
      return RouteReseal(core, request.reseal_records(), *response.mutable_reseal_records());
    case pb::CoreRequest::kBeginSealAuthorisation:
      return RouteBeginSealAuthorisation(core, request.begin_seal_authorisation(),
                                         *response.mutable_begin_seal_authorisation());
    case pb::CoreRequest::kAuthoriseSeal:
      return RouteAuthoriseSeal(core, request.authorise_seal(), *response.mutable_authorise_seal());
    case pb::CoreRequest::kSeal:
      return RouteSeal(core, request.seal(), *response.mutable_seal());
    case pb::CoreRequest::kWithdrawSeal:
      return RouteWithdrawSeal(core, request.withdraw_seal(), *response.mutable_withdraw_seal());
    case pb::CoreRequest::kSealStatus:
      return RouteSealStatus(core, request.seal_status(), *response.mutable_seal_status());
    case pb::CoreRequest::kBeginCrl:
    case pb::CoreRequest::kCrlChunk:
    case pb::CoreRequest::kFinishCrl:
      return RouteCrl(connection, request, response);
    default:
      break;
  }
  return Invalid("act");
}

Status Dispatcher::RouteCrl(uint64_t connection, const pb::CoreRequest& request,
                            pb::CoreResponse& response) {
  if (request.has_begin_crl()) {
    auto open = std::make_shared<OpenCrl>();
    ASSIGN_OR_RETURN(open->stream,
                     use_cases_.sign_status.BeginCrl(AsBytes(request.begin_crl().ca_record()),
                                                     request.begin_crl().tbs_length()));
    std::lock_guard lock(mutex_);
    const uint64_t number = next_stream_++;
    open_crls_[connection] = {number, std::move(open)};
    response.mutable_begin_crl()->set_stream(number);
    return OkStatus();
  }
  const uint64_t number =
      request.has_crl_chunk() ? request.crl_chunk().stream() : request.finish_crl().stream();
  const auto open = FindCrl(connection, number);
  if (!open) return Fail(kStreamUnknown, "stream " + std::to_string(number));
  std::lock_guard stream_lock(open->mutex);
  if (request.has_crl_chunk()) {
    if (request.crl_chunk().octets().size() > kMaxChunk) return Invalid("octets: at most 512 KiB");
    response.mutable_crl_chunk();
    return open->stream->Feed(request.crl_chunk().offset(), AsBytes(request.crl_chunk().octets()));
  }
  auto signature = open->stream->Finish();
  {
    std::lock_guard lock(mutex_);
    const auto found = open_crls_.find(connection);
    if (found != open_crls_.end() && found->second.first == number) open_crls_.erase(found);
  }
  RETURN_IF_ERROR(signature.status());
  response.mutable_finish_crl()->set_signature(AsString(*signature));
  return OkStatus();
}

std::shared_ptr<Dispatcher::OpenCrl> Dispatcher::FindCrl(uint64_t connection, uint64_t stream) {
  std::lock_guard lock(mutex_);
  const auto found = open_crls_.find(connection);
  if (found == open_crls_.end() || found->second.first != stream) return nullptr;
  return found->second.second;
}

void Dispatcher::Closed(uint64_t connection) {
  std::lock_guard lock(mutex_);
  open_crls_.erase(connection);
}

void Dispatcher::JournalRefusal(const pb::CoreRequest& request, const Status& status) {
  const std::string& act =
      request.GetDescriptor()->FindFieldByNumber(static_cast<int>(request.act_case()))->name();
  // Misshapen requests go to the log alone: nothing was asked for that could have been granted.
  if (status.code() == absl::StatusCode::kInvalidArgument) {
    LogWarn("link.request_invalid", {{"act", act}, {"status", std::string(status.message())}});
    return;
  }
  const auto line = services_.journal.Append(
      {.type = EventType::kRefused, .reason_id = ReasonIdOf(status), .note = act});
  if (!line.ok()) LogFailure("journal.append", line.status());
}

}  // namespace intaglio::appliance
