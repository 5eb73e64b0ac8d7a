// CoreFixture: the core's use cases over a real token, real rows and a real journal, in one process
// with a clock that the test moves. Everything but the link and the process around it.
#ifndef INTAGLIO_TESTS_SUPPORT_CORE_FIXTURE_H_
#define INTAGLIO_TESTS_SUPPORT_CORE_FIXTURE_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "appliance/daemon/record_keys.h"
#include "appliance/journal/file_journal.h"
#include "appliance/records/statement_codec.h"
#include "appliance/state/lmdb_state.h"
#include "appliance/token/pkcs11_keys.h"
#include "appliance/usecases/services.h"
#include "base/clock.h"
#include "base/rng.h"
#include "tests/support/p256_signer.h"
#include "tests/support/softhsm_fixture.h"
#include "tokens/pkcs11/token.h"

namespace intaglio::testing_support {

// Stands in front of the journal, so that a test can act, or fail, where a use case writes a line.
class InterposedJournal final : public appliance::JournalPort {
 public:
  explicit InterposedJournal(appliance::JournalPort& journal) : journal_(journal) {}
  // Called once, before the next line of this type is written; what it answers, if not OK, is what
  // the use case gets instead of the line.
  void Before(appliance::EventType type, std::function<Status()> act) {
    type_ = type;
    act_ = std::move(act);
  }
  StatusOr<appliance::JournalHead> Append(const appliance::Event& event) override {
    if (act_ && event.type == type_) RETURN_IF_ERROR(std::exchange(act_, nullptr)());
    return journal_.Append(event);
  }
  Status AppendSoon(const appliance::Event& event) override { return journal_.AppendSoon(event); }
  appliance::JournalHead Head() override { return journal_.Head(); }
  StatusOr<std::vector<Bytes>> Read(uint64_t sequence, size_t max, size_t max_octets) override {
    return journal_.Read(sequence, max, max_octets);
  }

 private:
  appliance::JournalPort& journal_;
  appliance::EventType type_{};
  std::function<Status()> act_;
};

// Stands in front of the token, so that a test can act between a signature and what follows it, or
// have an object that does not go.
class InterposedToken final : public appliance::TokenPort {
 public:
  explicit InterposedToken(appliance::TokenPort& token) : token_(token) {}
  // Called once, when the token has made the next signatures.
  void AfterSigning(std::function<void()> act) { signed_ = std::move(act); }
  // Asked before each object is destroyed; anything but OK keeps it.
  void BeforeDestroying(std::function<Status(ByteView)> act) { destroying_ = std::move(act); }

  StatusOr<std::vector<Bytes>> Sign(appliance::SignPermit permit,
                                    const appliance::KeyRecord& key) override {
    auto signatures = token_.Sign(std::move(permit), key);
    if (signed_) std::exchange(signed_, nullptr)();
    return signatures;
  }
  Status Destroy(ByteView cka_id) override {
    if (destroying_) RETURN_IF_ERROR(destroying_(cka_id));
    return token_.Destroy(cka_id);
  }
  StatusOr<appliance::GeneratedKey> GenerateResident(appliance::KeyAlgorithm algorithm,
                                                     const appliance::KeyId& key_id,
                                                     const std::string& label) override {
    return token_.GenerateResident(algorithm, key_id, label);
  }
  StatusOr<appliance::GeneratedKey> GenerateWrapped(appliance::KeyAlgorithm algorithm) override {
    return token_.GenerateWrapped(algorithm);
  }
  Status VerifyEs256(ByteView spki, const Digest& digest, ByteView signature_der) override {
    return token_.VerifyEs256(spki, digest, signature_der);
  }
  void DropKey(const appliance::KeyId& key_id) override { token_.DropKey(key_id); }
  StatusOr<appliance::TrustedStorageKey> DescribeStorageKey() override {
    return token_.DescribeStorageKey();
  }
  StatusOr<appliance::TokenDescription> Describe() override { return token_.Describe(); }
  appliance::TokenHealth Health() override { return token_.Health(); }

 private:
  appliance::TokenPort& token_;
  std::function<void()> signed_;
  std::function<Status(ByteView)> destroying_;
};

class CoreFixture final {
 public:
  // Aborts if the token cannot be set up: no test makes sense then.
  CoreFixture();

  const appliance::CoreServices& services() const { return *services_; }
  appliance::CoreIdentity identity() const { return *live_identity_->Get(); }
  // As if officers had decided so: the row and the running core.
  void ChangeIdentity(const std::function<void(appliance::CoreIdentity&)>& change);
  FakeClock& clock() { return clock_; }
  appliance::LmdbState& state() { return *state_; }
  appliance::FileJournal& journal() { return *journal_; }
  InterposedJournal& lines() { return *lines_; }
  InterposedToken& signing() { return *signing_; }
  appliance::RecordSealer& records() { return record_keys_->sealer(); }
  appliance::RecordKeys& record_keys() { return *record_keys_; }
  appliance::Pkcs11Keys& token() { return *keys_; }
  tokens::Token& raw_token() { return *token_; }
  const std::string& module_path() const { return softhsm_->module_path(); }
  SecretBytes pin() const { return softhsm_->Pin(); }

  // Two security officers, two registration officers and one revocation officer.
  const P256Signer& security(size_t i) const { return security_[i]; }
  const P256Signer& registration(size_t i) const { return registration_[i]; }
  const P256Signer& revocation() const { return revocation_; }

  // The event types on disk since `after`, in order.
  std::vector<appliance::EventType> EventsAfter(uint64_t after);

 private:
  FakeClock clock_{WallTime{1'795'000'000'000}};
  SystemRng rng_;
  std::unique_ptr<SoftHsm> softhsm_;
  TemporaryFolder folder_;
  std::shared_ptr<tokens::Module> module_;
  std::unique_ptr<tokens::Token> token_;
  std::unique_ptr<appliance::Pkcs11Keys> keys_;
  std::unique_ptr<InterposedToken> signing_;
  std::unique_ptr<appliance::LmdbState> state_;
  std::unique_ptr<appliance::FileJournal> journal_;
  std::unique_ptr<InterposedJournal> lines_;
  std::unique_ptr<appliance::RecordKeys> record_keys_;
  std::unique_ptr<appliance::TrustedTime> time_;
  appliance::StatementCodec statements_;
  appliance::BootId boot_id_;
  std::mutex changing_keys_;
  P256Signer security_[2];
  P256Signer registration_[2];
  P256Signer revocation_;
  std::unique_ptr<appliance::LiveIdentity> live_identity_;
  std::unique_ptr<appliance::CoreServices> services_;
};

}  // namespace intaglio::testing_support

#endif  // INTAGLIO_TESTS_SUPPORT_CORE_FIXTURE_H_
