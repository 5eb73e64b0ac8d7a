#include "hardware-sim/device/wrapped_module.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <optional>
#include <vector>

#include "base/file.h"
#include "hardware-sim/faults/reasons.h"

namespace intaglio::sim {
namespace {

constexpr size_t kLargestLibrary = size_t{256} << 20;

Status Bad(const std::string& path, const std::string& what) {
  return Fail(kWrappedUnusable, "wrapped.module " + path + ": " + what);
}

// The name under which the loader sees a library of its own. The descriptor stays open: the loader
// knows the copy by this name, which nothing else may get.
StatusOr<std::string> CopyOf(const std::string& path) {
  ASSIGN_OR_RETURN(const Bytes library, ReadFile(path, FileTrust::kNotWritable, kLargestLibrary));
  const int fd = memfd_create("hsmsim-wrapped", MFD_CLOEXEC);
  if (fd < 0) return Bad(path, std::string("private_copy: ") + strerror(errno));
  for (size_t done = 0; done < library.size();) {
    const ssize_t n = write(fd, library.data() + done, library.size() - done);
    if (n <= 0) {
      close(fd);
      return Bad(path, std::string("private_copy: ") + strerror(errno));
    }
    done += static_cast<size_t>(n);
  }
  return "/proc/self/fd/" + std::to_string(fd);
}

// Sets variables and puts back what was there.
class EnvironmentScope final {
 public:
  explicit EnvironmentScope(const v1::WrappedModule& config) {
    for (const auto& variable : config.environment()) {
      const char* before = getenv(variable.name().c_str());
      before_.push_back(
          {variable.name(), before ? std::optional<std::string>(before) : std::nullopt});
      setenv(variable.name().c_str(), variable.value().c_str(), 1);
    }
  }
  ~EnvironmentScope() {
    for (const auto& [name, value] : before_) {
      if (value) {
        setenv(name.c_str(), value->c_str(), 1);
      } else {
        unsetenv(name.c_str());
      }
    }
  }
  EnvironmentScope(const EnvironmentScope&) = delete;
  EnvironmentScope& operator=(const EnvironmentScope&) = delete;

 private:
  std::vector<std::pair<std::string, std::optional<std::string>>> before_;
};

}  // namespace

StatusOr<WrappedModule> WrappedModule::Load(const v1::WrappedModule& config) {
  std::string name = config.module();
  if (config.private_copy()) {
    ASSIGN_OR_RETURN(name, CopyOf(config.module()));
  }
  void* library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = dlerror();
    return Bad(config.module(), why ? why : "cannot be loaded");
  }
  const auto get_list = reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList"));
  CK_FUNCTION_LIST* functions = nullptr;
  if (get_list == nullptr || get_list(&functions) != CKR_OK || functions == nullptr ||
      functions->version.major != 2 || functions->C_Initialize == nullptr ||
      functions->C_CloseSession == nullptr) {
    return Bad(config.module(), "is no PKCS#11 v2 module");
  }
  return WrappedModule(config, functions);
}

CK_RV WrappedModule::Initialize(void* args) const {
  const EnvironmentScope environment(config_);
  return functions_->C_Initialize(args);
}

}  // namespace intaglio::sim
