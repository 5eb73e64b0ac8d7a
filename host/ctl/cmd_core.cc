// The administrator's view of the core and of the issuing CA.
#include "host/ctl/certificate_report.h"
#include "host/ctl/command_table.h"
#include "host/ctl/inputs.h"
#include "host/x509/pem.h"
#include "intaglio/host/v1/services.pb.h"

namespace intaglio::host {
namespace {

namespace hpb = ::intaglio::host::v1;

StatusOr<Report> CoreStatusShow(Session& session) {
  ASSIGN_OR_RETURN(const auto response,
                   session.Call<hpb::GetCoreStatusResponse>("Administration/GetCoreStatus",
                                                            hpb::GetCoreStatusRequest()));
  return ReportOf(response);
}

StatusOr<Report> CoreBeginCommand(Session& session) {
  ASSIGN_OR_RETURN(const auto response,
                   session.Call<hpb::BeginCommandResponse>("Administration/BeginCommand",
                                                           hpb::BeginCommandRequest()));
  return ReportOf(response);
}

struct AttestFlags {
  std::string key_id;
  std::string nonce;
  std::string out;
  std::string spki_out;
};

StatusOr<Report> CoreAttestKey(const AttestFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const Bytes key_id, HexArgument("--key-id", flags.key_id, kIdOctets));
  ASSIGN_OR_RETURN(const Bytes nonce, HexArgument("--nonce", flags.nonce, kNonceOctets));
  hpb::AttestServiceKeyRequest request;
  request.set_key_id(AsString(key_id));
  request.set_nonce(AsString(nonce));
  ASSIGN_OR_RETURN(const auto response, session.Call<hpb::AttestServiceKeyResponse>(
                                            "Administration/AttestServiceKey", request));
  RETURN_IF_ERROR(WriteFile(flags.out, AsBytes(response.evidence()), 0644));
  if (!flags.spki_out.empty()) {
    RETURN_IF_ERROR(WriteFile(flags.spki_out, AsBytes(SpkiToPem(AsBytes(response.spki()))), 0644));
  }
  Report report = ReportOf(response);
  report.Text("evidence_file", flags.out);
  return report;
}

struct ActivateFlags {
  std::string ca_key_id;
  std::string certificate;
  std::vector<std::string> chain;
  std::string status_key_id;
  std::string responder_out;
};

StatusOr<Report> CaActivate(const ActivateFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const Bytes ca_key_id, HexArgument("--ca-key-id", flags.ca_key_id, kIdOctets));
  ASSIGN_OR_RETURN(const Bytes status_key_id,
                   HexArgument("--status-key-id", flags.status_key_id, kIdOctets));
  ASSIGN_OR_RETURN(const Bytes certificate, ReadCertificate(flags.certificate));
  hpb::ActivateCaRequest request;
  request.set_ca_key_id(AsString(ca_key_id));
  request.set_ca_certificate(AsString(certificate));
  request.set_status_key_id(AsString(status_key_id));
  for (const std::string& file : flags.chain) {
    ASSIGN_OR_RETURN(const std::vector<Bytes> certificates, ReadCertificates(file));
    for (const Bytes& each : certificates) request.add_chain(AsString(each));
  }
  ASSIGN_OR_RETURN(const auto response,
                   session.Call<hpb::ActivateCaResponse>("Administration/ActivateCa", request));
  Report report = ReportOf(response);
  if (!flags.responder_out.empty()) {
    ASSIGN_OR_RETURN(Report responder, WriteCertificate(flags.responder_out,
                                                        AsBytes(response.responder_certificate())));
    report.Part("responder", std::move(responder));
  }
  return report;
}

StatusOr<Report> CrlPublish(Session& session) {
  ASSIGN_OR_RETURN(const auto response, session.Call<hpb::PublishCrlResponse>(
                                            "Administration/PublishCrl", hpb::PublishCrlRequest()));
  return ReportOf(response);
}

}  // namespace

void AddCoreCommands(CommandTable& table) {
  table.Noun("core", "The signing core, through the host");
  table.Add({"core status", "Shows instance, time and journal head", "intaglio core status --json"},
            CoreStatusShow);
  table.Add({"core begin-command", "Gets the nonce for the officers' next command",
             "intaglio core begin-command"},
            CoreBeginCommand);
  table.Add<AttestFlags>(
      {"core attest-key", "Gets the core's evidence about a key of the service",
       "intaglio core attest-key --key-id HEX --nonce HEX --out evidence.der"},
      [](Flags& flags, AttestFlags& o) {
        flags.Required("--key-id", o.key_id, "hexadecimal")
            .Required("--nonce", o.nonce, "the verifier's, from 'intaglio ceremony nonce'")
            .Required("--out", o.out, "evidence file to write, DER")
            .Optional("--spki-out", o.spki_out, "public key file to write, PEM");
      },
      CoreAttestKey);
  table.Noun("ca", "The issuing CA");
  table.Add<ActivateFlags>(
      {"ca activate", "Takes an installed CA into service: responder certificate, first CRL",
       "intaglio ca activate --ca-key-id HEX --certificate ca.pem --chain root.pem"
       " --status-key-id HEX"},
      [](Flags& flags, ActivateFlags& o) {
        flags.Required("--ca-key-id", o.ca_key_id, "hexadecimal")
            .Required("--certificate", o.certificate, "as installed in the core")
            .Several("--chain", o.chain, "certificates up to and including the root")
            .Required("--status-key-id", o.status_key_id, "the responder's key, hexadecimal")
            .Optional("--responder-out", o.responder_out, "responder certificate to write, PEM");
      },
      CaActivate);
  table.Noun("crl", "Certificate revocation lists");
  table.Add({"crl publish", "Issues a CRL now", "intaglio crl publish"}, CrlPublish);
}

}  // namespace intaglio::host
