#include "appliance/daemon/zeroise.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "appliance/daemon/journal_setup.h"
#include "appliance/daemon/pin_source.h"
#include "appliance/daemon/record_keys.h"
#include "appliance/daemon/vault.h"
#include "appliance/domain/reasons.h"
#include "appliance/journal/checkpointer.h"
#include "appliance/token/pkcs11_keys.h"
#include "base/log.h"
#include "tokens/pkcs11/reasons.h"

namespace intaglio::appliance {
namespace {

constexpr size_t kMaxPlan = size_t{256} << 20;
constexpr std::string_view kRestoreKeyId = "intaglio-restore";
constexpr std::string_view kBegun = "begun", kDone = "done";

std::string PlanFile(const CoreSettings& settings) { return settings.state_dir + "/zeroised"; }

// What is to be destroyed. One line: state, instance, newest epoch; then a token object a line.
struct Plan {
  std::string state;
  std::string instance;
  uint32_t newest_epoch = 0;
  std::vector<Bytes> objects;
};

Status WritePlan(const CoreSettings& settings, const Plan& plan) {
  std::string text =
      plan.state + " " + plan.instance + " " + std::to_string(plan.newest_epoch) + "\n";
  for (const Bytes& each : plan.objects) text += ToHex(each) + "\n";
  return WriteFile(PlanFile(settings), AsBytes(text), 0600);
}

StatusOr<Plan> ReadPlan(const CoreSettings& settings) {
  ASSIGN_OR_RETURN(const Bytes octets,
                   ReadFile(PlanFile(settings), FileTrust::kOwnerOnly, kMaxPlan));
  std::istringstream text{std::string(AsStringView(octets))};
  Plan plan;
  if (!(text >> plan.state >> plan.instance >> plan.newest_epoch) ||
      (plan.state != kBegun && plan.state != kDone)) {
    return Fail(kConfigInvalid, PlanFile(settings) + " is no plan of zeroise");
  }
  for (std::string line; text >> line;) {
    ASSIGN_OR_RETURN(Bytes id, FromHex(line));
    plan.objects.push_back(std::move(id));
  }
  return plan;
}

// The last line and the journal key's last signature.
Status WriteLastLine(const CoreSettings& settings, Vault& vault, const StoredInstance& instance) {
  SystemClock clock;
  ASSIGN_OR_RETURN(const CoreJournal opened,
                   OpenCoreJournal(settings, vault, clock, Opening::kZeroise));
  RETURN_IF_ERROR(opened.journal
                      ->Append({.type = EventType::kZeroised,
                                .note = "on the console: every key of instance " +
                                        instance.identity.instance.hex() + " is destroyed"})
                      .status());
  if (!instance.journal_spki.empty()) {
    ASSIGN_OR_RETURN(auto storage_key, tokens::KeyLabel::Create(settings.token.storage_key));
    Pkcs11Keys keys(*vault.token, std::move(storage_key));
    Checkpointer checkpointer(*opened.journal, keys, *opened.anchor,
                              SignerOf(instance, opened.time.boot_count), settings.journal.pace,
                              [](const Status& found) { LogFailure("journal.anchor", found); });
    RETURN_IF_ERROR(checkpointer.MakeOne());
  }
  return vault.state->StoreJournalAnchor(opened.journal->Head());
}

StatusOr<Plan> MakePlan(Vault& vault, const StoredInstance& instance) {
  Plan plan{std::string(kBegun), instance.identity.instance.hex(), 0, {}};
  ASSIGN_OR_RETURN(plan.objects, vault.state->ResidentObjects());
  plan.objects.push_back(instance.attestation_cka_id);
  if (!instance.journal_cka_id.empty()) plan.objects.push_back(instance.journal_cka_id);
  // Without it a backup made for this core's token opens no more.
  plan.objects.push_back(ToBytes(kRestoreKeyId));
  ASSIGN_OR_RETURN(const auto epochs, vault.state->LoadEpochs());
  if (!epochs.empty()) plan.newest_epoch = epochs.back().epoch;
  return plan;
}

Status DestroySecret(tokens::TokenKeys& token, const std::string& name) {
  ASSIGN_OR_RETURN(const auto label, tokens::KeyLabel::Create(name));
  const Status destroyed = token.DestroySecretKey(label);
  return Is(destroyed, tokens::kKeyNotFound) ? OkStatus() : destroyed;
}

// In one token. The sealing key last: with it go the rows.
Status DestroyKeys(const CoreSettings& settings, const Plan& plan) {
  ASSIGN_OR_RETURN(const Vault vault, OpenToken(settings));
  ASSIGN_OR_RETURN(auto storage_key, tokens::KeyLabel::Create(settings.token.storage_key));
  Pkcs11Keys keys(*vault.token, std::move(storage_key));
  for (const Bytes& each : plan.objects) RETURN_IF_ERROR(keys.Destroy(each));
  // One more: an epoch whose start was cut short has a token key and no row.
  for (uint32_t epoch = 1; epoch <= plan.newest_epoch + 1; ++epoch) {
    RETURN_IF_ERROR(DestroySecret(*vault.token, "intaglio-record-" + std::to_string(epoch)));
    RETURN_IF_ERROR(RecordKeys::OverwriteCopy(*vault.token, epoch));
  }
  return DestroySecret(*vault.token, kSealingKey);
}

// Overwritten where it lies, then removed. A copy-on-write disk may keep the old octets; they are
// sealed under the key just destroyed.
Status EraseFile(const std::string& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) {
    return errno == ENOENT ? OkStatus() : Fail(kConfigInvalid, path + " cannot be overwritten");
  }
  struct stat found {};
  bool erased = fstat(fd, &found) == 0 && S_ISREG(found.st_mode);
  const Bytes zeros(static_cast<size_t>(std::clamp<off_t>(found.st_size, 0, 4096)));
  erased = erased &&
           pwrite(fd, zeros.data(), zeros.size(), 0) == static_cast<ssize_t>(zeros.size()) &&
           fsync(fd) == 0;
  close(fd);
  if (!erased || unlink(path.c_str()) != 0) {
    return Fail(kConfigInvalid, path + " cannot be overwritten and removed");
  }
  return OkStatus();
}

Status EraseEpochs(Vault& vault) {
  ASSIGN_OR_RETURN(const auto epochs, vault.state->LoadEpochs());
  for (const StoredEpoch& each : epochs) RETURN_IF_ERROR(vault.state->EraseEpoch(each.epoch));
  return OkStatus();
}

Status Begin(const CoreSettings& settings, const std::string& confirm) {
  ASSIGN_OR_RETURN(Vault vault, OpenVault(settings));
  ASSIGN_OR_RETURN(const auto instance, vault.state->LoadInstance());
  if (!instance) return Fail(kNotInitialised, "there is no core in " + settings.state_dir);
  if (instance->identity.instance.hex() != confirm) {
    return Fail(kWrongCore, "this core is " + instance->identity.instance.hex() +
                                "; --confirm names '" + confirm + "'");
  }
  RETURN_IF_ERROR(WriteLastLine(settings, vault, *instance));
  ASSIGN_OR_RETURN(const Plan plan, MakePlan(vault, *instance));
  return WritePlan(settings, plan);
}

// From the plan alone; each step may have been done before.
Status Finish(const CoreSettings& settings, Plan plan) {
  // Without the MAC key's seal the rows cannot be opened, and their epochs were erased before.
  if (auto vault = OpenVaultToZeroise(settings); vault.ok()) RETURN_IF_ERROR(EraseEpochs(*vault));
  std::vector<TokenSettings> all = settings.standby_tokens;
  all.push_back(settings.token);
  for (const TokenSettings& each : all) {
    CoreSettings alone;
    alone.state_dir = settings.state_dir;
    alone.token = each;
    if (alone.token.softhsm_conf.empty()) alone.token.softhsm_conf = settings.token.softhsm_conf;
    RETURN_IF_ERROR(DestroyKeys(alone, plan));
  }
  RETURN_IF_ERROR(EraseFile(MacKeyFile(settings)));
  plan.state = kDone;
  return WritePlan(settings, plan);
}

// As much of the settings as zeroise needs, with what custodians entered: the tokens are opened
// more than once.
StatusOr<CoreSettings> WithPins(const CoreSettings& settings) {
  CoreSettings out;
  out.state_dir = settings.state_dir;
  out.boundary = settings.boundary;
  out.journal = settings.journal;
  out.token = settings.token;
  out.standby_tokens = settings.standby_tokens;
  std::vector<TokenSettings*> all = {&out.token};
  for (TokenSettings& each : out.standby_tokens) all.push_back(&each);
  for (TokenSettings* each : all) {
    if (each->pin_shares_need == 0) continue;
    ASSIGN_OR_RETURN(SecretBytes pin, ReadPin(settings, *each));
    each->entered_pin = std::make_shared<const SecretBytes>(std::move(pin));
  }
  return out;
}

}  // namespace

Status CheckNotZeroised(const CoreSettings& settings) {
  std::error_code error;
  if (!std::filesystem::exists(PlanFile(settings), error)) return OkStatus();
  const auto plan = ReadPlan(settings);
  if (plan.ok() && plan->state == kDone) {
    return Fail(kCoreZeroised, "instance " + plan->instance + "; its journal is in " +
                                   JournalDir(settings) +
                                   ". A new core is initialised in an empty state_dir");
  }
  return Fail(kCoreZeroised, "it is half done; run intaglio-core zeroise again" +
                                 (plan.ok() ? " with --confirm " + plan->instance : std::string()));
}

StatusOr<std::string> ZeroiseCore(const CoreSettings& settings, const std::string& confirm) {
  std::error_code error;
  const bool begun = std::filesystem::exists(PlanFile(settings), error);
  Plan plan;
  if (begun) {
    ASSIGN_OR_RETURN(plan, ReadPlan(settings));
    if (plan.instance != confirm) {
      return Fail(kWrongCore,
                  "this core was " + plan.instance + "; --confirm names '" + confirm + "'");
    }
  } else if (!std::filesystem::exists(MacKeyFile(settings), error)) {
    return Fail(kNotInitialised, "there is no core in " + settings.state_dir);
  }
  if (plan.state != kDone) {
    ASSIGN_OR_RETURN(const CoreSettings opened, WithPins(settings));
    if (!begun) {
      RETURN_IF_ERROR(Begin(opened, confirm));
      ASSIGN_OR_RETURN(plan, ReadPlan(settings));
    }
    RETURN_IF_ERROR(Finish(opened, plan));
  }
  LogWarn("core.zeroised", {{"instance", plan.instance}});
  return "{\"zeroised\":\"" + plan.instance +
         "\",\"objects\":" + std::to_string(plan.objects.size()) + "}";
}

}  // namespace intaglio::appliance
