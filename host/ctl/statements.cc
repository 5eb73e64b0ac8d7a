#include "host/ctl/statements.h"

#include <algorithm>

#include "host/ctl/authenticator_input.h"
#include "host/ctl/reasons.h"
#include "host/statements/statement_composer.h"
#include "host/x509/public_key.h"

namespace intaglio::host {
namespace {

namespace pb = ::intaglio::core::v1;

Status Unexpected(std::string_view field, const std::string& problem) {
  return Fail(kStatementUnexpected, std::string(field) + ": " + problem);
}

std::string ContextOf(const google::protobuf::Message& message) {
  const auto* field = message.GetDescriptor()->FindFieldByName("context");
  if (field == nullptr) return "";
  return message.GetReflection()->GetString(message, field);
}

// A legal person's key seals, under some of its controllers; a natural person's does not.
Status CheckOrderedUse(const pb::IssuanceOrder& order) {
  const bool legal = order.has_legal_subject();
  const bool seal = order.core_generated().use() == pb::SUBJECT_KEY_USE_SEAL;
  if (order.has_core_generated() && seal != legal) {
    return Unexpected("core_generated.use", "it does not fit the subject");
  }
  const auto controllers = static_cast<uint32_t>(order.authenticators_size());
  const bool fits = legal ? order.controllers_need() >= 1 && order.controllers_need() <= controllers
                          : order.controllers_need() == 0;
  return fits ? OkStatus() : Unexpected("controllers_need", "it does not fit the authenticators");
}

}  // namespace

Status ReadStatement(ByteView octets, std::string_view context,
                     google::protobuf::Message& message) {
  if (octets.empty() || !ParseCanonical(octets, message)) {
    return Fail(kStatementNotCanonical, std::to_string(octets.size()) +
                                            " octets are not the canonical encoding of a " +
                                            message.GetDescriptor()->name() + "; do not sign them");
  }
  return Expect("context", ContextOf(message), context);
}

Status Expect(std::string_view field, ByteView found, ByteView wanted) {
  if (Equal(found, wanted)) return OkStatus();
  return Unexpected(field, "it says " + ToHex(found) + ", wanted is " + ToHex(wanted));
}

Status Expect(std::string_view field, std::string_view found, std::string_view wanted) {
  if (found == wanted) return OkStatus();
  return Unexpected(field,
                    "it says '" + Printable(found) + "', wanted is '" + std::string(wanted) + "'");
}

Status ExpectSize(std::string_view field, std::string_view octets, size_t size) {
  if (octets.size() == size) return OkStatus();
  return Unexpected(field, "it has " + std::to_string(octets.size()) + " octets, " +
                               std::to_string(size) + " are needed");
}

// The fingerprint the signer gave is of the key that the credential really has.
Status CheckCredential(const pb::Authenticator& authenticator) {
  if (!authenticator.has_webauthn()) return OkStatus();
  ASSIGN_OR_RETURN(const Bytes spki, SpkiOfCoseKey("authenticators.webauthn.cose_key",
                                                   AsBytes(authenticator.webauthn().cose_key())));
  return Expect("authenticators.webauthn.cose_key", spki, AsBytes(authenticator.spki()));
}

Status CheckOrder(const pb::IssuanceOrder& order, const std::set<Digest>& authenticators) {
  RETURN_IF_ERROR(ExpectSize("order_id", order.order_id(), 32));
  RETURN_IF_ERROR(ExpectSize("core_instance", order.core_instance(), 16));
  RETURN_IF_ERROR(ExpectSize("issuer_key_id", order.issuer_key_id(), 16));
  RETURN_IF_ERROR(ExpectSize("evidence_digest", order.evidence_digest(), 32));
  RETURN_IF_ERROR(ExpectSize("agreement_digest", order.agreement_digest(), 32));
  if (order.has_subject() == order.has_legal_subject()) {
    return Unexpected("subject", "it is missing, or names two persons");
  }
  RETURN_IF_ERROR(CheckOrderedUse(order));
  if (order.key_case() == pb::IssuanceOrder::KEY_NOT_SET) return Unexpected("key", "it is missing");
  if (order.policy_oid().empty()) return Unexpected("policy_oid", "it is missing");
  if (order.expires_at_ms() <= order.issued_at_ms() ||
      order.expires_at_ms() - order.issued_at_ms() > 7 * kDay) {
    return Unexpected("expires_at_ms", "it is not within seven days of issued_at_ms");
  }
  if (authenticators.empty()) {
    return Fail(kAuthenticatorMismatch,
                "name the signer's authenticator as you got it from the signer");
  }
  std::set<Digest> bound;
  for (const pb::Authenticator& each : order.authenticators()) {
    // A P-256 key, or an RSA key of 2,048 to 4,096 bit.
    const size_t size = each.spki().size();
    if (size != 91 && (size < 290 || size > 552)) {
      return Unexpected("authenticators.spki", std::to_string(size) + " octets are no such key");
    }
    RETURN_IF_ERROR(CheckCredential(each));
    const Digest fingerprint = Sha256(AsBytes(each.spki()));
    if (!bound.insert(fingerprint).second) {
      return Unexpected("authenticators", "one authenticator stands there twice");
    }
    if (authenticators.count(fingerprint) == 0) {
      return Fail(kAuthenticatorMismatch,
                  "the order binds " + ToHex(fingerprint) +
                      ", which is not what the signer gave you; reject the application");
    }
  }
  if (bound != authenticators) {
    return Fail(kAuthenticatorMismatch, "the order binds " + std::to_string(bound.size()) + " of " +
                                            std::to_string(authenticators.size()) +
                                            " authenticators that the signer gave you");
  }
  return OkStatus();
}

Status CheckPayload(const pb::SadPayload& payload, const ExpectedPayload& expected) {
  RETURN_IF_ERROR(Expect("key_id", AsBytes(payload.key_id()), expected.key_id));
  RETURN_IF_ERROR(ExpectSize("core_instance", payload.core_instance(), 16));
  RETURN_IF_ERROR(ExpectSize("boot_id", payload.boot_id(), 16));
  RETURN_IF_ERROR(ExpectSize("nonce", payload.nonce(), 32));
  if (payload.hash_algorithm() != pb::HASH_ALGORITHM_SHA256) {
    return Unexpected("hash_algorithm", "SHA256 is wanted");
  }
  if (static_cast<size_t>(payload.dtbsr_size()) != expected.dtbsr.size()) {
    return Unexpected("dtbsr", "it lists " + std::to_string(payload.dtbsr_size()) + " hashes, " +
                                   std::to_string(expected.dtbsr.size()) + " were asked for");
  }
  for (int i = 0; i < payload.dtbsr_size(); ++i) {
    RETURN_IF_ERROR(Expect("dtbsr[" + std::to_string(i + 1) + "]", AsBytes(payload.dtbsr(i)),
                           expected.dtbsr[static_cast<size_t>(i)]));
  }
  return OkStatus();
}

StatusOr<pb::Proof> MakeProof(const SigningKey& key, ByteView statement) {
  ASSIGN_OR_RETURN(const Bytes signature, key.Sign(statement));
  pb::Proof proof;
  proof.set_authenticator_id(AsString(key.id()));
  proof.set_es256(AsString(signature));
  return proof;
}

StatusOr<pb::Approval> MakeApproval(const SigningKey& key, ByteView statement) {
  ASSIGN_OR_RETURN(const Bytes signature, key.Sign(statement));
  pb::Approval approval;
  approval.set_officer_id(AsString(key.id()));
  approval.set_signature(AsString(signature));
  return approval;
}

}  // namespace intaglio::host
