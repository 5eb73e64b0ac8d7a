#include "host/ctl/session.h"

#include <cstdlib>

#include "host/ctl/reasons.h"

namespace intaglio::host {

StatusOr<Connection*> Session::Host() {
  if (connection_) return connection_.get();
  std::string path = flags_.profile_path;
  if (path.empty()) {
    if (const char* named = std::getenv("INTAGLIO_PROFILE")) path = named;
  }
  Profile profile = flags_.profile;
  if (!path.empty()) {
    ASSIGN_OR_RETURN(const Profile file, LoadProfile(path));
    profile = Merged(profile, file);
  }
  ASSIGN_OR_RETURN(connection_, Connection::Open(profile, flags_.timeout_seconds * kSecond));
  return connection_.get();
}

void Session::Show(std::string_view title, const Report& report) {
  terminal_.err << "--- " << title << "\n" << report.ForPeople() << "---" << std::endl;
}

void Session::Progress(std::string_view line) { terminal_.err << line << std::endl; }

Status Session::Confirm(std::string_view question) {
  if (flags_.yes) return OkStatus();
  terminal_.err << question << " Type yes: " << std::flush;
  std::string answer;
  std::getline(terminal_.in, answer);
  if (answer == "yes") return OkStatus();
  return Fail(kNotConfirmed, "look at what is shown, then type yes, or give --yes");
}

}  // namespace intaglio::host
