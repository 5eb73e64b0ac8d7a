// LinkedAuthenticators: AuthenticatorPort over the link. Translates, nothing else.
#ifndef INTAGLIO_HOST_CORE_LINK_LINKED_AUTHENTICATORS_H_
#define INTAGLIO_HOST_CORE_LINK_LINKED_AUTHENTICATORS_H_

#include "host/core_link/core_link.h"
#include "host/ports/authenticator_port.h"

namespace intaglio::host {

class LinkedAuthenticators final : public AuthenticatorPort {
 public:
  // `link` outlives this.
  explicit LinkedAuthenticators(CoreLink& link) : link_(link) {}

  StatusOr<Bytes> AddAuthenticator(const CorePort::ProvenInput& input) override;
  Status RemoveAuthenticator(const CorePort::ProvenInput& input) override;
  Status RemoveAuthenticatorByOrder(ByteView record, const ApprovedOctets& order) override;
  uint64_t VersionOf(ByteView record) const override;

 private:
  CoreLink& link_;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_CORE_LINK_LINKED_AUTHENTICATORS_H_
