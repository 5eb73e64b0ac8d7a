// A supervisor over real tokens: what it keeps alive, and what it survives.
#include "tokens/pkcs11/supervisor.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "base/rng.h"
#include "tests/contract/openssl_verify.h"
#include "tests/contract/supervised_softhsm.h"
#include "tests/support/status_matchers.h"
#include "tokens/pkcs11/cryptoki.h"
#include "tokens/pkcs11/pin_retry.h"
#include "tokens/pkcs11/reasons.h"

namespace intaglio::tokens {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing_support::FailsNaming;
using testing_support::FailsWith;
using testing_support::IsOk;
using testing_support::OpensslVerifies;
using testing_support::RecordingObserver;
using testing_support::SharedKey;
using testing_support::SupervisedSoftHsm;

const KeyLabel kStorage = KeyLabel::Create("storage").value();
const MessageDigest kDigest = MessageDigest::Sha256(Digest{7});

KeyId FreshId() {
  SystemRng rng;
  return KeyId::Create(rng.Draw(16).value()).value();
}

struct WrappedSample {
  KeyId id = FreshId();
  GeneratedWrappedKey key;
};

class SupervisorTest : public testing::Test {
 protected:
  void Open(std::vector<SupervisedTokenConfig> tokens) {
    auto opened = Supervisor::Open(std::move(tokens), clock_, {});
    ASSERT_THAT(opened, IsOk());
    supervisor_ = std::move(opened).value();
  }
  void OpenOne(std::function<void(SupervisedTokenConfig&)> change = [](auto&) {}) {
    std::vector<SupervisedTokenConfig> tokens;
    tokens.push_back(softhsm_.Config());
    change(tokens.front());
    Open(std::move(tokens));
  }
  void OpenTwo() {
    std::vector<SupervisedTokenConfig> tokens;
    tokens.push_back(softhsm_.Config());
    tokens.push_back(softhsm_.Config("standby"));
    Open(std::move(tokens));
  }

  KeyId MakeResident() {
    const KeyId id = FreshId();
    resident_ = supervisor_
                    ->GenerateResident(KeyAlgorithm::kP256,
                                       KeyLabel::Create(ToHex(id.octets())).value(), id)
                    .value();
    return id;
  }
  WrappedSample MakeWrapped() {
    WrappedSample out;
    out.key = supervisor_->GenerateWrapped(KeyAlgorithm::kP256, kStorage).value();
    return out;
  }
  StatusOr<std::vector<Bytes>> SignResident(const KeyId& id) {
    return supervisor_->SignResident(id, KeyAlgorithm::kP256, Spki{resident_.spki_der},
                                     {&kDigest, 1});
  }
  StatusOr<std::vector<Bytes>> Sign(const WrappedSample& sample) {
    return supervisor_->SignWrapped(sample.id, WrappedKey{sample.key.wrapped}, KeyAlgorithm::kP256,
                                    kStorage, Spki{sample.key.key.spki_der}, {&kDigest, 1});
  }
  StatusOr<std::vector<Bytes>> SignShared(const SharedKey& key) {
    return supervisor_->SignResident(key.id, KeyAlgorithm::kP256, Spki{key.spki}, {&kDigest, 1});
  }
  SupervisorCounters Counters() { return supervisor_->Standing().counters; }
  TokenState State(size_t index = 0) { return supervisor_->Standing().tokens.at(index).state; }

  // The module's functions, for mischief from the same process.
  CK_FUNCTION_LIST& Raw() {
    void* library = dlopen(softhsm_.softhsm().module_path().c_str(), RTLD_NOW | RTLD_NOLOAD);
    const auto get = reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList"));
    CK_FUNCTION_LIST* out = nullptr;
    EXPECT_EQ(get(&out), CKR_OK);
    dlclose(library);
    return *out;
  }
  void CloseEverySession() {
    CK_SLOT_ID slots[8];
    CK_ULONG count = 8;
    ASSERT_EQ(Raw().C_GetSlotList(CK_TRUE, slots, &count), CKR_OK);
    for (CK_ULONG i = 0; i < count; ++i) (void)Raw().C_CloseAllSessions(slots[i]);
  }

  FakeClock clock_{WallTime{1'795'000'000'000}};
  SupervisedSoftHsm softhsm_;
  std::unique_ptr<Supervisor> supervisor_;
  GeneratedKey resident_;
};

TEST_F(SupervisorTest, SignsWithBothKindsOfKeys) {
  OpenOne();
  const KeyId id = MakeResident();
  const auto resident = SignResident(id);
  ASSERT_THAT(resident, IsOk());
  EXPECT_TRUE(OpensslVerifies(resident_.spki_der, KeyAlgorithm::kP256, kDigest, resident->front()));
  const WrappedSample sample = MakeWrapped();
  const auto wrapped = Sign(sample);
  ASSERT_THAT(wrapped, IsOk());
  EXPECT_TRUE(
      OpensslVerifies(sample.key.key.spki_der, KeyAlgorithm::kP256, kDigest, wrapped->front()));
  EXPECT_EQ(State(), TokenState::kHealthy);
}

TEST_F(SupervisorTest, AnUnwrappedKeyStaysAliveUntilItIsDroppedOrDisplaced) {
  OpenOne([](auto& config) {
    config.limits.max_sessions = 1;
    config.limits.cached_keys_per_session = 2;
  });
  const WrappedSample one = MakeWrapped(), two = MakeWrapped(), three = MakeWrapped();
  const auto misses = [&](const WrappedSample& sample) {
    const uint64_t before = Counters().cache_misses;
    EXPECT_THAT(Sign(sample), IsOk());
    return Counters().cache_misses - before;
  };
  EXPECT_EQ(misses(one), 2u) << "private and public key";
  EXPECT_EQ(misses(one), 0u);
  EXPECT_EQ(misses(two), 2u);
  EXPECT_EQ(misses(one), 0u);
  const uint64_t evictions = Counters().cache_evictions;
  EXPECT_EQ(misses(three), 2u) << "displaces two, the least recently used";
  EXPECT_EQ(Counters().cache_evictions - evictions, 2u);
  EXPECT_EQ(misses(one), 0u);
  EXPECT_EQ(misses(two), 2u);
  EXPECT_EQ(misses(two), 0u);
  supervisor_->DropKey(two.id);
  EXPECT_EQ(misses(one), 0u) << "another key's object is not dropped";
  EXPECT_EQ(misses(two), 1u) << "the public key may stay";
  supervisor_->DropCopies();
  EXPECT_EQ(misses(one), 1u);
}

TEST_F(SupervisorTest, PlannedReinitialisationsAreNotNoticedByThoseWhoSign) {
  OpenOne([](auto& config) {
    config.limits.cached_keys_per_session = 1;  // each change of key destroys an object
    config.reinitialise_after = 50;
  });
  const KeyId id = MakeResident();
  const WrappedSample samples[] = {MakeWrapped(), MakeWrapped()};
  std::atomic<int> failed{0}, made{0};
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; !stop; ++j) {
        const auto signatures = i % 4 == 0 ? SignResident(id) : Sign(samples[(i + j) % 2]);
        signatures.ok() ? ++made : ++failed;
        EXPECT_THAT(signatures, IsOk());
      }
    });
  }
  while (Counters().reinitialisations < 5 && failed == 0) supervisor_->Tend();
  stop = true;
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
  EXPECT_GT(made, 100);
  EXPECT_EQ(State(), TokenState::kHealthy);
}

TEST_F(SupervisorTest, ATokenThatGoesAndComesBackServesAgain) {
  OpenOne();
  const KeyId id = MakeResident();
  const WrappedSample sample = MakeWrapped();
  ASSERT_THAT(SignResident(id), IsOk());
  ASSERT_THAT(Sign(sample), IsOk());
  const std::string away = softhsm_.token_folder() + ".away";
  std::filesystem::rename(softhsm_.token_folder(), away);
  std::filesystem::create_directory(softhsm_.token_folder());
  clock_.Advance(kSecond);
  supervisor_->Tend();
  EXPECT_EQ(State(), TokenState::kFailed);
  EXPECT_FALSE(SignResident(id).ok()) << "a copy outlives its token, but must not sign";
  EXPECT_FALSE(Sign(sample).ok());
  EXPECT_FALSE(supervisor_->Standing().tokens[0].why.ok());
  std::filesystem::remove(softhsm_.token_folder());
  std::filesystem::rename(away, softhsm_.token_folder());
  EXPECT_FALSE(SignResident(id).ok()) << "it is not tried at every call";
  clock_.Advance(kSecond);
  EXPECT_THAT(SignResident(id), IsOk());
  EXPECT_THAT(Sign(sample), IsOk());
  EXPECT_EQ(State(), TokenState::kHealthy);
  EXPECT_GE(Counters().recoveries, 2u);
}

// The verdict on every signer's proof comes from here: a token that is just failing must not let
// one through.
TEST_F(SupervisorTest, AForgedSignatureVerifiesInNoStateOfTheToken) {
  OpenOne();
  const WrappedSample sample = MakeWrapped();
  // A P-256 SPKI ends with its point.
  const ByteView point = ByteView(sample.key.key.spki_der).last(65);
  const auto signed_once = Sign(sample);
  ASSERT_THAT(signed_once, IsOk());
  Bytes signature(64, 1);  // of nobody
  std::atomic<bool> stop{false};
  std::atomic<int> asked{0}, passed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (; !stop; ++asked) {
        passed +=
            supervisor_->VerifyP256(P256Point{point}, Digest{}, P256Signature{signature}).ok();
      }
    });
  }
  const std::string away = softhsm_.token_folder() + ".away";
  for (int i = 0; i < 20; ++i) {
    std::filesystem::rename(softhsm_.token_folder(), away);
    std::filesystem::create_directory(softhsm_.token_folder());
    clock_.Advance(kSecond);
    supervisor_->Tend();
    std::filesystem::remove(softhsm_.token_folder());
    std::filesystem::rename(away, softhsm_.token_folder());
    clock_.Advance(kSecond);
    supervisor_->Tend();
  }
  stop = true;
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(passed, 0) << "of " << asked;
  EXPECT_GT(asked, 20);
}

TEST_F(SupervisorTest, LostSessionsAndALostLoginAreReplacedAndTold) {
  OpenOne();
  RecordingObserver observer;
  const KeyId id = MakeResident();
  ASSERT_THAT(SignResident(id), IsOk());
  supervisor_->Tend();
  CloseEverySession();
  EXPECT_THAT(SignResident(id), IsOk());
  supervisor_->Tend();
  EXPECT_EQ(State(), TokenState::kDegraded);
  supervisor_->Tend();
  EXPECT_EQ(State(), TokenState::kHealthy);
  EXPECT_GE(Counters().sessions_discarded, 1u);
  EXPECT_GE(Counters().logins, 2u);
  supervisor_->Start(observer);
  supervisor_->Stop();
  EXPECT_THAT(observer.Path(),
              ElementsAre("failed>healthy", "healthy>degraded", "degraded>healthy"));
}

TEST_F(SupervisorTest, AKeyThatSomebodyDestroyedIsLookedForInANewModuleButNotForEver) {
  OpenOne();
  const KeyId id = MakeResident();
  ASSERT_THAT(SignResident(id), IsOk());
  SupervisedSoftHsm::DestroyBehind(softhsm_.softhsm().module_path(), "core", id);
  supervisor_->DropCopies();
  EXPECT_THAT(SignResident(id), FailsWith(kKeyNotFound));
  EXPECT_EQ(Counters().reinitialisations, 1u);
  EXPECT_THAT(SignResident(id), FailsWith(kKeyNotFound));
  EXPECT_EQ(Counters().reinitialisations, 1u) << "the answer is believed for a while";
  EXPECT_EQ(State(), TokenState::kHealthy);
  const KeyId another = MakeResident();
  EXPECT_THAT(SignResident(another), IsOk());
}

TEST_F(SupervisorTest, OneSessionIsEnough) {
  OpenOne([](auto& config) { config.limits.max_sessions = 1; });
  const KeyId id = MakeResident();
  const WrappedSample sample = MakeWrapped();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 50; ++j) {
        EXPECT_THAT(i % 2 == 0 ? SignResident(id) : Sign(sample), IsOk());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(Counters().sessions_open, 1u);
  CloseEverySession();
  EXPECT_THAT(SignResident(id), IsOk());
  EXPECT_EQ(Counters().sessions_open, 1u);
}

TEST_F(SupervisorTest, SessionsNobodyUsesAreClosedAndOpenedWhenNeeded) {
  OpenOne([](auto& config) { config.idle_timeout = kMinute; });
  supervisor_->Tend();
  const KeyId id = MakeResident();
  ASSERT_THAT(SignResident(id), IsOk());
  EXPECT_EQ(Counters().sessions_open, 1u);
  clock_.Advance(59 * kSecond);
  supervisor_->Tend();
  EXPECT_EQ(Counters().sessions_open, 1u);
  clock_.Advance(kSecond);
  supervisor_->Tend();
  EXPECT_EQ(Counters().sessions_open, 0u);
  EXPECT_THAT(SignResident(id), IsOk());
  EXPECT_EQ(State(), TokenState::kHealthy);
}

TEST_F(SupervisorTest, AWrongPinIsTriedOnceThenAnotherOnlyWhenTold) {
  softhsm_.AddToken("standby");
  const SharedKey key = softhsm_.PutSharedKey("standby");
  std::vector<SupervisedTokenConfig> alone;
  alone.push_back(softhsm_.Config());
  alone[0].pin = SecretBytes::CopyOf(AsBytes("not-the-pin"));
  EXPECT_THAT(Supervisor::Open(std::move(alone), clock_, {}), FailsWith(kPinIncorrect));

  std::vector<SupervisedTokenConfig> tokens;
  tokens.push_back(softhsm_.Config());
  tokens.push_back(softhsm_.Config("standby"));
  tokens[0].pin = SecretBytes::CopyOf(AsBytes("not-the-pin"));
  Open(std::move(tokens));
  EXPECT_EQ(State(0), TokenState::kPinRefused);
  for (int i = 0; i < 5; ++i) {
    clock_.Advance(kMinute);
    supervisor_->Tend();
    EXPECT_THAT(SignShared(key), IsOk()) << "the standby serves";
  }
  EXPECT_EQ(State(0), TokenState::kPinRefused);
  EXPECT_EQ(Counters().fail_overs, 1u);
  EXPECT_THAT(supervisor_->SetPin(0, SecretBytes::CopyOf(AsBytes("nor-this"))),
              FailsWith(kPinIncorrect));
  EXPECT_EQ(State(0), TokenState::kPinRefused);
  EXPECT_THAT(supervisor_->SetPin(0, softhsm_.softhsm().Pin()), IsOk());
  EXPECT_EQ(State(0), TokenState::kHealthy);
  EXPECT_THAT(SignShared(key), IsOk());
  EXPECT_EQ(Counters().fail_overs, 2u) << "back to the preferred one";
  EXPECT_THAT(supervisor_->SetPin(2, softhsm_.softhsm().Pin()), FailsWith(kTokenInputInvalid));
}

TEST_F(SupervisorTest, APinThatIsPutRightIsTakenWithoutARestartAndAWrongOneTriedOnce) {
  softhsm_.AddToken("standby");
  std::vector<SupervisedTokenConfig> tokens;
  tokens.push_back(softhsm_.Config());
  tokens.push_back(softhsm_.Config("standby"));
  std::string source = "not-the-pin";
  tokens[0].pin = SecretBytes::CopyOf(AsBytes(source));
  Open(std::move(tokens));
  PinRetry retry(*supervisor_, [&](size_t index) -> StatusOr<SecretBytes> {
    if (index != 0) return Fail(kPinMalformed, "the standby's was right");
    return SecretBytes::CopyOf(AsBytes(source));
  });
  ASSERT_EQ(State(0), TokenState::kPinRefused);
  const auto tries = [&] {
    // SoftHSM counts none; what is counted is what reached it.
    return Counters().logins;
  };
  uint64_t before = tries();
  for (int i = 0; i < 5; ++i) retry.Tend();
  EXPECT_EQ(tries(), before) << "what was refused is not tried again";
  source = "nor-this";
  for (int i = 0; i < 5; ++i) retry.Tend();
  EXPECT_EQ(State(0), TokenState::kPinRefused);
  before = tries();
  const SecretBytes right = softhsm_.softhsm().Pin();
  source = AsString(right.Expose());
  retry.Tend();
  EXPECT_EQ(State(0), TokenState::kHealthy);
  EXPECT_EQ(tries(), before + 1);
}

TEST_F(SupervisorTest, APinThatChangedUnderwayStopsItsTokenAlone) {
  softhsm_.AddToken("standby");
  const SharedKey key = softhsm_.PutSharedKey("standby");
  OpenTwo();
  ASSERT_THAT(SignShared(key), IsOk());
  CK_SLOT_ID slot = 0;
  {
    CK_SLOT_ID slots[8];
    CK_ULONG count = 8;
    ASSERT_EQ(Raw().C_GetSlotList(CK_TRUE, slots, &count), CKR_OK);
    for (CK_ULONG i = 0; i < count; ++i) {
      CK_TOKEN_INFO found;
      ASSERT_EQ(Raw().C_GetTokenInfo(slots[i], &found), CKR_OK);
      if (AsStringView(ByteView(found.label, 5)) == "core ") slot = slots[i];
    }
  }
  CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
  ASSERT_EQ(
      Raw().C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &session),
      CKR_OK);
  const SecretBytes pin = softhsm_.softhsm().Pin();
  ASSERT_EQ(
      Raw().C_SetPIN(session, CkInput(pin.Expose()), pin.size(), CkInput(AsBytes("changed")), 7),
      CKR_OK);
  ASSERT_EQ(Raw().C_CloseAllSessions(slot), CKR_OK);
  const uint64_t logins = Counters().logins;
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(SignShared(key), IsOk());
    clock_.Advance(kMinute);
    supervisor_->Tend();
  }
  EXPECT_EQ(State(0), TokenState::kPinRefused);
  EXPECT_EQ(Counters().logins, logins + 1) << "one try";
  EXPECT_THAT(supervisor_->SetPin(0, SecretBytes::CopyOf(AsBytes("changed"))), IsOk());
  EXPECT_EQ(State(0), TokenState::kHealthy);
}

TEST_F(SupervisorTest, AKeyThatOneTokenLostIsUsedInTheOther) {
  softhsm_.AddToken("standby");
  const SharedKey key = softhsm_.PutSharedKey("standby");
  OpenTwo();
  RecordingObserver observer;
  supervisor_->Start(observer);
  ASSERT_THAT(SignShared(key), IsOk());
  SupervisedSoftHsm::DestroyBehind(softhsm_.softhsm().module_path(), "core", key.id);
  supervisor_->DropCopies();
  const auto signatures = SignShared(key);
  ASSERT_THAT(signatures, IsOk());
  EXPECT_TRUE(OpensslVerifies(key.spki, KeyAlgorithm::kP256, kDigest, signatures->front()));
  EXPECT_TRUE(observer.WaitFor([](const TransitionEvent& event) {
    return event.what.starts_with("took over from core (serial ") &&
           event.token.starts_with("standby (serial ");
  }));
  // Destroyed everywhere, it signs nowhere.
  EXPECT_THAT(supervisor_->DestroyResident(key.id), IsOk());
  EXPECT_THAT(SignShared(key), FailsWith(kKeyNotFound));
  EXPECT_THAT(supervisor_->DestroyResident(key.id), FailsWith(kKeyNotFound));
  supervisor_->Stop();
}

TEST_F(SupervisorTest, TheThreadNoticesALossAndTheReturnByItself) {
  std::vector<SupervisedTokenConfig> tokens;
  tokens.push_back(softhsm_.Config());
  const SystemClock real;
  auto supervisor =
      Supervisor::Open(std::move(tokens), real, {.probe_every = 20, .recover_every = 10});
  ASSERT_THAT(supervisor, IsOk());
  RecordingObserver observer;
  (*supervisor)->Start(observer);
  const std::string away = softhsm_.token_folder() + ".away";
  std::filesystem::rename(softhsm_.token_folder(), away);
  std::filesystem::create_directory(softhsm_.token_folder());
  EXPECT_TRUE(observer.WaitFor(
      [](const TransitionEvent& event) { return event.to == TokenState::kFailed; }));
  std::filesystem::remove(softhsm_.token_folder());
  std::filesystem::rename(away, softhsm_.token_folder());
  const BootTime back = real.SinceBoot();
  EXPECT_TRUE(observer.WaitFor([](const TransitionEvent& event) {
    return event.from == TokenState::kRecovering && event.to == TokenState::kHealthy &&
           event.what == "reinitialised";
  }));
  EXPECT_LT(real.SinceBoot() - back, 2 * kSecond);
  (*supervisor)->Stop();
}

TEST_F(SupervisorTest, WhatCannotBeSupervisedIsRefused) {
  EXPECT_THAT(Supervisor::Open({}, clock_, {}), FailsWith(kTokenInputInvalid));
  std::vector<SupervisedTokenConfig> nine;
  for (int i = 0; i < 9; ++i) nine.push_back(softhsm_.Config());
  EXPECT_THAT(Supervisor::Open(std::move(nine), clock_, {}), FailsWith(kTokenInputInvalid));
  std::vector<SupervisedTokenConfig> absent;
  absent.push_back(softhsm_.Config("no-such-token"));
  EXPECT_THAT(Supervisor::Open(std::move(absent), clock_, {}),
              FailsNaming(kTokenNotFound.id, "no-such-token"));
  std::vector<SupervisedTokenConfig> unloadable;
  unloadable.push_back(softhsm_.Config());
  unloadable[0].module_path = "/no/such/module.so";
  EXPECT_THAT(Supervisor::Open(std::move(unloadable), clock_, {}), FailsWith(kModuleUnloadable));
}

}  // namespace
}  // namespace intaglio::tokens
