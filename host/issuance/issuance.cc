#include "host/issuance/issuance.h"

#include <functional>

#include "attestation/verify/parsed_evidence.h"
#include "attestation/verify/verified_evidence.h"
#include "host/domain/usecase_reasons.h"
#include "host/policy/lint.h"
#include "host/policy/profile.h"
#include "host/x509/ca_description.h"
#include "host/x509/certificate.h"
#include "host/x509/certificate_builder.h"
#include "host/x509/cms.h"
#include "host/x509/public_key.h"

namespace intaglio::host {
namespace {

constexpr size_t kNonceSize = 32;
// A subscriber certificate starts a little in the past, for clocks that are behind.
constexpr Duration kBackdate = 5 * kMinute;
// The core's Reason for a notBefore too far from its clock; its register is append-only.
constexpr std::string_view kNotBeforeStale = "APL-0306";

WallTime WholeSeconds(WallTime time) { return {time.ms / 1000 * 1000}; }

Status WrongState(const Application& application, const std::string& needed) {
  return Fail(kApplicationState,
              "it is " + std::string(NameOf(application.state)) + ", " + needed + " is needed");
}

StatusOr<Application> FindApplication(StorePort& store, const std::string& id) {
  ASSIGN_OR_RETURN(auto application, store.FindApplication(id));
  if (!application) return Fail(kApplicationUnknown, "application " + id);
  return *std::move(application);
}

StatusOr<ServiceKey> ActiveCa(StorePort& store) {
  ASSIGN_OR_RETURN(auto ca, store.ActiveServiceKey(ServiceKeyPurpose::kCaIssuing));
  if (!ca) return Fail(kServiceNotReady, "activate the issuing CA first");
  return *std::move(ca);
}

// The credential as it is now, inside the transaction that changes it: it may have been suspended
// or revoked while the core was asked.
StatusOr<Credential> Reread(StoreTransaction& store, const std::string& id) {
  ASSIGN_OR_RETURN(auto credential, store.FindCredential(id));
  if (!credential) return Fail(kCredentialUnknown, "credential " + id);
  return *std::move(credential);
}

Subject SubjectOf(const Application& application) {
  if (application.seal) return application.seal->organization;
  return application.person;
}

Status RequireIssued(const Credential& credential) {
  if (credential.state == CertificateState::kIssued) return OkStatus();
  return Fail(kCredentialState, "a certificate that is issued and not yet accepted is needed");
}

}  // namespace

std::mutex& Issuance::LockOf(const std::string& id) {
  return locks_[std::hash<std::string>{}(id) % locks_.size()];
}

StatusOr<Credential> Issuance::Find(const std::string& credential_id) {
  ASSIGN_OR_RETURN(auto credential, services_.store.FindCredential(credential_id));
  if (!credential) return Fail(kCredentialUnknown, "credential " + credential_id);
  return *std::move(credential);
}

StatusOr<Credential> Issuance::GenerateKey(const std::string& application_id) {
  std::lock_guard lock(LockOf(application_id));
  ASSIGN_OR_RETURN(Application application, FindApplication(services_.store, application_id));
  if (application.state >= ApplicationState::kKeyAttested &&
      application.state <= ApplicationState::kAccepted) {
    return Find(application.credential_id);
  }
  if (application.state != ApplicationState::kApproved) {
    return WrongState(application, "APPROVED");
  }
  auto key = services_.core.GenerateSignerKey(application.order);
  if (!key.ok()) {
    RETURN_IF_ERROR(KeepRefusal(application_id, key.status()));
    return key.status();
  }
  Credential credential;
  credential.id = ToHex(key->key_id);
  credential.application_id = application_id;
  credential.sealed_record = key->record;
  credential.spki = key->spki;
  const auto appraised = Appraise(credential);
  if (!appraised.ok()) {
    RETURN_IF_ERROR(KeepRefusal(application_id, appraised.status()));
    return appraised.status();
  }
  RETURN_IF_ERROR(services_.store.Update([&](StoreTransaction& store) -> Status {
    ASSIGN_OR_RETURN(auto current, store.FindApplication(application_id));
    if (!current) return Fail(kApplicationUnknown, "application " + application_id);
    current->state = ApplicationState::kKeyAttested;
    current->credential_id = credential.id;
    current->refusal.clear();
    RETURN_IF_ERROR(store.PutApplication(*current));
    RETURN_IF_ERROR(store.PutCredential(credential));
    return store.AppendAudit(
        {"key-attested", credential.id,
         "evidence " + ToHex(appraised->evidence_digest()) + " entry " + appraised->entry_id()});
  }));
  return credential;
}

Status Issuance::KeepRefusal(const std::string& application_id, const Status& refusal) {
  return services_.store.Update([&](StoreTransaction& store) -> Status {
    ASSIGN_OR_RETURN(auto application, store.FindApplication(application_id));
    if (!application) return Fail(kApplicationUnknown, "application " + application_id);
    application->refusal = ReasonIdOf(refusal) + " " + ReasonNameOf(refusal);
    RETURN_IF_ERROR(store.PutApplication(*application));
    return store.AppendAudit({"refused", application_id, application->refusal});
  });
}

StatusOr<attestation::AppraisedKey> Issuance::Appraise(Credential& credential) {
  ASSIGN_OR_RETURN(const Bytes nonce, services_.rng.Draw(kNonceSize));
  ASSIGN_OR_RETURN(credential.evidence, services_.core.Attest({credential.sealed_record}, nonce));
  return Judge(credential, nonce);
}

StatusOr<attestation::AppraisedKey> Issuance::AppraiseAgain(const Credential& credential) {
  ASSIGN_OR_RETURN(
      const auto parsed,
      attestation::ParseEvidence(credential.evidence, attestation::EvidenceProfile::Draft()));
  return Judge(credential, parsed.content().transaction.nonce.value_or(Bytes()));
}

StatusOr<attestation::AppraisedKey> Issuance::Judge(const Credential& credential,
                                                    const Bytes& nonce) {
  ASSIGN_OR_RETURN(const attestation::QscdEntry* entry,
                   services_.registry.Find(services_.terms.qscd_entry_id));
  const auto profile = attestation::EvidenceProfile::Draft();
  ASSIGN_OR_RETURN(const auto parsed, attestation::ParseEvidence(credential.evidence, profile));
  const WallTime now = services_.clock.Now();
  ASSIGN_OR_RETURN(const auto verified,
                   attestation::VerifyEvidence(parsed, services_.device_roots, now, profile));
  return attestation::AppraiseKey(verified,
                                  {.expected_nonce = nonce,
                                   .expected_spki = credential.spki,
                                   .entry = *entry,
                                   .boundary = services_.terms.boundary == Boundary::kLab
                                                   ? attestation::ServiceBoundary::kLab
                                                   : attestation::ServiceBoundary::kProduction,
                                   .today = attestation::DateOf(now)});
}

StatusOr<Bytes> Issuance::BuildTbs(const Application& application, const Credential& credential,
                                   const ServiceKey& ca) {
  ASSIGN_OR_RETURN(const ProfileSpec* profile, CurrentProfile(application.policy));
  ASSIGN_OR_RETURN(const CaDescription ca_description, CaDescription::Create(ca.certificate));
  ASSIGN_OR_RETURN(const Bytes drawn, services_.core.DrawSerial(ca.sealed_record));
  ASSIGN_OR_RETURN(const Serial serial, Serial::Create(drawn));
  const WallTime not_before = WholeSeconds(services_.clock.Now() - kBackdate);
  WallTime not_after = not_before + services_.terms.subscriber_days * kDay;
  if (not_after > ca_description.validity().not_after) {
    not_after = ca_description.validity().not_after;
  }
  ASSIGN_OR_RETURN(Bytes tbs, BuildSubscriberTbs({.profile = *profile,
                                                  .ca = ca_description,
                                                  .serial = serial,
                                                  .subject = SubjectOf(application),
                                                  .spki = credential.spki,
                                                  .validity = {not_before, not_after},
                                                  .urls = services_.terms.urls}));
  ASSIGN_OR_RETURN(const auto findings, LintCertificateTbs(tbs, *profile));
  RETURN_IF_ERROR(RequireClean(findings));
  return tbs;
}

Status Issuance::PersistIntent(const Application& application, const ServiceKey& ca,
                               Credential& credential) {
  ASSIGN_OR_RETURN(credential.intended_tbs, BuildTbs(application, credential, ca));
  ASSIGN_OR_RETURN(const CertificateFacts facts, DescribeTbs(credential.intended_tbs));
  credential.serial = ToHex(facts.serial);
  credential.not_after = facts.validity.not_after;
  return services_.store.Update([&](StoreTransaction& store) -> Status {
    RETURN_IF_ERROR(store.PutCredential(credential));
    return store.AppendAudit(
        {"certificate-intent", credential.id, ToHex(Sha256(credential.intended_tbs))});
  });
}

// Nothing was signed and nothing ever will be with these octets.
Status Issuance::DropIntent(const Credential& credential) {
  return services_.store.Update([&](StoreTransaction& store) -> Status {
    ASSIGN_OR_RETURN(Credential current, Reread(store, credential.id));
    current.intended_tbs.clear();
    current.serial.clear();
    current.not_after = {};
    RETURN_IF_ERROR(store.PutCredential(current));
    return store.AppendAudit({"certificate-intent-dropped", credential.id, credential.serial});
  });
}

StatusOr<Credential> Issuance::IssueCertificate(const std::string& application_id) {
  std::lock_guard lock(LockOf(application_id));
  ASSIGN_OR_RETURN(const Application application, FindApplication(services_.store, application_id));
  if (application.state == ApplicationState::kIssued ||
      application.state == ApplicationState::kAccepted) {
    return Find(application.credential_id);
  }
  if (application.state != ApplicationState::kKeyAttested) {
    return WrongState(application, "KEY_ATTESTED");
  }
  ASSIGN_OR_RETURN(Credential credential, Find(application.credential_id));
  ASSIGN_OR_RETURN(const ServiceKey ca, ActiveCa(services_.store));
  // The device may have lost its certification since the key was made. [R-QSC-1, R-QSC-5]
  const auto appraised =
      credential.intended_tbs.empty() ? Appraise(credential) : AppraiseAgain(credential);
  if (!appraised.ok()) {
    RETURN_IF_ERROR(KeepRefusal(application_id, appraised.status()));
    return appraised.status();
  }
  if (credential.intended_tbs.empty()) {
    RETURN_IF_ERROR(PersistIntent(application, ca, credential));
  }
  ASSIGN_OR_RETURN(const Bytes audit_head, services_.store.AuditHead());
  auto issued = services_.core.IssueCertificate({.ca_record = ca.sealed_record,
                                                 .subject_record = credential.sealed_record,
                                                 .order = application.order,
                                                 .tbs = credential.intended_tbs,
                                                 .audit_head = audit_head});
  if (!issued.ok()) {
    RETURN_IF_ERROR(KeepRefusal(application_id, issued.status()));
    if (ReasonIdOf(issued.status()) == kNotBeforeStale) RETURN_IF_ERROR(DropIntent(credential));
    return issued.status();
  }
  ASSIGN_OR_RETURN(const CaDescription ca_description, CaDescription::Create(ca.certificate));
  RETURN_IF_ERROR(VerifyIssued(issued->certificate, credential.intended_tbs, ca_description));
  credential.certificate = issued->certificate;
  credential.sealed_record = issued->record;
  credential.state = CertificateState::kIssued;
  credential.changed_at = WholeSeconds(services_.clock.Now());
  RETURN_IF_ERROR(services_.store.Update([&](StoreTransaction& store) -> Status {
    ASSIGN_OR_RETURN(auto current, store.FindApplication(application_id));
    if (!current) return Fail(kApplicationUnknown, "application " + application_id);
    current->state = ApplicationState::kIssued;
    current->refusal.clear();
    RETURN_IF_ERROR(store.PutApplication(*current));
    RETURN_IF_ERROR(store.PutCredential(credential));
    RETURN_IF_ERROR(store.AppendStatus(
        {credential.serial, credential.state, credential.changed_at, credential.reason}, {}));
    return store.AppendAudit(
        {"certificate-issued", credential.serial, ToHex(Sha256(credential.certificate))});
  }));
  return credential;
}

StatusOr<bool> Issuance::IsSeal(const Credential& credential) {
  ASSIGN_OR_RETURN(const Application application,
                   FindApplication(services_.store, credential.application_id));
  return application.seal.has_value();
}

Status Issuance::RequireAgreement(const Credential& credential) {
  if (!credential.agreement_cms.empty()) return OkStatus();
  ASSIGN_OR_RETURN(const bool seal, IsSeal(credential));
  return seal ? OkStatus() : Fail(kAgreementUnsigned, "sign the agreement with the new key first");
}

StatusOr<Bytes> Issuance::BeginAgreement(const std::string& credential_id) {
  ASSIGN_OR_RETURN(const Credential credential, Find(credential_id));
  RETURN_IF_ERROR(RequireIssued(credential));
  ASSIGN_OR_RETURN(const bool seal, IsSeal(credential));
  if (seal) {
    return Fail(kCredentialState, "a seal key signs no agreement; its controllers accept");
  }
  return services_.core.BeginActivation(credential.sealed_record, "agreement",
                                        {services_.terms.agreement_digest});
}

StatusOr<Credential> Issuance::FinishAgreement(const std::string& credential_id, ByteView payload,
                                               const AuthenticatorProof& proof) {
  std::lock_guard lock(LockOf(credential_id));
  ASSIGN_OR_RETURN(Credential credential, Find(credential_id));
  RETURN_IF_ERROR(RequireIssued(credential));
  ASSIGN_OR_RETURN(const auto signatures,
                   services_.core.Sign({credential.sealed_record, ToBytes(payload), proof}));
  // The payload came from outside: only a signature over the agreement itself is one.
  if (signatures.size() != 1 ||
      !VerifyEs256(credential.spki, services_.terms.agreement, signatures[0])) {
    return Fail(kCoreAnswerWrong, "the agreement's signature does not verify");
  }
  ASSIGN_OR_RETURN(const ServiceKey ca, ActiveCa(services_.store));
  ASSIGN_OR_RETURN(const Bytes cms, AssembleCms({.signer_certificate = credential.certificate,
                                                 .chain = {ca.certificate},
                                                 .signed_attributes = std::nullopt,
                                                 .signature_der = signatures[0]}));
  RETURN_IF_ERROR(services_.store.Update([&](StoreTransaction& store) -> Status {
    ASSIGN_OR_RETURN(credential, Reread(store, credential_id));
    credential.agreement_cms = cms;
    RETURN_IF_ERROR(store.PutCredential(credential));
    return store.AppendAudit(
        {"agreement-signed", credential.id, ToHex(services_.terms.agreement_digest)});
  }));
  return credential;
}

StatusOr<Bytes> Issuance::PrepareAcceptance(const std::string& credential_id) {
  ASSIGN_OR_RETURN(const Credential credential, Find(credential_id));
  RETURN_IF_ERROR(RequireIssued(credential));
  RETURN_IF_ERROR(RequireAgreement(credential));
  ASSIGN_OR_RETURN(const CoreStatus core, services_.core.DescribeCore());
  ASSIGN_OR_RETURN(const Bytes key_id, FromHex(credential.id));
  return services_.statements.ComposeAcceptance(
      {core.core_instance, key_id, ToBytes(Sha256(credential.certificate)),
       ToBytes(services_.terms.agreement_digest), services_.clock.Now()});
}

StatusOr<Credential> Issuance::Accept(const std::string& credential_id, ByteView statement,
                                      const AuthenticatorProof& proof,
                                      const std::vector<AuthenticatorProof>& more_proofs) {
  std::lock_guard lock(LockOf(credential_id));
  ASSIGN_OR_RETURN(Credential credential, Find(credential_id));
  if (credential.state == CertificateState::kActive) return credential;
  RETURN_IF_ERROR(RequireIssued(credential));
  RETURN_IF_ERROR(RequireAgreement(credential));
  ASSIGN_OR_RETURN(const bool seal, IsSeal(credential));
  ASSIGN_OR_RETURN(const Bytes record,
                   services_.core.AcceptCertificate(
                       {credential.sealed_record, ToBytes(statement), proof, more_proofs}));
  RETURN_IF_ERROR(services_.store.Update([&](StoreTransaction& store) -> Status {
    ASSIGN_OR_RETURN(credential, Reread(store, credential_id));
    ASSIGN_OR_RETURN(auto application, store.FindApplication(credential.application_id));
    if (!application) return Fail(kApplicationUnknown, "application " + credential.application_id);
    application->state = ApplicationState::kAccepted;
    RETURN_IF_ERROR(store.PutApplication(*application));
    credential.sealed_record = record;
    // Suspended or revoked meanwhile, it stays so.
    if (credential.state == CertificateState::kIssued) {
      credential.state = CertificateState::kActive;
      RETURN_IF_ERROR(store.AppendStatus({credential.serial, credential.state,
                                          WholeSeconds(services_.clock.Now()), credential.reason},
                                         {}));
    }
    RETURN_IF_ERROR(store.PutCredential(credential));
    if (seal) {
      // The controllers' signatures under the agreement's digest. [R-ISS-3]
      std::vector<AuthenticatorProof> proofs = {proof};
      proofs.insert(proofs.end(), more_proofs.begin(), more_proofs.end());
      RETURN_IF_ERROR(store.PutEvidence(
          credential.application_id,
          services_.statements.ComposeAcceptanceRecord(credential.id, statement, proofs)));
    }
    return store.AppendAudit({"certificate-accepted", credential.serial, ToHex(Sha256(statement))});
  }));
  return credential;
}

}  // namespace intaglio::host
