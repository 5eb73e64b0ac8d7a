// Evidence of where a key was born, read offline: the core's own, or another vendor's attestation.
#include <algorithm>

#include "attestation/devices/device_attestation.h"
#include "host/ctl/command_table.h"
#include "host/ctl/inputs.h"
#include "host/ctl/reasons.h"
#include "host/x509/public_key.h"

namespace intaglio::host {
namespace {

namespace att = ::intaglio::attestation;

constexpr size_t kMostEvidenceFile = 256 * 1024;

struct EvidenceFlags {
  std::string file;
  std::vector<std::string> chain;
  std::vector<std::string> device_roots;
};

StatusOr<att::TrustStore> RootsOf(const EvidenceFlags& flags) {
  std::vector<Bytes> roots;
  for (const std::string& each : flags.device_roots) {
    ASSIGN_OR_RETURN(Bytes root, ReadCertificate(each));
    roots.push_back(std::move(root));
  }
  if (roots.empty()) {
    return Fail(kArgumentInvalid, "--device-root: the vendor's root, from the vendor itself");
  }
  return att::TrustStore::Create(std::move(roots), {});
}

// Our own evidence as DER or PEM; whatever else it is, it is read as a vendor's.
StatusOr<att::ParsedEvidence> ParseOwn(const Bytes& file, const att::EvidenceProfile& profile) {
  const auto der = att::EvidenceFromPem(AsStringView(file));
  return att::ParseEvidence(der.ok() ? *der : file, profile);
}

struct Read {
  att::VerifiedEvidence verified;
  std::string format;
};

StatusOr<Read> Verify(const EvidenceFlags& flags, WallTime now) {
  ASSIGN_OR_RETURN(const Bytes file, ReadInput(flags.file, kMostEvidenceFile));
  ASSIGN_OR_RETURN(const att::TrustStore roots, RootsOf(flags));
  const auto profile = att::EvidenceProfile::Draft();
  const auto own = ParseOwn(file, profile);
  if (own.ok()) {
    ASSIGN_OR_RETURN(auto verified, att::VerifyEvidence(*own, roots, now, profile));
    return Read{std::move(verified), "evidence"};
  }
  auto device = att::ReadDeviceAttestation(file);
  // Neither the one nor the other: what was wrong with it as evidence says more.
  if (!device.ok() || !att::FormatOf(*device).ok()) {
    return device.ok() ? att::FormatOf(*device).status() : own.status();
  }
  att::DeviceAttestation attestation = *std::move(device);
  for (const std::string& each : flags.chain) {
    ASSIGN_OR_RETURN(auto certificates, ReadCertificates(each));
    for (Bytes& der : certificates) attestation.chain.push_back(std::move(der));
  }
  ASSIGN_OR_RETURN(const std::string_view format, att::FormatOf(attestation));
  ASSIGN_OR_RETURN(auto verified, att::VerifyDeviceAttestation(attestation, roots, now));
  return Read{std::move(verified), std::string(format)};
}

std::string Said(const std::optional<std::string>& value) { return value.value_or("(not said)"); }
std::string Said(const std::optional<bool>& value) {
  return !value ? "(not said)" : *value ? "yes" : "no";
}

Report ReportOfKey(const att::KeyClaims& key) {
  Report report;
  std::string names, purposes;
  for (const std::string& each : key.identifiers) names += (names.empty() ? "" : " ") + each;
  for (const auto each : key.purposes.value_or(std::vector<att::KeyPurpose>())) {
    purposes += (purposes.empty() ? "" : " ") + std::string(att::NameOf(each));
  }
  report.Text("identifiers", names);
  if (key.spki) report.Octets("spki_sha256", Sha256(*key.spki));
  report.Text("generated_in_device", Said(key.local));
  report.Text("extractable", Said(key.extractable));
  report.Text("never_extractable", Said(key.never_extractable));
  report.Text("sensitive", Said(key.sensitive));
  report.Text("purposes", key.purposes ? purposes : "(not said)");
  // What a QSCD key must be; whether the device is one only the list of certified devices says.
  const bool fit = key.local == true && key.sensitive == true && key.extractable == false &&
                   key.never_extractable == true &&
                   key.purposes == std::vector{att::KeyPurpose::kSign};
  report.Truth("born_and_kept_as_a_qscd_key", fit);
  return report;
}

StatusOr<Report> EvidenceShow(const EvidenceFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const Read read, Verify(flags, session.clock().Now()));
  const att::EvidenceContent& content = read.verified.content();
  const att::PlatformClaims& platform = content.platform;
  Report report;
  report.Text("format", read.format).Octets("evidence_sha256", read.verified.evidence_digest());
  report.Octets("device_root_sha256", read.verified.device_root());
  report.Octets("attestation_key_sha256", Sha256(read.verified.ak_spki()));
  Report device;
  device.Text("vendor", Said(platform.vendor));
  device.Text("model",
              platform.hwmodel ? std::string(AsStringView(*platform.hwmodel)) : "(not said)");
  device.Text("hardware_version", Said(platform.hwversion));
  device.Text("serial", Said(platform.hwserial));
  device.Text("firmware", Said(platform.swname));
  device.Text("firmware_version", Said(platform.swversion));
  device.Text("simulated", Said(platform.simulated));
  report.Part("device", std::move(device));
  if (content.transaction.nonce) report.Octets("nonce", *content.transaction.nonce);
  std::vector<Report> keys;
  for (const att::KeyClaims& each : content.keys) keys.push_back(ReportOfKey(each));
  report.Parts("keys", std::move(keys));
  return report;
}

}  // namespace

void AddEvidenceCommands(CommandTable& table) {
  table.Noun("evidence", "Evidence of where keys were born, verified offline");
  table.Add<EvidenceFlags>(
      {"evidence show",
       "Verifies a core's evidence, or a YubiHSM 2's or YubiKey's attestation, and says what it "
       "says",
       "intaglio evidence show attestation.pem --chain device.pem --device-root yubihsm-root.pem"},
      [](Flags& flags, EvidenceFlags& o) {
        flags.Required("FILE", o.file, "evidence (DER, PEM), or the attested key's certificate")
            .Several("--chain", o.chain, "certificates between it and the root; may be repeated")
            .Several("--device-root", o.device_roots, "the vendor's root; may be repeated");
      },
      EvidenceShow);
}

}  // namespace intaglio::host
