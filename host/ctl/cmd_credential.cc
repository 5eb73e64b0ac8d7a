// A signer's key and certificate, from generation to revocation.
#include "host/ctl/certificate_report.h"
#include "host/ctl/command_table.h"
#include "host/ctl/credential_access.h"
#include "host/ctl/inputs.h"
#include "host/ctl/key_file.h"
#include "host/ctl/reasons.h"
#include "host/ctl/statements.h"
#include "host/x509/pem.h"
#include "host/x509/public_key.h"
#include "intaglio/host/v1/services.pb.h"

namespace intaglio::host {
namespace {

namespace pb = ::intaglio::core::v1;
namespace hpb = ::intaglio::host::v1;

struct OfApplicationFlags {
  std::string application;
};

void BindOfApplication(Flags& flags, OfApplicationFlags& o) {
  flags.Required("--application", o.application, "application id");
}

StatusOr<Report> CredentialGenerateKey(const OfApplicationFlags& flags, Session& session) {
  hpb::GenerateKeyRequest request;
  request.set_application_id(flags.application);
  ASSIGN_OR_RETURN(const auto response,
                   session.Call<hpb::GenerateKeyResponse>("Credentials/GenerateKey", request));
  return ReportOfCredential(response.credential());
}

StatusOr<Report> CredentialIssue(const OfApplicationFlags& flags, Session& session) {
  hpb::IssueCertificateRequest request;
  request.set_application_id(flags.application);
  ASSIGN_OR_RETURN(const auto response, session.Call<hpb::IssueCertificateResponse>(
                                            "Credentials/IssueCertificate", request));
  return ReportOfCredential(response.credential());
}

struct AgreementFlags {
  std::string credential;
  std::string key;
  std::string agreement_out;
};

StatusOr<Report> CredentialSignAgreement(const AgreementFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const SigningKey key, SigningKey::Load(flags.key));
  ASSIGN_OR_RETURN(const Bytes key_id, KeyIdOf(flags.credential));
  hpb::BeginAgreementRequest begin;
  begin.set_credential_id(flags.credential);
  ASSIGN_OR_RETURN(const auto begun,
                   session.Call<hpb::BeginAgreementResponse>("Credentials/BeginAgreement", begin));
  if (!flags.agreement_out.empty()) {
    RETURN_IF_ERROR(WriteFile(flags.agreement_out, AsBytes(begun.agreement()), 0644));
  }
  const Digest digest = Sha256(AsBytes(begun.agreement()));
  pb::SadPayload payload;
  RETURN_IF_ERROR(ReadStatement(AsBytes(begun.payload()), kSadContext, payload));
  RETURN_IF_ERROR(CheckPayload(payload, {key_id, {ToBytes(digest)}}));
  Report shown;
  shown.Text("agreement", begun.agreement()).Octets("agreement_sha256", digest);
  session.Show("Subscriber agreement, to be signed with the new key",
               shown.Part("payload", ReportOf(payload)));
  RETURN_IF_ERROR(session.Confirm("Sign this agreement?"));
  hpb::FinishAgreementRequest finish;
  finish.set_credential_id(flags.credential);
  finish.set_payload(begun.payload());
  ASSIGN_OR_RETURN(*finish.mutable_proof(), MakeProof(key, AsBytes(begun.payload())));
  ASSIGN_OR_RETURN(const auto finished, session.Call<hpb::FinishAgreementResponse>(
                                            "Credentials/FinishAgreement", finish));
  return ReportOfCredential(finished.credential());
}

struct WithKeyFlags {
  std::string credential;
  std::string key;
};

void BindWithKey(Flags& flags, WithKeyFlags& o) {
  flags.Required("--credential", o.credential, "credential id")
      .Required("--key", o.key, "your authenticator, private key");
}

// The digest of the agreement as this side computes it.
StatusOr<Digest> AgreementDigest(Session& session) {
  ASSIGN_OR_RETURN(const auto response, session.Call<hpb::GetAgreementResponse>(
                                            "Policy/GetAgreement", hpb::GetAgreementRequest()));
  return Sha256(AsBytes(response.agreement()));
}

// Shows what an acceptance accepts, once it is sure that the statement says just that.
Status ShowAcceptance(const std::string& credential_id, ByteView octets, Session& session) {
  ASSIGN_OR_RETURN(const Bytes key_id, KeyIdOf(credential_id));
  ASSIGN_OR_RETURN(const hpb::Credential credential, FetchCertified(credential_id, session));
  ASSIGN_OR_RETURN(const Digest agreement, AgreementDigest(session));
  pb::AcceptanceStatement statement;
  RETURN_IF_ERROR(ReadStatement(octets, kAcceptanceContext, statement));
  RETURN_IF_ERROR(Expect("key_id", AsBytes(statement.key_id()), key_id));
  RETURN_IF_ERROR(Expect("certificate_sha256", AsBytes(statement.certificate_sha256()),
                         Sha256(AsBytes(credential.certificate()))));
  RETURN_IF_ERROR(Expect("agreement_digest", AsBytes(statement.agreement_digest()), agreement));
  ASSIGN_OR_RETURN(Report certificate, ReportOfCertificate(AsBytes(credential.certificate())));
  Report shown = ReportOf(statement);
  session.Show("Acceptance of a certificate",
               shown.Part("certificate_says", std::move(certificate)));
  return session.Confirm("Accept this certificate?");
}

StatusOr<Bytes> PrepareAcceptance(const std::string& credential_id, Session& session) {
  hpb::PrepareAcceptanceRequest prepare;
  prepare.set_credential_id(credential_id);
  ASSIGN_OR_RETURN(const auto prepared, session.Call<hpb::PrepareAcceptanceResponse>(
                                            "Credentials/PrepareAcceptance", prepare));
  return ToBytes(prepared.statement());
}

StatusOr<Report> SubmitAcceptance(const std::string& credential_id, ByteView statement,
                                  const std::vector<pb::Proof>& proofs, Session& session) {
  hpb::AcceptCertificateRequest accept;
  accept.set_credential_id(credential_id);
  accept.set_statement(AsString(statement));
  for (size_t i = 0; i < proofs.size(); ++i) {
    (i == 0 ? *accept.mutable_proof() : *accept.add_more_proofs()) = proofs[i];
  }
  ASSIGN_OR_RETURN(const auto accepted, session.Call<hpb::AcceptCertificateResponse>(
                                            "Credentials/AcceptCertificate", accept));
  return ReportOfCredential(accepted.credential());
}

StatusOr<Report> CredentialAccept(const WithKeyFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const SigningKey key, SigningKey::Load(flags.key));
  ASSIGN_OR_RETURN(const Bytes statement, PrepareAcceptance(flags.credential, session));
  RETURN_IF_ERROR(ShowAcceptance(flags.credential, statement, session));
  ASSIGN_OR_RETURN(pb::Proof proof, MakeProof(key, statement));
  return SubmitAcceptance(flags.credential, statement, {proof}, session);
}

// A seal's certificate is accepted by several controllers, each at the own machine: one drafts the
// statement, each proves it, anyone submits.
struct AcceptDraftFlags {
  std::string credential;
  std::string out;
};

StatusOr<Report> CredentialAcceptDraft(const AcceptDraftFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const Bytes octets, PrepareAcceptance(flags.credential, session));
  pb::AcceptanceStatement statement;
  RETURN_IF_ERROR(ReadStatement(octets, kAcceptanceContext, statement));
  RETURN_IF_ERROR(WriteFile(flags.out, octets, 0644));
  Report report = ReportOf(statement);
  report.Text("statement_file", flags.out);
  return report;
}

struct AcceptApproveFlags {
  std::string credential;
  std::string statement;
  std::string key;
  std::string out;
};

StatusOr<Report> CredentialAcceptApprove(const AcceptApproveFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const SigningKey key, SigningKey::Load(flags.key));
  ASSIGN_OR_RETURN(const Bytes statement, ReadInput(flags.statement, kMostStatement));
  RETURN_IF_ERROR(ShowAcceptance(flags.credential, statement, session));
  ASSIGN_OR_RETURN(const pb::Proof proof, MakeProof(key, statement));
  RETURN_IF_ERROR(WriteFile(flags.out, AsBytes(proof.SerializeAsString()), 0644));
  Report report;
  report.Octets("authenticator_id", AsBytes(proof.authenticator_id()))
      .Text("proof_file", flags.out);
  return report;
}

struct AcceptSubmitFlags {
  std::string credential;
  std::string statement;
  std::vector<std::string> proofs;
};

StatusOr<Report> CredentialAcceptSubmit(const AcceptSubmitFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const Bytes statement, ReadInput(flags.statement, kMostStatement));
  if (flags.proofs.empty()) return Fail(kArgumentInvalid, "--proof: at least one is needed");
  std::vector<pb::Proof> proofs;
  for (const std::string& file : flags.proofs) {
    ASSIGN_OR_RETURN(const Bytes octets, ReadInput(file, kMostStatement));
    if (!proofs.emplace_back().ParseFromArray(octets.data(), static_cast<int>(octets.size()))) {
      return Fail(kArgumentInvalid, "--proof: " + file + " is no proof of 'accept-approve'");
    }
  }
  return SubmitAcceptance(flags.credential, statement, proofs, session);
}

struct ShowFlags {
  std::string credential;
  std::string certificate_out;
  std::string chain_out;
  std::string evidence_out;
  std::string agreement_out;
};

Status WriteIfNamed(const std::string& path, ByteView content) {
  return path.empty() ? OkStatus() : WriteFile(path, content, 0644);
}

StatusOr<Report> CredentialShow(const ShowFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const hpb::Credential credential, FetchCredential(flags.credential, session));
  if (credential.certificate().empty() && !flags.certificate_out.empty()) {
    return Fail(kAnswerInvalid, "it has no certificate yet; issue it first");
  }
  std::string chain;
  for (const std::string& each : credential.chain()) chain += CertificateToPem(AsBytes(each));
  const std::string certificate = CertificateToPem(AsBytes(credential.certificate()));
  RETURN_IF_ERROR(WriteIfNamed(flags.certificate_out, AsBytes(certificate)));
  RETURN_IF_ERROR(WriteIfNamed(flags.chain_out, AsBytes(chain)));
  RETURN_IF_ERROR(WriteIfNamed(flags.evidence_out, AsBytes(credential.evidence())));
  RETURN_IF_ERROR(WriteIfNamed(flags.agreement_out, AsBytes(credential.agreement_cms())));
  return ReportOfCredential(credential);
}

struct SignerRevokeFlags {
  std::string credential;
  std::string key;
  std::string reason;
};

StatusOr<Report> CredentialRevoke(const SignerRevokeFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const SigningKey key, SigningKey::Load(flags.key));
  ASSIGN_OR_RETURN(const auto reason, EnumArgument<pb::RevocationReason>("--reason", flags.reason));
  ASSIGN_OR_RETURN(const hpb::Credential credential, FetchCredential(flags.credential, session));
  hpb::PrepareSignerRevocationRequest prepare;
  prepare.set_credential_id(flags.credential);
  prepare.set_reason(reason);
  ASSIGN_OR_RETURN(const auto prepared, session.Call<hpb::PrepareSignerRevocationResponse>(
                                            "Credentials/PrepareSignerRevocation", prepare));
  pb::SignerRevocation statement;
  RETURN_IF_ERROR(
      ReadStatement(AsBytes(prepared.statement()), kSignerRevocationContext, statement));
  RETURN_IF_ERROR(Expect("serial", AsBytes(statement.serial()), AsBytes(credential.serial())));
  if (statement.reason() != reason) {
    return Fail(kStatementUnexpected, "reason: not the one you gave");
  }
  session.Show("Revocation of your certificate, final", ReportOf(statement));
  RETURN_IF_ERROR(session.Confirm("Revoke this certificate for good?"));
  hpb::RevokeBySignerRequest revoke;
  revoke.set_credential_id(flags.credential);
  revoke.set_statement(prepared.statement());
  ASSIGN_OR_RETURN(*revoke.mutable_proof(), MakeProof(key, AsBytes(prepared.statement())));
  ASSIGN_OR_RETURN(const auto revoked,
                   session.Call<hpb::RevokeBySignerResponse>("Credentials/RevokeBySigner", revoke));
  return ReportOfCredential(revoked.credential());
}

void AddUse(CommandTable& table) {
  table.Add<WithKeyFlags>(
      {"credential accept", "Shows the certificate and accepts it; only then the key signs",
       "intaglio credential accept --credential ID --key authenticator.key"},
      BindWithKey, CredentialAccept);
  table.Add<AcceptDraftFlags>(
      {"credential accept-draft", "Writes the acceptance that a seal key's controllers prove",
       "intaglio credential accept-draft --credential ID --out acceptance.bin"},
      [](Flags& flags, AcceptDraftFlags& o) {
        flags.Required("--credential", o.credential, "credential id")
            .Required("--out", o.out, "statement file to write");
      },
      CredentialAcceptDraft);
  table.Add<AcceptApproveFlags>(
      {"credential accept-approve", "Shows an acceptance and proves one controller's agreement",
       "intaglio credential accept-approve --credential ID --statement acceptance.bin"
       " --key controller.key --out controller.proof"},
      [](Flags& flags, AcceptApproveFlags& o) {
        flags.Required("--credential", o.credential, "credential id")
            .Required("--statement", o.statement, "statement file")
            .Required("--key", o.key, "your authenticator, private key")
            .Required("--out", o.out, "proof file to write");
      },
      CredentialAcceptApprove);
  table.Add<AcceptSubmitFlags>(
      {"credential accept-submit", "Accepts a seal certificate under its controllers' proofs",
       "intaglio credential accept-submit --credential ID --statement acceptance.bin"
       " --proof one.proof --proof two.proof"},
      [](Flags& flags, AcceptSubmitFlags& o) {
        flags.Required("--credential", o.credential, "credential id")
            .Required("--statement", o.statement, "statement file")
            .Several("--proof", o.proofs, "a controller's proof file");
      },
      CredentialAcceptSubmit);
  table.Add<ShowFlags>(
      {"credential show", "Shows a credential and writes its parts to files",
       "intaglio credential show --credential ID --certificate-out mari.pem"},
      [](Flags& flags, ShowFlags& o) {
        flags.Required("--credential", o.credential, "credential id")
            .Optional("--certificate-out", o.certificate_out, "certificate to write, PEM")
            .Optional("--chain-out", o.chain_out, "issuer certificates to write, PEM")
            .Optional("--evidence-out", o.evidence_out, "key attestation to write, DER")
            .Optional("--agreement-out", o.agreement_out, "signed agreement to write, CMS");
      },
      CredentialShow);
  table.Add<SignerRevokeFlags>(
      {"credential revoke", "Revokes your own certificate for good",
       "intaglio credential revoke --credential ID --reason superseded --key authenticator.key"},
      [](Flags& flags, SignerRevokeFlags& o) {
        flags.Required("--credential", o.credential, "credential id")
            .Required("--key", o.key, "your authenticator, private key")
            .Required("--reason", o.reason, "such as key-compromise or superseded");
      },
      CredentialRevoke);
}

}  // namespace

void AddCredentialCommands(CommandTable& table) {
  table.Noun("credential", "A signer's key and certificate");
  table.Add<OfApplicationFlags>(
      {"credential generate-key", "Has the core make the key of an approved application",
       "intaglio credential generate-key --application ID"},
      BindOfApplication, CredentialGenerateKey);
  table.Add<OfApplicationFlags>({"credential issue", "Has the certificate issued",
                                 "intaglio credential issue --application ID"},
                                BindOfApplication, CredentialIssue);
  table.Add<AgreementFlags>(
      {"credential sign-agreement", "Shows the subscriber agreement and signs it with the new key",
       "intaglio credential sign-agreement --credential ID --key authenticator.key"},
      [](Flags& flags, AgreementFlags& o) {
        flags.Required("--credential", o.credential, "credential id")
            .Required("--key", o.key, "your authenticator, private key")
            .Optional("--agreement-out", o.agreement_out, "where to put the agreement's text");
      },
      CredentialSignAgreement);
  AddUse(table);
}

}  // namespace intaglio::host
