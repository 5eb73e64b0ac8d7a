// StorePort: what the host keeps. Implemented over SQL; every look-up is by index. Thread-safe.
#ifndef INTAGLIO_HOST_PORTS_STORE_PORT_H_
#define INTAGLIO_HOST_PORTS_STORE_PORT_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/domain/application.h"
#include "host/domain/credential.h"

namespace intaglio::host {

// One line of the host's audit log. Digests and ids only; no personal data.
struct AuditLine {
  std::string event;
  std::string subject;  // an application, credential or serial
  std::string detail;
};

// One atomic change. Reads see earlier writes of the same transaction.
class StoreTransaction {
 public:
  virtual ~StoreTransaction() = default;
  virtual StatusOr<std::optional<Application>> FindApplication(const std::string& id) = 0;
  virtual Status PutApplication(const Application& application) = 0;
  virtual Status PutEvidence(const std::string& application_id, ByteView document) = 0;
  virtual StatusOr<std::optional<Credential>> FindCredential(const std::string& id) = 0;
  virtual StatusOr<std::optional<Credential>> FindBySerial(const std::string& serial) = 0;
  virtual Status PutCredential(const Credential& credential) = 0;
  // Appends to the status log, the only source of CRL and OCSP; a pre-signed answer that said
  // otherwise is dropped with it.
  virtual Status AppendStatus(const SerialStatus& status) = 0;
  virtual Status PutServiceKey(const ServiceKey& key) = 0;
  virtual Status PutCrl(const PublishedCrl& crl) = 0;
  virtual Status PutOcsp(const std::string& serial, const PresignedOcsp& answer) = 0;
  virtual Status AppendAudit(const AuditLine& line) = 0;
};

class StorePort {
 public:
  virtual ~StorePort() = default;
  // Runs `change` alone; durable when OK, nothing changed when it or the commit fails.
  virtual Status Update(const std::function<Status(StoreTransaction&)>& change) = 0;
  virtual StatusOr<std::optional<Application>> FindApplication(const std::string& id) = 0;
  // Up to `most`, after `after` in id order; of one state, or of all.
  virtual StatusOr<std::vector<Application>> ListApplications(std::optional<ApplicationState> state,
                                                              const std::string& after,
                                                              size_t most) = 0;
  virtual StatusOr<std::optional<Credential>> FindCredential(const std::string& id) = 0;
  virtual StatusOr<std::optional<Credential>> FindBySerial(const std::string& serial) = 0;
  virtual StatusOr<std::optional<ServiceKey>> FindServiceKey(const std::string& id) = 0;
  // The newest key of that purpose that has a certificate.
  virtual StatusOr<std::optional<ServiceKey>> ActiveServiceKey(ServiceKeyPurpose purpose) = 0;
  // The newest status of one serial of ours; nothing for a serial never issued.
  virtual StatusOr<std::optional<SerialStatus>> FindStatus(const std::string& serial) = 0;
  // Revoked and suspended serials in ascending order as integers, up to `most`, after `after`.
  virtual StatusOr<std::vector<SerialStatus>> RevokedAfter(const std::string& after,
                                                           size_t most) = 0;
  virtual StatusOr<std::optional<PublishedCrl>> LatestCrl() = 0;
  virtual StatusOr<std::optional<PresignedOcsp>> FindOcsp(const std::string& serial) = 0;
  // Serials not expired at `now` whose pre-signed answer is missing or older than `older_than`.
  virtual StatusOr<std::vector<SerialStatus>> OcspDue(WallTime now, WallTime older_than,
                                                      size_t most) = 0;
  // Chain hash of the audit log's last line; zeros for an empty one.
  virtual StatusOr<Bytes> AuditHead() = 0;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_PORTS_STORE_PORT_H_
