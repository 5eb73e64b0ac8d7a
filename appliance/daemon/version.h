// The core's version, as evidence and the link name it.
#ifndef INTAGLIO_APPLIANCE_DAEMON_VERSION_H_
#define INTAGLIO_APPLIANCE_DAEMON_VERSION_H_

namespace intaglio::appliance {

inline constexpr char kVersion[] = INTAGLIO_VERSION;

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DAEMON_VERSION_H_
