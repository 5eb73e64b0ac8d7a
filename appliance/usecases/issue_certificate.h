// IssueCertificate: the CA key signs a TBSCertificate that two officers ordered and every rule of
// its profile allows. [DESIGN 5; R-ISS-1, R-ISS-4, R-ISS-5]
#ifndef INTAGLIO_APPLIANCE_USECASES_ISSUE_CERTIFICATE_H_
#define INTAGLIO_APPLIANCE_USECASES_ISSUE_CERTIFICATE_H_

#include <mutex>

#include "appliance/usecases/services.h"

namespace intaglio::appliance {

class IssueCertificate final {
 public:
  explicit IssueCertificate(const CoreServices& services) : services_(services) {}

  // 16 random octets, positive, never drawn before for any CA of this core. kCaNotInstalled and
  // OpenUsableKey's Reasons. Thread-safe.
  StatusOr<Serial> DrawSerial(ByteView ca_record);

  struct SubscriberInput {
    Bytes ca_record;
    Bytes subject_record;
    Signed<IssuanceOrder> order;
    Bytes tbs;
    Bytes host_audit_head;
  };
  struct Outcome {
    Bytes certificate;
    Bytes record;  // of the subject, version 1
  };
  // The same order and TBS again give the same certificate; another TBS is kOrderSpent.
  // CheckIssuanceOrder's, IssuancePolicy's and the key Reasons. Thread-safe.
  StatusOr<Outcome> Subscriber(const SubscriberInput& input);

  struct ResponderInput {
    Bytes ca_record;
    Bytes status_record;
    Bytes tbs;
  };
  // For a STATUS key of this core; no order is needed, for such a certificate can only say what the
  // status gate lets it say. [RFC 6960 §4.2.2.2]
  StatusOr<Bytes> Responder(const ResponderInput& input);

 private:
  const CoreServices& services_;
  std::mutex mutex_;  // an order's state is read and advanced by one request at a time
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_USECASES_ISSUE_CERTIFICATE_H_
