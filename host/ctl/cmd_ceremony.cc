// The ceremonies whose keys stay in a token of this side's own: device root, root, issuing CA.
#include "attestation/model/evidence_content.h"
#include "attestation/model/oids.h"
#include "host/ctl/ca_evidence.h"
#include "host/ctl/certificate_report.h"
#include "host/ctl/command_table.h"
#include "host/ctl/inputs.h"
#include "host/ctl/reasons.h"
#include "host/ctl/token_flags.h"
#include "host/x509/ceremony.h"
#include "host/x509/certificate.h"
#include "host/x509/certificate_builder.h"
#include "host/x509/machine_certificates.h"
#include "host/x509/public_key.h"

namespace intaglio::host {
namespace {

constexpr Flags::Range kDays{1, 36500};

struct IssuerFlags {
  std::string country;
  std::string organization;
  std::string organization_identifier;
  std::string common_name;

  IssuerName Name() const { return {country, organization, organization_identifier, common_name}; }
};

void BindIssuer(Flags& flags, IssuerFlags& o) {
  flags.Required("--country", o.country, "countryName, two upper-case letters")
      .Required("--organization", o.organization, "organizationName")
      .Optional("--organization-identifier", o.organization_identifier, "such as VATEE-12345678")
      .Required("--common-name", o.common_name, "commonName");
}

Validity From(WallTime now, uint32_t days) { return {now - kHour, now + days * kDay}; }

Report& AddIssuer(Report& report, const IssuerName& name) {
  report.Text("country", name.country).Text("organization", name.organization);
  report.Text("organization_identifier", name.organization_identifier);
  return report.Text("common_name", name.common_name);
}

Report& AddSigned(Report& report, const Serial& serial, const Validity& validity, ByteView spki) {
  report.Octets("serial", serial.octets());
  report.Time("not_before", validity.not_before).Time("not_after", validity.not_after);
  return report.Octets("spki_sha256", Sha256(spki));
}

StatusOr<Report> NonceNew(Session& session) {
  ASSIGN_OR_RETURN(const Bytes nonce, session.rng().Draw(32));
  Report report;
  report.Octets("nonce", nonce);
  return report;
}

struct DeviceRootFlags {
  TokenFlags token;
  std::string manufacturer;
  std::string device;
  uint32_t days = 7300;
  std::string out;
};

StatusOr<Report> DeviceRoot(const DeviceRootFlags& flags, Session& session) {
  RETURN_IF_ERROR(RequireAbsent(flags.out));
  ASSIGN_OR_RETURN(const tokens::KeyLease key, OpenTokenKey(flags.token));
  ASSIGN_OR_RETURN(const Bytes spki, SpkiOf(key.get()));
  ASSIGN_OR_RETURN(const Serial serial, DrawSerial(session.rng()));
  const Validity validity = From(session.clock().Now(), flags.days);
  Report transcript;
  transcript.Text("manufacturer", flags.manufacturer).Text("device", flags.device);
  session.Show("Device root, signed by itself", AddSigned(transcript, serial, validity, spki));
  RETURN_IF_ERROR(session.Confirm("Sign this device root?"));
  ASSIGN_OR_RETURN(const Bytes certificate,
                   MakeDeviceRoot(key.get(), {flags.manufacturer, flags.device}, validity, serial));
  return WriteCertificate(flags.out, certificate);
}

struct AttestationFlags {
  TokenFlags token;
  std::string issuer;
  std::string public_key;
  std::string manufacturer;
  std::string device;
  std::string key_purpose = std::string(attestation::kDraftAttestationEku);
  uint32_t days = 3650;
  std::string out;
};

StatusOr<Report> AttestationCertificate(const AttestationFlags& flags, Session& session) {
  RETURN_IF_ERROR(RequireAbsent(flags.out));
  ASSIGN_OR_RETURN(const Bytes issuer, ReadCertificate(flags.issuer));
  ASSIGN_OR_RETURN(const CaDescription ca, CaDescription::Create(issuer));
  ASSIGN_OR_RETURN(const Bytes spki, ReadPublicKey(flags.public_key));
  ASSIGN_OR_RETURN(const tokens::KeyLease key, OpenTokenKey(flags.token));
  ASSIGN_OR_RETURN(const Serial serial, DrawSerial(session.rng()));
  Validity validity = From(session.clock().Now(), flags.days);
  // A fresh root begins only now.
  validity.not_before = std::max(validity.not_before, ca.validity().not_before);
  Report transcript;
  transcript.Text("manufacturer", flags.manufacturer).Text("device", flags.device);
  transcript.Text("key_purpose", flags.key_purpose);
  session.Show("Attestation certificate, signed by the device root",
               AddSigned(transcript, serial, validity, spki));
  RETURN_IF_ERROR(session.Confirm("Sign this attestation certificate?"));
  ASSIGN_OR_RETURN(
      const Bytes certificate,
      MakeAttestationCertificate(
          {key.get(), ca},
          {serial, {flags.manufacturer, flags.device}, spki, flags.key_purpose, validity}));
  return WriteCertificate(flags.out, certificate);
}

struct RootFlags {
  TokenFlags token;
  IssuerFlags name;
  uint32_t days = 7300;
  std::string out;
};

StatusOr<Report> Root(const RootFlags& flags, Session& session) {
  RETURN_IF_ERROR(RequireAbsent(flags.out));
  ASSIGN_OR_RETURN(const tokens::KeyLease key, OpenTokenKey(flags.token));
  ASSIGN_OR_RETURN(const Bytes spki, SpkiOf(key.get()));
  ASSIGN_OR_RETURN(const Serial serial, DrawSerial(session.rng()));
  const Validity validity = From(session.clock().Now(), flags.days);
  Report transcript;
  AddIssuer(transcript, flags.name.Name());
  session.Show("Root, signed by itself", AddSigned(transcript, serial, validity, spki));
  RETURN_IF_ERROR(session.Confirm("Sign this root?"));
  ASSIGN_OR_RETURN(const Bytes certificate,
                   MakeRoot(key.get(), flags.name.Name(), validity, serial));
  return WriteCertificate(flags.out, certificate);
}

struct CaFlags {
  TokenFlags token;
  IssuerFlags name;
  std::string issuer;
  std::string spki;
  std::string evidence;
  std::vector<std::string> device_roots;
  std::string nonce;
  std::string root_certificate_url;
  std::string root_crl_url;
  uint32_t days = 3650;
  std::string out;
};

StatusOr<CaEvidence> ReadCaEvidence(const CaFlags& flags) {
  CaEvidence out;
  ASSIGN_OR_RETURN(out.evidence, ReadInput(flags.evidence, attestation::kMaxEvidenceOctets));
  ASSIGN_OR_RETURN(out.spki, ReadPublicKey(flags.spki));
  ASSIGN_OR_RETURN(out.nonce, HexArgument("--nonce", flags.nonce, kNonceOctets));
  for (const std::string& each : flags.device_roots) {
    ASSIGN_OR_RETURN(Bytes root, ReadCertificate(each));
    out.device_roots.push_back(std::move(root));
  }
  if (out.device_roots.empty()) return Fail(kArgumentInvalid, "--device-root: at least one");
  return out;
}

StatusOr<Report> CaCertificate(const CaFlags& flags, Session& session) {
  RETURN_IF_ERROR(RequireAbsent(flags.out));
  ASSIGN_OR_RETURN(const CaEvidence evidence, ReadCaEvidence(flags));
  const WallTime now = session.clock().Now();
  ASSIGN_OR_RETURN(Report verified, CheckCaEvidence(evidence, now));
  ASSIGN_OR_RETURN(const Bytes issuer, ReadCertificate(flags.issuer));
  ASSIGN_OR_RETURN(const CaDescription root, CaDescription::Create(issuer));
  ASSIGN_OR_RETURN(const Serial serial, DrawSerial(session.rng()));
  Validity validity = From(now, flags.days);
  validity.not_before = std::max(validity.not_before, root.validity().not_before);
  ASSIGN_OR_RETURN(const Bytes tbs,
                   BuildCaTbs({root, serial, flags.name.Name(), evidence.spki, validity,
                               flags.root_certificate_url, flags.root_crl_url}));
  ASSIGN_OR_RETURN(const CertificateFacts facts, DescribeTbs(tbs));
  RETURN_IF_ERROR(RequireClean(LintAuthority(facts)));
  Report transcript;
  AddIssuer(transcript, flags.name.Name());
  AddSigned(transcript, serial, validity, evidence.spki);
  transcript.Octets("tbs_sha256", Sha256(tbs)).Part("evidence", std::move(verified));
  session.Show("Issuing CA certificate, signed by the root", transcript);
  RETURN_IF_ERROR(session.Confirm("Sign this CA certificate?"));
  ASSIGN_OR_RETURN(const tokens::KeyLease key, OpenTokenKey(flags.token));
  ASSIGN_OR_RETURN(const Bytes root_key, SpkiOf(key.get()));
  if (!Equal(root_key, root.spki())) {
    return Fail(kKeyFileInvalid, "--key-label " + flags.token.key_label +
                                     " is not the key of --issuer " + flags.issuer);
  }
  ASSIGN_OR_RETURN(const Bytes certificate, SignCertificate(tbs, key.get()));
  RETURN_IF_ERROR(VerifyCertificate(certificate, issuer));
  RETURN_IF_ERROR(CompareTbs(certificate, tbs));
  return WriteCertificate(flags.out, certificate);
}

constexpr char kTokenExample[] =
    " --module /usr/lib/softhsm/libsofthsm2.so --token root --pin-file root.pin --key-label root";

void AddRoots(CommandTable& table) {
  table.Add({"ceremony nonce", "Draws the nonce a core must answer in its evidence",
             "intaglio ceremony nonce"},
            NonceNew);
  table.Add<DeviceRootFlags>(
      {"ceremony device-root", "Makes the root of a lab's or maker's devices",
       std::string("intaglio ceremony device-root") + kTokenExample +
           " --generate --manufacturer Lab --device 'Lab device root' --out device-root.pem"},
      [](Flags& flags, DeviceRootFlags& o) {
        BindToken(flags, o.token);
        flags.Required("--manufacturer", o.manufacturer, "organizationName")
            .Required("--device", o.device, "commonName")
            .Number("--days", o.days, kDays, "validity")
            .Required("--out", o.out, "certificate to write, PEM");
      },
      DeviceRoot);
  table.Add<AttestationFlags>(
      {"ceremony attestation-certificate", "Certifies a core's attestation key",
       std::string("intaglio ceremony attestation-certificate") + kTokenExample +
           " --issuer device-root.pem --public-key attestation.pub --manufacturer Lab"
           " --device 'core 1' --out attestation.pem"},
      [](Flags& flags, AttestationFlags& o) {
        BindToken(flags, o.token);
        flags.Required("--issuer", o.issuer, "device root, PEM")
            .Required("--public-key", o.public_key, "the core's attestation key, from its init")
            .Required("--manufacturer", o.manufacturer, "organizationName")
            .Required("--device", o.device, "commonName: model and serial number")
            .Optional("--key-purpose", o.key_purpose, "extended key usage, dotted")
            .Number("--days", o.days, kDays, "validity")
            .Required("--out", o.out, "certificate to write, PEM");
      },
      AttestationCertificate);
  table.Add<RootFlags>(
      {"ceremony root", "Makes the root of the certification service",
       std::string("intaglio ceremony root") + kTokenExample +
           " --generate --country EE --organization Lab --common-name 'LAB - not qualified Root'"
           " --out root.pem"},
      [](Flags& flags, RootFlags& o) {
        BindToken(flags, o.token);
        BindIssuer(flags, o.name);
        flags.Number("--days", o.days, kDays, "validity")
            .Required("--out", o.out, "certificate to write, PEM");
      },
      Root);
}

}  // namespace

void AddCeremonyCommands(CommandTable& table) {
  table.Noun("ceremony", "Certificates signed with keys this side holds");
  AddRoots(table);
  table.Add<CaFlags>(
      {"ceremony ca-certificate", "Certifies the core's CA key after verifying its evidence",
       std::string("intaglio ceremony ca-certificate") + kTokenExample +
           " --issuer root.pem --spki ca.pub --evidence evidence.der --device-root device-root.pem"
           " --nonce HEX --country EE --organization Lab --common-name 'LAB - not qualified CA'"
           " --out ca.pem"},
      [](Flags& flags, CaFlags& o) {
        BindToken(flags, o.token);
        BindIssuer(flags, o.name);
        flags.Required("--issuer", o.issuer, "root certificate, PEM")
            .Required("--spki", o.spki, "the CA key, as the core answered it")
            .Required("--evidence", o.evidence, "the core's evidence, DER")
            .Several("--device-root", o.device_roots, "pinned device root, PEM; may be repeated")
            .Required("--nonce", o.nonce, "the nonce the evidence must answer, hexadecimal")
            .Optional("--root-certificate-url", o.root_certificate_url, "http, for caIssuers")
            .Optional("--root-crl-url", o.root_crl_url, "http, for cRLDistributionPoints")
            .Number("--days", o.days, kDays, "validity")
            .Required("--out", o.out, "certificate to write, PEM");
      },
      CaCertificate);
}

}  // namespace intaglio::host
