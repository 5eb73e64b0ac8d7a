// SealPort: sealing in the core, as the host's use cases see it. Statements, proofs and records are
// octets the host carries and does not judge. Every call may fail with a Reason of the core's or of
// the link's. Thread-safe.
#ifndef INTAGLIO_HOST_PORTS_SEAL_PORT_H_
#define INTAGLIO_HOST_PORTS_SEAL_PORT_H_

#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/status.h"

namespace intaglio::host {

class SealPort {
 public:
  virtual ~SealPort() = default;
  struct Begun {
    Bytes nonce;
    Bytes core_instance;
    uint32_t instance_epoch = 0;
  };
  virtual StatusOr<Begun> BeginAuthorisation(ByteView record) = 0;
  // The authorisation's id. `proofs`: canonical intaglio.core.v1.Proof octets.
  virtual StatusOr<Bytes> Authorise(ByteView record, ByteView authorisation,
                                    const std::vector<Bytes>& proofs) = 0;
  virtual Status Withdraw(ByteView key_id, ByteView authorisation_id) = 0;
  // What is left of one authorisation.
  struct Standing {
    Bytes authorisation_id;
    WallTime not_before;
    WallTime not_after;
    uint64_t most_signatures = 0;
    uint64_t used_or_reserved = 0;
    Bytes client_id;  // SHA-256 of the client's SPKI
    bool nearly_spent = false;
    uint64_t next_sequence = 0;
    bool withdrawn = false;
  };
  virtual StatusOr<std::vector<Standing>> ListAuthorisations(ByteView key_id) = 0;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_PORTS_SEAL_PORT_H_
