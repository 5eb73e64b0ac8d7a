#include "appliance/state/lmdb_env.h"

#include <errno.h>

#include "appliance/state/reasons.h"

namespace intaglio::appliance {
namespace {

// Readers at one moment, one slot each. The core has far fewer threads.
constexpr unsigned kMaxReaders = 512;

constexpr std::array<const char*, kTableCount> kTableNames = {
    "key", "serial", "revoked", "order", "expiry", "ca", "meta", "mark", "head", "seal"};

Status LmdbFailure(int result, std::string_view act) {
  const std::string detail = std::string(act) + ": " + mdb_strerror(result);
  switch (result) {
    case MDB_MAP_FULL:
      return Fail(kStateFull, detail + "; start the core with a larger map size");
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return Fail(kStateFull, detail + "; make room on the disk");
    default:
      return Fail(kStateUnavailable, detail);
  }
}

MDB_val ToVal(ByteView octets) {
  return MDB_val{octets.size(), const_cast<uint8_t*>(octets.data())};
}

ByteView ToView(const MDB_val& val) {
  return {static_cast<const uint8_t*>(val.mv_data), val.mv_size};
}

}  // namespace

std::string_view NameOf(Table table) { return kTableNames[static_cast<size_t>(table)]; }

StatusOr<std::unique_ptr<LmdbEnv>> LmdbEnv::Open(const std::string& dir, MapSize map_size) {
  ASSIGN_OR_RETURN(OwnedDirectory owned, OwnedDirectory::Open(dir));
  std::unique_ptr<LmdbEnv> env(new LmdbEnv(std::move(owned)));
  RETURN_IF_ERROR(env->OpenFile(map_size));
  RETURN_IF_ERROR(env->OpenTables());
  RETURN_IF_ERROR(env->dir_.Sync());
  return env;
}

Status LmdbEnv::OpenFile(MapSize map_size) {
  MDB_env* raw = nullptr;
  if (const int rc = mdb_env_create(&raw); rc != 0) return LmdbFailure(rc, "mdb_env_create");
  env_.reset(raw);
  int rc = mdb_env_set_mapsize(raw, map_size.octets);
  if (rc == 0) rc = mdb_env_set_maxdbs(raw, kTableCount);
  if (rc == 0) rc = mdb_env_set_maxreaders(raw, kMaxReaders);
  if (rc != 0) return LmdbFailure(rc, "setting limits of " + dir_.path());
  // Without MDB_NOTLS a thread could hold only one read transaction, and would keep its slot.
  rc = mdb_env_open(raw, dir_.path().c_str(), MDB_NOTLS, 0600);
  if (rc != 0) return LmdbFailure(rc, "opening " + dir_.path());
  return OkStatus();
}

Status LmdbEnv::OpenTables() {
  ASSIGN_OR_RETURN(LmdbTxn txn, LmdbTxn::BeginWrite(*this));
  for (size_t i = 0; i < kTableCount; ++i) {
    const int rc = mdb_dbi_open(txn.txn_.get(), kTableNames[i], MDB_CREATE, &tables_[i]);
    if (rc != 0) return LmdbFailure(rc, "opening table " + std::string(kTableNames[i]));
  }
  return txn.Commit();
}

StatusOr<std::optional<LmdbEntry>> LmdbCursor::Move(MDB_cursor_op op) {
  MDB_val key{}, value{};
  const int rc = mdb_cursor_get(cursor_.get(), &key, &value, op);
  if (rc == MDB_NOTFOUND) return std::optional<LmdbEntry>();
  if (rc != 0) return LmdbFailure(rc, "moving a cursor");
  return std::optional<LmdbEntry>(LmdbEntry{ToView(key), ToView(value)});
}

StatusOr<std::optional<LmdbEntry>> LmdbCursor::Seek(ByteView from) {
  MDB_val key = ToVal(from), value{};
  const int rc = mdb_cursor_get(cursor_.get(), &key, &value, MDB_SET_RANGE);
  if (rc == MDB_NOTFOUND) return std::optional<LmdbEntry>();
  if (rc != 0) return LmdbFailure(rc, "seeking with a cursor");
  return std::optional<LmdbEntry>(LmdbEntry{ToView(key), ToView(value)});
}

StatusOr<LmdbTxn> LmdbTxn::BeginRead(const LmdbEnv& env) {
  MDB_txn* txn = nullptr;
  const int rc = mdb_txn_begin(env.env_.get(), nullptr, MDB_RDONLY, &txn);
  if (rc != 0) return LmdbFailure(rc, "beginning to read");
  return LmdbTxn(env, txn);
}

StatusOr<LmdbTxn> LmdbTxn::BeginWrite(const LmdbEnv& env) {
  MDB_txn* txn = nullptr;
  const int rc = mdb_txn_begin(env.env_.get(), nullptr, 0, &txn);
  if (rc != 0) return LmdbFailure(rc, "beginning to write");
  return LmdbTxn(env, txn);
}

StatusOr<std::optional<ByteView>> LmdbTxn::Get(Table table, ByteView key) {
  MDB_val name = ToVal(key), value{};
  const int rc = mdb_get(txn_.get(), Handle(table), &name, &value);
  if (rc == MDB_NOTFOUND) return std::optional<ByteView>();
  if (rc != 0) return LmdbFailure(rc, "reading table " + std::string(NameOf(table)));
  return std::optional<ByteView>(ToView(value));
}

Status LmdbTxn::Put(Table table, ByteView key, ByteView value) {
  MDB_val name = ToVal(key), content = ToVal(value);
  const int rc = mdb_put(txn_.get(), Handle(table), &name, &content, 0);
  if (rc != 0) return LmdbFailure(rc, "writing table " + std::string(NameOf(table)));
  return OkStatus();
}

Status LmdbTxn::Delete(Table table, ByteView key) {
  MDB_val name = ToVal(key);
  const int rc = mdb_del(txn_.get(), Handle(table), &name, nullptr);
  if (rc != 0) return LmdbFailure(rc, "removing from table " + std::string(NameOf(table)));
  return OkStatus();
}

StatusOr<LmdbCursor> LmdbTxn::OpenCursor(Table table) {
  MDB_cursor* cursor = nullptr;
  const int rc = mdb_cursor_open(txn_.get(), Handle(table), &cursor);
  if (rc != 0) return LmdbFailure(rc, "opening a cursor on " + std::string(NameOf(table)));
  return LmdbCursor(cursor);
}

StatusOr<bool> LmdbTxn::IsEmpty(Table table) {
  MDB_stat size{};
  const int rc = mdb_stat(txn_.get(), Handle(table), &size);
  if (rc != 0) return LmdbFailure(rc, "measuring table " + std::string(NameOf(table)));
  return size.ms_entries == 0;
}

Status LmdbTxn::Commit() {
  const int rc = mdb_txn_commit(txn_.release());
  if (rc != 0) return LmdbFailure(rc, "committing");
  return OkStatus();
}

}  // namespace intaglio::appliance
