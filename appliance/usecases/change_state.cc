#include "appliance/usecases/change_state.h"

#include "appliance/crypto/hash.h"
#include "appliance/domain/reasons.h"
#include "appliance/usecases/approval_check.h"
#include "appliance/usecases/record_epochs.h"
#include "base/log.h"

namespace intaglio::appliance {
namespace {

WallTime WholeSeconds(WallTime time) { return {time.ms / 1000 * 1000}; }

Status CheckLater(WallTime issued_at, WallTime held_at, const std::string& by) {
  if (issued_at >= held_at) return OkStatus();
  return Fail(kStatementExpired,
              "made before the " + by + " of " + ToIso8601(held_at) + "; sign a new order");
}

// What the rows become, or why they cannot. Pure. `issued_at` is the statement's own.
Status Advance(StateAction action, CrlReason reason, WallTime issued_at, WallTime now,
               SerialRow& serial, KeyRow& key) {
  switch (serial.state) {
    case SerialState::kDrawn:
    case SerialState::kIntent:
      return Fail(kSerialUnknown, "no certificate with this serial was issued");
    case SerialState::kRevoked:
      // Asking for what is already so is no error; anything else would bring a certificate back.
      if (action == StateAction::kRevoke) return OkStatus();
      return Fail(kCertificateRevoked, "a revoked certificate never comes back");
    case SerialState::kIssued:
    case SerialState::kSuspended:
      break;
  }
  const bool held = serial.state == SerialState::kSuspended;
  const bool blocked = key.state == KeyState::kBlocked;
  switch (action) {
    case StateAction::kRevoke:
      serial.state = SerialState::kRevoked;
      // A hold that becomes final keeps its start, so that no signature made meanwhile is valid.
      if (!held) serial.changed_at = WholeSeconds(now);
      serial.reason = reason;
      key.state = KeyState::kDestroyed;
      return OkStatus();
    case StateAction::kSuspend:
      if (!held) serial.changed_at = WholeSeconds(now);
      // A second suspension keeps the date that relying parties know, not the date that a
      // reinstatement must come after.
      serial.last_suspended_at = now;
      serial.state = SerialState::kSuspended;
      serial.reason = CrlReason::kCertificateHold;
      // A one-time key that has been destroyed stays so, whatever its certificate's state.
      if (key.state != KeyState::kDestroyed) key.state = KeyState::kSuspended;
      return OkStatus();
    case StateAction::kReinstate:
      // An order kept back says nothing of a suspension or a block its officer cannot have known
      // of.
      if (held) RETURN_IF_ERROR(CheckLater(issued_at, serial.last_suspended_at, "suspension"));
      if (held || blocked) RETURN_IF_ERROR(CheckLater(issued_at, key.blocked_at, "block"));
      serial.state = SerialState::kIssued;
      serial.changed_at = WholeSeconds(now);
      serial.reason = CrlReason::kUnspecified;
      if (key.state != KeyState::kDestroyed) key.state = KeyState::kUsable;
      return OkStatus();
  }
  return Fail(kRequestInvalid, "action");
}

EventType EventOf(StateAction action) {
  switch (action) {
    case StateAction::kRevoke:
      return EventType::kRevoked;
    case StateAction::kSuspend:
      return EventType::kSuspended;
    case StateAction::kReinstate:
      break;
  }
  return EventType::kReinstated;
}

}  // namespace

StatusOr<WallTime> ChangeState::ByOfficer(const Signed<StateOrder>& order) {
  RETURN_IF_ERROR(CheckRowsWhole(services_));
  ASSIGN_OR_RETURN(const WallTime now, services_.time.Now());
  const StateOrder& statement = order.statement;
  RETURN_IF_ERROR(CheckAddress(services_, statement.core_instance));
  RETURN_IF_ERROR(CheckWindow(services_, statement.issued_at, statement.expires_at, now));
  ASSIGN_OR_RETURN(
      const Approved approved,
      ApprovalCheck::Check(services_, order.octets, order.approvals, Role::kRevocationOfficer, 1));
  return Apply({statement.action, statement.issuer_key_id, statement.serial, statement.reason,
                approved.statement_digest(), statement.issued_at, statement.expires_at},
               Event{.officers = approved.officers(), .statement = order.octets});
}

StatusOr<WallTime> ChangeState::BySigner(const SignerInput& input) {
  RETURN_IF_ERROR(CheckRowsWhole(services_));
  RETURN_IF_ERROR(services_.time.Now().status());
  const SignerRevocation& statement = input.statement;
  RETURN_IF_ERROR(CheckAddress(services_, statement.core_instance));
  // An older record too may name the authenticator: one that has been removed is in the row.
  ASSIGN_OR_RETURN(const KeyRecord record, services_.records.Open(input.record));
  if (!record.certified_as || record.certified_as->issuer_key_id != statement.issuer_key_id ||
      record.certified_as->serial != statement.serial) {
    return Fail(kOrderMismatch, "the statement names another certificate than the record");
  }
  if (record.purpose == KeyPurpose::kSeal && record.controllers_need > 1) {
    return Fail(kControllersMissing, "one controller of " +
                                         std::to_string(record.controllers_need) +
                                         " needed cannot end the seal; an officer's order does");
  }
  ASSIGN_OR_RETURN(const VerifiedProof proof, proofs_.Check(record, input.octets, input.proof));
  return Apply({StateAction::kRevoke, statement.issuer_key_id, statement.serial, statement.reason,
                proof.statement_digest(), statement.requested_at, WallTime{}},
               Event{.note = "by the signer: " + DescribeProof(proof),
                     .statement = input.octets,
                     .proofs = input.proof.octets});
}

StatusOr<ChangeState::Outcome> ChangeState::Judge(RowTransaction& rows, const Change& change,
                                                  WallTime now) {
  Outcome out;
  ASSIGN_OR_RETURN(const auto serial, rows.FindSerial(change.issuer, change.serial));
  if (!serial) return Fail(kSerialUnknown, "serial " + ToHex(change.serial.octets));
  out.serial = *serial;
  ASSIGN_OR_RETURN(const auto key, rows.FindKey(serial->key_id));
  out.key = key.value_or(KeyRow{});
  // An order is carried out once: handed in again later it must not undo what came after it.
  ASSIGN_OR_RETURN(const auto done, rows.FindOrder(change.statement_digest));
  out.done = done.has_value();
  if (out.done) return out;
  RETURN_IF_ERROR(
      Advance(change.action, change.reason, change.issued_at, now, out.serial, out.key));
  return out;
}

Status ChangeState::Store(RowTransaction& rows, const Change& change, const Outcome& outcome) {
  if (outcome.done) return OkStatus();
  const KeyId& key_id = outcome.serial.key_id;
  RETURN_IF_ERROR(rows.PutSerial(change.issuer, change.serial, outcome.serial));
  RETURN_IF_ERROR(rows.PutKey(key_id, outcome.key));
  if (change.order_expires == WallTime{}) return OkStatus();
  OrderRow row;
  row.expires_at = change.order_expires;
  row.key_id = key_id;
  row.serial = change.serial;
  return rows.PutOrder(change.statement_digest, row);
}

Status ChangeState::Tell(const Change& change, const Outcome& outcome, Event event) {
  event.type = EventOf(change.action);
  event.key_id = outcome.serial.key_id;
  event.statement_digest = change.statement_digest;
  event.serial = change.serial.octets;
  event.issuer_key_id = change.issuer;
  event.effective_at = outcome.serial.changed_at;
  ASSIGN_OR_RETURN(event.state_hash, services_.state.StateHash());
  return services_.journal.Append(event).status();
}

StatusOr<WallTime> ChangeState::Apply(const Change& change, Event event) {
  ASSIGN_OR_RETURN(const WallTime now, services_.time.Now());
  std::lock_guard lock(services_.changing_keys);
  const auto still = HoldStill();
  Outcome outcome;
  const auto judge_and_store = [&](RowTransaction& rows) -> Status {
    ASSIGN_OR_RETURN(outcome, Judge(rows, change, now));
    return Store(rows, change, outcome);
  };
  if (change.action == StateAction::kReinstate) {
    // Authority comes back only behind its line: a judgement that changes nothing, the line, and
    // then the same judgement with its rows.
    const Status judged = services_.state.Update([&](RowTransaction& rows) -> Status {
      ASSIGN_OR_RETURN(outcome, Judge(rows, change, now));
      return OkStatus();
    });
    RETURN_IF_ERROR(judged);
    RETURN_IF_ERROR(Tell(change, outcome, std::move(event)));
    RETURN_IF_ERROR(services_.state.Update(judge_and_store));
    generation_.fetch_add(1);
    return outcome.serial.changed_at;
  }
  // The row comes first: a revocation must hold even when the journal cannot be written, and the
  // caller is told of the failure and asks again.
  RETURN_IF_ERROR(services_.state.Update(judge_and_store));
  generation_.fetch_add(1);
  const KeyId& key_id = outcome.serial.key_id;
  services_.token.DropKey(key_id);
  RETURN_IF_ERROR(Tell(change, outcome, std::move(event)));
  if (change.action == StateAction::kRevoke) {
    // The revocation stands whatever the token says; what is left there is destroyed later.
    const Status destroyed = DestroyKeyMaterial(services_, key_id);
    if (!destroyed.ok()) LogFailure("key.destroy", destroyed);
  }
  return outcome.serial.changed_at;
}

Status ChangeState::Block(const KeyId& key_id) {
  RETURN_IF_ERROR(CheckRowsWhole(services_));
  std::lock_guard lock(services_.changing_keys);
  // The date is for comparison with orders; a block itself waits for no officer.
  const WallTime now = services_.time.Estimate();
  RETURN_IF_ERROR(services_.state.Update([&](RowTransaction& rows) -> Status {
    ASSIGN_OR_RETURN(auto row, rows.FindKey(key_id));
    if (!row) return Fail(kRequestInvalid, "this core has no key " + key_id.hex());
    // Nobody could start a key of the service again, and a host must not be able to end the
    // service.
    if (row->purpose != KeyPurpose::kSigner && row->purpose != KeyPurpose::kOneTime &&
        row->purpose != KeyPurpose::kSeal) {
      return Fail(kKeyPurpose, "only keys of subscribers are blocked by the host alone");
    }
    if (row->state == KeyState::kDestroyed) return OkStatus();
    if (row->state == KeyState::kUsable) row->state = KeyState::kBlocked;
    // On top of a suspension too: what would end that must know of this.
    row->blocked_at = now;
    return rows.PutKey(key_id, *row);
  }));
  services_.token.DropKey(key_id);
  return services_.journal
      .Append({.type = EventType::kBlocked, .key_id = key_id, .effective_at = now})
      .status();
}

}  // namespace intaglio::appliance
