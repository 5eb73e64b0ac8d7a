// FakeCore: a CorePort with real keys and the core's own rules as far as the host can notice them:
// what is idempotent, what is refused and with which Reason, what a lost answer leaves behind.
//
// For tests of the host's use cases. Everything it signs verifies, and CRLs and OCSP answers are
// read with OpenSSL and held against its rows before it signs them, so a host that would be refused
// by the real core is refused here. It judges no rosters and no certificate profiles.
#ifndef INTAGLIO_TESTS_SUPPORT_FAKE_CORE_H_
#define INTAGLIO_TESTS_SUPPORT_FAKE_CORE_H_

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "attestation/verify/test_device.h"
#include "base/clock.h"
#include "host/ports/core_port.h"

namespace intaglio::testing_support {

class FakeCore final : public host::CorePort {
 public:
  explicit FakeCore(const Clock& clock) : clock_(clock) {}

  // The next call of `act` ("Sign", "IssueCertificate", …) fails with `why` and does nothing.
  void RefuseNext(const std::string& act, const Status& why);
  // The next call of `act` is carried out and its answer lost: HST-0302, as the link reports it.
  void LoseNextAnswer(const std::string& act);
  // Every call fails as it does without a link, until Return().
  void GoAway();
  void Return();
  int calls(const std::string& act) const;

  const Bytes& instance() const { return instance_; }
  const attestation::TestDevice& device() const { return device_; }
  // Evidence as a device would give that makes every key with these claims.
  enum class Claims { kWrapped, kExtractable, kOtherNonce };
  void set_claims(Claims claims) { claims_ = claims; }
  // Answers with certificates that differ from what was asked.
  void SignOtherTbs() { sign_other_tbs_ = true; }
  uint64_t last_crl_number() const { return last_crl_number_; }
  void set_last_crl_number(uint64_t number) { last_crl_number_ = number; }
  size_t certificates_signed() const { return certificates_signed_; }

  StatusOr<host::CoreStatus> DescribeCore() override;
  StatusOr<Bytes> BeginCommand() override;
  StatusOr<host::CoreKey> ExecuteCommand(const host::ApprovedOctets& command,
                                         ByteView ca_record) override;
  StatusOr<host::CoreKey> GenerateSignerKey(const host::ApprovedOctets& order) override;
  StatusOr<Bytes> Attest(const std::vector<Bytes>& records, ByteView nonce) override;
  StatusOr<Bytes> DrawSerial(ByteView ca_record) override;
  StatusOr<host::CoreCertificate> IssueCertificate(const IssueInput& input) override;
  StatusOr<Bytes> IssueResponderCertificate(const ResponderInput& input) override;
  StatusOr<Bytes> BeginActivation(ByteView record, const std::string& session_id,
                                  const std::vector<Digest>& dtbsr) override;
  StatusOr<std::vector<Bytes>> Sign(const ProvenInput& input) override;
  StatusOr<Bytes> AcceptCertificate(const ProvenInput& input) override;
  StatusOr<WallTime> RevokeBySigner(const ProvenInput& input) override;
  StatusOr<WallTime> ChangeState(const host::ApprovedOctets& order) override;
  Status BlockKey(ByteView key_id) override;
  StatusOr<Bytes> SignCrl(ByteView ca_record, uint64_t size, const host::OctetSource& tbs) override;
  StatusOr<std::vector<Bytes>> SignOcsp(const OcspInput& input) override;
  StatusOr<std::vector<Bytes>> ReadJournal(uint64_t from_sequence, uint32_t most) override;

  // Serials handed out, in order; the next one can be chosen.
  void set_next_serial(Bytes serial) { next_serial_ = std::move(serial); }

 private:
  struct Key {
    attestation::TestKey key = attestation::TestKey::Generate();
    Bytes authenticator_spki;
    std::vector<Bytes> controllers = {};  // of a seal
    size_t controllers_need = 1;
    Bytes agreement_digest;
    Bytes certificate;
    int version = 0;
    bool agreement_signed = false;
    bool suspended = false;
    bool destroyed = false;
    bool blocked = false;
  };
  struct Opened {
    std::string id;
    int version;
    Key* key;
  };
  enum class RowState { kDrawn, kIntent, kIssued, kSuspended, kRevoked };
  struct Row {
    RowState state = RowState::kDrawn;
    Digest tbs{};
    std::string key_id;
    WallTime changed_at;
    int reason = 0;
  };
  struct Order {
    std::string key_id;
    Digest tbs{};
    Bytes certificate;
  };
  class Act;

  StatusOr<Opened> Open(ByteView record);
  // The same, and no newer version of the record exists.
  StatusOr<Opened> OpenNewest(ByteView record);
  Bytes Record(const std::string& id, int version) const;
  StatusOr<WallTime> Advance(const Bytes& serial, int action, int reason);
  Status Prove(const Key& key, const ProvenInput& input) const;
  Status JudgeCrl(ByteView crl);
  Status JudgeOcsp(ByteView response);
  Bytes Draw(size_t size);

  const Clock& clock_;
  mutable std::recursive_mutex mutex_;
  const Bytes instance_ = Bytes(16, 0xc0);
  const attestation::TestDevice device_ = attestation::TestDevice::Create();
  Claims claims_ = Claims::kWrapped;
  bool sign_other_tbs_ = false;
  bool away_ = false;
  std::map<std::string, Status> refusals_;
  std::set<std::string> lost_;
  std::map<std::string, int> calls_;
  std::map<std::string, Key> keys_;
  std::map<Bytes, Row> rows_;
  std::map<Digest, Order> orders_;
  std::set<Digest> state_orders_;
  std::set<Bytes> payloads_;
  std::map<Bytes, std::vector<Bytes>> signed_payloads_;
  Bytes responder_certificate_;
  std::optional<Bytes> next_serial_;
  uint64_t last_crl_number_ = 0;
  size_t certificates_signed_ = 0;
  uint64_t drawn_ = 0;
};

}  // namespace intaglio::testing_support

#endif  // INTAGLIO_TESTS_SUPPORT_FAKE_CORE_H_
