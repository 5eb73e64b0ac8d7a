// Session: one run of the command line: who asks, how to answer, which host.
#ifndef INTAGLIO_HOST_CTL_SESSION_H_
#define INTAGLIO_HOST_CTL_SESSION_H_

#include <istream>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/rng.h"
#include "host/ctl/connection.h"
#include "host/ctl/report.h"

namespace intaglio::host {

struct GlobalFlags {
  bool json = false;
  bool yes = false;
  std::string profile_path;
  Profile profile;  // single values given as flags
  uint32_t timeout_seconds = 60;
};

struct Terminal {
  std::istream& in;
  std::ostream& out;  // the answer
  std::ostream& err;  // what is shown, asked and refused
};

class Session final {
 public:
  // All outlive the session. `rng` draws session names and serials.
  Session(const GlobalFlags& flags, const Terminal& terminal, const Clock& clock, Rng& rng)
      : flags_(flags), terminal_(terminal), clock_(clock), rng_(rng) {}

  // The host; the profile is read at the first call. kProfileInvalid.
  StatusOr<Connection*> Host();
  // Calls the host; failures of Host() and Connection::Call.
  template <class Response>
  StatusOr<Response> Call(std::string_view method, const google::protobuf::Message& request) {
    ASSIGN_OR_RETURN(Connection* const host, Host());
    return host->Call<Response>(method, request);
  }

  // Shows what is about to be signed.
  void Show(std::string_view title, const Report& report);
  // A line about long work, not part of the answer.
  void Progress(std::string_view line);
  // OK with --yes or when the person types "yes"; kNotConfirmed.
  Status Confirm(std::string_view question);

  const Clock& clock() const { return clock_; }
  Rng& rng() { return rng_; }

 private:
  const GlobalFlags& flags_;
  const Terminal terminal_;
  const Clock& clock_;
  Rng& rng_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_CTL_SESSION_H_
