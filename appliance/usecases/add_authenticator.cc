#include "appliance/usecases/add_authenticator.h"

#include <algorithm>

#include "appliance/domain/reasons.h"
#include "appliance/policy/sole_control_policy.h"

namespace intaglio::appliance {
namespace {

// A person's key, accepted, as it is now, and the one the statement speaks of.
Status CheckKey(const KeyRecord& record, const KeyRow& row, const AddAuthenticator& statement) {
  RETURN_IF_ERROR(CheckVersion(record, row));
  if (record.version < kVersionAccepted) {
    return Fail(kRecordVersion, "accept the certificate first");
  }
  if (statement.record_version != record.version) {
    return Fail(kOrderMismatch, "the statement is for version " +
                                    std::to_string(statement.record_version) + ", the record is " +
                                    std::to_string(record.version));
  }
  return CheckKeyState(row);
}

}  // namespace

StatusOr<Bytes> BindAuthenticator::Run(const Input& input) {
  RETURN_IF_ERROR(CheckRowsWhole(services_));
  ASSIGN_OR_RETURN(const WallTime now, services_.time.Now());
  const AddAuthenticator& statement = input.statement;
  RETURN_IF_ERROR(CheckAddress(services_, statement.core_instance));
  RETURN_IF_ERROR(CheckWindow(services_, statement.issued_at, statement.expires_at, now));
  std::lock_guard lock(services_.changing_keys);
  // Not OpenKey: the version before stays good for the same statement again, so that a host that
  // lost the answer can ask for it.
  ASSIGN_OR_RETURN(const KeyRecord record, services_.records.Open(input.record));
  if (statement.key_id != record.key_id) {
    return Fail(kOrderMismatch, "the statement is for key " + statement.key_id.hex());
  }
  if (!IsSignersKey(record.purpose)) {
    return Fail(kKeyPurpose, "controllers of a seal are named by officers' orders alone");
  }
  ASSIGN_OR_RETURN(const VerifiedProof proof, proofs_.Check(record, input.octets, input.proof));
  ASSIGN_OR_RETURN(const auto done, services_.state.FindOrder(proof.statement_digest()));
  if (done) return done->sealed_record;
  ASSIGN_OR_RETURN(const KeyRow row, InForce(services_, record, input.record));
  RETURN_IF_ERROR(CheckKey(record, row, statement));
  ASSIGN_OR_RETURN(KeyRecord next, NextVersion(record, row, statement));
  ASSIGN_OR_RETURN(next.version, ReserveVersion(services_, record.key_id));
  ASSIGN_OR_RETURN(const Bytes sealed, services_.records.Seal(next));
  // The line carries the record out to the host before its row. After a crash in between both this
  // version and the one before are good, until this one is shown or another is made.
  RETURN_IF_ERROR(Tell(proof, input, next.version, sealed));
  RETURN_IF_ERROR(services_.state.Update([&](RowTransaction& rows) -> Status {
    ASSIGN_OR_RETURN(auto current, rows.FindKey(record.key_id));
    if (!current) return Fail(kRecordStale, "the key's row is gone");
    RETURN_IF_ERROR(CheckNotRemoved(*current, proof.authenticator_id()));
    RETURN_IF_ERROR(CheckKey(record, *current, statement));
    current->version = next.version;
    current->epoch = services_.records.EpochOf(sealed);
    RETURN_IF_ERROR(rows.PutKey(record.key_id, *current));
    OrderRow order;
    order.expires_at = statement.expires_at;
    order.key_id = record.key_id;
    order.sealed_record = sealed;
    return rows.PutOrder(proof.statement_digest(), order);
  }));
  return sealed;
}

Status BindAuthenticator::Tell(const VerifiedProof& proof, const Input& input, uint64_t version,
                               const Bytes& sealed) {
  return services_.journal
      .Append({.type = EventType::kAuthenticatorAdded,
               .key_id = input.statement.key_id,
               .statement_digest = proof.statement_digest(),
               .count = static_cast<uint32_t>(version),
               .sealed_record = sealed,
               .note = "by " + DescribeProof(proof),
               .statement = input.octets,
               .proofs = input.proof.octets})
      .status();
}

StatusOr<KeyRecord> BindAuthenticator::NextVersion(const KeyRecord& record, const KeyRow& row,
                                                   const AddAuthenticator& statement) {
  const AuthenticatorId added = IdOf(statement.authenticator);
  // Removed is for good: the row would refuse its proofs anyway.
  RETURN_IF_ERROR(CheckNotRemoved(row, added));
  KeyRecord next = record;
  std::erase_if(next.authenticators,
                [&](const Authenticator& each) { return IsRemoved(row, IdOf(each)); });
  if (std::any_of(next.authenticators.begin(), next.authenticators.end(),
                  [&](const Authenticator& each) { return IdOf(each) == added; })) {
    return Fail(kAuthenticatorExcess, "authenticator " + added.hex() + " is bound already");
  }
  if (next.authenticators.size() >= kMostAuthenticators) {
    return Fail(kAuthenticatorExcess,
                std::to_string(next.authenticators.size()) + " are bound; remove one first");
  }
  if (row.removed_authenticators.size() >= kMostRemoved) {
    return Fail(kAuthenticatorExcess, "too many have been removed; ask for a new key");
  }
  next.authenticators.push_back(statement.authenticator);
  return next;
}

}  // namespace intaglio::appliance
