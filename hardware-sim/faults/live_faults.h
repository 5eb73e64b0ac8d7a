// LiveFaults: the file through which faults come and go while the application runs.
//
// intaglio-sim replaces the file as a whole; the module notices that another file is there. Several
// writers take turns by a lock beside it.
#ifndef INTAGLIO_HARDWARE_SIM_FAULTS_LIVE_FAULTS_H_
#define INTAGLIO_HARDWARE_SIM_FAULTS_LIVE_FAULTS_H_

#include <sys/stat.h>

#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "intaglio/sim/v1/sim.pb.h"

namespace intaglio::sim {

// Tells one state of a file from the next without reading it. Two "not there" are equal.
struct FileStamp {
  bool exists = false;
  uint64_t device = 0;
  uint64_t inode = 0;
  int64_t changed_ns = 0;
  int64_t size = 0;
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};
FileStamp StampOf(const std::string& path);

// What the file says; empty if it is not there. kConfigurationInvalid names path, line and column.
StatusOr<v1::LiveFaults> ReadLiveFaults(const std::string& path);

// The configuration's faults that are not cleared, then the live ones.
std::vector<v1::Fault> FaultsInForce(const v1::SimulatorConfig& config, const v1::LiveFaults& live);

// Changes the file of one configuration. Each call is complete when it returns; the module follows
// within look_every_milliseconds.
class LiveControl final {
 public:
  explicit LiveControl(v1::SimulatorConfig config);

  // Adds faults, checked as the module will; answers their ids ("live-7" where none was given).
  // kFaultInvalid names the field; kFaultExists.
  StatusOr<std::vector<std::string>> Inject(std::span<const v1::Fault> faults);
  // Ends every fault, or those named, the configuration's own included. kFaultUnknown.
  Status Clear(std::span<const std::string> ids);
  // Moves the device's clock on.
  Status Advance(uint64_t milliseconds);
  // The device enters another state of its life; every change is allowed, also back.
  Status Enter(v1::LifeCycle state);
  // Moves the clock that C_GetTokenInfo shows, either way.
  Status JumpClock(int64_t milliseconds);
  StatusOr<v1::LiveFaults> Read() const;

 private:
  Status Write(const v1::LiveFaults& live) const;

  const v1::SimulatorConfig config_;
};

}  // namespace intaglio::sim

#endif  // INTAGLIO_HARDWARE_SIM_FAULTS_LIVE_FAULTS_H_
