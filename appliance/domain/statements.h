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

namespace intaglio::appliance {

// The natural person a certificate names. [EN 319 412-2 NAT-4.2.4-1]
struct NaturalPerson {
  std::string country;
  std::string given_name;
  std::string surname;
  std::string common_name;
  std::string serial_number;
};

struct CoreGeneratedKey {
  KeyAlgorithm algorithm = KeyAlgorithm::kP256;
};
struct ExistingKey {
  Bytes spki;
};

struct IssuanceOrder {
  Bytes order_id;
  CoreInstance core_instance;
  KeyId issuer_key_id;
  std::string policy_oid;
  NaturalPerson subject;
  std::variant<CoreGeneratedKey, ExistingKey> key;
  std::string signer_id;
  std::vector<Authenticator> authenticators;
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
  std::vector<Digest> dtbsr;  // SHA-256, in the order of signing
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

// One authenticator's signature over a statement's octets.
struct Proof {
  AuthenticatorId authenticator_id;
  Bytes es256;  // DER ECDSA-Sig-Value
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DOMAIN_STATEMENTS_H_
