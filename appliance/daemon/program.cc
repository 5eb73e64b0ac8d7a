#include "appliance/daemon/program.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "appliance/crypto/hash.h"
#include "appliance/daemon/version.h"
#include "appliance/domain/reasons.h"
#include "base/file.h"
#include "base/log.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kMaxProgram = 256 << 20;
// Raised with each step in upgrade.cc.
constexpr uint32_t kStateFormat = 1;

// "1.10.0" is newer than "1.9.3".
std::array<unsigned long, 3> Parts(const std::string& version) {
  std::array<unsigned long, 3> parts{};
  const char* at = version.c_str();
  for (unsigned long& part : parts) {
    char* end = nullptr;
    part = strtoul(at, &end, 10);
    at = *end == '.' ? end + 1 : end;
  }
  return parts;
}

std::string Describe(const std::string& version, uint32_t format) {
  return "intaglio-core " + version + " (format " + std::to_string(format) + ")";
}

}  // namespace

StatusOr<Program> ThisProgram() {
  ASSIGN_OR_RETURN(const Bytes octets,
                   ReadFile("/proc/self/exe", FileTrust::kAnyMode, kMaxProgram));
  return Program{kVersion, Sha256(octets), kStateFormat};
}

Status CheckNotNewer(const StoredInstance& state, const Program& program) {
  if (state.format <= program.format && Parts(state.written_by) <= Parts(program.version)) {
    return OkStatus();
  }
  return Fail(kStateNewer, "the state was written by " + Describe(state.written_by, state.format) +
                               "; this is " + Describe(program.version, program.format) +
                               "; run the newer program");
}

Status CheckProgram(const StoredInstance& state, const Program& program, BoundaryKind boundary) {
  RETURN_IF_ERROR(CheckNotNewer(state, program));
  const std::string advice = "; officers sign an approve-upgrade command for SHA-256 " +
                             ToHex(program.sha256) +
                             " while the other program runs, then run intaglio-core upgrade";
  if (state.format != program.format || state.written_by != program.version) {
    return Fail(kUpgradeNeeded, "the state was written by " +
                                    Describe(state.written_by, state.format) + ", this is " +
                                    Describe(program.version, program.format) + advice);
  }
  if (state.program_sha256 == program.sha256) return OkStatus();
  if (boundary == BoundaryKind::kLab) {
    LogWarn("program.changed", {{"version", program.version},
                                {"sha256", ToHex(program.sha256)},
                                {"approved_sha256", ToHex(state.program_sha256)}});
    return OkStatus();
  }
  return Fail(kUpgradeNeeded, "another build of version " + program.version + advice);
}

}  // namespace intaglio::appliance
