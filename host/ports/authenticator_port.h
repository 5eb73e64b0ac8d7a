// AuthenticatorPort: authenticators of keys in the core, as the host's use cases see them. Every
// call may fail with a Reason of the core's or of the link's. Blocks; thread-safe.
#ifndef INTAGLIO_HOST_PORTS_AUTHENTICATOR_PORT_H_
#define INTAGLIO_HOST_PORTS_AUTHENTICATOR_PORT_H_

#include "host/ports/core_port.h"

namespace intaglio::host {

class AuthenticatorPort {
 public:
  virtual ~AuthenticatorPort() = default;
  // The sealed record of the next version.
  virtual StatusOr<Bytes> AddAuthenticator(const CorePort::ProvenInput& input) = 0;
  virtual Status RemoveAuthenticator(const CorePort::ProvenInput& input) = 0;
  virtual Status RemoveAuthenticatorByOrder(ByteView record, const ApprovedOctets& order) = 0;
  // The version a sealed record says it has; 0 for octets that are none. The core alone knows.
  virtual uint64_t VersionOf(ByteView record) const = 0;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_PORTS_AUTHENTICATOR_PORT_H_
