#include "host/policy/lint.h"

#include <algorithm>

#include "host/domain/oids.h"
#include "host/domain/serial.h"
#include "host/policy/lint_checks.h"
#include "host/policy/reasons.h"

namespace intaglio::host {
namespace {

constexpr int kLeastSerialBits = 64;
constexpr int kLeastRsaBits = 3072;

constexpr Cited<uint32_t> kResponderUsage{kKeyUsageDigitalSignature, "RFC 5280 §4.2.1.12"};
constexpr Cited<uint32_t> kAuthorityUsage{kKeyUsageKeyCertSign | kKeyUsageCrlSign,
                                          "EN 319 411-1 GEN-6.5.3-03"};
// Nobody can revoke a responder, so it is short; the distance of the two ends.
constexpr Cited<Duration> kResponderLife{90 * kDay, "CPS (EN 319 411-1 CSS-6.6.3-01A)"};

// What is alike in certificates of every kind.
void LintFrame(const CertificateFacts& facts, LintReport& report) {
  report.Require(facts.version == 3, "version",
                 "version is " + std::to_string(facts.version) + ", must be 3");
  report.Require(Serial::Create(facts.serial).ok(), "serial-form",
                 "serial is not a positive minimal INTEGER of at most 20 octets");
  report.Require(facts.signature_oid == oid::kEcdsaWithSha256, "signature-algorithm",
                 "found " + facts.signature_oid);
  const bool key_ok =
      facts.key_algorithm == KeyAlgorithm::kEcP256 ||
      facts.key_algorithm == KeyAlgorithm::kEcP384 ||
      (facts.key_algorithm == KeyAlgorithm::kRsa && facts.key_bits >= kLeastRsaBits);
  report.Require(key_ok && facts.key_is_sound, "public-key",
                 "found a key of " + std::to_string(facts.key_bits) +
                     " bits; a sound one of P-256, P-384 or RSA of at least 3072 bits is needed");
  report.Require(facts.validity.not_after > facts.validity.not_before, "validity-positive",
                 "notAfter is not later than notBefore");
}

// Of serials that the core draws; a CA's own is its root's.
void LintSerialEntropy(const CertificateFacts& facts, LintReport& report) {
  const StatusOr<Serial> serial = Serial::Create(facts.serial);
  report.Require(!serial.ok() || serial->bits() >= kLeastSerialBits, "serial-entropy",
                 "serial has fewer than 64 significant bits");
}

void LintLength(Duration length, const Cited<Duration>& longest, LintReport& report) {
  report.RequireBy(longest.clause, length <= longest.value, "validity-bound",
                   "valid for " + std::to_string(length / kSecond) + " s, at most " +
                       std::to_string(longest.value / kSecond) + " allowed");
}

}  // namespace

std::vector<LintFinding> Lint(const CertificateFacts& facts, const ProfileSpec& profile) {
  LintReport report;
  LintFrame(facts, report);
  LintSerialEntropy(facts, report);
  // Both ends count, so the period is one second longer than their difference.
  LintLength(facts.validity.not_after - facts.validity.not_before + kSecond,
             profile.longest_validity, report);
  LintIssuer(facts, report);
  LintSubject(facts, profile, report);
  LintExtensions(facts, SubscriberExtensions(), report);
  LintNotACa(facts, report);
  LintKeyUsage(facts, profile.key_usage, report);
  LintPurpose(facts, report);
  LintKeyIds(facts, report);
  LintStatusService(facts, profile, report);
  LintPolicies(facts, profile, report);
  LintPolicyQualifiers(facts, report);
  LintStatements(facts, profile, report);
  return report.Take();
}

std::vector<LintFinding> LintResponder(const CertificateFacts& facts) {
  LintReport report;
  LintFrame(facts, report);
  LintSerialEntropy(facts, report);
  LintLength(facts.validity.not_after - facts.validity.not_before, kResponderLife, report);
  LintIssuer(facts, report);
  LintInstitution(facts, "responder-name", OtherAttributes::kRefused, report);
  LintExtensions(facts, ResponderExtensions(), report);
  LintNotACa(facts, report);
  LintKeyUsage(facts, kResponderUsage, report);
  LintKeyIds(facts, report);
  LintNoPersonsPolicy(facts, report);
  LintPolicyQualifiers(facts, report);
  const auto& purposes = facts.extended_key_usage_oids;
  report.Require(purposes.size() == 1 && purposes[0] == oid::kOcspSigning, "responder-purpose",
                 "extendedKeyUsage is not OCSPSigning alone");
  const ExtensionFact* no_check = FindExtension(facts, oid::kOcspNoCheck);
  report.Require(no_check != nullptr && no_check->holds_null, "responder-no-check",
                 "ocsp-nocheck is missing or does not hold NULL");
  report.Require(facts.ocsp_urls.empty(), "responder-no-ocsp", "it names a responder for itself");
  return report.Take();
}

std::vector<LintFinding> LintAuthority(const CertificateFacts& facts) {
  LintReport report;
  LintFrame(facts, report);
  report.Require(facts.key_algorithm == KeyAlgorithm::kEcP256, "ca-public-key",
                 "the key is not P-256");
  LintInstitution(facts, "ca-name", OtherAttributes::kAllowed, report);
  LintExtensions(facts, AuthorityExtensions(), report);
  const ExtensionFact* constraints = FindExtension(facts, oid::kBasicConstraints);
  report.Require(facts.basic_constraints && facts.basic_constraints->ca && constraints != nullptr &&
                     constraints->critical,
                 "ca-constraints", "basicConstraints with CA:TRUE, critical, is missing");
  LintKeyUsage(facts, kAuthorityUsage, report);
  report.Require(facts.subject_key_id && !facts.subject_key_id->empty(), "subject-key-id",
                 "subjectKeyIdentifier is missing");
  // A root's own may leave it out, for it is the same.
  const bool own_issuer = facts.issuer_text == facts.subject_text;
  report.Require(own_issuer || (facts.authority_key_id && !facts.authority_key_id->empty()),
                 "authority-key-id", "authorityKeyIdentifier with a keyIdentifier is missing");
  LintPolicyQualifiers(facts, report);
  return report.Take();
}

Status RequireClean(const std::vector<LintFinding>& findings) {
  if (findings.empty()) return OkStatus();
  std::string detail;
  bool alike = true;
  for (const LintFinding& finding : findings) {
    if (!detail.empty()) detail += "; ";
    detail += std::string(finding.rule) + " [" + std::string(finding.clause) + "]: " + finding.text;
    alike = alike && finding.reason == findings[0].reason;
  }
  return Fail(alike && findings[0].reason != nullptr ? *findings[0].reason : kLintFindings, detail);
}

}  // namespace intaglio::host
