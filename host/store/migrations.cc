#include "host/store/migrations.h"

namespace intaglio::host {
namespace {

// Serials are kept as fixed-width hexadecimal with a length prefix (serial_key), so that the text
// order of an index is the order of the integers, which a CRL needs.
constexpr std::string_view kSteps[] = {
    R"sql(
CREATE TABLE application (
  id TEXT PRIMARY KEY, state INTEGER NOT NULL, policy INTEGER NOT NULL,
  country TEXT NOT NULL, given_name TEXT NOT NULL, surname TEXT NOT NULL,
  common_name TEXT NOT NULL, serial_number TEXT NOT NULL,
  authenticator_spki TEXT NOT NULL, authenticator_kind INTEGER NOT NULL,
  created_at BIGINT NOT NULL, statement TEXT NOT NULL, signature TEXT NOT NULL,
  evidence_digest TEXT NOT NULL, evidence_officer TEXT NOT NULL,
  order_octets TEXT NOT NULL, order_expires_at BIGINT NOT NULL, approvals TEXT NOT NULL,
  refusal TEXT NOT NULL, credential_id TEXT NOT NULL);
CREATE INDEX application_state ON application (state, id);
CREATE TABLE identity_evidence (
  digest TEXT PRIMARY KEY, application_id TEXT NOT NULL, document TEXT NOT NULL);
CREATE TABLE credential (
  id TEXT PRIMARY KEY, application_id TEXT NOT NULL, sealed_record TEXT NOT NULL,
  spki TEXT NOT NULL, evidence TEXT NOT NULL, state INTEGER NOT NULL,
  intended_tbs TEXT NOT NULL, serial_key TEXT NULL, certificate TEXT NOT NULL,
  not_after BIGINT NOT NULL, changed_at BIGINT NOT NULL, reason INTEGER NOT NULL,
  agreement_cms TEXT NOT NULL);
CREATE UNIQUE INDEX credential_serial ON credential (serial_key);
CREATE TABLE status_log (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, serial_key TEXT NOT NULL,
  state INTEGER NOT NULL, changed_at BIGINT NOT NULL, reason INTEGER NOT NULL);
CREATE INDEX status_log_serial ON status_log (serial_key, sequence);
CREATE TABLE revoked (
  serial_key TEXT PRIMARY KEY, state INTEGER NOT NULL, changed_at BIGINT NOT NULL,
  reason INTEGER NOT NULL);
CREATE TABLE service_key (
  id TEXT PRIMARY KEY, purpose INTEGER NOT NULL, sealed_record TEXT NOT NULL,
  spki TEXT NOT NULL, certificate TEXT NOT NULL, chain TEXT NOT NULL,
  activated INTEGER NOT NULL);
CREATE INDEX service_key_active ON service_key (purpose, activated);
CREATE TABLE crl (
  number BIGINT PRIMARY KEY, this_update BIGINT NOT NULL, next_update BIGINT NOT NULL,
  der TEXT NOT NULL);
CREATE TABLE ocsp (
  serial_key TEXT PRIMARY KEY, der TEXT NOT NULL, this_update BIGINT NOT NULL,
  next_update BIGINT NOT NULL, not_after BIGINT NOT NULL);
CREATE INDEX ocsp_due ON ocsp (this_update);
CREATE TABLE audit_log (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, at BIGINT NOT NULL, event TEXT NOT NULL,
  subject TEXT NOT NULL, detail TEXT NOT NULL, previous_hash TEXT NOT NULL, hash TEXT NOT NULL)
)sql",
    // `authority` makes an order count once; `listed` marks the lines that change what a CRL says,
    // so that a CRL which lacks one is noticed. A pending change outlives a crash.
    R"sql(
ALTER TABLE status_log ADD COLUMN authority TEXT NULL;
CREATE UNIQUE INDEX status_log_authority ON status_log (authority);
ALTER TABLE status_log ADD COLUMN listed INTEGER NOT NULL DEFAULT 0;
UPDATE status_log SET listed = 1 WHERE state IN (3, 4);
CREATE INDEX status_log_listed ON status_log (listed, sequence);
ALTER TABLE crl ADD COLUMN status_sequence BIGINT NOT NULL DEFAULT 0;
CREATE INDEX ocsp_not_after ON ocsp (not_after);
CREATE TABLE pending_change (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, digest TEXT NOT NULL UNIQUE,
  serial_key TEXT NOT NULL, octets TEXT NOT NULL, approvals TEXT NOT NULL, proof TEXT NOT NULL);
CREATE INDEX pending_change_serial ON pending_change (serial_key, sequence)
)sql",
    // The record key that a record is known to be carried to; 0: not looked at yet.
    R"sql(
ALTER TABLE credential ADD COLUMN record_epoch INTEGER NOT NULL DEFAULT 0;
CREATE INDEX credential_record_epoch ON credential (record_epoch, id);
ALTER TABLE service_key ADD COLUMN record_epoch INTEGER NOT NULL DEFAULT 0;
CREATE INDEX service_key_record_epoch ON service_key (record_epoch, id)
)sql",
    // Applications of legal persons; `controllers` is a list of kind and key, alternating.
    R"sql(
ALTER TABLE application ADD COLUMN organization_country TEXT NOT NULL DEFAULT '';
ALTER TABLE application ADD COLUMN organization_name TEXT NOT NULL DEFAULT '';
ALTER TABLE application ADD COLUMN organization_identifier TEXT NOT NULL DEFAULT '';
ALTER TABLE application ADD COLUMN organization_common_name TEXT NOT NULL DEFAULT '';
ALTER TABLE application ADD COLUMN controllers TEXT NOT NULL DEFAULT '';
ALTER TABLE application ADD COLUMN controllers_need INTEGER NOT NULL DEFAULT 0;
ALTER TABLE application ADD COLUMN key_algorithm INTEGER NOT NULL DEFAULT 1;
CREATE INDEX application_organization ON application (organization_identifier, id)
)sql",
};

}  // namespace

std::span<const std::string_view> Migrations() { return kSteps; }

}  // namespace intaglio::host
