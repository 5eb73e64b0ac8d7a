// Signing documents under sole control.
#include "host/ctl/certificate_report.h"
#include "host/ctl/command_table.h"
#include "host/ctl/credential_access.h"
#include "host/ctl/inputs.h"
#include "host/ctl/key_file.h"
#include "host/ctl/reasons.h"
#include "host/ctl/signed_document.h"
#include "host/ctl/statements.h"
#include "host/statements/statement_composer.h"
#include "host/x509/public_key.h"
#include "intaglio/host/v1/services.pb.h"

namespace intaglio::host {
namespace {

namespace pb = ::intaglio::core::v1;
namespace hpb = ::intaglio::host::v1;

constexpr size_t kMostProof = 16 * 1024;

StatusOr<std::string> SessionName(const std::string& given, Session& session) {
  if (!given.empty()) return given;
  ASSIGN_OR_RETURN(const Bytes octets, session.rng().Draw(8));
  return "ctl-" + ToHex(octets);
}

struct Activation {
  std::string credential;
  std::string session_id;
  std::vector<Bytes> dtbsr;
};

// The payload's octets, which say exactly what was asked for.
StatusOr<std::string> Begin(const Activation& activation, pb::SadPayload& payload,
                            Session& session) {
  ASSIGN_OR_RETURN(const Bytes key_id, KeyIdOf(activation.credential));
  hpb::BeginSigningRequest request;
  request.set_credential_id(activation.credential);
  request.set_session_id(activation.session_id);
  request.set_hash_algorithm(pb::HASH_ALGORITHM_SHA256);
  for (const Bytes& each : activation.dtbsr) request.add_dtbsr(AsString(each));
  ASSIGN_OR_RETURN(const auto response,
                   session.Call<hpb::BeginSigningResponse>("Signing/BeginSigning", request));
  RETURN_IF_ERROR(ReadStatement(AsBytes(response.payload()), kSadContext, payload));
  RETURN_IF_ERROR(CheckPayload(payload, {key_id, activation.dtbsr}));
  RETURN_IF_ERROR(Expect("session_id", payload.session_id(), activation.session_id));
  return response.payload();
}

StatusOr<hpb::FinishSigningResponse> Finish(const std::string& credential,
                                            const std::string& payload, const pb::Proof& proof,
                                            Session& session) {
  hpb::FinishSigningRequest request;
  request.set_credential_id(credential);
  request.set_payload(payload);
  *request.mutable_proof() = proof;
  return session.Call<hpb::FinishSigningResponse>("Signing/FinishSigning", request);
}

struct SignFlags {
  std::string credential;
  std::string key;
  std::string document;
  std::string session_id;
  std::string out;
};

StatusOr<Report> Sign(const SignFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const SigningKey key, SigningKey::Load(flags.key));
  ASSIGN_OR_RETURN(const Bytes document, ReadInput(flags.document, kMostDocument));
  ASSIGN_OR_RETURN(const hpb::Credential credential, FetchCertified(flags.credential, session));
  const ByteView certificate = AsBytes(credential.certificate());
  ASSIGN_OR_RETURN(const DocumentToSign prepared,
                   PrepareDocument(document, certificate, session.clock().Now()));
  ASSIGN_OR_RETURN(const std::string session_id, SessionName(flags.session_id, session));
  pb::SadPayload payload;
  ASSIGN_OR_RETURN(const std::string octets,
                   Begin({flags.credential, session_id, {prepared.dtbsr}}, payload, session));
  ASSIGN_OR_RETURN(Report certificate_says, ReportOfCertificate(certificate));
  Report shown;
  shown.Text("document", flags.document).Octets("document_sha256", Sha256(document));
  shown.Part("payload", ReportOf(payload)).Part("certificate_says", std::move(certificate_says));
  session.Show("Document to be signed", shown);
  RETURN_IF_ERROR(session.Confirm("Sign this document?"));
  ASSIGN_OR_RETURN(const pb::Proof proof, MakeProof(key, AsBytes(octets)));
  ASSIGN_OR_RETURN(const auto finished, Finish(flags.credential, octets, proof, session));
  if (finished.signatures_size() != 1) {
    return Fail(kAnswerInvalid,
                "one signature is wanted, got " + std::to_string(finished.signatures_size()));
  }
  std::vector<Bytes> chain;
  for (const std::string& each : credential.chain()) chain.push_back(ToBytes(each));
  ASSIGN_OR_RETURN(const Bytes cms,
                   AssembleVerified({document, certificate, std::move(chain),
                                     prepared.signed_attributes, ToBytes(finished.signatures(0))}));
  RETURN_IF_ERROR(WriteFile(flags.out, cms, 0644));
  Report report;
  report.Text("signature", flags.out).Octets("document_sha256", Sha256(document));
  report.Octets("dtbsr", prepared.dtbsr).Octets("signature_sha256", Sha256(cms));
  return report;
}

struct BeginFlags {
  std::string credential;
  std::vector<std::string> hashes;
  std::string session_id;
  std::string out;
};

StatusOr<Report> SigningBegin(const BeginFlags& flags, Session& session) {
  std::vector<Bytes> dtbsr;
  for (const std::string& each : flags.hashes) {
    ASSIGN_OR_RETURN(Bytes hash, HexArgument("--hash", each, kDigestOctets));
    dtbsr.push_back(std::move(hash));
  }
  ASSIGN_OR_RETURN(const std::string session_id, SessionName(flags.session_id, session));
  pb::SadPayload payload;
  ASSIGN_OR_RETURN(const std::string octets,
                   Begin({flags.credential, session_id, dtbsr}, payload, session));
  RETURN_IF_ERROR(WriteFile(flags.out, AsBytes(octets), 0644));
  Report report = ReportOf(payload);
  report.Text("payload", flags.out);
  return report;
}

struct ProveFlags {
  std::string payload;
  std::string key;
  std::string out;
};

StatusOr<Report> SigningProve(const ProveFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const SigningKey key, SigningKey::Load(flags.key));
  ASSIGN_OR_RETURN(const Bytes octets, ReadInput(flags.payload, kMostStatement));
  pb::SadPayload payload;
  RETURN_IF_ERROR(ReadStatement(octets, kSadContext, payload));
  session.Show("Hashes to be signed", ReportOf(payload));
  RETURN_IF_ERROR(session.Confirm("Agree to these signatures?"));
  ASSIGN_OR_RETURN(const pb::Proof proof, MakeProof(key, octets));
  RETURN_IF_ERROR(WriteFile(flags.out, SerializeCanonical(proof), 0600));
  Report report;
  report.Octets("authenticator_id", key.id()).Octets("payload_sha256", Sha256(octets));
  report.Text("proof", flags.out);
  return report;
}

struct FinishFlags {
  std::string credential;
  std::string payload;
  std::string proof;
};

StatusOr<Report> SigningFinish(const FinishFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const Bytes payload, ReadInput(flags.payload, kMostStatement));
  ASSIGN_OR_RETURN(const Bytes proof_octets, ReadInput(flags.proof, kMostProof));
  pb::Proof proof;
  if (!ParseCanonical(proof_octets, proof)) {
    return Fail(
        kStatementNotCanonical,
        flags.proof +
            ": not a proof of 'intaglio signing prove' or 'intaglio authenticator assertion'");
  }
  ASSIGN_OR_RETURN(const auto finished,
                   Finish(flags.credential, AsString(payload), proof, session));
  return ReportOf(finished);
}

}  // namespace

void AddSigningCommands(CommandTable& table) {
  table.Add<SignFlags>(
      {"sign", "Signs a document: detached CAdES, in one step",
       "intaglio sign --credential ID --key authenticator.key --document a.pdf --out a.pdf.p7s"},
      [](Flags& flags, SignFlags& o) {
        flags.Required("--credential", o.credential, "credential id")
            .Required("--key", o.key, "your authenticator, private key")
            .Required("--document", o.document, "file to sign")
            .Optional("--session", o.session_id, "name of the session (default: drawn)")
            .Required("--out", o.out, "signature to write, CMS in DER");
      },
      Sign);
  table.Noun("signing", "The single steps of signing hashes");
  table.Add<BeginFlags>(
      {"signing begin", "Asks for the payload over given hashes",
       "intaglio signing begin --credential ID --hash HEX --out payload.bin"},
      [](Flags& flags, BeginFlags& o) {
        flags.Required("--credential", o.credential, "credential id")
            .Several("--hash", o.hashes, "SHA-256 to be signed, hexadecimal; may be repeated")
            .Optional("--session", o.session_id, "name of the session (default: drawn)")
            .Required("--out", o.out, "payload file to write");
      },
      SigningBegin);
  table.Add<ProveFlags>(
      {"signing prove", "Shows a payload and proves agreement to it",
       "intaglio signing prove --payload payload.bin --key authenticator.key"
       " --out proof.bin"},
      [](Flags& flags, ProveFlags& o) {
        flags.Required("--payload", o.payload, "payload file")
            .Required("--key", o.key, "your authenticator, private key")
            .Required("--out", o.out, "proof file to write");
      },
      SigningProve);
  table.Add<FinishFlags>(
      {"signing finish", "Trades payload and proof for the signatures",
       "intaglio signing finish --credential ID --payload payload.bin"
       " --proof proof.bin"},
      [](Flags& flags, FinishFlags& o) {
        flags.Required("--credential", o.credential, "credential id")
            .Required("--payload", o.payload, "payload file")
            .Required("--proof", o.proof, "proof file");
      },
      SigningFinish);
}

}  // namespace intaglio::host
