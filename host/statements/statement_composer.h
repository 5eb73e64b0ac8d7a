// StatementComposer: StatementPort over the schemas. The octets are the canonical encoding the core
// accepts: deterministic, no unknown field.
#ifndef INTAGLIO_HOST_STATEMENTS_STATEMENT_COMPOSER_H_
#define INTAGLIO_HOST_STATEMENTS_STATEMENT_COMPOSER_H_

#include <google/protobuf/message.h>

#include "host/ports/statement_port.h"

namespace intaglio::host {

// The canonical octets of `message`.
Bytes SerializeCanonical(const google::protobuf::Message& message);
// True if `octets` are the canonical encoding of `message`, which is filled, with no unknown field
// at any depth: what an officer is shown is then all there is.
bool ParseCanonical(ByteView octets, google::protobuf::Message& message);

class StatementComposer final : public StatementPort {
 public:
  Bytes ComposeApplication(const Application& application, ByteView agreement_digest) override;
  Bytes ComposeOrder(const Application& application, const OrderFields& fields) override;
  Bytes ComposeAcceptance(const AcceptanceFields& fields) override;
  Bytes ComposeStateOrder(const StateOrderFields& fields) override;
  Bytes ComposeSignerRevocation(const SignerRevocationFields& fields) override;
  Bytes ComposeEvidence(const std::string& application_id, const IdentityEvidence& evidence,
                        WallTime recorded_at) override;
  Bytes ComposeAcceptanceRecord(const std::string& credential_id, ByteView statement,
                                const std::vector<AuthenticatorProof>& proofs) override;
  StatusOr<StateOrderFields> ReadStateOrder(ByteView octets) override;
  StatusOr<SignerRevocationFields> ReadSignerRevocation(ByteView octets) override;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_STATEMENTS_STATEMENT_COMPOSER_H_
