// Role table, request table and error model: everything before and after a use case.
#include "host/grpc/request_check.h"

#include <gmock/gmock.h>
#include <google/protobuf/unknown_field_set.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "base/bytes.h"
#include "base/reasons.h"
#include "host/domain/usecase_reasons.h"
#include "host/grpc/error_details.h"
#include "host/grpc/role_policy.h"
#include "intaglio/host/v1/services.pb.h"
#include "tests/support/status_matchers.h"

namespace intaglio::host {
namespace {

namespace hpb = ::intaglio::host::v1;
namespace cpb = ::intaglio::core::v1;
using google::protobuf::Message;
using testing_support::FailsNaming;
using testing_support::FailsWith;
using testing_support::IsOk;

std::string Id() { return std::string(32, 'a'); }
std::string Octets(size_t size) { return std::string(size, '\x01'); }

template <class M>
void FillProof(M& message) {
  message.mutable_proof()->set_authenticator_id(Octets(32));
  message.mutable_proof()->set_es256(Octets(70));
}

hpb::CreateApplicationRequest Create() {
  hpb::CreateApplicationRequest m;
  m.set_policy(hpb::CERTIFICATE_POLICY_QCP_N_QSCD);
  m.set_authenticator_spki(Octets(91));
  m.set_authenticator_kind(cpb::AUTHENTICATOR_KIND_ES256_FILE);
  auto& person = *m.mutable_person();
  person.set_country("EE");
  person.set_given_name("Mari");
  person.set_surname("Maasikas");
  person.set_common_name("Mari Maasikas");
  person.set_serial_number("PNOEE-48001085718");
  return m;
}
hpb::SubmitApplicationRequest Submit() {
  hpb::SubmitApplicationRequest m;
  m.set_application_id(Id());
  m.set_signature(Octets(70));
  return m;
}
hpb::RecordIdentityEvidenceRequest Evidence() {
  hpb::RecordIdentityEvidenceRequest m;
  m.set_application_id(Id());
  m.set_method(hpb::IDENTITY_METHOD_PHYSICAL_PRESENCE);
  m.set_document_type("passport");
  m.set_document_reference("K1");
  m.set_validation("seen");
  m.set_officer_id(Octets(32));
  return m;
}
hpb::ApproveOrderRequest Approve() {
  hpb::ApproveOrderRequest m;
  m.set_application_id(Id());
  m.set_order(Octets(300));
  m.mutable_approval()->set_officer_id(Octets(32));
  m.mutable_approval()->set_signature(Octets(70));
  return m;
}
hpb::RejectApplicationRequest Reject() {
  hpb::RejectApplicationRequest m;
  m.set_application_id(Id());
  m.set_reason("expired");
  return m;
}
hpb::BeginSigningRequest Begin() {
  hpb::BeginSigningRequest m;
  m.set_credential_id(Id());
  m.set_session_id("s");
  m.set_hash_algorithm(cpb::HASH_ALGORITHM_SHA256);
  m.add_dtbsr(Octets(32));
  return m;
}
hpb::FinishSigningRequest Finish() {
  hpb::FinishSigningRequest m;
  m.set_credential_id(Id());
  m.set_payload(Octets(200));
  FillProof(m);
  return m;
}
hpb::AcceptCertificateRequest Accept() {
  hpb::AcceptCertificateRequest m;
  m.set_credential_id(Id());
  m.set_statement(Octets(200));
  FillProof(m);
  return m;
}
hpb::PrepareStateOrderRequest StateOrder() {
  hpb::PrepareStateOrderRequest m;
  m.set_serial(Octets(16));
  m.set_action(cpb::STATE_ACTION_SUSPEND);
  return m;
}
hpb::ChangeStateRequest Change() {
  hpb::ChangeStateRequest m;
  m.set_order(Octets(200));
  m.mutable_approval()->set_officer_id(Octets(32));
  m.mutable_approval()->set_signature(Octets(70));
  return m;
}
hpb::ExecuteCommandRequest Execute() {
  hpb::ExecuteCommandRequest m;
  m.mutable_command()->set_statement(Octets(200));
  auto& approval = *m.mutable_command()->add_approvals();
  approval.set_officer_id(Octets(32));
  approval.set_signature(Octets(70));
  return m;
}
hpb::ActivateCaRequest Activate() {
  hpb::ActivateCaRequest m;
  m.set_ca_key_id(Octets(16));
  m.set_status_key_id(Octets(16));
  m.set_ca_certificate(Octets(600));
  m.add_chain(Octets(600));
  return m;
}
hpb::AttestServiceKeyRequest Attest() {
  hpb::AttestServiceKeyRequest m;
  m.set_key_id(Octets(16));
  m.set_nonce(Octets(32));
  return m;
}

TEST(RequestCheckTest, TakesWhatIsComplete) {
  const auto list = [] { return hpb::ListApplicationsRequest(); };
  EXPECT_THAT(CheckRequest(Create()), IsOk());
  EXPECT_THAT(CheckRequest(Submit()), IsOk());
  EXPECT_THAT(CheckRequest(list()), IsOk());
  EXPECT_THAT(CheckRequest(Evidence()), IsOk());
  EXPECT_THAT(CheckRequest(Approve()), IsOk());
  EXPECT_THAT(CheckRequest(Reject()), IsOk());
  EXPECT_THAT(CheckRequest(Begin()), IsOk());
  EXPECT_THAT(CheckRequest(Finish()), IsOk());
  EXPECT_THAT(CheckRequest(Accept()), IsOk());
  EXPECT_THAT(CheckRequest(StateOrder()), IsOk());
  EXPECT_THAT(CheckRequest(Change()), IsOk());
  EXPECT_THAT(CheckRequest(Execute()), IsOk());
  EXPECT_THAT(CheckRequest(Activate()), IsOk());
  EXPECT_THAT(CheckRequest(Attest()), IsOk());
  EXPECT_THAT(CheckRequest(hpb::GetCoreStatusRequest()), IsOk());
}

// One wrong field in an otherwise right request, and what the refusal must name.
struct Wrong {
  const char* field;
  std::function<std::unique_ptr<Message>()> make;
};
template <class M>
Wrong Bad(const char* field, M (*right)(), void (*spoil)(M&)) {
  return {field, [right, spoil]() -> std::unique_ptr<Message> {
            auto message = std::make_unique<M>(right());
            spoil(*message);
            return message;
          }};
}
template <class M>
Wrong Empty(const char* field) {
  return {field, []() -> std::unique_ptr<Message> { return std::make_unique<M>(); }};
}

TEST(RequestCheckTest, NamesTheFieldThatIsWrong) {
  const Wrong cases[] = {
      Bad<hpb::CreateApplicationRequest>("policy", Create, [](auto& m) { m.clear_policy(); }),
      Bad<hpb::CreateApplicationRequest>(
          "policy", Create, [](auto& m) { m.set_policy(static_cast<hpb::CertificatePolicy>(99)); }),
      Bad<hpb::CreateApplicationRequest>("person", Create, [](auto& m) { m.clear_person(); }),
      Bad<hpb::CreateApplicationRequest>("country", Create,
                                         [](auto& m) { m.mutable_organization(); }),
      Bad<hpb::CreateApplicationRequest>(
          "organization_name", Create,
          [](auto& m) { m.mutable_organization()->set_country("EE"); }),
      Bad<hpb::CreateApplicationRequest>("organization_identifier", Create,
                                         [](auto& m) {
                                           m.mutable_organization()->set_country("EE");
                                           m.mutable_organization()->set_organization_name("A");
                                           m.mutable_organization()->set_organization_identifier(
                                               std::string(65, 'x'));
                                         }),
      Bad<hpb::CreateApplicationRequest>("kind", Create, [](auto& m) { m.add_controllers(); }),
      Bad<hpb::CreateApplicationRequest>("controllers", Create,
                                         [](auto& m) {
                                           for (int i = 0; i < 9; ++i) m.add_controllers();
                                         }),
      Bad<hpb::CreateApplicationRequest>(
          "key_algorithm", Create,
          [](auto& m) { m.set_key_algorithm(static_cast<cpb::KeyAlgorithm>(99)); }),
      Bad<hpb::CreateApplicationRequest>("country", Create,
                                         [](auto& m) { m.mutable_person()->set_country("EST"); }),
      Bad<hpb::CreateApplicationRequest>(
          "given_name", Create,
          [](auto& m) { m.mutable_person()->set_given_name(std::string(129, 'x')); }),
      Bad<hpb::CreateApplicationRequest>("surname", Create,
                                         [](auto& m) { m.mutable_person()->clear_surname(); }),
      Bad<hpb::CreateApplicationRequest>(
          "common_name", Create,
          [](auto& m) { m.mutable_person()->set_common_name(std::string(257, 'x')); }),
      Bad<hpb::CreateApplicationRequest>(
          "serial_number", Create,
          [](auto& m) { m.mutable_person()->set_serial_number(std::string(65, 'x')); }),
      Bad<hpb::CreateApplicationRequest>("authenticator_spki", Create,
                                         [](auto& m) { m.set_authenticator_spki(Octets(90)); }),
      Bad<hpb::CreateApplicationRequest>("authenticator_kind", Create,
                                         [](auto& m) { m.clear_authenticator_kind(); }),
      Bad<hpb::SubmitApplicationRequest>("application_id", Submit,
                                         [](auto& m) { m.set_application_id("../../x"); }),
      Bad<hpb::SubmitApplicationRequest>("signature", Submit,
                                         [](auto& m) { m.set_signature(Octets(81)); }),
      Bad<hpb::RecordIdentityEvidenceRequest>("method", Evidence,
                                              [](auto& m) { m.clear_method(); }),
      Bad<hpb::RecordIdentityEvidenceRequest>("document_type", Evidence,
                                              [](auto& m) { m.clear_document_type(); }),
      Bad<hpb::RecordIdentityEvidenceRequest>(
          "document_reference", Evidence,
          [](auto& m) { m.set_document_reference(std::string(129, 'x')); }),
      Bad<hpb::RecordIdentityEvidenceRequest>("validation", Evidence,
                                              [](auto& m) { m.clear_validation(); }),
      Bad<hpb::RecordIdentityEvidenceRequest>("date_of_birth", Evidence,
                                              [](auto& m) { m.set_date_of_birth("1980-01-08T"); }),
      Bad<hpb::RecordIdentityEvidenceRequest>(
          "place_of_birth", Evidence, [](auto& m) { m.set_place_of_birth(std::string(129, 'x')); }),
      Bad<hpb::RecordIdentityEvidenceRequest>("officer_id", Evidence,
                                              [](auto& m) { m.set_officer_id(Octets(31)); }),
      Bad<hpb::ApproveOrderRequest>("order", Approve, [](auto& m) { m.clear_order(); }),
      Bad<hpb::ApproveOrderRequest>("order", Approve, [](auto& m) { m.set_order(Octets(65537)); }),
      Bad<hpb::ApproveOrderRequest>("approval", Approve, [](auto& m) { m.clear_approval(); }),
      Bad<hpb::ApproveOrderRequest>("officer_id", Approve,
                                    [](auto& m) { m.mutable_approval()->clear_officer_id(); }),
      Bad<hpb::RejectApplicationRequest>("reason", Reject, [](auto& m) { m.clear_reason(); }),
      Bad<hpb::RejectApplicationRequest>("reason", Reject,
                                         [](auto& m) { m.set_reason(std::string(257, 'x')); }),
      Bad<hpb::BeginSigningRequest>("session_id", Begin, [](auto& m) { m.clear_session_id(); }),
      Bad<hpb::BeginSigningRequest>("hash_algorithm", Begin,
                                    [](auto& m) { m.clear_hash_algorithm(); }),
      Bad<hpb::BeginSigningRequest>("dtbsr", Begin, [](auto& m) { m.clear_dtbsr(); }),
      Bad<hpb::BeginSigningRequest>("dtbsr", Begin, [](auto& m) { m.set_dtbsr(0, Octets(31)); }),
      Bad<hpb::BeginSigningRequest>("dtbsr", Begin,
                                    [](auto& m) {
                                      for (int i = 0; i < 100; ++i) m.add_dtbsr(Octets(32));
                                    }),
      Bad<hpb::FinishSigningRequest>("payload", Finish, [](auto& m) { m.clear_payload(); }),
      Bad<hpb::FinishSigningRequest>("proof", Finish, [](auto& m) { m.clear_proof(); }),
      Bad<hpb::FinishSigningRequest>("method", Finish,
                                     [](auto& m) { m.mutable_proof()->clear_es256(); }),
      Bad<hpb::FinishSigningRequest>("es256", Finish,
                                     [](auto& m) { m.mutable_proof()->set_es256(Octets(4)); }),
      Bad<hpb::FinishSigningRequest>(
          "authenticator_id", Finish,
          [](auto& m) { m.mutable_proof()->set_authenticator_id(Octets(33)); }),
      Bad<hpb::AcceptCertificateRequest>("statement", Accept, [](auto& m) { m.clear_statement(); }),
      Bad<hpb::PrepareStateOrderRequest>("serial", StateOrder,
                                         [](auto& m) { m.set_serial(Octets(21)); }),
      Bad<hpb::PrepareStateOrderRequest>("action", StateOrder, [](auto& m) { m.clear_action(); }),
      Bad<hpb::PrepareStateOrderRequest>(
          "reason", StateOrder,
          [](auto& m) { m.set_reason(static_cast<cpb::RevocationReason>(3)); }),
      Bad<hpb::ChangeStateRequest>("order", Change, [](auto& m) { m.clear_order(); }),
      Bad<hpb::ExecuteCommandRequest>("command", Execute, [](auto& m) { m.clear_command(); }),
      Bad<hpb::ExecuteCommandRequest>("approvals", Execute,
                                      [](auto& m) { m.mutable_command()->clear_approvals(); }),
      Bad<hpb::ActivateCaRequest>("ca_certificate", Activate,
                                  [](auto& m) { m.set_ca_certificate(Octets(4097)); }),
      Bad<hpb::ActivateCaRequest>("chain", Activate, [](auto& m) { m.clear_chain(); }),
      Bad<hpb::ActivateCaRequest>("ca_key_id", Activate,
                                  [](auto& m) { m.set_ca_key_id(Octets(15)); }),
      Bad<hpb::ActivateCaRequest>("status_key_id", Activate,
                                  [](auto& m) { m.clear_status_key_id(); }),
      Bad<hpb::AttestServiceKeyRequest>("nonce", Attest, [](auto& m) { m.set_nonce(Octets(15)); }),
      Bad<hpb::AttestServiceKeyRequest>("key_id", Attest, [](auto& m) { m.clear_key_id(); }),
      Empty<hpb::WithdrawApplicationRequest>("application_id"),
      Empty<hpb::GetApplicationRequest>("application_id"),
      Empty<hpb::PrepareOrderRequest>("application_id"),
      Empty<hpb::GenerateKeyRequest>("application_id"),
      Empty<hpb::IssueCertificateRequest>("application_id"),
      Empty<hpb::BeginAgreementRequest>("credential_id"),
      Empty<hpb::FinishAgreementRequest>("credential_id"),
      Empty<hpb::PrepareAcceptanceRequest>("credential_id"),
      Empty<hpb::GetCredentialRequest>("credential_id"),
      Empty<hpb::PrepareSignerRevocationRequest>("credential_id"),
      Empty<hpb::RevokeBySignerRequest>("credential_id"),
      Empty<hpb::BlockKeyRequest>("credential_id"),
      Empty<hpb::FindCertificateRequest>("serial"),
  };
  for (const Wrong& each : cases) {
    const auto message = each.make();
    const Status status = CheckRequest(*message);
    EXPECT_THAT(status, FailsWith(kFieldInvalid)) << message->GetTypeName() << " " << each.field;
    EXPECT_EQ(FieldOf(status), each.field) << status;
  }
}

TEST(RequestCheckTest, RefusesFieldsOfALaterVersionAtAnyDepth) {
  auto top = Submit();
  top.GetReflection()->MutableUnknownFields(&top)->AddVarint(77, 1);
  EXPECT_THAT(CheckRequest(top), FailsNaming(kFieldInvalid.id, "#77"));
  auto nested = Finish();
  auto& proof = *nested.mutable_proof();
  proof.GetReflection()->MutableUnknownFields(&proof)->AddLengthDelimited(78, "x");
  EXPECT_THAT(CheckRequest(nested), FailsNaming(kFieldInvalid.id, "#78"));
}

TEST(RolePolicyTest, ARoleMapsToWholeServices) {
  constexpr std::string_view kServices[] = {"Enrolment", "Registration", "Credentials",
                                            "Signing",   "Revocation",   "Administration",
                                            "Policy",    "Audit"};
  struct Row {
    std::string_view role;
    std::vector<std::string_view> may;
  };
  const Row rows[] = {
      {"signing-application", {"Enrolment", "Credentials", "Signing", "Policy"}},
      {"registration-officer", {"Registration", "Policy"}},
      {"revocation-officer", {"Revocation", "Policy"}},
      {"administrator", {"Administration", "Policy"}},
      {"auditor", {"Audit", "Policy"}},
      {"", {}},
      {"Administrator", {}},
      {"server", {}},
  };
  for (const Row& row : rows) {
    for (const std::string_view service : kServices) {
      const bool may = std::find(row.may.begin(), row.may.end(), service) != row.may.end();
      EXPECT_EQ(CheckRole(row.role, service).ok(), may) << row.role << " " << service;
    }
  }
  const Status denied = CheckRole("auditor", "Signing");
  EXPECT_EQ(denied.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(denied, FailsNaming(kRoleDenied.id, "'auditor' may not call Signing"));
}

TEST(ErrorDetailsTest, AReasonSurvivesTheTrip) {
  const Status sent = Fail(kFieldInvalid, "field order: is required");
  const WireError wire = ToWire(sent);
  EXPECT_EQ(wire.code, static_cast<int>(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(wire.details, testing::HasSubstr("type.googleapis.com/google.rpc.ErrorInfo"));
  EXPECT_EQ(FieldOf(sent), "order");
  const Status got = FromWire(wire.code, wire.message, wire.details);
  EXPECT_TRUE(Is(got, kFieldInvalid));
  EXPECT_EQ(ReasonNameOf(got), kFieldInvalid.name);
  EXPECT_EQ(DetailOf(got), "field order: is required");
}

TEST(ErrorDetailsTest, InternalDetailStaysInside) {
  const WireError wire = ToWire(Fail(kEntropyFailed, "getrandom said EPERM on the secret host"));
  EXPECT_EQ(wire.message.find("secret"), std::string::npos);
  EXPECT_EQ(wire.details.find("secret"), std::string::npos);
  EXPECT_THAT(wire.message, testing::HasSubstr(std::string(kEntropyFailed.id)));
}

TEST(ErrorDetailsTest, AFailureWithoutReasonSaysNothing) {
  const WireError wire = ToWire(absl::NotFoundError("/etc/secret"));
  EXPECT_EQ(wire.code, static_cast<int>(absl::StatusCode::kInternal));
  EXPECT_EQ(wire.message, "internal error");
  EXPECT_EQ(wire.details.find("secret"), std::string::npos);
}

TEST(ErrorDetailsTest, LongDetailIsCutBetweenCharacters) {
  std::string text;
  for (int i = 0; i < 4000; ++i) text += "\xc3\xb5";
  const WireError wire = ToWire(Fail(kFieldInvalid, "x" + text));
  EXPECT_LT(wire.details.size(), 4096u);
  const Status got = FromWire(wire.code, wire.message, wire.details);
  EXPECT_TRUE(Is(got, kFieldInvalid)) << "octets that are not UTF-8 would not parse";
}

TEST(ErrorDetailsTest, ForeignDetailsLeaveTheCode) {
  const std::string nonsense[] = {"", "\xff\xff", std::string(100000, 'x')};
  for (const std::string& details : nonsense) {
    const Status got = FromWire(5, "not here", details);
    EXPECT_EQ(got.code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(ReasonIdOf(got), "");
    EXPECT_EQ(DetailOf(got), "not here");
  }
  EXPECT_EQ(FromWire(0, "", "").code(), absl::StatusCode::kUnknown);
  EXPECT_EQ(FromWire(99, "", "").code(), absl::StatusCode::kUnknown);
}

TEST(ErrorDetailsTest, OnlyAFieldFailureNamesAField) {
  EXPECT_EQ(FieldOf(Fail(kFieldInvalid, "the whole is wrong")), "");
  EXPECT_EQ(FieldOf(Fail(kFieldInvalid, "field of gold: x")), "");
  EXPECT_EQ(FieldOf(Fail(kRoleDenied, "field order: x")), "");
}

}  // namespace
}  // namespace intaglio::host
