#include "host/ctl/credential_access.h"

#include "host/ctl/inputs.h"
#include "host/ctl/reasons.h"
#include "host/x509/certificate.h"
#include "intaglio/host/v1/services.pb.h"

namespace intaglio::host {

namespace hpb = ::intaglio::host::v1;

StatusOr<Bytes> KeyIdOf(const std::string& credential_id) {
  return HexArgument("--credential", credential_id, kIdOctets);
}

StatusOr<hpb::Credential> FetchCredential(const std::string& id, Session& session) {
  RETURN_IF_ERROR(KeyIdOf(id).status());
  hpb::GetCredentialRequest request;
  request.set_credential_id(id);
  ASSIGN_OR_RETURN(const auto response,
                   session.Call<hpb::GetCredentialResponse>("Credentials/GetCredential", request));
  if (response.credential().credential_id() != id) {
    return Fail(kAnswerInvalid, "asked for credential " + id + ", got another one");
  }
  return response.credential();
}

Status CheckCertified(const hpb::Credential& credential) {
  if (credential.certificate().empty() || credential.chain().empty()) {
    return Fail(kAnswerInvalid, "credential " + credential.credential_id() +
                                    " has no certificate yet; issue it first");
  }
  ByteView certificate = AsBytes(credential.certificate());
  for (const std::string& issuer : credential.chain()) {
    if (const Status verified = VerifyCertificate(certificate, AsBytes(issuer)); !verified.ok()) {
      return Fail(kAnswerInvalid, "the certificate chain does not hold: " + DetailOf(verified));
    }
    certificate = AsBytes(issuer);
  }
  return OkStatus();
}

StatusOr<hpb::Credential> FetchCertified(const std::string& id, Session& session) {
  ASSIGN_OR_RETURN(hpb::Credential credential, FetchCredential(id, session));
  RETURN_IF_ERROR(CheckCertified(credential));
  return credential;
}

}  // namespace intaglio::host
