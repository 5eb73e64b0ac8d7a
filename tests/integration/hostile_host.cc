#include "tests/integration/hostile_host.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "appliance/crypto/hash.h"
#include "appliance/records/canonical.h"
#include "host/x509/ceremony.h"
#include "host/x509/crl_builder.h"
#include "host/x509/ocsp_request.h"
#include "host/x509/ocsp_response.h"
#include "host/x509/pem.h"
#include "host/x509/public_key.h"

namespace intaglio::testing_support {
namespace {

constexpr Duration kPatience = 20 * kSecond;

template <class T>
T Must(StatusOr<T> value) {
  if (!value.ok()) {
    fprintf(stderr, "hostile host: %s\n", std::string(value.status().message()).c_str());
    abort();
  }
  return *std::move(value);
}

class ListedEntries final : public host::CrlEntrySource {
 public:
  explicit ListedEntries(const std::vector<HostileHost::Listed>& entries) : entries_(entries) {}
  Status Rewind() override {
    next_ = 0;
    return OkStatus();
  }
  StatusOr<std::optional<host::CrlEntry>> Next() override {
    if (next_ == entries_.size()) return std::nullopt;
    const auto& each = entries_[next_++];
    ASSIGN_OR_RETURN(const host::Serial serial, host::Serial::Create(each.serial));
    return host::CrlEntry{serial, {each.at_ms}, each.reason};
  }

 private:
  const std::vector<HostileHost::Listed>& entries_;
  size_t next_ = 0;
};

}  // namespace

std::vector<std::string> EndedLinks::WaitFor(size_t count) {
  std::unique_lock lock(mutex_);
  more_.wait_for(lock, std::chrono::seconds(20), [&] { return reasons_.size() >= count; });
  return reasons_;
}

void EndedLinks::Add(const Status& status) {
  {
    std::lock_guard lock(mutex_);
    reasons_.push_back(ReasonNameOf(status));
  }
  more_.notify_all();
}

HostileHost::HostileHost() {
  const LinkIdentity core_identity =
      MakeLinkIdentity("core", LinkKeyKind::kP256, LinkValidity::kNow);
  host_identity_ = MakeLinkIdentity("host", LinkKeyKind::kP256, LinkValidity::kNow);
  core_certificate_pem_ = core_identity.certificate();
  appliance::LinkServerConfig config;
  config.unix_socket = folder_.path() + "/core.sock";
  config.certificate_pem = core_identity.certificate();
  config.private_key_pem = core_identity.private_key();
  config.pinned_peer_pem = host_identity_.certificate();
  core_.ChangeIdentity([&](appliance::CoreIdentity& identity) {
    identity.pinned_hosts = {{PinOf(host_identity_), {}}};
  });
  const auto judge = [this](const Digest& certificate) {
    const auto& services = core_.services();
    return appliance::IsPinned(*services.identity.Get(), certificate, services.time.Estimate());
  };
  server_ = Must(appliance::LinkServer::Start(config, judge, dispatcher_, ended_));
  link_ = Connect();
  SetUpCa();
}

Digest HostileHost::PinOf(const LinkIdentity& identity) {
  return appliance::Sha256(Must(host::CertificateFromPem(identity.certificate())));
}

std::unique_ptr<RawLink> HostileHost::Connect() { return Must(ConnectAs(host_identity_)); }

StatusOr<std::unique_ptr<RawLink>> HostileHost::ConnectAs(const LinkIdentity& identity) {
  return RawLink::Connect(folder_.path() + "/core.sock", {.identity = identity});
}

pb::CoreResponse HostileHost::Ask(pb::CoreRequest request) {
  return AskOver(*link_, std::move(request));
}

pb::CoreResponse HostileHost::AskOver(RawLink& link, pb::CoreRequest request) {
  request.set_id(next_id_++);
  pb::CoreResponse response;
  EXPECT_TRUE(link.SendFrame(appliance::SerializeCanonical(request)).ok());
  heard_.push_back(Must(link.ReceiveFrame(kPatience)));
  const Bytes& frame = heard_.back();
  EXPECT_TRUE(response.ParseFromArray(frame.data(), static_cast<int>(frame.size())));
  EXPECT_EQ(response.id(), request.id());
  return response;
}

pb::CoreRequest HostileHost::CommandRequest(const std::function<void(pb::Command&)>& fill,
                                            const Bytes& ca_record,
                                            const std::vector<const P256Signer*>& officers) {
  pb::CoreRequest begin;
  begin.mutable_begin_command();
  const auto begun = Ask(begin).begin_command();
  const int64_t now = core_.clock().Now().ms;
  pb::Command command;
  command.set_context("intaglio/command/v1");
  command.set_core_instance(begun.core_instance());
  command.set_nonce(begun.nonce());
  command.set_issued_at_ms(now);
  command.set_expires_at_ms(now + kHour);
  fill(command);
  pb::CoreRequest request;
  *request.mutable_execute_command()->mutable_command() = Approve(command, officers);
  request.mutable_execute_command()->set_ca_record(AsString(ca_record));
  return request;
}

pb::CoreRequest HostileHost::InstallCaRequest() {
  return CommandRequest(
      [&](pb::Command& command) {
        auto& act = *command.mutable_install_ca_certificate();
        act.set_ca_key_id(AsString(ca_key_id_));
        act.set_certificate(AsString(ca_certificate_));
      },
      ca_record_, {&core_.security(0), &core_.security(1)});
}

pb::ExecuteCommandResponse HostileHost::Command(const std::function<void(pb::Command&)>& fill) {
  const auto response = Ask(CommandRequest(fill, {}, {&core_.security(0), &core_.security(1)}));
  EXPECT_EQ(ReasonOf(response), "") << response.failure().detail();
  return response.execute_command();
}

void HostileHost::SetUpCa() {
  const auto ca = Command([](pb::Command& command) {
    auto& act = *command.mutable_generate_service_key();
    act.set_purpose(pb::SERVICE_KEY_PURPOSE_CA_ISSUING);
    act.set_algorithm(pb::KEY_ALGORITHM_P256);
    act.set_label("ca");
  });
  const auto status = Command([](pb::Command& command) {
    auto& act = *command.mutable_generate_service_key();
    act.set_purpose(pb::SERVICE_KEY_PURPOSE_STATUS);
    act.set_algorithm(pb::KEY_ALGORITHM_P256);
    act.set_label("ocsp");
  });
  status_record_ = ToBytes(status.record());
  status_spki_ = ToBytes(status.spki());
  ca_key_id_ = ToBytes(ca.key_id());
  ca_record_ = ToBytes(ca.record());
  const host::TestPki pki;
  const Bytes tbs = Must(host::BuildCaTbs({*pki.root().ca,
                                           host::TestSerial(77),
                                           {"EE", "Test TSP", "", "Test CA - LAB"},
                                           AsBytes(ca.spki()),
                                           host::TestValidity(3650 * kDay),
                                           "",
                                           ""}));
  ca_certificate_ = Must(host::SignCertificate(tbs, pki.root().key.get()));
  const auto installed = Ask(InstallCaRequest());
  EXPECT_EQ(ReasonOf(installed), "") << installed.failure().detail();
  ca_record_ = ToBytes(installed.execute_command().record());
  ca_ = std::make_unique<host::CaDescription>(Must(host::CaDescription::Create(ca_certificate_)));
}

std::vector<Bytes> HostileHost::ReadJournal(uint32_t page) {
  std::vector<Bytes> entries;
  for (;;) {
    pb::CoreRequest read;
    read.mutable_read_journal()->set_from_sequence(entries.size() + 1);
    read.mutable_read_journal()->set_max_entries(page);
    const auto response = Ask(read);
    EXPECT_EQ(ReasonOf(response), "") << response.failure().detail();
    if (response.read_journal().entries().empty()) return entries;
    for (const auto& each : response.read_journal().entries()) entries.push_back(ToBytes(each));
    if (entries.size() >= response.read_journal().last_sequence()) return entries;
  }
}

pb::IssuanceOrder HostileHost::Order(const P256Signer& authenticator) {
  const int64_t now = core_.clock().Now().ms;
  const host::NaturalPerson person = host::TestPerson();
  pb::IssuanceOrder order;
  order.set_context("intaglio/issuance-order/v1");
  order.set_order_id(AsString(Must(core_.services().rng.Draw(32))));
  order.set_core_instance(AsString(core_.identity().instance.view()));
  order.set_issuer_key_id(AsString(ca_key_id_));
  order.set_policy_oid("0.4.0.194112.1.2");
  order.mutable_subject()->set_country(person.country);
  order.mutable_subject()->set_given_name(person.given_name);
  order.mutable_subject()->set_surname(person.surname);
  order.mutable_subject()->set_common_name(person.common_name);
  order.mutable_subject()->set_serial_number(person.serial_number);
  order.mutable_core_generated()->set_algorithm(pb::KEY_ALGORITHM_P256);
  order.set_signer_id("signer");
  order.add_authenticators()->set_kind(pb::AUTHENTICATOR_KIND_ES256_FILE);
  order.mutable_authenticators(0)->set_spki(AsString(authenticator.spki()));
  order.set_evidence_digest(std::string(32, 'e'));
  order.set_agreement_digest(AsString(appliance::Sha256(AsBytes("agreement"))));
  order.set_validity_days(365);
  order.set_issued_at_ms(now);
  order.set_expires_at_ms(now + 7 * kDay);
  return order;
}

pb::SignedStatement HostileHost::Approve(const google::protobuf::Message& statement,
                                         const std::vector<const P256Signer*>& officers) {
  const Bytes octets = appliance::SerializeCanonical(statement);
  pb::SignedStatement out;
  out.set_statement(AsString(octets));
  for (const P256Signer* officer : officers) {
    pb::Approval& approval = *out.add_approvals();
    approval.set_officer_id(AsString(officer->id()));
    approval.set_signature(AsString(officer->Sign(octets)));
  }
  return out;
}

HostileHost::Signer HostileHost::NewKeyUnder(const pb::IssuanceOrder& order) {
  Signer signer;
  signer.order = ApproveByTwo(order);
  pb::CoreRequest request;
  *request.mutable_generate_signer_key()->mutable_order() = signer.order;
  const auto response = Ask(request);
  EXPECT_EQ(ReasonOf(response), "") << response.failure().detail();
  signer.record[0] = ToBytes(response.generate_signer_key().record());
  signer.spki = ToBytes(response.generate_signer_key().spki());
  signer.key_id = ToBytes(response.generate_signer_key().key_id());
  return signer;
}

host::SubscriberRequest HostileHost::HonestRequest(const Signer& signer) {
  pb::CoreRequest draw;
  draw.mutable_draw_serial()->set_ca_record(AsString(ca_record_));
  const auto drawn = Ask(draw);
  EXPECT_EQ(ReasonOf(drawn), "") << drawn.failure().detail();
  const WallTime now = core_.clock().Now();
  return {.profile = *Must(host::CurrentProfile(host::CertificatePolicy::kQcpNQscd)),
          .ca = *ca_,
          .serial = Must(host::Serial::Create(AsBytes(drawn.draw_serial().serial()))),
          .subject = host::TestPerson(),
          .spki = signer.spki,
          .validity = {now, now + 365 * kDay},
          .urls = host::TestUrls()};
}

pb::CoreRequest HostileHost::IssueRequest(const Signer& signer, const Bytes& tbs) {
  pb::CoreRequest request;
  auto& issue = *request.mutable_issue_certificate();
  issue.set_ca_record(AsString(ca_record_));
  issue.set_subject_record(AsString(signer.record[0]));
  *issue.mutable_order() = signer.order;
  issue.set_tbs_certificate(AsString(tbs));
  return request;
}

HostileHost::Signer HostileHost::NewCertificate(const P256Signer& authenticator) {
  Signer signer = NewKey(authenticator);
  const host::SubscriberRequest honest = HonestRequest(signer);
  const auto response = Ask(IssueRequest(signer, Must(host::BuildSubscriberTbs(honest))));
  EXPECT_EQ(ReasonOf(response), "") << response.failure().detail();
  signer.record[1] = ToBytes(response.issue_certificate().record());
  signer.certificate = ToBytes(response.issue_certificate().certificate());
  signer.serial = ToBytes(honest.serial.octets());
  return signer;
}

pb::CoreRequest HostileHost::AcceptRequest(const Signer& signer, const P256Signer& by) {
  pb::AcceptanceStatement statement;
  statement.set_context("intaglio/acceptance/v1");
  statement.set_core_instance(AsString(core_.identity().instance.view()));
  statement.set_key_id(AsString(signer.key_id));
  statement.set_certificate_sha256(AsString(appliance::Sha256(signer.certificate)));
  statement.set_agreement_digest(AsString(appliance::Sha256(AsBytes("agreement"))));
  statement.set_accepted_at_ms(core_.clock().Now().ms);
  const Bytes octets = appliance::SerializeCanonical(statement);
  pb::CoreRequest request;
  auto& accept = *request.mutable_accept_certificate();
  accept.set_record(AsString(signer.record[1]));
  accept.set_statement(AsString(octets));
  accept.mutable_proof()->set_authenticator_id(AsString(by.id()));
  accept.mutable_proof()->set_es256(AsString(by.Sign(octets)));
  return request;
}

HostileHost::Signer HostileHost::NewAccepted(const P256Signer& authenticator) {
  Signer signer = NewCertificate(authenticator);
  const auto response = Ask(AcceptRequest(signer, authenticator));
  EXPECT_EQ(ReasonOf(response), "") << response.failure().detail();
  signer.record[2] = ToBytes(response.accept_certificate().record());
  return signer;
}

pb::StateOrder HostileHost::StateOrderFor(const Signer& signer, pb::StateAction action) {
  const int64_t now = core_.clock().Now().ms;
  pb::StateOrder order;
  order.set_context("intaglio/state-order/v1");
  order.set_order_id(AsString(Must(core_.services().rng.Draw(32))));
  order.set_core_instance(AsString(core_.identity().instance.view()));
  order.set_action(action);
  order.set_issuer_key_id(AsString(ca_key_id_));
  order.set_serial(AsString(signer.serial));
  if (action == pb::STATE_ACTION_REVOKE) order.set_reason(pb::REVOCATION_REASON_KEY_COMPROMISE);
  order.set_issued_at_ms(now);
  order.set_expires_at_ms(now + kDay);
  return order;
}

pb::CoreRequest HostileHost::StateRequest(const pb::SignedStatement& order) {
  pb::CoreRequest request;
  *request.mutable_change_state()->mutable_order() = order;
  return request;
}

pb::CoreResponse HostileHost::Revoke(const Signer& signer, pb::StateAction action) {
  return Ask(StateRequest(Approve(StateOrderFor(signer, action), {&core_.revocation()})));
}

Bytes HostileHost::CrlTbs(const CrlPlan& plan) {
  ListedEntries source(plan.entries);
  const WallTime begins = WallTime{core_.clock().Now().ms / 1000 * 1000} + plan.begins;
  host::CrlFields fields{.issuer = *ca_,
                         .this_update = begins,
                         .next_update = plan.last ? host::kNoWellDefinedEnd : begins + plan.lasts,
                         .number = plan.number,
                         .expired_certs_from = std::nullopt,
                         .distribution_point = std::nullopt};
  if (plan.keeps_expired) fields.expired_certs_from = ca_->validity().not_before;
  return Must(host::BuildCrlTbs(fields, source));
}

pb::CoreResponse HostileHost::FeedCrl(const Bytes& tbs, uint64_t& stream) {
  pb::CoreRequest begin;
  begin.mutable_begin_crl()->set_ca_record(AsString(ca_record_));
  begin.mutable_begin_crl()->set_tbs_length(tbs.size());
  const auto begun = Ask(begin);
  if (begun.has_failure()) return begun;
  stream = begun.begin_crl().stream();
  pb::CoreRequest chunk;
  chunk.mutable_crl_chunk()->set_stream(stream);
  chunk.mutable_crl_chunk()->set_octets(AsString(tbs));
  return Ask(chunk);
}

pb::CoreResponse HostileHost::FinishCrl(uint64_t stream) {
  pb::CoreRequest finish;
  finish.mutable_finish_crl()->set_stream(stream);
  return Ask(finish);
}

pb::CoreResponse HostileHost::SignCrl(const Bytes& tbs) {
  uint64_t stream = 0;
  const auto fed = FeedCrl(tbs, stream);
  return fed.has_failure() ? fed : FinishCrl(stream);
}

Bytes HostileHost::OcspData(const OcspPlan& plan) {
  const WallTime begins = WallTime{core_.clock().Now().ms / 1000 * 1000} + plan.begins;
  const Bytes& responder = plan.responder_spki.empty() ? status_spki_ : plan.responder_spki;
  return Must(host::BuildOcspResponseData(
      {.responder_key_hash = Must(host::KeyIdentifier(responder)),
       .produced_at = begins,
       .answers = {{.cert_id = host::OcspIssuer(*ca_).CertId(
                        host::OcspHash::kSha256, Must(host::Serial::Create(plan.serial))),
                    .status = plan.status,
                    .this_update = begins,
                    .next_update = begins + plan.lasts,
                    .archive_cutoff = std::nullopt}},
       .nonce = std::nullopt,
       .extended_revoke = host::ExtendedRevoke::kAbsent}));
}

pb::CoreRequest HostileHost::OcspRequest(const std::vector<Bytes>& responses) {
  pb::CoreRequest request;
  request.mutable_sign_ocsp()->set_ca_record(AsString(ca_record_));
  request.mutable_sign_ocsp()->set_status_record(AsString(status_record_));
  for (const Bytes& each : responses) {
    request.mutable_sign_ocsp()->add_response_data(AsString(each));
  }
  return request;
}

pb::CoreRequest HostileHost::BeginRequest(const Bytes& record, const std::vector<Digest>& hashes) {
  pb::CoreRequest request;
  auto& begin = *request.mutable_begin_activation();
  begin.set_record(AsString(record));
  begin.set_session_id("session");
  begin.set_hash_algorithm(pb::HASH_ALGORITHM_SHA256);
  for (const Digest& each : hashes) begin.add_dtbsr(AsString(each));
  return request;
}

pb::CoreRequest HostileHost::SignRequest(const Bytes& record, const Bytes& payload,
                                         const P256Signer& by) {
  pb::CoreRequest request;
  request.mutable_sign()->set_record(AsString(record));
  request.mutable_sign()->set_payload(AsString(payload));
  request.mutable_sign()->mutable_proof()->set_authenticator_id(AsString(by.id()));
  request.mutable_sign()->mutable_proof()->set_es256(AsString(by.Sign(payload)));
  return request;
}

}  // namespace intaglio::testing_support
