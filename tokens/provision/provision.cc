#include "tokens/provision/provision.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/file.h"
#include "tokens/pkcs11/reasons.h"
#include "tokens/provision/token_setup.h"

namespace intaglio::tokens {
namespace {

// 128 bits, as text that needs no quoting.
constexpr size_t kPinOctets = 16;

struct Paths {
  explicit Paths(const std::string& folder)
      : config(folder + "/softhsm2.conf"), tokens(folder + "/tokens"), pin(folder + "/pin") {}
  std::string config;
  std::string tokens;
  std::string pin;
};

enum class FolderState { kFresh, kHalfMade, kFinished };

bool Exists(const std::string& path) {
  struct stat info {};
  return lstat(path.c_str(), &info) == 0;
}

// The PIN file is written last, so it says that the rest is there.
FolderState StateOf(const Paths& paths) {
  if (Exists(paths.pin) && Exists(paths.config) && Exists(paths.tokens)) {
    return FolderState::kFinished;
  }
  if (Exists(paths.pin) || Exists(paths.config) || Exists(paths.tokens)) {
    return FolderState::kHalfMade;
  }
  return FolderState::kFresh;
}

Status MakePrivateFolder(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return Fail(kProvisionFolder, path + ": " + strerror(errno));
  }
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != geteuid()) {
    return Fail(kProvisionFolder, path + " is not a folder of this user");
  }
  if ((info.st_mode & 0077) != 0) {
    return Fail(kProvisionFolder, path + " is open to others; run chmod 0700 " + path);
  }
  return OkStatus();
}

// The folder's name goes into a file of lines.
Status CheckFolderName(const std::string& folder) {
  const bool plain = std::ranges::all_of(
      folder, [](unsigned char c) { return c > 0x20 && c < 0x7f && c != '#' && c != '='; });
  if (folder.size() > 1 && folder.front() == '/' && plain) return OkStatus();
  return Fail(kProvisionFolder,
              "'" + folder + "' must be an absolute path without blanks, '#' and '='");
}

StatusOr<SecretBytes> DrawPin(Rng& rng) {
  SecretBytes raw(kPinOctets);
  RETURN_IF_ERROR(rng.Fill(raw.ExposeMutable()));
  SecretBytes pin(2 * kPinOctets);
  size_t at = 0;
  for (const uint8_t octet : raw.Expose()) {
    pin.ExposeMutable()[at++] = static_cast<uint8_t>("0123456789abcdef"[octet >> 4]);
    pin.ExposeMutable()[at++] = static_cast<uint8_t>("0123456789abcdef"[octet & 15]);
  }
  return pin;
}

StatusOr<std::shared_ptr<Module>> LoadWith(const std::string& config, const std::string& module) {
  if (setenv("SOFTHSM2_CONF", config.c_str(), 1) != 0) {
    return Fail(kProvisionFolder, std::string("setenv: ") + strerror(errno));
  }
  return Module::Load(module);
}

StatusOr<ProvisionedToken> Inspect(const SoftHsmRequest& request, const Paths& paths) {
  RETURN_IF_ERROR(ReadSecretFile(paths.pin).status());
  ASSIGN_OR_RETURN(const auto module, LoadWith(paths.config, request.module_path));
  ASSIGN_OR_RETURN(const auto tokens, module->ListTokens());
  const auto found = std::ranges::find(tokens, request.label.text(), &TokenDescription::label);
  if (found == tokens.end()) {
    return Fail(kProvisionDiffers,
                request.folder + " holds a token, but none named '" + request.label.text() + "'" +
                    (tokens.empty() ? "" : " (it is named '" + tokens.front().label + "')") +
                    "; use another folder");
  }
  if (request.storage_key) {
    const Status fit = CheckStorageKeyOf(*module, request.label, *request.storage_key);
    if (!fit.ok()) {
      return Fail(kProvisionDiffers, "token '" + request.label.text() +
                                         "' was made without a fit storage key '" +
                                         request.storage_key->text() + "' (" + DetailOf(fit) +
                                         "); it cannot be added later, use another folder");
    }
  }
  return ProvisionedToken{ProvisionOutcome::kAlreadyThere, *found, paths.config, paths.pin};
}

StatusOr<ProvisionedToken> Make(const SoftHsmRequest& request, const Paths& paths, Rng& rng) {
  RETURN_IF_ERROR(MakePrivateFolder(paths.tokens));
  const std::string config = "directories.tokendir = " + paths.tokens +
                             "\nobjectstore.backend = file\nlog.level = ERROR\n"
                             "slots.removable = false\n";
  RETURN_IF_ERROR(WriteFile(paths.config, AsBytes(config), 0600));
  ASSIGN_OR_RETURN(const SecretBytes so_pin, DrawPin(rng));
  ASSIGN_OR_RETURN(const SecretBytes user_pin, DrawPin(rng));
  ASSIGN_OR_RETURN(const auto module, LoadWith(paths.config, request.module_path));
  ASSIGN_OR_RETURN(TokenDescription token,
                   SetUpToken(*module, request.label, {so_pin, user_pin}, request.storage_key));
  RETURN_IF_ERROR(WriteFile(paths.pin, user_pin.Expose(), 0600));
  return ProvisionedToken{ProvisionOutcome::kMade, std::move(token), paths.config, paths.pin};
}

}  // namespace

StatusOr<TokenLabel> TokenLabel::Create(std::string_view text) {
  const bool printable = std::ranges::all_of(text, [](char c) { return c >= 0x20 && c <= 0x7e; });
  if (text.empty() || text.size() > 32 || !printable || text.back() == ' ') {
    return Fail(kTokenInputInvalid,
                "a token label has 1 to 32 printable ASCII characters and no blank at its end");
  }
  return TokenLabel(std::string(text));
}

StatusOr<ProvisionedToken> ProvisionSoftHsm(const SoftHsmRequest& request, Rng& rng) {
  RETURN_IF_ERROR(CheckFolderName(request.folder));
  RETURN_IF_ERROR(MakePrivateFolder(request.folder));
  const Paths paths(request.folder);
  switch (StateOf(paths)) {
    case FolderState::kFinished:
      return Inspect(request, paths);
    case FolderState::kHalfMade:
      return Fail(
          kProvisionHalfMade,
          request.folder +
              " holds a set-up that was interrupted before its PIN was written, so no key in "
              "it was ever usable; remove the folder and run this again");
    case FolderState::kFresh:
      break;
  }
  return Make(request, paths, rng);
}

}  // namespace intaglio::tokens
