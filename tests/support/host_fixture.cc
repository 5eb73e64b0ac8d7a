#include "tests/support/host_fixture.h"

#include <future>

#include "host/x509/ceremony.h"
#include "host/x509/certificate_builder.h"
#include "host/x509/public_key.h"
#include "intaglio/core/v1/statements.pb.h"

namespace intaglio::testing_support {
namespace {

using host::ServiceKeyPurpose;

EVP_PKEY* Native(const attestation::TestKey& key) { return static_cast<EVP_PKEY*>(key.native()); }

host::IssuerName Name(const std::string& common_name) {
  return {"EE", "Intaglio Lab", "NTREE-12345678", common_name};
}

host::Serial RootSerial(uint8_t number) {
  return Must(host::Serial::Create(Bytes{0x4d, 0, 0, number}));
}

host::Terms LabTerms() {
  host::Terms terms;
  terms.boundary = host::Boundary::kLab;
  terms.tsp_name = "Intaglio Lab";
  terms.country = "EE";
  terms.policies = {host::CertificatePolicy::kQcpNQscd, host::CertificatePolicy::kQcpLQscd};
  terms.repository_url = "http://ca.example";
  terms.urls = {.ca_issuers = "http://ca.example/ca/ca.crt",
                .ocsp = "http://ca.example/ocsp",
                .crl = "http://ca.example/crl/ca.crl",
                .pds = "https://ca.example/pds_en.pdf",
                .pds_language = "en",
                .cps = ""};
  terms.qscd_entry_id = "tm-1";
  terms.agreement = ToBytes("I agree to the terms of this laboratory.");
  terms.agreement_digest = host::Sha256(terms.agreement);
  return terms;
}

}  // namespace

Bytes Person::id() const { return ToBytes(host::Sha256(spki())); }

StatusOr<Bytes> WaitingSigning::Begin(const std::string& credential_id,
                                      const std::string& session_id,
                                      const std::vector<Digest>& dtbsr) {
  std::promise<StatusOr<Bytes>> answer;
  signing_.Begin(credential_id, session_id, dtbsr,
                 [&](auto payload) { answer.set_value(payload); });
  return answer.get_future().get();
}

StatusOr<std::vector<Bytes>> WaitingSigning::Finish(const std::string& credential_id,
                                                    ByteView payload,
                                                    const host::AuthenticatorProof& proof) {
  std::promise<StatusOr<std::vector<Bytes>>> answer;
  signing_.Finish(credential_id, payload, proof,
                  [&](auto signatures) { answer.set_value(signatures); });
  return answer.get_future().get();
}

HostUseCases::HostUseCases(const std::string& database, FakeCore& core, const host::Terms& terms,
                           const attestation::QscdRegistry& registry,
                           const attestation::TrustStore& roots, const Clock& clock, Rng& rng)
    : store(Must(host::SqlStore::Open(database, clock))),
      status(*store, core, terms, clock),
      enrolment({*store, core, statements, terms, clock, rng}),
      issuance({*store, core, statements, registry, roots, terms, clock, rng}),
      async_signing(*store, core),
      revocation({*store, core, statements, status, clock, rng}),
      administration({*store, core, status, terms, clock}) {}

HostFixture::HostFixture() : terms(LabTerms()) {
  root_ = Must(host::MakeRoot(Native(root_key_), Name("LAB - not qualified Root"),
                              {clock.Now() - kDay, clock.Now() + 7300 * kDay}, RootSerial(1)));
  roots_ = std::make_unique<attestation::TrustStore>(
      Must(attestation::TrustStore::Create({core.device().root}, {})));
  Restart(RegistryText("QSCD_STATUS_LISTED"));
}

std::string HostFixture::RegistryText(const std::string& status) {
  return R"(entries {
  id: "tm-1" product: "Test device" vendor: "Test Vendor" hw_model: "TM-1" hw_version: "1.0"
  sw_name: "firmware" sw_version: "2.3.4" kind: QSCD_KIND_LAB valid_from: "2024-01-01"
  valid_until: "2028-12-31" status: )" +
         status + R"( source: "the laboratory" last_checked: "2026-11-01"
  entered_by: "anna" entered_by: "berta"
})";
}

void HostFixture::Restart() {
  host_.reset();
  host_ = std::make_unique<HostUseCases>(database(), core, terms, *registry_, *roots_, clock, rng);
}

void HostFixture::Restart(const std::string& registry_textproto) {
  host_.reset();
  registry_ = std::make_unique<attestation::QscdRegistry>(
      Must(attestation::QscdRegistry::FromTextproto(registry_textproto)));
  Restart();
}

std::string HostFixture::MakeServiceKey(ServiceKeyPurpose purpose) {
  core::v1::Command command;
  command.set_nonce(AsString(Must(core.BeginCommand())));
  auto& generate = *command.mutable_generate_service_key();
  generate.set_purpose(static_cast<core::v1::ServiceKeyPurpose>(purpose));
  generate.set_label("key");
  const auto key =
      Must(host_->administration.Execute({host::SerializeCanonical(command), {}}, {purpose, ""}));
  return ToHex(key.key_id);
}

host::Administration::Activation HostFixture::PrepareCa() {
  const std::string ca_id = MakeServiceKey(ServiceKeyPurpose::kCaIssuing);
  const std::string status_id = MakeServiceKey(ServiceKeyPurpose::kStatus);
  const auto ca_key = Must(host_->store->FindServiceKey(ca_id));
  const auto root = Must(host::CaDescription::Create(root_));
  const Bytes tbs =
      Must(host::BuildCaTbs({.root = root,
                             .serial = RootSerial(2),
                             .subject = Name("LAB - not qualified CA"),
                             .spki = ca_key->spki,
                             .validity = {clock.Now() - kDay, clock.Now() + 3650 * kDay},
                             .root_certificate_url = "http://ca.example/ca/root.crt",
                             .root_crl_url = "http://ca.example/crl/root.crl"}));
  const Bytes certificate = Must(host::SignCertificate(tbs, Native(root_key_)));
  core::v1::Command command;
  command.set_nonce(AsString(Must(core.BeginCommand())));
  command.mutable_install_ca_certificate()->set_certificate(AsString(certificate));
  Must(host_->administration.Execute({host::SerializeCanonical(command), {}},
                                     {std::nullopt, ca_id}));
  return {ca_id, certificate, {root_}, status_id};
}

void HostFixture::ActivateCa() { Must(host_->administration.ActivateCa(PrepareCa())); }

host::Enrolment::NewApplication HostFixture::NewApplication() const {
  return {host::CertificatePolicy::kQcpNQscd,
          {.country = "EE",
           .given_name = "Mari",
           .surname = "Õunapuu",
           .common_name = "Mari Õunapuu",
           .serial_number = "PNOEE-48001085718",
           .pseudonym = ""},
          applicant.spki(),
          host::AuthenticatorKind::kEs256File};
}

host::IdentityEvidence HostFixture::Evidence() const {
  return {1,           "passport",           "K1234567", "1980-01-08", "Tallinn",
          "chip read", registration[0].id(), "",         "",           "",
          ""};
}

host::Enrolment::NewApplication HostFixture::NewSealApplication() const {
  host::Enrolment::NewApplication request = NewApplication();
  request.policy = host::CertificatePolicy::kQcpLQscd;
  host::SealSubject seal;
  seal.organization = {"EE", "Õnne Arhiiv AS", "VATEE-100000001", "Õnne Arhiiv"};
  for (const Person& each : controllers) {
    seal.controllers.push_back({host::AuthenticatorKind::kEs256File, each.spki()});
  }
  seal.controllers_need = 2;
  request.seal = seal;
  return request;
}

host::IdentityEvidence HostFixture::SealEvidence() const {
  host::IdentityEvidence evidence = Evidence();
  evidence.authority_type = "register extract";
  evidence.authority_reference = "RIK-2026-1";
  evidence.organization_validation = "looked up in the commercial register";
  return evidence;
}

host::Credential HostFixture::SealIssued() {
  const auto application = Must(host_->enrolment.Create(NewSealApplication()));
  const std::string id = application.id;
  Must(host_->enrolment.Submit(id, applicant.Sign(application.statement)));
  Must(host_->enrolment.RecordEvidence(id, SealEvidence()));
  const Bytes order = Must(host_->enrolment.PrepareOrder(id));
  for (const Person& officer : registration) {
    Must(host_->enrolment.Approve(id, order, officer.Approve(order)));
  }
  Must(host_->issuance.GenerateKey(id));
  return Must(host_->issuance.IssueCertificate(id));
}

std::string HostFixture::Submitted() {
  const auto application = Must(host_->enrolment.Create(NewApplication()));
  return Must(host_->enrolment.Submit(application.id, applicant.Sign(application.statement))).id;
}

std::string HostFixture::Verified() {
  return Must(host_->enrolment.RecordEvidence(Submitted(), Evidence())).id;
}

std::string HostFixture::Approved() {
  const std::string id = Verified();
  const Bytes order = Must(host_->enrolment.PrepareOrder(id));
  for (const Person& officer : registration) {
    Must(host_->enrolment.Approve(id, order, officer.Approve(order)));
  }
  return id;
}

host::Credential HostFixture::Attested() { return Must(host_->issuance.GenerateKey(Approved())); }

host::Credential HostFixture::Issued() {
  return Must(host_->issuance.IssueCertificate(Attested().application_id));
}

host::Credential HostFixture::Agreed() {
  const std::string id = Issued().id;
  const Bytes payload = Must(host_->issuance.BeginAgreement(id));
  return Must(host_->issuance.FinishAgreement(id, payload, applicant.Prove(payload)));
}

host::Credential HostFixture::Active() {
  const std::string id = Agreed().id;
  const Bytes statement = Must(host_->issuance.PrepareAcceptance(id));
  return Must(host_->issuance.Accept(id, statement, applicant.Prove(statement)));
}

Bytes HostFixture::StateOrder(const std::string& serial, host::StateAction action,
                              host::RevocationReason reason) {
  return Must(host_->revocation.PrepareOrder(serial, action, reason));
}

StatusOr<host::Credential> HostFixture::CarryOut(const Bytes& order) {
  return host_->revocation.Change({order, {revocation_officer.Approve(order)}});
}

StatusOr<host::Credential> HostFixture::Change(const std::string& serial, host::StateAction action,
                                               host::RevocationReason reason) {
  return CarryOut(StateOrder(serial, action, reason));
}

}  // namespace intaglio::testing_support
