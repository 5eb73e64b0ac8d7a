// Statements: what people sign, as values. The octets they signed stay beside them, because only
// those octets are proof.
#ifndef INTAGLIO_APPLIANCE_DOMAIN_STATEMENTS_H_
#define INTAGLIO_APPLIANCE_DOMAIN_STATEMENTS_H_

#include <string>
#include <variant>
#include <vector>

#include "appliance/domain/commands.h"
#include "appliance/domain/ids.h"
#include "appliance/domain/key_record.h"
#include "base/clock.h"
#include "base/message_digest.h"

namespace intaglio::appliance {

// The natural person a certificate names. [EN 319 412-2 NAT-4.2.4-1]
struct NaturalPerson {
  std::string country;
  std::string given_name;
  std::string surname;
  std::string common_name;
  std::string serial_number;
};

// The legal person a certificate names. [EN 319 412-3 LEG-4.2.1]
struct LegalPerson {
  std::string country;
  std::string organization_name;
  std::string organization_identifier;
  std::string common_name;
};

using Subject = std::variant<NaturalPerson, LegalPerson>;

struct CoreGeneratedKey {
  KeyAlgorithm algorithm = KeyAlgorithm::kP256;
  KeyPurpose use = KeyPurpose::kSigner;  // kSeal for legal persons and for them alone
};
struct ExistingKey {
  Bytes spki;
};

struct IssuanceOrder {
  Bytes order_id;
  CoreInstance core_instance;
  KeyId issuer_key_id;
  std::string policy_oid;
  Subject subject;
  std::variant<CoreGeneratedKey, ExistingKey> key;
  std::string signer_id;
  std::vector<Authenticator> authenticators;
  uint32_t controllers_need = 0;  // SEAL: how many of the authenticators must agree
  Digest evidence_digest{};
  Digest agreement_digest{};
  uint32_t validity_days = 0;
  WallTime issued_at;
  WallTime expires_at;
};

struct SadPayload {
  CoreInstance core_instance;
  BootId boot_id;
  Nonce nonce;
  KeyId key_id;
  std::string signer_id;
  std::string session_id;
  std::vector<MessageDigest> dtbsr;  // of one algorithm, in the order of signing
  WallTime issued_at;
  WallTime expires_at;
};

struct AcceptanceStatement {
  CoreInstance core_instance;
  KeyId key_id;
  Digest certificate_sha256{};
  Digest agreement_digest{};
  WallTime accepted_at;
};

// RFC 5280 §5.3.1 values.
enum class CrlReason : uint8_t {
  kUnspecified = 0,
  kKeyCompromise = 1,
  kAffiliationChanged = 3,
  kSuperseded = 4,
  kCessationOfOperation = 5,
  kCertificateHold = 6,
  kPrivilegeWithdrawn = 9,
};

enum class StateAction { kRevoke, kSuspend, kReinstate };

struct StateOrder {
  Bytes order_id;
  CoreInstance core_instance;
  StateAction action = StateAction::kRevoke;
  KeyId issuer_key_id;
  Serial serial;
  CrlReason reason = CrlReason::kUnspecified;
  WallTime issued_at;
  WallTime expires_at;
};

struct SignerRevocation {
  CoreInstance core_instance;
  KeyId issuer_key_id;
  Serial serial;
  CrlReason reason = CrlReason::kUnspecified;
  WallTime requested_at;
};

struct AddAuthenticator {
  CoreInstance core_instance;
  KeyId key_id;
  uint64_t record_version = 0;  // that it is added to
  Authenticator authenticator;
  WallTime issued_at;
  WallTime expires_at;
};

struct RemoveAuthenticator {
  CoreInstance core_instance;
  KeyId key_id;
  AuthenticatorId authenticator_id;
  WallTime issued_at;
  WallTime expires_at;
};

struct Approval {
  OfficerId officer_id;
  Bytes signature;  // DER ECDSA-Sig-Value
};

// A statement as signed: the octets, what they say, and who put a signature under them.
template <class Statement>
struct Signed {
  Bytes octets;
  Statement statement;
  std::vector<Approval> approvals;
  Bytes proofs = {};  // the approvals' octets as they came, for the journal
};

struct Es256Proof {
  Bytes signature;  // DER ECDSA-Sig-Value over SHA-256 of the statement's octets
};
struct Rs256Proof {
  Bytes signature;  // RSASSA-PKCS1-v1_5 with SHA-256 over them
};
// Its challenge is SHA-256 of the statement's octets.
struct WebAuthnAssertion {
  Bytes authenticator_data;
  Bytes client_data_json;
  Bytes signature;
};

// One authenticator's agreement to a statement's octets.
struct Proof {
  AuthenticatorId authenticator_id;
  std::variant<Es256Proof, Rs256Proof, WebAuthnAssertion> method;
  Bytes octets = {};  // the proof as it came, for the journal
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DOMAIN_STATEMENTS_H_
