#include "tests/support/core_fixture.h"

#include <cstdio>
#include <cstdlib>

#include "appliance/journal/entry_codec.h"

namespace intaglio::testing_support {
namespace {

namespace core = ::intaglio::appliance;

template <class T>
T Must(StatusOr<T> value) {
  if (!value.ok()) {
    fprintf(stderr, "core fixture: %s\n", std::string(value.status().message()).c_str());
    abort();
  }
  return *std::move(value);
}

void MustBeOk(const Status& status) { (void)Must(status.ok() ? StatusOr<bool>(true) : status); }

core::Officer OfficerOf(const P256Signer& signer, core::Role role, const std::string& name) {
  return {{signer.id()}, role, name, signer.spki(), {}};
}

}  // namespace

CoreFixture::CoreFixture() {
  softhsm_ = Must(SoftHsm::Create());
  module_ = Must(tokens::Module::Load(softhsm_->module_path()));
  token_ =
      Must(tokens::Token::Open(module_, Must(tokens::TokenSelector::Parse("core")), softhsm_->Pin(),
                               {.max_sessions = 4, .cached_keys_per_session = 16}));
  keys_ = std::make_unique<core::Pkcs11Keys>(
      *token_, Must(tokens::KeyLabel::Create(SoftHsm::storage_key_label())));
  signing_ = std::make_unique<InterposedToken>(*keys_);
  state_ = Must(core::LmdbState::Open(folder_.path() + "/rows", SecretBytes(32),
                                      core::MapSize{uint64_t{2} << 30}));
  journal_ = Must(core::FileJournal::Open(folder_.path() + "/journal", clock_, 1, std::nullopt));
  lines_ = std::make_unique<InterposedJournal>(*journal_);
  MustBeOk(core::RecordKeys::Found(*token_, *state_, rng_, clock_.Now()));
  record_keys_ = Must(core::RecordKeys::Open(*token_, *state_, rng_));
  time_ = std::make_unique<core::TrustedTime>(clock_, WallTime{}, [this](const std::string& seen) {
    (void)Must(journal_->Append({.type = core::EventType::kTimeStopped, .note = seen}));
  });
  core::CoreIdentity identity;
  identity.instance = Must(core::DrawId<core::CoreInstance>(rng_));
  identity.commands_need = 2;
  identity.qscd_entry = {"lab-softhsm", clock_.Now() + 365 * kDay};
  for (size_t i = 0; i < 2; ++i) {
    const std::string number = std::to_string(i + 1);
    identity.roster.push_back(
        OfficerOf(security_[i], core::Role::kSecurityOfficer, "security-" + number));
    identity.roster.push_back(
        OfficerOf(registration_[i], core::Role::kRegistrationOfficer, "registration-" + number));
  }
  identity.roster.push_back(OfficerOf(revocation_, core::Role::kRevocationOfficer, "revocation-1"));
  core::StoredInstance row;
  row.identity = identity;
  row.format = 1;
  MustBeOk(state_->StoreInstance(row));
  live_identity_ = std::make_unique<core::LiveIdentity>(identity);
  boot_id_ = Must(core::DrawId<core::BootId>(rng_));
  services_ = std::make_unique<core::CoreServices>(
      core::CoreServices{*live_identity_, boot_id_, *signing_, record_keys_->sealer(), statements_,
                         *state_, *lines_, *time_, clock_, rng_, changing_keys_});
}

void CoreFixture::ChangeIdentity(const std::function<void(core::CoreIdentity&)>& change) {
  core::CoreIdentity next = identity();
  change(next);
  MustBeOk(state_->Update([&](core::RowTransaction& rows) { return rows.PutIdentity(next); }));
  live_identity_->Set(next);
}

std::vector<core::EventType> CoreFixture::EventsAfter(uint64_t after) {
  std::vector<core::EventType> out;
  MustBeOk(journal_->Flush());
  const auto entries = Must(journal_->Read(after + 1, 1000, size_t{1} << 20));
  for (const Bytes& entry : entries) out.push_back(Must(core::ReadEntry(entry)).type);
  return out;
}

}  // namespace intaglio::testing_support
