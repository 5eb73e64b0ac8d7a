#include "host/grpc/grpc_server.h"

#include <grpcpp/grpcpp.h>

#include <chrono>

#include "host/domain/usecase_reasons.h"
#include "host/grpc/peer_role.h"
#include "host/grpc/request_check.h"
#include "host/grpc/role_policy.h"
#include "host/grpc/signing_service.h"
#include "host/grpc/wire.h"
#include "host/statements/statement_composer.h"
#include "intaglio/host/v1/services.grpc.pb.h"

namespace intaglio::host {
namespace {

constexpr int kMaxMessage = 4 << 20;
constexpr uint32_t kJournalPage = 500;

// Role, then shape, then the use case; the same for every call.
template <class Request, class Handler>
grpc::Status Serve(const grpc::ServerContext& context, std::string_view service,
                   const Request& request, const Handler& handler) {
  Status status = CheckRole(PeerRole(context), service);
  if (status.ok()) status = CheckRequest(request);
  if (status.ok()) status = handler();
  return ToGrpc(status);
}

Status FillCredential(const GrpcUseCases& use_cases, const StatusOr<Credential>& from,
                      hpb::Credential& to) {
  RETURN_IF_ERROR(from.status());
  ASSIGN_OR_RETURN(const auto ca, use_cases.store.ActiveServiceKey(ServiceKeyPurpose::kCaIssuing));
  std::vector<Bytes> chain;
  if (ca) {
    chain.push_back(ca->certificate);
    chain.insert(chain.end(), ca->chain.begin(), ca->chain.end());
  }
  Fill(*from, chain, use_cases.clock.Now(), to);
  return OkStatus();
}

Status FillApplication(const StatusOr<Application>& from, hpb::Application& to) {
  RETURN_IF_ERROR(from.status());
  Fill(*from, to);
  return OkStatus();
}

class EnrolmentService final : public hpb::Enrolment::Service {
 public:
  explicit EnrolmentService(const GrpcUseCases& use_cases) : use_cases_(use_cases) {}

  grpc::Status CreateApplication(grpc::ServerContext* context,
                                 const hpb::CreateApplicationRequest* request,
                                 hpb::CreateApplicationResponse* response) override {
    return Serve(*context, "Enrolment", *request, [&]() -> Status {
      ASSIGN_OR_RETURN(auto seal, SealOf(*request));
      ASSIGN_OR_RETURN(
          const Application application,
          use_cases_.enrolment.Create(
              {FromProto(request->policy()), FromProto(request->person()),
               ToBytes(request->authenticator_spki()),
               static_cast<AuthenticatorKind>(request->authenticator_kind()), std::move(seal)}));
      response->set_application_id(application.id);
      response->set_statement(AsString(application.statement));
      return OkStatus();
    });
  }
  grpc::Status SubmitApplication(grpc::ServerContext* context,
                                 const hpb::SubmitApplicationRequest* request,
                                 hpb::SubmitApplicationResponse* response) override {
    return Serve(*context, "Enrolment", *request, [&] {
      return FillApplication(
          use_cases_.enrolment.Submit(request->application_id(), AsBytes(request->signature())),
          *response->mutable_application());
    });
  }
  grpc::Status WithdrawApplication(grpc::ServerContext* context,
                                   const hpb::WithdrawApplicationRequest* request,
                                   hpb::WithdrawApplicationResponse* response) override {
    return Serve(*context, "Enrolment", *request, [&] {
      return FillApplication(use_cases_.enrolment.Withdraw(request->application_id()),
                             *response->mutable_application());
    });
  }
  grpc::Status GetApplication(grpc::ServerContext* context,
                              const hpb::GetApplicationRequest* request,
                              hpb::GetApplicationResponse* response) override {
    return Serve(*context, "Enrolment", *request, [&] {
      return FillApplication(use_cases_.enrolment.Find(request->application_id()),
                             *response->mutable_application());
    });
  }

 private:
  const GrpcUseCases& use_cases_;
};

class RegistrationService final : public hpb::Registration::Service {
 public:
  explicit RegistrationService(const GrpcUseCases& use_cases) : use_cases_(use_cases) {}

  grpc::Status ListApplications(grpc::ServerContext* context,
                                const hpb::ListApplicationsRequest* request,
                                hpb::ListApplicationsResponse* response) override {
    return Serve(*context, "Registration", *request, [&]() -> Status {
      if (request->page_size() == 0 || request->page_size() > 100) {
        return Fail(kFieldInvalid, "field page_size: from 1 to 100");
      }
      std::optional<ApplicationState> state;
      if (request->state() != 0) state = static_cast<ApplicationState>(request->state());
      ASSIGN_OR_RETURN(const auto found, use_cases_.enrolment.List(state, request->page_token(),
                                                                   request->page_size()));
      for (const Application& each : found) Fill(each, *response->add_applications());
      if (found.size() == request->page_size()) response->set_next_page_token(found.back().id);
      return OkStatus();
    });
  }
  grpc::Status RecordIdentityEvidence(grpc::ServerContext* context,
                                      const hpb::RecordIdentityEvidenceRequest* request,
                                      hpb::RecordIdentityEvidenceResponse* response) override {
    return Serve(*context, "Registration", *request, [&]() -> Status {
      const IdentityEvidence evidence{request->method(),
                                      request->document_type(),
                                      request->document_reference(),
                                      request->date_of_birth(),
                                      request->place_of_birth(),
                                      request->validation(),
                                      ToBytes(request->officer_id()),
                                      request->equivalence_basis(),
                                      request->authority_type(),
                                      request->authority_reference(),
                                      request->organization_validation()};
      ASSIGN_OR_RETURN(const Application application,
                       use_cases_.enrolment.RecordEvidence(request->application_id(), evidence));
      Fill(application, *response->mutable_application());
      response->set_evidence_digest(AsString(application.evidence_digest));
      return OkStatus();
    });
  }
  grpc::Status PrepareOrder(grpc::ServerContext* context, const hpb::PrepareOrderRequest* request,
                            hpb::PrepareOrderResponse* response) override {
    return Serve(*context, "Registration", *request, [&]() -> Status {
      ASSIGN_OR_RETURN(const Bytes order,
                       use_cases_.enrolment.PrepareOrder(request->application_id()));
      response->set_order(AsString(order));
      return OkStatus();
    });
  }
  grpc::Status ApproveOrder(grpc::ServerContext* context, const hpb::ApproveOrderRequest* request,
                            hpb::ApproveOrderResponse* response) override {
    return Serve(*context, "Registration", *request, [&] {
      return FillApplication(
          use_cases_.enrolment.Approve(request->application_id(), AsBytes(request->order()),
                                       FromProto(request->approval())),
          *response->mutable_application());
    });
  }
  grpc::Status RejectApplication(grpc::ServerContext* context,
                                 const hpb::RejectApplicationRequest* request,
                                 hpb::RejectApplicationResponse* response) override {
    return Serve(*context, "Registration", *request, [&] {
      return FillApplication(
          use_cases_.enrolment.Reject(request->application_id(), request->reason()),
          *response->mutable_application());
    });
  }

 private:
  const GrpcUseCases& use_cases_;
};

class CredentialsService final : public hpb::Credentials::Service {
 public:
  explicit CredentialsService(const GrpcUseCases& use_cases) : use_cases_(use_cases) {}

  grpc::Status GenerateKey(grpc::ServerContext* context, const hpb::GenerateKeyRequest* request,
                           hpb::GenerateKeyResponse* response) override {
    return Serve(*context, "Credentials", *request, [&] {
      return FillCredential(use_cases_, use_cases_.issuance.GenerateKey(request->application_id()),
                            *response->mutable_credential());
    });
  }
  grpc::Status IssueCertificate(grpc::ServerContext* context,
                                const hpb::IssueCertificateRequest* request,
                                hpb::IssueCertificateResponse* response) override {
    return Serve(*context, "Credentials", *request, [&] {
      return FillCredential(use_cases_,
                            use_cases_.issuance.IssueCertificate(request->application_id()),
                            *response->mutable_credential());
    });
  }
  grpc::Status BeginAgreement(grpc::ServerContext* context,
                              const hpb::BeginAgreementRequest* request,
                              hpb::BeginAgreementResponse* response) override {
    return Serve(*context, "Credentials", *request, [&]() -> Status {
      ASSIGN_OR_RETURN(const Bytes payload,
                       use_cases_.issuance.BeginAgreement(request->credential_id()));
      response->set_payload(AsString(payload));
      response->set_agreement(AsString(use_cases_.terms.agreement));
      return OkStatus();
    });
  }
  grpc::Status FinishAgreement(grpc::ServerContext* context,
                               const hpb::FinishAgreementRequest* request,
                               hpb::FinishAgreementResponse* response) override {
    return Serve(*context, "Credentials", *request, [&] {
      return FillCredential(
          use_cases_,
          use_cases_.issuance.FinishAgreement(request->credential_id(), AsBytes(request->payload()),
                                              FromProto(request->proof())),
          *response->mutable_credential());
    });
  }
  grpc::Status PrepareAcceptance(grpc::ServerContext* context,
                                 const hpb::PrepareAcceptanceRequest* request,
                                 hpb::PrepareAcceptanceResponse* response) override {
    return Serve(*context, "Credentials", *request, [&]() -> Status {
      ASSIGN_OR_RETURN(const Bytes statement,
                       use_cases_.issuance.PrepareAcceptance(request->credential_id()));
      response->set_statement(AsString(statement));
      return OkStatus();
    });
  }
  grpc::Status AcceptCertificate(grpc::ServerContext* context,
                                 const hpb::AcceptCertificateRequest* request,
                                 hpb::AcceptCertificateResponse* response) override {
    return Serve(*context, "Credentials", *request, [&] {
      std::vector<AuthenticatorProof> more;
      for (const auto& each : request->more_proofs()) more.push_back(FromProto(each));
      return FillCredential(
          use_cases_,
          use_cases_.issuance.Accept(request->credential_id(), AsBytes(request->statement()),
                                     FromProto(request->proof()), more),
          *response->mutable_credential());
    });
  }
  grpc::Status GetCredential(grpc::ServerContext* context, const hpb::GetCredentialRequest* request,
                             hpb::GetCredentialResponse* response) override {
    return Serve(*context, "Credentials", *request, [&] {
      return FillCredential(use_cases_, use_cases_.issuance.Find(request->credential_id()),
                            *response->mutable_credential());
    });
  }
  grpc::Status PrepareSignerRevocation(grpc::ServerContext* context,
                                       const hpb::PrepareSignerRevocationRequest* request,
                                       hpb::PrepareSignerRevocationResponse* response) override {
    return Serve(*context, "Credentials", *request, [&]() -> Status {
      ASSIGN_OR_RETURN(const Bytes statement,
                       use_cases_.revocation.PrepareSignerRevocation(request->credential_id(),
                                                                     FromProto(request->reason())));
      response->set_statement(AsString(statement));
      return OkStatus();
    });
  }
  grpc::Status RevokeBySigner(grpc::ServerContext* context,
                              const hpb::RevokeBySignerRequest* request,
                              hpb::RevokeBySignerResponse* response) override {
    return Serve(*context, "Credentials", *request, [&] {
      return FillCredential(
          use_cases_,
          use_cases_.revocation.RevokeBySigner(
              request->credential_id(), AsBytes(request->statement()), FromProto(request->proof())),
          *response->mutable_credential());
    });
  }

 private:
  const GrpcUseCases& use_cases_;
};

class RevocationService final : public hpb::Revocation::Service {
 public:
  explicit RevocationService(const GrpcUseCases& use_cases) : use_cases_(use_cases) {}

  grpc::Status PrepareStateOrder(grpc::ServerContext* context,
                                 const hpb::PrepareStateOrderRequest* request,
                                 hpb::PrepareStateOrderResponse* response) override {
    return Serve(*context, "Revocation", *request, [&]() -> Status {
      const auto action = static_cast<StateAction>(request->action());
      if ((action == StateAction::kRevoke) != (request->reason() != 0)) {
        return Fail(kFieldInvalid, "field reason: is for revoking, and needed there");
      }
      const RevocationReason reason = action == StateAction::kRevoke
                                          ? FromProto(request->reason())
                                          : RevocationReason::kCertificateHold;
      ASSIGN_OR_RETURN(const Bytes order, use_cases_.revocation.PrepareOrder(
                                              ToHex(AsBytes(request->serial())), action, reason));
      response->set_order(AsString(order));
      return OkStatus();
    });
  }
  grpc::Status ChangeState(grpc::ServerContext* context, const hpb::ChangeStateRequest* request,
                           hpb::ChangeStateResponse* response) override {
    return Serve(*context, "Revocation", *request, [&] {
      return FillCredential(use_cases_,
                            use_cases_.revocation.Change(
                                {ToBytes(request->order()), {FromProto(request->approval())}}),
                            *response->mutable_credential());
    });
  }
  grpc::Status BlockKey(grpc::ServerContext* context, const hpb::BlockKeyRequest* request,
                        hpb::BlockKeyResponse*) override {
    return Serve(*context, "Revocation", *request,
                 [&] { return use_cases_.revocation.Block(request->credential_id()); });
  }
  grpc::Status FindCertificate(grpc::ServerContext* context,
                               const hpb::FindCertificateRequest* request,
                               hpb::FindCertificateResponse* response) override {
    return Serve(*context, "Revocation", *request, [&] {
      return FillCredential(use_cases_,
                            use_cases_.revocation.FindBySerial(ToHex(AsBytes(request->serial()))),
                            *response->mutable_credential());
    });
  }

 private:
  const GrpcUseCases& use_cases_;
};

class AdministrationService final : public hpb::Administration::Service {
 public:
  explicit AdministrationService(const GrpcUseCases& use_cases) : use_cases_(use_cases) {}

  grpc::Status GetCoreStatus(grpc::ServerContext* context, const hpb::GetCoreStatusRequest* request,
                             hpb::GetCoreStatusResponse* response) override {
    return Serve(*context, "Administration", *request, [&]() -> Status {
      ASSIGN_OR_RETURN(const CoreStatus core, use_cases_.core.DescribeCore());
      response->set_core_instance(AsString(core.core_instance));
      response->set_boot_id(AsString(core.boot_id));
      response->set_boot_count(core.boot_count);
      response->set_version(core.version);
      response->set_now_ms(core.now.ms);
      response->set_time_confirmed(core.time_confirmed);
      response->set_journal_sequence(core.journal_sequence);
      response->set_journal_head(AsString(core.journal_head));
      response->set_commands_need(core.commands_need);
      response->set_roster_version(core.roster_version);
      for (const CoreOfficer& each : core.roster) {
        auto& entry = *response->add_roster();
        entry.set_officer_id(AsString(each.officer_id));
        entry.set_role(static_cast<core::v1::Role>(each.role));
        entry.set_name(each.name);
        entry.set_spki(AsString(each.spki));
        entry.set_until_ms(each.until.ms);
      }
      response->mutable_qscd_entry()->set_entry_id(core.qscd_entry_id);
      response->mutable_qscd_entry()->set_valid_until_ms(core.qscd_valid_until.ms);
      response->set_instance_epoch(core.instance_epoch);
      return OkStatus();
    });
  }
  grpc::Status BeginCommand(grpc::ServerContext* context, const hpb::BeginCommandRequest* request,
                            hpb::BeginCommandResponse* response) override {
    return Serve(*context, "Administration", *request, [&]() -> Status {
      ASSIGN_OR_RETURN(const CoreStatus core, use_cases_.core.DescribeCore());
      ASSIGN_OR_RETURN(const Bytes nonce, use_cases_.core.BeginCommand());
      response->set_nonce(AsString(nonce));
      response->set_core_instance(AsString(core.core_instance));
      return OkStatus();
    });
  }
  grpc::Status ExecuteCommand(grpc::ServerContext* context,
                              const hpb::ExecuteCommandRequest* request,
                              hpb::ExecuteCommandResponse* response) override {
    return Serve(*context, "Administration", *request, [&]() -> Status {
      cpb::Command command;
      if (!ParseCanonical(AsBytes(request->command().statement()), command)) {
        return Fail(kFieldInvalid,
                    "field command.statement: not the canonical octets of a Command");
      }
      Administration::CommandView view;
      if (command.has_generate_service_key()) {
        view.generates = static_cast<ServiceKeyPurpose>(command.generate_service_key().purpose());
      } else if (command.has_install_ca_certificate()) {
        view.installs_on = ToHex(AsBytes(command.install_ca_certificate().ca_key_id()));
      }
      ASSIGN_OR_RETURN(const CoreKey key,
                       use_cases_.administration.Execute(FromProto(request->command()), view));
      response->set_key_id(AsString(key.key_id));
      response->set_spki(AsString(key.spki));
      return OkStatus();
    });
  }
  grpc::Status AttestServiceKey(grpc::ServerContext* context,
                                const hpb::AttestServiceKeyRequest* request,
                                hpb::AttestServiceKeyResponse* response) override {
    return Serve(*context, "Administration", *request, [&]() -> Status {
      ASSIGN_OR_RETURN(const auto key,
                       use_cases_.administration.Attest(ToHex(AsBytes(request->key_id())),
                                                        AsBytes(request->nonce())));
      response->set_evidence(AsString(key.evidence));
      response->set_spki(AsString(key.spki));
      return OkStatus();
    });
  }
  grpc::Status ActivateCa(grpc::ServerContext* context, const hpb::ActivateCaRequest* request,
                          hpb::ActivateCaResponse* response) override {
    return Serve(*context, "Administration", *request, [&]() -> Status {
      Administration::Activation activation{ToHex(AsBytes(request->ca_key_id())),
                                            ToBytes(request->ca_certificate()),
                                            {},
                                            ToHex(AsBytes(request->status_key_id()))};
      for (const std::string& each : request->chain()) activation.chain.push_back(ToBytes(each));
      ASSIGN_OR_RETURN(const auto activated, use_cases_.administration.ActivateCa(activation));
      response->set_responder_certificate(AsString(activated.responder_certificate));
      response->set_crl_number(activated.crl_number);
      return OkStatus();
    });
  }
  grpc::Status PublishCrl(grpc::ServerContext* context, const hpb::PublishCrlRequest* request,
                          hpb::PublishCrlResponse* response) override {
    return Serve(*context, "Administration", *request, [&]() -> Status {
      ASSIGN_OR_RETURN(const PublishedCrl crl, use_cases_.administration.PublishCrl());
      response->set_crl_number(crl.number);
      response->set_entries(crl.entries);
      return OkStatus();
    });
  }

 private:
  const GrpcUseCases& use_cases_;
};

class PolicyService final : public hpb::Policy::Service {
 public:
  explicit PolicyService(const GrpcUseCases& use_cases) : use_cases_(use_cases) {}

  grpc::Status GetServiceBoundary(grpc::ServerContext* context,
                                  const hpb::GetServiceBoundaryRequest* request,
                                  hpb::GetServiceBoundaryResponse* response) override {
    return Serve(*context, "Policy", *request, [&]() -> Status {
      const Terms& terms = use_cases_.terms;
      response->set_tsp_name(terms.tsp_name);
      response->set_lab(terms.boundary == Boundary::kLab);
      for (const CertificatePolicy policy : terms.policies) {
        response->add_policies(static_cast<hpb::CertificatePolicy>(static_cast<int>(policy) + 1));
      }
      response->set_repository_url(terms.repository_url);
      response->set_pds_url(terms.urls.pds);
      response->set_qscd_entry_id(terms.qscd_entry_id);
      ASSIGN_OR_RETURN(const auto* entry, use_cases_.registry.Find(terms.qscd_entry_id));
      response->set_qscd_state(std::string(attestation::NameOf(
          attestation::StateOn(*entry, attestation::DateOf(use_cases_.clock.Now())))));
      response->set_agreement_digest(AsString(terms.agreement_digest));
      ASSIGN_OR_RETURN(const CoreStatus core, use_cases_.core.DescribeCore());
      response->set_core_instance(AsString(core.core_instance));
      return OkStatus();
    });
  }
  grpc::Status GetAgreement(grpc::ServerContext* context, const hpb::GetAgreementRequest* request,
                            hpb::GetAgreementResponse* response) override {
    return Serve(*context, "Policy", *request, [&] {
      response->set_agreement(AsString(use_cases_.terms.agreement));
      response->set_agreement_digest(AsString(use_cases_.terms.agreement_digest));
      return OkStatus();
    });
  }

 private:
  const GrpcUseCases& use_cases_;
};

class AuditService final : public hpb::Audit::Service {
 public:
  explicit AuditService(const GrpcUseCases& use_cases) : use_cases_(use_cases) {}

  grpc::Status ReadCoreJournal(grpc::ServerContext* context,
                               const hpb::ReadCoreJournalRequest* request,
                               grpc::ServerWriter<hpb::ReadCoreJournalResponse>* writer) override {
    return Serve(*context, "Audit", *request, [&]() -> Status {
      uint64_t next = std::max<uint64_t>(request->from_sequence(), 1);
      for (;;) {
        ASSIGN_OR_RETURN(const auto entries, use_cases_.core.ReadJournal(next, kJournalPage));
        if (entries.empty()) return OkStatus();
        hpb::ReadCoreJournalResponse page;
        for (const Bytes& each : entries) page.add_entries(AsString(each));
        if (!writer->Write(page)) return OkStatus();  // the auditor went away
        next += entries.size();
      }
    });
  }

 private:
  const GrpcUseCases& use_cases_;
};

}  // namespace

struct GrpcServer::Impl {
  explicit Impl(const GrpcUseCases& what)
      : use_cases(what),
        enrolment(use_cases),
        registration(use_cases),
        credentials(use_cases),
        signing(MakeSigningService(use_cases.signing)),
        revocation(use_cases),
        administration(use_cases),
        policy(use_cases),
        audit(use_cases) {
    if (use_cases.seals != nullptr) seals = MakeSealService(*use_cases.seals);
    if (use_cases.authenticators != nullptr) {
      authenticators = MakeAuthenticatorService(*use_cases.authenticators);
    }
  }

  const GrpcUseCases use_cases;
  EnrolmentService enrolment;
  RegistrationService registration;
  CredentialsService credentials;
  std::unique_ptr<grpc::Service> signing;
  RevocationService revocation;
  AdministrationService administration;
  PolicyService policy;
  AuditService audit;
  std::unique_ptr<grpc::Service> seals;
  std::unique_ptr<grpc::Service> authenticators;
  int port = 0;
  std::unique_ptr<grpc::Server> server;
};

GrpcServer::GrpcServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GrpcServer::~GrpcServer() { Stop(); }
int GrpcServer::port() const { return impl_->port; }

StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(const GrpcServerConfig& config,
                                                        const GrpcUseCases& use_cases) {
  grpc::SslServerCredentialsOptions tls(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  tls.pem_root_certs = AsString(config.client_ca_pem);
  tls.pem_key_cert_pairs.push_back(
      {AsString(config.private_key_pem.Expose()), AsString(config.certificate_pem)});
  auto impl = std::make_unique<Impl>(use_cases);
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(kMaxMessage);
  // Each call may wait for the core; without a bound a flood would take a thread each.
  grpc::ResourceQuota quota("intaglio-host");
  quota.SetMaxThreads(64);
  builder.SetResourceQuota(quota);
  builder.AddListeningPort(config.listen, grpc::SslServerCredentials(tls), &impl->port);
  builder.RegisterService(&impl->enrolment);
  builder.RegisterService(&impl->registration);
  builder.RegisterService(&impl->credentials);
  builder.RegisterService(impl->signing.get());
  builder.RegisterService(&impl->revocation);
  builder.RegisterService(&impl->administration);
  builder.RegisterService(&impl->policy);
  builder.RegisterService(&impl->audit);
  if (impl->seals) builder.RegisterService(impl->seals.get());
  if (impl->authenticators) builder.RegisterService(impl->authenticators.get());
  impl->server = builder.BuildAndStart();
  if (!impl->server || impl->port == 0) {
    return Fail(kHostConfig, "grpc.listen: cannot serve on " + config.listen);
  }
  return std::unique_ptr<GrpcServer>(new GrpcServer(std::move(impl)));
}

void GrpcServer::Stop() {
  if (!impl_->server) return;
  impl_->server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(5));
  impl_->server->Wait();
  impl_->server.reset();
}

}  // namespace intaglio::host
