// Matchers for Status and StatusOr: EXPECT_THAT(x, IsOk()), EXPECT_THAT(x,
// FailsWith(kKeyNotFound)).
#ifndef INTAGLIO_TESTS_SUPPORT_STATUS_MATCHERS_H_
#define INTAGLIO_TESTS_SUPPORT_STATUS_MATCHERS_H_

#include <gmock/gmock.h>

#include "base/status.h"

namespace intaglio::testing_support {

inline const Status& StatusIn(const Status& status) { return status; }
template <class T>
const Status& StatusIn(const StatusOr<T>& result) {
  return result.status();
}

MATCHER(IsOk, "") {
  *result_listener << StatusIn(arg).ToString();
  return StatusIn(arg).ok();
}

// Use FailsWith().
MATCHER_P(FailsWithId, id, "") {
  *result_listener << StatusIn(arg).ToString();
  return ReasonIdOf(StatusIn(arg)) == id;
}

inline auto FailsWith(const Reason& reason) { return FailsWithId(reason.id); }

// Fails for `reason` with a detail that holds `part`.
MATCHER_P2(FailsNaming, id, part, "") {
  *result_listener << StatusIn(arg).ToString();
  return ReasonIdOf(StatusIn(arg)) == id && DetailOf(StatusIn(arg)).find(part) != std::string::npos;
}

}  // namespace intaglio::testing_support

#endif  // INTAGLIO_TESTS_SUPPORT_STATUS_MATCHERS_H_
