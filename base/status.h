// Status and Reason: how every part of Intaglio says that something did not work.
//
// A Reason is a named cause with a stable id; a Status carries one. Fail() is the only way to make
// a failing Status, so a caller cannot pair a cause with the wrong canonical code. Each zone lists
// its Reasons once, append-only, in its reasons.h; an id is never reused.
#ifndef INTAGLIO_BASE_STATUS_H_
#define INTAGLIO_BASE_STATUS_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace intaglio {

using Status = absl::Status;
template <class T>
using StatusOr = absl::StatusOr<T>;

inline Status OkStatus() { return absl::OkStatus(); }

// Whether the detail of a failure may leave the process that found it.
enum class Redaction {
  kPublic,    // id and detail may be sent to the caller
  kInternal,  // only the id leaves; the detail goes to the log
};

// One cause of failure. Instances exist only in the reasons.h tables.
struct Reason {
  std::string_view id;       // "APL-0142"
  std::string_view name;     // "SAD_SPENT"
  absl::StatusCode code;     // canonical code, fixed
  Redaction redaction;       // what the outer edge may say
  std::string_view meaning;  // one line for the reader of an error
};

// A failing Status for `reason`. `detail` says what was found and what to do; it must never hold
// secrets or personal data.
[[nodiscard]] Status Fail(const Reason& reason, std::string detail);

// A failing Status received from another process, which named its Reason by id. Unknown ids are
// kept.
[[nodiscard]] Status FailRemote(absl::StatusCode code, std::string_view reason_id,
                                std::string_view reason_name, std::string_view detail);

// The id of the Reason in `status` ("APL-0142"), or "" where there is none (OK included).
std::string ReasonIdOf(const Status& status);
// The name of the Reason ("SAD_SPENT"), or "".
std::string ReasonNameOf(const Status& status);
// What the outer edge may say about `status`: the detail, or for internal Reasons its meaning only.
std::string PublicDetailOf(const Status& status);
// The detail alone, as given to Fail().
std::string DetailOf(const Status& status);

// True if `status` failed for `reason`.
bool Is(const Status& status, const Reason& reason);

}  // namespace intaglio

// X-macro row: X(kConstant, "ZON-0001", "NAME", kCanonicalCode, kPublic|kInternal, "meaning")
#define INTAGLIO_DEFINE_REASON(constant, id, name, code, redaction, meaning)       \
  inline constexpr ::intaglio::Reason constant{id, name, ::absl::StatusCode::code, \
                                               ::intaglio::Redaction::redaction, meaning};
#define INTAGLIO_REASON_POINTER(constant, id, name, code, redaction, meaning) &constant,
// Declares every Reason of a table and `table_name`, a span over all of them for tests.
#define INTAGLIO_REASON_TABLE(table_name, TABLE)                     \
  TABLE(INTAGLIO_DEFINE_REASON)                                      \
  inline constexpr const ::intaglio::Reason* table_name##Array[] = { \
      TABLE(INTAGLIO_REASON_POINTER)};                               \
  inline constexpr std::span<const ::intaglio::Reason* const> table_name{table_name##Array};

#define INTAGLIO_CONCAT_INNER(a, b) a##b
#define INTAGLIO_CONCAT(a, b) INTAGLIO_CONCAT_INNER(a, b)
// __COUNTER__ keeps the names apart where one of these stands inside another's lambda.
#define INTAGLIO_RETURN_IF_ERROR(tmp, expr)                 \
  do {                                                      \
    if (::absl::Status tmp = (expr); !tmp.ok()) return tmp; \
  } while (false)
#define RETURN_IF_ERROR(expr) INTAGLIO_RETURN_IF_ERROR(INTAGLIO_CONCAT(status_, __COUNTER__), expr)

#define INTAGLIO_ASSIGN_OR_RETURN(tmp, lhs, expr) \
  auto tmp = (expr);                              \
  if (!tmp.ok()) return tmp.status();             \
  lhs = std::move(tmp).value()
#define ASSIGN_OR_RETURN(lhs, expr) \
  INTAGLIO_ASSIGN_OR_RETURN(INTAGLIO_CONCAT(status_or_, __COUNTER__), lhs, expr)

#endif  // INTAGLIO_BASE_STATUS_H_
