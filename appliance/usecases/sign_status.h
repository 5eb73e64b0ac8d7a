// SignStatus: CRLs and OCSP answers, signed only if they say what the core's rows say. [DESIGN 5;
// R-STS]
#ifndef INTAGLIO_APPLIANCE_USECASES_SIGN_STATUS_H_
#define INTAGLIO_APPLIANCE_USECASES_SIGN_STATUS_H_

#include <memory>
#include <mutex>

#include "appliance/usecases/change_state.h"
#include "appliance/usecases/services.h"

namespace intaglio::appliance {

class SignStatus final {
 public:
  SignStatus(const CoreServices& services, const ChangeState& changes)
      : services_(services), changes_(changes) {}

  // A CRL on its way in. Used by one thread at a time; it may be dropped at any moment.
  class CrlStream {
   public:
    virtual ~CrlStream() = default;
    // The next octets of the TBSCertList. kStreamUnknown if `offset` is not where the last ended;
    // the walker's and the merge's Reasons. After a failure the stream is useless.
    virtual Status Feed(uint64_t offset, ByteView octets) = 0;
    // The signature, if nothing the core knows is missing, added or changed, and no state changed
    // since the stream began.
    virtual StatusOr<Bytes> Finish() = 0;
  };
  // `tbs_length` octets will follow, at most 1 GiB: kRequestInvalid. kCaNotInstalled and the key
  // Reasons. Thread-safe.
  StatusOr<std::unique_ptr<CrlStream>> BeginCrl(ByteView ca_record, uint64_t tbs_length);

  struct OcspInput {
    Bytes ca_record;
    Bytes status_record;
    std::vector<Bytes> response_data;  // 1 to 100
  };
  // One signature each, or none at all. StatusPolicy's Reasons. Thread-safe.
  StatusOr<std::vector<Bytes>> SignOcsp(const OcspInput& input);

 private:
  class Stream;

  const CoreServices& services_;
  const ChangeState& changes_;
  std::mutex crl_mutex_;  // CRL numbers advance one at a time
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_USECASES_SIGN_STATUS_H_
