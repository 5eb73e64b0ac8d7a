#include "appliance/link/routes.h"

namespace intaglio::appliance {

void FillFailure(const Status& status, pb::Failure& failure) {
  failure.set_code(static_cast<int>(status.code()));
  failure.set_reason_id(ReasonIdOf(status));
  failure.set_reason_name(ReasonNameOf(status));
  failure.set_detail(PublicDetailOf(status));
}

}  // namespace intaglio::appliance
