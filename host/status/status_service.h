// StatusService: CRL and OCSP from the one status log, signed by the core. [R-STS-3, R-STS-4,
// R-STS-5]
#ifndef INTAGLIO_HOST_STATUS_STATUS_SERVICE_H_
#define INTAGLIO_HOST_STATUS_STATUS_SERVICE_H_

#include <memory>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "host/domain/terms.h"
#include "host/ports/core_port.h"
#include "host/ports/store_port.h"
#include "host/status/core_clock.h"
#include "host/x509/ocsp_request.h"

namespace intaglio::host {

// An OCSP answer and how long a cache may keep it.
struct OcspReply {
  Bytes der;
  std::optional<PresignedOcsp> cacheable;  // its times; absent for answers made for one request
};

class StatusService final {
 public:
  StatusService(StorePort& store, CorePort& core, const Terms& terms, const Clock& clock)
      : store_(store), core_(core), terms_(terms), clock_(clock), core_clock_(core, clock) {}

  // Builds the next CRL, has the core sign it, publishes it. kServiceNotReady, the core's Reasons.
  // Thread-safe.
  StatusOr<PublishedCrl> PublishCrl();
  // Publishes a CRL if there is none, half the life of the last is over, or it lacks a change.
  Status KeepCrlFresh();
  // Signs answers ahead for up to 100 certificates whose answer is missing or older than a quarter
  // of its life; how many. An answer that the core refuses is logged and passed over; fails if it
  // refuses them all.
  StatusOr<size_t> PresignOcsp();
  // One answer to one request; never fails: failures are OCSP error answers. Thread-safe.
  // [RFC 6960 §2.3]
  OcspReply AnswerOcsp(ByteView request);
  // Makes this serial's answer say its new status at once.
  Status RefreshOcsp(const std::string& serial);
  // Reads the CA's and the responder's keys anew before the next act.
  void ForgetSigners();

 private:
  // What every status act needs: the CA's and the responder's keys and certificates.
  struct Signers;
  StatusOr<std::shared_ptr<const Signers>> FindSigners();
  StatusOr<std::shared_ptr<const Signers>> ReadSigners();
  StatusOr<PublishedCrl> BuildCrl(const Signers& signers, uint64_t number);
  StatusOr<Bytes> BuildAnswer(const Signers& signers, const SerialStatus& status, WallTime now);
  StatusOr<OcspReply> Answer(const OcspRequest& asked);
  StatusOr<OcspReply> SignAnswer(const Signers& signers, const OcspRequest& asked);
  Status PresignBatch(const Signers& signers, const std::vector<SerialStatus>& statuses);

  StorePort& store_;
  CorePort& core_;
  const Terms& terms_;
  const Clock& clock_;
  CoreClock core_clock_;
  std::mutex crl_mutex_;
  std::mutex signers_mutex_;
  std::shared_ptr<const Signers> signers_;
  WallTime signers_read_at_;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_STATUS_STATUS_SERVICE_H_
