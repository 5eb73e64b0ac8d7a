// SoftHsm: a fresh SoftHSM token in a folder of its own, for tests.
//
// Create() sets SOFTHSM2_CONF, which SoftHSM reads once, when the module is initialised: so create
// it before the module is loaded and keep at most one alive in a process. Not thread-safe.
//
// INTAGLIO_TEST_SIMULATOR, the path of the simulator's library, puts the token behind it, as the
// device INTAGLIO_TEST_PERSONA names: so every test on a token runs on it too.
#ifndef INTAGLIO_TESTS_SUPPORT_SOFTHSM_FIXTURE_H_
#define INTAGLIO_TESTS_SUPPORT_SOFTHSM_FIXTURE_H_

#include <memory>
#include <string>

#include "base/secret_bytes.h"
#include "base/status.h"

namespace intaglio::testing_support {

// A folder under $TMPDIR, removed with everything in it.
class TemporaryFolder final {
 public:
  // Aborts if there is no room for one: no test makes sense then.
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class SoftHsm final {
 public:
  // A token "core" with the trusted storage key "storage", as the signing core wants it.
  static StatusOr<std::unique_ptr<SoftHsm>> Create();
  // A token of that label and no storage key, as the host wants it.
  static StatusOr<std::unique_ptr<SoftHsm>> CreateBare(const std::string& token_label);

  const std::string& module_path() const { return module_path_; }
  const std::string& config_path() const { return config_path_; }
  const std::string& pin_path() const { return pin_path_; }
  const std::string& token_label() const { return token_label_; }
  const std::string& serial() const { return serial_; }
  static std::string storage_key_label() { return "storage"; }
  // The user's PIN.
  SecretBytes Pin() const;

 private:
  SoftHsm() = default;
  static StatusOr<std::unique_ptr<SoftHsm>> Make(const std::string& token_label,
                                                 const std::string& storage_key);
  Status PutBehind(const std::string& simulator);

  TemporaryFolder folder_;
  std::string module_path_;
  std::string config_path_;
  std::string pin_path_;
  std::string token_label_;
  std::string serial_;
};

}  // namespace intaglio::testing_support

#endif  // INTAGLIO_TESTS_SUPPORT_SOFTHSM_FIXTURE_H_
