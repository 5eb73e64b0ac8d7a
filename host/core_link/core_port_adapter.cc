#include "host/core_link/core_port_adapter.h"

#include "host/core_link/proof_message.h"
#include "host/core_link/reasons.h"

namespace intaglio::host {
namespace {

namespace pb = ::intaglio::core::v1;

constexpr size_t kMaxReseal = 512 * 1024;  // octets of records in a frame of 1 MiB

// Calls, and checks that the answer is of the kind that was asked for.
StatusOr<pb::CoreResponse> Ask(CoreLink& link, pb::CoreRequest request,
                               pb::CoreResponse::ResultCase wanted) {
  ASSIGN_OR_RETURN(pb::CoreResponse response, link.Call(std::move(request)));
  if (response.result_case() != wanted) return Fail(kCoreProtocol, "an answer to another request");
  return response;
}

void Fill(const ApprovedOctets& from, pb::SignedStatement& to) {
  to.set_statement(AsString(from.octets));
  for (const OfficerApproval& each : from.approvals) {
    pb::Approval& approval = *to.add_approvals();
    approval.set_officer_id(AsString(each.officer_id));
    approval.set_signature(AsString(each.signature));
  }
}

void Fill(const AuthenticatorProof& from, pb::Proof& to) { FillProof(from, to); }

pb::CoreRequest BeginRequest(ByteView record, const std::string& session_id,
                             const std::vector<Digest>& dtbsr) {
  pb::CoreRequest request;
  auto& begin = *request.mutable_begin_activation();
  begin.set_record(AsString(record));
  begin.set_session_id(session_id);
  begin.set_hash_algorithm(pb::HASH_ALGORITHM_SHA256);
  for (const Digest& each : dtbsr) begin.add_dtbsr(AsString(each));
  return request;
}

pb::CoreRequest SignRequest(const CorePort::ProvenInput& input) {
  pb::CoreRequest request;
  request.mutable_sign()->set_record(AsString(input.record));
  request.mutable_sign()->set_payload(AsString(input.octets));
  Fill(input.proof, *request.mutable_sign()->mutable_proof());
  return request;
}

template <class Repeated>
std::vector<Bytes> ToList(const Repeated& from) {
  std::vector<Bytes> out;
  for (const std::string& each : from) out.push_back(ToBytes(each));
  return out;
}

}  // namespace

StatusOr<CoreStatus> LinkedCore::DescribeCore() {
  pb::CoreRequest request;
  request.mutable_status();
  ASSIGN_OR_RETURN(const auto response, Ask(link_, request, pb::CoreResponse::kStatus));
  const pb::StatusResponse& status = response.status();
  CoreStatus out{.core_instance = ToBytes(status.core_instance()),
                 .boot_id = ToBytes(status.boot_id()),
                 .boot_count = status.boot_count(),
                 .version = status.version(),
                 .now = {status.now_ms()},
                 .time_confirmed = status.time_confirmed(),
                 .journal_sequence = status.journal_sequence(),
                 .journal_head = ToBytes(status.journal_head()),
                 .commands_need = status.commands_need(),
                 .roster_version = status.roster_version(),
                 .roster = {},
                 .qscd_entry_id = status.qscd_entry().entry_id(),
                 .qscd_valid_until = {status.qscd_entry().valid_until_ms()},
                 .instance_epoch = status.instance_epoch(),
                 .error_state = status.error_state(),
                 .record_epoch = status.record_epoch(),
                 .anchor = status.anchor(),
                 .exported_sequence = status.exported_sequence(),
                 .state_free_percent = status.state_free_percent(),
                 .token = {}};
  const pb::TokenHealth& token = status.token();
  out.token = {token.state(),        token.sessions_open(),     token.sessions_discarded(),
               token.logins(),       token.reinitialisations(), token.fail_overs(),
               token.recoveries(),   token.last_recovery_ms(),  token.cache_hits(),
               token.cache_misses(), token.cache_evictions()};
  for (const pb::RosterEntry& each : status.roster()) {
    out.roster.push_back({ToBytes(each.officer_id()),
                          each.role(),
                          each.name(),
                          ToBytes(each.spki()),
                          {each.until_ms()}});
  }
  return out;
}

StatusOr<Bytes> LinkedCore::BeginCommand() {
  pb::CoreRequest request;
  request.mutable_begin_command();
  ASSIGN_OR_RETURN(const auto response, Ask(link_, request, pb::CoreResponse::kBeginCommand));
  return ToBytes(response.begin_command().nonce());
}

StatusOr<CoreKey> LinkedCore::ExecuteCommand(const ApprovedOctets& command, ByteView ca_record) {
  pb::CoreRequest request;
  Fill(command, *request.mutable_execute_command()->mutable_command());
  request.mutable_execute_command()->set_ca_record(AsString(ca_record));
  ASSIGN_OR_RETURN(const auto response, Ask(link_, request, pb::CoreResponse::kExecuteCommand));
  const auto& answer = response.execute_command();
  return CoreKey{ToBytes(answer.record()), ToBytes(answer.spki()), ToBytes(answer.key_id())};
}

StatusOr<CoreKey> LinkedCore::GenerateSignerKey(const ApprovedOctets& order) {
  pb::CoreRequest request;
  Fill(order, *request.mutable_generate_signer_key()->mutable_order());
  ASSIGN_OR_RETURN(const auto response, Ask(link_, request, pb::CoreResponse::kGenerateSignerKey));
  const auto& answer = response.generate_signer_key();
  return CoreKey{ToBytes(answer.record()), ToBytes(answer.spki()), ToBytes(answer.key_id())};
}

StatusOr<Bytes> LinkedCore::Attest(const std::vector<Bytes>& records, ByteView nonce) {
  pb::CoreRequest request;
  for (const Bytes& each : records) request.mutable_attest()->add_records(AsString(each));
  request.mutable_attest()->set_nonce(AsString(nonce));
  ASSIGN_OR_RETURN(const auto response, Ask(link_, request, pb::CoreResponse::kAttest));
  return ToBytes(response.attest().evidence());
}

StatusOr<Bytes> LinkedCore::DrawSerial(ByteView ca_record) {
  pb::CoreRequest request;
  request.mutable_draw_serial()->set_ca_record(AsString(ca_record));
  ASSIGN_OR_RETURN(const auto response, Ask(link_, request, pb::CoreResponse::kDrawSerial));
  return ToBytes(response.draw_serial().serial());
}

StatusOr<CoreCertificate> LinkedCore::IssueCertificate(const IssueInput& input) {
  pb::CoreRequest request;
  auto& issue = *request.mutable_issue_certificate();
  issue.set_ca_record(AsString(input.ca_record));
  issue.set_subject_record(AsString(input.subject_record));
  Fill(input.order, *issue.mutable_order());
  issue.set_tbs_certificate(AsString(input.tbs));
  issue.set_host_audit_head(AsString(input.audit_head));
  ASSIGN_OR_RETURN(const auto response, Ask(link_, request, pb::CoreResponse::kIssueCertificate));
  return CoreCertificate{ToBytes(response.issue_certificate().certificate()),
                         ToBytes(response.issue_certificate().record())};
}

StatusOr<Bytes> LinkedCore::IssueResponderCertificate(const ResponderInput& input) {
  pb::CoreRequest request;
  auto& issue = *request.mutable_issue_responder_certificate();
  issue.set_ca_record(AsString(input.ca_record));
  issue.set_status_record(AsString(input.status_record));
  issue.set_tbs_certificate(AsString(input.tbs));
  ASSIGN_OR_RETURN(const auto response,
                   Ask(link_, request, pb::CoreResponse::kIssueResponderCertificate));
  return ToBytes(response.issue_responder_certificate().certificate());
}

StatusOr<Bytes> LinkedCore::BeginActivation(ByteView record, const std::string& session_id,
                                            const std::vector<Digest>& dtbsr) {
  ASSIGN_OR_RETURN(const auto response, Ask(link_, BeginRequest(record, session_id, dtbsr),
                                            pb::CoreResponse::kBeginActivation));
  return ToBytes(response.begin_activation().payload());
}

StatusOr<std::vector<Bytes>> LinkedCore::Sign(const ProvenInput& input) {
  ASSIGN_OR_RETURN(const auto response, Ask(link_, SignRequest(input), pb::CoreResponse::kSign));
  return ToList(response.sign().signatures());
}

// The link itself refuses an answer of another kind.
void LinkedCore::BeginActivationAsync(ByteView record, const std::string& session_id,
                                      const std::vector<Digest>& dtbsr, const Done<Bytes>& done) {
  link_.AsyncCall(BeginRequest(record, session_id, dtbsr),
                  [done](const StatusOr<pb::CoreResponse>& response) {
                    if (!response.ok()) return done(response.status());
                    done(ToBytes(response->begin_activation().payload()));
                  });
}

void LinkedCore::SignAsync(const ProvenInput& input, const Done<std::vector<Bytes>>& done) {
  link_.AsyncCall(SignRequest(input), [done](const StatusOr<pb::CoreResponse>& response) {
    if (!response.ok()) return done(response.status());
    done(ToList(response->sign().signatures()));
  });
}

StatusOr<Bytes> LinkedCore::AcceptCertificate(const ProvenInput& input) {
  pb::CoreRequest request;
  auto& accept = *request.mutable_accept_certificate();
  accept.set_record(AsString(input.record));
  accept.set_statement(AsString(input.octets));
  Fill(input.proof, *accept.mutable_proof());
  for (const AuthenticatorProof& each : input.more_proofs) Fill(each, *accept.add_more_proofs());
  ASSIGN_OR_RETURN(const auto response, Ask(link_, request, pb::CoreResponse::kAcceptCertificate));
  return ToBytes(response.accept_certificate().record());
}

StatusOr<WallTime> LinkedCore::RevokeBySigner(const ProvenInput& input) {
  pb::CoreRequest request;
  auto& signer = *request.mutable_change_state()->mutable_signer();
  signer.set_record(AsString(input.record));
  signer.set_statement(AsString(input.octets));
  Fill(input.proof, *signer.mutable_proof());
  ASSIGN_OR_RETURN(const auto response, Ask(link_, request, pb::CoreResponse::kChangeState));
  return WallTime{response.change_state().effective_at_ms()};
}

StatusOr<WallTime> LinkedCore::ChangeState(const ApprovedOctets& order) {
  pb::CoreRequest request;
  Fill(order, *request.mutable_change_state()->mutable_order());
  ASSIGN_OR_RETURN(const auto response, Ask(link_, request, pb::CoreResponse::kChangeState));
  return WallTime{response.change_state().effective_at_ms()};
}

Status LinkedCore::BlockKey(ByteView key_id) {
  pb::CoreRequest request;
  request.mutable_block_key()->set_key_id(AsString(key_id));
  return Ask(link_, request, pb::CoreResponse::kBlockKey).status();
}

StatusOr<Bytes> LinkedCore::SignCrl(ByteView ca_record, uint64_t size, const OctetSource& tbs) {
  pb::CoreRequest begin;
  begin.mutable_begin_crl()->set_ca_record(AsString(ca_record));
  begin.mutable_begin_crl()->set_tbs_length(size);
  ASSIGN_OR_RETURN(const auto begun, Ask(link_, begin, pb::CoreResponse::kBeginCrl));
  const uint64_t stream = begun.begin_crl().stream();
  uint64_t offset = 0;
  RETURN_IF_ERROR(tbs([&](ByteView octets) -> Status {
    pb::CoreRequest chunk;
    chunk.mutable_crl_chunk()->set_stream(stream);
    chunk.mutable_crl_chunk()->set_offset(offset);
    chunk.mutable_crl_chunk()->set_octets(AsString(octets));
    offset += octets.size();
    return Ask(link_, chunk, pb::CoreResponse::kCrlChunk).status();
  }));
  pb::CoreRequest finish;
  finish.mutable_finish_crl()->set_stream(stream);
  ASSIGN_OR_RETURN(const auto finished, Ask(link_, finish, pb::CoreResponse::kFinishCrl));
  return ToBytes(finished.finish_crl().signature());
}

StatusOr<std::vector<Bytes>> LinkedCore::SignOcsp(const OcspInput& input) {
  pb::CoreRequest request;
  auto& sign = *request.mutable_sign_ocsp();
  sign.set_ca_record(AsString(input.ca_record));
  sign.set_status_record(AsString(input.status_record));
  for (const Bytes& each : input.response_data) sign.add_response_data(AsString(each));
  ASSIGN_OR_RETURN(const auto response, Ask(link_, request, pb::CoreResponse::kSignOcsp));
  std::vector<Bytes> signatures = ToList(response.sign_ocsp().signatures());
  if (signatures.size() != input.response_data.size()) {
    return Fail(kCoreProtocol, "another number of OCSP signatures than asked for");
  }
  return signatures;
}

StatusOr<std::vector<Bytes>> LinkedCore::ReadJournal(uint64_t from_sequence, uint32_t most) {
  pb::CoreRequest request;
  request.mutable_read_journal()->set_from_sequence(from_sequence);
  request.mutable_read_journal()->set_max_entries(most);
  ASSIGN_OR_RETURN(const auto response, Ask(link_, request, pb::CoreResponse::kReadJournal));
  return ToList(response.read_journal().entries());
}

StatusOr<JournalPort::Part> LinkedCore::ReadPart(uint64_t from_sequence, uint32_t most) {
  pb::CoreRequest request;
  request.mutable_read_journal()->set_from_sequence(from_sequence);
  request.mutable_read_journal()->set_max_entries(most);
  ASSIGN_OR_RETURN(const auto response, Ask(link_, request, pb::CoreResponse::kReadJournal));
  return Part{ToList(response.read_journal().entries()), response.read_journal().last_sequence()};
}

Status LinkedCore::ConfirmExport(uint64_t sequence, const Digest& chain_hash) {
  pb::CoreRequest request;
  request.mutable_confirm_export()->set_sequence(sequence);
  request.mutable_confirm_export()->set_chain_hash(AsString(chain_hash));
  return Ask(link_, request, pb::CoreResponse::kConfirmExport).status();
}

StatusOr<uint32_t> LinkedCore::RecordEpoch() {
  pb::CoreRequest request;
  request.mutable_status();
  ASSIGN_OR_RETURN(const auto response, Ask(link_, request, pb::CoreResponse::kStatus));
  return response.status().record_epoch();
}

StatusOr<std::vector<StatusOr<Bytes>>> LinkedCore::Reseal(const std::vector<Bytes>& records) {
  std::vector<StatusOr<Bytes>> out;
  size_t next = 0;
  while (next < records.size()) {
    pb::CoreRequest request;
    size_t octets = 0;
    while (next < records.size() && (octets == 0 || octets + records[next].size() < kMaxReseal)) {
      octets += records[next].size();
      request.mutable_reseal_records()->add_records(AsString(records[next++]));
    }
    const int asked = request.reseal_records().records_size();
    ASSIGN_OR_RETURN(const auto response, Ask(link_, request, pb::CoreResponse::kResealRecords));
    if (response.reseal_records().records_size() != asked) {
      return Fail(kCoreProtocol, "another number of records than asked for");
    }
    for (const pb::ResealedRecord& each : response.reseal_records().records()) {
      if (each.has_failure()) {
        out.push_back(FailRemote(static_cast<absl::StatusCode>(each.failure().code()),
                                 each.failure().reason_id(), each.failure().reason_name(),
                                 each.failure().detail()));
      } else {
        out.push_back(ToBytes(each.record()));
      }
    }
  }
  return out;
}

}  // namespace intaglio::host
