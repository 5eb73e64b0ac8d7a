// The console: what is done on the core's own machine and never over the link. [DESIGN 2]
#ifndef INTAGLIO_APPLIANCE_DAEMON_CONSOLE_H_
#define INTAGLIO_APPLIANCE_DAEMON_CONSOLE_H_

#include <string>

#include "appliance/daemon/config.h"

namespace intaglio::appliance {

// Gives the core its identity, roster and attestation key; writes the attestation key's public key
// to `spki_out` (PEM), for the device ceremony, and the journal key's to `journal_key_out` unless
// empty, for auditors. Answers one JSON line for the console.
StatusOr<std::string> InitialiseCore(const CoreSettings& settings, const std::string& init_file,
                                     const std::string& spki_out,
                                     const std::string& journal_key_out = {});

// Installs the attestation key's certificate and what stands between it and the device root.
StatusOr<std::string> InstallDeviceCertificate(const CoreSettings& settings,
                                               const std::string& certificate_file,
                                               const std::string& chain_file);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_DAEMON_CONSOLE_H_
