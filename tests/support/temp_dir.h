// TempDir: a new folder of mode 0700 for one test, removed with everything in it.
#ifndef INTAGLIO_TESTS_SUPPORT_TEMP_DIR_H_
#define INTAGLIO_TESTS_SUPPORT_TEMP_DIR_H_

#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <string>

namespace intaglio::testing_support {

class TempDir final {
 public:
  // Aborts if there is no room for one: no test makes sense then.
  TempDir() {
    path_ = (std::filesystem::temp_directory_path() / "intaglio-test-XXXXXX").string();
    if (mkdtemp(path_.data()) == nullptr) {
      perror(path_.c_str());
      abort();
    }
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  // The path of `name` in it; makes nothing.
  std::string Sub(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace intaglio::testing_support

#endif  // INTAGLIO_TESTS_SUPPORT_TEMP_DIR_H_
