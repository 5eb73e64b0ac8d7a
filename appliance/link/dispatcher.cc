#include "appliance/link/dispatcher.h"

#include "appliance/domain/reasons.h"
#include "appliance/records/canonical.h"
#include "appliance/records/statement_codec.h"
#include "base/log.h"
#include "intaglio/core/v1/link.pb.h"

namespace intaglio::appliance {
namespace {

namespace pb = ::intaglio::core::v1;

constexpr size_t kMaxFrame = 1 << 20;
constexpr int kMostApprovals = 16;
constexpr size_t kMaxSessionId = 64;
constexpr size_t kMaxChunk = 512 * 1024;
constexpr int kMostOcsp = 100;
constexpr size_t kMaxTbs = 16 * 1024;
constexpr uint32_t kMostJournalEntries = 1000;
// Room for the entries of a journal answer beside its framing.
constexpr size_t kMaxJournalAnswer = kMaxFrame - 64 * 1024;

Status Invalid(const std::string& field) { return Fail(kRequestInvalid, "field " + field); }

template <class Statement, class Decode>
StatusOr<Signed<Statement>> TakeSigned(const pb::SignedStatement& message, Decode decode) {
  if (message.approvals_size() > kMostApprovals) return Invalid("approvals: at most 16");
  Signed<Statement> out;
  out.octets = ToBytes(message.statement());
  ASSIGN_OR_RETURN(out.statement, decode(out.octets));
  for (const pb::Approval& each : message.approvals()) {
    Approval approval;
    if (!Assign(AsBytes(each.officer_id()), approval.officer_id)) {
      return Invalid("approvals.officer_id: 32 octets");
    }
    approval.signature = ToBytes(each.signature());
    out.approvals.push_back(std::move(approval));
  }
  return out;
}

StatusOr<Proof> TakeProof(const pb::Proof& message) {
  Proof proof;
  if (!Assign(AsBytes(message.authenticator_id()), proof.authenticator_id)) {
    return Invalid("proof.authenticator_id: 32 octets");
  }
  if (!message.has_es256()) return Invalid("proof.method: es256 is needed");
  proof.es256 = ToBytes(message.es256());
  return proof;
}

pb::Role ToProto(Role role) {
  switch (role) {
    case Role::kSecurityOfficer:
      return pb::ROLE_SECURITY_OFFICER;
    case Role::kRegistrationOfficer:
      return pb::ROLE_REGISTRATION_OFFICER;
    case Role::kRevocationOfficer:
      return pb::ROLE_REVOCATION_OFFICER;
    case Role::kAuditor:
      break;
  }
  return pb::ROLE_AUDITOR;
}

Status BeginActivation(SignDocument& use_case, const pb::BeginActivationRequest& request,
                       pb::BeginActivationResponse& response) {
  if (request.session_id().empty() || request.session_id().size() > kMaxSessionId) {
    return Invalid("session_id: from 1 to 64 octets");
  }
  if (request.hash_algorithm() != pb::HASH_ALGORITHM_SHA256) return Invalid("hash_algorithm");
  SignDocument::BeginInput input{ToBytes(request.record()), request.session_id(), {}};
  for (const std::string& hash : request.dtbsr()) {
    auto digest = ToDigest(AsBytes(hash));
    if (!digest.ok()) return Invalid("dtbsr: 32 octets each");
    input.dtbsr.push_back(*digest);
  }
  ASSIGN_OR_RETURN(const Bytes payload, use_case.Begin(input));
  response.set_payload(AsString(payload));
  return OkStatus();
}

Status Sign(SignDocument& use_case, const pb::SignRequest& request, pb::SignResponse& response) {
  SignDocument::FinishInput input;
  input.record = ToBytes(request.record());
  input.payload = ToBytes(request.payload());
  ASSIGN_OR_RETURN(input.decoded, DecodeSadPayload(input.payload));
  ASSIGN_OR_RETURN(input.proof, TakeProof(request.proof()));
  ASSIGN_OR_RETURN(const auto signatures, use_case.Finish(input));
  for (const Bytes& signature : signatures) response.add_signatures(AsString(signature));
  return OkStatus();
}

Status ExecuteSignedCommand(ExecuteCommand& use_case, const pb::ExecuteCommandRequest& request,
                            pb::ExecuteCommandResponse& response) {
  ASSIGN_OR_RETURN(const auto command, TakeSigned<Command>(request.command(), DecodeCommand));
  ASSIGN_OR_RETURN(const auto outcome, use_case.Execute(command, AsBytes(request.ca_record())));
  response.set_record(AsString(outcome.record));
  response.set_spki(AsString(outcome.spki));
  if (!outcome.record.empty()) response.set_key_id(AsString(outcome.key_id.view()));
  return OkStatus();
}

Status Issue(IssueCertificate& use_case, const pb::IssueCertificateRequest& request,
             pb::IssueCertificateResponse& response) {
  if (request.tbs_certificate().size() > kMaxTbs) return Invalid("tbs_certificate: at most 16 KiB");
  if (!request.host_audit_head().empty() && request.host_audit_head().size() != 32) {
    return Invalid("host_audit_head: 32 octets");
  }
  IssueCertificate::SubscriberInput input;
  input.ca_record = ToBytes(request.ca_record());
  input.subject_record = ToBytes(request.subject_record());
  ASSIGN_OR_RETURN(input.order, TakeSigned<IssuanceOrder>(request.order(), DecodeIssuanceOrder));
  input.tbs = ToBytes(request.tbs_certificate());
  input.host_audit_head = ToBytes(request.host_audit_head());
  ASSIGN_OR_RETURN(const auto outcome, use_case.Subscriber(input));
  response.set_certificate(AsString(outcome.certificate));
  response.set_record(AsString(outcome.record));
  return OkStatus();
}

Status IssueResponder(IssueCertificate& use_case,
                      const pb::IssueResponderCertificateRequest& request,
                      pb::IssueResponderCertificateResponse& response) {
  if (request.tbs_certificate().size() > kMaxTbs) return Invalid("tbs_certificate: at most 16 KiB");
  ASSIGN_OR_RETURN(
      const Bytes certificate,
      use_case.Responder({ToBytes(request.ca_record()), ToBytes(request.status_record()),
                          ToBytes(request.tbs_certificate())}));
  response.set_certificate(AsString(certificate));
  return OkStatus();
}

Status Accept(AcceptCertificate& use_case, const pb::AcceptCertificateRequest& request,
              pb::AcceptCertificateResponse& response) {
  AcceptCertificate::Input input;
  input.record = ToBytes(request.record());
  input.octets = ToBytes(request.statement());
  ASSIGN_OR_RETURN(input.statement, DecodeAcceptance(input.octets));
  ASSIGN_OR_RETURN(input.proof, TakeProof(request.proof()));
  ASSIGN_OR_RETURN(const Bytes record, use_case.Run(input));
  response.set_record(AsString(record));
  return OkStatus();
}

Status Change(ChangeState& use_case, const pb::ChangeStateRequest& request,
              pb::ChangeStateResponse& response) {
  StatusOr<WallTime> effective = Invalid("authority: an order or the signer's proof is needed");
  if (request.has_order()) {
    ASSIGN_OR_RETURN(const auto order, TakeSigned<StateOrder>(request.order(), DecodeStateOrder));
    effective = use_case.ByOfficer(order);
  } else if (request.has_signer()) {
    ChangeState::SignerInput input;
    input.record = ToBytes(request.signer().record());
    input.octets = ToBytes(request.signer().statement());
    ASSIGN_OR_RETURN(input.statement, DecodeSignerRevocation(input.octets));
    ASSIGN_OR_RETURN(input.proof, TakeProof(request.signer().proof()));
    effective = use_case.BySigner(input);
  }
  RETURN_IF_ERROR(effective.status());
  response.set_effective_at_ms(effective->ms);
  return OkStatus();
}

Status SignOcsp(SignStatus& use_case, const pb::SignOcspRequest& request,
                pb::SignOcspResponse& response) {
  if (request.response_data().empty() || request.response_data_size() > kMostOcsp) {
    return Invalid("response_data: from 1 to 100");
  }
  SignStatus::OcspInput input{ToBytes(request.ca_record()), ToBytes(request.status_record()), {}};
  for (const std::string& each : request.response_data()) {
    if (each.size() > kMaxTbs) return Invalid("response_data: at most 16 KiB each");
    input.response_data.push_back(ToBytes(each));
  }
  ASSIGN_OR_RETURN(const auto signatures, use_case.SignOcsp(input));
  for (const Bytes& signature : signatures) response.add_signatures(AsString(signature));
  return OkStatus();
}

Status ReadJournal(JournalPort& journal, const pb::ReadJournalRequest& request,
                   pb::ReadJournalResponse& response) {
  if (request.from_sequence() == 0) return Invalid("from_sequence: from 1");
  if (request.max_entries() == 0 || request.max_entries() > kMostJournalEntries) {
    return Invalid("max_entries: from 1 to 1000");
  }
  ASSIGN_OR_RETURN(const auto entries,
                   journal.Read(request.from_sequence(), request.max_entries(), kMaxJournalAnswer));
  for (const Bytes& entry : entries) response.add_entries(AsString(entry));
  response.set_last_sequence(journal.Head().sequence);
  return OkStatus();
}

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
    pb::Failure& failure = *response.mutable_failure();
    failure.set_code(static_cast<int>(status.code()));
    failure.set_reason_id(ReasonIdOf(status));
    failure.set_reason_name(ReasonNameOf(status));
    failure.set_detail(PublicDetailOf(status));
  }
  response.set_id(request.id());
  return SerializeCanonical(response);
}

Status Dispatcher::Route(uint64_t connection, const pb::CoreRequest& request,
                         pb::CoreResponse& response) {
  switch (request.act_case()) {
    case pb::CoreRequest::kStatus:
      return DescribeCore(response);
    case pb::CoreRequest::kBeginCommand: {
      ASSIGN_OR_RETURN(const Nonce nonce, use_cases_.execute_command.Begin());
      response.mutable_begin_command()->set_nonce(AsString(nonce.view()));
      response.mutable_begin_command()->set_core_instance(
          AsString(services_.identity.instance.view()));
      return OkStatus();
    }
    case pb::CoreRequest::kExecuteCommand:
      return ExecuteSignedCommand(use_cases_.execute_command, request.execute_command(),
                                  *response.mutable_execute_command());
    case pb::CoreRequest::kGenerateSignerKey: {
      ASSIGN_OR_RETURN(
          const auto order,
          TakeSigned<IssuanceOrder>(request.generate_signer_key().order(), DecodeIssuanceOrder));
      ASSIGN_OR_RETURN(const auto outcome, use_cases_.generate_signer_key.Run(order));
      response.mutable_generate_signer_key()->set_record(AsString(outcome.record));
      response.mutable_generate_signer_key()->set_spki(AsString(outcome.spki));
      response.mutable_generate_signer_key()->set_key_id(AsString(outcome.key_id.view()));
      return OkStatus();
    }
    case pb::CoreRequest::kAttest: {
      std::vector<Bytes> records;
      for (const std::string& each : request.attest().records()) records.push_back(ToBytes(each));
      ASSIGN_OR_RETURN(const Bytes evidence,
                       use_cases_.attest_keys.Run(records, AsBytes(request.attest().nonce())));
      response.mutable_attest()->set_evidence(AsString(evidence));
      return OkStatus();
    }
    case pb::CoreRequest::kDrawSerial: {
      ASSIGN_OR_RETURN(const Serial serial, use_cases_.issue_certificate.DrawSerial(
                                                AsBytes(request.draw_serial().ca_record())));
      response.mutable_draw_serial()->set_serial(AsString(serial.octets));
      return OkStatus();
    }
    case pb::CoreRequest::kIssueCertificate:
      return Issue(use_cases_.issue_certificate, request.issue_certificate(),
                   *response.mutable_issue_certificate());
    case pb::CoreRequest::kIssueResponderCertificate:
      return IssueResponder(use_cases_.issue_certificate, request.issue_responder_certificate(),
                            *response.mutable_issue_responder_certificate());
    case pb::CoreRequest::kBeginActivation:
      return BeginActivation(use_cases_.sign_document, request.begin_activation(),
                             *response.mutable_begin_activation());
    case pb::CoreRequest::kSign:
      return Sign(use_cases_.sign_document, request.sign(), *response.mutable_sign());
    case pb::CoreRequest::kAcceptCertificate:
      return Accept(use_cases_.accept_certificate, request.accept_certificate(),
                    *response.mutable_accept_certificate());
    case pb::CoreRequest::kBlockKey: {
      KeyId key_id;
      if (!Assign(AsBytes(request.block_key().key_id()), key_id)) {
        return Invalid("key_id: 16 octets");
      }
      response.mutable_block_key();
      return use_cases_.change_state.Block(key_id);
    }
    case pb::CoreRequest::kChangeState:
      return Change(use_cases_.change_state, request.change_state(),
                    *response.mutable_change_state());
    case pb::CoreRequest::kBeginCrl:
    case pb::CoreRequest::kCrlChunk:
    case pb::CoreRequest::kFinishCrl:
      return RouteCrl(connection, request, response);
    case pb::CoreRequest::kSignOcsp:
      return SignOcsp(use_cases_.sign_status, request.sign_ocsp(), *response.mutable_sign_ocsp());
    case pb::CoreRequest::kReadJournal:
      return ReadJournal(services_.journal, request.read_journal(),
                         *response.mutable_read_journal());
    default:
      break;
  }
  return Invalid("act");
}

Status Dispatcher::DescribeCore(pb::CoreResponse& response) {
  pb::StatusResponse& out = *response.mutable_status();
  const CoreIdentity& identity = services_.identity;
  out.set_core_instance(AsString(identity.instance.view()));
  out.set_boot_id(AsString(services_.boot_id.view()));
  out.set_boot_count(boot_count_);
  out.set_version(version_);
  out.set_time_confirmed(services_.time.confirmed());
  out.set_now_ms(services_.clock.Now().ms);
  const JournalHead head = services_.journal.Head();
  out.set_journal_sequence(head.sequence);
  out.set_journal_head(AsString(head.chain_hash));
  for (const Officer& officer : identity.roster) {
    pb::RosterEntry& entry = *out.add_roster();
    entry.set_officer_id(AsString(officer.id.view()));
    entry.set_role(ToProto(officer.role));
    entry.set_name(officer.name);
    entry.set_spki(AsString(officer.spki));
  }
  out.set_commands_need(identity.commands_need);
  out.mutable_qscd_entry()->set_entry_id(identity.qscd_entry.entry_id);
  out.mutable_qscd_entry()->set_valid_until_ms(identity.qscd_entry.valid_until.ms);
  return OkStatus();
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
