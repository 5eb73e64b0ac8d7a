// A supervisor over the hardware simulator: what a device does on a bad day, while threads sign.
//
// In each scenario every signature that is handed out is checked by OpenSSL over the digest it was
// asked for and never handed out before, and within two seconds of the fault's end all sign again.
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <set>
#include <thread>

#include "base/rng.h"
#include "tests/contract/openssl_verify.h"
#include "tests/contract/supervised_softhsm.h"
#include "tests/support/sim_fixture.h"
#include "tests/support/status_matchers.h"
#include "tokens/pkcs11/reasons.h"

namespace intaglio::tokens {
namespace {

using testing_support::FailsNaming;
using testing_support::FailsWith;
using testing_support::IsOk;
using testing_support::OpensslVerifies;
using testing_support::RecordingObserver;
using testing_support::SimulatedHsm;
using testing_support::SimulatorOptions;

const KeyLabel kStorage = KeyLabel::Create("storage").value();
constexpr Duration kRecoveredWithin = 2 * kSecond;

KeyId FreshId() {
  SystemRng rng;
  return KeyId::Create(rng.Draw(16).value()).value();
}

MessageDigest FreshDigest() {
  SystemRng rng;
  return MessageDigest::Create(HashAlgorithm::kSha256, rng.Draw(32).value()).value();
}

class SupervisorFaults : public testing::Test {
 protected:
  void Start(const SimulatorOptions& options = {}, size_t sessions = 4) {
    hsm_ = SimulatedHsm::Create(options).value();
    std::vector<SupervisedTokenConfig> tokens;
    tokens.push_back(Config(hsm_->module_path(), sessions));
    Open(std::move(tokens));
    MakeKeys();
  }

  SupervisedTokenConfig Config(const std::string& module, size_t sessions) {
    return {.module_path = module,
            .selector = TokenSelector::Parse("core").value(),
            .pin = hsm_->softhsm().Pin(),
            .limits = {.max_sessions = sessions, .cached_keys_per_session = 8, .longest_wait = 300},
            .idle_timeout = 0,
            .reinitialise_after = 1'000'000};
  }
  void Open(std::vector<SupervisedTokenConfig> tokens) {
    auto opened = Supervisor::Open(std::move(tokens), clock_, {});
    ASSERT_THAT(opened, IsOk());
    supervisor_ = std::move(opened).value();
    supervisor_->Start(observer_);
  }
  void MakeKeys() {
    resident_ =
        supervisor_
            ->GenerateResident(KeyAlgorithm::kP256, KeyLabel::Create("resident").value(), id_)
            .value();
    wrapped_ = supervisor_->GenerateWrapped(KeyAlgorithm::kP256, kStorage).value();
  }
  void TearDown() override {
    StopSigning();
    if (supervisor_) supervisor_->Stop();
    supervisor_.reset();
    EXPECT_EQ(wrong_, 0) << "signatures handed out that do not verify";
    EXPECT_EQ(doubled_, 0) << "signatures handed out twice";
  }

  Status SignOnce(bool resident) {
    const MessageDigest digest = FreshDigest();
    const Bytes& spki = resident ? resident_.spki_der : wrapped_.key.spki_der;
    const auto signatures =
        resident
            ? supervisor_->SignResident(id_, KeyAlgorithm::kP256, Spki{spki}, {&digest, 1})
            : supervisor_->SignWrapped(wrapped_id_, WrappedKey{wrapped_.wrapped},
                                       KeyAlgorithm::kP256, kStorage, Spki{spki}, {&digest, 1});
    if (!signatures.ok()) return signatures.status();
    if (!OpensslVerifies(spki, KeyAlgorithm::kP256, digest, signatures->front())) ++wrong_;
    const std::lock_guard lock(mutex_);
    if (!seen_.insert(signatures->front()).second) ++doubled_;
    return OkStatus();
  }

  void StartSigning(int threads = 4) {
    stop_ = false;
    done_ = std::vector<std::atomic<int>>(threads);
    for (int i = 0; i < threads; ++i) {
      threads_.emplace_back([this, i] {
        while (!stop_) {
          const Status status = SignOnce(i % 2 == 0);
          if (status.ok()) {
            ++done_[i];
          } else {
            ++failed_;
            // A real caller does not ask again at once.
            std::this_thread::yield();
          }
        }
      });
    }
  }
  void StopSigning() {
    stop_ = true;
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }
  // Until every thread has signed `more` times from now.
  bool AllSign(int more, Duration longest) {
    std::vector<int> from;
    for (const auto& each : done_) from.push_back(each);
    const BootTime until = clock_.SinceBoot() + longest;
    while (clock_.SinceBoot() < until) {
      bool all = true;
      for (size_t i = 0; i < from.size(); ++i) all &= done_[i] >= from[i] + more;
      if (all) return true;
      std::this_thread::yield();
    }
    return false;
  }
  void WaitForHits(const std::string& id, size_t hits) {
    const BootTime until = clock_.SinceBoot() + 20 * kSecond;
    while (hsm_->HitsOf(id) < hits) {
      ASSERT_LT(clock_.SinceBoot(), until) << id << " was hit " << hsm_->HitsOf(id) << " times";
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  bool BecomesHealthy() {
    const BootTime until = clock_.SinceBoot() + 5 * kSecond;
    while (clock_.SinceBoot() < until) {
      if (supervisor_->Standing().tokens[0].state == TokenState::kHealthy) return true;
      std::this_thread::yield();
    }
    return false;
  }
  // The fault acts `hits` times and then ends.
  void Survive(const std::string& fault, size_t hits) {
    StartSigning();
    ASSERT_TRUE(AllSign(3, 10 * kSecond));
    const std::string id = hsm_->Inject(fault);
    WaitForHits(id, hits);
    hsm_->Clear(id);
    EXPECT_TRUE(AllSign(3, kRecoveredWithin)) << supervisor_->Standing().tokens[0].why;
    StopSigning();
    EXPECT_TRUE(BecomesHealthy());
  }

  const SystemClock clock_;
  std::unique_ptr<SimulatedHsm> hsm_;
  RecordingObserver observer_;
  std::unique_ptr<Supervisor> supervisor_;
  const KeyId id_ = FreshId();
  const KeyId wrapped_id_ = FreshId();
  GeneratedKey resident_;
  GeneratedWrappedKey wrapped_;

  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
  std::vector<std::atomic<int>> done_;
  std::atomic<int> failed_{0}, wrong_{0}, doubled_{0};
  std::mutex mutex_;
  std::set<Bytes> seen_;
};

TEST_F(SupervisorFaults, ALostSessionIsNoticedByNobody) {
  Start();
  Survive(R"(function: "C_Sign" every_nth_call: 40 at_most: 10 lose_session {})", 10);
  EXPECT_EQ(failed_, 0);
}

TEST_F(SupervisorFaults, EverySessionLost) {
  Start();
  Survive(R"(function: "C_Sign" nth_call: 5 lose_session { scope: SESSION_SCOPE_ALL })", 1);
  EXPECT_EQ(failed_, 0);
}

TEST_F(SupervisorFaults, ALostLogin) {
  Start();
  Survive(R"(function: "C_SignInit" nth_call: 5 lose_login {})", 1);
  EXPECT_EQ(failed_, 0);
}

TEST_F(SupervisorFaults, ADeviceErrorForSomeCalls) {
  Start();
  Survive(R"(device_error { calls: 60 })", 1);
}

TEST_F(SupervisorFaults, ADeviceErrorUntilItIsCleared) {
  Start();
  StartSigning();
  ASSERT_TRUE(AllSign(3, 10 * kSecond));
  const std::string id = hsm_->Inject(R"(device_error {})");
  WaitForHits(id, 1);
  EXPECT_TRUE(observer_.WaitFor(
      [](const TransitionEvent& event) { return event.to == TokenState::kFailed; }));
  while (failed_ == 0) std::this_thread::yield();
  hsm_->Clear(id);
  EXPECT_TRUE(AllSign(3, kRecoveredWithin)) << supervisor_->Standing().tokens[0].why;
  StopSigning();
  EXPECT_TRUE(BecomesHealthy());
}

// What only the next C_Initialize heals.
TEST_F(SupervisorFaults, FaultsThatOnlyANewModuleHeals) {
  Start();
  for (
      const char* fault :
      {R"(function: "C_Sign" until_initialize: true return_code { code: "CKR_DEVICE_ERROR" })",
       R"(function: "C_SignInit" until_initialize: true return_code { code: "CKR_KEY_HANDLE_INVALID" })",
       R"(function: "C_Sign" until_initialize: true return_code { code: "CKR_GENERAL_ERROR" })"}) {
    const uint64_t before = supervisor_->Standing().counters.reinitialisations;
    StartSigning();
    ASSERT_TRUE(AllSign(3, 10 * kSecond));
    const std::string id = hsm_->Inject(fault);
    WaitForHits(id, 1);
    // Nobody clears it.
    const BootTime until = clock_.SinceBoot() + 10 * kSecond;
    while (supervisor_->Standing().counters.reinitialisations == before &&
           clock_.SinceBoot() < until) {
      std::this_thread::yield();
    }
    EXPECT_TRUE(AllSign(3, kRecoveredWithin)) << fault;
    StopSigning();
    EXPECT_TRUE(BecomesHealthy());
    hsm_->Clear(id);
  }
  EXPECT_TRUE(observer_.WaitFor([](const TransitionEvent& event) {
    return event.to == TokenState::kHealthy && event.what == "reinitialised";
  }));
}

TEST_F(SupervisorFaults, ATokenPulledAndPutBackIntoAnotherSlot) {
  Start();
  StartSigning();
  ASSERT_TRUE(AllSign(3, 10 * kSecond));
  const BootTime began = clock_.SinceBoot();
  const std::string id = hsm_->Inject(
      R"(function: "C_Sign" at_most: 1 remove_token { milliseconds: 700 other_slot: true })");
  WaitForHits(id, 1);
  EXPECT_TRUE(AllSign(3, 700 + kRecoveredWithin)) << supervisor_->Standing().tokens[0].why;
  EXPECT_LT(clock_.SinceBoot() - began, 1000 + kRecoveredWithin);
  StopSigning();
  EXPECT_TRUE(BecomesHealthy());
  EXPECT_GE(supervisor_->Standing().counters.recoveries, 1u);
}

TEST_F(SupervisorFaults, SlotsWithOtherIds) {
  Start();
  Survive(R"(function: "C_Sign" nth_call: 5 renumber_slots {})", 1);
}

TEST_F(SupervisorFaults, ACallThatHangsHoldsUpItsOwnThreadAlone) {
  Start();
  StartSigning();
  ASSERT_TRUE(AllSign(3, 10 * kSecond));
  const std::string id = hsm_->Inject(
      R"(function: "C_Sign" nth_call: 1 at_most: 1 hang { at_most_milliseconds: 60000 })");
  WaitForHits(id, 1);
  int before = 0, after = 0;
  for (const auto& each : done_) before += each;
  const BootTime until = clock_.SinceBoot() + 5 * kSecond;
  while (after < before + 50 && clock_.SinceBoot() < until) {
    after = 0;
    for (const auto& each : done_) after += each;
    std::this_thread::yield();
  }
  EXPECT_GE(after, before + 50) << "the others sign on";
  hsm_->Clear(id);
  EXPECT_TRUE(AllSign(3, kRecoveredWithin));
  StopSigning();
  EXPECT_TRUE(BecomesHealthy());
}

TEST_F(SupervisorFaults, WhenEverySessionHangsCallersAreTold) {
  Start({}, 1);
  const std::string id = hsm_->Inject(
      R"(function: "C_Sign" nth_call: 1 at_most: 1 hang { at_most_milliseconds: 60000 })");
  std::thread hangs([&] { EXPECT_THAT(SignOnce(true), IsOk()); });
  WaitForHits(id, 1);
  const BootTime began = clock_.SinceBoot();
  EXPECT_THAT(SignOnce(true), FailsWith(kTokenBusy));
  EXPECT_LT(clock_.SinceBoot() - began, 2 * kSecond);
  hsm_->Clear(id);
  hangs.join();
  EXPECT_THAT(SignOnce(true), IsOk());
  EXPECT_TRUE(BecomesHealthy());
}

TEST_F(SupervisorFaults, WrongSignaturesAreMadeAgainAndNeverHandedOut) {
  Start();
  ASSERT_THAT(SignOnce(true), IsOk());
  const std::string id =
      hsm_->Inject(R"(function: "C_Sign" nth_call: 1 at_most: 1 wrong_signature {})");
  EXPECT_THAT(SignOnce(true), IsOk()) << "another one is asked for";
  EXPECT_EQ(hsm_->HitsOf(id), 1u);
  hsm_->Clear(id);
  Survive(R"(function: "C_Sign" every_nth_call: 10 at_most: 10 wrong_signature {})", 10);
}

TEST_F(SupervisorFaults, ATokenThatOnlySignsWronglySignsNothing) {
  Start();
  for (const char* how : {"SPOILING_UNSPECIFIED", "SPOILING_ZEROS", "SPOILING_RANDOM"}) {
    const std::string id =
        hsm_->Inject(std::string(R"(function: "C_Sign" wrong_signature { how: )") + how + " }");
    EXPECT_THAT(SignOnce(true), FailsWith(kOwnSignatureWrong)) << how;
    EXPECT_THAT(SignOnce(false), FailsWith(kOwnSignatureWrong)) << how;
    hsm_->Clear(id);
    EXPECT_THAT(SignOnce(true), IsOk());
  }
}

TEST_F(SupervisorFaults, AnEarlierSignatureIsNotHandedOutForAnotherDigest) {
  Start();
  Survive(R"(function: "C_Sign" every_nth_call: 10 at_most: 10 duplicate_signature {})", 10);
}

TEST_F(SupervisorFaults, AnotherTokenServesWhileTheFirstIsBroken) {
  hsm_ = SimulatedHsm::Create({.persona = "plain", .fields = "", .private_copy = true}).value();
  // The same token through SoftHSM itself: the same keys behind another module.
  std::vector<SupervisedTokenConfig> tokens;
  tokens.push_back(Config(hsm_->module_path(), 4));
  tokens.push_back(Config(hsm_->softhsm().module_path(), 4));
  Open(std::move(tokens));
  MakeKeys();
  StartSigning();
  ASSERT_TRUE(AllSign(3, 10 * kSecond));
  const std::string id = hsm_->Inject(R"(device_error {})");
  WaitForHits(id, 1);
  EXPECT_TRUE(AllSign(20, 5 * kSecond));
  EXPECT_EQ(failed_, 0);
  EXPECT_GE(supervisor_->Standing().counters.fail_overs, 1u);
  hsm_->Clear(id);
  EXPECT_TRUE(BecomesHealthy());
  EXPECT_TRUE(AllSign(3, kRecoveredWithin));
  StopSigning();
}

TEST_F(SupervisorFaults, FewerSessionsThanTheTokenSays) {
  Start({.persona = "plain", .fields = "limits { max_sessions: 2 reports_max_sessions: false }"});
  StartSigning(6);
  EXPECT_TRUE(AllSign(20, 10 * kSecond));
  StopSigning();
  EXPECT_EQ(failed_, 0);
  EXPECT_LE(supervisor_->Standing().counters.sessions_open, 2u);
}

TEST_F(SupervisorFaults, TheLimitTheTokenTellsIsKept) {
  Start({.persona = "plain", .fields = "limits { max_sessions: 1 reports_max_sessions: true }"});
  StartSigning(4);
  EXPECT_TRUE(AllSign(10, 10 * kSecond));
  StopSigning();
  EXPECT_EQ(failed_, 0);
  EXPECT_EQ(supervisor_->Standing().counters.sessions_open, 1u);
}

TEST_F(SupervisorFaults, SessionsTheDeviceClosesWhenIdle) {
  Start({.persona = "plain", .fields = "limits { idle_session_milliseconds: 60000 }"});
  ASSERT_THAT(SignOnce(true), IsOk());
  ASSERT_THAT(SignOnce(false), IsOk());
  hsm_->Advance(120'000);
  EXPECT_THAT(SignOnce(true), IsOk());
  EXPECT_THAT(SignOnce(false), IsOk());
}

TEST_F(SupervisorFaults, SlotsThatMoveWithEachRestart) {
  Start({.persona = "plain", .fields = "limits { slots_move: true }"});
  ASSERT_THAT(SignOnce(true), IsOk());
  const std::string id = hsm_->Inject(
      R"(function: "C_Sign" until_initialize: true return_code { code: "CKR_DEVICE_ERROR" })");
  EXPECT_THAT(SignOnce(true), IsOk());
  EXPECT_GE(supervisor_->Standing().counters.reinitialisations, 1u);
  EXPECT_GE(hsm_->HitsOf(id), 1u);
}

TEST_F(SupervisorFaults, TheLastTryOfAPinIsNotRisked) {
  hsm_ = SimulatedHsm::Create({.persona = "plain", .fields = "limits { pin_tries: 3 }"}).value();
  const auto open = [&](const char* pin) {
    std::vector<SupervisedTokenConfig> tokens;
    tokens.push_back(Config(hsm_->module_path(), 2));
    if (pin != nullptr) tokens[0].pin = SecretBytes::CopyOf(AsBytes(pin));
    return Supervisor::Open(std::move(tokens), clock_, {}).status();
  };
  EXPECT_THAT(open("wrong-pin-1"), FailsWith(kPinIncorrect));
  EXPECT_THAT(open("wrong-pin-2"), FailsWith(kPinIncorrect));
  EXPECT_THAT(open("wrong-pin-3"), FailsWith(kPinFinalTry));
  EXPECT_THAT(open(nullptr), FailsNaming(kPinFinalTry.id, "by hand"));
}

}  // namespace
}  // namespace intaglio::tokens
