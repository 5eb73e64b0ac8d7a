// Random acts on a real core and on a model of it, side by side: whatever the order, both say the
// same. Requirements R-QSC-3, R-QSC-4, R-STS-6.
//
//   INTAGLIO_SEED=7 INTAGLIO_STEPS=5000 activation_model_test     one long run
#include "tests/integration/activation_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <deque>
#include <memory>
#include <random>

#include "appliance/crypto/hash.h"
#include "appliance/records/statement_codec.h"
#include "appliance/usecases/add_authenticator.h"
#include "appliance/usecases/change_state.h"
#include "appliance/usecases/proof_check.h"
#include "appliance/usecases/remove_authenticator.h"
#include "appliance/usecases/sign_document.h"
#include "intaglio/core/v1/journal.pb.h"
#include "tests/support/core_fixture.h"
#include "tests/support/p256_signer.h"

namespace intaglio::testing_support {
namespace {

using namespace appliance;  // NOLINT: the test speaks of little else
namespace pb = ::intaglio::core::v1;

constexpr int kLiveKeys = 3, kAuthenticators = 4;
constexpr KeyId kIssuer{{1}};

// One start of the core: what dies with the process.
struct Process {
  explicit Process(CoreFixture& core)
      : boot_id(*DrawId<BootId>(core.services().rng)),
        services{core.services().identity,     boot_id,
                 core.services().token,        core.services().records,
                 core.services().statements,   core.services().state,
                 core.services().journal,      core.services().time,
                 core.services().clock,        core.services().rng,
                 core.services().changing_keys} {}
  const BootId boot_id;
  const CoreServices services;
  ProofCheck proofs{services};
  SignDocument signing{services, proofs};
  ChangeState changing{services, proofs};
  BindAuthenticator adding{services, proofs};
  UnbindAuthenticator removing{services, proofs};
};

class Comparison final {
 public:
  explicit Comparison(uint32_t seed) : random_(seed) {
    process_ = std::make_unique<Process>(core_);
    for (int i = 0; i < kLiveKeys; ++i) AddKey();
  }

  // Empty if model and core agree throughout.
  std::string Steps(int count, std::chrono::steady_clock::time_point until) {
    for (int step = 0; step < count && std::chrono::steady_clock::now() < until; ++step) {
      std::string wrong = Step();
      ++done_;
      if (wrong.empty()) continue;
      wrong = "step " + std::to_string(step) + ": " + wrong + "\nthe last acts:";
      for (const std::string& each : acts_) wrong += "\n  " + each;
      return wrong;
    }
    return CheckJournal();
  }
  int done() const { return done_; }
  const std::map<std::string, int>& outcomes() const { return outcomes_; }

 private:
  struct Stored {
    KeyRecord record;
    Bytes sealed;
  };
  struct Person {
    std::vector<P256Signer> authenticators = std::vector<P256Signer>(kAuthenticators);
    std::vector<Stored> records;  // every one that was ever sealed
    Serial serial;
    Bytes spki;
  };
  // What the host keeps of an activation.
  struct Kept {
    Bytes payload;
    SadPayload decoded;
    std::vector<Digest> hashes;
    std::vector<Bytes> signatures;
    SignDocument::FinishInput spent_by;
  };

  void Note(std::string act) {
    acts_.push_back(std::move(act));
    if (acts_.size() > 20) acts_.pop_front();
  }
  uint32_t Draw(uint32_t below) { return static_cast<uint32_t>(random_() % below); }
  int64_t BootNow() { return core_.clock().SinceBoot().ms; }

  // With an authenticator left, and not revoked.
  bool CanSign(int at) {
    const ActivationModel::Key& key = model_.key(at);
    const auto& bound = key.bound();
    return key.state != ActivationModel::State::kRevoked &&
           std::ranges::any_of(bound, [&](int each) { return !key.removed.contains(each); });
  }
  // A key that can still come to something, mostly.
  int SomeKey() {
    for (int i = 0; i < 8; ++i) {
      const int key = static_cast<int>(Draw(static_cast<uint32_t>(people_.size())));
      if (CanSign(key)) return key;
    }
    return static_cast<int>(Draw(static_cast<uint32_t>(people_.size())));
  }

  void AddKey() {
    const size_t at = people_.size();
    Person& person = people_.emplace_back();
    model_.AddKey();
    const GeneratedKey generated = *core_.token().GenerateWrapped(KeyAlgorithm::kP256);
    Stored first;
    KeyRecord& record = first.record;
    record.key_id = *DrawId<KeyId>(core_.services().rng);
    record.version = kVersionAccepted;
    record.spki = generated.spki;
    record.wrapped = generated.wrapped;
    record.origin = generated.origin;
    record.signer_id = "signer-" + std::to_string(at);
    record.authenticators = {{AuthenticatorKind::kEs256File, person.authenticators[0].spki()}};
    person.serial = {{0x41, static_cast<uint8_t>(at >> 8), static_cast<uint8_t>(at)}};
    record.certified_as =
        CertifiedAs{kIssuer, person.serial, Sha256(AsBytes("certificate")),
                    core_.clock().Now() - kHour, core_.clock().Now() + 3650 * kDay};
    person.spki = generated.spki;
    EXPECT_TRUE(core_.state()
                    .Update([&](RowTransaction& rows) -> Status {
                      KeyRow row;
                      row.version = kVersionAccepted;
                      RETURN_IF_ERROR(rows.PutKey(record.key_id, row));
                      SerialRow serial;
                      serial.state = SerialState::kIssued;
                      serial.key_id = record.key_id;
                      return rows.PutSerial(kIssuer, person.serial, serial);
                    })
                    .ok());
    first.sealed = *core_.records().Seal(record);
    person.records.push_back(std::move(first));
  }

  // The newest record mostly, else any that there ever was.
  const Stored& SomeRecord(int key) {
    const auto& all = people_[static_cast<size_t>(key)].records;
    return Draw(8) > 0 ? all.back() : all[Draw(static_cast<uint32_t>(all.size()))];
  }
  static uint64_t VersionOf(const Stored& stored) { return stored.record.version; }

  // What the core said against what it had to say.
  std::string Compare(const std::string& act, const Status& said, const Faults& faults) {
    const std::string reason = said.ok() ? "" : ReasonNameOf(said);
    Note(act + " -> " + (said.ok() ? "done" : reason));
    ++outcomes_[act.substr(0, act.find(' ')) + (said.ok() ? " done" : " " + reason)];
    if (faults.empty()) {
      return said.ok() ? "" : act + " had to be done; the core says " + std::string(said.message());
    }
    if (faults.contains(reason)) return "";
    std::string wanted;
    for (const std::string& each : faults) wanted += " " + each;
    return act + " had to be refused for one of" + wanted + "; the core " +
           (said.ok() ? "did it" : "says " + reason);
  }

  std::string Step() {
    const uint32_t act = Draw(100);
    const int key = SomeKey();
    if (act < 25) return Begin(key);
    if (act < 70) return Finish(key);
    if (act < 76) return AddAuthenticator(key);
    if (act < 79) return RemoveAuthenticator(key);
    if (act < 88) return ChangeTheState(key);
    if (act < 98) {
      const Duration by = Draw(6) == 0 ? 20 * kMinute : static_cast<Duration>(Draw(90)) * kSecond;
      core_.clock().Advance(by);
      // As the daemon's loop does: without it an hour without an act would look like a jump.
      if (!process_->services.time.Now().ok()) return "the clock moved and the core stopped";
      Note(std::to_string(by / kSecond) + " s pass");
      return "";
    }
    process_ = std::make_unique<Process>(core_);
    model_.Restart();
    Note("restart");
    return "";
  }

  std::string Begin(int key) {
    const Stored& stored = SomeRecord(key);
    Kept kept;
    for (uint32_t i = 0; i <= Draw(3); ++i) {
      kept.hashes.push_back(Sha256(AsBytes(std::to_string(random_()))));
    }
    const Faults faults = model_.Begin(key, VersionOf(stored), BootNow());
    const auto payload =
        process_->signing.Begin({stored.sealed, "session-" + std::to_string(++sessions_),
                                 MessageDigest::AllSha256(kept.hashes)});
    const std::string wrong = Compare(
        "begin key " + std::to_string(key) + " version " + std::to_string(VersionOf(stored)),
        payload.status(), faults);
    if (!wrong.empty() || !payload.ok()) return wrong;
    kept.payload = *payload;
    kept.decoded = *DecodeSadPayload(*payload);
    kept_.push_back(std::move(kept));
    model_.activations().push_back({key, VersionOf(stored),
                                    BootNow() + SignDocument::kActivationLife, model_.boot(), false,
                                    "", kept_.back().hashes.size()});
    return "";
  }

  std::string Finish(int other_key) {
    if (kept_.empty()) return "";
    const uint32_t at = SomeActivation();
    ActivationModel::Activation& activation = model_.activations()[at];
    Kept& kept = kept_[at];
    SignDocument::FinishInput input;
    int key = activation.key;
    ActivationModel::Proof how;
    if (activation.spent && Draw(2) == 0) {
      // The very request again.
      input = kept.spent_by;
      how.authenticator = spent_with_[at];
      return Carry(at, key, spent_version_[at], how, std::move(input));
    }
    if (Draw(12) == 0) key = other_key;
    const Person& person = people_[static_cast<size_t>(key)];
    const Stored& stored = SomeRecord(key);
    const auto& bound = model_.key(key).bound();
    how.authenticator = Draw(5) > 0 && !bound.empty()
                            ? *std::next(bound.begin(), Draw(static_cast<uint32_t>(bound.size())))
                            : static_cast<int>(Draw(kAuthenticators));
    how.over_this = Draw(6) > 0;
    if (wrong_ones_ == 0 && Draw(100) == 0) wrong_ones_ = 8;
    if (wrong_ones_ > 0) {
      // Somebody tries again and again.
      --wrong_ones_;
      how = {bound.empty() ? 0 : *bound.rbegin(), false};
    }
    input.record = stored.sealed;
    input.payload = kept.payload;
    input.decoded = kept.decoded;
    input.proof = person.authenticators[static_cast<size_t>(how.authenticator)].Prove(
        how.over_this ? ByteView(kept.payload) : AsBytes("something else"));
    return Carry(at, key, VersionOf(stored), how, std::move(input));
  }

  // One that is outstanding if a few tries find it, recent ones first.
  uint32_t SomeActivation() {
    const auto all = static_cast<uint32_t>(kept_.size());
    const bool fresh = Draw(4) > 0;
    for (uint32_t i = 0; fresh && i < std::min(all, 12u); ++i) {
      const auto& each = model_.activations()[all - 1 - i];
      if (!each.spent && each.boot == model_.boot() && BootNow() < each.expires_at)
        return all - 1 - i;
    }
    return all > 12 && Draw(2) == 0 ? all - 1 - Draw(12) : Draw(all);
  }

  std::string Carry(uint32_t at, int key, uint64_t version, const ActivationModel::Proof& how,
                    SignDocument::FinishInput input) {
    ActivationModel::Activation& activation = model_.activations()[at];
    Kept& kept = kept_[at];
    std::string request(AsString(input.record));
    request += AsString(input.payload);
    request += AsString(std::get<Es256Proof>(input.proof.method).signature);
    bool repeats = false;
    const Faults faults = model_.Finish(activation, key, version, how, request, BootNow(), repeats);
    const auto answer = process_->signing.Finish(input);
    const std::string wrong = Compare(
        std::string(repeats ? "repeat" : "sign") + " activation " + std::to_string(at) + " key " +
            std::to_string(key) + " version " + std::to_string(version) + " by " +
            std::to_string(how.authenticator) + (how.over_this ? "" : " over something else"),
        answer.status(), faults);
    if (!wrong.empty()) return wrong;
    if (repeats) {
      return *answer == kept.signatures ? "" : "a repeated request has other signatures";
    }
    // What does not fit is seen behind a proof that was right.
    std::string judged = answer.ok() ? "" : ReasonNameOf(answer.status());
    if (judged == "SAD_MISMATCH") judged.clear();
    ActivationModel::Judged(model_.key(key), judged, BootNow());
    if (!answer.ok()) return "";
    activation.spent = true;
    activation.request = request;
    kept.signatures = *answer;
    kept.spent_by = std::move(input);
    spent_with_[at] = how.authenticator;
    spent_version_[at] = version;
    model_.key(key).signatures += answer->size();
    return CheckSignatures(kept, key);
  }

  std::string CheckSignatures(const Kept& kept, int key) {
    if (kept.signatures.size() != kept.hashes.size()) return "another number of signatures";
    for (size_t i = 0; i < kept.hashes.size(); ++i) {
      if (!core_.token()
               .VerifyEs256(people_[static_cast<size_t>(key)].spki, kept.hashes[i],
                            kept.signatures[i])
               .ok()) {
        return "a signature does not verify over its hash";
      }
    }
    return "";
  }

  std::string AddAuthenticator(int key) {
    Person& person = people_[static_cast<size_t>(key)];
    ActivationModel::Key& model = model_.key(key);
    const Stored& stored = SomeRecord(key);
    const int added = static_cast<int>(Draw(kAuthenticators));
    ActivationModel::Proof how{static_cast<int>(Draw(kAuthenticators)), Draw(5) > 0};
    if (Draw(4) > 0 && !model.bound().empty()) how.authenticator = *model.bound().begin();
    appliance::AddAuthenticator statement{
        core_.identity().instance,
        stored.record.key_id,
        stored.record.version,
        {AuthenticatorKind::kEs256File, person.authenticators[static_cast<size_t>(added)].spki()},
        core_.clock().Now(),
        core_.clock().Now() + kMinute};
    const Bytes octets = ToBytes("addition " + std::to_string(++statements_));
    Faults faults = ActivationModel::OfState(model.state);
    if (stored.record.version < model.version) faults.insert("RECORD_STALE");
    const Faults by_proof = ActivationModel::OfProof(model, stored.record.version, how, BootNow());
    faults.insert(by_proof.begin(), by_proof.end());
    if (model.removed.contains(added)) faults.insert("AUTHENTICATOR_REMOVED");
    if (model.bound_in.at(stored.record.version).contains(added)) {
      faults.insert({"AUTHENTICATOR_EXCESS", "AUTHENTICATOR_BOUND", "ORDER_MISMATCH"});
    }
    const auto sealed =
        process_->adding.Run({stored.sealed, octets, statement,
                              person.authenticators[static_cast<size_t>(how.authenticator)].Prove(
                                  how.over_this ? ByteView(octets) : AsBytes("something else"))});
    const std::string wrong =
        Compare("add " + std::to_string(added) + " to key " + std::to_string(key) + " by " +
                    std::to_string(how.authenticator),
                sealed.status(), faults);
    if (!wrong.empty()) return wrong;
    // The proof comes before everything else, so what else there is to refuse says it was right.
    const bool right = sealed.ok() || by_proof.empty();
    ActivationModel::Judged(model, right ? "" : ReasonNameOf(sealed.status()), BootNow());
    if (!sealed.ok()) return "";
    Stored next{*core_.records().Open(*sealed), *sealed};
    std::set<int> bound = model.bound();
    std::erase_if(bound, [&](int each) { return model.removed.contains(each); });
    bound.insert(added);
    model.bound_in[++model.version] = bound;
    person.records.push_back(std::move(next));
    return "";
  }

  std::string RemoveAuthenticator(int key) {
    Person& person = people_[static_cast<size_t>(key)];
    ActivationModel::Key& model = model_.key(key);
    const int removed = static_cast<int>(Draw(kAuthenticators));
    if (!model.bound().contains(removed) || model.removed.contains(removed)) return "";
    Signed<appliance::RemoveAuthenticator> order;
    order.statement = {core_.identity().instance,
                       person.records.back().record.key_id,
                       {Sha256(person.authenticators[static_cast<size_t>(removed)].spki())},
                       core_.clock().Now(),
                       core_.clock().Now() + kMinute};
    order.octets = ToBytes("removal " + std::to_string(++statements_));
    order.approvals = {core_.revocation().Approve(order.octets)};
    Faults faults;
    if (model.state == ActivationModel::State::kRevoked) faults.insert("KEY_DESTROYED");
    const Status said = process_->removing.ByOfficer(person.records.back().sealed, order);
    const std::string wrong = Compare(
        "remove " + std::to_string(removed) + " from key " + std::to_string(key), said, faults);
    if (!wrong.empty() || !said.ok()) return wrong;
    model.removed.insert(removed);
    if (!CanSign(key)) AddKey();
    return "";
  }

  std::string ChangeTheState(int key) {
    using State = ActivationModel::State;
    ActivationModel::Key& model = model_.key(key);
    const Person& person = people_[static_cast<size_t>(key)];
    const uint32_t which = Draw(20);
    if (which < 3) {
      const Status said = process_->changing.Block(person.records.back().record.key_id);
      // A key that may not sign anyway stays as it is.
      if (said.ok() && model.state != State::kRevoked) {
        model.held_at = core_.clock().Now().ms;
        if (model.state == State::kUsable) model.state = State::kBlocked;
      }
      return Compare(
          "block key " + std::to_string(key), said,
          model.state == State::kRevoked && !said.ok() ? Faults{ReasonNameOf(said)} : Faults{});
    }
    const StateAction action = which < 9    ? StateAction::kSuspend
                               : which < 19 ? StateAction::kReinstate
                                            : StateAction::kRevoke;
    // An order that was carried out is handed in again: nothing may come of it.
    if (!carried_out_.empty() && Draw(4) == 0) {
      const auto& [of, order] = carried_out_[Draw(static_cast<uint32_t>(carried_out_.size()))];
      Faults late;
      if (order.statement.expires_at <= core_.clock().Now()) late.insert("STATEMENT_EXPIRED");
      return Compare("hand in again an order for key " + std::to_string(of),
                     process_->changing.ByOfficer(order).status(), late);
    }
    // Reinstatements are sometimes handed in late.
    if (action == StateAction::kReinstate && held_back_ && Draw(3) == 0) {
      auto order = *held_back_;
      held_back_.reset();
      return ApplyState(held_back_key_, order);
    }
    Signed<StateOrder> order;
    order.statement = {Bytes(32, static_cast<uint8_t>(++statements_)),
                       core_.identity().instance,
                       action,
                       kIssuer,
                       person.serial,
                       CrlReason::kKeyCompromise,
                       core_.clock().Now(),
                       core_.clock().Now() + kDay};
    order.octets = ToBytes("state order " + std::to_string(statements_));
    order.approvals = {core_.revocation().Approve(order.octets)};
    if (action == StateAction::kReinstate && Draw(4) == 0) {
      held_back_ = order;
      held_back_key_ = key;
      return "";
    }
    return ApplyState(key, order);
  }

  std::string ApplyState(int key, const Signed<StateOrder>& order) {
    using State = ActivationModel::State;
    ActivationModel::Key& model = model_.key(key);
    const StateAction action = order.statement.action;
    Faults faults;
    // Revoking again is no change; anything else is too late.
    if (model.state == State::kRevoked && action != StateAction::kRevoke) {
      faults.insert("CERTIFICATE_REVOKED");
    }
    // Before any suspension or block that its officer cannot have known of.
    if (action == StateAction::kReinstate && model.state != State::kUsable &&
        order.statement.issued_at.ms < model.held_at) {
      faults.insert("STATEMENT_EXPIRED");
    }
    if (order.statement.expires_at <= core_.clock().Now()) faults.insert("STATEMENT_EXPIRED");
    const auto said = process_->changing.ByOfficer(order);
    const char* const name = action == StateAction::kSuspend     ? "suspend"
                             : action == StateAction::kReinstate ? "reinstate"
                                                                 : "revoke";
    const std::string wrong =
        Compare(std::string(name) + " key " + std::to_string(key), said.status(), faults);
    if (!wrong.empty() || !said.ok()) return wrong;
    carried_out_.emplace_back(key, order);
    if (carried_out_.size() > 20) carried_out_.pop_front();
    if (action == StateAction::kSuspend) {
      model.held_at = core_.clock().Now().ms;
      model.state = State::kSuspended;
    } else if (action == StateAction::kReinstate) {
      model.state = State::kUsable;
    } else if (model.state != State::kRevoked) {
      const bool replaces = CanSign(key);
      model.state = State::kRevoked;
      if (replaces) AddKey();  // may move the keys: `model` is not used after it
    }
    return "";
  }

  // Each signature has its line behind its intent, and there are no others.
  std::string CheckJournal() {
    if (!core_.journal().Flush().ok()) return "the journal cannot be written";
    std::map<std::string, uint64_t> lines;
    std::map<std::string, int> open;
    for (uint64_t next = 1;;) {
      const auto entries = core_.journal().Read(next, 1000, size_t{8} << 20);
      if (!entries.ok()) return "the journal cannot be read";
      if (entries->empty()) break;
      next += entries->size();
      for (const Bytes& each : *entries) {
        pb::JournalEntry entry;
        if (!entry.ParseFromArray(each.data(), static_cast<int>(each.size()))) return "a bad line";
        if (entry.type() == pb::EVENT_TYPE_SIGN_INTENT) ++open[entry.statement_digest()];
        if (entry.type() != pb::EVENT_TYPE_SIGNED) continue;
        if (--open[entry.statement_digest()] < 0) return "a signature without its intent";
        lines[entry.key_id()] += entry.count();
      }
    }
    for (int key = 0; key < static_cast<int>(people_.size()); ++key) {
      const auto& id = people_[static_cast<size_t>(key)].records.front().record.key_id;
      const std::string name(AsString(id.octets));
      if (lines[name] != model_.key(key).signatures) {
        return "the journal tells of " + std::to_string(lines[name]) + " signatures of key " +
               std::to_string(key) + ", the model of " + std::to_string(model_.key(key).signatures);
      }
    }
    return "";
  }

  std::mt19937 random_;
  CoreFixture core_;
  std::unique_ptr<Process> process_;
  ActivationModel model_;
  std::deque<Person> people_;  // which stay where they are when another comes
  std::vector<Kept> kept_;
  std::map<uint32_t, int> spent_with_;
  std::map<uint32_t, uint64_t> spent_version_;
  std::deque<std::pair<int, Signed<StateOrder>>> carried_out_;  // of late
  std::optional<Signed<StateOrder>> held_back_;
  int held_back_key_ = 0;
  int wrong_ones_ = 0;
  uint64_t sessions_ = 0, statements_ = 0;
  int done_ = 0;
  std::deque<std::string> acts_;
  std::map<std::string, int> outcomes_;
};

int Number(const char* variable, int otherwise) {
  const char* const text = getenv(variable);
  return text == nullptr ? otherwise : atoi(text);
}

TEST(ActivationModelTest, CoreAndModelAgreeWhateverTheOrder) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  std::vector<uint32_t> seeds{1, 2, 3, 4, std::random_device()()};
  if (getenv("INTAGLIO_SEED") != nullptr) {
    seeds = {static_cast<uint32_t>(Number("INTAGLIO_SEED", 0))};
  }
  std::map<std::string, int> seen;
  for (const uint32_t seed : seeds) {
    Comparison run(seed);
    const std::string wrong = run.Steps(Number("INTAGLIO_STEPS", 12000), until);
    printf("seed %u: %d steps\n", seed, run.done());
    ASSERT_EQ(wrong, "") << "INTAGLIO_SEED=" << seed;
    for (const auto& [outcome, count] : run.outcomes()) seen[outcome] += count;
  }
  for (const auto& [outcome, count] : seen) printf("%6d %s\n", count, outcome.c_str());
  if (seeds.size() == 1) return;
  // What never happened has not been compared.
  for (const char* outcome : {"begin done",
                              "begin RECORD_STALE",
                              "begin KEY_SUSPENDED",
                              "begin KEY_BLOCKED",
                              "sign done",
                              "sign SAD_SPENT",
                              "sign SAD_MISMATCH",
                              "sign SIGNATURE_WRONG",
                              "sign PROOF_BACK_OFF",
                              "sign AUTHENTICATOR_UNKNOWN",
                              "sign AUTHENTICATOR_REMOVED",
                              "sign KEY_SUSPENDED",
                              "sign KEY_DESTROYED",
                              "sign RECORD_STALE",
                              "repeat done",
                              "add done",
                              "remove done",
                              "suspend done",
                              "reinstate done",
                              "reinstate STATEMENT_EXPIRED",
                              "revoke done"}) {
    EXPECT_GT(seen[outcome], 0) << outcome;
  }
}

}  // namespace
}  // namespace intaglio::testing_support
