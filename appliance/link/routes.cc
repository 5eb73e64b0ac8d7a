#include "appliance/link/routes.h"

namespace intaglio::appliance {

StatusOr<Proof> TakeProof(const pb::Proof& message) {
  Proof proof;
  if (!Assign(AsBytes(message.authenticator_id()), proof.authenticator_id)) {
    return Invalid("proof.authenticator_id: 32 octets");
  }
  if (!message.has_es256()) return Invalid("proof.method: es256 is needed");
  proof.es256 = ToBytes(message.es256());
  return proof;
}

void FillFailure(const Status& status, pb::Failure& failure) {
  failure.set_code(static_cast<int>(status.code()));
  failure.set_reason_id(ReasonIdOf(status));
  failure.set_reason_name(ReasonNameOf(status));
  failure.set_detail(PublicDetailOf(status));
}

}  // namespace intaglio::appliance
