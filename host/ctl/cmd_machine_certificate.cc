// Certificates of machines and of the link, signed with keys in files.
#include "host/ctl/certificate_report.h"
#include "host/ctl/command_table.h"
#include "host/ctl/inputs.h"
#include "host/ctl/key_file.h"
#include "host/ctl/reasons.h"
#include "host/x509/ceremony.h"
#include "host/x509/machine_certificates.h"
#include "host/x509/public_key.h"

namespace intaglio::host {
namespace {

constexpr Flags::Range kMachineDays{1, 7300};

Validity StartingNow(WallTime now, uint32_t days) { return {now - kHour, now + days * kDay}; }

struct TlsCaFlags {
  std::string key;
  std::string country;
  std::string organization;
  std::string common_name;
  uint32_t days = 1825;
  std::string out;
};

StatusOr<Report> TlsCa(const TlsCaFlags& flags, Session& session) {
  RETURN_IF_ERROR(RequireAbsent(flags.out));
  ASSIGN_OR_RETURN(const SigningKey key, SigningKey::Load(flags.key));
  ASSIGN_OR_RETURN(const Serial serial, DrawSerial(session.rng()));
  const Validity validity = StartingNow(session.clock().Now(), flags.days);
  Report transcript;
  transcript.Text("organization", flags.organization).Text("common_name", flags.common_name);
  transcript.Time("not_after", validity.not_after).Octets("spki_sha256", key.id());
  session.Show("TLS CA, signed by itself", transcript);
  RETURN_IF_ERROR(session.Confirm("Sign this TLS CA?"));
  ASSIGN_OR_RETURN(const Bytes certificate,
                   MakeRoot(key.get(), {flags.country, flags.organization, "", flags.common_name},
                            validity, serial));
  return WriteCertificate(flags.out, certificate);
}

struct TlsFlags {
  std::string ca;
  std::string ca_key;
  std::string public_key;
  std::string common_name;
  std::string role;
  std::string purpose;
  std::vector<std::string> dns;
  std::vector<std::string> ip;
  uint32_t days = 398;
  std::string out;
};

StatusOr<TlsPurpose> PurposeOf(const std::string& text) {
  if (text == "server") return TlsPurpose::kServer;
  if (text == "client") return TlsPurpose::kClient;
  return Fail(kArgumentInvalid, "--purpose: '" + text + "' is none of server, client");
}

StatusOr<Report> TlsCertificate(const TlsFlags& flags, Session& session) {
  RETURN_IF_ERROR(RequireAbsent(flags.out));
  ASSIGN_OR_RETURN(const TlsPurpose purpose, PurposeOf(flags.purpose));
  ASSIGN_OR_RETURN(const Bytes ca_certificate, ReadCertificate(flags.ca));
  ASSIGN_OR_RETURN(const CaDescription ca, CaDescription::Create(ca_certificate));
  ASSIGN_OR_RETURN(const SigningKey ca_key, SigningKey::Load(flags.ca_key));
  ASSIGN_OR_RETURN(const Bytes spki, ReadPublicKey(flags.public_key));
  ASSIGN_OR_RETURN(const Serial serial, DrawSerial(session.rng()));
  Validity validity = StartingNow(session.clock().Now(), flags.days);
  validity.not_before = std::max(validity.not_before, ca.validity().not_before);
  std::vector<AltName> names;
  for (const std::string& each : flags.dns) names.push_back({AltNameKind::kDns, each});
  for (const std::string& each : flags.ip) names.push_back({AltNameKind::kIp, each});
  Report transcript;
  transcript.Text("common_name", flags.common_name).Text("role", flags.role);
  transcript.Text("purpose", flags.purpose);
  for (const AltName& each : names) transcript.Text("alt_name", each.text);
  transcript.Time("not_after", validity.not_after).Octets("spki_sha256", Sha256(spki));
  session.Show("TLS certificate", transcript);
  RETURN_IF_ERROR(session.Confirm("Sign this TLS certificate?"));
  ASSIGN_OR_RETURN(const Bytes certificate,
                   MakeTlsCertificate({ca_key.get(), ca}, {serial, flags.common_name, flags.role,
                                                           spki, names, purpose, validity}));
  return WriteCertificate(flags.out, certificate);
}

struct LinkFlags {
  std::string key;
  std::string common_name;
  uint32_t days = 1825;
  std::string out;
};

StatusOr<Report> LinkCertificate(const LinkFlags& flags, Session& session) {
  RETURN_IF_ERROR(RequireAbsent(flags.out));
  ASSIGN_OR_RETURN(const SigningKey key, SigningKey::Load(flags.key));
  ASSIGN_OR_RETURN(const Serial serial, DrawSerial(session.rng()));
  const Validity validity = StartingNow(session.clock().Now(), flags.days);
  Report transcript;
  transcript.Text("common_name", flags.common_name).Time("not_after", validity.not_after);
  session.Show("Link certificate, signed by itself", transcript.Octets("spki_sha256", key.id()));
  RETURN_IF_ERROR(session.Confirm("Sign this link certificate?"));
  ASSIGN_OR_RETURN(const Bytes certificate,
                   MakeLinkCertificate(key.get(), flags.common_name, validity, serial));
  return WriteCertificate(flags.out, certificate);
}

}  // namespace

void AddMachineCertificateCommands(CommandTable& table) {
  table.Add<TlsCaFlags>(
      {"ceremony tls-ca", "Makes the CA of mutual TLS",
       "intaglio ceremony tls-ca --key tls-ca.key --country EE --organization Lab"
       " --common-name 'Lab TLS CA' --out tls-ca.pem"},
      [](Flags& flags, TlsCaFlags& o) {
        flags.Required("--key", o.key, "private key of the CA")
            .Required("--country", o.country, "countryName")
            .Required("--organization", o.organization, "organizationName")
            .Required("--common-name", o.common_name, "commonName")
            .Number("--days", o.days, kMachineDays, "validity")
            .Required("--out", o.out, "certificate to write, PEM");
      },
      TlsCa);
  table.Add<TlsFlags>(
      {"ceremony tls-certificate", "Certifies a client or server; the role decides what it may do",
       "intaglio ceremony tls-certificate --ca tls-ca.pem --ca-key tls-ca.key"
       " --public-key app.key.pub --common-name 'signing app' --role signing-application"
       " --purpose client --out app.pem"},
      [](Flags& flags, TlsFlags& o) {
        flags.Required("--ca", o.ca, "TLS CA certificate")
            .Required("--ca-key", o.ca_key, "TLS CA private key")
            .Required("--public-key", o.public_key, "the machine's public key")
            .Required("--common-name", o.common_name, "commonName")
            .Required("--role", o.role,
                      "organizationalUnit: signing-application, registration-officer, "
                      "revocation-officer, administrator, auditor; for a server any name")
            .Required("--purpose", o.purpose, "server or client")
            .Several("--dns", o.dns, "DNS name; may be repeated")
            .Several("--ip", o.ip, "IP address; may be repeated")
            .Number("--days", o.days, kMachineDays, "validity")
            .Required("--out", o.out, "certificate to write, PEM");
      },
      TlsCertificate);
  table.Add<LinkFlags>(
      {"ceremony link-certificate",
       "Makes the certificate one end of the link shows and the other pins",
       "intaglio ceremony link-certificate --key link.key --common-name core"
       " --out link.pem"},
      [](Flags& flags, LinkFlags& o) {
        flags.Required("--key", o.key, "private key of this end")
            .Required("--common-name", o.common_name, "commonName")
            .Number("--days", o.days, kMachineDays, "validity")
            .Required("--out", o.out, "certificate to write, PEM");
      },
      LinkCertificate);
}

}  // namespace intaglio::host
