#include "host/domain/application.h"

namespace intaglio::host {

std::string_view NameOf(ApplicationState state) {
  switch (state) {
    case ApplicationState::kDraft:
      return "DRAFT";
    case ApplicationState::kSubmitted:
      return "SUBMITTED";
    case ApplicationState::kIdentityVerified:
      return "IDENTITY_VERIFIED";
    case ApplicationState::kApproved:
      return "APPROVED";
    case ApplicationState::kKeyAttested:
      return "KEY_ATTESTED";
    case ApplicationState::kIssued:
      return "ISSUED";
    case ApplicationState::kAccepted:
      return "ACCEPTED";
    case ApplicationState::kRejected:
      return "REJECTED";
    case ApplicationState::kWithdrawn:
      return "WITHDRAWN";
  }
  return "UNKNOWN";
}

}  // namespace intaglio::host
