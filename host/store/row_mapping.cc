#include "host/store/row_mapping.h"

#include "host/store/reasons.h"
#include "host/store/sql_bytes.h"
#include "host/x509/public_key.h"

namespace intaglio::host {
namespace {

// Officer id and signature of each approval, alternating.
std::string ApprovalsToSql(const std::vector<OfficerApproval>& approvals) {
  std::vector<Bytes> list;
  for (const OfficerApproval& each : approvals) {
    list.push_back(each.officer_id);
    list.push_back(each.signature);
  }
  return ListToSql(list);
}

StatusOr<std::vector<OfficerApproval>> ApprovalsFromSql(const std::string& text) {
  ASSIGN_OR_RETURN(const auto list, ListFromSql(text));
  if (list.size() % 2 != 0) return Fail(kStoreCorrupt, "an approval without a signature");
  std::vector<OfficerApproval> out;
  for (size_t i = 0; i < list.size(); i += 2) out.push_back({list[i], list[i + 1]});
  return out;
}

constexpr char kApplicationColumns[] =
    "id, state, policy, country, given_name, surname, common_name, serial_number, "
    "authenticator_spki, authenticator_kind, created_at, statement, signature, evidence_digest, "
    "evidence_officer, order_octets, order_expires_at, approvals, refusal, credential_id, "
    "organization_country, organization_name, organization_identifier, organization_common_name, "
    "controllers, controllers_need, key_algorithm";

std::string ControllersToSql(const std::vector<BoundAuthenticator>& controllers) {
  std::vector<Bytes> list;
  for (const BoundAuthenticator& each : controllers) {
    list.push_back({static_cast<uint8_t>(each.kind)});
    list.push_back(each.spki);
  }
  return ListToSql(list);
}

// Columns from 20 on; nothing for a natural person's application.
StatusOr<std::optional<SealSubject>> SealOf(const soci::row& row) {
  if (row.get<std::string>(22).empty()) return std::nullopt;
  SealSubject out;
  out.organization = {row.get<std::string>(20), row.get<std::string>(21), row.get<std::string>(22),
                      row.get<std::string>(23)};
  ASSIGN_OR_RETURN(const auto list, ListFromSql(row.get<std::string>(24)));
  if (list.size() % 2 != 0) return Fail(kStoreCorrupt, "a controller without a key");
  for (size_t i = 0; i < list.size(); i += 2) {
    if (list[i].size() != 1) return Fail(kStoreCorrupt, "a controller of no kind");
    out.controllers.push_back({static_cast<AuthenticatorKind>(list[i][0]), list[i + 1]});
  }
  out.controllers_need = static_cast<uint32_t>(row.get<int>(25));
  out.key_algorithm = row.get<int>(26);
  return out;
}

StatusOr<Application> ApplicationOf(const soci::row& row) {
  Application out;
  out.id = row.get<std::string>(0);
  out.state = static_cast<ApplicationState>(row.get<int>(1));
  out.policy = static_cast<CertificatePolicy>(row.get<int>(2));
  out.person.country = row.get<std::string>(3);
  out.person.given_name = row.get<std::string>(4);
  out.person.surname = row.get<std::string>(5);
  out.person.common_name = row.get<std::string>(6);
  out.person.serial_number = row.get<std::string>(7);
  ASSIGN_OR_RETURN(out.authenticator_spki, FromSql(row.get<std::string>(8)));
  out.authenticator_kind = static_cast<AuthenticatorKind>(row.get<int>(9));
  out.created_at = {row.get<long long>(10)};
  ASSIGN_OR_RETURN(out.statement, FromSql(row.get<std::string>(11)));
  ASSIGN_OR_RETURN(out.signature, FromSql(row.get<std::string>(12)));
  ASSIGN_OR_RETURN(out.evidence_digest, FromSql(row.get<std::string>(13)));
  ASSIGN_OR_RETURN(out.evidence_officer, FromSql(row.get<std::string>(14)));
  ASSIGN_OR_RETURN(out.order.octets, FromSql(row.get<std::string>(15)));
  out.order_expires_at = {row.get<long long>(16)};
  ASSIGN_OR_RETURN(out.order.approvals, ApprovalsFromSql(row.get<std::string>(17)));
  out.refusal = row.get<std::string>(18);
  out.credential_id = row.get<std::string>(19);
  ASSIGN_OR_RETURN(out.seal, SealOf(row));
  return out;
}

}  // namespace

StatusOr<std::optional<Application>> SelectApplication(soci::session& sql, const std::string& id) {
  soci::rowset<soci::row> rows =
      (sql.prepare << "SELECT " << kApplicationColumns << " FROM application WHERE id = :id",
       soci::use(id));
  for (const soci::row& row : rows) return ApplicationOf(row);
  return std::nullopt;
}

StatusOr<std::vector<Application>> SelectApplications(soci::session& sql, int state,
                                                      const std::string& after, int most) {
  std::vector<Application> out;
  auto take = [&](const soci::rowset<soci::row>& rows) -> Status {
    for (const soci::row& row : rows) {
      ASSIGN_OR_RETURN(Application each, ApplicationOf(row));
      out.push_back(std::move(each));
    }
    return OkStatus();
  };
  if (state == 0) {
    soci::rowset<soci::row> rows = (sql.prepare << "SELECT " << kApplicationColumns
                                                << " FROM application WHERE id > :after "
                                                   "ORDER BY id LIMIT :most",
                                    soci::use(after), soci::use(most));
    RETURN_IF_ERROR(take(rows));
  } else {
    soci::rowset<soci::row> rows = (sql.prepare << "SELECT " << kApplicationColumns
                                                << " FROM application WHERE state = :state AND "
                                                   "id > :after ORDER BY id LIMIT :most",
                                    soci::use(state), soci::use(after), soci::use(most));
    RETURN_IF_ERROR(take(rows));
  }
  return out;
}

void UpsertApplication(soci::session& sql, const Application& application) {
  const int state = static_cast<int>(application.state);
  const int policy = static_cast<int>(application.policy);
  const int kind = static_cast<int>(application.authenticator_kind);
  const long long created = application.created_at.ms;
  const long long expires = application.order_expires_at.ms;
  const std::string spki = ToSql(application.authenticator_spki);
  const std::string statement = ToSql(application.statement);
  const std::string signature = ToSql(application.signature);
  const std::string digest = ToSql(application.evidence_digest);
  const std::string officer = ToSql(application.evidence_officer);
  const std::string order = ToSql(application.order.octets);
  const std::string approvals = ApprovalsToSql(application.order.approvals);
  const NaturalPerson& person = application.person;
  const SealSubject seal = application.seal.value_or(SealSubject());
  const std::string controllers = ControllersToSql(seal.controllers);
  const int need = static_cast<int>(seal.controllers_need);
  sql << "INSERT INTO application (" << kApplicationColumns
      << ") VALUES (:id, :state, :policy, :country, :given, :surname, :common, :serial, :spki, "
         ":kind, :created, :statement, :signature, :digest, :officer, :order, :expires, "
         ":approvals, :refusal, :credential, :org_country, :org_name, :org_id, :org_common, "
         ":controllers, :need, :algorithm) ON CONFLICT (id) DO UPDATE SET "
         "state = excluded.state, signature = excluded.signature, "
         "evidence_digest = excluded.evidence_digest, "
         "evidence_officer = excluded.evidence_officer, order_octets = excluded.order_octets, "
         "order_expires_at = excluded.order_expires_at, approvals = excluded.approvals, "
         "refusal = excluded.refusal, credential_id = excluded.credential_id",
      soci::use(application.id), soci::use(state), soci::use(policy), soci::use(person.country),
      soci::use(person.given_name), soci::use(person.surname), soci::use(person.common_name),
      soci::use(person.serial_number), soci::use(spki), soci::use(kind), soci::use(created),
      soci::use(statement), soci::use(signature), soci::use(digest), soci::use(officer),
      soci::use(order), soci::use(expires), soci::use(approvals), soci::use(application.refusal),
      soci::use(application.credential_id), soci::use(seal.organization.country),
      soci::use(seal.organization.organization_name),
      soci::use(seal.organization.organization_identifier),
      soci::use(seal.organization.common_name), soci::use(controllers), soci::use(need),
      soci::use(seal.key_algorithm);
}

StatusOr<std::vector<std::string>> SelectSealCredentialIds(
    soci::session& sql, const std::string& organization_identifier) {
  const int active = static_cast<int>(CertificateState::kActive);
  soci::rowset<std::string> rows =
      (sql.prepare << "SELECT c.id FROM credential c JOIN application a ON a.id = c.application_id "
                      "WHERE a.organization_identifier = :organization AND c.state = :active "
                      "ORDER BY c.not_after DESC, c.id LIMIT 100",
       soci::use(organization_identifier), soci::use(active));
  return std::vector<std::string>(rows.begin(), rows.end());
}

StatusOr<std::optional<Credential>> SelectCredential(soci::session& sql, CredentialKey key,
                                                     const std::string& value) {
  const std::string wanted = key == CredentialKey::kId ? value : SerialKey(value);
  const char* column = key == CredentialKey::kId ? "id" : "serial_key";
  soci::rowset<soci::row> rows =
      (sql.prepare << "SELECT id, application_id, sealed_record, spki, evidence, state, "
                      "intended_tbs, serial_key, certificate, not_after, changed_at, reason, "
                      "agreement_cms FROM credential WHERE "
                   << column << " = :value",
       soci::use(wanted));
  for (const soci::row& row : rows) {
    Credential out;
    out.id = row.get<std::string>(0);
    out.application_id = row.get<std::string>(1);
    ASSIGN_OR_RETURN(out.sealed_record, FromSql(row.get<std::string>(2)));
    ASSIGN_OR_RETURN(out.spki, FromSql(row.get<std::string>(3)));
    ASSIGN_OR_RETURN(out.evidence, FromSql(row.get<std::string>(4)));
    out.state = static_cast<CertificateState>(row.get<int>(5));
    ASSIGN_OR_RETURN(out.intended_tbs, FromSql(row.get<std::string>(6)));
    if (row.get_indicator(7) != soci::i_null) out.serial = SerialOfKey(row.get<std::string>(7));
    ASSIGN_OR_RETURN(out.certificate, FromSql(row.get<std::string>(8)));
    out.not_after = {row.get<long long>(9)};
    out.changed_at = {row.get<long long>(10)};
    ASSIGN_OR_RETURN(out.reason, RevocationReasonOf(static_cast<uint32_t>(row.get<int>(11))));
    ASSIGN_OR_RETURN(out.agreement_cms, FromSql(row.get<std::string>(12)));
    return out;
  }
  return std::nullopt;
}

void UpsertCredential(soci::session& sql, const Credential& credential) {
  const int state = static_cast<int>(credential.state);
  const int reason = static_cast<int>(credential.reason);
  const long long not_after = credential.not_after.ms;
  const long long changed_at = credential.changed_at.ms;
  const std::string record = ToSql(credential.sealed_record);
  const std::string spki = ToSql(credential.spki);
  const std::string evidence = ToSql(credential.evidence);
  const std::string tbs = ToSql(credential.intended_tbs);
  const std::string serial_key = SerialKey(credential.serial);
  soci::indicator has_serial = credential.serial.empty() ? soci::i_null : soci::i_ok;
  const std::string certificate = ToSql(credential.certificate);
  const std::string cms = ToSql(credential.agreement_cms);
  sql << "INSERT INTO credential (id, application_id, sealed_record, spki, evidence, state, "
         "intended_tbs, serial_key, certificate, not_after, changed_at, reason, agreement_cms) "
         "VALUES (:id, :application, :record, :spki, :evidence, :state, :tbs, :serial, "
         ":certificate, :not_after, :changed, :reason, :cms) ON CONFLICT (id) DO UPDATE SET "
         "sealed_record = excluded.sealed_record, spki = excluded.spki, "
         "evidence = excluded.evidence, "
         "state = excluded.state, intended_tbs = excluded.intended_tbs, "
         "serial_key = excluded.serial_key, certificate = excluded.certificate, "
         "not_after = excluded.not_after, changed_at = excluded.changed_at, "
         "reason = excluded.reason, agreement_cms = excluded.agreement_cms",
      soci::use(credential.id), soci::use(credential.application_id), soci::use(record),
      soci::use(spki), soci::use(evidence), soci::use(state), soci::use(tbs),
      soci::use(serial_key, has_serial), soci::use(certificate), soci::use(not_after),
      soci::use(changed_at), soci::use(reason), soci::use(cms);
}

StatusOr<std::vector<PendingChange>> SelectPendingChanges(soci::session& sql,
                                                          const std::string& serial) {
  const std::string first = serial.empty() ? "" : SerialKey(serial);
  soci::rowset<soci::row> rows =
      (sql.prepare << "SELECT serial_key, octets, approvals, proof FROM pending_change WHERE "
                   << (serial.empty() ? ":first = ''" : "serial_key = :first")
                   << " ORDER BY sequence LIMIT 1000",
       soci::use(first));
  std::vector<PendingChange> out;
  for (const soci::row& row : rows) {
    PendingChange each;
    each.serial = SerialOfKey(row.get<std::string>(0));
    ASSIGN_OR_RETURN(each.authority.octets, FromSql(row.get<std::string>(1)));
    ASSIGN_OR_RETURN(each.authority.approvals, ApprovalsFromSql(row.get<std::string>(2)));
    ASSIGN_OR_RETURN(auto proof, ListFromSql(row.get<std::string>(3)));
    if (proof.size() == 2 || proof.size() == 3) {
      each.proof = AuthenticatorProof{std::move(proof[0]), std::move(proof[1])};
      if (proof.size() == 3) each.proof->other = std::move(proof[2]);
    } else if (!proof.empty()) {
      return Fail(kStoreCorrupt, "a pending change has half a proof");
    }
    out.push_back(std::move(each));
  }
  return out;
}

void InsertPendingChange(soci::session& sql, const PendingChange& change) {
  const std::string digest = ToSql(Sha256(change.authority.octets));
  const std::string serial_key = SerialKey(change.serial);
  const std::string octets = ToSql(change.authority.octets);
  const std::string approvals = ApprovalsToSql(change.authority.approvals);
  std::vector<Bytes> parts;
  if (change.proof) parts = {change.proof->authenticator_id, change.proof->es256};
  if (change.proof && !change.proof->other.empty()) parts.push_back(change.proof->other);
  const std::string proof = parts.empty() ? "" : ListToSql(parts);
  sql << "INSERT INTO pending_change (digest, serial_key, octets, approvals, proof) "
         "VALUES (:digest, :serial, :octets, :approvals, :proof)",
      soci::use(digest), soci::use(serial_key), soci::use(octets), soci::use(approvals),
      soci::use(proof);
}

void DeletePendingChange(soci::session& sql, const PendingChange& change) {
  const std::string digest = ToSql(Sha256(change.authority.octets));
  sql << "DELETE FROM pending_change WHERE digest = :digest", soci::use(digest);
}

StatusOr<std::optional<ServiceKey>> SelectServiceKey(soci::session& sql, const std::string& id) {
  soci::rowset<soci::row> rows =
      (sql.prepare << "SELECT id, purpose, sealed_record, spki, certificate, chain FROM "
                      "service_key WHERE id = :id",
       soci::use(id));
  for (const soci::row& row : rows) {
    ServiceKey out;
    out.id = row.get<std::string>(0);
    out.purpose = static_cast<ServiceKeyPurpose>(row.get<int>(1));
    ASSIGN_OR_RETURN(out.sealed_record, FromSql(row.get<std::string>(2)));
    ASSIGN_OR_RETURN(out.spki, FromSql(row.get<std::string>(3)));
    ASSIGN_OR_RETURN(out.certificate, FromSql(row.get<std::string>(4)));
    ASSIGN_OR_RETURN(out.chain, ListFromSql(row.get<std::string>(5)));
    return out;
  }
  return std::nullopt;
}

void UpsertServiceKey(soci::session& sql, const ServiceKey& key) {
  const int purpose = static_cast<int>(key.purpose);
  const std::string record = ToSql(key.sealed_record);
  const std::string spki = ToSql(key.spki);
  const std::string certificate = ToSql(key.certificate);
  const std::string chain = ListToSql(key.chain);
  // Each activation gets a higher number, so that the newest key is the active one.
  sql << "INSERT INTO service_key (id, purpose, sealed_record, spki, certificate, chain, "
         "activated) VALUES (:id, :purpose, :record, :spki, :certificate, :chain, 0) "
         "ON CONFLICT (id) DO UPDATE SET sealed_record = excluded.sealed_record, "
         "spki = excluded.spki, "
         "certificate = excluded.certificate, chain = excluded.chain",
      soci::use(key.id), soci::use(purpose), soci::use(record), soci::use(spki),
      soci::use(certificate), soci::use(chain);
  if (!key.certificate.empty()) {
    sql << "UPDATE service_key SET activated = (SELECT COALESCE(MAX(activated), 0) + 1 FROM "
           "service_key WHERE purpose = :purpose) WHERE id = :id",
        soci::use(purpose), soci::use(key.id);
  }
}

namespace {

std::string TableOf(RecordHome home) {
  return home == RecordHome::kCredential ? "credential" : "service_key";
}

}  // namespace

StatusOr<std::vector<KeptRecord>> SelectRecordsToCarry(soci::session& sql, RecordHome home,
                                                       uint32_t epoch, const KeptRecord& after,
                                                       int most) {
  const int before = static_cast<int>(epoch);
  const int after_epoch = static_cast<int>(after.epoch);
  soci::rowset<soci::row> rows =
      (sql.prepare << "SELECT id, sealed_record, record_epoch FROM " << TableOf(home)
                   << " WHERE record_epoch < :epoch AND (record_epoch, id) > (:after_epoch, :id) "
                      "ORDER BY record_epoch, id LIMIT :most",
       soci::use(before), soci::use(after_epoch), soci::use(after.id), soci::use(most));
  std::vector<KeptRecord> out;
  for (const soci::row& row : rows) {
    KeptRecord& kept = out.emplace_back();
    kept.home = home;
    kept.id = row.get<std::string>(0);
    ASSIGN_OR_RETURN(kept.sealed_record, FromSql(row.get<std::string>(1)));
    kept.epoch = static_cast<uint32_t>(row.get<int>(2));
  }
  return out;
}

void ReplaceRecord(soci::session& sql, const RecordStorePort::Replacement& replacement) {
  const std::string sealed = ToSql(replacement.sealed_record);
  const std::string old = ToSql(replacement.old.sealed_record);
  sql << "UPDATE " << TableOf(replacement.old.home)
      << " SET sealed_record = :sealed WHERE id = :id AND sealed_record = :old",
      soci::use(sealed), soci::use(replacement.old.id), soci::use(old);
}

void SettleRecord(soci::session& sql, const KeptRecord& record, uint32_t epoch) {
  const int reached = static_cast<int>(epoch);
  const std::string sealed = ToSql(record.sealed_record);
  sql << "UPDATE " << TableOf(record.home)
      << " SET record_epoch = :epoch WHERE id = :id AND sealed_record = :sealed",
      soci::use(reached), soci::use(record.id), soci::use(sealed);
}

}  // namespace intaglio::host
