// The simulator without faults is the wrapped module: the same calls give the same answers.
#include <gmock/gmock.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "base/file.h"
#include "hardware-sim/faults/functions.h"
#include "hardware-sim/pkcs11/test_cryptoki.h"
#include "intaglio/sim/v1/sim.pb.h"
#include "tests/support/sim_fixture.h"
#include "tokens/provision/provision.h"

namespace intaglio::sim {
namespace {

using testing_support::SimulatedHsm;

class PassThrough : public testing::Test {
 protected:
  static void SetUpTestSuite() { hsm_ = SimulatedHsm::Create().value(); }
  static void TearDownTestSuite() { hsm_.reset(); }
  static inline std::unique_ptr<SimulatedHsm> hsm_;
};

// Every answer of one conversation, right and wrong calls alike.
std::vector<std::string> Conversation(const TestCryptoki& ck, const SecretBytes& pin) {
  std::vector<std::string> out;
  const auto say = [&](CK_RV rv) { out.push_back(Rv(rv)); };
  const auto octets = [&](const void* at, size_t size) {
    out.push_back(ToHex({static_cast<const uint8_t*>(at), size}));
  };
  say(ck->C_GetInfo(nullptr));
  CK_INFO info{};
  say(ck->C_GetInfo(&info));
  octets(&info, sizeof info);
  say(ck->C_GetSlotList(CK_TRUE, nullptr, nullptr));
  octets(ck.Slots().data(), ck.Slots().size() * sizeof(CK_SLOT_ID));
  const CK_SLOT_ID slot = ck.Slot();
  CK_SLOT_INFO about_slot{};
  say(ck->C_GetSlotInfo(slot, &about_slot));
  say(ck->C_GetSlotInfo(slot + 1000, &about_slot));
  octets(&about_slot, sizeof about_slot);
  CK_TOKEN_INFO token{};
  say(ck->C_GetTokenInfo(slot, &token));
  octets(token.label, sizeof token.label);
  octets(&token.flags, sizeof token.flags);
  CK_ULONG count = 0;
  say(ck->C_GetMechanismList(slot, nullptr, &count));
  std::vector<CK_MECHANISM_TYPE> mechanisms(count);
  say(ck->C_GetMechanismList(slot, mechanisms.data(), &count));
  for (const CK_MECHANISM_TYPE type : mechanisms) {
    CK_MECHANISM_INFO about{};
    say(ck->C_GetMechanismInfo(slot, type, &about));
    octets(&about, sizeof about);
  }
  CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
  say(ck->C_OpenSession(slot, 0, nullptr, nullptr, &session));
  say(ck.Open(&session));
  say(ck.Login(session, SecretBytes::CopyOf(AsBytes("wrong"))));
  say(ck.Login(session, pin));
  say(ck.Login(session, pin));
  KeyPair key;
  say(ck.MakeP256(session, "conversation", Kept::kSession, &key));
  Bytes signature;
  say(ck.Sign(session, key.private_key, 3, &signature));
  say(ck.Verify(session, key.public_key, 3, signature));
  say(ck.Verify(session, key.public_key, 4, signature));
  say(ck.Sign(session, 4711, 3, &signature));
  say(ck->C_SignFinal(session, nullptr, &count));
  say(ck->C_DestroyObject(session, 4711));
  CK_ATTRIBUTE wanted[] = {{CKA_VALUE, nullptr, 0}, {CKA_LABEL, nullptr, 0}};
  say(ck->C_GetAttributeValue(session, key.private_key, wanted, 2));
  octets(&wanted[0].ulValueLen, sizeof(CK_ULONG));
  octets(&wanted[1].ulValueLen, sizeof(CK_ULONG));
  CK_MECHANISM sha{CKM_SHA256, nullptr, 0};
  CK_BYTE text[] = {1, 2, 3};
  CK_BYTE digest[32];
  CK_ULONG size = 5;
  say(ck->C_DigestInit(session, &sha));
  say(ck->C_Digest(session, text, 3, digest, &size));
  octets(&size, sizeof size);
  say(ck->C_Digest(session, text, 3, digest, &size));
  octets(digest, sizeof digest);
  say(ck->C_GetFunctionStatus(session));
  say(ck->C_CancelFunction(session));
  say(ck->C_SeedRandom(session, text, 3));
  say(ck->C_WaitForSlotEvent(CKF_DONT_BLOCK, &count, nullptr));
  say(ck->C_Logout(session));
  say(ck->C_CloseSession(session));
  say(ck->C_CloseSession(session));
  say(ck->C_CloseAllSessions(slot));
  return out;
}

TEST_F(PassThrough, SameConversationSameAnswers) {
  const SecretBytes pin = hsm_->softhsm().Pin();
  const auto talk = [&](const std::string& path) {
    const TestCryptoki ck(path);
    EXPECT_EQ(Rv(ck->C_GetInfo(nullptr)), "CKR_CRYPTOKI_NOT_INITIALIZED");
    EXPECT_EQ(Rv(ck.Start()), "CKR_OK");
    EXPECT_EQ(Rv(ck.Start()), "CKR_CRYPTOKI_ALREADY_INITIALIZED");
    auto out = Conversation(ck, pin);
    EXPECT_EQ(Rv(ck.Stop()), "CKR_OK");
    EXPECT_EQ(Rv(ck.Stop()), "CKR_CRYPTOKI_NOT_INITIALIZED");
    return out;
  };
  const auto direct = talk(tokens::kSoftHsmModule);
  EXPECT_EQ(talk(hsm_->module_path()), direct);
  // Watched by faults that never act, so the long way is as faithful as the short one.
  hsm_->Inject(R"(nth_call: 4000000000 key_label: "x" return_code { code: "CKR_DEVICE_ERROR" })");
  EXPECT_EQ(talk(hsm_->module_path()), direct);
  hsm_->Clear();
}

TEST_F(PassThrough, EveryFunctionIsExportedAndListed) {
  void* library = dlopen(hsm_->module_path().c_str(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr) << dlerror();
  const TestCryptoki ck(hsm_->module_path());
  const auto* entries = reinterpret_cast<void* const*>(&ck->C_Initialize);
  for (size_t i = 0; i < kFunctionCount; ++i) {
    void* exported = dlsym(library, std::string(kFunctions[i].name).c_str());
    EXPECT_NE(exported, nullptr) << kFunctions[i].name;
    EXPECT_EQ(entries[i], exported) << kFunctions[i].name;
  }
  EXPECT_EQ((*ck).version.major, 2);
  EXPECT_EQ((*ck).version.minor, 40);
}

// This process has the simulator's own schema, and libprotobuf, already.
TEST_F(PassThrough, LivesBesideTheSameSchemaInTheProcess) {
  v1::SimulatorConfig config;
  config.set_persona("plain");
  EXPECT_EQ(config.GetTypeName(), "intaglio.sim.v1.SimulatorConfig");
  for (int i = 0; i < 3; ++i) {
    void* library = dlopen(hsm_->module_path().c_str(), RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library, nullptr);
    const TestCryptoki ck(hsm_->module_path());
    EXPECT_EQ(Rv(ck.Start()), "CKR_OK");
    EXPECT_EQ(Rv(ck.Stop()), "CKR_OK");
    dlclose(library);
  }
}

// A primary and a standby: two copies, two configurations, two instances of the wrapped library.
TEST_F(PassThrough, TwoDevicesInOneProcess) {
  const testing_support::TemporaryFolder folder;
  const std::string copies[] = {folder.path() + "/a.so", folder.path() + "/b.so"};
  for (const std::string& copy : copies) {
    std::filesystem::copy_file(hsm_->module_path(), copy);
    const std::string text =
        "wrapped { private_copy: true }\nlook_every_milliseconds: 0\n"
        "fault { function: \"C_GenerateRandom\" stuck_random { octet: " +
        std::string(copy == copies[0] ? "1" : "2") + " } }\n";
    ASSERT_TRUE(WriteFile(copy + ".textproto", AsBytes(text), 0600).ok());
  }
  const TestCryptoki a(copies[0]);
  const TestCryptoki b(copies[1]);
  ASSERT_EQ(Rv(a.Start()), "CKR_OK");
  ASSERT_EQ(Rv(b.Start()), "CKR_OK") << "not CKR_CRYPTOKI_ALREADY_INITIALIZED";
  Bytes random;
  ASSERT_EQ(Rv(a.Random(a.Open(), &random)), "CKR_OK");
  EXPECT_EQ(random, Bytes(32, 1));
  ASSERT_EQ(Rv(b.Random(b.Open(), &random)), "CKR_OK");
  EXPECT_EQ(random, Bytes(32, 2));
  EXPECT_EQ(Rv(a.Stop()), "CKR_OK");
  ASSERT_EQ(Rv(b.Random(b.Open(), &random)), "CKR_OK") << "the other's end is not its end";
  EXPECT_EQ(Rv(b.Stop()), "CKR_OK");
}

// Wrong configurations: refused at C_Initialize, and stderr names the field.
TEST_F(PassThrough, WrongConfigurationIsRefusedByName) {
  const testing_support::TemporaryFolder folder;
  const std::string path = folder.path() + "/wrong.textproto";
  ASSERT_EQ(setenv("INTAGLIO_HSMSIM_CONF", path.c_str(), 1), 0);
  const TestCryptoki ck(hsm_->module_path());
  const auto refused = [&](const std::string& text, unsigned mode = 0600) {
    EXPECT_TRUE(WriteFile(path, AsBytes(text), mode).ok());
    testing::internal::CaptureStderr();
    EXPECT_EQ(Rv(ck.Start()), "CKR_GENERAL_ERROR") << text;
    return testing::internal::GetCapturedStderr();
  };
  using testing::HasSubstr;
  EXPECT_THAT(refused("persona: \"unheard_of\""), HasSubstr("persona 'unheard_of'"));
  EXPECT_THAT(refused("nonsense: 1"), HasSubstr("line 1, column 9"));
  EXPECT_THAT(refused("wrapped { module: \"/none.so\" }"), HasSubstr("wrapped.module /none.so"));
  EXPECT_THAT(refused("wrapped { module: \"/lib/x86_64-linux-gnu/libc.so.6\" }"),
              HasSubstr("no PKCS#11 v2 module"));
  EXPECT_THAT(refused("hit_log: \"/nowhere/hits\""), HasSubstr("hit_log"));
  EXPECT_THAT(refused("fault { return_code { code: \"CKR_NOPE\" } }"),
              HasSubstr("fault[0].return_code.code"));
  EXPECT_THAT(refused("persona: \"plain\"", 0666), HasSubstr("chmod"));
  unlink(path.c_str());
  testing::internal::CaptureStderr();
  EXPECT_EQ(Rv(ck.Start()), "CKR_GENERAL_ERROR");
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr(path));
  unsetenv("INTAGLIO_HSMSIM_CONF");
  testing::internal::CaptureStderr();
  EXPECT_EQ(Rv(ck.Start()), "CKR_GENERAL_ERROR");
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("INTAGLIO_HSMSIM_CONF"));
  setenv("INTAGLIO_HSMSIM_CONF", hsm_->configuration_path().c_str(), 1);
  EXPECT_EQ(Rv(ck.Start()), "CKR_OK");
  EXPECT_EQ(Rv(ck.Stop()), "CKR_OK");
}

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Signatures of `threads` threads a second of processor time, which does not mind what else the
// machine does; each thread has a session and a session key of its own.
double SignaturesPerCpuSecond(const std::string& path, const SecretBytes& pin, int threads,
                              int each) {
  const TestCryptoki ck(path);
  EXPECT_EQ(Rv(ck.Start()), "CKR_OK");
  std::vector<CK_SESSION_HANDLE> sessions;
  std::vector<KeyPair> keys;
  for (int i = 0; i < threads; ++i) {
    sessions.push_back(ck.Open());
    if (i == 0) {
      EXPECT_EQ(Rv(ck.Login(sessions[0], pin)), "CKR_OK");
    }
    keys.push_back(ck.MakeP256(sessions.back(), "price"));
  }
  const double start = CpuSeconds();
  std::vector<std::thread> running;
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&, i] {
      for (int j = 0; j < each; ++j) ck.Sign(sessions[i], keys[i].private_key);
    });
  }
  for (auto& thread : running) thread.join();
  const double took = CpuSeconds() - start;
  EXPECT_EQ(Rv(ck.Stop()), "CKR_OK");
  return threads * each / took;
}

// The price of simulating nothing, as a ratio of one run; told, not judged: machines differ.
// INTAGLIO_PRICE_SIGNATURES=5000 for a figure worth quoting.
TEST_F(PassThrough, TellsItsPrice) {
  const SecretBytes pin = hsm_->softhsm().Pin();
  const char* wanted = getenv("INTAGLIO_PRICE_SIGNATURES");
  const int each = wanted != nullptr ? atoi(wanted) : 100;
  for (const uint32_t look_ms : {20u, 0u}) {
    for (const int threads : {1, 2}) {
      hsm_->Configure({.look_every_milliseconds = look_ms});
      double direct = 0;
      double simulated = 0;
      for (int round = 0; round < 7; ++round) {
        direct =
            std::max(direct, SignaturesPerCpuSecond(tokens::kSoftHsmModule, pin, threads, each));
        simulated =
            std::max(simulated, SignaturesPerCpuSecond(hsm_->module_path(), pin, threads, each));
      }
      printf(
          "%d threads, a look every %u ms: direct %.0f, simulator %.0f per CPU second, ratio "
          "%.3f\n",
          threads, look_ms, direct, simulated, simulated / direct);
    }
  }
}

}  // namespace
}  // namespace intaglio::sim
