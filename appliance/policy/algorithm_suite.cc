#include "appliance/policy/algorithm_suite.h"

#include <algorithm>
#include <string>

#include "appliance/domain/reasons.h"

namespace intaglio::appliance {
namespace {

// Subscribers' keys sign documents; their relying parties read all of these.
constexpr KeyPurpose kSubscriber[] = {KeyPurpose::kSigner, KeyPurpose::kOneTime, KeyPurpose::kSeal};
// The core's own structures are all ecdsa-with-SHA256: what the gates over certificates, CRLs and
// OCSP answers read, and no other.
constexpr KeyPurpose kEverything[] = {
    KeyPurpose::kSigner, KeyPurpose::kOneTime,     KeyPurpose::kSeal,   KeyPurpose::kCaIssuing,
    KeyPurpose::kStatus, KeyPurpose::kAttestation, KeyPurpose::kJournal};

constexpr WallTime k2026{1'767'225'600'000};  // 2026-01-01T00:00:00Z

// Neither TS 119 312 V2.1.1 nor the agreed mechanisms are known here to end one of these on a day,
// so none has an end. [TS 119 312 V2.1.1; EUCC agreed cryptographic mechanisms]
constexpr AlgorithmSuite kSuites2026[] = {
    {"P-256 with SHA-256",
     KeyAlgorithm::kP256,
     HashAlgorithm::kSha256,
     "1.2.840.10045.4.3.2",
     kEverything,
     k2026,
     {}},
    {"P-384 with SHA-384",
     KeyAlgorithm::kP384,
     HashAlgorithm::kSha384,
     "1.2.840.10045.4.3.3",
     kSubscriber,
     k2026,
     {}},
    {"RSA-3072 with SHA-256",
     KeyAlgorithm::kRsa3072,
     HashAlgorithm::kSha256,
     "1.2.840.113549.1.1.11",
     kSubscriber,
     k2026,
     {}},
    {"RSA-3072 with SHA-384",
     KeyAlgorithm::kRsa3072,
     HashAlgorithm::kSha384,
     "1.2.840.113549.1.1.12",
     kSubscriber,
     k2026,
     {}},
    {"RSA-3072 with SHA-512",
     KeyAlgorithm::kRsa3072,
     HashAlgorithm::kSha512,
     "1.2.840.113549.1.1.13",
     kSubscriber,
     k2026,
     {}},
    {"RSA-4096 with SHA-256",
     KeyAlgorithm::kRsa4096,
     HashAlgorithm::kSha256,
     "1.2.840.113549.1.1.11",
     kSubscriber,
     k2026,
     {}},
    {"RSA-4096 with SHA-384",
     KeyAlgorithm::kRsa4096,
     HashAlgorithm::kSha384,
     "1.2.840.113549.1.1.12",
     kSubscriber,
     k2026,
     {}},
    {"RSA-4096 with SHA-512",
     KeyAlgorithm::kRsa4096,
     HashAlgorithm::kSha512,
     "1.2.840.113549.1.1.13",
     kSubscriber,
     k2026,
     {}},
    {"RSA-3072-PSS with SHA-256",
     KeyAlgorithm::kRsa3072Pss,
     HashAlgorithm::kSha256,
     "1.2.840.113549.1.1.10",
     kSubscriber,
     k2026,
     {}},
    {"RSA-3072-PSS with SHA-384",
     KeyAlgorithm::kRsa3072Pss,
     HashAlgorithm::kSha384,
     "1.2.840.113549.1.1.10",
     kSubscriber,
     k2026,
     {}},
    {"RSA-3072-PSS with SHA-512",
     KeyAlgorithm::kRsa3072Pss,
     HashAlgorithm::kSha512,
     "1.2.840.113549.1.1.10",
     kSubscriber,
     k2026,
     {}},
    {"RSA-4096-PSS with SHA-256",
     KeyAlgorithm::kRsa4096Pss,
     HashAlgorithm::kSha256,
     "1.2.840.113549.1.1.10",
     kSubscriber,
     k2026,
     {}},
    {"RSA-4096-PSS with SHA-384",
     KeyAlgorithm::kRsa4096Pss,
     HashAlgorithm::kSha384,
     "1.2.840.113549.1.1.10",
     kSubscriber,
     k2026,
     {}},
    {"RSA-4096-PSS with SHA-512",
     KeyAlgorithm::kRsa4096Pss,
     HashAlgorithm::kSha512,
     "1.2.840.113549.1.1.10",
     kSubscriber,
     k2026,
     {}},
};

bool Stands(const AlgorithmSuite& suite, KeyPurpose purpose, WallTime now) {
  return std::ranges::count(suite.purposes, purpose) != 0 && now >= suite.from &&
         (!suite.until || now < *suite.until);
}

// What could be used instead, for the reader of the refusal.
std::string Choice(std::span<const AlgorithmSuite> table, KeyPurpose purpose, WallTime now) {
  std::string out;
  for (const AlgorithmSuite& suite : table) {
    if (Stands(suite, purpose, now)) out += (out.empty() ? "" : ", ") + std::string(suite.name);
  }
  return out.empty() ? "no suite stands for this purpose now"
                     : "for this purpose stand now: " + out;
}

}  // namespace

std::span<const AlgorithmSuite> Suites2026() { return kSuites2026; }

Status CheckSuiteIn(std::span<const AlgorithmSuite> table, KeyAlgorithm algorithm,
                    HashAlgorithm hash, KeyPurpose purpose, WallTime now) {
  const bool stands = std::ranges::any_of(table, [&](const AlgorithmSuite& suite) {
    return suite.algorithm == algorithm && suite.hash == hash && Stands(suite, purpose, now);
  });
  if (stands) return OkStatus();
  return Fail(kAlgorithmUnsuitable, "this key does not sign " + std::string(NameOf(hash)) +
                                        " digests at " + ToIso8601(now) + "; " +
                                        Choice(table, purpose, now));
}

Status CheckKeyGenerationIn(std::span<const AlgorithmSuite> table, KeyAlgorithm algorithm,
                            KeyPurpose purpose, WallTime now) {
  const bool stands = std::ranges::any_of(table, [&](const AlgorithmSuite& suite) {
    return suite.algorithm == algorithm && Stands(suite, purpose, now);
  });
  if (stands) return OkStatus();
  return Fail(kAlgorithmUnsuitable, "a key of this algorithm could sign nothing at " +
                                        ToIso8601(now) + "; " + Choice(table, purpose, now));
}

Status CheckSuite(KeyAlgorithm algorithm, HashAlgorithm hash, KeyPurpose purpose, WallTime now) {
  return CheckSuiteIn(kSuites2026, algorithm, hash, purpose, now);
}

Status CheckKeyGeneration(KeyAlgorithm algorithm, KeyPurpose purpose, WallTime now) {
  return CheckKeyGenerationIn(kSuites2026, algorithm, purpose, now);
}

size_t LongestSignature(KeyAlgorithm algorithm) {
  switch (algorithm) {
    case KeyAlgorithm::kP256:
      return 72;
    case KeyAlgorithm::kP384:
      return 104;
    case KeyAlgorithm::kRsa3072:
    case KeyAlgorithm::kRsa3072Pss:
      return 384;
    case KeyAlgorithm::kRsa4096:
    case KeyAlgorithm::kRsa4096Pss:
      break;
  }
  return 512;
}

}  // namespace intaglio::appliance
