#include "host/store/audit_chain.h"

#include "host/store/reasons.h"
#include "host/store/sql_bytes.h"
#include "host/x509/public_key.h"

namespace intaglio::host {
namespace {

// Over the texts as they stand in the table. No field can hold the separator.
std::string HashOf(const std::string& previous, long long at, const AuditLine& line) {
  const std::string text = previous + "\n" + std::to_string(at) + "\n" + line.event + "\n" +
                           line.subject + "\n" + line.detail;
  return ToSql(Sha256(AsBytes(text)));
}

std::string HeadText(soci::session& sql) {
  std::string hash;
  sql << "SELECT hash FROM audit_log ORDER BY sequence DESC LIMIT 1", soci::into(hash);
  return sql.got_data() ? hash : ToSql(Bytes(32));
}

Status Broken(const std::string& sequence, const std::string& what) {
  return Fail(kStoreCorrupt, "audit log, line " + sequence + ": " + what +
                                 "; compare with the heads in the core's journal");
}

}  // namespace

StatusOr<Bytes> SelectAuditHead(soci::session& sql) { return FromSql(HeadText(sql)); }

void AppendAuditLine(soci::session& sql, WallTime at, const AuditLine& line) {
  AuditLine clean = line;
  for (std::string* field : {&clean.event, &clean.subject, &clean.detail}) {
    for (char& c : *field) {
      if (c == '\n' || c == '\0') c = ' ';
    }
  }
  const std::string previous = HeadText(sql);
  const long long when = at.ms;
  const std::string hash = HashOf(previous, when, clean);
  sql << "INSERT INTO audit_log (at, event, subject, detail, previous_hash, hash) "
         "VALUES (:at, :event, :subject, :detail, :previous, :hash)",
      soci::use(when), soci::use(clean.event), soci::use(clean.subject), soci::use(clean.detail),
      soci::use(previous), soci::use(hash);
}

Status CheckAuditTail(soci::session& sql) {
  soci::rowset<soci::row> rows =
      (sql.prepare << "SELECT CAST(sequence AS TEXT), at, event, subject, detail, previous_hash, "
                      "hash FROM audit_log ORDER BY sequence DESC LIMIT 1000");
  std::string next_previous;  // what the line after this one says of it
  unsigned long long next_sequence = 0;
  for (const soci::row& row : rows) {
    const std::string sequence = row.get<std::string>(0);
    const unsigned long long number = std::stoull(sequence);
    const std::string previous = row.get<std::string>(5);
    const std::string hash = row.get<std::string>(6);
    const AuditLine line{row.get<std::string>(2), row.get<std::string>(3), row.get<std::string>(4)};
    if (HashOf(previous, row.get<long long>(1), line) != hash) {
      return Broken(sequence, "its content is not what was hashed");
    }
    if (next_sequence != 0 && (number + 1 != next_sequence || hash != next_previous)) {
      return Broken(std::to_string(next_sequence), "the line before it is another one");
    }
    if (number == 1 && previous != ToSql(Bytes(32))) return Broken(sequence, "it is not the first");
    next_previous = previous;
    next_sequence = number;
  }
  return OkStatus();
}

}  // namespace intaglio::host
