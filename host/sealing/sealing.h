// Sealing: carries controllers' authorisations to the core and tells what is left of them. The core
// judges; the host can neither authorise nor seal. [R-SYS-6]
#ifndef INTAGLIO_HOST_SEALING_SEALING_H_
#define INTAGLIO_HOST_SEALING_SEALING_H_

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "host/ports/seal_port.h"
#include "host/ports/store_port.h"

namespace intaglio::host {

class Sealing final {
 public:
  Sealing(StorePort& store, SealPort& core) : store_(store), core_(core) {}

  // Each: kCredentialUnknown, the core's Reasons. Thread-safe.
  StatusOr<SealPort::Begun> Begin(const std::string& credential_id);
  StatusOr<Bytes> Authorise(const std::string& credential_id, ByteView authorisation,
                            const std::vector<Bytes>& proofs);
  // Also while the client seals. The core has done it when this answers.
  Status Withdraw(const std::string& credential_id, ByteView authorisation_id);
  struct Standing {
    Credential credential;
    std::vector<SealPort::Standing> authorisations;
  };
  StatusOr<Standing> Describe(const std::string& credential_id);

  // For the stream: the sealed record a frame is signed under.
  StatusOr<Bytes> RecordOf(const std::string& credential_id);
  // A frame came back. One line in the audit log, whatever number of hashes it had.
  struct Frame {
    std::string credential_id;
    Bytes batch_sha256;
    uint64_t sealed = 0;
    uint64_t failed = 0;
    bool nearly_spent = false;
  };
  Status Record(const Frame& frame);

 private:
  StatusOr<Credential> Find(const std::string& credential_id);
  // True once for each key while it stays nearly spent.
  bool IsNews(const Frame& frame);

  StorePort& store_;
  SealPort& core_;
  std::mutex mutex_;
  std::map<std::string, bool> nearly_spent_;  // by credential
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_SEALING_SEALING_H_
