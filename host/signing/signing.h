// Signing: relays activations of active credentials. The core judges; the host cannot sign.
// [R-SYS-5]
#ifndef INTAGLIO_HOST_SIGNING_SIGNING_H_
#define INTAGLIO_HOST_SIGNING_SIGNING_H_

#include <string>
#include <vector>

#include "host/ports/core_port.h"
#include "host/ports/store_port.h"

namespace intaglio::host {

class Signing final {
 public:
  Signing(StorePort& store, CorePort& core) : store_(store), core_(core) {}

  // The SadPayload for these hashes. kCredentialUnknown, the core's Reasons. `done` is called once,
  // here or on the link's thread; it must not block. Thread-safe.
  void Begin(const std::string& credential_id, const std::string& session_id,
             const std::vector<Digest>& dtbsr, const CorePort::Done<Bytes>& done);
  // Signatures in the order of the hashes. Also the store's Reasons.
  void Finish(const std::string& credential_id, ByteView payload, const AuthenticatorProof& proof,
              const CorePort::Done<std::vector<Bytes>>& done);

 private:
  StatusOr<UsableKey> Find(const std::string& credential_id);

  StorePort& store_;
  CorePort& core_;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_SIGNING_SIGNING_H_
