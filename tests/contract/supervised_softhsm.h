// SupervisedSoftHsm: fresh SoftHSM tokens and what a supervisor needs to look after them.
#ifndef INTAGLIO_TESTS_CONTRACT_SUPERVISED_SOFTHSM_H_
#define INTAGLIO_TESTS_CONTRACT_SUPERVISED_SOFTHSM_H_

#include <condition_variable>
#include <functional>
#include <mutex>

#include "tests/support/softhsm_fixture.h"
#include "tokens/pkcs11/supervisor.h"

namespace intaglio::testing_support {

// Remembers what it was told.
class RecordingObserver final : public tokens::SupervisorObserver {
 public:
  void Transition(const tokens::TransitionEvent& event) override;
  // Waits up to ten seconds until some event fits.
  bool WaitFor(const std::function<bool(const tokens::TransitionEvent&)>& fits);
  // "healthy>recovering" …
  std::vector<std::string> Path();

 private:
  std::mutex mutex_;
  std::condition_variable told_;
  std::vector<tokens::TransitionEvent> events_;
};

// A key that two tokens hold, as a vendor's backup would bring about.
struct SharedKey {
  tokens::KeyId id;
  Bytes spki;
};

class SupervisedSoftHsm final {
 public:
  // One token, "core", with a storage key. Aborts if it cannot be set up.
  SupervisedSoftHsm();

  const SoftHsm& softhsm() const { return *softhsm_; }
  const std::string& token_folder() const { return token_folder_; }
  tokens::SupervisedTokenConfig Config(const std::string& label = "core") const;
  // A second token, of the same PINs and with no key. Before any supervisor.
  void AddToken(const std::string& label);
  // One P-256 key put into both "core" and `other`. Before any supervisor.
  SharedKey PutSharedKey(const std::string& other);
  // Destroys the token object behind the supervisor's back, in the same process.
  static void DestroyBehind(const std::string& module, const std::string& label,
                            const tokens::KeyId& id);

 private:
  std::unique_ptr<SoftHsm> softhsm_;
  std::string token_folder_;
};

}  // namespace intaglio::testing_support

#endif  // INTAGLIO_TESTS_CONTRACT_SUPERVISED_SOFTHSM_H_
