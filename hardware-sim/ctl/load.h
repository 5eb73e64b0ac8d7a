// Load: threads that sign through a module as a plain application does, and what each call gave.
#ifndef INTAGLIO_HARDWARE_SIM_CTL_LOAD_H_
#define INTAGLIO_HARDWARE_SIM_CTL_LOAD_H_

#include <p11-kit/pkcs11.h>

#include <atomic>
#include <chrono>
#include <vector>

#include "base/secret_bytes.h"

namespace intaglio::sim {

struct Sample {
  double at_ms = 0;       // when it began, since the load began
  double latency_ms = 0;  // of C_SignInit and C_Sign
  CK_RV rv = CKR_OK;      // of the first call that failed
  bool wrong = false;     // a signature came and does not verify
};

// Signs and verifies in one session until `stop`. After a failure it begins anew: slot, session,
// login and key. One thread each; the module is initialised.
std::vector<Sample> SignUntil(const CK_FUNCTION_LIST& module, const SecretBytes& pin,
                              std::chrono::steady_clock::time_point began,
                              const std::atomic<bool>& stop);

}  // namespace intaglio::sim

#endif  // INTAGLIO_HARDWARE_SIM_CTL_LOAD_H_
