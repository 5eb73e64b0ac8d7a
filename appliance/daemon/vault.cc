#include "appliance/daemon/vault.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>

#include "appliance/domain/reasons.h"
#include "tokens/pkcs11/reasons.h"

namespace intaglio::appliance {
namespace {

constexpr char kSealingKey[] = "intaglio-sealing";
constexpr size_t kCachedKeysPerSession = 64;
constexpr uint64_t kMapSize = uint64_t{8} << 30;  // sparse: the file grows with its content
constexpr size_t kIvSize = 12;

std::string MacKeyFile(const CoreSettings& settings) {
  return settings.state_dir + "/mac-key.sealed";
}
std::string RowsDir(const CoreSettings& settings) { return settings.state_dir + "/rows"; }

StatusOr<Bytes> SealInToken(tokens::Token& token, Rng& rng, std::string_view what,
                            const SecretBytes& secret) {
  ASSIGN_OR_RETURN(const auto label, tokens::KeyLabel::Create(kSealingKey));
  tokens::GcmNonce nonce;
  RETURN_IF_ERROR(rng.Fill(nonce.octets));
  ASSIGN_OR_RETURN(const Bytes sealed,
                   token.SealGcm(label, nonce, {AsBytes(what)}, secret.Expose()));
  return Concat({nonce.octets, sealed});
}

StatusOr<SecretBytes> OpenInToken(tokens::Token& token, std::string_view what, ByteView sealed) {
  ASSIGN_OR_RETURN(const auto label, tokens::KeyLabel::Create(kSealingKey));
  if (sealed.size() <= kIvSize)
    return Fail(kRecordKeyUnavailable, std::string(what) + " is cut off");
  tokens::GcmNonce nonce;
  std::copy_n(sealed.begin(), kIvSize, nonce.octets.begin());
  auto opened = token.OpenGcm(label, nonce, {AsBytes(what)}, sealed.subspan(kIvSize));
  if (!opened.ok()) {
    return Fail(kRecordKeyUnavailable,
                std::string(what) + ": " + std::string(opened.status().message()));
  }
  return SecretBytes::WipeAndTake(*opened);
}

std::string EpochContext(uint32_t epoch) { return "intaglio/record-key/" + std::to_string(epoch); }

constexpr char kMacContext[] = "intaglio/mac-key";

}  // namespace

std::string JournalDir(const CoreSettings& settings) { return settings.state_dir + "/journal"; }

StatusOr<Vault> OpenToken(const CoreSettings& settings) {
  if (!settings.token.softhsm_conf.empty()) {
    setenv("SOFTHSM2_CONF", settings.token.softhsm_conf.c_str(), 1);
  }
  Vault vault;
  ASSIGN_OR_RETURN(vault.module, tokens::Module::Load(settings.token.module));
  ASSIGN_OR_RETURN(const auto selector, tokens::TokenSelector::Parse(settings.token.selector));
  ASSIGN_OR_RETURN(const SecretBytes pin, ReadSecretFile(settings.token.pin_file));
  ASSIGN_OR_RETURN(vault.token,
                   tokens::Token::Open(vault.module, selector, pin,
                                       {.max_sessions = settings.token.max_sessions,
                                        .cached_keys_per_session = kCachedKeysPerSession}));
  return vault;
}

StatusOr<Vault> OpenVault(const CoreSettings& settings) {
  if (!std::filesystem::exists(MacKeyFile(settings))) {
    return Fail(kNotInitialised, "run intaglio-core init; " + MacKeyFile(settings) + " is missing");
  }
  ASSIGN_OR_RETURN(Vault vault, OpenToken(settings));
  ASSIGN_OR_RETURN(const Bytes sealed, ReadFile(MacKeyFile(settings), FileTrust::kOwnerOnly, 4096));
  ASSIGN_OR_RETURN(SecretBytes mac_key, OpenInToken(*vault.token, kMacContext, sealed));
  ASSIGN_OR_RETURN(vault.state,
                   LmdbState::Open(RowsDir(settings), std::move(mac_key), MapSize{kMapSize}));
  return vault;
}

StatusOr<Vault> MakeVault(const CoreSettings& settings, Rng& rng, WallTime now) {
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
  std::filesystem::remove_all(RowsDir(settings), error);
  std::filesystem::remove_all(JournalDir(settings), error);
  ASSIGN_OR_RETURN(Vault vault, OpenToken(settings));
  ASSIGN_OR_RETURN(const auto label, tokens::KeyLabel::Create(kSealingKey));
  const Status found = vault.token->FindSecretKey(label);
  if (Is(found, tokens::kKeyNotFound)) {
    RETURN_IF_ERROR(vault.token->GenerateSecretKey(label));
  } else {
    RETURN_IF_ERROR(found);
  }
  SecretBytes mac_key(32);
  RETURN_IF_ERROR(rng.Fill(mac_key.ExposeMutable()));
  ASSIGN_OR_RETURN(const Bytes sealed, SealInToken(*vault.token, rng, kMacContext, mac_key));
  RETURN_IF_ERROR(WriteFile(MacKeyFile(settings), sealed, 0600));
  ASSIGN_OR_RETURN(vault.state,
                   LmdbState::Open(RowsDir(settings), std::move(mac_key), MapSize{kMapSize}));
  SecretBytes record_key(32);
  RETURN_IF_ERROR(rng.Fill(record_key.ExposeMutable()));
  StoredEpoch epoch{1, {}, now};
  ASSIGN_OR_RETURN(epoch.sealed_record_key,
                   SealInToken(*vault.token, rng, EpochContext(1), record_key));
  RETURN_IF_ERROR(vault.state->StoreEpoch(epoch));
  return vault;
}

StatusOr<std::vector<EpochKey>> OpenEpochKeys(Vault& vault) {
  ASSIGN_OR_RETURN(const auto latest, vault.state->LoadLatestEpoch());
  if (!latest) return Fail(kNotInitialised, "there is no record key; run intaglio-core init");
  std::vector<EpochKey> keys;
  for (uint32_t number = 1; number <= latest->epoch; ++number) {
    ASSIGN_OR_RETURN(const auto epoch, vault.state->LoadEpoch(number));
    if (!epoch) continue;  // destroyed: its records are erased
    ASSIGN_OR_RETURN(SecretBytes key,
                     OpenInToken(*vault.token, EpochContext(number), epoch->sealed_record_key));
    keys.push_back({number, std::move(key)});
  }
  return keys;
}

}  // namespace intaglio::appliance
