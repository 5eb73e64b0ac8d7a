#include "appliance/usecases/accept_certificate.h"

#include <algorithm>

#include "appliance/crypto/hash.h"
#include "appliance/domain/reasons.h"
#include "appliance/policy/sole_control_policy.h"

namespace intaglio::appliance {

StatusOr<AcceptCertificate::Agreed> AcceptCertificate::CheckProofs(const KeyRecord& record,
                                                                   const Input& input) {
  const bool seal = record.purpose == KeyPurpose::kSeal;
  if (!seal && !input.more_proofs.empty()) {
    return Fail(kRequestInvalid, "a person's certificate is accepted under one proof");
  }
  ASSIGN_OR_RETURN(const VerifiedProof first, proofs_.Check(record, input.octets, input.proof));
  Agreed agreed{{first.authenticator_id()}, DescribeProof(first)};
  for (const Proof& each : input.more_proofs) {
    ASSIGN_OR_RETURN(const VerifiedProof more, proofs_.Check(record, input.octets, each));
    if (agreed.authenticators.insert(more.authenticator_id()).second) {
      agreed.note += "; " + DescribeProof(more);
    }
  }
  const size_t need = seal ? std::max<size_t>(1, record.controllers_need) : 1;
  const size_t count = agreed.authenticators.size();
  if (count < need) {
    return Fail(kControllersMissing, std::to_string(count) + " controllers agreed, " +
                                         std::to_string(need) + " are needed");
  }
  return agreed;
}

StatusOr<Bytes> AcceptCertificate::Run(const Input& input) {
  RETURN_IF_ERROR(services_.time.Now().status());
  RETURN_IF_ERROR(CheckRowsWhole(services_));
  RETURN_IF_ERROR(CheckAddress(services_, input.statement.core_instance));
  std::lock_guard lock(services_.changing_keys);
  // Not OpenKey: version 1 stays good for this one act after version 2 exists, so that a host that
  // lost the answer can ask again.
  ASSIGN_OR_RETURN(KeyRecord record, services_.records.Open(input.record));
  ASSIGN_OR_RETURN(const auto row, services_.state.FindKey(record.key_id));
  if (!row) return Fail(kRecordStale, "the core has no row for key " + record.key_id.hex());
  if (!IsSignersKey(record.purpose) && record.purpose != KeyPurpose::kSeal) {
    return Fail(kKeyPurpose, "only subscribers' keys are accepted");
  }
  RETURN_IF_ERROR(CheckKeyState(*row));
  if (record.version != kVersionCertified || !record.certified_as) {
    return Fail(kRecordVersion, "version " + std::to_string(record.version) +
                                    " was handed in; acceptance takes version 1");
  }
  if (row->version > kVersionAccepted) {
    return Fail(kRecordStale, "version " + std::to_string(row->version) + " is in force");
  }
  const AcceptanceStatement& statement = input.statement;
  if (statement.key_id != record.key_id ||
      statement.certificate_sha256 != record.certified_as->certificate_sha256 ||
      statement.agreement_digest != record.agreement_digest) {
    return Fail(kOrderMismatch, "the statement accepts another certificate, key or agreement");
  }
  ASSIGN_OR_RETURN(Agreed agreed, CheckProofs(record, input));
  record.version = kVersionAccepted;
  ASSIGN_OR_RETURN(const Bytes sealed, services_.records.Seal(record));
  Event event{.type = EventType::kCertificateAccepted,
              .key_id = record.key_id,
              .statement_digest = Sha256(input.octets),
              .serial = record.certified_as->serial.octets,
              .issuer_key_id = record.certified_as->issuer_key_id,
              .sealed_record = sealed,
              .note = std::move(agreed.note),
              .statement = input.octets,
              .proofs = input.proof.octets};
  for (const Proof& each : input.more_proofs) {
    event.proofs.insert(event.proofs.end(), each.octets.begin(), each.octets.end());
  }
  // As with authenticators; but made again, this version has the same content.
  RETURN_IF_ERROR(services_.state.Update([&](RowTransaction& rows) -> Status {
    ASSIGN_OR_RETURN(auto current, rows.FindKey(record.key_id));
    if (!current) return Fail(kRecordStale, "the key's row is gone");
    current->last_version = std::max(current->last_version, kVersionAccepted);
    return rows.PutKey(record.key_id, *current);
  }));
  RETURN_IF_ERROR(services_.journal.Append(event).status());
  RETURN_IF_ERROR(services_.state.Update([&](RowTransaction& rows) -> Status {
    ASSIGN_OR_RETURN(auto current, rows.FindKey(record.key_id));
    if (!current) return Fail(kRecordStale, "the key's row is gone");
    RETURN_IF_ERROR(CheckKeyState(*current));
    if (current->version > kVersionAccepted) {
      return Fail(kRecordStale, "version " + std::to_string(current->version) + " is in force");
    }
    for (const AuthenticatorId& each : agreed.authenticators) {
      RETURN_IF_ERROR(CheckNotRemoved(*current, each));
    }
    current->version = kVersionAccepted;
    current->epoch = services_.records.EpochOf(sealed);
    return rows.PutKey(record.key_id, *current);
  }));
  return sealed;
}

}  // namespace intaglio::appliance
