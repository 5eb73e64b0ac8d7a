#include "host/ctl/certificate_report.h"

#include "base/file.h"
#include "host/ctl/inputs.h"
#include "host/x509/certificate.h"
#include "host/x509/pem.h"
#include "host/x509/public_key.h"

namespace intaglio::host {

StatusOr<Report> ReportOfCertificate(ByteView certificate_der) {
  ASSIGN_OR_RETURN(const CertificateFacts facts, DescribeCertificate(certificate_der));
  Report report;
  report.Text("subject", facts.subject_text).Text("issuer", facts.issuer_text);
  report.Octets("serial", facts.serial);
  report.Time("not_before", facts.validity.not_before).Time("not_after", facts.validity.not_after);
  std::string policies;
  for (const std::string& each : facts.policy_oids)
    policies += (policies.empty() ? "" : " ") + each;
  report.Text("policies", policies);
  report.Truth("ca", facts.basic_constraints && facts.basic_constraints->ca);
  report.Octets("spki_sha256", Sha256(facts.spki)).Octets("sha256", facts.sha256);
  return report;
}

StatusOr<Report> ReportOfCredential(const host::v1::Credential& credential) {
  Report report = ReportOf(credential);
  if (!credential.certificate().empty()) {
    ASSIGN_OR_RETURN(Report certificate, ReportOfCertificate(AsBytes(credential.certificate())));
    report.Part("certificate_says", std::move(certificate));
  }
  return report;
}

StatusOr<Report> WriteCertificate(const std::string& path, ByteView certificate_der) {
  ASSIGN_OR_RETURN(Report report, ReportOfCertificate(certificate_der));
  RETURN_IF_ERROR(WriteFile(path, AsBytes(CertificateToPem(certificate_der)), 0644));
  report.Text("certificate", path);
  return report;
}

}  // namespace intaglio::host
