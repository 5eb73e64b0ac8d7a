// SoftwareTpm: a TPM 2.0 of swtpm in a folder of its own, as a real chip would be: one process that
// keeps its state whatever happens to the core.
#ifndef INTAGLIO_TESTS_SUPPORT_SOFTWARE_TPM_H_
#define INTAGLIO_TESTS_SUPPORT_SOFTWARE_TPM_H_

#include <sys/types.h>

#include <memory>
#include <string>

#include "tests/support/softhsm_fixture.h"

namespace intaglio::testing_support {

class SoftwareTpm final {
 public:
  // Nothing where swtpm is not installed. Aborts if it does not start.
  static std::unique_ptr<SoftwareTpm> Start();
  ~SoftwareTpm();
  SoftwareTpm(const SoftwareTpm&) = delete;
  SoftwareTpm& operator=(const SoftwareTpm&) = delete;

  // For libtss2-tctildr.
  std::string tcti() const { return "swtpm:path=" + socket(); }
  // Power off; Begin() starts it again with what it kept.
  void Stop();
  void Begin();

 private:
  SoftwareTpm() = default;
  std::string socket() const { return folder_.path() + "/tpm"; }

  TemporaryFolder folder_;
  pid_t process_ = -1;
};

}  // namespace intaglio::testing_support

#endif  // INTAGLIO_TESTS_SUPPORT_SOFTWARE_TPM_H_
