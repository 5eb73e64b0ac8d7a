#include "appliance/daemon/vault.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>

#include "appliance/daemon/pin_source.h"
#include "appliance/daemon/record_keys.h"
#include "appliance/daemon/token_seal.h"
#include "appliance/daemon/zeroise.h"
#include "appliance/domain/reasons.h"
#include "appliance/journal/verify.h"

namespace intaglio::appliance {
namespace {

constexpr uint64_t kMapSize = uint64_t{8} << 30;  // sparse: the file grows with its content

StatusOr<TokenSeal> MacKeySeal() {
  ASSIGN_OR_RETURN(auto label, tokens::KeyLabel::Create(kSealingKey));
  return TokenSeal{std::move(label), "intaglio/mac-key"};
}

StatusOr<tokens::SupervisedTokenConfig> Supervised(const CoreSettings& core,
                                                   const TokenSettings& settings) {
  ASSIGN_OR_RETURN(auto selector, tokens::TokenSelector::Parse(settings.selector));
  ASSIGN_OR_RETURN(SecretBytes pin, ReadPin(core, settings));
  return tokens::SupervisedTokenConfig{.module_path = settings.module,
                                       .selector = std::move(selector),
                                       .pin = std::move(pin),
                                       .limits = {.max_sessions = settings.max_sessions,
                                                  .cached_keys_per_session = settings.cached_keys},
                                       .idle_timeout = settings.idle_timeout,
                                       .reinitialise_after = settings.reinitialise_after};
}

// A journal that init itself did not leave half made is the only record of a core whose rows or MAC
// key are gone, and what a replacement of that core is made from.
Status CheckNothingLost(const CoreSettings& settings) {
  constexpr uint64_t kLinesOfInit = 3;
  const std::string dir = JournalDir(settings);
  std::error_code error;
  if (!std::filesystem::exists(dir, error) || std::filesystem::is_empty(dir, error)) {
    return OkStatus();
  }
  const auto found = VerifyJournal(dir, {}, {});
  if (found.ok() && found->entries == 0) return OkStatus();
  const bool interrupted = found.ok() && found->entries <= kLinesOfInit &&
                           std::filesystem::exists(MacKeyFile(settings), error);
  if (interrupted) return OkStatus();
  return Fail(kAlreadyInitialised,
              dir +
                  " holds the journal of a core whose other state is gone; nothing was touched. "
                  "Restore a backup, or move " +
                  settings.state_dir +
                  " aside, init anew and run intaglio-core prepare-restore --without-backup");
}

}  // namespace

std::string RowsDir(const CoreSettings& settings) { return settings.state_dir + "/rows"; }
std::string MacKeyFile(const CoreSettings& settings) {
  return settings.state_dir + "/mac-key.sealed";
}
std::string JournalDir(const CoreSettings& settings) { return settings.state_dir + "/journal"; }

StatusOr<Vault> OpenToken(const CoreSettings& settings) {
  if (!settings.token.softhsm_conf.empty()) {
    setenv("SOFTHSM2_CONF", settings.token.softhsm_conf.c_str(), 1);
  }
  std::vector<tokens::SupervisedTokenConfig> all;
  ASSIGN_OR_RETURN(auto first, Supervised(settings, settings.token));
  all.push_back(std::move(first));
  for (const TokenSettings& standby : settings.standby_tokens) {
    ASSIGN_OR_RETURN(auto other, Supervised(settings, standby));
    all.push_back(std::move(other));
  }
  Vault vault;
  vault.clock = std::make_unique<SystemClock>();
  ASSIGN_OR_RETURN(vault.token, tokens::Supervisor::Open(std::move(all), *vault.clock, {}));
  return vault;
}

StatusOr<Vault> OpenVault(const CoreSettings& settings) {
  RETURN_IF_ERROR(CheckNotZeroised(settings));
  return OpenVaultToZeroise(settings);
}

StatusOr<Vault> OpenVaultToZeroise(const CoreSettings& settings) {
  if (!std::filesystem::exists(MacKeyFile(settings))) {
    return Fail(kNotInitialised, "run intaglio-core init; " + MacKeyFile(settings) + " is missing");
  }
  ASSIGN_OR_RETURN(Vault vault, OpenToken(settings));
  ASSIGN_OR_RETURN(vault.state, OpenRowsIn(settings, *vault.token, RowsDir(settings)));
  return vault;
}

StatusOr<std::unique_ptr<LmdbState>> OpenRowsIn(const CoreSettings& settings,
                                                tokens::TokenKeys& token, const std::string& dir) {
  ASSIGN_OR_RETURN(const Bytes sealed, ReadFile(MacKeyFile(settings), FileTrust::kOwnerOnly, 4096));
  ASSIGN_OR_RETURN(const TokenSeal seal, MacKeySeal());
  ASSIGN_OR_RETURN(SecretBytes mac_key, OpenInToken(token, seal, sealed));
  return LmdbState::Open(dir, std::move(mac_key), MapSize{kMapSize});
}

StatusOr<std::unique_ptr<tokens::Token>> OpenTokenAlone(const CoreSettings& settings) {
  if (!settings.token.softhsm_conf.empty()) {
    setenv("SOFTHSM2_CONF", settings.token.softhsm_conf.c_str(), 1);
  }
  ASSIGN_OR_RETURN(auto config, Supervised(settings, settings.token));
  ASSIGN_OR_RETURN(auto module, tokens::Module::Load(config.module_path));
  return tokens::Token::Open(std::move(module), config.selector, config.pin, config.limits);
}

StatusOr<Vault> MakeVault(const CoreSettings& settings, Rng& rng, WallTime now) {
  RETURN_IF_ERROR(CheckNotZeroised(settings));
  if (std::filesystem::exists(MacKeyFile(settings))) {
    auto old = OpenVault(settings);
    RETURN_IF_ERROR(old.status());
    ASSIGN_OR_RETURN(const auto instance, old->state->LoadInstance());
    if (instance) {
      return Fail(kAlreadyInitialised,
                  "instance " + instance->identity.instance.hex() + " is in " + settings.state_dir);
    }
  }
  std::error_code error;
  std::filesystem::create_directories(settings.state_dir, error);
  if (error || chmod(settings.state_dir.c_str(), 0700) != 0) {
    return Fail(kConfigInvalid, "state_dir " + settings.state_dir + " cannot be made");
  }
  RETURN_IF_ERROR(CheckNothingLost(settings));
  std::filesystem::remove_all(RowsDir(settings), error);
  std::filesystem::remove_all(JournalDir(settings), error);
  ASSIGN_OR_RETURN(Vault vault, OpenToken(settings));
  ASSIGN_OR_RETURN(const TokenSeal seal, MacKeySeal());
  RETURN_IF_ERROR(EnsureSecretKey(*vault.token, seal.key));
  SecretBytes mac_key(32);
  RETURN_IF_ERROR(rng.Fill(mac_key.ExposeMutable()));
  ASSIGN_OR_RETURN(const Bytes sealed, SealInToken(*vault.token, rng, seal, mac_key));
  RETURN_IF_ERROR(WriteFile(MacKeyFile(settings), sealed, 0600));
  ASSIGN_OR_RETURN(vault.state,
                   LmdbState::Open(RowsDir(settings), std::move(mac_key), MapSize{kMapSize}));
  RETURN_IF_ERROR(RecordKeys::Found(*vault.token, *vault.state, rng, now));
  return vault;
}

}  // namespace intaglio::appliance
