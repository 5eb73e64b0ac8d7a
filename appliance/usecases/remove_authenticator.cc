#include "appliance/usecases/remove_authenticator.h"

#include <algorithm>

#include "appliance/crypto/hash.h"
#include "appliance/domain/reasons.h"
#include "appliance/policy/sole_control_policy.h"
#include "appliance/usecases/approval_check.h"

namespace intaglio::appliance {

Status UnbindAuthenticator::BySigner(const SignerInput& input) {
  ASSIGN_OR_RETURN(const OpenedKey key, Open(input.record, input.statement));
  if (!IsSignersKey(key.record.purpose)) {
    return Fail(kKeyPurpose, "controllers of a seal are removed by an officer's order");
  }
  ASSIGN_OR_RETURN(const VerifiedProof proof, proofs_.Check(key.record, input.octets, input.proof));
  return Apply(key, input.statement.authenticator_id, LastOne::kStays,
               {.statement_digest = proof.statement_digest(),
                .note = "by " + DescribeProof(proof),
                .statement = input.octets,
                .proofs = input.proof.octets});
}

Status UnbindAuthenticator::ByOfficer(ByteView record, const Signed<RemoveAuthenticator>& order) {
  ASSIGN_OR_RETURN(
      const Approved approved,
      ApprovalCheck::Check(services_, order.octets, order.approvals, Role::kRevocationOfficer, 1));
  ASSIGN_OR_RETURN(const OpenedKey key, Open(record, order.statement));
  return Apply(key, order.statement.authenticator_id, LastOne::kGoes,
               {.statement_digest = approved.statement_digest(),
                .officers = approved.officers(),
                .statement = order.octets,
                .proofs = order.proofs});
}

StatusOr<OpenedKey> UnbindAuthenticator::Open(ByteView record,
                                              const RemoveAuthenticator& statement) {
  ASSIGN_OR_RETURN(const WallTime now, services_.time.Now());
  RETURN_IF_ERROR(CheckAddress(services_, statement.core_instance));
  RETURN_IF_ERROR(CheckWindow(services_, statement.issued_at, statement.expires_at, now));
  ASSIGN_OR_RETURN(OpenedKey key, OpenKey(services_, record));
  if (statement.key_id != key.record.key_id) {
    return Fail(kOrderMismatch, "the statement is for key " + statement.key_id.hex());
  }
  const auto& bound = key.record.authenticators;
  if (std::none_of(bound.begin(), bound.end(), [&](const Authenticator& each) {
        return IdOf(each) == statement.authenticator_id;
      })) {
    return Fail(kAuthenticatorUnknown, "authenticator " + statement.authenticator_id.hex());
  }
  return key;
}

Status UnbindAuthenticator::Apply(const OpenedKey& key, const AuthenticatorId& id, LastOne last,
                                  Event event) {
  const KeyId& key_id = key.record.key_id;
  std::lock_guard lock(services_.changing_keys);
  RETURN_IF_ERROR(services_.state.Update([&](RowTransaction& rows) -> Status {
    ASSIGN_OR_RETURN(auto row, rows.FindKey(key_id));
    if (!row) return Fail(kRecordStale, "the key's row is gone");
    if (row->state == KeyState::kDestroyed) return CheckKeyState(*row);
    if (IsRemoved(*row, id)) return OkStatus();
    const auto& bound = key.record.authenticators;
    const auto standing = std::count_if(bound.begin(), bound.end(), [&](const Authenticator& each) {
      return !IsRemoved(*row, IdOf(each));
    });
    if (standing <= 1 && last == LastOne::kStays) {
      return Fail(kAuthenticatorLast, "add another one first");
    }
    row->removed_authenticators.push_back(id);
    return rows.PutKey(key_id, *row);
  }));
  event.type = EventType::kAuthenticatorRemoved;
  event.key_id = key_id;
  ASSIGN_OR_RETURN(event.state_hash, services_.state.StateHash());
  // The row comes first: a removal must hold even when the journal cannot be written. The caller is
  // told of the failure, asks again, and the line is written then.
  return services_.journal.Append(event).status();
}

}  // namespace intaglio::appliance
