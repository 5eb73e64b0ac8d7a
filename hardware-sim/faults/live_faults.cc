#include "hardware-sim/faults/live_faults.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>

#include "base/file.h"
#include "hardware-sim/faults/fault_plan.h"
#include "hardware-sim/faults/reasons.h"
#include "hardware-sim/faults/text_form.h"

namespace intaglio::sim {
namespace {

constexpr size_t kMostOctets = 1 << 20;
constexpr char kHeading[] = "# Written by intaglio-sim; see hardware-sim/README.md.\n";

// One writer at a time, also among processes.
class WriterLock final {
 public:
  explicit WriterLock(const std::string& path)
      : fd_(open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    if (fd_ >= 0) flock(fd_, LOCK_EX);
  }
  ~WriterLock() {
    if (fd_ >= 0) close(fd_);
  }
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

 private:
  const int fd_;
};

std::string IdOf(const v1::SimulatorConfig& config, int index) {
  const std::string& id = config.fault(index).id();
  return id.empty() ? "fault-" + std::to_string(index + 1) : id;
}

bool IsCleared(const v1::LiveFaults& live, const std::string& id) {
  return live.configured_cleared() || std::ranges::count(live.configured_cleared_id(), id) != 0;
}

bool DropLive(v1::LiveFaults& live, const std::string& id) {
  for (int i = 0; i < live.fault_size(); ++i) {
    if (live.fault(i).id() != id) continue;
    live.mutable_fault()->DeleteSubrange(i, 1);
    return true;
  }
  return false;
}

std::string IdsOf(const std::vector<v1::Fault>& faults) {
  std::string out;
  for (const auto& fault : faults) out += (out.empty() ? "" : ", ") + fault.id();
  return out.empty() ? "there is no fault" : "there are " + out;
}

}  // namespace

FileStamp StampOf(const std::string& path) {
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) return {};
  return {true, found.st_dev, found.st_ino,
          found.st_mtim.tv_sec * 1'000'000'000 + found.st_mtim.tv_nsec, found.st_size};
}

StatusOr<v1::LiveFaults> ReadLiveFaults(const std::string& path) {
  v1::LiveFaults live;
  if (!StampOf(path).exists) return live;
  ASSIGN_OR_RETURN(const Bytes content, ReadFile(path, FileTrust::kNotWritable, kMostOctets));
  RETURN_IF_ERROR(ParseText(AsStringView(content), path, live));
  return live;
}

std::vector<v1::Fault> FaultsInForce(const v1::SimulatorConfig& config,
                                     const v1::LiveFaults& live) {
  std::vector<v1::Fault> out;
  for (int i = 0; i < config.fault_size(); ++i) {
    const std::string id = IdOf(config, i);
    if (IsCleared(live, id)) continue;
    out.push_back(config.fault(i));
    out.back().set_id(id);
  }
  out.insert(out.end(), live.fault().begin(), live.fault().end());
  return out;
}

LiveControl::LiveControl(v1::SimulatorConfig config) : config_(std::move(config)) {}

StatusOr<v1::LiveFaults> LiveControl::Read() const { return ReadLiveFaults(config_.live_file()); }

Status LiveControl::Write(const v1::LiveFaults& live) const {
  const std::string text = kHeading + PrintText(live, Layout::kIndented);
  return WriteFile(config_.live_file(), AsBytes(text), 0640);
}

StatusOr<std::vector<std::string>> LiveControl::Inject(std::span<const v1::Fault> faults) {
  const WriterLock lock(config_.live_file());
  ASSIGN_OR_RETURN(v1::LiveFaults live, Read());
  std::vector<std::string> ids;
  for (v1::Fault fault : faults) {
    const uint64_t serial = live.last_serial() + 1;
    live.set_last_serial(serial);
    fault.set_serial(serial);
    if (fault.id().empty()) fault.set_id("live-" + std::to_string(serial));
    const auto there = FaultsInForce(config_, live);
    if (std::ranges::any_of(there, [&](const auto& other) { return other.id() == fault.id(); })) {
      return Fail(kFaultExists, fault.id() + ": clear it first, or give another id");
    }
    ids.push_back(fault.id());
    *live.add_fault() = std::move(fault);
  }
  const std::vector<v1::Fault> added(live.fault().end() - static_cast<int>(faults.size()),
                                     live.fault().end());
  RETURN_IF_ERROR(FaultPlan::Create(added, "fault", 0, 0, {}).status());
  const auto all = FaultsInForce(config_, live);
  RETURN_IF_ERROR(FaultPlan::Create(all, "fault", 0, 0, {}).status());
  RETURN_IF_ERROR(Write(live));
  return ids;
}

Status LiveControl::Clear(std::span<const std::string> ids) {
  const WriterLock lock(config_.live_file());
  ASSIGN_OR_RETURN(v1::LiveFaults live, Read());
  if (ids.empty()) {
    live.clear_fault();
    live.set_configured_cleared(true);
    return Write(live);
  }
  for (const std::string& id : ids) {
    if (DropLive(live, id)) continue;
    const auto there = FaultsInForce(config_, live);
    if (std::ranges::none_of(there, [&](const auto& fault) { return fault.id() == id; })) {
      return Fail(kFaultUnknown, id + "; " + IdsOf(there));
    }
    live.add_configured_cleared_id(id);
  }
  return Write(live);
}

Status LiveControl::Advance(uint64_t milliseconds) {
  const WriterLock lock(config_.live_file());
  ASSIGN_OR_RETURN(v1::LiveFaults live, Read());
  live.set_advance_milliseconds(live.advance_milliseconds() + milliseconds);
  return Write(live);
}

Status LiveControl::Enter(v1::LifeCycle state) {
  const WriterLock lock(config_.live_file());
  ASSIGN_OR_RETURN(v1::LiveFaults live, Read());
  live.set_life_cycle(state);
  return Write(live);
}

Status LiveControl::JumpClock(int64_t milliseconds) {
  const WriterLock lock(config_.live_file());
  ASSIGN_OR_RETURN(v1::LiveFaults live, Read());
  live.set_clock_jump_milliseconds(live.clock_jump_milliseconds() + milliseconds);
  return Write(live);
}

}  // namespace intaglio::sim
