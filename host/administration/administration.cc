#include "host/administration/administration.h"

#include <algorithm>

#include "host/domain/usecase_reasons.h"
#include "host/x509/ca_description.h"
#include "host/x509/certificate.h"
#include "host/x509/certificate_builder.h"
#include "host/x509/public_key.h"

namespace intaglio::host {
namespace {

constexpr Duration kResponderLife = 90 * kDay - kHour;
constexpr Duration kResponderRenewal = 30 * kDay;
constexpr std::string_view kLabMark = "LAB - not qualified";

WallTime WholeSeconds(WallTime time) { return {time.ms / 1000 * 1000}; }

bool SaysLab(ByteView name) { return AsStringView(name).find(kLabMark) != std::string_view::npos; }

}  // namespace

StatusOr<ServiceKey> Administration::FindKey(const std::string& id, ServiceKeyPurpose purpose) {
  ASSIGN_OR_RETURN(auto key, services_.store.FindServiceKey(id));
  if (!key || key->purpose != purpose) {
    return Fail(kServiceNotReady, "no such service key: " + id);
  }
  return *std::move(key);
}

StatusOr<CoreKey> Administration::Execute(const ApprovedOctets& command, const CommandView& view) {
  ServiceKey ca;
  if (!view.installs_on.empty()) {
    ASSIGN_OR_RETURN(ca, FindKey(view.installs_on, ServiceKeyPurpose::kCaIssuing));
  }
  ASSIGN_OR_RETURN(const CoreKey answer, services_.core.ExecuteCommand(command, ca.sealed_record));
  RETURN_IF_ERROR(services_.store.Update([&](StoreTransaction& store) -> Status {
    if (view.generates) {
      RETURN_IF_ERROR(store.PutServiceKey(
          {ToHex(answer.key_id), *view.generates, answer.record, answer.spki, {}, {}}));
    } else if (!view.installs_on.empty()) {
      ca.sealed_record = answer.record;
      RETURN_IF_ERROR(store.PutServiceKey(ca));
    }
    return store.AppendAudit(
        {"command-executed", ToHex(answer.key_id), ToHex(Sha256(command.octets))});
  }));
  services_.status.ForgetSigners();
  return answer;
}

StatusOr<Administration::AttestedKey> Administration::Attest(const std::string& key_id,
                                                             ByteView nonce) {
  ASSIGN_OR_RETURN(const auto key, services_.store.FindServiceKey(key_id));
  if (!key) return Fail(kServiceNotReady, "no such service key: " + key_id);
  ASSIGN_OR_RETURN(Bytes evidence, services_.core.Attest({key->sealed_record}, nonce));
  return AttestedKey{std::move(evidence), key->spki};
}

StatusOr<Bytes> Administration::IssueResponder(const ServiceKey& ca, const ServiceKey& status) {
  ASSIGN_OR_RETURN(const CaDescription description, CaDescription::Create(ca.certificate));
  ASSIGN_OR_RETURN(const Bytes drawn, services_.core.DrawSerial(ca.sealed_record));
  ASSIGN_OR_RETURN(const Serial serial, Serial::Create(drawn));
  const WallTime from = WholeSeconds(services_.clock.Now() - 5 * kMinute);
  const WallTime to = std::min(from + kResponderLife, description.validity().not_after);
  ASSIGN_OR_RETURN(const Bytes tbs,
                   BuildOcspResponderTbs(
                       {.ca = description,
                        .serial = serial,
                        .subject = {.country = services_.terms.country,
                                    .organization = services_.terms.tsp_name,
                                    .organization_identifier = "",
                                    .common_name = services_.terms.tsp_name + " OCSP responder"},
                        .spki = status.spki,
                        .validity = {from, to}}));
  ASSIGN_OR_RETURN(const CertificateFacts facts, DescribeTbs(tbs));
  RETURN_IF_ERROR(RequireClean(LintResponder(facts)));
  ASSIGN_OR_RETURN(Bytes certificate, services_.core.IssueResponderCertificate(
                                          {ca.sealed_record, status.sealed_record, tbs}));
  RETURN_IF_ERROR(VerifyIssued(certificate, tbs, description));
  return certificate;
}

StatusOr<Administration::Activated> Administration::ActivateCa(const Activation& activation) {
  ASSIGN_OR_RETURN(ServiceKey ca, FindKey(activation.ca_key_id, ServiceKeyPurpose::kCaIssuing));
  ASSIGN_OR_RETURN(ServiceKey status,
                   FindKey(activation.status_key_id, ServiceKeyPurpose::kStatus));
  ASSIGN_OR_RETURN(const CaDescription description,
                   CaDescription::Create(activation.ca_certificate));
  if (!Equal(description.spki(), ca.spki)) {
    return Fail(kEvidenceMismatch, "the certificate is for another key than " + ca.id);
  }
  ASSIGN_OR_RETURN(const CertificateFacts facts, DescribeCertificate(activation.ca_certificate));
  RETURN_IF_ERROR(RequireClean(LintAuthority(facts)));
  const WallTime now = services_.clock.Now();
  if (now < description.validity().not_before || now > description.validity().not_after) {
    return Fail(kEvidenceMismatch, "the certificate is valid from " +
                                       ToIso8601(description.validity().not_before) + " until " +
                                       ToIso8601(description.validity().not_after));
  }
  const bool lab = services_.terms.boundary == Boundary::kLab;
  if (SaysLab(description.subject_name()) != lab) {
    return Fail(kHostConfig, lab ? "a LAB service's issuer name must say \"LAB - not qualified\""
                                 : "a production issuer's name must not say LAB");
  }
  if (activation.chain.empty()) return Fail(kEvidenceMismatch, "the root is missing in the chain");
  ByteView below = activation.ca_certificate;
  for (const Bytes& above : activation.chain) {
    RETURN_IF_ERROR(VerifyCertificate(below, above));
    below = above;
  }
  RETURN_IF_ERROR(VerifyCertificate(below, below));
  ca.certificate = activation.ca_certificate;
  ca.chain = activation.chain;
  ASSIGN_OR_RETURN(status.certificate, IssueResponder(ca, status));
  RETURN_IF_ERROR(services_.store.Update([&](StoreTransaction& store) -> Status {
    RETURN_IF_ERROR(store.PutServiceKey(ca));
    RETURN_IF_ERROR(store.PutServiceKey(status));
    return store.AppendAudit({"ca-activated", ca.id, "responder " + status.id});
  }));
  services_.status.ForgetSigners();
  ASSIGN_OR_RETURN(const PublishedCrl crl, services_.status.PublishCrl());
  return Activated{status.certificate, crl.number};
}

Status Administration::KeepResponderFresh() {
  ASSIGN_OR_RETURN(const auto ca, services_.store.ActiveServiceKey(ServiceKeyPurpose::kCaIssuing));
  ASSIGN_OR_RETURN(auto status, services_.store.ActiveServiceKey(ServiceKeyPurpose::kStatus));
  if (!ca || !status) return OkStatus();
  ASSIGN_OR_RETURN(const CertificateFacts facts, DescribeCertificate(status->certificate));
  if (services_.clock.Now() + kResponderRenewal < facts.validity.not_after) return OkStatus();
  ASSIGN_OR_RETURN(status->certificate, IssueResponder(*ca, *status));
  RETURN_IF_ERROR(services_.store.Update([&](StoreTransaction& store) -> Status {
    RETURN_IF_ERROR(store.PutServiceKey(*status));
    return store.AppendAudit({"responder-renewed", status->id, ToHex(Sha256(status->certificate))});
  }));
  services_.status.ForgetSigners();
  return OkStatus();
}

}  // namespace intaglio::host
