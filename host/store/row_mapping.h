// Rows to values and back, one place for each table.
#ifndef INTAGLIO_HOST_STORE_ROW_MAPPING_H_
#define INTAGLIO_HOST_STORE_ROW_MAPPING_H_

#include <soci/soci.h>

#include <optional>
#include <string>
#include <vector>

#include "host/domain/application.h"
#include "host/domain/credential.h"
#include "host/ports/record_ports.h"

namespace intaglio::host {

// SOCI throws; these are called inside the store's one catch. A column that does not hold what was
// written is kStoreCorrupt.
StatusOr<std::optional<Application>> SelectApplication(soci::session& sql, const std::string& id);
void UpsertApplication(soci::session& sql, const Application& application);
StatusOr<std::vector<Application>> SelectApplications(soci::session& sql, int state,
                                                      const std::string& after, int most);

enum class CredentialKey { kId, kSerial };
StatusOr<std::optional<Credential>> SelectCredential(soci::session& sql, CredentialKey key,
                                                     const std::string& value);
// Ids of FindSealCredentials.
StatusOr<std::vector<std::string>> SelectSealCredentialIds(
    soci::session& sql, const std::string& organization_identifier);
void UpsertCredential(soci::session& sql, const Credential& credential);

StatusOr<std::vector<PendingChange>> SelectPendingChanges(soci::session& sql,
                                                          const std::string& serial);
void InsertPendingChange(soci::session& sql, const PendingChange& change);
void DeletePendingChange(soci::session& sql, const PendingChange& change);

StatusOr<std::optional<ServiceKey>> SelectServiceKey(soci::session& sql, const std::string& id);
void UpsertServiceKey(soci::session& sql, const ServiceKey& key);

StatusOr<std::vector<KeptRecord>> SelectRecordsToCarry(soci::session& sql, RecordHome home,
                                                       uint32_t epoch, const KeptRecord& after,
                                                       int most);
void ReplaceRecord(soci::session& sql, const RecordStorePort::Replacement& replacement);
void SettleRecord(soci::session& sql, const KeptRecord& record, uint32_t epoch);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_STORE_ROW_MAPPING_H_
