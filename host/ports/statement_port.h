// StatementPort: canonical octets of what people sign, and what is in them.
#ifndef INTAGLIO_HOST_PORTS_STATEMENT_PORT_H_
#define INTAGLIO_HOST_PORTS_STATEMENT_PORT_H_

#include <string>

#include "host/domain/application.h"
#include "host/domain/credential.h"

namespace intaglio::host {

struct OrderFields {
  Bytes order_id;       // 32 octets
  Bytes core_instance;  // 16 octets
  Bytes issuer_key_id;  // 16 octets
  Bytes agreement_digest;
  uint32_t validity_days = 0;
  WallTime issued_at;
  WallTime expires_at;
};

struct AcceptanceFields {
  Bytes core_instance;
  Bytes key_id;
  Bytes certificate_sha256;
  Bytes agreement_digest;
  WallTime accepted_at;
};

// Numbers as in statements.proto.
enum class StateAction : int { kRevoke = 1, kSuspend = 2, kReinstate = 3 };

struct StateOrderFields {
  Bytes order_id;
  Bytes core_instance;
  StateAction action = StateAction::kRevoke;
  Bytes issuer_key_id;
  Bytes serial;
  RevocationReason reason = RevocationReason::kUnspecified;
  WallTime issued_at;
  WallTime expires_at;
};

struct SignerRevocationFields {
  Bytes core_instance;
  Bytes issuer_key_id;
  Bytes serial;
  RevocationReason reason = RevocationReason::kUnspecified;
  WallTime requested_at;
};

class StatementPort {
 public:
  virtual ~StatementPort() = default;
  virtual Bytes ComposeApplication(const Application& application, ByteView agreement_digest) = 0;
  virtual Bytes ComposeOrder(const Application& application, const OrderFields& fields) = 0;
  virtual Bytes ComposeAcceptance(const AcceptanceFields& fields) = 0;
  virtual Bytes ComposeStateOrder(const StateOrderFields& fields) = 0;
  virtual Bytes ComposeSignerRevocation(const SignerRevocationFields& fields) = 0;
  // The identity-evidence document, whose SHA-256 goes into the order.
  virtual Bytes ComposeEvidence(const std::string& application_id, const IdentityEvidence& evidence,
                                WallTime recorded_at) = 0;
  // The acceptance of a legal person's certificate with its controllers' proofs, to be kept.
  virtual Bytes ComposeAcceptanceRecord(const std::string& credential_id, ByteView statement,
                                        const std::vector<AuthenticatorProof>& proofs) = 0;
  // What a state order orders; kFieldInvalid if the octets are no canonical order.
  virtual StatusOr<StateOrderFields> ReadStateOrder(ByteView octets) = 0;
  virtual StatusOr<SignerRevocationFields> ReadSignerRevocation(ByteView octets) = 0;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_PORTS_STATEMENT_PORT_H_
