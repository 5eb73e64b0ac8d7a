// Program: which program may work on which state. Pure.
//
// The state remembers the format of its rows and the program that wrote them last. Another program
// takes it over by `intaglio-core upgrade`, under an approval of the officers, and in no other way.
#ifndef INTAGLIO_APPLIANCE_DAEMON_PROGRAM_H_
#define INTAGLIO_APPLIANCE_DAEMON_PROGRAM_H_

#include <cstdint>
#include <string>

#include "appliance/daemon/config.h"
#include "appliance/state/stored_instance.h"

namespace intaglio::appliance {

struct Program {
  std::string version;  // "1.2.3"
  Digest sha256{};      // of its file
  uint32_t format = 0;  // of the rows it writes
};

// The one that runs. The failures of ReadFile.
StatusOr<Program> ThisProgram();

// OK if `program` may start on the state. kStateNewer for a state of a newer program or format.
// kUpgradeNeeded for one of an older, and for another build of the same version: a lab, which
// builds every hour, only logs that.
Status CheckProgram(const StoredInstance& state, const Program& program, BoundaryKind boundary);

// kStateNewer, as above.
Status CheckNotNewer(const StoredInstance& state, const Program& program);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DAEMON_PROGRAM_H_
