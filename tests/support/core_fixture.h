// CoreFixture: the core's use cases over a real token, real rows and a real journal, in one process
// with a clock that the test moves. Everything but the link and the process around it.
#ifndef INTAGLIO_TESTS_SUPPORT_CORE_FIXTURE_H_
#define INTAGLIO_TESTS_SUPPORT_CORE_FIXTURE_H_

#include <functional>
#include <memory>
#include <string>
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
  std::unique_ptr<appliance::LmdbState> state_;
  std::unique_ptr<appliance::FileJournal> journal_;
  std::unique_ptr<appliance::RecordKeys> record_keys_;
  std::unique_ptr<appliance::TrustedTime> time_;
  appliance::StatementCodec statements_;
  appliance::BootId boot_id_;
  P256Signer security_[2];
  P256Signer registration_[2];
  P256Signer revocation_;
  std::unique_ptr<appliance::LiveIdentity> live_identity_;
  std::unique_ptr<appliance::CoreServices> services_;
};

}  // namespace intaglio::testing_support

#endif  // INTAGLIO_TESTS_SUPPORT_CORE_FIXTURE_H_
