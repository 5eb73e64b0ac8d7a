// AlgorithmSuite: which signature schemes this core uses, for what, and from when until when. One
// frozen table a year: when the agreed mechanisms change, a new table is added and no old one
// edited. Asked when a key is made and each time one signs, so that a scheme which lapses stops
// signing on its day. [ETSI TS 119 312 clauses 5 to 7; ENISA/ECCG Agreed Cryptographic Mechanisms]
#ifndef INTAGLIO_APPLIANCE_POLICY_ALGORITHM_SUITE_H_
#define INTAGLIO_APPLIANCE_POLICY_ALGORITHM_SUITE_H_

#include <optional>
#include <span>
#include <string_view>

#include "appliance/domain/key_record.h"
#include "base/message_digest.h"
#include "base/status.h"

namespace intaglio::appliance {

struct AlgorithmSuite {
  std::string_view name;  // "RSA-3072-PSS with SHA-256"
  KeyAlgorithm algorithm;
  HashAlgorithm hash;
  std::string_view signature_oid;  // algorithm of the signature's AlgorithmIdentifier
  std::span<const KeyPurpose> purposes;
  WallTime from;
  std::optional<WallTime> until;  // empty: no end is known
};

std::span<const AlgorithmSuite> Suites2026();

// OK if keys of `purpose` and `algorithm` may sign digests of `hash` at `now`, else
// kAlgorithmUnsuitable saying what would do.
Status CheckSuite(KeyAlgorithm algorithm, HashAlgorithm hash, KeyPurpose purpose, WallTime now);
// OK if at `now` such a key could sign anything at all, else kAlgorithmUnsuitable.
Status CheckKeyGeneration(KeyAlgorithm algorithm, KeyPurpose purpose, WallTime now);

// Octets of the longest signature that a key of `algorithm` makes, as X.509 carries it.
size_t LongestSignature(KeyAlgorithm algorithm);

// The two over a given table.
Status CheckSuiteIn(std::span<const AlgorithmSuite> table, KeyAlgorithm algorithm,
                    HashAlgorithm hash, KeyPurpose purpose, WallTime now);
Status CheckKeyGenerationIn(std::span<const AlgorithmSuite> table, KeyAlgorithm algorithm,
                            KeyPurpose purpose, WallTime now);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_POLICY_ALGORITHM_SUITE_H_
