// intaglio-kill-loop: kills the core with SIGKILL at random moments of everything it does, starts
// it again, and holds what it says afterwards against what it said before. Test tool, never
// shipped.
//
// It is the host: it has the link's TLS key and the sealed records. It also holds the keys of the
// people of its lab, so that every act is an honest one. What must hold, whatever the moment:
//  - a signature that was handed out has its lines in the journal, intent first;
//  - a nonce is accepted once, and a batch of seals too;
//  - seals never exceed their quota;
//  - a destroyed key stays destroyed;
//  - a record that was given up for a newer one is never the only one that works.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "attestation/verify/test_device.h"
#include "base/rng.h"
#include "host/core_link/core_link.h"
#include "host/ctl/key_file.h"
#include "host/daemon/settings.h"
#include "host/journal/journal_audit.h"
#include "host/statements/statement_composer.h"
#include "host/store/sql_store.h"
#include "host/x509/public_key.h"
#include "intaglio/core/v1/link.pb.h"
#include "intaglio/core/v1/record.pb.h"

namespace intaglio::host {
namespace {

namespace pb = ::intaglio::core::v1;

[[noreturn]] void Die(const std::string& what) {
  fprintf(stderr, "FAILED: %s\n", what.c_str());
  // Threads may be running; nothing here needs an orderly end.
  _exit(1);
}
template <class T>
T Must(StatusOr<T> value, const std::string& what) {
  if (!value.ok()) Die(what + ": " + std::string(value.status().message()));
  return *std::move(value);
}

struct Flags {
  std::string host_config;
  std::vector<std::string> core_command;
  std::string authenticator_key;
  std::vector<std::string> officer_keys;  // of two security officers
  std::vector<std::string> controller_keys;
  std::vector<std::string> credentials;
  std::string seal_credential;
  std::string seal_client_key;
  int kills = 20;
  int threads = 3;
  uint32_t seed = 1;
};

Bytes Concatenated(const google::protobuf::RepeatedPtrField<std::string>& parts) {
  Bytes all;
  for (const std::string& each : parts) all.insert(all.end(), each.begin(), each.end());
  return all;
}

// The core as a child process.
class CoreChild final {
 public:
  explicit CoreChild(std::vector<std::string> command) : command_(std::move(command)) {}
  ~CoreChild() {
    if (pid_ > 0) Kill();
  }
  void Start() {
    std::vector<char*> arguments;
    for (std::string& each : command_) arguments.push_back(each.data());
    arguments.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
      execvp(arguments[0], arguments.data());
      _exit(127);
    }
  }
  void Kill() {
    kill(pid_, SIGKILL);
    int status = 0;
    waitpid(pid_, &status, 0);
    if (!WIFSIGNALED(status)) Die("the core ended by itself, status " + std::to_string(status));
    pid_ = -1;
  }
  bool Ended() {
    int status = 0;
    return waitpid(pid_, &status, WNOHANG) == pid_;
  }

 private:
  std::vector<std::string> command_;
  pid_t pid_ = -1;
};

// One key of a signer, as the host knows it.
struct Signer {
  std::string id;
  std::mutex mutex;
  std::string record;
  bool destroying = false;  // the statement went out
  std::string revocation;   // that statement
  std::string serial, issuer;
};

class KillLoop final {
 public:
  explicit KillLoop(const Flags& flags)
      : flags_(flags),
        settings_(Must(LoadHostSettings(flags.host_config), "host configuration")),
        child_(flags.core_command),
        authenticator_(Must(SigningKey::Load(flags.authenticator_key), "authenticator")),
        random_(flags.seed) {
    for (const std::string& path : flags.officer_keys) {
      officers_.push_back(Must(SigningKey::Load(path), path));
    }
    for (const std::string& path : flags.controller_keys) {
      controllers_.push_back(Must(SigningKey::Load(path), path));
    }
    auto store = Must(SqlStore::Open(settings_.database), "database");
    for (const std::string& id : flags.credentials) AddSigner(*store, id);
    if (!flags.seal_credential.empty()) {
      const auto found = Must(store->FindCredential(flags.seal_credential), "seal credential");
      if (!found) Die("no credential " + flags.seal_credential);
      seal_record_ = std::string(AsString(found->sealed_record));
      seal_key_id_ = OuterOf(seal_record_).key_id();
      seal_client_.emplace(Must(SigningKey::Load(flags.seal_client_key), "seal client's key"));
    }
    const auto ca = Must(store->ActiveServiceKey(ServiceKeyPurpose::kCaIssuing), "CA");
    if (!ca) Die("no active CA");
    ca_key_id_ = ca->id;
  }

  int Run() {
    for (int round = 1; round <= flags_.kills; ++round) {
      StartCore();
      CheckAfterStart();
      stop_ = false;
      std::vector<std::thread> workers;
      for (int i = 0; i < flags_.threads; ++i) {
        workers.emplace_back([this, seed = Draw(1u << 30)] { Work(seed); });
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5 + Draw(250)));
      child_.Kill();
      ++kills_so_far_;
      stop_ = true;
      for (std::thread& each : workers) each.join();
      link_.reset();
      if (round % 50 == 0) fprintf(stderr, "%d kills\n", round);
    }
    StartCore();
    CheckAfterStart();
    link_.reset();
    child_.Kill();
    printf(
        "{\"kills\":%d,\"seed\":%u,\"activations\":%zu,\"seals\":%zu,\"bound\":%zu,\"destroyed\":%"
        "zu,"
        "\"resealed\":%zu,\"epochs\":%zu,\"replays_refused\":%zu}\n",
        flags_.kills, flags_.seed, activations_.load(), seals_.load(), bound_.load(),
        destroyed_.load(), resealed_.load(), epochs_.load(), refused_.load());
    return 0;
  }

 private:
  using Response = StatusOr<pb::CoreResponse>;

  uint32_t Draw(uint32_t below) {
    std::lock_guard lock(random_mutex_);
    return static_cast<uint32_t>(random_() % below);
  }
  static pb::SealedRecord OuterOf(const std::string& sealed) {
    pb::SealedRecord outer;
    if (!outer.ParseFromString(sealed)) Die("a sealed record does not parse");
    return outer;
  }
  void AddSigner(SqlStore& store, const std::string& id) {
    const auto found = Must(store.FindCredential(id), "credential");
    if (!found) Die("no credential " + id);
    auto signer = std::make_unique<Signer>();
    signer->id = std::string(AsString(Must(FromHex(id), "key id")));
    signer->record = std::string(AsString(found->sealed_record));
    signer->serial = std::string(AsString(Must(FromHex(found->serial), "serial")));
    signers_.push_back(std::move(signer));
  }

  void StartCore() {
    child_.Start();
    link_ = Must(CoreLink::Create(settings_.core), "link");
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (true) {
      pb::CoreRequest request;
      request.mutable_status();
      const auto status = link_->Call(request, 2 * kSecond);
      if (status.ok()) {
        instance_ = status->status().core_instance();
        instance_epoch_ = status->status().instance_epoch();
        return;
      }
      if (child_.Ended()) Die("the core did not start again; see its log");
      if (std::chrono::steady_clock::now() > give_up) {
        Die("the core does not answer: " + std::string(status.status().message()));
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  Response Ask(const pb::CoreRequest& request) { return link_->Call(request, 3 * kSecond); }
  // Whether the core itself answered, rather than the link having broken.
  static bool Answered(const Status& status) {
    return ReasonIdOf(status).starts_with("APL-") || ReasonIdOf(status).starts_with("TOK-");
  }
  pb::Proof ProofBy(const SigningKey& key, const std::string& octets) {
    pb::Proof proof;
    proof.set_authenticator_id(AsString(key.id()));
    proof.set_es256(AsString(Must(key.Sign(AsBytes(octets)), "proof")));
    return proof;
  }
  static int64_t NowMs() { return SystemClock().Now().ms; }

  void Work(uint32_t seed) {
    std::mt19937 random(seed);
    while (!stop_) {
      const uint32_t act = random() % 100;
      Signer& signer = *signers_[random() % signers_.size()];
      bool up = true;
      if (act < 55) {
        up = SignOnce(signer, random);
      } else if (act < 70) {
        up = ResealOnce(signer);
      } else if (act < 72) {
        // A token with hundreds of epochs' keys is nobody's: SoftHSM reads each file at each
        // search.
        if (epochs_ * kKillsPerEpoch <= kills_so_far_) up = BeginEpoch();
      } else if (act < 76) {
        up = BindOnce(signer);
      } else if (act < 77) {
        up = DestroyOnce(signer);
      } else if (seal_client_) {
        up = SealOnce(random);
      }
      if (!up) return;  // the core is gone
    }
  }

  // Each act answers false when the link broke under it.
  bool SignOnce(Signer& signer, std::mt19937& random) {
    std::string record;
    {
      std::lock_guard lock(signer.mutex);
      record = signer.record;
    }
    pb::CoreRequest begin;
    begin.mutable_begin_activation()->set_record(record);
    begin.mutable_begin_activation()->set_session_id("kill-loop");
    begin.mutable_begin_activation()->set_hash_algorithm(pb::HASH_ALGORITHM_SHA256);
    for (uint32_t i = 0; i <= random() % 4; ++i) {
      begin.mutable_begin_activation()->add_dtbsr(
          AsString(Sha256(AsBytes(std::to_string(random())))));
    }
    const Response begun = Ask(begin);
    if (!begun.ok()) return Answered(begun.status());
    const std::string payload = begun->begin_activation().payload();
    pb::CoreRequest sign;
    sign.mutable_sign()->set_record(record);
    sign.mutable_sign()->set_payload(payload);
    *sign.mutable_sign()->mutable_proof() = ProofBy(authenticator_, payload);
    const Response answer = Ask(sign);
    if (!answer.ok()) {
      if (!Answered(answer.status())) {
        // Nobody knows whether it was signed: the nonce must be worthless either way after a
        // restart.
        std::lock_guard lock(mutex_);
        spent_.push_back({record, payload});
      }
      return Answered(answer.status());
    }
    std::lock_guard lock(mutex_);
    spent_.push_back({record, payload});
    outputs_.insert(std::string(AsString(Sha256(Concatenated(answer->sign().signatures())))));
    ++activations_;
    return true;
  }

  bool ResealOnce(Signer& signer) {
    std::lock_guard lock(signer.mutex);
    for (int turn = 0; turn < 2; ++turn) {
      pb::CoreRequest request;
      request.mutable_reseal_records()->add_records(signer.record);
      const Response answer = Ask(request);
      if (!answer.ok()) return Answered(answer.status());
      const pb::ResealedRecord& resealed = answer->reseal_records().records(0);
      if (resealed.has_failure()) return true;
      if (resealed.record() != signer.record) ++resealed_;
      signer.record = resealed.record();
    }
    return true;
  }

  pb::Command Command() {
    pb::Command command;
    command.set_context("intaglio/command/v1");
    command.set_core_instance(instance_);
    command.set_issued_at_ms(NowMs());
    command.set_expires_at_ms(NowMs() + kHour);
    return command;
  }
  bool BeginEpoch() {
    pb::CoreRequest nonce;
    nonce.mutable_begin_command();
    const Response begun = Ask(nonce);
    if (!begun.ok()) return Answered(begun.status());
    pb::Command command = Command();
    command.set_nonce(begun->begin_command().nonce());
    command.mutable_begin_epoch();
    const Bytes octets = SerializeCanonical(command);
    pb::CoreRequest request;
    pb::SignedStatement& statement = *request.mutable_execute_command()->mutable_command();
    statement.set_statement(AsString(octets));
    for (const SigningKey& officer : officers_) {
      pb::Approval& approval = *statement.add_approvals();
      approval.set_officer_id(AsString(officer.id()));
      approval.set_signature(AsString(Must(officer.Sign(octets), "approval")));
    }
    const Response answer = Ask(request);
    if (answer.ok()) ++epochs_;
    return answer.ok() || Answered(answer.status());
  }

  // One more authenticator, never used: what counts is that the newest record works afterwards.
  bool BindOnce(Signer& signer) {
    std::lock_guard lock(signer.mutex);
    if (signer.destroying) return true;
    const uint64_t version = OuterOf(signer.record).version();
    pb::AddAuthenticator statement;
    statement.set_context("intaglio/add-authenticator/v1");
    statement.set_core_instance(instance_);
    statement.set_key_id(signer.id);
    statement.set_record_version(version);
    const attestation::TestKey fresh = attestation::TestKey::Generate();
    statement.mutable_authenticator()->set_kind(pb::AUTHENTICATOR_KIND_ES256_FILE);
    statement.mutable_authenticator()->set_spki(AsString(fresh.Spki()));
    statement.set_issued_at_ms(NowMs());
    statement.set_expires_at_ms(NowMs() + 10 * kMinute);
    const std::string octets(AsString(SerializeCanonical(statement)));
    pb::CoreRequest request;
    request.mutable_add_authenticator()->set_record(signer.record);
    request.mutable_add_authenticator()->set_statement(octets);
    *request.mutable_add_authenticator()->mutable_proof() = ProofBy(authenticator_, octets);
    const Response answer = Ask(request);
    if (!answer.ok()) return Answered(answer.status());
    signer.record = answer->add_authenticator().record();
    ++bound_;
    return true;
  }

  bool DestroyOnce(Signer& signer) {
    std::lock_guard lock(signer.mutex);
    // Some keys must live to the end.
    if (signer.destroying || destroyed_ + 2 >= signers_.size()) return true;
    pb::SignerRevocation statement;
    statement.set_context("intaglio/signer-revocation/v1");
    statement.set_core_instance(instance_);
    statement.set_issuer_key_id(AsString(Must(FromHex(ca_key_id_), "CA key id")));
    statement.set_serial(signer.serial);
    statement.set_reason(pb::REVOCATION_REASON_SUPERSEDED);
    statement.set_requested_at_ms(NowMs());
    signer.revocation = std::string(AsString(SerializeCanonical(statement)));
    signer.destroying = true;
    ++destroyed_;
    return AskDestroy(signer);
  }
  bool AskDestroy(Signer& signer) {
    pb::CoreRequest request;
    pb::SignerRevocationProof& proof = *request.mutable_change_state()->mutable_signer();
    proof.set_record(signer.record);
    proof.set_statement(signer.revocation);
    *proof.mutable_proof() = ProofBy(authenticator_, signer.revocation);
    const Response answer = Ask(request);
    if (answer.ok()) return true;
    if (!Answered(answer.status())) return false;
    // Once its record key is destroyed too, nothing reads the record any more: it was live to
    // nobody.
    if (ReasonNameOf(answer.status()) == "RECORD_UNREADABLE") return true;
    Die("a revocation was refused: " + std::string(answer.status().message()));
  }

  bool Authorise();
  bool FindNextSequence();
  bool SealOnce(std::mt19937& random);

  void CheckAfterStart() {
    ReadOnInJournal();
    CheckReplays();
    sequence_known_ = false;
    for (const auto& signer : signers_) {
      std::lock_guard lock(signer->mutex);
      if (!signer->destroying) {
        CheckUsable(*signer);
        continue;
      }
      // Asked again it answers the same; afterwards nothing may sign.
      if (!AskDestroy(*signer)) Die("the link broke in peace");
      pb::CoreRequest begin;
      begin.mutable_begin_activation()->set_record(signer->record);
      begin.mutable_begin_activation()->set_session_id("after");
      begin.mutable_begin_activation()->set_hash_algorithm(pb::HASH_ALGORITHM_SHA256);
      begin.mutable_begin_activation()->add_dtbsr(AsString(Sha256(AsBytes("x"))));
      const Response answer = Ask(begin);
      const std::string reason = answer.ok() ? "nothing" : ReasonNameOf(answer.status());
      if (reason != "KEY_DESTROYED" && reason != "RECORD_UNREADABLE") {
        Die("a destroyed key was refused for " + reason);
      }
    }
  }

  // The newest record of a live key works, whatever was cut short.
  void CheckUsable(Signer& signer) {
    pb::CoreRequest begin;
    begin.mutable_begin_activation()->set_record(signer.record);
    begin.mutable_begin_activation()->set_session_id("after");
    begin.mutable_begin_activation()->set_hash_algorithm(pb::HASH_ALGORITHM_SHA256);
    begin.mutable_begin_activation()->add_dtbsr(AsString(Sha256(AsBytes("y"))));
    const Response answer = Ask(begin);
    if (!answer.ok()) {
      Die("a live key does not work: " + std::string(answer.status().message()));
    }
  }

  // Payloads of earlier boots, proven anew: never a signature.
  void CheckReplays() {
    std::lock_guard lock(mutex_);
    size_t tried = 0;
    while (!spent_.empty() && tried++ < 10) {
      const auto [record, payload] = spent_.back();
      spent_.pop_back();
      pb::CoreRequest sign;
      sign.mutable_sign()->set_record(record);
      sign.mutable_sign()->set_payload(payload);
      *sign.mutable_sign()->mutable_proof() = ProofBy(authenticator_, payload);
      if (Ask(sign).ok()) Die("a nonce of an earlier boot was accepted");
      ++refused_;
    }
    spent_.clear();
    for (const pb::CoreRequest& batch : sent_batches_) {
      // One that the core never began, since it was killed before, is a first order still.
      const std::string digest(AsString(Sha256(AsBytes(batch.seal().batch()))));
      if (!intended_batches_.contains(digest)) continue;
      if (Ask(batch).ok()) Die("a batch of an earlier boot was carried out again");
      ++refused_;
    }
    sent_batches_.clear();
  }

  // Reads what the journal has got since, and holds it against what was handed out. A kill may have
  // taken the answer that held a key's newest record; the journal has it.
  void ReadOnInJournal();
  void TakeLine(const pb::JournalEntry& entry);

  const Flags flags_;
  const HostSettings settings_;
  CoreChild child_;
  const SigningKey authenticator_;
  std::vector<SigningKey> officers_, controllers_;
  std::optional<SigningKey> seal_client_;
  std::unique_ptr<CoreLink> link_;
  std::string instance_, ca_key_id_, seal_record_, seal_key_id_;
  uint32_t instance_epoch_ = 1;
  std::vector<std::unique_ptr<Signer>> signers_;

  static constexpr size_t kKillsPerEpoch = 8;
  std::atomic<size_t> kills_so_far_{0};
  std::mutex random_mutex_;
  std::mt19937 random_;
  std::atomic<bool> stop_{false};

  struct Spent {
    std::string record;
    std::string payload;
  };
  std::mutex mutex_;
  std::vector<Spent> spent_;
  std::vector<pb::CoreRequest> sent_batches_;
  std::set<std::string> outputs_;  // SHA-256 of what was handed out and no line has told of yet
  std::atomic<size_t> activations_{0}, seals_{0}, bound_{0}, destroyed_{0}, resealed_{0},
      epochs_{0}, refused_{0};

  JournalAudit audit_{{}};
  uint64_t next_line_ = 1;
  std::set<std::string> told_;              // output digests of this loop's journal lines
  std::set<std::string> intended_batches_;  // SHA-256 of the batches it says were begun

  // The seal authorisation in use.
  std::mutex seal_mutex_;
  std::string authorisation_id_;
  uint64_t next_sequence_ = 1;
  bool sequence_known_ = false;
  uint64_t quota_ = 0;
  uint64_t sealed_under_it_ = 0;
};

bool KillLoop::Authorise() {
  pb::CoreRequest begin;
  begin.mutable_begin_seal_authorisation()->set_record(seal_record_);
  const Response begun = Ask(begin);
  if (!begun.ok()) return Answered(begun.status());
  pb::SealAuthorisation authorisation;
  authorisation.set_context("intaglio/seal-authorisation/v1");
  authorisation.set_core_instance(instance_);
  authorisation.set_instance_epoch(instance_epoch_);
  authorisation.set_nonce(begun->begin_seal_authorisation().nonce());
  authorisation.set_key_id(seal_key_id_);
  authorisation.set_client_spki(AsString(seal_client_->spki()));
  authorisation.set_not_before_ms(NowMs() - 1000);
  authorisation.set_not_after_ms(NowMs() + kDay);
  quota_ = 20'000;
  authorisation.set_most_signatures(quota_);
  authorisation.set_most_per_minute(1'000'000);
  const std::string octets(AsString(SerializeCanonical(authorisation)));
  pb::CoreRequest request;
  request.mutable_authorise_seal()->set_record(seal_record_);
  request.mutable_authorise_seal()->set_authorisation(octets);
  for (const SigningKey& each : controllers_) {
    *request.mutable_authorise_seal()->add_proofs() = ProofBy(each, octets);
  }
  const Response answer = Ask(request);
  if (!answer.ok()) {
    if (!Answered(answer.status())) return false;
    Die("a seal authorisation was refused: " + std::string(answer.status().message()));
  }
  authorisation_id_ = answer->authorise_seal().authorisation_id();
  next_sequence_ = 1;
  sequence_known_ = true;
  sealed_under_it_ = 0;
  return true;
}

// Where a client goes on after the core's restart.
bool KillLoop::FindNextSequence() {
  pb::CoreRequest request;
  request.mutable_seal_status()->set_key_id(seal_key_id_);
  const Response answer = Ask(request);
  if (!answer.ok()) return Answered(answer.status());
  for (const pb::SealLedgerEntry& each : answer->seal_status().entries()) {
    if (each.authorisation_id() != authorisation_id_) continue;
    next_sequence_ = each.next_sequence();
    if (each.used_or_reserved() < sealed_under_it_) Die("the ledger forgot seals");
  }
  sequence_known_ = true;
  return true;
}

bool KillLoop::SealOnce(std::mt19937& random) {
  std::lock_guard lock(seal_mutex_);
  if (!authorisation_id_.empty() && !sequence_known_ && !FindNextSequence()) return false;
  if (authorisation_id_.empty() && !Authorise()) return false;
  if (authorisation_id_.empty()) return true;
  pb::SealBatch batch;
  batch.set_context("intaglio/seal-batch/v1");
  batch.set_core_instance(instance_);
  batch.set_authorisation_id(authorisation_id_);
  batch.set_sequence(next_sequence_++);
  batch.set_hash_algorithm(pb::HASH_ALGORITHM_SHA256);
  for (uint32_t i = 0; i <= random() % 200; ++i) {
    batch.add_dtbsr(AsString(Sha256(AsBytes(std::to_string(random())))));
  }
  batch.set_count(static_cast<uint64_t>(batch.dtbsr_size()));
  const Bytes octets = SerializeCanonical(batch);
  pb::CoreRequest request;
  request.mutable_seal()->set_record(seal_record_);
  request.mutable_seal()->set_batch(AsString(octets));
  request.mutable_seal()->set_client_signature(
      AsString(Must(seal_client_->Sign(octets), "client's signature")));
  {
    std::lock_guard state_lock(mutex_);
    sent_batches_.push_back(request);
  }
  const Response answer = Ask(request);
  if (!answer.ok()) {
    if (!Answered(answer.status())) return false;
    if (ReasonNameOf(answer.status()) != "SEAL_QUOTA_SPENT") {
      Die("a batch was refused: " + std::string(answer.status().message()));
    }
    authorisation_id_.clear();  // spent, as far as crashes left any of it
    return true;
  }
  Bytes all;
  size_t made = 0;
  for (const pb::SealResult& each : answer->seal().results()) {
    made += each.signature().empty() ? 0 : 1;
    all.insert(all.end(), each.signature().begin(), each.signature().end());
  }
  sealed_under_it_ += made;
  if (sealed_under_it_ > quota_) Die("more seals than the quota");
  seals_ += made;
  std::lock_guard state_lock(mutex_);
  outputs_.insert(std::string(AsString(Sha256(all))));
  return true;
}

void KillLoop::TakeLine(const pb::JournalEntry& entry) {
  if (entry.type() == pb::EVENT_TYPE_SIGNED || entry.type() == pb::EVENT_TYPE_SEALED) {
    told_.insert(entry.output_digest());
  }
  if (entry.type() == pb::EVENT_TYPE_SEAL_INTENT) {
    intended_batches_.insert(entry.statement_digest());
  }
  if (entry.sealed_record().empty()) return;
  for (const auto& signer : signers_) {
    if (signer->id != entry.key_id()) continue;
    const pb::SealedRecord known = OuterOf(signer->record), found = OuterOf(entry.sealed_record());
    if (std::pair(found.version(), found.epoch()) > std::pair(known.version(), known.epoch())) {
      signer->record = entry.sealed_record();
    }
  }
  if (entry.key_id() == seal_key_id_ && !seal_key_id_.empty()) {
    const pb::SealedRecord known = OuterOf(seal_record_), found = OuterOf(entry.sealed_record());
    if (std::pair(found.version(), found.epoch()) > std::pair(known.version(), known.epoch())) {
      seal_record_ = entry.sealed_record();
    }
  }
}

void KillLoop::ReadOnInJournal() {
  while (true) {
    pb::CoreRequest request;
    request.mutable_read_journal()->set_from_sequence(next_line_);
    request.mutable_read_journal()->set_max_entries(1000);
    const Response answer = Ask(request);
    if (!answer.ok()) Die("reading the journal: " + std::string(answer.status().message()));
    if (answer->read_journal().entries().empty()) break;
    for (const std::string& line : answer->read_journal().entries()) {
      TakeLine(Must(audit_.Add(AsBytes(line)), "the journal does not hold"));
      ++next_line_;
    }
  }
  std::lock_guard lock(mutex_);
  for (const std::string& output : outputs_) {
    if (!told_.contains(output)) Die("a signature was handed out and no journal line tells of it");
  }
  outputs_.clear();
}

}  // namespace
}  // namespace intaglio::host

int main(int argc, char** argv) {
  CLI::App app("Kills the core at random moments and checks what must hold");
  intaglio::host::Flags flags;
  app.add_option("--config", flags.host_config, "the host's configuration")->required();
  app.add_option("--core", flags.core_command, "command line that starts the core")->required();
  app.add_option("--authenticator", flags.authenticator_key, "key of every signer")->required();
  app.add_option("--officer", flags.officer_keys, "keys of security officers")->required();
  app.add_option("--credential", flags.credentials, "accepted credentials")->required();
  app.add_option("--seal", flags.seal_credential, "accepted credential of a SEAL key");
  app.add_option("--controller", flags.controller_keys, "keys of its controllers");
  app.add_option("--seal-client", flags.seal_client_key, "key of its seal client");
  app.add_option("--kills", flags.kills, "how often")->check(CLI::Range(1, 100'000));
  app.add_option("--threads", flags.threads, "acts at once")->check(CLI::Range(1, 64));
  app.add_option("--seed", flags.seed, "of the random moments");
  CLI11_PARSE(app, argc, argv);
  return intaglio::host::KillLoop(flags).Run();
}
