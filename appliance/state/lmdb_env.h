// LmdbEnv, LmdbTxn, LmdbCursor: LMDB behind owners that cannot leak a transaction.
//
// Knows nothing of rows: it maps octets to octets in named tables. Only appliance/state uses it.
// A view that Get() or a cursor returns points into the map: it is valid until the transaction ends
// or, in a write transaction, until its next write.
#ifndef INTAGLIO_APPLIANCE_STATE_LMDB_ENV_H_
#define INTAGLIO_APPLIANCE_STATE_LMDB_ENV_H_

#include <lmdb.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "appliance/state/owned_directory.h"
#include "base/bytes.h"

namespace intaglio::appliance {

// How large the file may grow; address space, not disk.
struct MapSize {
  size_t octets = 0;
};
inline constexpr MapSize kUsualMapSize{size_t{8} << 30};

enum class Table {
  kKey,
  kSerial,
  kRevoked,
  kOrder,
  kExpiry,  // expiry time ‖ order digest
  kCa,
  kMeta,  // the instance and the record key epochs
  kMark,  // high-water marks, which move without an event
  kHead,  // the sums over all rows
  kSeal,  // key id ‖ authorisation id
};
inline constexpr size_t kTableCount = 10;
std::string_view NameOf(Table table);

class LmdbEnv final {
 public:
  // kDirectoryInUse, kDirectoryUnusable, kStateUnavailable, kStateFull.
  static StatusOr<std::unique_ptr<LmdbEnv>> Open(const std::string& dir, MapSize map_size);

 private:
  friend class LmdbTxn;
  struct CloseEnv {
    void operator()(MDB_env* env) const { mdb_env_close(env); }
  };

  explicit LmdbEnv(OwnedDirectory dir) : dir_(std::move(dir)) {}
  Status OpenFile(MapSize map_size);
  Status OpenTables();

  // LMDB must not be opened twice in one process (its record locks would drop); the directory's
  // lock sees to that.
  OwnedDirectory dir_;
  std::unique_ptr<MDB_env, CloseEnv> env_;
  std::array<MDB_dbi, kTableCount> tables_{};
};

struct LmdbEntry {
  ByteView key;
  ByteView value;
};

// A place in one table, in ascending order of keys. Must not outlive its transaction.
class LmdbCursor final {
 public:
  // Each returns the entry moved to, or nothing where there is none. kStateUnavailable.
  StatusOr<std::optional<LmdbEntry>> First() { return Move(MDB_FIRST); }
  StatusOr<std::optional<LmdbEntry>> Next() { return Move(MDB_NEXT); }
  // The first entry whose key is not before `key`.
  StatusOr<std::optional<LmdbEntry>> Seek(ByteView key);

 private:
  friend class LmdbTxn;
  struct CloseCursor {
    void operator()(MDB_cursor* cursor) const { mdb_cursor_close(cursor); }
  };
  explicit LmdbCursor(MDB_cursor* cursor) : cursor_(cursor) {}
  StatusOr<std::optional<LmdbEntry>> Move(MDB_cursor_op op);

  std::unique_ptr<MDB_cursor, CloseCursor> cursor_;
};

// Ends without effect unless committed. A write transaction belongs to the thread that began it;
// beginning a second one on that thread would wait for itself.
class LmdbTxn final {
 public:
  static StatusOr<LmdbTxn> BeginRead(const LmdbEnv& env);
  // Waits for the writer before it.
  static StatusOr<LmdbTxn> BeginWrite(const LmdbEnv& env);

  StatusOr<std::optional<ByteView>> Get(Table table, ByteView key);
  // kStateFull, kStateUnavailable.
  Status Put(Table table, ByteView key, ByteView value);
  Status Delete(Table table, ByteView key);
  // In a write transaction the cursor must be gone before Commit().
  StatusOr<LmdbCursor> OpenCursor(Table table);
  StatusOr<bool> IsEmpty(Table table);
  // Durable when OK. kStateFull, kStateUnavailable.
  Status Commit();

 private:
  friend class LmdbEnv;
  struct AbortTxn {
    void operator()(MDB_txn* txn) const { mdb_txn_abort(txn); }
  };
  LmdbTxn(const LmdbEnv& env, MDB_txn* txn) : env_(&env), txn_(txn) {}
  MDB_dbi Handle(Table table) const { return env_->tables_[static_cast<size_t>(table)]; }

  const LmdbEnv* env_;
  std::unique_ptr<MDB_txn, AbortTxn> txn_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_STATE_LMDB_ENV_H_
