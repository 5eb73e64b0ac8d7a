#include "appliance/usecases/accept_certificate.h"

#include <algorithm>

#include "appliance/crypto/hash.h"
#include "appliance/domain/reasons.h"
#include "appliance/policy/sole_control_policy.h"

namespace intaglio::appliance {

StatusOr<Bytes> AcceptCertificate::Run(const Input& input) {
  RETURN_IF_ERROR(services_.time.Now().status());
  RETURN_IF_ERROR(CheckAddress(services_, input.statement.core_instance));
  // Not OpenKey: version 1 stays good for this one act after version 2 exists, so that a host that
  // lost the answer can ask again.
  ASSIGN_OR_RETURN(KeyRecord record, services_.records.Open(input.record));
  ASSIGN_OR_RETURN(const auto row, services_.state.FindKey(record.key_id));
  if (!row) return Fail(kRecordStale, "the core has no row for key " + record.key_id.hex());
  if (record.purpose != KeyPurpose::kSigner)
    return Fail(kKeyPurpose, "only SIGNER keys are accepted");
  RETURN_IF_ERROR(CheckKeyState(*row));
  if (record.version != kVersionCertified || !record.certified_as) {
    return Fail(kRecordVersion, "version " + std::to_string(record.version) +
                                    " was handed in; acceptance takes version 1");
  }
  const AcceptanceStatement& statement = input.statement;
  if (statement.key_id != record.key_id ||
      statement.certificate_sha256 != record.certified_as->certificate_sha256 ||
      statement.agreement_digest != record.agreement_digest) {
    return Fail(kOrderMismatch, "the statement accepts another certificate, key or agreement");
  }
  ASSIGN_OR_RETURN(const VerifiedProof proof, proofs_.Check(record, input.octets, input.proof));
  record.version = kVersionAccepted;
  ASSIGN_OR_RETURN(const Bytes sealed, services_.records.Seal(record));
  RETURN_IF_ERROR(services_.journal
                      .Append({.type = EventType::kCertificateAccepted,
                               .key_id = record.key_id,
                               .statement_digest = proof.statement_digest(),
                               .serial = record.certified_as->serial.octets,
                               .issuer_key_id = record.certified_as->issuer_key_id,
                               .sealed_record = sealed,
                               .statement = input.octets})
                      .status());
  RETURN_IF_ERROR(services_.state.Update([&](RowTransaction& rows) -> Status {
    ASSIGN_OR_RETURN(auto current, rows.FindKey(record.key_id));
    if (!current) return Fail(kRecordStale, "the key's row is gone");
    RETURN_IF_ERROR(CheckKeyState(*current));
    current->least_version = std::max(current->least_version, kVersionAccepted);
    current->epoch = services_.records.EpochOf(sealed);
    return rows.PutKey(record.key_id, *current);
  }));
  return sealed;
}

}  // namespace intaglio::appliance
