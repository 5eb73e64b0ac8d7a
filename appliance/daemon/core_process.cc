#include "appliance/daemon/core_process.h"

#include <signal.h>
#include <sys/timex.h>
#include <time.h>

#include <algorithm>
#include <optional>

#include "appliance/crypto/hash.h"
#include "appliance/daemon/confinement.h"
#include "appliance/daemon/journal_setup.h"
#include "appliance/daemon/lost_mark.h"
#include "appliance/daemon/pin_source.h"
#include "appliance/daemon/program.h"
#include "appliance/daemon/record_keys.h"
#include "appliance/daemon/startup_checks.h"
#include "appliance/daemon/token_watch.h"
#include "appliance/daemon/vault.h"
#include "appliance/daemon/version.h"
#include "appliance/daemon/zeroise.h"
#include "appliance/domain/reasons.h"
#include "appliance/health/checked_rng.h"
#include "appliance/health/guarded_core.h"
#include "appliance/health/watched_token.h"
#include "appliance/journal/checkpointer.h"
#include "appliance/journal/entry_codec.h"
#include "appliance/journal/export_journal.h"
#include "appliance/journal/file_journal.h"
#include "appliance/link/dispatcher.h"
#include "appliance/link/link_server.h"
#include "appliance/records/seal_codec.h"
#include "appliance/records/statement_codec.h"
#include "appliance/state/reasons.h"
#include "appliance/token/pkcs11_keys.h"
#include "base/log.h"
#include "intaglio/core/v1/journal.pb.h"
#include "tokens/pkcs11/pin_retry.h"

namespace intaglio::appliance {
namespace {

constexpr Duration kAnchorEvery = 5 * kSecond;
constexpr Duration kSynchronisationEvery = kDay;
constexpr size_t kPurgeAtOnce = 1000;

// Link events become journal lines.
class JournalledLink final : public LinkObserver {
 public:
  explicit JournalledLink(JournalPort& journal) : journal_(journal) {}
  void Opened(uint64_t connection, const std::string& peer) override {
    Write(EventType::kLinkOpened, "connection " + std::to_string(connection) + " from " + peer, {});
  }
  void Refused(const Status& status, const std::string& peer) override {
    Write(EventType::kLinkRefused, "from " + peer + ": " + DetailOf(status), ReasonIdOf(status));
  }
  void Ended(uint64_t connection, const Status& status) override {
    Write(EventType::kLinkEnded,
          "connection " + std::to_string(connection) +
              (status.ok() ? std::string() : ": " + DetailOf(status)),
          ReasonIdOf(status));
  }

 private:
  void Write(EventType type, std::string note, std::string reason) {
    const auto line = journal_.Append({.type = type, .reason_id = reason, .note = note});
    if (!line.ok()) LogFailure("journal.append", line.status());
  }
  JournalPort& journal_;
};

// What the kernel says of this machine's synchronisation. [EN 319 401 7.10-06; R-TIM-1]
std::string DescribeSynchronisation() {
  timex state{};
  const int clock_state = adjtimex(&state);
  const bool synchronised = clock_state >= 0 && (state.status & STA_UNSYNC) == 0;
  return std::string(synchronised ? "synchronised" : "not synchronised") + ", largest error " +
         std::to_string(state.maxerror) + " us";
}

// Waits for a stop signal, up to `wait`.
bool StopSignalled(Duration wait) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  const timespec limit{wait / 1000, wait % 1000 * 1'000'000};
  return sigtimedwait(&signals, nullptr, &limit) > 0;
}

// The highest wall time the core has written down.
StatusOr<WallTime> HighWater(FileJournal& journal, const StoredTime& stored) {
  ASSIGN_OR_RETURN(const auto last, journal.Read(journal.Head().sequence, 1, kMaxEntryOctets));
  if (last.empty()) return stored.high_water;
  ASSIGN_OR_RETURN(const EntryFacts facts, ReadEntry(last.front()));
  return std::max(stored.high_water, facts.place.wall);
}

bool HasLiveKeys(LmdbState& state) {
  const auto epochs = state.LoadEpochs();
  return epochs.ok() && std::any_of(epochs->begin(), epochs->end(), [&](const StoredEpoch& each) {
           const auto live = state.LiveRecords(each.epoch);
           return live.ok() && *live > 0;
         });
}

// What the token's PIN file or credential holds now. Custodians are not asked again while the core
// runs: their PIN is tried once, at start.
StatusOr<SecretBytes> PinOnDisk(const CoreSettings& settings, size_t index) {
  const TokenSettings& token = index == 0 ? settings.token : settings.standby_tokens.at(index - 1);
  if (token.pin_shares_need > 0 || token.entered_pin) {
    return Fail(kPinUnavailable, "its custodians entered it at start");
  }
  return ReadPin(settings, token);
}

// Says once that the disk fills.
void TendStorage(FileJournal& journal, StorageAlarm& alarm) {
  const auto level = journal.Storage();
  if (!level.ok()) return LogFailure("journal.storage", level.status());
  const auto event = alarm.Take(*level);
  if (!event) return;
  LogWarn("journal.storage_alarm", {{"level", event->note}});
  const auto line = journal.Append(*event);
  if (line.ok()) {
    alarm.Told();
  } else {
    LogFailure("journal.append", line.status());
  }
}

}  // namespace

Status RunCore(const CoreSettings& settings) {
  RETURN_IF_ERROR(CheckNotZeroised(settings));
  RETURN_IF_ERROR(Confine(settings));
  SystemClock clock;
  SystemRng system_rng;
  ErrorState errors;
  CheckedRng rng(system_rng, errors);
  ASSIGN_OR_RETURN(Vault vault, OpenVault(settings));
  ASSIGN_OR_RETURN(auto instance, vault.state->LoadInstance());
  if (!instance) return Fail(kNotInitialised, "run intaglio-core init");
  ASSIGN_OR_RETURN(const Program program, ThisProgram());
  RETURN_IF_ERROR(CheckProgram(*instance, program, settings.boundary));
  ASSIGN_OR_RETURN(const CoreJournal core_journal,
                   OpenCoreJournal(settings, vault, clock, Opening::kStart));
  const auto& journal = core_journal.journal;
  StoredTime stored_time = core_journal.time;
  ASSIGN_OR_RETURN(instance, vault.state->LoadInstance());
  ASSIGN_OR_RETURN(const WallTime high_water, HighWater(*journal, stored_time));
  TrustedTime time(clock, high_water, [&](const std::string& seen) {
    LogError("time.stopped", {{"seen", seen}});
    const auto line = journal->Append({.type = EventType::kTimeStopped, .note = seen});
    if (!line.ok()) LogFailure("journal.append", line.status());
  });

  ASSIGN_OR_RETURN(const auto record_keys, RecordKeys::Open(*vault.token, *vault.state, rng));
  StatementCodec statements;
  ASSIGN_OR_RETURN(auto storage_key, tokens::KeyLabel::Create(settings.token.storage_key));
  WatchedToken watched_token(*vault.token, rng, errors);
  Pkcs11Keys token(watched_token, std::move(storage_key));
  WatchedJournal watched_journal(*journal, errors);
  ASSIGN_OR_RETURN(const BootId boot_id, DrawId<BootId>(rng));
  LiveIdentity identity(instance->identity);
  std::mutex changing_keys;
  const CoreServices services{identity,   boot_id,      token,           record_keys->sealer(),
                              statements, *vault.state, watched_journal, time,
                              clock,      rng,          changing_keys};
  ASSIGN_OR_RETURN(auto sealing_key, tokens::KeyLabel::Create(kSealingKey));
  SelfTest self_test(watched_token, std::move(sealing_key), rng, watched_journal, errors);
  RETURN_IF_ERROR(Verdict(self_test.Run()));
  RETURN_IF_ERROR(errors.Check());

  KeyRecord attestation_key;
  Assign(ByteView(instance->attestation_cka_id), attestation_key.key_id);
  attestation_key.purpose = KeyPurpose::kAttestation;
  attestation_key.residency = KeyResidency::kResident;
  attestation_key.spki = instance->attestation_spki;
  std::optional<attestation::EvidenceProducer> producer;
  if (!instance->attestation_certificate.empty()) {
    ASSIGN_OR_RETURN(producer, attestation::EvidenceProducer::Create(
                                   attestation::EvidenceProfile::Draft(),
                                   instance->attestation_certificate, instance->attestation_chain));
  }
  ProofCheck proofs(services);
  RecordEpochs record_epochs(services, *record_keys);
  ExecuteCommand execute_command(services, record_epochs, kVersion);
  GenerateSignerKey generate_signer_key(services);
  AttestKeys attest_keys(services, std::move(producer), attestation_key,
                         {.software_name = "intaglio-core",
                          .software_version = kVersion,
                          .boot_count = stored_time.boot_count,
                          .measurement = ToBytes(program.sha256),
                          .simulated = settings.boundary == BoundaryKind::kLab});
  IssueCertificate issue_certificate(services);
  SignDocument sign_document(services, proofs);
  AcceptCertificate accept_certificate(services, proofs);
  BindAuthenticator bind_authenticator(services, proofs);
  UnbindAuthenticator unbind_authenticator(services, proofs);
  ChangeState change_state(services, proofs);
  SignStatus sign_status(services, change_state);
  SealLedger seal_ledger(*vault.state, clock, DecodeSealAuthorisation);
  SealAuthorisations seal_authorisations(services, proofs, seal_ledger);
  // With every worker busy and every helper too, each session of the token has one user.
  const size_t sessions = settings.token.max_sessions, workers = settings.link.workers;
  SealBatches seal_batches(services, seal_ledger, sessions > workers ? sessions - workers : 0);
  ExportJournal export_journal(*journal, *vault.state, std::string(core_journal.anchor->kind()));
  Dispatcher dispatcher(
      services,
      {execute_command, generate_signer_key, attest_keys, issue_certificate, sign_document,
       accept_certificate, bind_authenticator, unbind_authenticator, change_state, sign_status,
       record_epochs, seal_authorisations, seal_batches, export_journal},
      kVersion, stored_time.boot_count);
  GuardedCore guarded(dispatcher, self_test, errors);
  JournalledLink observer(watched_journal);

  RETURN_IF_ERROR(watched_journal
                      .Append({.type = EventType::kStarted,
                               .content_digest = program.sha256,
                               .note = std::string("intaglio-core ") + kVersion})
                      .status());
  // A core of a program before the journal had a key makes one now.
  if (instance->journal_spki.empty()) {
    RETURN_IF_ERROR(MakeJournalKey(token, rng, *instance));
    RETURN_IF_ERROR(vault.state->StoreInstance(*instance));
  }
  if (instance->identity.rows_lost) {
    LogWarn("core.rows_lost", {{"next", "intaglio-core rebuild-rows, then open-rebuilt"}});
  }
  bool mark_forgotten = instance->identity.rows_lost;
  Checkpointer checkpointer(
      *journal, token, *core_journal.anchor, SignerOf(*instance, stored_time.boot_count),
      settings.journal.pace,
      [&](const Status& found) { errors.Enter(ErrorCause::kJournal, found); });
  RETURN_IF_ERROR(checkpointer.Start());
  StorageAlarm storage_alarm;
  ErrorTeller error_teller(errors, watched_journal);
  std::optional<TokenWatch> token_watch;
  token_watch.emplace(*vault.token, watched_journal);
  const auto judge_peer = [&](const Digest& certificate) {
    return IsPinned(*identity.Get(), certificate, time.Estimate());
  };
  ASSIGN_OR_RETURN(const auto server,
                   LinkServer::Start(settings.link, judge_peer, guarded, observer));
  RETURN_IF_ERROR(ConfineNetwork(settings));
  LogInfo("core.ready", {{"instance", instance->identity.instance.hex()},
                         {"boot_count", std::to_string(stored_time.boot_count)},
                         {"endpoint", server->endpoint()}});
  tokens::PinRetry pin_retry(*vault.token,
                             [&](size_t index) { return PinOnDisk(settings, index); });
  BootTime next_synchronisation = clock.SinceBoot();
  do {
    if (clock.SinceBoot() >= next_synchronisation) {
      next_synchronisation = clock.SinceBoot() + kSynchronisationEvery;
      const auto line = watched_journal.Append(
          {.type = EventType::kTimeSynchronisation, .note = DescribeSynchronisation()});
      if (!line.ok()) LogFailure("journal.append", line.status());
    }
    // Until it has a key of its own the core may yet be made to replace a lost one.
    if (!mark_forgotten && HasLiveKeys(*vault.state)) {
      const Status forgotten = ForgetLostMark(*vault.token);
      if (!forgotten.ok()) LogFailure("lost_mark.forget", forgotten);
      mark_forgotten = forgotten.ok();
    }
    TendStorage(*journal, storage_alarm);
    pin_retry.Tend();
    error_teller.Tell();
    // The rows remember how far the journal had come: a journal cut off below that is noticed.
    Status anchored = vault.state->StoreJournalAnchor(journal->Head());
    if (const auto now = time.Now(); now.ok() && anchored.ok()) {
      stored_time.high_water = *now;
      anchored = vault.state->StoreTime(stored_time);
      const auto purged = vault.state->PurgeExpiredOrders(*now, kPurgeAtOnce);
      if (!purged.ok()) LogFailure("state.purge", purged.status());
    }
    if (!anchored.ok()) LogFailure("state.anchor", anchored);
    if (const Status tended = record_epochs.Tend(); !tended.ok()) {
      LogFailure("record_epochs.tend", tended);
    }
  } while (!StopSignalled(kAnchorEvery));
  LogInfo("core.stopping");
  server->Stop();
  token_watch.reset();
  ASSIGN_OR_RETURN(const Digest state_hash, vault.state->StateHash());
  RETURN_IF_ERROR(
      journal->Append({.type = EventType::kStopped, .state_hash = state_hash}).status());
  RETURN_IF_ERROR(checkpointer.Stop());
  return vault.state->StoreJournalAnchor(journal->Head());
}

}  // namespace intaglio::appliance
