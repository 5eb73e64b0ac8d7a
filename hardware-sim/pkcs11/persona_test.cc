// Personas, provoked by plain PKCS#11 calls on the module.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <set>

#include "hardware-sim/ctl/commands.h"
#include "hardware-sim/pkcs11/test_cryptoki.h"
#include "tests/support/sim_fixture.h"

namespace intaglio::sim {
namespace {

using testing_support::SimulatedHsm;
using testing_support::SimulatorOptions;

class PersonaTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    hsm_ = SimulatedHsm::Create().value();
    module_ = new TestCryptoki(hsm_->module_path());
  }
  static void TearDownTestSuite() {
    delete module_;
    hsm_.reset();
  }
  void TearDown() override { module_->Stop(); }

  void Become(const SimulatorOptions& options) {
    hsm_->Configure(options);
    ASSERT_EQ(Rv(ck().Start()), "CKR_OK");
  }
  CK_SESSION_HANDLE LoggedIn() const {
    const CK_SESSION_HANDLE session = ck().Open();
    EXPECT_EQ(Rv(ck().Login(session, Pin())), "CKR_OK");
    return session;
  }
  std::string State(CK_SESSION_HANDLE session) const {
    CK_SESSION_INFO about{};
    return Rv(ck()->C_GetSessionInfo(session, &about));
  }
  static SecretBytes Pin() { return hsm_->softhsm().Pin(); }
  static const TestCryptoki& ck() { return *module_; }

  static inline std::unique_ptr<SimulatedHsm> hsm_;
  static inline TestCryptoki* module_ = nullptr;
};

TEST_F(PersonaTest, SixteenSessionsAndNoMore) {
  Become({.persona = "sixteen_sessions_30s_idle"});
  std::vector<CK_SESSION_HANDLE> sessions;
  for (int i = 0; i < 16; ++i) sessions.push_back(ck().Open());
  CK_SESSION_HANDLE more = CK_INVALID_HANDLE;
  EXPECT_EQ(Rv(ck().Open(&more)), "CKR_SESSION_COUNT");
  CK_TOKEN_INFO token{};
  ASSERT_EQ(Rv(ck()->C_GetTokenInfo(ck().Slot(), &token)), "CKR_OK");
  EXPECT_EQ(token.ulMaxSessionCount, 16u);
  EXPECT_EQ(token.ulSessionCount, 16u);
  EXPECT_EQ(Rv(ck()->C_CloseSession(sessions.back())), "CKR_OK");
  EXPECT_EQ(Rv(ck().Open(&more)), "CKR_OK");
}

TEST_F(PersonaTest, IdleSessionsAreClosedAndUsedOnesStay) {
  Become({.persona = "sixteen_sessions_30s_idle"});
  const CK_SESSION_HANDLE used = LoggedIn();
  const CK_SESSION_HANDLE idle = ck().Open();
  for (int i = 0; i < 4; ++i) {
    hsm_->Advance(10'000);
    EXPECT_EQ(State(used), "CKR_OK");
  }
  EXPECT_EQ(State(idle), "CKR_SESSION_HANDLE_INVALID");
  hsm_->Advance(30'000);
  EXPECT_EQ(State(used), "CKR_SESSION_HANDLE_INVALID");
  CK_SESSION_INFO about{};
  ASSERT_EQ(Rv(ck()->C_GetSessionInfo(ck().Open(), &about)), "CKR_OK");
  EXPECT_EQ(about.state, CK_STATE{CKS_RW_PUBLIC_SESSION}) << "the login went with the last one";
}

TEST_F(PersonaTest, SingleSession) {
  Become({.persona = "single_session"});
  const CK_SESSION_HANDLE only = ck().Open();
  CK_SESSION_HANDLE more = CK_INVALID_HANDLE;
  EXPECT_EQ(Rv(ck().Open(&more)), "CKR_SESSION_COUNT");
  CK_TOKEN_INFO token{};
  ASSERT_EQ(Rv(ck()->C_GetTokenInfo(ck().Slot(), &token)), "CKR_OK");
  EXPECT_NE(token.ulMaxSessionCount, 1u) << "it does not say so";
  EXPECT_EQ(Rv(ck()->C_CloseAllSessions(ck().Slot())), "CKR_OK");
  EXPECT_EQ(State(only), "CKR_SESSION_HANDLE_INVALID");
  EXPECT_EQ(Rv(ck().Open(&more)), "CKR_OK");
}

TEST_F(PersonaTest, SlotsMoveAtEachStartAndRunsRepeat) {
  const auto slots_of_three_starts = [&] {
    std::vector<std::vector<CK_SLOT_ID>> out;
    Become({.persona = "moving_slots", .fields = "seed: 3"});
    for (int i = 0; i < 3; ++i) {
      out.push_back(ck().Slots());
      CK_SLOT_ID slot = ck().Slot();
      CK_SESSION_INFO about{};
      EXPECT_EQ(Rv(ck()->C_GetSessionInfo(ck().Open(), &about)), "CKR_OK");
      EXPECT_EQ(about.slotID, slot);
      EXPECT_EQ(Rv(ck().Stop()), "CKR_OK");
      EXPECT_EQ(Rv(ck().Start()), "CKR_OK");
    }
    ck().Stop();
    return out;
  };
  const auto first = slots_of_three_starts();
  EXPECT_NE(first[0], first[1]);
  EXPECT_NE(first[1], first[2]);
  EXPECT_EQ(slots_of_three_starts(), first);
}

TEST_F(PersonaTest, NoVerify) {
  Become({.persona = "no_verify"});
  const CK_SESSION_HANDLE session = LoggedIn();
  const KeyPair key = ck().MakeP256(session, "x");
  Bytes signature;
  EXPECT_EQ(Rv(ck().Sign(session, key.private_key, 1, &signature)), "CKR_OK");
  EXPECT_EQ(Rv(ck().Verify(session, key.public_key, 1, signature)), "CKR_FUNCTION_NOT_SUPPORTED");
  CK_MECHANISM_INFO about{};
  ASSERT_EQ(Rv(ck()->C_GetMechanismInfo(ck().Slot(), CKM_ECDSA, &about)), "CKR_OK");
  EXPECT_EQ(about.flags & CKF_VERIFY, 0u);
  EXPECT_NE(about.flags & CKF_SIGN, 0u);
}

TEST_F(PersonaTest, NoSessionObjects) {
  Become({.persona = "no_session_objects"});
  const CK_SESSION_HANDLE session = LoggedIn();
  KeyPair key;
  EXPECT_EQ(Rv(ck().MakeP256(session, "x", Kept::kSession, &key)), "CKR_TEMPLATE_INCONSISTENT");
  ASSERT_EQ(Rv(ck().MakeP256(session, "x", Kept::kToken, &key)), "CKR_OK");
  CK_BBOOL no = CK_FALSE;
  CK_ATTRIBUTE session_copy{CKA_TOKEN, &no, 1};
  CK_OBJECT_HANDLE copy = CK_INVALID_HANDLE;
  EXPECT_EQ(Rv(ck()->C_CopyObject(session, key.private_key, &session_copy, 1, &copy)),
            "CKR_TEMPLATE_INCONSISTENT");
  EXPECT_EQ(Rv(ck().Sign(session, key.private_key)), "CKR_OK");
  EXPECT_EQ(Rv(ck()->C_DestroyObject(session, key.private_key)), "CKR_OK");
  EXPECT_EQ(Rv(ck()->C_DestroyObject(session, key.public_key)), "CKR_OK");
}

TEST_F(PersonaTest, PinForEachUse) {
  Become({.persona = "always_authenticate"});
  const CK_SESSION_HANDLE session = LoggedIn();
  const KeyPair key = ck().MakeP256(session, "x");
  CK_BBOOL always = CK_FALSE;
  EXPECT_EQ(Rv(ck().ReadFlag(session, key.private_key, CKA_ALWAYS_AUTHENTICATE, &always)),
            "CKR_OK");
  EXPECT_TRUE(always);
  EXPECT_EQ(Rv(ck().Login(session, Pin(), CKU_CONTEXT_SPECIFIC)), "CKR_OPERATION_NOT_INITIALIZED");
  EXPECT_EQ(Rv(ck().Sign(session, key.private_key)), "CKR_USER_NOT_LOGGED_IN");
  CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
  ASSERT_EQ(Rv(ck()->C_SignInit(session, &mechanism, key.private_key)), "CKR_OK");
  const SecretBytes wrong = SecretBytes::CopyOf(AsBytes("wrong"));
  EXPECT_EQ(Rv(ck().Login(session, wrong, CKU_CONTEXT_SPECIFIC)), "CKR_PIN_INCORRECT");
  EXPECT_EQ(Rv(ck().Login(session, Pin(), CKU_CONTEXT_SPECIFIC)), "CKR_OK");
  CK_BYTE digest[32] = {};
  CK_BYTE signature[64];
  CK_ULONG size = sizeof signature;
  EXPECT_EQ(Rv(ck()->C_Sign(session, digest, 32, signature, &size)), "CKR_OK");
  EXPECT_EQ(Rv(ck().Sign(session, key.private_key)), "CKR_USER_NOT_LOGGED_IN") << "once is once";
  EXPECT_EQ(Rv(ck().Verify(session, key.public_key, 0, Bytes(signature, signature + size))),
            "CKR_OK")
      << "public keys ask for nothing";
}

TEST_F(PersonaTest, SlowRsaKeys) {
  Become({.persona = "slow_rsa", .fields = "limits { rsa_generation_milliseconds: 60 }"});
  const CK_SESSION_HANDLE session = LoggedIn();
  CK_ULONG bits = 1024;
  CK_ATTRIBUTE open[] = {{CKA_MODULUS_BITS, &bits, sizeof bits}};
  CK_MECHANISM mechanism{CKM_RSA_PKCS_KEY_PAIR_GEN, nullptr, 0};
  KeyPair key;
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(Rv(ck()->C_GenerateKeyPair(session, &mechanism, open, 1, nullptr, 0, &key.public_key,
                                       &key.private_key)),
            "CKR_OK");
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(60));
}

TEST_F(PersonaTest, ThreeWrongPinsLockItAcrossRestarts) {
  Become({.persona = "three_pin_tries"});
  const SecretBytes wrong = SecretBytes::CopyOf(AsBytes("wrong"));
  const auto flags = [&] {
    CK_TOKEN_INFO token{};
    EXPECT_EQ(Rv(ck()->C_GetTokenInfo(ck().Slot(), &token)), "CKR_OK");
    return token.flags & (CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED);
  };
  CK_SESSION_HANDLE session = ck().Open();
  EXPECT_EQ(Rv(ck().Login(session, wrong)), "CKR_PIN_INCORRECT");
  EXPECT_EQ(flags(), CK_FLAGS{CKF_USER_PIN_COUNT_LOW});
  EXPECT_EQ(Rv(ck().Login(session, Pin())), "CKR_OK") << "the right one wipes the slate";
  EXPECT_EQ(flags(), 0u);
  EXPECT_EQ(Rv(ck()->C_Logout(session)), "CKR_OK");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Rv(ck().Login(session, wrong)), "CKR_PIN_INCORRECT");
  EXPECT_EQ(flags(), CK_FLAGS{CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_LOCKED});
  EXPECT_EQ(Rv(ck().Login(session, Pin())), "CKR_PIN_LOCKED");
  ASSERT_EQ(Rv(ck().Stop()), "CKR_OK");
  ASSERT_EQ(Rv(ck().Start()), "CKR_OK");
  EXPECT_EQ(Rv(ck().Login(ck().Open(), Pin())), "CKR_PIN_LOCKED");
}

// What a child of fork(2) gets from C_GetInfo before and after its own C_Initialize.
std::string InChild(const TestCryptoki& ck) {
  int ends[2];
  if (pipe(ends) != 0) abort();
  const pid_t child = fork();
  if (child == 0) {
    CK_INFO about{};
    std::string said = Rv(ck->C_GetInfo(&about));
    said += " " + Rv(ck.Start());
    said += " " + Rv(ck->C_GetInfo(&about));
    const ssize_t ignored = write(ends[1], said.data(), said.size());
    (void)ignored;
    _exit(0);
  }
  close(ends[1]);
  std::string out(200, 0);
  const ssize_t n = read(ends[0], out.data(), out.size());
  out.resize(n > 0 ? static_cast<size_t>(n) : 0);
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return out;
}

TEST_F(PersonaTest, ChildrenOfAFork) {
  Become({.persona = "lost_by_fork"});
  EXPECT_EQ(InChild(ck()), "CKR_CRYPTOKI_NOT_INITIALIZED CKR_OK CKR_OK");
  CK_INFO about{};
  EXPECT_EQ(Rv(ck()->C_GetInfo(&about)), "CKR_OK") << "the parent noticed nothing";
  ck().Stop();
  Become({.fields = "limits { after_fork: FORK_DEVICE_ERROR }"});
  EXPECT_THAT(InChild(ck()), testing::StartsWith("CKR_DEVICE_ERROR"));
  ck().Stop();
  Become({});
  EXPECT_THAT(InChild(ck()), testing::StartsWith("CKR_OK"));
}

std::string Utc(const CK_TOKEN_INFO& token) {
  return std::string(token.utcTime, token.utcTime + sizeof token.utcTime);
}

TEST_F(PersonaTest, DeviceTellsWhatItIsAndWhatTimeItHas) {
  Become({.fields = R"(device { serial: "SIM-1" firmware_version: "3.14" clock: true })"});
  CK_TOKEN_INFO token{};
  const CK_SLOT_ID slot = ck().Slot();
  ASSERT_EQ(Rv(ck()->C_GetTokenInfo(slot, &token)), "CKR_OK");
  EXPECT_EQ(std::string(token.serialNumber, token.serialNumber + 16), "SIM-1           ");
  EXPECT_EQ(token.firmwareVersion.major, 3);
  EXPECT_EQ(token.firmwareVersion.minor, 14);
  EXPECT_NE(token.flags & CKF_CLOCK_ON_TOKEN, 0u);
  const std::string before = Utc(token);
  const std::vector<std::string> jump = {"device", hsm_->configuration_path(), "clock",
                                         "-315576000000"};
  ASSERT_TRUE(RunCommand(jump).ok());
  ASSERT_EQ(Rv(ck()->C_GetTokenInfo(slot, &token)), "CKR_OK");
  EXPECT_EQ(std::stoi(Utc(token).substr(0, 4)), std::stoi(before.substr(0, 4)) - 10);
  ASSERT_EQ(Rv(ck().Stop()), "CKR_OK");
  ASSERT_EQ(Rv(ck().Start()), "CKR_OK");
  ASSERT_EQ(Rv(ck()->C_GetTokenInfo(slot, &token)), "CKR_OK");
  EXPECT_LT(Utc(token), before) << "a restart does not set the clock";
}

TEST_F(PersonaTest, ClockThatLosesATenth) {
  Become({.fields = "device { clock: true clock_drift_ppm: -100000 }"});
  const auto now = [&] {
    CK_TOKEN_INFO token{};
    EXPECT_EQ(Rv(ck()->C_GetTokenInfo(ck().Slot(), &token)), "CKR_OK");
    tm utc{};
    EXPECT_NE(strptime(Utc(token).substr(0, 14).c_str(), "%Y%m%d%H%M%S", &utc), nullptr);
    return timegm(&utc);
  };
  const time_t before = now();
  hsm_->Advance(1'000'000'000);
  EXPECT_NEAR(static_cast<double>(now() - before), 900'000, 5);
}

TEST_F(PersonaTest, StatesOfALife) {
  Become({});
  const auto enter = [&](const std::string& state) {
    const std::vector<std::string> command = {"device", hsm_->configuration_path(), "state", state};
    ASSERT_TRUE(RunCommand(command).ok());
  };
  const CK_SLOT_ID slot = ck().Slot();
  const auto open = [&] {
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
    return Rv(ck()->C_OpenSession(slot, CKF_SERIAL_SESSION, nullptr, nullptr, &session));
  };
  const CK_SESSION_HANDLE session = LoggedIn();
  enter("tampered");
  EXPECT_EQ(State(session), "CKR_DEVICE_ERROR");
  EXPECT_EQ(open(), "CKR_DEVICE_ERROR");
  ASSERT_EQ(Rv(ck().Stop()), "CKR_OK");
  ASSERT_EQ(Rv(ck().Start()), "CKR_OK");
  EXPECT_EQ(open(), "CKR_DEVICE_ERROR") << "a restart heals no tampering";
  enter("zeroised");
  CK_TOKEN_INFO token{};
  EXPECT_EQ(open(), "CKR_TOKEN_NOT_RECOGNIZED");
  EXPECT_EQ(Rv(ck()->C_GetTokenInfo(slot, &token)), "CKR_OK");
  EXPECT_EQ(token.flags & CKF_TOKEN_INITIALIZED, 0u);
  enter("manufacturing");
  EXPECT_EQ(open(), "CKR_TOKEN_NOT_RECOGNIZED");
  enter("end-of-life");
  EXPECT_EQ(open(), "CKR_TOKEN_NOT_PRESENT");
  EXPECT_TRUE(ck().Slots().empty());
  enter("initialised");
  EXPECT_EQ(Rv(ck().Login(ck().Open(), Pin())), "CKR_USER_PIN_NOT_INITIALIZED");
  enter("operational");
  EXPECT_EQ(Rv(ck().Login(ck().Open(), Pin())), "CKR_OK") << "and the keys were never touched";
}

TEST_F(PersonaTest, LatencyByMechanism) {
  Become({.persona = "usb_token",
          .fields = "limits { latency { mechanism: \"CKM_ECDSA\" microseconds: 50000 } }"});
  const CK_SESSION_HANDLE session = LoggedIn();
  const auto timed = [](const auto& act) {
    const auto start = std::chrono::steady_clock::now();
    act();
    return std::chrono::steady_clock::now() - start;
  };
  KeyPair key;
  const auto making = timed([&] { key = ck().MakeP256(session, "slow"); });
  EXPECT_LT(making, std::chrono::milliseconds(400)) << "the persona's table was replaced";
  const auto signing = timed([&] { EXPECT_EQ(Rv(ck().Sign(session, key.private_key)), "CKR_OK"); });
  EXPECT_GE(signing, std::chrono::milliseconds(50));
}

TEST_F(PersonaTest, AFieldOfLimitsTakesThePersonasPlace) {
  Become({.persona = "sixteen_sessions_30s_idle", .fields = "limits { max_sessions: 2 }"});
  ck().Open();
  ck().Open();
  CK_SESSION_HANDLE more = CK_INVALID_HANDLE;
  EXPECT_EQ(Rv(ck().Open(&more)), "CKR_SESSION_COUNT");
}

}  // namespace
}  // namespace intaglio::sim
