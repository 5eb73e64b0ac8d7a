#include "appliance/usecases/issue_certificate.h"

#include "appliance/crypto/hash.h"
#include "appliance/der/tbs_certificate.h"
#include "appliance/domain/reasons.h"
#include "appliance/policy/issuance_policy.h"
#include "appliance/policy/sole_control_policy.h"
#include "appliance/usecases/generate_signer_key.h"

namespace intaglio::appliance {
namespace {

StatusOr<SerialRow> FindDrawnSerial(const CoreServices& services, const KeyId& issuer,
                                    const Serial& serial) {
  ASSIGN_OR_RETURN(const auto row, services.state.FindSerial(issuer, serial));
  if (!row) return Fail(kSerialUnknown, "serial " + ToHex(serial.octets) + " was not drawn here");
  return *row;
}

}  // namespace

StatusOr<Serial> IssueCertificate::DrawSerial(ByteView ca_record) {
  RETURN_IF_ERROR(services_.time.Now().status());
  ASSIGN_OR_RETURN(const OpenedKey ca, OpenInstalledCa(services_, ca_record));
  Serial serial;
  // 126 random bits; a first octet of 0x40 to 0x7f keeps it positive and of one length.
  ASSIGN_OR_RETURN(serial.octets, services_.rng.Draw(16));
  serial.octets[0] = static_cast<uint8_t>((serial.octets[0] & 0x3f) | 0x40);
  RETURN_IF_ERROR(services_.journal
                      .Append({.type = EventType::kSerialDrawn,
                               .serial = serial.octets,
                               .issuer_key_id = ca.record.key_id})
                      .status());
  RETURN_IF_ERROR(services_.state.Update([&](RowTransaction& rows) -> Status {
    ASSIGN_OR_RETURN(const auto taken, rows.FindSerial(ca.record.key_id, serial));
    if (taken) return Fail(kSerialUnknown, "the random serial was drawn before; ask again");
    return rows.PutSerial(ca.record.key_id, serial, SerialRow{});
  }));
  return serial;
}

StatusOr<IssueCertificate::Outcome> IssueCertificate::Subscriber(const SubscriberInput& input) {
  ASSIGN_OR_RETURN(const WallTime now, services_.time.Now());
  ASSIGN_OR_RETURN(const Approved approved, CheckIssuanceOrder(services_, input.order, now));
  ASSIGN_OR_RETURN(const OpenedKey ca, OpenInstalledCa(services_, input.ca_record));
  std::lock_guard lock(mutex_);
  const Digest tbs_sha256 = Sha256(input.tbs);
  ASSIGN_OR_RETURN(auto order_row, services_.state.FindOrder(approved.statement_digest()));
  if (!order_row) {
    return Fail(kOrderMismatch, "no key was generated under this order");
  }
  const bool intended = order_row->issue_intent_tbs_sha256 != Digest{};
  if (intended && order_row->issue_intent_tbs_sha256 != tbs_sha256) {
    return Fail(kOrderSpent, "another TBSCertificate was signed or begun under this order");
  }
  Event event{.type = EventType::kCertificateSigned,
              .key_id = order_row->key_id,
              .statement_digest = approved.statement_digest(),
              .issuer_key_id = ca.record.key_id,
              .content_digest = tbs_sha256,
              .officers = approved.officers(),
              .host_audit_head = input.host_audit_head};
  if (!order_row->certificate.empty()) {
    // Answered before; the line is written again in case the first was cut off by a crash.
    event.serial = order_row->serial.octets;
    event.sealed_record = order_row->certified_record;
    event.certificate = order_row->certificate;
    event.note = "answered again";
    RETURN_IF_ERROR(services_.journal.Append(event).status());
    return Outcome{order_row->certificate, order_row->certified_record};
  }

  // Whether its purpose fits is for the policy to judge.
  ASSIGN_OR_RETURN(const OpenedKey subject, OpenKey(services_, input.subject_record));
  RETURN_IF_ERROR(CheckKeyState(subject.row));
  ASSIGN_OR_RETURN(const TbsFacts tbs, ReadTbsCertificate(input.tbs));
  ASSIGN_OR_RETURN(const CertificateParts ca_certificate,
                   ReadCertificate(ca.record.ca_certificate));
  const Serial serial = tbs.serial;
  ASSIGN_OR_RETURN(SerialRow serial_row, FindDrawnSerial(services_, ca.record.key_id, serial));
  ASSIGN_OR_RETURN(SignPermit permit, IssuancePolicy::JudgeSubscriber({
                                          .tbs = tbs,
                                          .tbs_sha256 = tbs_sha256,
                                          .order = input.order.statement,
                                          .order_digest = approved.statement_digest(),
                                          .subject_key = subject.record,
                                          .ca_key = ca.record,
                                          .ca_certificate = ca_certificate.facts,
                                          .serial = serial_row,
                                          .now = now,
                                          .qscd_entry = services_.identity.Get()->qscd_entry,
                                      }));
  event.type = EventType::kCertificateIntent;
  event.serial = serial.octets;
  event.statement = input.order.octets;
  RETURN_IF_ERROR(services_.journal.Append(event).status());
  order_row->serial = serial;
  order_row->issue_intent_tbs_sha256 = tbs_sha256;
  serial_row.state = SerialState::kIntent;
  serial_row.tbs_sha256 = tbs_sha256;
  serial_row.key_id = subject.record.key_id;
  RETURN_IF_ERROR(services_.state.Update([&](RowTransaction& rows) -> Status {
    RETURN_IF_ERROR(rows.PutSerial(ca.record.key_id, serial, serial_row));
    return rows.PutOrder(approved.statement_digest(), *order_row);
  }));

  ASSIGN_OR_RETURN(const auto signatures, services_.token.Sign(std::move(permit), ca.record));
  Outcome outcome;
  outcome.certificate = AssembleCertificate(input.tbs, signatures.front());
  KeyRecord certified = subject.record;
  certified.version = kVersionCertified;
  certified.certified_as = {ca.record.key_id, serial, Sha256(outcome.certificate), tbs.not_before,
                            tbs.not_after};
  ASSIGN_OR_RETURN(outcome.record, services_.records.Seal(certified));
  serial_row.state = SerialState::kIssued;
  serial_row.certificate_sha256 = certified.certified_as->certificate_sha256;
  serial_row.not_after = tbs.not_after;
  serial_row.changed_at = {now.ms / 1000 * 1000};
  order_row->certificate = outcome.certificate;
  order_row->certified_record = outcome.record;
  RETURN_IF_ERROR(services_.state.Update([&](RowTransaction& rows) -> Status {
    ASSIGN_OR_RETURN(auto key_row, rows.FindKey(subject.record.key_id));
    if (!key_row) return Fail(kRecordStale, "the key's row is gone");
    RETURN_IF_ERROR(CheckKeyState(*key_row));
    key_row->version = kVersionCertified;
    key_row->epoch = services_.records.EpochOf(outcome.record);
    RETURN_IF_ERROR(rows.PutKey(subject.record.key_id, *key_row));
    RETURN_IF_ERROR(rows.PutSerial(ca.record.key_id, serial, serial_row));
    return rows.PutOrder(approved.statement_digest(), *order_row);
  }));
  event.type = EventType::kCertificateSigned;
  event.statement.clear();
  event.output_digest = Sha256(outcome.certificate);
  event.sealed_record = outcome.record;
  event.certificate = outcome.certificate;
  ASSIGN_OR_RETURN(event.state_hash, services_.state.StateHash());
  RETURN_IF_ERROR(services_.journal.Append(event).status());
  return outcome;
}

StatusOr<Bytes> IssueCertificate::Responder(const ResponderInput& input) {
  ASSIGN_OR_RETURN(const WallTime now, services_.time.Now());
  ASSIGN_OR_RETURN(const OpenedKey ca, OpenInstalledCa(services_, input.ca_record));
  ASSIGN_OR_RETURN(const OpenedKey status,
                   OpenUsableKey(services_, input.status_record, KeyPurpose::kStatus));
  ASSIGN_OR_RETURN(const TbsFacts tbs, ReadTbsCertificate(input.tbs));
  ASSIGN_OR_RETURN(const CertificateParts ca_certificate,
                   ReadCertificate(ca.record.ca_certificate));
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(SerialRow serial_row, FindDrawnSerial(services_, ca.record.key_id, tbs.serial));
  const Digest tbs_sha256 = Sha256(input.tbs);
  ASSIGN_OR_RETURN(SignPermit permit, IssuancePolicy::JudgeResponder({
                                          .tbs = tbs,
                                          .tbs_sha256 = tbs_sha256,
                                          .status_key = status.record,
                                          .ca_key = ca.record,
                                          .ca_certificate = ca_certificate.facts,
                                          .serial = serial_row,
                                          .now = now,
                                      }));
  Event event{.type = EventType::kCertificateIntent,
              .key_id = status.record.key_id,
              .serial = tbs.serial.octets,
              .issuer_key_id = ca.record.key_id,
              .content_digest = tbs_sha256};
  RETURN_IF_ERROR(services_.journal.Append(event).status());
  serial_row.state = SerialState::kIntent;
  serial_row.tbs_sha256 = tbs_sha256;
  serial_row.key_id = status.record.key_id;
  RETURN_IF_ERROR(services_.state.Update([&](RowTransaction& rows) {
    return rows.PutSerial(ca.record.key_id, tbs.serial, serial_row);
  }));
  ASSIGN_OR_RETURN(const auto signatures, services_.token.Sign(std::move(permit), ca.record));
  const Bytes certificate = AssembleCertificate(input.tbs, signatures.front());
  serial_row.state = SerialState::kIssued;
  serial_row.certificate_sha256 = Sha256(certificate);
  serial_row.not_after = tbs.not_after;
  serial_row.changed_at = {now.ms / 1000 * 1000};
  RETURN_IF_ERROR(services_.state.Update([&](RowTransaction& rows) {
    return rows.PutSerial(ca.record.key_id, tbs.serial, serial_row);
  }));
  event.type = EventType::kCertificateSigned;
  event.output_digest = serial_row.certificate_sha256;
  event.certificate = certificate;
  RETURN_IF_ERROR(services_.journal.Append(event).status());
  return certificate;
}

}  // namespace intaglio::appliance
