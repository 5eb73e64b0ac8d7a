#include "host/store/sql_store.h"

#include <fcntl.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>

#include "host/store/migrations.h"
#include "host/store/reasons.h"
#include "host/store/row_mapping.h"
#include "host/store/sql_bytes.h"
#include "host/x509/public_key.h"

namespace intaglio::host {
namespace {

constexpr size_t kReaders = 4;

// SOCI's exceptions end here.
Status Translate(const std::exception& error) {
  if (const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error)) {
    if (sqlite->result() == 19) return Fail(kStoreConflict, error.what());
  }
  return Fail(kStoreUnavailable, error.what());
}

SerialStatus StatusOf(const soci::row& row) {
  return {SerialOfKey(row.get<std::string>(0)),
          static_cast<CertificateState>(row.get<int>(1)),
          {row.get<long long>(2)},
          static_cast<RevocationReason>(row.get<int>(3))};
}

std::vector<SerialStatus> StatusesOf(const soci::rowset<soci::row>& rows) {
  std::vector<SerialStatus> out;
  for (const soci::row& row : rows) out.push_back(StatusOf(row));
  return out;
}

std::string SelectAuditHead(soci::session& sql) {
  std::string hash;
  sql << "SELECT hash FROM audit_log ORDER BY sequence DESC LIMIT 1", soci::into(hash);
  return sql.got_data() ? hash : ToSql(Bytes(32));
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
  Status AppendStatus(const SerialStatus& status) override {
    const std::string key = SerialKey(status.serial);
    const int state = static_cast<int>(status.state);
    const long long at = status.changed_at.ms;
    const int reason = static_cast<int>(status.reason);
    sql_ << "INSERT INTO status_log (serial_key, state, changed_at, reason) "
            "VALUES (:key, :state, :at, :reason)",
        soci::use(key), soci::use(state), soci::use(at), soci::use(reason);
    if (status.state == CertificateState::kRevoked ||
        status.state == CertificateState::kSuspended) {
      sql_ << "INSERT INTO revoked (serial_key, state, changed_at, reason) "
              "VALUES (:key, :state, :at, :reason) ON CONFLICT (serial_key) DO UPDATE SET "
              "state = excluded.state, changed_at = excluded.changed_at, "
              "reason = excluded.reason",
          soci::use(key), soci::use(state), soci::use(at), soci::use(reason);
    } else {
      sql_ << "DELETE FROM revoked WHERE serial_key = :key", soci::use(key);
    }
    sql_ << "INSERT INTO ocsp (serial_key, der, this_update, next_update, not_after) "
            "SELECT serial_key, '', 0, 0, not_after FROM credential WHERE serial_key = :key "
            "ON CONFLICT (serial_key) DO UPDATE SET der = '', this_update = 0, next_update = 0",
        soci::use(key);
    return OkStatus();
  }
  Status PutServiceKey(const ServiceKey& key) override {
    UpsertServiceKey(sql_, key);
    return OkStatus();
  }
  Status PutCrl(const PublishedCrl& crl) override {
    const long long number = static_cast<long long>(crl.number);
    const long long from = crl.this_update.ms;
    const long long to = crl.next_update.ms;
    const std::string der = ToSql(crl.der);
    sql_ << "INSERT INTO crl (number, this_update, next_update, der) "
            "VALUES (:number, :from, :to, :der)",
        soci::use(number), soci::use(from), soci::use(to), soci::use(der);
    return OkStatus();
  }
  Status PutOcsp(const std::string& serial, const PresignedOcsp& answer) override {
    const std::string key = SerialKey(serial);
    const std::string der = ToSql(answer.der);
    const long long from = answer.this_update.ms;
    const long long to = answer.next_update.ms;
    sql_ << "UPDATE ocsp SET der = :der, this_update = :from, next_update = :to "
            "WHERE serial_key = :key",
        soci::use(der), soci::use(from), soci::use(to), soci::use(key);
    return OkStatus();
  }
  Status AppendAudit(const AuditLine& line) override {
    const std::string previous = SelectAuditHead(sql_);
    const long long at = clock_.Now().ms;
    const std::string text = previous + "\n" + std::to_string(at) + "\n" + line.event + "\n" +
                             line.subject + "\n" + line.detail;
    const std::string hash = ToSql(Sha256(AsBytes(text)));
    sql_ << "INSERT INTO audit_log (at, event, subject, detail, previous_hash, hash) "
            "VALUES (:at, :event, :subject, :detail, :previous, :hash)",
        soci::use(at), soci::use(line.event), soci::use(line.subject), soci::use(line.detail),
        soci::use(previous), soci::use(hash);
    return OkStatus();
  }

 private:
  soci::session& sql_;
  const Clock& clock_;
};

}  // namespace

struct SqlStore::Impl {
  explicit Impl(std::string file) : path(std::move(file)) {}

  std::unique_ptr<soci::session> OpenSession() {
    auto sql = std::make_unique<soci::session>(soci::sqlite3, "dbname=" + path + " timeout=10");
    *sql << "PRAGMA journal_mode = WAL";
    *sql << "PRAGMA synchronous = FULL";
    *sql << "PRAGMA foreign_keys = ON";
    return sql;
  }

  // Runs `read` with a session nobody else is using.
  template <class Read>
  auto Reading(const Read& read) -> decltype(read(std::declval<soci::session&>())) {
    std::unique_ptr<soci::session> sql;
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
      return Translate(error);
    }
  }

  const std::string path;
  SystemClock clock;
  std::mutex write_mutex;
  std::unique_ptr<soci::session> writer;
  std::mutex mutex;
  std::condition_variable free;
  std::vector<std::unique_ptr<soci::session>> readers;
};

SqlStore::SqlStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SqlStore::~SqlStore() = default;

StatusOr<std::unique_ptr<SqlStore>> SqlStore::Open(const std::string& path) {
  // Made here so that personal data is never readable by others, not even for a moment.
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return Fail(kStoreUnavailable, path + " cannot be opened for writing");
  close(fd);
  auto impl = std::make_unique<Impl>(path);
  try {
    impl->writer = impl->OpenSession();
    soci::session& sql = *impl->writer;
    sql << "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)";
    int version = 0;
    sql << "SELECT COALESCE(MAX(version), 0) FROM schema_version", soci::into(version);
    const auto steps = Migrations();
    if (version > static_cast<int>(steps.size())) {
      return Fail(kStoreTooNew, path + " has schema version " + std::to_string(version) +
                                    ", this program knows " + std::to_string(steps.size()));
    }
    for (size_t step = static_cast<size_t>(version); step < steps.size(); ++step) {
      sql << "BEGIN IMMEDIATE";
      std::string_view text = steps[step];
      while (!text.empty()) {
        const size_t end = text.find(';');
        sql << std::string(text.substr(0, end));
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
      }
      const int now = static_cast<int>(step) + 1;
      sql << "INSERT INTO schema_version (version) VALUES (:version)", soci::use(now);
      sql << "COMMIT";
    }
    for (size_t i = 0; i < kReaders; ++i) impl->readers.push_back(impl->OpenSession());
  } catch (const std::exception& error) {
    return Translate(error);
  }
  return std::unique_ptr<SqlStore>(new SqlStore(std::move(impl)));
}

Status SqlStore::Update(const std::function<Status(StoreTransaction&)>& change) {
  std::lock_guard lock(impl_->write_mutex);
  soci::session& sql = *impl_->writer;
  try {
    // IMMEDIATE: a transaction that reads and then writes must not find the database locked
    // halfway.
    sql << "BEGIN IMMEDIATE";
  } catch (const std::exception& error) {
    return Translate(error);
  }
  Status result;
  try {
    SqlTransaction transaction(sql, impl_->clock);
    result = change(transaction);
    if (result.ok()) {
      sql << "COMMIT";
      return result;
    }
  } catch (const std::exception& error) {
    result = Translate(error);
  }
  try {
    sql << "ROLLBACK";
  } catch (const std::exception&) {
    // A failed COMMIT may have rolled back already.
  }
  return result;
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

StatusOr<std::optional<Credential>> SqlStore::FindBySerial(const std::string& serial) {
  return impl_->Reading(
      [&](soci::session& sql) { return SelectCredential(sql, CredentialKey::kSerial, serial); });
}

StatusOr<std::optional<ServiceKey>> SqlStore::FindServiceKey(const std::string& id) {
  return impl_->Reading([&](soci::session& sql) { return SelectServiceKey(sql, id); });
}

StatusOr<std::optional<ServiceKey>> SqlStore::ActiveServiceKey(ServiceKeyPurpose purpose) {
  return impl_->Reading([&](soci::session& sql) -> StatusOr<std::optional<ServiceKey>> {
    const int number = static_cast<int>(purpose);
    std::string id;
    sql << "SELECT id FROM service_key WHERE purpose = :purpose AND activated > 0 "
           "ORDER BY activated DESC LIMIT 1",
        soci::use(number), soci::into(id);
    if (!sql.got_data()) return std::nullopt;
    return SelectServiceKey(sql, id);
  });
}

StatusOr<std::optional<SerialStatus>> SqlStore::FindStatus(const std::string& serial) {
  return impl_->Reading([&](soci::session& sql) -> StatusOr<std::optional<SerialStatus>> {
    const std::string key = SerialKey(serial);
    soci::rowset<soci::row> rows =
        (sql.prepare << "SELECT serial_key, state, changed_at, reason FROM status_log "
                        "WHERE serial_key = :key ORDER BY sequence DESC LIMIT 1",
         soci::use(key));
    for (const soci::row& row : rows) return StatusOf(row);
    return std::nullopt;
  });
}

StatusOr<std::vector<SerialStatus>> SqlStore::RevokedAfter(const std::string& after, size_t most) {
  return impl_->Reading([&](soci::session& sql) -> StatusOr<std::vector<SerialStatus>> {
    const std::string key = after.empty() ? "" : SerialKey(after);
    const int limit = static_cast<int>(most);
    soci::rowset<soci::row> rows =
        (sql.prepare << "SELECT serial_key, state, changed_at, reason FROM revoked "
                        "WHERE serial_key > :key ORDER BY serial_key LIMIT :most",
         soci::use(key), soci::use(limit));
    return StatusesOf(rows);
  });
}

StatusOr<std::optional<PublishedCrl>> SqlStore::LatestCrl() {
  return impl_->Reading([&](soci::session& sql) -> StatusOr<std::optional<PublishedCrl>> {
    soci::rowset<soci::row> rows =
        (sql.prepare << "SELECT number, this_update, next_update, der FROM crl "
                        "ORDER BY number DESC LIMIT 1");
    for (const soci::row& row : rows) {
      PublishedCrl crl{static_cast<uint64_t>(row.get<long long>(0)),
                       {row.get<long long>(1)},
                       {row.get<long long>(2)},
                       {}};
      ASSIGN_OR_RETURN(crl.der, FromSql(row.get<std::string>(3)));
      return crl;
    }
    return std::nullopt;
  });
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
        (sql.prepare << "SELECT o.serial_key, s.state, s.changed_at, s.reason FROM ocsp o "
                        "JOIN status_log s ON s.sequence = (SELECT MAX(sequence) FROM status_log "
                        "WHERE serial_key = o.serial_key) WHERE o.this_update < :older AND "
                        "o.not_after > :now ORDER BY o.this_update LIMIT :most",
         soci::use(limit), soci::use(at), soci::use(count));
    return StatusesOf(rows);
  });
}

StatusOr<Bytes> SqlStore::AuditHead() {
  return impl_->Reading([&](soci::session& sql) { return FromSql(SelectAuditHead(sql)); });
}

}  // namespace intaglio::host
