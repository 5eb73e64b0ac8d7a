// Statements as a person's tool reads them before the person signs.
//
// The signature covers octets, so a statement is read from exactly those octets and refused unless
// they are the only encoding of what is shown: nothing unseen can be signed. Stateless.
#ifndef INTAGLIO_HOST_CTL_STATEMENTS_H_
#define INTAGLIO_HOST_CTL_STATEMENTS_H_

#include <google/protobuf/message.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "host/ctl/key_file.h"
#include "host/ctl/report.h"
#include "intaglio/core/v1/statements.pb.h"

namespace intaglio::host {

inline constexpr std::string_view kApplicationContext = "intaglio/application/v1";
inline constexpr std::string_view kOrderContext = "intaglio/issuance-order/v1";
inline constexpr std::string_view kSadContext = "intaglio/sad/v1";
inline constexpr std::string_view kAcceptanceContext = "intaglio/acceptance/v1";
inline constexpr std::string_view kStateOrderContext = "intaglio/state-order/v1";
inline constexpr std::string_view kSignerRevocationContext = "intaglio/signer-revocation/v1";
inline constexpr std::string_view kCommandContext = "intaglio/command/v1";

// Fills `message` from its canonical octets. kStatementNotCanonical; kStatementUnexpected if its
// context is not `context`.
Status ReadStatement(ByteView octets, std::string_view context, google::protobuf::Message& message);

// kStatementUnexpected naming `field` unless `found` is `wanted`.
Status Expect(std::string_view field, ByteView found, ByteView wanted);
Status Expect(std::string_view field, std::string_view found, std::string_view wanted);
// kStatementUnexpected unless `octets` has `size` octets.
Status ExpectSize(std::string_view field, std::string_view octets, size_t size);

// kStatementUnexpected, kKeyFileInvalid unless a WebAuthn authenticator's COSE key is its SPKI.
Status CheckCredential(const core::v1::Authenticator& authenticator);

// OK if the order is well formed and binds exactly the authenticators whose fingerprints (SHA-256
// of the SPKI) the officer got from the signer. kStatementUnexpected, kAuthenticatorMismatch.
Status CheckOrder(const core::v1::IssuanceOrder& order, const std::set<Digest>& authenticators);

// What a payload over document hashes must say.
struct ExpectedPayload {
  Bytes key_id;
  std::vector<Bytes> dtbsr;
};
// OK if the payload asks for exactly these hashes with this key. kStatementUnexpected.
Status CheckPayload(const core::v1::SadPayload& payload, const ExpectedPayload& expected);

// The holder's proof over `statement`. kOpensslFailed.
StatusOr<core::v1::Proof> MakeProof(const SigningKey& key, ByteView statement);
// An officer's approval of `statement`. kOpensslFailed.
StatusOr<core::v1::Approval> MakeApproval(const SigningKey& key, ByteView statement);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_CTL_STATEMENTS_H_
