// LinkedSeals: SealPort over the link, and frames of hashes to the core without waiting for
// answers. The answers' octets go on as they came: a copy of ten thousand signatures is time a
// token could have signed in.
#ifndef INTAGLIO_HOST_CORE_LINK_LINKED_SEALS_H_
#define INTAGLIO_HOST_CORE_LINK_LINKED_SEALS_H_

#include <functional>

#include "host/core_link/core_link.h"
#include "host/ports/seal_port.h"

namespace intaglio::host {

class LinkedSeals final : public SealPort {
 public:
  // `link` outlives this.
  explicit LinkedSeals(CoreLink& link) : link_(link) {}

  StatusOr<Begun> BeginAuthorisation(ByteView record) override;
  StatusOr<Bytes> Authorise(ByteView record, ByteView authorisation,
                            const std::vector<Bytes>& proofs) override;
  Status Withdraw(ByteView key_id, ByteView authorisation_id) override;
  StatusOr<std::vector<Standing>> ListAuthorisations(ByteView key_id) override;

  using SealCallback = std::function<void(StatusOr<core::v1::SealResponse>)>;
  // As CoreLink::AsyncCall.
  void Seal(core::v1::SealRequest request, Duration timeout, SealCallback callback);

 private:
  CoreLink& link_;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_CORE_LINK_LINKED_SEALS_H_
