// SqlStore: StorePort over SOCI and SQLite. WAL and synchronous=FULL, so what is acknowledged is on
// disk; one writing thread with group commit, a few reading connections; octets are base64 text,
// the one form every engine keeps.
#ifndef INTAGLIO_HOST_STORE_SQL_STORE_H_
#define INTAGLIO_HOST_STORE_SQL_STORE_H_

#include <memory>
#include <string>

#include "host/ports/record_ports.h"
#include "host/ports/store_port.h"

namespace intaglio::host {

class SqlStore final : public StorePort, public RecordStorePort {
 public:
  // Opens or makes the file (mode 0600) and brings its schema up to date. `clock` dates the audit
  // log and outlives the store; without it, the system's does. kStoreUnavailable, kStoreTooNew,
  // kStoreCorrupt if the end of the audit log does not chain.
  static StatusOr<std::unique_ptr<SqlStore>> Open(const std::string& path, const Clock& clock);
  static StatusOr<std::unique_ptr<SqlStore>> Open(const std::string& path);
  ~SqlStore() override;

  Status Update(const std::function<Status(StoreTransaction&)>& change) override;
  StatusOr<std::optional<Application>> FindApplication(const std::string& id) override;
  StatusOr<std::vector<Application>> ListApplications(std::optional<ApplicationState> state,
                                                      const std::string& after,
                                                      size_t most) override;
  StatusOr<std::optional<Credential>> FindCredential(const std::string& id) override;
  StatusOr<std::optional<UsableKey>> FindUsableKey(const std::string& credential_id) override;
  StatusOr<std::optional<Credential>> FindBySerial(const std::string& serial) override;
  StatusOr<std::vector<Credential>> FindSealCredentials(
      const std::string& organization_identifier) override;
  StatusOr<std::optional<ServiceKey>> FindServiceKey(const std::string& id) override;
  StatusOr<std::optional<ServiceKey>> ActiveServiceKey(ServiceKeyPurpose purpose) override;
  StatusOr<std::optional<SerialStatus>> FindStatus(const std::string& serial) override;
  StatusOr<bool> IsCarriedOut(ByteView authority) override;
  StatusOr<std::vector<PendingChange>> PendingChanges(const std::string& serial) override;
  Status WithRevoked(const std::function<Status(RevokedSnapshot&)>& read) override;
  StatusOr<std::optional<PublishedCrl>> LatestCrl() override;
  StatusOr<std::optional<PublishedCrl>> LatestCrlFacts() override;
  StatusOr<std::optional<PresignedOcsp>> FindOcsp(const std::string& serial) override;
  StatusOr<std::vector<SerialStatus>> OcspDue(WallTime now, WallTime older_than,
                                              size_t most) override;
  StatusOr<Bytes> AuditHead() override;
  Status AppendAuditSoon(const AuditLine& line) override;
  // Returns when all such lines are on disk.
  Status FlushAudit();

  StatusOr<std::vector<KeptRecord>> RecordsToCarry(RecordHome home, uint32_t epoch,
                                                   const KeptRecord& after, size_t most) override;
  Status ReplaceRecords(const std::vector<Replacement>& replacements) override;
  Status SettleRecords(const std::vector<KeptRecord>& records, uint32_t epoch) override;

 private:
  struct Impl;
  explicit SqlStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_STORE_SQL_STORE_H_
