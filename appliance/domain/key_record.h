// KeyRecord: all the core must know of a key to use it. Sealed, it lives with the host; opened, it
// exists only for the length of one request.
#ifndef INTAGLIO_APPLIANCE_DOMAIN_KEY_RECORD_H_
#define INTAGLIO_APPLIANCE_DOMAIN_KEY_RECORD_H_

#include <optional>
#include <string>
#include <vector>

#include "appliance/domain/ids.h"
#include "base/clock.h"

namespace intaglio::appliance {

enum class KeyPurpose {
  kSigner,
  kOneTime,
  kSeal,
  kCaIssuing,
  kStatus,
  kAttestation,
  kJournal,
  kStorage
};
// A key's shape and the one scheme it signs with; in the schema's order.
enum class KeyAlgorithm { kP256, kRsa3072, kP384, kRsa4096, kRsa3072Pss, kRsa4096Pss };
enum class KeyResidency { kResident, kWrapped };
// What proves that the holder acted, and how sure one may be that it was the holder. In the
// schema's order.
enum class AuthenticatorKind {
  kEs256File,
  kEs256Device,
  kRs256File,
  kRs256Device,
  kWebAuthnDevice,  // the credential cannot leave its device
  kWebAuthnSynced   // its provider may copy it
};

// [WebAuthn Level 2 §7.2]
struct WebAuthnBinding {
  std::string rp_id;
  std::string origin;
  Bytes credential_id;
  Bytes cose_key;  // the same key as the authenticator's SPKI
  Bytes aaguid;    // 16 octets
};

struct Authenticator {
  AuthenticatorKind kind = AuthenticatorKind::kEs256File;
  Bytes spki;                                    // DER, P-256 or RSA
  std::optional<WebAuthnBinding> webauthn = {};  // of the WebAuthn kinds and no other
};

// At one key.
inline constexpr size_t kMostAuthenticators = 8;

// PKCS#11 attributes as read back at generation; an unwrapped key says nothing of its origin.
struct KeyOrigin {
  bool local = false;
  bool sensitive = false;
  bool always_sensitive = false;
  bool extractable = false;
  bool never_extractable = false;
  bool wrap_with_trusted = false;
  uint64_t key_gen_mechanism = 0;
};

struct CertifiedAs {
  KeyId issuer_key_id;
  Serial serial;
  Digest certificate_sha256{};
  WallTime not_before;
  WallTime not_after;
};

// Versions of a SIGNER key: what authority has been proven so far.
inline constexpr uint64_t kVersionGenerated = 0;
inline constexpr uint64_t kVersionCertified = 1;
inline constexpr uint64_t kVersionAccepted = 2;
// Version of a CA_ISSUING key whose certificate has been installed.
inline constexpr uint64_t kVersionInstalled = 1;

struct KeyRecord {
  KeyId key_id;
  uint64_t version = kVersionGenerated;
  KeyPurpose purpose = KeyPurpose::kSigner;
  KeyAlgorithm algorithm = KeyAlgorithm::kP256;
  KeyResidency residency = KeyResidency::kWrapped;
  Bytes spki;
  Bytes wrapped;  // WRAPPED only
  KeyOrigin origin;
  WallTime generated_at;
  std::string signer_id;  // SIGNER only
  std::vector<Authenticator> authenticators;
  std::string policy_oid;
  Digest order_digest{};
  Digest evidence_digest{};
  Digest agreement_digest{};
  std::optional<CertifiedAs> certified_as;
  Bytes ca_certificate;  // CA_ISSUING from version 1
  std::string label;     // service keys
  // SEAL: how many of the authenticators, its controllers, must agree.
  uint32_t controllers_need = 0;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DOMAIN_KEY_RECORD_H_
