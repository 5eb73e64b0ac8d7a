// Zeroise: the end of a core. Every key of it is destroyed in its tokens, so that its rows, its
// records and every backup of them are noise.
//
// The journal's last line tells of it, signed by the journal's key, before anything is destroyed. A
// plan in the state folder names all that is to go: from it an interrupted run goes on without the
// rows, and a later start says what happened.
#ifndef INTAGLIO_APPLIANCE_DAEMON_ZEROISE_H_
#define INTAGLIO_APPLIANCE_DAEMON_ZEROISE_H_

#include <string>

#include "appliance/daemon/config.h"

namespace intaglio::appliance {

// kCoreZeroised if this state's core was, or is half way.
Status CheckNotZeroised(const CoreSettings& settings);

// `zeroise`, while no core runs. `confirm`: the instance in hex; another is kWrongCore. May be run
// again at any time: it finishes what was left. What stays: the storage key, which the security
// officer made and which opens nothing alone, the journal and the rows' file. One JSON line.
// kNotInitialised, the token's Reasons.
StatusOr<std::string> ZeroiseCore(const CoreSettings& settings, const std::string& confirm);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DAEMON_ZEROISE_H_
