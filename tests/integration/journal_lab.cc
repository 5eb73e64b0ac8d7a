#include "tests/integration/journal_lab.h"

#include "base/file.h"

namespace intaglio::testing_support {
namespace {

namespace core = ::intaglio::appliance;
namespace fs = std::filesystem;

constexpr uint32_t kNvIndex = 0x01800100;

}  // namespace

StatusOr<std::unique_ptr<JournalRun>> JournalRun::Start(const core::CoreSettings& settings,
                                                        core::AnchorPort* instead) {
  auto run = std::make_unique<JournalRun>();
  ASSIGN_OR_RETURN(run->vault_, core::OpenVault(settings));
  ASSIGN_OR_RETURN(const auto instance, run->vault_.state->LoadInstance());
  ASSIGN_OR_RETURN(
      run->core_, core::OpenCoreJournal(settings, run->vault_, run->clock_, core::Opening::kStart));
  ASSIGN_OR_RETURN(auto storage, tokens::KeyLabel::Create(settings.token.storage_key));
  run->keys_ = std::make_unique<core::Pkcs11Keys>(*run->vault_.token, std::move(storage));
  RETURN_IF_ERROR(run->journal().Append({.type = core::EventType::kStarted}).status());
  run->checkpointer_ = std::make_unique<core::Checkpointer>(
      run->journal(), *run->keys_, instead != nullptr ? *instead : *run->core_.anchor,
      core::SignerOf(*instance, run->core_.time.boot_count), settings.journal.pace,
      [&contradictions = run->contradictions_](const Status&) { ++contradictions; });
  return run;
}

Status JournalRun::Sign(uint8_t key, uint32_t count) {
  core::KeyId id;
  id.octets[0] = key;
  return journal()
      .Append({.type = core::EventType::kSigned, .key_id = id, .count = count})
      .status();
}

Status JournalRun::Stop() {
  ASSIGN_OR_RETURN(const Digest state_hash, vault_.state->StateHash());
  RETURN_IF_ERROR(
      journal().Append({.type = core::EventType::kStopped, .state_hash = state_hash}).status());
  RETURN_IF_ERROR(checkpointer_->Stop());
  return vault_.state->StoreJournalAnchor(journal().Head());
}

std::unique_ptr<JournalLab> JournalLab::Create(AnchorKind kind) {
  std::unique_ptr<JournalLab> lab(new JournalLab);
  if (kind == AnchorKind::kTpm) {
    lab->tpm_ = SoftwareTpm::Start();
    if (!lab->tpm_) return nullptr;
    lab->settings_.journal.tpm = core::TpmPlace{lab->tpm_->tcti(), kNvIndex};
  }
  auto softhsm = SoftHsm::Create();
  if (!softhsm.ok()) abort();
  lab->softhsm_ = *std::move(softhsm);
  core::CoreSettings& settings = lab->settings_;
  settings.state_dir = lab->folder_.path() + "/state";
  settings.boundary = core::BoundaryKind::kLab;
  settings.token.module = lab->softhsm_->module_path();
  settings.token.selector = "core";
  settings.token.pin_file = lab->softhsm_->pin_path();
  settings.token.storage_key = SoftHsm::storage_key_label();
  settings.token.softhsm_conf = lab->softhsm_->config_path();
  settings.link.pinned_peer_pem = lab->host_link_.certificate();
  return lab;
}

Status JournalLab::Run(const std::function<void(JournalRun&)>& work) {
  ASSIGN_OR_RETURN(const auto run, Start());
  RETURN_IF_ERROR(run->checkpointer().MakeOne());
  work(*run);
  return run->Stop();
}

std::string JournalLab::token() const {
  return fs::path(softhsm_->config_path()).parent_path().string();
}

std::string JournalLab::Copy(const std::string& folder) {
  const std::string copy = folder_.path() + "/copy-" + std::to_string(++copies_);
  fs::copy(folder, copy, fs::copy_options::recursive);
  return copy;
}

void JournalLab::PutBack(const std::string& copy, const std::string& folder) {
  for (const auto& each : fs::directory_iterator(folder)) fs::remove_all(each.path());
  fs::copy(copy, folder, fs::copy_options::recursive | fs::copy_options::overwrite_existing);
}

std::string JournalLab::WriteInit() {
  std::string text = "commands_need: 2 qscd_entry_id: \"lab\" qscd_valid_until: \"2099-01-01\"\n";
  const auto add = [&](const P256Signer& signer, const std::string& role, const std::string& name) {
    EXPECT_TRUE(WriteFile(folder_.path() + "/" + name, signer.spki(), 0600).ok());
    text +=
        "officers { name: \"" + name + "\" role: \"" + role + "\" public_key: \"" + name + "\" }\n";
  };
  add(security_[0], "security-officer", "s1");
  add(security_[1], "security-officer", "s2");
  add(registration_[0], "registration-officer", "r1");
  add(registration_[1], "registration-officer", "r2");
  add(revocation_, "revocation-officer", "v1");
  const std::string path = folder_.path() + "/init.textproto";
  EXPECT_TRUE(WriteFile(path, AsBytes(text), 0600).ok());
  return path;
}

std::string JournalLab::WriteConfig(const std::string& more) {
  const auto file = [&](const std::string& name, const std::string& content) {
    const std::string path = folder_.path() + "/" + name;
    EXPECT_TRUE(WriteFile(path, AsBytes(content), 0600).ok());
    return "\"" + path + "\"";
  };
  std::string text = "state_dir: \"" + settings_.state_dir + "\" boundary: BOUNDARY_LAB\n";
  text += "token { module: \"" + settings_.token.module + "\" selector: \"core\" pin_file: \"" +
          settings_.token.pin_file + "\" storage_key: \"" + settings_.token.storage_key +
          "\" softhsm_conf: \"" + settings_.token.softhsm_conf + "\" }\n";
  text += "link { unix_socket: \"" + folder_.path() +
          "/core.sock\" certificate: " + file("core.pem", core_link_.certificate_pem) +
          " private_key: " + file("core.key", core_link_.private_key_pem) +
          " pinned_peer: " + file("host.pem", host_link_.certificate_pem) + " }\n";
  if (tpm_) {
    text += "anchor { tpm { tcti: \"" + tpm_->tcti() + "\" nv_index: " + std::to_string(kNvIndex) +
            " } }\n";
  }
  const std::string path = folder_.path() + "/core.textproto";
  EXPECT_TRUE(WriteFile(path, AsBytes(text + more), 0600).ok());
  return path;
}

}  // namespace intaglio::testing_support
