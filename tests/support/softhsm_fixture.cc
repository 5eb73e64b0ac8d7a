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
  if (const char* simulator = getenv("INTAGLIO_TEST_SIMULATOR")) {
    RETURN_IF_ERROR(out->PutBehind(simulator));
  }
  return out;
}

// The hardware simulator in front of the token, as any other module's path.
Status SoftHsm::PutBehind(const std::string& simulator) {
  const char* persona = getenv("INTAGLIO_TEST_PERSONA");
  const std::string configuration = folder_.path() + "/hsmsim.textproto";
  const std::string text = "wrapped { module: \"" + module_path_ + "\" }\npersona: \"" +
                           (persona != nullptr ? persona : "plain") + "\"\n";
  RETURN_IF_ERROR(WriteFile(configuration, AsBytes(text), 0600));
  if (setenv("INTAGLIO_HSMSIM_CONF", configuration.c_str(), 1) != 0) abort();
  module_path_ = simulator;
  return OkStatus();
}

SecretBytes SoftHsm::Pin() const {
  auto pin = ReadSecretFile(pin_path_);
  if (pin.ok()) return std::move(pin).value();
  fprintf(stderr, "%s\n", pin.status().ToString().c_str());
  abort();
}

}  // namespace intaglio::testing_support
