#include "tests/support/fake_core.h"

#include <openssl/ocsp.h>
#include <openssl/x509.h>
#include <time.h>

#include <set>

#include "appliance/domain/reasons.h"
#include "appliance/policy/gate_reasons.h"
#include "appliance/policy/status_reasons.h"
#include "attestation/produce/evidence_producer.h"
#include "host/core_link/reasons.h"
#include "host/statements/statement_composer.h"
#include "host/x509/ceremony.h"
#include "host/x509/certificate.h"
#include "host/x509/crl_builder.h"
#include "host/x509/ocsp_response.h"
#include "host/x509/public_key.h"
#include "intaglio/core/v1/statements.pb.h"

namespace intaglio::testing_support {
namespace {

namespace pb = ::intaglio::core::v1;
using host::Sha256;

// As the link hands on what the core refused.
Status Refuse(const Reason& reason, const std::string& detail) {
  return FailRemote(reason.code, reason.id, reason.name, detail);
}

EVP_PKEY* Native(const attestation::TestKey& key) { return static_cast<EVP_PKEY*>(key.native()); }

WallTime WholeSeconds(WallTime time) { return {time.ms / 1000 * 1000}; }

int64_t SecondsOf(const ASN1_TIME* time) {
  tm parts{};
  ASN1_TIME_to_tm(time, &parts);
  return timegm(&parts);
}

Bytes OctetsOf(const ASN1_INTEGER* number) {
  const unsigned char* data = ASN1_STRING_get0_data(number);
  return Bytes(data, data + ASN1_STRING_length(number));
}

template <class Message>
StatusOr<Message> Read(ByteView octets) {
  Message message;
  if (!host::ParseCanonical(octets, message)) {
    return Refuse(appliance::kStatementInvalid, "not canonical");
  }
  return message;
}

}  // namespace

// One call: counted, refused or lost as the test asked for.
class FakeCore::Act final {
 public:
  Act(FakeCore& core, const char* name) : core_(core), lock_(core.mutex_), name_(name) {
    ++core.calls_[name];
  }
  Status Begin() {
    if (core_.away_) return Fail(host::kCoreUnavailable, "the fake core is away");
    const auto refusal = core_.refusals_.find(name_);
    if (refusal == core_.refusals_.end()) return OkStatus();
    const Status why = refusal->second;
    core_.refusals_.erase(refusal);
    return why;
  }
  // What the host gets to see of `answer`.
  template <class T>
  StatusOr<T> End(T answer) {
    if (core_.lost_.erase(name_) > 0) return Fail(host::kCoreLinkLost, name_);
    return answer;
  }

 private:
  FakeCore& core_;
  std::lock_guard<std::recursive_mutex> lock_;
  const std::string name_;
};

void FakeCore::RefuseNext(const std::string& act, const Status& why) {
  std::lock_guard lock(mutex_);
  refusals_[act] = why;
}
void FakeCore::LoseNextAnswer(const std::string& act) {
  std::lock_guard lock(mutex_);
  lost_.insert(act);
}
void FakeCore::GoAway() {
  std::lock_guard lock(mutex_);
  away_ = true;
}
void FakeCore::Return() {
  std::lock_guard lock(mutex_);
  away_ = false;
}
int FakeCore::calls(const std::string& act) const {
  std::lock_guard lock(mutex_);
  const auto found = calls_.find(act);
  return found == calls_.end() ? 0 : found->second;
}

Bytes FakeCore::Draw(size_t size) {
  ++drawn_;
  Bytes out(size, 0x5f);
  for (size_t i = 0; i < 8 && i < size; ++i) {
    out[size - 1 - i] = static_cast<uint8_t>(drawn_ >> (8 * i));
  }
  return out;
}

Bytes FakeCore::Record(const std::string& id, int version) const {
  return ToBytes("record " + id + " " + std::to_string(version));
}

StatusOr<FakeCore::Opened> FakeCore::Open(ByteView record) {
  const std::string text = AsString(record);
  if (text.rfind("record ", 0) != 0 || text.size() < 41) {
    return Refuse(appliance::kRecordUnreadable, std::to_string(text.size()) + " octets");
  }
  const std::string id = text.substr(7, 32);
  const auto key = keys_.find(id);
  if (key == keys_.end()) return Refuse(appliance::kRecordUnreadable, id);
  return Opened{id, text.back() - '0', &key->second};
}

StatusOr<FakeCore::Opened> FakeCore::OpenNewest(ByteView record) {
  ASSIGN_OR_RETURN(const Opened opened, Open(record));
  if (opened.version >= opened.key->version) return opened;
  return Refuse(appliance::kRecordStale, std::to_string(opened.key->version) + " exists");
}

StatusOr<host::CoreStatus> FakeCore::DescribeCore() {
  Act act(*this, "DescribeCore");
  RETURN_IF_ERROR(act.Begin());
  host::CoreStatus status;
  status.core_instance = instance_;
  status.boot_id = Bytes(16, 0xb0);
  status.now = clock_.Now();
  status.commands_need = 2;
  status.token.state = "healthy";
  return act.End(std::move(status));
}

StatusOr<Bytes> FakeCore::BeginCommand() {
  Act act(*this, "BeginCommand");
  RETURN_IF_ERROR(act.Begin());
  return act.End(Draw(32));
}

StatusOr<host::CoreKey> FakeCore::ExecuteCommand(const host::ApprovedOctets& command,
                                                 ByteView ca_record) {
  Act act(*this, "ExecuteCommand");
  RETURN_IF_ERROR(act.Begin());
  ASSIGN_OR_RETURN(const pb::Command order, Read<pb::Command>(command.octets));
  if (order.has_install_ca_certificate()) {
    ASSIGN_OR_RETURN(const Opened ca, Open(ca_record));
    ca.key->certificate = ToBytes(order.install_ca_certificate().certificate());
    ASSIGN_OR_RETURN(const Bytes id, FromHex(ca.id));
    return act.End(host::CoreKey{Record(ca.id, 1), {}, id});
  }
  const Bytes id = Draw(16);
  const Key& key = keys_[ToHex(id)];
  return act.End(host::CoreKey{Record(ToHex(id), 0), key.key.Spki(), id});
}

StatusOr<host::CoreKey> FakeCore::GenerateSignerKey(const host::ApprovedOctets& order) {
  Act act(*this, "GenerateSignerKey");
  RETURN_IF_ERROR(act.Begin());
  ASSIGN_OR_RETURN(const pb::IssuanceOrder read, Read<pb::IssuanceOrder>(order.octets));
  if (order.approvals.size() < 2) return Refuse(appliance::kApprovalsMissing, "2 are needed");
  if (clock_.Now().ms > read.expires_at_ms()) return Refuse(appliance::kStatementExpired, "order");
  Order& row = orders_[Sha256(order.octets)];
  if (row.key_id.empty()) {
    row.key_id = ToHex(Draw(16));
    Key& key = keys_[row.key_id];
    key.authenticator_spki = ToBytes(read.authenticators(0).spki());
    key.agreement_digest = ToBytes(read.agreement_digest());
    if (read.has_legal_subject()) {
      for (const auto& each : read.authenticators())
        key.controllers.push_back(ToBytes(each.spki()));
      key.controllers_need = read.controllers_need();
    }
  }
  ASSIGN_OR_RETURN(const Bytes id, FromHex(row.key_id));
  return act.End(host::CoreKey{Record(row.key_id, 0), keys_[row.key_id].key.Spki(), id});
}

StatusOr<Bytes> FakeCore::Attest(const std::vector<Bytes>& records, ByteView nonce) {
  Act act(*this, "Attest");
  RETURN_IF_ERROR(act.Begin());
  ASSIGN_OR_RETURN(const Opened key, OpenNewest(records.at(0)));
  attestation::EvidenceContent content = attestation::WrappedContent(key.key->key.Spki());
  content.transaction.nonce = ToBytes(nonce);
  if (claims_ == Claims::kExtractable) content.keys[0].wrap_with_trusted = false;
  if (claims_ == Claims::kOtherNonce) content.transaction.nonce = Bytes(32, 0x11);
  ASSIGN_OR_RETURN(const auto producer, attestation::EvidenceProducer::Create(
                                            attestation::EvidenceProfile::Draft(),
                                            device_.ak_certificate, {device_.intermediate}));
  ASSIGN_OR_RETURN(Bytes evidence, producer.Produce(content, [&](const Digest& digest) {
    return StatusOr<Bytes>(device_.ak.SignDigest(digest));
  }));
  return act.End(std::move(evidence));
}

StatusOr<Bytes> FakeCore::DrawSerial(ByteView ca_record) {
  Act act(*this, "DrawSerial");
  RETURN_IF_ERROR(act.Begin());
  RETURN_IF_ERROR(Open(ca_record).status());
  Bytes serial = next_serial_.value_or(Draw(16));
  next_serial_.reset();
  rows_.emplace(serial, Row{});
  return act.End(std::move(serial));
}

StatusOr<host::CoreCertificate> FakeCore::IssueCertificate(const IssueInput& input) {
  Act act(*this, "IssueCertificate");
  RETURN_IF_ERROR(act.Begin());
  ASSIGN_OR_RETURN(const Opened ca, Open(input.ca_record));
  ASSIGN_OR_RETURN(const Opened subject, Open(input.subject_record));
  const auto order = orders_.find(Sha256(input.order.octets));
  if (order == orders_.end()) return Refuse(appliance::kOrderMismatch, "no key");
  const Digest tbs_sha256 = Sha256(input.tbs);
  if (order->second.tbs != Digest{} && order->second.tbs != tbs_sha256) {
    return Refuse(appliance::kOrderSpent, "another TBSCertificate");
  }
  if (order->second.certificate.empty()) {
    RETURN_IF_ERROR(OpenNewest(input.subject_record).status());
    ASSIGN_OR_RETURN(const auto facts, host::DescribeTbs(input.tbs));
    if (facts.validity.not_before < clock_.Now() - kHour) {
      return Refuse(appliance::kGateNotBefore, ToIso8601(facts.validity.not_before));
    }
    const auto row = rows_.find(facts.serial);
    if (row == rows_.end()) return Refuse(appliance::kSerialUnknown, ToHex(facts.serial));
    ASSIGN_OR_RETURN(order->second.certificate,
                     host::SignCertificate(input.tbs, Native(ca.key->key)));
    order->second.tbs = tbs_sha256;
    row->second = {RowState::kIssued, tbs_sha256, subject.id, WholeSeconds(clock_.Now()), 0};
    subject.key->certificate = order->second.certificate;
    subject.key->version = 1;
    ++certificates_signed_;
  }
  Bytes certificate = order->second.certificate;
  if (sign_other_tbs_) certificate.back() ^= 1;
  return act.End(host::CoreCertificate{std::move(certificate), Record(subject.id, 1)});
}

StatusOr<Bytes> FakeCore::IssueResponderCertificate(const ResponderInput& input) {
  Act act(*this, "IssueResponderCertificate");
  RETURN_IF_ERROR(act.Begin());
  ASSIGN_OR_RETURN(const Opened ca, Open(input.ca_record));
  RETURN_IF_ERROR(Open(input.status_record).status());
  ASSIGN_OR_RETURN(responder_certificate_, host::SignCertificate(input.tbs, Native(ca.key->key)));
  return act.End(responder_certificate_);
}

StatusOr<Bytes> FakeCore::BeginActivation(ByteView record, const std::string& session_id,
                                          const std::vector<Digest>& dtbsr) {
  Act act(*this, "BeginActivation");
  RETURN_IF_ERROR(act.Begin());
  ASSIGN_OR_RETURN(const Opened opened, OpenNewest(record));
  if (opened.key->suspended) return Refuse(appliance::kKeySuspended, opened.id);
  if (opened.key->destroyed) return Refuse(appliance::kKeyDestroyed, opened.id);
  if (opened.key->blocked) return Refuse(appliance::kKeyBlocked, opened.id);
  const bool agreement = dtbsr.size() == 1 && Equal(dtbsr[0], opened.key->agreement_digest);
  if (opened.version == 0) return Refuse(appliance::kRecordVersion, "0");
  if (opened.version == 1 && (!agreement || opened.key->agreement_signed)) {
    return Refuse(appliance::kAgreementOnly, opened.id);
  }
  pb::SadPayload payload;
  payload.set_context("intaglio/sad/v1");
  payload.set_nonce(AsString(Draw(32)));
  payload.set_session_id(session_id);
  for (const Digest& each : dtbsr) payload.add_dtbsr(AsString(each));
  const Bytes octets = host::SerializeCanonical(payload);
  payloads_.insert(octets);
  return act.End(octets);
}

Status FakeCore::Prove(const Key& key, const ProvenInput& input) const {
  Bytes spki = key.authenticator_spki;
  for (const Bytes& each : key.controllers) {
    if (Equal(Sha256(each), input.proof.authenticator_id)) spki = each;
  }
  if (!Equal(Sha256(spki), input.proof.authenticator_id)) {
    return Refuse(appliance::kAuthenticatorUnknown, "proof");
  }
  if (!host::VerifyEs256(spki, input.octets, input.proof.es256)) {
    return Refuse(appliance::kSignatureWrong, "proof");
  }
  return OkStatus();
}

StatusOr<std::vector<Bytes>> FakeCore::Sign(const ProvenInput& input) {
  Act act(*this, "Sign");
  RETURN_IF_ERROR(act.Begin());
  ASSIGN_OR_RETURN(const Opened opened, OpenNewest(input.record));
  ASSIGN_OR_RETURN(const pb::SadPayload payload, Read<pb::SadPayload>(input.octets));
  RETURN_IF_ERROR(Prove(*opened.key, input));
  const auto before = signed_payloads_.find(input.octets);
  if (before != signed_payloads_.end()) return act.End(before->second);
  if (payloads_.erase(input.octets) == 0) return Refuse(appliance::kSadSpent, "nonce");
  std::vector<Bytes> signatures;
  for (const std::string& each : payload.dtbsr()) {
    ASSIGN_OR_RETURN(const Digest digest, ToDigest(AsBytes(each)));
    signatures.push_back(opened.key->key.SignDigest(digest));
  }
  if (opened.version == 1) opened.key->agreement_signed = true;
  signed_payloads_[input.octets] = signatures;
  return act.End(std::move(signatures));
}

StatusOr<Bytes> FakeCore::AcceptCertificate(const ProvenInput& input) {
  Act act(*this, "AcceptCertificate");
  RETURN_IF_ERROR(act.Begin());
  ASSIGN_OR_RETURN(const Opened opened, Open(input.record));
  if (opened.version != 1) return Refuse(appliance::kRecordVersion, "1 is needed");
  ASSIGN_OR_RETURN(const auto statement, Read<pb::AcceptanceStatement>(input.octets));
  if (!Equal(AsBytes(statement.certificate_sha256()), Sha256(opened.key->certificate)) ||
      !Equal(AsBytes(statement.agreement_digest()), opened.key->agreement_digest)) {
    return Refuse(appliance::kOrderMismatch, "another certificate or agreement");
  }
  std::set<Bytes> agreed = {input.proof.authenticator_id};
  RETURN_IF_ERROR(Prove(*opened.key, input));
  for (const host::AuthenticatorProof& each : input.more_proofs) {
    RETURN_IF_ERROR(Prove(*opened.key, {input.record, input.octets, each}));
    agreed.insert(each.authenticator_id);
  }
  if (agreed.size() < opened.key->controllers_need) {
    return Refuse(appliance::kControllersMissing, "controllers");
  }
  opened.key->version = 2;
  return act.End(Record(opened.id, 2));
}

// As appliance/usecases/change_state.cc, for one core and one CA.
StatusOr<WallTime> FakeCore::Advance(const Bytes& serial, int action, int reason) {
  const auto found = rows_.find(serial);
  if (found == rows_.end() || found->second.state < RowState::kIssued) {
    return Refuse(appliance::kSerialUnknown, ToHex(serial));
  }
  Row& row = found->second;
  Key& key = keys_[row.key_id];
  if (row.state == RowState::kRevoked) {
    if (action == pb::STATE_ACTION_REVOKE) return row.changed_at;
    return Refuse(appliance::kCertificateRevoked, ToHex(serial));
  }
  const bool held = row.state == RowState::kSuspended;
  const WallTime now = WholeSeconds(clock_.Now());
  if (action == pb::STATE_ACTION_REVOKE) {
    if (!held) row.changed_at = now;
    row.state = RowState::kRevoked;
    row.reason = reason;
    key.destroyed = true;
  } else if (action == pb::STATE_ACTION_SUSPEND) {
    if (!held) row.changed_at = now;
    row.state = RowState::kSuspended;
    row.reason = 6;
    key.suspended = true;
  } else {
    row = {RowState::kIssued, row.tbs, row.key_id, now, 0};
    key.suspended = key.blocked = false;
  }
  return row.changed_at;
}

StatusOr<WallTime> FakeCore::RevokeBySigner(const ProvenInput& input) {
  Act act(*this, "RevokeBySigner");
  RETURN_IF_ERROR(act.Begin());
  ASSIGN_OR_RETURN(const Opened opened, Open(input.record));
  ASSIGN_OR_RETURN(const auto statement, Read<pb::SignerRevocation>(input.octets));
  RETURN_IF_ERROR(Prove(*opened.key, input));
  ASSIGN_OR_RETURN(const WallTime effective,
                   Advance(ToBytes(statement.serial()), pb::STATE_ACTION_REVOKE,
                           static_cast<int>(statement.reason()) - 1));
  return act.End(effective);
}

StatusOr<WallTime> FakeCore::ChangeState(const host::ApprovedOctets& order) {
  Act act(*this, "ChangeState");
  RETURN_IF_ERROR(act.Begin());
  ASSIGN_OR_RETURN(const auto read, Read<pb::StateOrder>(order.octets));
  if (order.approvals.empty()) return Refuse(appliance::kApprovalsMissing, "1 is needed");
  if (clock_.Now().ms > read.expires_at_ms()) return Refuse(appliance::kStatementExpired, "order");
  // Once done it is answered with what stands now, and changes nothing.
  if (state_orders_.count(Sha256(order.octets)) > 0) {
    return act.End(rows_[ToBytes(read.serial())].changed_at);
  }
  ASSIGN_OR_RETURN(const WallTime effective,
                   Advance(ToBytes(read.serial()), read.action(), read.reason() - 1));
  state_orders_.insert(Sha256(order.octets));
  return act.End(effective);
}

Status FakeCore::BlockKey(ByteView key_id) {
  Act act(*this, "BlockKey");
  RETURN_IF_ERROR(act.Begin());
  const auto key = keys_.find(ToHex(key_id));
  if (key == keys_.end()) return Refuse(appliance::kRequestInvalid, "no such key");
  key->second.blocked = true;
  return act.End(0).status();
}

Status FakeCore::JudgeCrl(ByteView der) {
  const unsigned char* at = der.data();
  const host::X509CrlPtr crl(d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())));
  if (!crl) return Refuse(appliance::kRequestInvalid, "not a CRL");
  const std::unique_ptr<ASN1_INTEGER, host::CFree<ASN1_INTEGER_free>> number(
      static_cast<ASN1_INTEGER*>(
          X509_CRL_get_ext_d2i(crl.get(), NID_crl_number, nullptr, nullptr)));
  uint64_t value = 0;
  ASN1_INTEGER_get_uint64(&value, number.get());
  if (value <= last_crl_number_ || value - last_crl_number_ > 1000) {
    return Refuse(appliance::kCrlNumberOrder, std::to_string(value));
  }
  size_t listed = 0;
  for (const auto& [serial, row] : rows_) {
    if (row.state != RowState::kRevoked && row.state != RowState::kSuspended) continue;
    ++listed;
    const std::unique_ptr<BIGNUM, host::CFree<BN_free>> big(
        BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
    const std::unique_ptr<ASN1_INTEGER, host::CFree<ASN1_INTEGER_free>> wanted(
        BN_to_ASN1_INTEGER(big.get(), nullptr));
    X509_REVOKED* entry = nullptr;
    if (X509_CRL_get0_by_serial(crl.get(), &entry, wanted.get()) != 1) {
      return Refuse(appliance::kCrlHidesRevocation, ToHex(serial));
    }
    if (SecondsOf(X509_REVOKED_get0_revocationDate(entry)) * 1000 != row.changed_at.ms) {
      return Refuse(appliance::kCrlContradictsRow, ToHex(serial));
    }
    const std::unique_ptr<ASN1_ENUMERATED, host::CFree<ASN1_ENUMERATED_free>> reason(
        static_cast<ASN1_ENUMERATED*>(
            X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, nullptr, nullptr)));
    if ((reason ? ASN1_ENUMERATED_get(reason.get()) : 0) != row.reason) {
      return Refuse(appliance::kCrlContradictsRow, ToHex(serial) + " reason");
    }
  }
  const auto* entries = X509_CRL_get_REVOKED(crl.get());
  if ((entries ? static_cast<size_t>(sk_X509_REVOKED_num(entries)) : 0) != listed) {
    return Refuse(appliance::kCrlUnknownEntry, "too many entries");
  }
  last_crl_number_ = value;
  return OkStatus();
}

StatusOr<Bytes> FakeCore::SignCrl(ByteView ca_record, uint64_t size, const host::OctetSource& tbs) {
  {
    Act act(*this, "BeginCrl");
    RETURN_IF_ERROR(act.Begin());
  }
  // Not locked: state may change while a CRL is on its way in.
  Bytes octets;
  RETURN_IF_ERROR(tbs([&](ByteView piece) {
    octets.insert(octets.end(), piece.begin(), piece.end());
    return OkStatus();
  }));
  Act act(*this, "SignCrl");
  RETURN_IF_ERROR(act.Begin());
  if (octets.size() != size) return Refuse(appliance::kStreamUnknown, "another length");
  ASSIGN_OR_RETURN(const Opened ca, Open(ca_record));
  ASSIGN_OR_RETURN(Bytes signature, host::SignTbs(octets, Native(ca.key->key)));
  ASSIGN_OR_RETURN(const Bytes crl, host::AssembleCrl(octets, signature));
  RETURN_IF_ERROR(JudgeCrl(crl));
  return act.End(std::move(signature));
}

Status FakeCore::JudgeOcsp(ByteView der) {
  const unsigned char* at = der.data();
  const host::OcspResponsePtr response(
      d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(der.size())));
  const host::OcspBasicPtr basic(response ? OCSP_response_get1_basic(response.get()) : nullptr);
  if (!basic) return Refuse(appliance::kRequestInvalid, "not an OCSP response");
  for (int i = 0; i < OCSP_resp_count(basic.get()); ++i) {
    OCSP_SINGLERESP* single = OCSP_resp_get0(basic.get(), i);
    ASN1_INTEGER* number = nullptr;
    OCSP_id_get0_info(nullptr, nullptr, nullptr, &number,
                      const_cast<OCSP_CERTID*>(OCSP_SINGLERESP_get0_id(single)));
    int reason = 0;
    ASN1_GENERALIZEDTIME* revoked_at = nullptr;
    const int status = OCSP_single_get0_status(single, &reason, &revoked_at, nullptr, nullptr);
    const auto found = rows_.find(OctetsOf(number));
    if (found == rows_.end() || found->second.state < RowState::kIssued) {
      if (status != V_OCSP_CERTSTATUS_UNKNOWN) return Refuse(appliance::kOcspNotIssued, "serial");
      continue;
    }
    const Row& row = found->second;
    if (row.state == RowState::kIssued) {
      if (status != V_OCSP_CERTSTATUS_GOOD) return Refuse(appliance::kOcspContradictsRow, "good");
      continue;
    }
    if (status != V_OCSP_CERTSTATUS_REVOKED) {
      return Refuse(appliance::kOcspHidesRevocation, ToHex(found->first));
    }
    if (SecondsOf(revoked_at) * 1000 != row.changed_at.ms || std::max(reason, 0) != row.reason) {
      return Refuse(appliance::kOcspContradictsRow, "date or reason");
    }
  }
  return OkStatus();
}

StatusOr<std::vector<Bytes>> FakeCore::SignOcsp(const OcspInput& input) {
  Act act(*this, "SignOcsp");
  RETURN_IF_ERROR(act.Begin());
  if (input.response_data.empty() || input.response_data.size() > 100) {
    return Refuse(appliance::kRequestInvalid, "1 to 100");
  }
  ASSIGN_OR_RETURN(const Opened status, Open(input.status_record));
  std::vector<Bytes> signatures;
  for (const Bytes& each : input.response_data) {
    ASSIGN_OR_RETURN(Bytes signature, host::SignTbs(each, Native(status.key->key)));
    ASSIGN_OR_RETURN(const Bytes response,
                     host::AssembleOcspResponse(each, signature, responder_certificate_));
    RETURN_IF_ERROR(JudgeOcsp(response));
    signatures.push_back(std::move(signature));
  }
  return act.End(std::move(signatures));
}

StatusOr<std::vector<Bytes>> FakeCore::ReadJournal(uint64_t, uint32_t) {
  return std::vector<Bytes>{};
}

}  // namespace intaglio::testing_support
