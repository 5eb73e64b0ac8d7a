#include "tests/support/softhsm_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include <filesystem>
#include <system_error>

#include "base/file.h"
#include "base/rng.h"
#include "tokens/provision/provision.h"

namespace intaglio::testing_support {

TemporaryFolder::TemporaryFolder() {
  const char* root = getenv("TMPDIR");
  path_ = std::string(root != nullptr && *root != 0 ? root : "/tmp") + "/intaglio-XXXXXX";
  if (mkdtemp(path_.data()) == nullptr) {
    perror(path_.c_str());
    abort();
  }
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

StatusOr<std::unique_ptr<SoftHsm>> SoftHsm::Create() { return Make("core", storage_key_label()); }

StatusOr<std::unique_ptr<SoftHsm>> SoftHsm::CreateBare(const std::string& token_label) {
  return Make(token_label, "");
}

StatusOr<std::unique_ptr<SoftHsm>> SoftHsm::Make(const std::string& token_label,
                                                 const std::string& storage_key) {
  std::unique_ptr<SoftHsm> out(new SoftHsm());
  ASSIGN_OR_RETURN(auto label, tokens::TokenLabel::Create(token_label));
  tokens::SoftHsmRequest request{out->folder_.path() + "/token", std::move(label), std::nullopt,
                                 tokens::kSoftHsmModule};
  if (!storage_key.empty()) {
    ASSIGN_OR_RETURN(request.storage_key, tokens::KeyLabel::Create(storage_key));
  }
  SystemRng rng;
  ASSIGN_OR_RETURN(const auto made, tokens::ProvisionSoftHsm(request, rng));
  out->module_path_ = request.module_path;
  out->config_path_ = made.config_path;
  out->pin_path_ = made.pin_path;
  out->token_label_ = made.token.label;
  out->serial_ = made.token.serial;
  return out;
}

SecretBytes SoftHsm::Pin() const {
  auto pin = ReadSecretFile(pin_path_);
  if (pin.ok()) return std::move(pin).value();
  fprintf(stderr, "%s\n", pin.status().ToString().c_str());
  abort();
}

}  // namespace intaglio::testing_support
