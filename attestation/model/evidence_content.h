// EvidenceContent: what key attestation evidence says, apart from its encoding and its signatures.
//
// The producer and the verifier share these values and nothing else, so that one's mistake in
// encoding or judging is not the other's. A claim that is absent is absent here too: nothing is
// filled in. Plain values; a TransactionClaims or PlatformClaims with no claim at all stands for
// an element that was not reported.
#ifndef INTAGLIO_ATTESTATION_MODEL_EVIDENCE_CONTENT_H_
#define INTAGLIO_ATTESTATION_MODEL_EVIDENCE_CONTENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attestation/model/oids.h"
#include "base/bytes.h"
#include "base/clock.h"

namespace intaglio::attestation {

// Limits that the producer keeps and the verifier enforces.
inline constexpr size_t kMaxEvidenceOctets = 64 * 1024;
inline constexpr size_t kMaxElements = 64;
inline constexpr size_t kMaxClaimsPerElement = 64;
inline constexpr size_t kMaxSignatures = 8;
inline constexpr size_t kMaxIntermediates = 8;
inline constexpr size_t kMaxCertificateOctets = 16 * 1024;
inline constexpr size_t kMinNonceOctets = 16;
inline constexpr size_t kMaxNonceOctets = 64;

// Where the private key lives [DESIGN §3].
enum class Residency : uint8_t {
  kResident,  // a token object that cannot leave
  kWrapped,   // kept outside, wrapped under a trusted storage key
};
inline constexpr std::string_view kResidentText = "RESIDENT";
inline constexpr std::string_view kWrappedText = "WRAPPED";

// What a key element without an SPKI is about.
enum class KeyClass : uint8_t {
  kStorage,  // a secret AES key under which WRAPPED keys are kept
};
inline constexpr std::string_view kStorageText = "storage";

// The debugstat claim: state of the device's debug facilities [RFC 9711 §4.2.9].
inline constexpr int64_t kDebugEnabled = 0;
inline constexpr int64_t kDebugDisabled = 1;
inline constexpr int64_t kDebugDisabledSinceBoot = 2;
inline constexpr int64_t kDebugDisabledPermanently = 3;
inline constexpr int64_t kDebugDisabledFullyAndPermanently = 4;

struct TransactionClaims {
  std::optional<Bytes> nonce;
  std::optional<WallTime> timestamp;  // whole seconds; not freshness, the nonce is
  std::vector<Bytes> ak_spki;         // DER SubjectPublicKeyInfo of each attestation key
  friend bool operator==(const TransactionClaims&, const TransactionClaims&) = default;
};

struct PlatformClaims {
  std::optional<std::string> vendor;
  std::optional<Bytes> oemid;
  std::optional<Bytes> hwmodel;
  std::optional<std::string> hwversion;
  std::optional<std::string> hwserial;
  std::optional<std::string> swname;
  std::optional<std::string> swversion;
  std::optional<int64_t> debugstat;
  std::optional<int64_t> uptime;  // seconds
  std::optional<int64_t> bootcount;
  std::optional<bool> fipsboot;
  std::optional<std::string> fipsver;
  std::optional<int64_t> fipslevel;
  std::optional<std::string> fipsmodule;
  // Ours (oids.h).
  std::optional<Bytes> boot_id;
  std::optional<Bytes> core_instance;
  std::optional<Bytes> self_reported_measurement;
  std::optional<bool> simulated;
  std::optional<Bytes> journal_head;
  friend bool operator==(const PlatformClaims&, const PlatformClaims&) = default;
};

struct KeyClaims {
  std::vector<std::string> identifiers;  // at least one
  std::optional<Bytes> spki;             // DER SubjectPublicKeyInfo; absent for a secret key
  std::optional<bool> extractable;
  std::optional<bool> sensitive;
  std::optional<bool> never_extractable;
  std::optional<bool> local;
  std::optional<WallTime> expiry;  // whole seconds
  std::optional<std::vector<KeyPurpose>> purposes;
  // Ours (oids.h).
  std::optional<bool> wrap_with_trusted;
  std::optional<Residency> residency;
  std::optional<KeyClass> key_class;
  std::optional<bool> trusted;
  friend bool operator==(const KeyClaims&, const KeyClaims&) = default;
};

struct EvidenceContent {
  TransactionClaims transaction;
  PlatformClaims platform;
  std::vector<KeyClaims> keys;
  friend bool operator==(const EvidenceContent&, const EvidenceContent&) = default;
};

}  // namespace intaglio::attestation

#endif  // INTAGLIO_ATTESTATION_MODEL_EVIDENCE_CONTENT_H_
