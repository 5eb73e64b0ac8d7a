// PinSocket: where the custodians' shares reach a core that is starting.
//
// A Unix socket of mode 0600; only the core's own user and root are heard. One connection carries
// one share and gets one line back: "missing N", or "refused WHY". No share is logged or answered.
#ifndef INTAGLIO_APPLIANCE_PIN_PIN_SOCKET_H_
#define INTAGLIO_APPLIANCE_PIN_PIN_SOCKET_H_

#include <string>

#include "appliance/pin/pin_shares.h"

namespace intaglio::appliance {

// Waits at `path` until `need` shares make a PIN. Takes the socket away again. kPinUnavailable if
// the socket cannot be made or the process is told to stop (SIGTERM, SIGINT, which are blocked).
StatusOr<SecretBytes> AwaitShares(const std::string& path, unsigned need);

// Hands one share in; how many are still missing. kPinUnavailable if no core waits there,
// kPinShareRefused with what the core says.
StatusOr<unsigned> EnterShare(const std::string& path, const SecretBytes& line);

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_PIN_PIN_SOCKET_H_
