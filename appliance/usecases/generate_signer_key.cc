#include "appliance/usecases/generate_signer_key.h"

#include "appliance/crypto/hash.h"
#include "appliance/domain/reasons.h"
#include "appliance/policy/algorithm_suite.h"
#include "appliance/policy/issuance_policy.h"
#include "appliance/policy/profile_table.h"
#include "appliance/usecases/approval_check.h"

namespace intaglio::appliance {

StatusOr<Approved> CheckIssuanceOrder(const CoreServices& services,
                                      const Signed<IssuanceOrder>& order, WallTime now) {
  RETURN_IF_ERROR(CheckAddress(services, order.statement.core_instance));
  RETURN_IF_ERROR(
      CheckWindow(services, order.statement.issued_at, order.statement.expires_at, now));
  return ApprovalCheck::Check(services, order.octets, order.approvals, Role::kRegistrationOfficer,
                              kRegistrationOfficersNeeded);
}

StatusOr<KeyRecord> GenerateSignerKey::Generate(const IssuanceOrder& order,
                                                const CoreGeneratedKey& ordered) {
  KeyRecord record;
  ASSIGN_OR_RETURN(record.key_id, DrawId<KeyId>(services_.rng));
  record.purpose = ordered.use;
  record.algorithm = ordered.algorithm;
  // Seals are many and their keys few: they stay in the token, where signing costs no unwrapping.
  const bool resident = ordered.use == KeyPurpose::kSeal;
  record.residency = resident ? KeyResidency::kResident : KeyResidency::kWrapped;
  ASSIGN_OR_RETURN(GeneratedKey key, resident ? services_.token.GenerateResident(
                                                    ordered.algorithm, record.key_id, "seal")
                                              : services_.token.GenerateWrapped(ordered.algorithm));
  record.spki = std::move(key.spki);
  record.wrapped = std::move(key.wrapped);
  record.origin = key.origin;
  record.signer_id = order.signer_id;
  record.authenticators = order.authenticators;
  record.controllers_need = order.controllers_need;
  record.policy_oid = order.policy_oid;
  record.evidence_digest = order.evidence_digest;
  record.agreement_digest = order.agreement_digest;
  return record;
}

StatusOr<GenerateSignerKey::Outcome> GenerateSignerKey::Run(const Signed<IssuanceOrder>& order) {
  // An order of before may have been acted on.
  RETURN_IF_ERROR(CheckRowsWhole(services_));
  ASSIGN_OR_RETURN(const WallTime now, services_.time.Now());
  ASSIGN_OR_RETURN(const Approved approved, CheckIssuanceOrder(services_, order, now));
  const IssuanceOrder& statement = order.statement;
  const auto* generated = std::get_if<CoreGeneratedKey>(&statement.key);
  if (generated == nullptr) {
    return Fail(kOrderMismatch, "the order names an existing key; there is none to generate");
  }
  const SubscriberProfile* profile = FindSubscriberProfile(statement.policy_oid);
  if (profile == nullptr) return Fail(kPolicyUnsupported, "policy " + statement.policy_oid);
  RETURN_IF_ERROR(IssuancePolicy::JudgeOrder(statement, *profile));
  const QscdEntry entry = services_.identity.Get()->qscd_entry;
  if (profile->needs_qscd && now >= entry.valid_until) {
    return Fail(kQscdEntryLapsed,
                "entry " + entry.entry_id + " ended " + ToIso8601(entry.valid_until));
  }
  RETURN_IF_ERROR(CheckKeyGeneration(generated->algorithm, generated->use, now));
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(const auto done, services_.state.FindOrder(approved.statement_digest()));
  if (done) return Outcome{done->sealed_record, done->spki, done->key_id};

  ASSIGN_OR_RETURN(KeyRecord record, Generate(statement, *generated));
  record.generated_at = now;
  record.order_digest = approved.statement_digest();
  ASSIGN_OR_RETURN(const Bytes sealed, services_.records.Seal(record));
  // The journal first: a crash before the rows are written leaves a key nobody can name, and the
  // same order then makes another.
  RETURN_IF_ERROR(services_.journal
                      .Append({.type = EventType::kKeyGenerated,
                               .key_id = record.key_id,
                               .statement_digest = approved.statement_digest(),
                               .content_digest = Sha256(record.spki),
                               .sealed_record = sealed,
                               .officers = approved.officers(),
                               .statement = order.octets})
                      .status());
  RETURN_IF_ERROR(services_.state.Update([&](RowTransaction& rows) -> Status {
    KeyRow key_row;
    key_row.purpose = record.purpose;
    if (record.residency == KeyResidency::kResident) {
      key_row.cka_id = ToBytes(record.key_id.view());
    }
    key_row.epoch = services_.records.EpochOf(sealed);
    RETURN_IF_ERROR(rows.PutKey(record.key_id, key_row));
    OrderRow row;
    row.expires_at = statement.expires_at;
    row.key_id = record.key_id;
    row.sealed_record = sealed;
    row.spki = record.spki;
    return rows.PutOrder(approved.statement_digest(), row);
  }));
  return Outcome{sealed, record.spki, record.key_id};
}

}  // namespace intaglio::appliance
