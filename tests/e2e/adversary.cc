// intaglio-adversary: what a host in an attacker's hands would try. Test tool, never shipped.
//
// It holds what such a host holds, the link's TLS key and the database, and sends requests the real
// host never sends. Exit 0 means that the core did what was asked; the core's Reason is on stderr
// otherwise.
#include <stdio.h>
#include <string.h>

#include <map>
#include <string>
#include <vector>

#include "base/file.h"
#include "host/core_link/core_port_adapter.h"
#include "host/daemon/settings.h"
#include "host/domain/usecase_reasons.h"
#include "host/policy/profile.h"
#include "host/store/sql_store.h"
#include "host/x509/ca_description.h"
#include "host/x509/ceremony.h"
#include "host/x509/certificate_builder.h"
#include "host/x509/crl_builder.h"
#include "host/x509/ocsp_request.h"
#include "host/x509/ocsp_response.h"
#include "host/x509/pem.h"
#include "host/x509/public_key.h"
#include "intaglio/core/v1/statements.pb.h"

namespace intaglio::host {
namespace {

using Arguments = std::map<std::string, std::string>;

struct Stolen {
  const Terms& terms;
  SqlStore& store;
  LinkedCore& core;
  SystemClock clock;
  SystemRng rng;

  StatusOr<Application> FindApplication(const Arguments& arguments) {
    ASSIGN_OR_RETURN(const auto found, store.FindApplication(arguments.at("--application")));
    if (!found) return Fail(kApplicationUnknown, arguments.at("--application"));
    return *found;
  }
  StatusOr<Credential> FindCredential(const std::string& id) {
    ASSIGN_OR_RETURN(const auto found, store.FindCredential(id));
    if (!found) return Fail(kCredentialUnknown, id);
    return *found;
  }
  StatusOr<ServiceKey> Key(ServiceKeyPurpose purpose) {
    ASSIGN_OR_RETURN(const auto found, store.ActiveServiceKey(purpose));
    if (!found) return Fail(kServiceNotReady, "no active key");
    return *found;
  }
};

// The order with the approvals that are there, though the host's rule wants two.
Status OneOfficer(Stolen& stolen, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const Application application, stolen.FindApplication(arguments));
  return stolen.core.GenerateSignerKey(application.order).status();
}

// A certificate for the attacker's own key under an order for somebody's key in the core.
Status OtherSpki(Stolen& stolen, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const Application application, stolen.FindApplication(arguments));
  ASSIGN_OR_RETURN(const Credential credential, stolen.FindCredential(application.credential_id));
  ASSIGN_OR_RETURN(const ServiceKey ca, stolen.Key(ServiceKeyPurpose::kCaIssuing));
  ASSIGN_OR_RETURN(const CaDescription description, CaDescription::Create(ca.certificate));
  ASSIGN_OR_RETURN(const Bytes drawn, stolen.core.DrawSerial(ca.sealed_record));
  ASSIGN_OR_RETURN(const Serial serial, Serial::Create(drawn));
  ASSIGN_OR_RETURN(const PkeyPtr own, GenerateP256Key());
  ASSIGN_OR_RETURN(const Bytes spki, SpkiOf(own.get()));
  ASSIGN_OR_RETURN(const ProfileSpec* profile, CurrentProfile(application.policy));
  const WallTime now{stolen.clock.Now().ms / 1000 * 1000};
  ASSIGN_OR_RETURN(const Bytes tbs, BuildSubscriberTbs({.profile = *profile,
                                                        .ca = description,
                                                        .serial = serial,
                                                        .subject = application.person,
                                                        .spki = spki,
                                                        .validity = {now, now + 30 * kDay},
                                                        .urls = stolen.terms.urls}));
  return stolen.core
      .IssueCertificate({ca.sealed_record, credential.sealed_record, application.order, tbs, {}})
      .status();
}

// Signing with a record that no certificate belongs to yet.
Status RecordZero(Stolen& stolen, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const Credential credential,
                   stolen.FindCredential(arguments.at("--credential")));
  return stolen.core.BeginActivation(credential.sealed_record, "attack", {Sha256(AsBytes("x"))})
      .status();
}

// The signer proves a payload in which the host has exchanged a hash.
Status ChangedHash(Stolen& stolen, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const Credential credential,
                   stolen.FindCredential(arguments.at("--credential")));
  ASSIGN_OR_RETURN(const Bytes payload,
                   stolen.core.BeginActivation(credential.sealed_record, "attack",
                                               {Sha256(AsBytes("what the signer saw"))}));
  core::v1::SadPayload message;
  message.ParseFromArray(payload.data(), static_cast<int>(payload.size()));
  message.set_dtbsr(0, AsString(Sha256(AsBytes("what the host wants signed"))));
  const Bytes changed = ToBytes(message.SerializeAsString());
  ASSIGN_OR_RETURN(const SecretBytes pem, ReadSecretFile(arguments.at("--authenticator-key")));
  ASSIGN_OR_RETURN(const PkeyPtr key, PrivateKeyFromPem(pem));
  ASSIGN_OR_RETURN(const Bytes spki, SpkiOf(key.get()));
  ASSIGN_OR_RETURN(const Bytes signature, SignTbs(changed, key.get()));
  return stolen.core.Sign({credential.sealed_record, changed, {ToBytes(Sha256(spki)), signature}})
      .status();
}

class NoEntries final : public CrlEntrySource {
 public:
  Status Rewind() override { return OkStatus(); }
  StatusOr<std::optional<CrlEntry>> Next() override { return std::nullopt; }
};

// A CRL that lists nothing.
Status HideCrl(Stolen& stolen, const Arguments&) {
  ASSIGN_OR_RETURN(const ServiceKey ca, stolen.Key(ServiceKeyPurpose::kCaIssuing));
  ASSIGN_OR_RETURN(const CaDescription description, CaDescription::Create(ca.certificate));
  ASSIGN_OR_RETURN(const auto latest, stolen.store.LatestCrl());
  const WallTime now{stolen.clock.Now().ms / 1000 * 1000};
  NoEntries none;
  ASSIGN_OR_RETURN(const Bytes tbs,
                   BuildCrlTbs({.issuer = description,
                                .this_update = now,
                                .next_update = now + kDay,
                                .number = latest ? latest->number + 1 : 1,
                                .expired_certs_from = description.validity().not_before,
                                .distribution_point = std::nullopt},
                               none));
  return stolen.core
      .SignCrl(ca.sealed_record, tbs.size(), [&](const OctetSink& sink) { return sink(tbs); })
      .status();
}

// An OCSP answer that calls a revoked certificate good.
Status HideOcsp(Stolen& stolen, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const ServiceKey ca, stolen.Key(ServiceKeyPurpose::kCaIssuing));
  ASSIGN_OR_RETURN(const ServiceKey status, stolen.Key(ServiceKeyPurpose::kStatus));
  ASSIGN_OR_RETURN(const CaDescription description, CaDescription::Create(ca.certificate));
  ASSIGN_OR_RETURN(const Serial serial, Serial::FromHexText(arguments.at("--serial")));
  ASSIGN_OR_RETURN(const Bytes responder, KeyIdentifier(status.spki));
  const WallTime now{stolen.clock.Now().ms / 1000 * 1000};
  ASSIGN_OR_RETURN(
      const Bytes data,
      BuildOcspResponseData(
          {.responder_key_hash = responder,
           .produced_at = now,
           .answers = {{.cert_id = OcspIssuer(description).CertId(OcspHash::kSha1, serial),
                        .status = OcspGood{},
                        .this_update = now,
                        .next_update = now + kHour,
                        .archive_cutoff = std::nullopt}},
           .nonce = std::nullopt,
           .extended_revoke = ExtendedRevoke::kAbsent}));
  return stolen.core.SignOcsp({ca.sealed_record, status.sealed_record, {data}}).status();
}

struct Attack {
  const char* name;
  Status (*run)(Stolen&, const Arguments&);
  std::vector<std::string> needs;
};

int Main(int argc, char** argv) {
  const Attack attacks[] = {
      {"one-officer", OneOfficer, {"--application"}},
      {"other-spki", OtherSpki, {"--application"}},
      {"record-zero", RecordZero, {"--credential"}},
      {"changed-hash", ChangedHash, {"--credential", "--authenticator-key"}},
      {"hide-crl", HideCrl, {}},
      {"hide-ocsp", HideOcsp, {"--serial"}},
  };
  std::string name;
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    if (strncmp(argv[i], "--", 2) == 0 && i + 1 < argc) {
      arguments[argv[i]] = argv[i + 1];
      ++i;
    } else {
      name = argv[i];
    }
  }
  for (const Attack& attack : attacks) {
    if (name != attack.name) continue;
    const auto run = [&]() -> Status {
      ASSIGN_OR_RETURN(const HostSettings settings, LoadHostSettings(arguments["--config"]));
      ASSIGN_OR_RETURN(const auto store, SqlStore::Open(settings.database));
      ASSIGN_OR_RETURN(const auto link, CoreLink::Create(settings.core));
      LinkedCore core(*link);
      Stolen stolen{settings.terms, *store, core, {}, {}};
      for (const std::string& need : attack.needs) {
        if (!arguments.contains(need))
          return Fail(kFieldInvalid, "field " + need + ": is required");
      }
      return attack.run(stolen, arguments);
    };
    const Status status = run();
    fprintf(stderr, "%s\n",
            status.ok() ? "the core did it" : std::string(status.message()).c_str());
    return status.ok() ? 0 : 1;
  }
  fprintf(stderr,
          "intaglio-adversary ATTACK --config host.textproto [--application ID] "
          "[--credential ID] [--serial HEX] [--authenticator-key FILE]\nattacks:");
  for (const Attack& attack : attacks) fprintf(stderr, " %s", attack.name);
  fprintf(stderr, "\n");
  return 2;
}

}  // namespace
}  // namespace intaglio::host

int main(int argc, char** argv) { return intaglio::host::Main(argc, argv); }
