#include "host/store/sql_store.h"

#include <fcntl.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>

#include "host/store/audit_chain.h"
#include "host/store/audit_queue.h"
#include "host/store/migrations.h"
#include "host/store/reasons.h"
#include "host/store/row_mapping.h"
#include "host/store/sql_bytes.h"
#include "host/store/writer.h"
#include "host/x509/public_key.h"

namespace intaglio::host {
namespace {

constexpr size_t kReaders = 4;

// The columns StatusOf reads. The sequence goes as text: SOCI reads INTEGER columns as int.
constexpr char kStatusColumns[] = "serial_key, state, changed_at, reason, CAST(sequence AS TEXT)";

StatusOr<SerialStatus> StatusOf(const soci::row& row) {
  SerialStatus out;
  out.serial = SerialOfKey(row.get<std::string>(0));
  out.state = static_cast<CertificateState>(row.get<int>(1));
  out.changed_at = {row.get<long long>(2)};
  ASSIGN_OR_RETURN(out.reason, RevocationReasonOf(static_cast<uint32_t>(row.get<int>(3))));
  out.sequence = std::stoull(row.get<std::string>(4));
  return out;
}

StatusOr<std::vector<SerialStatus>> StatusesOf(const soci::rowset<soci::row>& rows) {
  std::vector<SerialStatus> out;
  for (const soci::row& row : rows) {
    ASSIGN_OR_RETURN(SerialStatus each, StatusOf(row));
    out.push_back(std::move(each));
  }
  return out;
}

bool IsListed(CertificateState state) {
  return state == CertificateState::kRevoked || state == CertificateState::kSuspended;
}

class SqlTransaction final : public StoreTransaction {
 public:
  SqlTransaction(soci::session& sql, const Clock& clock) : sql_(sql), clock_(clock) {}

  StatusOr<std::optional<Application>> FindApplication(const std::string& id) override {
    return SelectApplication(sql_, id);
  }
  Status PutApplication(const Application& application) override {
    UpsertApplication(sql_, application);
    return OkStatus();
  }
  Status PutEvidence(const std::string& application_id, ByteView document) override {
    const std::string digest = ToSql(Sha256(document));
    const std::string octets = ToSql(document);
    sql_ << "INSERT INTO identity_evidence (digest, application_id, document) "
            "VALUES (:digest, :application, :document)",
        soci::use(digest), soci::use(application_id), soci::use(octets);
    return OkStatus();
  }
  StatusOr<std::optional<Credential>> FindCredential(const std::string& id) override {
    return SelectCredential(sql_, CredentialKey::kId, id);
  }
  StatusOr<std::optional<Credential>> FindBySerial(const std::string& serial) override {
    return SelectCredential(sql_, CredentialKey::kSerial, serial);
  }
  Status PutCredential(const Credential& credential) override {
    UpsertCredential(sql_, credential);
    return OkStatus();
  }
  Status AppendStatus(const SerialStatus& status, ByteView authority) override {
    const std::string key = SerialKey(status.serial);
    const int state = static_cast<int>(status.state);
    const long long at = status.changed_at.ms;
    const int reason = static_cast<int>(status.reason);
    int was_listed = 0;
    sql_ << "SELECT COUNT(*) FROM revoked WHERE serial_key = :key", soci::use(key),
        soci::into(was_listed);
    const int listed = IsListed(status.state) || was_listed > 0 ? 1 : 0;
    const std::string digest = ToSql(authority);
    soci::indicator has_authority = authority.empty() ? soci::i_null : soci::i_ok;
    sql_ << "INSERT INTO status_log (serial_key, state, changed_at, reason, listed, authority) "
            "VALUES (:key, :state, :at, :reason, :listed, :authority)",
        soci::use(key), soci::use(state), soci::use(at), soci::use(reason), soci::use(listed),
        soci::use(digest, has_authority);
    if (IsListed(status.state)) {
      sql_ << "INSERT INTO revoked (serial_key, state, changed_at, reason) "
              "VALUES (:key, :state, :at, :reason) ON CONFLICT (serial_key) DO UPDATE SET "
              "state = excluded.state, changed_at = excluded.changed_at, "
              "reason = excluded.reason",
          soci::use(key), soci::use(state), soci::use(at), soci::use(reason);
    } else if (was_listed > 0) {
      sql_ << "DELETE FROM revoked WHERE serial_key = :key", soci::use(key);
    }
    sql_ << "INSERT INTO ocsp (serial_key, der, this_update, next_update, not_after) "
            "SELECT serial_key, '', 0, 0, not_after FROM credential WHERE serial_key = :key "
            "ON CONFLICT (serial_key) DO NOTHING",
        soci::use(key);
    if (listed == 1) {
      sql_ << "UPDATE ocsp SET der = '', this_update = 0, next_update = 0 WHERE serial_key = :key",
          soci::use(key);
    }
    return OkStatus();
  }
  Status PutPendingChange(const PendingChange& change) override {
    InsertPendingChange(sql_, change);
    return OkStatus();
  }
  Status DropPendingChange(const PendingChange& change) override {
    DeletePendingChange(sql_, change);
    return OkStatus();
  }
  StatusOr<std::optional<ServiceKey>> FindServiceKey(const std::string& id) override {
    return SelectServiceKey(sql_, id);
  }
  Status PutServiceKey(const ServiceKey& key) override {
    UpsertServiceKey(sql_, key);
    return OkStatus();
  }
  Status PutCrl(const PublishedCrl& crl) override {
    const long long number = static_cast<long long>(crl.number);
    const long long from = crl.this_update.ms;
    const long long to = crl.next_update.ms;
    const long long sequence = static_cast<long long>(crl.status_sequence);
    const std::string der = ToSql(crl.der);
    sql_ << "INSERT INTO crl (number, this_update, next_update, der, status_sequence) "
            "VALUES (:number, :from, :to, :der, :sequence)",
        soci::use(number), soci::use(from), soci::use(to), soci::use(der), soci::use(sequence);
    return OkStatus();
  }
  Status PutOcsp(const SerialStatus& made_from, const PresignedOcsp& answer) override {
    const std::string key = SerialKey(made_from.serial);
    const std::string der = ToSql(answer.der);
    const long long from = answer.this_update.ms;
    const long long to = answer.next_update.ms;
    const long long sequence = static_cast<long long>(made_from.sequence);
    sql_ << "UPDATE ocsp SET der = :der, this_update = :from, next_update = :to "
            "WHERE serial_key = :key AND NOT EXISTS (SELECT 1 FROM status_log s WHERE "
            "s.serial_key = ocsp.serial_key AND s.sequence > :sequence AND s.listed = 1)",
        soci::use(der), soci::use(from), soci::use(to), soci::use(key), soci::use(sequence);
    return OkStatus();
  }
  Status DropExpiredOcsp(WallTime now) override {
    const long long at = now.ms;
    sql_ << "DELETE FROM ocsp WHERE not_after <= :now", soci::use(at);
    return OkStatus();
  }
  Status AppendAudit(const AuditLine& line) override {
    AppendAuditLine(sql_, clock_.Now(), line);
    return OkStatus();
  }

 private:
  soci::session& sql_;
  const Clock& clock_;
};

// A snapshot lasts as long as the read transaction of its session.
class SqlSnapshot final : public RevokedSnapshot {
 public:
  explicit SqlSnapshot(soci::session& sql) : sql_(sql) {}

  StatusOr<std::vector<SerialStatus>> After(const std::string& after, size_t most) override {
    const std::string key = after.empty() ? "" : SerialKey(after);
    const int limit = static_cast<int>(most);
    soci::rowset<soci::row> rows =
        (sql_.prepare << "SELECT serial_key, state, changed_at, reason, '0' FROM revoked "
                         "WHERE serial_key > :key ORDER BY serial_key LIMIT :most",
         soci::use(key), soci::use(limit));
    return StatusesOf(rows);
  }
  StatusOr<uint64_t> StatusSequence() override {
    long long sequence = 0;
    sql_ << "SELECT COALESCE(MAX(sequence), 0) FROM status_log WHERE listed = 1",
        soci::into(sequence);
    return static_cast<uint64_t>(sequence);
  }

 private:
  soci::session& sql_;
};

// The newest CRL. `der`: the column, or '' where its octets are not wanted.
StatusOr<std::optional<PublishedCrl>> SelectLatestCrl(soci::session& sql, const char* der) {
  soci::rowset<soci::row> rows =
      (sql.prepare << "SELECT number, this_update, next_update, status_sequence, " << der
                   << " FROM crl ORDER BY number DESC LIMIT 1");
  for (const soci::row& row : rows) {
    PublishedCrl crl;
    crl.number = static_cast<uint64_t>(row.get<long long>(0));
    crl.this_update = {row.get<long long>(1)};
    crl.next_update = {row.get<long long>(2)};
    crl.status_sequence = static_cast<uint64_t>(row.get<long long>(3));
    ASSIGN_OR_RETURN(crl.der, FromSql(row.get<std::string>(4)));
    return crl;
  }
  return std::nullopt;
}

std::unique_ptr<soci::session> OpenSession(const std::string& path) {
  auto sql = std::make_unique<soci::session>(soci::sqlite3, "dbname=" + path + " timeout=10");
  *sql << "PRAGMA journal_mode = WAL";
  *sql << "PRAGMA synchronous = FULL";
  *sql << "PRAGMA foreign_keys = ON";
  return sql;
}

// Applies the steps the database has not seen: all of them or, after a crash, none.
Status Migrate(soci::session& sql, const std::string& path) {
  // Two programs may open a new database at once.
  sql << "BEGIN IMMEDIATE";
  sql << "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)";
  int version = 0;
  sql << "SELECT COALESCE(MAX(version), 0) FROM schema_version", soci::into(version);
  const auto steps = Migrations();
  const int newest = static_cast<int>(steps.size());
  for (int step = version; step < newest; ++step) {
    std::string_view text = steps[static_cast<size_t>(step)];
    while (!text.empty()) {
      const size_t end = text.find(';');
      sql << std::string(text.substr(0, end));
      text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    }
    const int reached = step + 1;
    sql << "INSERT INTO schema_version (version) VALUES (:version)", soci::use(reached);
  }
  sql << "COMMIT";
  if (version <= newest) return OkStatus();
  return Fail(kStoreTooNew, path + " has schema version " + std::to_string(version) +
                                ", this program knows " + std::to_string(newest) +
                                "; run the program that wrote it");
}

}  // namespace

// A session for reading, with the one look-up that every use of a key makes prepared.
class Reader final {
 public:
  explicit Reader(std::unique_ptr<soci::session> session)
      : session_(std::move(session)),
        find_key_(
            (session_->prepare << "SELECT sealed_record, serial_key FROM credential WHERE id = :id",
             soci::use(id_), soci::into(record_), soci::into(serial_key_, has_serial_))) {}

  soci::session& session() { return *session_; }
  StatusOr<std::optional<UsableKey>> FindKey(const std::string& credential_id) {
    id_ = credential_id;
    if (!find_key_.execute(true)) return std::nullopt;
    UsableKey out;
    auto record = FromSql(record_);
    if (has_serial_ == soci::i_ok) out.serial = SerialOfKey(serial_key_);
    // To the end: a statement left in the middle holds its snapshot, and would read it for ever.
    while (find_key_.fetch()) {
    }
    ASSIGN_OR_RETURN(out.sealed_record, std::move(record));
    return out;
  }

 private:
  const std::unique_ptr<soci::session> session_;
  std::string id_, record_, serial_key_;
  soci::indicator has_serial_ = soci::i_null;
  soci::statement find_key_;
};

struct SqlStore::Impl {
  explicit Impl(const Clock& with) : clock(with) {}

  // Runs `read` with a session nobody else is using.
  template <class Read>
  auto Reading(const Read& read) -> decltype(read(std::declval<soci::session&>())) {
    return WithReader([&](Reader& reader) { return read(reader.session()); });
  }
  template <class Read>
  auto WithReader(const Read& read) -> decltype(read(std::declval<Reader&>())) {
    std::unique_ptr<Reader> sql;
    {
      std::unique_lock lock(mutex);
      free.wait(lock, [&] { return !readers.empty(); });
      sql = std::move(readers.back());
      readers.pop_back();
    }
    auto give_back = [&] {
      {
        std::lock_guard lock(mutex);
        readers.push_back(std::move(sql));
      }
      free.notify_one();
    };
    try {
      auto result = read(*sql);
      give_back();
      return result;
    } catch (const std::exception& error) {
      give_back();
      return TranslateSqlError(error);
    }
  }

  const Clock& clock;
  std::unique_ptr<Writer> writer;
  std::mutex mutex;
  std::condition_variable free;
  std::vector<std::unique_ptr<Reader>> readers;
  std::optional<AuditQueue> audit_queue;  // before the writer in going
};

SqlStore::SqlStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SqlStore::~SqlStore() = default;

StatusOr<std::unique_ptr<SqlStore>> SqlStore::Open(const std::string& path) {
  static const SystemClock clock;
  return Open(path, clock);
}

StatusOr<std::unique_ptr<SqlStore>> SqlStore::Open(const std::string& path, const Clock& clock) {
  // Made here so that personal data is never readable by others, not even for a moment.
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return Fail(kStoreUnavailable, path + " cannot be opened for writing");
  close(fd);
  auto impl = std::make_unique<Impl>(clock);
  try {
    std::unique_ptr<soci::session> writer = OpenSession(path);
    RETURN_IF_ERROR(Migrate(*writer, path));
    RETURN_IF_ERROR(CheckAuditTail(*writer));
    impl->writer = std::make_unique<Writer>(std::move(writer));
    for (size_t i = 0; i < kReaders; ++i) {
      impl->readers.push_back(std::make_unique<Reader>(OpenSession(path)));
    }
    impl->audit_queue.emplace(*impl->writer, clock);
  } catch (const std::exception& error) {
    return TranslateSqlError(error);
  }
  return std::unique_ptr<SqlStore>(new SqlStore(std::move(impl)));
}

Status SqlStore::Update(const std::function<Status(StoreTransaction&)>& change) {
  return impl_->writer->Run([&](soci::session& sql) {
    SqlTransaction transaction(sql, impl_->clock);
    return change(transaction);
  });
}

StatusOr<std::optional<Application>> SqlStore::FindApplication(const std::string& id) {
  return impl_->Reading([&](soci::session& sql) { return SelectApplication(sql, id); });
}

StatusOr<std::vector<Application>> SqlStore::ListApplications(std::optional<ApplicationState> state,
                                                              const std::string& after,
                                                              size_t most) {
  return impl_->Reading([&](soci::session& sql) {
    return SelectApplications(sql, state ? static_cast<int>(*state) : 0, after,
                              static_cast<int>(most));
  });
}

StatusOr<std::optional<Credential>> SqlStore::FindCredential(const std::string& id) {
  return impl_->Reading(
      [&](soci::session& sql) { return SelectCredential(sql, CredentialKey::kId, id); });
}

StatusOr<std::optional<UsableKey>> SqlStore::FindUsableKey(const std::string& credential_id) {
  return impl_->WithReader([&](Reader& reader) { return reader.FindKey(credential_id); });
}

StatusOr<std::optional<Credential>> SqlStore::FindBySerial(const std::string& serial) {
  return impl_->Reading(
      [&](soci::session& sql) { return SelectCredential(sql, CredentialKey::kSerial, serial); });
}

StatusOr<std::vector<Credential>> SqlStore::FindSealCredentials(
    const std::string& organization_identifier) {
  return impl_->Reading([&](soci::session& sql) -> StatusOr<std::vector<Credential>> {
    std::vector<Credential> out;
    ASSIGN_OR_RETURN(const auto ids, SelectSealCredentialIds(sql, organization_identifier));
    for (const std::string& id : ids) {
      ASSIGN_OR_RETURN(auto credential, SelectCredential(sql, CredentialKey::kId, id));
      if (credential) out.push_back(*std::move(credential));
    }
    return out;
  });
}

StatusOr<std::optional<ServiceKey>> SqlStore::FindServiceKey(const std::string& id) {
  return impl_->Reading([&](soci::session& sql) { return SelectServiceKey(sql, id); });
}

StatusOr<std::optional<ServiceKey>> SqlStore::ActiveServiceKey(ServiceKeyPurpose purpose) {
  return impl_->Reading([&](soci::session& sql) -> StatusOr<std::optional<ServiceKey>> {
    const int number = static_cast<int>(purpose);
    std::string id;
    sql << "SELECT id FROM service_key WHERE purpose = :purpose AND activated > 0 "
           "AND certificate <> '' ORDER BY activated DESC LIMIT 1",
        soci::use(number), soci::into(id);
    if (!sql.got_data()) return std::nullopt;
    return SelectServiceKey(sql, id);
  });
}

StatusOr<std::optional<SerialStatus>> SqlStore::FindStatus(const std::string& serial) {
  return impl_->Reading([&](soci::session& sql) -> StatusOr<std::optional<SerialStatus>> {
    const std::string key = SerialKey(serial);
    soci::rowset<soci::row> rows = (sql.prepare << "SELECT " << kStatusColumns
                                                << " FROM status_log WHERE serial_key = :key "
                                                   "ORDER BY sequence DESC LIMIT 1",
                                    soci::use(key));
    for (const soci::row& row : rows) return StatusOf(row);
    return std::nullopt;
  });
}

StatusOr<bool> SqlStore::IsCarriedOut(ByteView authority) {
  return impl_->Reading([&](soci::session& sql) -> StatusOr<bool> {
    const std::string digest = ToSql(authority);
    int count = 0;
    sql << "SELECT COUNT(*) FROM status_log WHERE authority = :digest", soci::use(digest),
        soci::into(count);
    return count > 0;
  });
}

StatusOr<std::vector<PendingChange>> SqlStore::PendingChanges(const std::string& serial) {
  return impl_->Reading([&](soci::session& sql) { return SelectPendingChanges(sql, serial); });
}

Status SqlStore::WithRevoked(const std::function<Status(RevokedSnapshot&)>& read) {
  return impl_->Reading([&](soci::session& sql) -> Status {
    soci::transaction transaction(sql);  // rolls back in the end: nothing was written
    SqlSnapshot snapshot(sql);
    return read(snapshot);
  });
}

StatusOr<std::optional<PublishedCrl>> SqlStore::LatestCrl() {
  return impl_->Reading([&](soci::session& sql) { return SelectLatestCrl(sql, "der"); });
}

StatusOr<std::optional<PublishedCrl>> SqlStore::LatestCrlFacts() {
  return impl_->Reading([&](soci::session& sql) { return SelectLatestCrl(sql, "''"); });
}

StatusOr<std::optional<PresignedOcsp>> SqlStore::FindOcsp(const std::string& serial) {
  return impl_->Reading([&](soci::session& sql) -> StatusOr<std::optional<PresignedOcsp>> {
    const std::string key = SerialKey(serial);
    soci::rowset<soci::row> rows =
        (sql.prepare << "SELECT der, this_update, next_update FROM ocsp WHERE serial_key = :key "
                        "AND this_update > 0",
         soci::use(key));
    for (const soci::row& row : rows) {
      PresignedOcsp answer{{}, {row.get<long long>(1)}, {row.get<long long>(2)}};
      ASSIGN_OR_RETURN(answer.der, FromSql(row.get<std::string>(0)));
      return answer;
    }
    return std::nullopt;
  });
}

StatusOr<std::vector<SerialStatus>> SqlStore::OcspDue(WallTime now, WallTime older_than,
                                                      size_t most) {
  return impl_->Reading([&](soci::session& sql) -> StatusOr<std::vector<SerialStatus>> {
    const long long at = now.ms;
    const long long limit = older_than.ms;
    const int count = static_cast<int>(most);
    soci::rowset<soci::row> rows =
        (sql.prepare << "SELECT o.serial_key, s.state, s.changed_at, s.reason, "
                        "CAST(s.sequence AS TEXT) FROM ocsp o JOIN status_log s ON s.sequence = "
                        "(SELECT MAX(sequence) FROM status_log "
                        "WHERE serial_key = o.serial_key) WHERE o.this_update < :older AND "
                        "o.not_after > :now ORDER BY o.this_update LIMIT :most",
         soci::use(limit), soci::use(at), soci::use(count));
    return StatusesOf(rows);
  });
}

StatusOr<Bytes> SqlStore::AuditHead() {
  return impl_->Reading([](soci::session& sql) { return SelectAuditHead(sql); });
}

Status SqlStore::AppendAuditSoon(const AuditLine& line) { return impl_->audit_queue->Add(line); }

Status SqlStore::FlushAudit() { return impl_->audit_queue->Flush(); }

StatusOr<std::vector<KeptRecord>> SqlStore::RecordsToCarry(RecordHome home, uint32_t epoch,
                                                           const KeptRecord& after, size_t most) {
  return impl_->Reading([&](soci::session& sql) {
    return SelectRecordsToCarry(sql, home, epoch, after, static_cast<int>(most));
  });
}

Status SqlStore::ReplaceRecords(const std::vector<Replacement>& replacements) {
  return impl_->writer->Run([&](soci::session& sql) {
    for (const Replacement& each : replacements) ReplaceRecord(sql, each);
    return OkStatus();
  });
}

Status SqlStore::SettleRecords(const std::vector<KeptRecord>& records, uint32_t epoch) {
  return impl_->writer->Run([&](soci::session& sql) {
    for (const KeptRecord& each : records) SettleRecord(sql, each, epoch);
    return OkStatus();
  });
}

}  // namespace intaglio::host
