// HitLog: one line of JSON for each call that a fault hit.
//
// Written before the fault acts, so that a crash leaves its line too. Lines of several processes
// may share a file: each is one write(2) to its end.
#ifndef INTAGLIO_HARDWARE_SIM_FAULTS_HIT_LOG_H_
#define INTAGLIO_HARDWARE_SIM_FAULTS_HIT_LOG_H_

#include <memory>
#include <string>

#include "hardware-sim/faults/fault_plan.h"

namespace intaglio::sim {

// Thread-safe.
class HitLog final {
 public:
  // Opens or makes `path`; "" writes nothing. kConfigurationInvalid names hit_log.
  static StatusOr<std::unique_ptr<HitLog>> Open(const std::string& path);
  ~HitLog();
  HitLog(const HitLog&) = delete;
  HitLog& operator=(const HitLog&) = delete;

  // {"time":…,"pid":…,"fault":…,"action":…,"function":…,"call":…,"seen":…,…,"plan":…}; and
  // session_ordinal, mechanism and key_label where they are known. `plan` is the fault's text:
  // with `seen` it is all that a replay needs.
  void Write(const DueFault& fault, const CallFacts& call);

 private:
  explicit HitLog(int fd) : fd_(fd) {}
  const int fd_;  // -1: none
};

}  // namespace intaglio::sim

#endif  // INTAGLIO_HARDWARE_SIM_FAULTS_HIT_LOG_H_
