// HostileHost: a core behind its real link, and a host that holds the link's TLS key and says what
// it likes. People sign only what their test lets them sign.
#ifndef INTAGLIO_TESTS_INTEGRATION_HOSTILE_HOST_H_
#define INTAGLIO_TESTS_INTEGRATION_HOSTILE_HOST_H_

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "appliance/link/dispatcher.h"
#include "appliance/link/link_server.h"
#include "appliance/records/seal_codec.h"
#include "host/x509/ca_description.h"
#include "host/x509/certificate_builder.h"
#include "host/x509/ocsp_response.h"
#include "host/x509/test_pki.h"
#include "intaglio/core/v1/link.pb.h"
#include "tests/support/core_fixture.h"
#include "tests/support/raw_link.h"

namespace intaglio::testing_support {

namespace pb = ::intaglio::core::v1;

// How a connection ended, as the core journals it.
class EndedLinks final : public appliance::LinkObserver {
 public:
  void Opened(uint64_t, const std::string&) override {}
  void Refused(const Status& status, const std::string&) override { Add(status); }
  void Ended(uint64_t, const Status& status) override { Add(status); }
  // The Reasons so far, once there are `count` of them or 20 seconds have passed.
  std::vector<std::string> WaitFor(size_t count);

 private:
  void Add(const Status& status);
  std::mutex mutex_;
  std::condition_variable more_;
  std::vector<std::string> reasons_;
};

class HostileHost final {
 public:
  HostileHost();

  CoreFixture& core() { return core_; }
  EndedLinks& ended() { return ended_; }
  // A connection with the host's own TLS key.
  std::unique_ptr<RawLink> Connect();
  StatusOr<std::unique_ptr<RawLink>> ConnectAs(const LinkIdentity& identity);
  const LinkIdentity& link_identity() const { return host_identity_; }
  // For an honest host beside this one: where the core listens, and as whom.
  std::string link_socket() const { return folder_.path() + "/core.sock"; }
  const Bytes& core_certificate_pem() const { return core_certificate_pem_; }
  // SHA-256 of its DER certificate.
  static Digest PinOf(const LinkIdentity& identity);
  // One request as a raw frame, and what the core answers.
  pb::CoreResponse Ask(pb::CoreRequest request);
  pb::CoreResponse AskOver(RawLink& link, pb::CoreRequest request);
  // Every frame the core has answered with, as it came.
  const std::vector<Bytes>& heard() const { return heard_; }
  // The Reason's name, or "" if the core did it.
  static std::string ReasonOf(const pb::CoreResponse& response) {
    return response.has_failure() ? response.failure().reason_name() : "";
  }

  // An order for Mari's key, for `authenticator`.
  pb::IssuanceOrder Order(const P256Signer& authenticator);
  pb::SignedStatement Approve(const google::protobuf::Message& statement,
                              const std::vector<const P256Signer*>& officers);
  pb::SignedStatement ApproveByTwo(const google::protobuf::Message& statement) {
    return Approve(statement, {&core_.registration(0), &core_.registration(1)});
  }
  // A whole, honest way to a key that signs; keeps what a host would keep.
  struct Signer {
    pb::SignedStatement order;
    Bytes record[3];  // by version
    Bytes spki;
    Bytes key_id;
    Bytes certificate;
    Bytes serial;
  };
  Signer NewKey(const P256Signer& authenticator) { return NewKeyUnder(Order(authenticator)); }
  Signer NewKeyUnder(const pb::IssuanceOrder& order);
  Signer NewCertificate(const P256Signer& authenticator);
  Signer NewAccepted(const P256Signer& authenticator);
  // The TBSCertificate an honest host builds for `signer`, with a serial of the core's.
  host::SubscriberRequest HonestRequest(const Signer& signer);
  pb::CoreRequest IssueRequest(const Signer& signer, const Bytes& tbs);
  pb::CoreRequest AcceptRequest(const Signer& signer, const P256Signer& by);
  pb::StateOrder StateOrderFor(const Signer& signer, pb::StateAction action);
  static pb::CoreRequest StateRequest(const pb::SignedStatement& order);
  // The whole way of an honest state order.
  pb::CoreResponse Revoke(const Signer& signer, pb::StateAction action);
  struct Listed {
    Bytes serial;
    int64_t at_ms;
    host::RevocationReason reason;
  };
  // What the host writes into a CRL; as it is here it is honest where `entries` are.
  struct CrlPlan {
    std::vector<Listed> entries;
    uint64_t number = 1;
    Duration begins = 0;  // thisUpdate, from the core's clock
    Duration lasts = kDay;
    bool keeps_expired = true;
    bool last = false;
  };
  Bytes CrlTbs(const CrlPlan& plan);
  // Begins a CRL and hands over all of it; the core's answer to the last frame, and its stream.
  pb::CoreResponse FeedCrl(const Bytes& tbs, uint64_t& stream);
  pb::CoreResponse FinishCrl(uint64_t stream);
  pb::CoreResponse SignCrl(const std::vector<Listed>& entries, uint64_t number) {
    return SignCrl(CrlTbs({.entries = entries, .number = number}));
  }
  // Begins, feeds and finishes; the core's answer to the last frame.
  pb::CoreResponse SignCrl(const Bytes& tbs);
  // Likewise for an OCSP answer.
  struct OcspPlan {
    Bytes serial;
    host::OcspCertStatus status;
    Duration begins = 0;
    Duration lasts = kHour;
    Bytes responder_spki = {};  // the STATUS key's unless given
  };
  Bytes OcspData(const OcspPlan& plan);
  pb::CoreRequest OcspRequest(const Bytes& serial, const host::OcspCertStatus& status) {
    return OcspRequest(std::vector<Bytes>{OcspData({serial, status})});
  }
  pb::CoreRequest OcspRequest(const std::vector<Bytes>& responses);

  pb::CoreRequest BeginRequest(const Bytes& record, const std::vector<Digest>& hashes);
  pb::CoreRequest SignRequest(const Bytes& record, const Bytes& payload, const P256Signer& by);
  // A command with a nonce of the core's, under these officers' signatures.
  pb::CoreRequest CommandRequest(const std::function<void(pb::Command&)>& fill,
                                 const Bytes& ca_record,
                                 const std::vector<const P256Signer*>& officers);
  pb::CoreRequest InstallCaRequest();
  // The journal as the link exports it, `page` lines a frame.
  std::vector<Bytes> ReadJournal(uint32_t page);

  const Bytes& ca_record() const { return ca_record_; }
  const Bytes& ca_key_id() const { return ca_key_id_; }
  const Bytes& status_record() const { return status_record_; }
  const Bytes& status_spki() const { return status_spki_; }
  const host::CaDescription& ca() const { return *ca_; }

 private:
  void SetUpCa();
  pb::ExecuteCommandResponse Command(const std::function<void(pb::Command&)>& fill);

  CoreFixture core_;
  appliance::ProofCheck proofs_{core_.services()};
  appliance::RecordEpochs record_epochs_{core_.services(), core_.record_keys()};
  appliance::ExecuteCommand execute_command_{core_.services(), record_epochs_, "1.0.0"};
  appliance::GenerateSignerKey generate_signer_key_{core_.services()};
  appliance::AttestKeys attest_keys_{core_.services(), std::nullopt, {}, {}};
  appliance::IssueCertificate issue_certificate_{core_.services()};
  appliance::SignDocument sign_document_{core_.services(), proofs_};
  appliance::AcceptCertificate accept_certificate_{core_.services(), proofs_};
  appliance::BindAuthenticator bind_authenticator_{core_.services(), proofs_};
  appliance::UnbindAuthenticator unbind_authenticator_{core_.services(), proofs_};
  appliance::ChangeState change_state_{core_.services(), proofs_};
  appliance::SignStatus sign_status_{core_.services(), change_state_};
  appliance::SealLedger seal_ledger_{core_.state(), core_.clock(),
                                     appliance::DecodeSealAuthorisation};
  appliance::SealAuthorisations seal_authorisations_{core_.services(), proofs_, seal_ledger_};
  appliance::SealBatches seal_batches_{core_.services(), seal_ledger_, 1};
  appliance::ExportJournal export_journal_{core_.journal(), core_.state(), "token-object"};
  appliance::Dispatcher dispatcher_{
      core_.services(),
      {execute_command_, generate_signer_key_, attest_keys_, issue_certificate_, sign_document_,
       accept_certificate_, bind_authenticator_, unbind_authenticator_, change_state_, sign_status_,
       record_epochs_, seal_authorisations_, seal_batches_, export_journal_},
      "test",
      1};
  EndedLinks ended_;
  TemporaryFolder folder_;
  LinkIdentity host_identity_;
  Bytes core_certificate_pem_;
  std::unique_ptr<appliance::LinkServer> server_;
  std::unique_ptr<RawLink> link_;
  uint64_t next_id_ = 1;
  std::vector<Bytes> heard_;
  Bytes ca_record_, ca_key_id_, ca_certificate_, status_record_, status_spki_;
  std::unique_ptr<host::CaDescription> ca_;
};

}  // namespace intaglio::testing_support

#endif  // INTAGLIO_TESTS_INTEGRATION_HOSTILE_HOST_H_
