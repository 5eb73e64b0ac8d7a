// ProofMessage: an authenticator's proof as the link carries it, whatever its method.
#ifndef INTAGLIO_HOST_CORE_LINK_PROOF_MESSAGE_H_
#define INTAGLIO_HOST_CORE_LINK_PROOF_MESSAGE_H_

#include "host/domain/application.h"
#include "intaglio/core/v1/statements.pb.h"

namespace intaglio::host {

// A proof of another method than ES256 goes on octet for octet; one that cannot be read goes
// without a method, and the core refuses it.
inline void FillProof(const AuthenticatorProof& from, core::v1::Proof& to) {
  if (!from.other.empty() &&
      to.ParseFromArray(from.other.data(), static_cast<int>(from.other.size()))) {
    return;
  }
  to.Clear();
  to.set_authenticator_id(AsString(from.authenticator_id));
  if (from.other.empty()) to.set_es256(AsString(from.es256));
}

inline AuthenticatorProof ProofOf(const core::v1::Proof& from) {
  AuthenticatorProof out{ToBytes(from.authenticator_id()), ToBytes(from.es256())};
  if (!from.has_es256()) out.other = ToBytes(from.SerializeAsString());
  return out;
}

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_CORE_LINK_PROOF_MESSAGE_H_
