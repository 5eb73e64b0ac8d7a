#include "host/ctl/ca_evidence.h"

#include <algorithm>

#include "attestation/verify/verified_evidence.h"
#include "host/ctl/reasons.h"
#include "host/x509/public_key.h"

namespace intaglio::host {
namespace {

namespace att = ::intaglio::attestation;

Status Demand(std::string_view claim, const std::optional<bool>& found, bool wanted) {
  if (found && *found == wanted) return OkStatus();
  return Fail(kEvidenceUnacceptable, std::string(claim) + " is " +
                                         (!found   ? "absent"
                                          : *found ? "true"
                                                   : "false") +
                                         ", wanted is " + (wanted ? "true" : "false"));
}

bool OnlySigns(const std::vector<att::KeyPurpose>& purposes) {
  return !purposes.empty() && std::all_of(purposes.begin(), purposes.end(), [](auto each) {
    return each == att::KeyPurpose::kSign || each == att::KeyPurpose::kVerify;
  });
}

Status CheckKey(const att::KeyClaims& key) {
  RETURN_IF_ERROR(Demand("local", key.local, true));
  RETURN_IF_ERROR(Demand("sensitive", key.sensitive, true));
  RETURN_IF_ERROR(Demand("extractable", key.extractable, false));
  RETURN_IF_ERROR(Demand("never-extractable", key.never_extractable, true));
  if (!key.residency || *key.residency != att::Residency::kResident) {
    return Fail(kEvidenceUnacceptable, "residency is not RESIDENT");
  }
  if (!key.purposes || !OnlySigns(*key.purposes)) {
    return Fail(kEvidenceUnacceptable, "purpose is not signing alone");
  }
  return OkStatus();
}

}  // namespace

StatusOr<Report> CheckCaEvidence(const CaEvidence& input, WallTime at) {
  const auto profile = att::EvidenceProfile::Draft();
  ASSIGN_OR_RETURN(const auto roots, att::TrustStore::Create(input.device_roots, {}));
  ASSIGN_OR_RETURN(const auto parsed, att::ParseEvidence(input.evidence, profile));
  ASSIGN_OR_RETURN(const auto verified, att::VerifyEvidence(parsed, roots, at, profile));
  const att::EvidenceContent& content = verified.content();
  if (!content.transaction.nonce || !Equal(*content.transaction.nonce, input.nonce)) {
    return Fail(kEvidenceUnacceptable, "it answers another nonce than this ceremony's");
  }
  const att::KeyClaims* found = nullptr;
  for (const att::KeyClaims& each : content.keys) {
    if (!each.spki || !Equal(*each.spki, input.spki)) continue;
    if (found != nullptr) return Fail(kEvidenceUnacceptable, "it describes the key twice");
    found = &each;
  }
  if (found == nullptr) {
    return Fail(kEvidenceUnacceptable,
                "it describes no key with SPKI SHA-256 " + ToHex(Sha256(input.spki)));
  }
  RETURN_IF_ERROR(CheckKey(*found));
  const att::PlatformClaims& platform = content.platform;
  Report report;
  report.Text("vendor", platform.vendor.value_or("(not said)"));
  report.Text("hw_model",
              platform.hwmodel ? std::string(AsStringView(*platform.hwmodel)) : "(not said)");
  report.Text("hw_serial", platform.hwserial.value_or("(not said)"));
  report.Text("software",
              platform.swname.value_or("(not said)") + " " + platform.swversion.value_or(""));
  if (platform.core_instance) report.Octets("core_instance", *platform.core_instance);
  report.Text("key", "local, sensitive, RESIDENT, never extractable, signs only");
  report.Octets("key_spki_sha256", Sha256(input.spki));
  report.Octets("device_root_sha256", verified.device_root());
  report.Octets("evidence_sha256", verified.evidence_digest());
  return report;
}

}  // namespace intaglio::host
