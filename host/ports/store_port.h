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

// The parts of a credential that its key is used with.
struct UsableKey {
  Bytes sealed_record;
  std::string serial;  // empty before the certificate
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
  // otherwise is dropped with it. `authority`: SHA-256 of the order or statement behind it, empty
  // for issuing and acceptance; kStoreConflict if it has been acted on before.
  virtual Status AppendStatus(const SerialStatus& status, ByteView authority) = 0;
  // kStoreConflict if the same authority is pending already.
  virtual Status PutPendingChange(const PendingChange& change) = 0;
  virtual Status DropPendingChange(const PendingChange& change) = 0;
  virtual StatusOr<std::optional<ServiceKey>> FindServiceKey(const std::string& id) = 0;
  virtual Status PutServiceKey(const ServiceKey& key) = 0;
  virtual Status PutCrl(const PublishedCrl& crl) = 0;
  // Keeps an answer made from `made_from`, unless the status log has gone on since: a stale "good"
  // must not outlive a revocation that overtook it.
  virtual Status PutOcsp(const SerialStatus& made_from, const PresignedOcsp& answer) = 0;
  // Expired certificates are answered on demand.
  virtual Status DropExpiredOcsp(WallTime now) = 0;
  virtual Status AppendAudit(const AuditLine& line) = 0;
};

// Revoked and suspended serials as of one moment, whatever is written meanwhile.
class RevokedSnapshot {
 public:
  virtual ~RevokedSnapshot() = default;
  // In ascending order as integers, up to `most`, after `after` ("" begins).
  virtual StatusOr<std::vector<SerialStatus>> After(const std::string& after, size_t most) = 0;
  // Sequence of the last change of the status log that a CRL tells; 0 for none.
  virtual StatusOr<uint64_t> StatusSequence() = 0;
};

class StorePort {
 public:
  virtual ~StorePort() = default;
  // Runs `change` alone, on a thread of the store's; durable when OK, nothing changed when it or
  // the commit fails. `change` must not call the StorePort.
  virtual Status Update(const std::function<Status(StoreTransaction&)>& change) = 0;
  virtual StatusOr<std::optional<Application>> FindApplication(const std::string& id) = 0;
  // Up to `most`, after `after` in id order; of one state, or of all.
  virtual StatusOr<std::vector<Application>> ListApplications(std::optional<ApplicationState> state,
                                                              const std::string& after,
                                                              size_t most) = 0;
  virtual StatusOr<std::optional<Credential>> FindCredential(const std::string& id) = 0;
  // What using a key takes, of a credential: cheaper than all of it.
  virtual StatusOr<std::optional<UsableKey>> FindUsableKey(const std::string& credential_id) = 0;
  virtual StatusOr<std::optional<Credential>> FindBySerial(const std::string& serial) = 0;
  // Active seal credentials of a legal person, the longest valid first; at most 100. "VATEE-…".
  virtual StatusOr<std::vector<Credential>> FindSealCredentials(
      const std::string& organization_identifier) = 0;
  virtual StatusOr<std::optional<ServiceKey>> FindServiceKey(const std::string& id) = 0;
  // The newest key of that purpose that has a certificate.
  virtual StatusOr<std::optional<ServiceKey>> ActiveServiceKey(ServiceKeyPurpose purpose) = 0;
  // The newest status of one serial of ours; nothing for a serial never issued.
  virtual StatusOr<std::optional<SerialStatus>> FindStatus(const std::string& serial) = 0;
  // Whether an order or statement of this SHA-256 has been acted on.
  virtual StatusOr<bool> IsCarriedOut(ByteView authority) = 0;
  // Those of one serial, or of all for ""; in the order they were begun, at most 1,000.
  virtual StatusOr<std::vector<PendingChange>> PendingChanges(const std::string& serial) = 0;
  // Runs `read` over one snapshot.
  virtual Status WithRevoked(const std::function<Status(RevokedSnapshot&)>& read) = 0;
  virtual StatusOr<std::optional<PublishedCrl>> LatestCrl() = 0;
  // The same without `der`, which may be large.
  virtual StatusOr<std::optional<PublishedCrl>> LatestCrlFacts() = 0;
  virtual StatusOr<std::optional<PresignedOcsp>> FindOcsp(const std::string& serial) = 0;
  // Serials not expired at `now` whose pre-signed answer is missing or older than `older_than`.
  virtual StatusOr<std::vector<SerialStatus>> OcspDue(WallTime now, WallTime older_than,
                                                      size_t most) = 0;
  // Chain hash of the audit log's last line; zeros for an empty one.
  virtual StatusOr<Bytes> AuditHead() = 0;
  // For what the core's journal tells durably already: the line is in the log within a tenth of a
  // second, many to a commit. A host that is killed in between loses it. Fails while the lines
  // before cannot be written.
  virtual Status AppendAuditSoon(const AuditLine& line) = 0;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_PORTS_STORE_PORT_H_
