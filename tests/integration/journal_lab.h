// JournalLab: a core's folders, token and TPM as its console made them, and people who may put
// older copies back.
#ifndef INTAGLIO_TESTS_INTEGRATION_JOURNAL_LAB_H_
#define INTAGLIO_TESTS_INTEGRATION_JOURNAL_LAB_H_

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "appliance/daemon/console.h"
#include "appliance/daemon/journal_setup.h"
#include "appliance/daemon/vault.h"
#include "appliance/journal/checkpointer.h"
#include "appliance/token/pkcs11_keys.h"
#include "tests/support/p256_signer.h"
#include "tests/support/raw_link.h"
#include "tests/support/softhsm_fixture.h"
#include "tests/support/software_tpm.h"

namespace intaglio::testing_support {

enum class AnchorKind { kToken, kTpm };

// One start of the core as far as its journal goes; ending it is a crash unless Stop() is called.
class JournalRun final {
 public:
  static StatusOr<std::unique_ptr<JournalRun>> Start(const appliance::CoreSettings& settings,
                                                     appliance::AnchorPort* instead);
  appliance::FileJournal& journal() { return *core_.journal; }
  appliance::Checkpointer& checkpointer() { return *checkpointer_; }
  appliance::Vault& vault() { return vault_; }
  appliance::AnchorPort& anchor() { return *core_.anchor; }
  const appliance::StoredTime& time() const { return core_.time; }
  // How often the checkpointer found that the anchor no longer fits.
  int contradictions() const { return contradictions_; }
  // A line that tells of signatures.
  Status Sign(uint8_t key, uint32_t count);
  Status Stop();

 private:
  SystemClock clock_;
  appliance::Vault vault_;
  appliance::CoreJournal core_;
  std::unique_ptr<appliance::Pkcs11Keys> keys_;
  std::atomic<int> contradictions_{0};
  std::unique_ptr<appliance::Checkpointer> checkpointer_;
};

class JournalLab final {
 public:
  // Null where the TPM is not installed.
  static std::unique_ptr<JournalLab> Create(AnchorKind kind);

  appliance::CoreSettings& settings() { return settings_; }
  StatusOr<std::unique_ptr<JournalRun>> Start() { return JournalRun::Start(settings_, nullptr); }
  // Starts, does, makes a checkpoint and stops in order.
  Status Run(const std::function<void(JournalRun&)>& work);

  std::string state() const { return settings_.state_dir; }
  std::string journal() const { return settings_.state_dir + "/journal"; }
  std::string token() const;
  std::string folder() const { return folder_.path(); }
  // Copies of a folder, and back.
  std::string Copy(const std::string& folder);
  static void PutBack(const std::string& copy, const std::string& folder);

  const LinkIdentity& host_link() const { return host_link_; }
  // The configuration as a file for the daemon; `more` is added to it.
  std::string WriteConfig(const std::string& more);
  std::string WriteInit();
  SoftHsm& softhsm() { return *softhsm_; }
  SoftwareTpm* tpm() { return tpm_.get(); }

 private:
  JournalLab() = default;

  TemporaryFolder folder_;
  std::unique_ptr<SoftHsm> softhsm_;
  std::unique_ptr<SoftwareTpm> tpm_;
  appliance::CoreSettings settings_;
  LinkIdentity core_link_ = MakeLinkIdentity("core", LinkKeyKind::kP256, LinkValidity::kNow);
  LinkIdentity host_link_ = MakeLinkIdentity("host", LinkKeyKind::kP256, LinkValidity::kNow);
  P256Signer security_[2], registration_[2], revocation_;
  int copies_ = 0;
};

}  // namespace intaglio::testing_support

#endif  // INTAGLIO_TESTS_INTEGRATION_JOURNAL_LAB_H_
