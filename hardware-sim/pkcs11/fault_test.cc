// Each kind of fault, provoked by plain PKCS#11 calls on the module.
#include <gmock/gmock.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <set>
#include <thread>

#include "hardware-sim/ctl/commands.h"
#include "hardware-sim/pkcs11/test_cryptoki.h"
#include "tests/support/sim_fixture.h"
#include "tests/support/status_matchers.h"

namespace intaglio::sim {
namespace {

using testing_support::SimulatedHsm;
using testing_support::SimulatorOptions;

class Faults : public testing::Test {
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

  // A logged-in session and a key, on a device of these options.
  void StartWith(const SimulatorOptions& options) {
    hsm_->Configure(options);
    ASSERT_EQ(Rv(ck().Start()), "CKR_OK");
    session_ = ck().Open();
    ASSERT_EQ(Rv(ck().Login(session_, hsm_->softhsm().Pin())), "CKR_OK");
    key_ = ck().MakeP256(session_, "first");
  }
  void SetUp() override { StartWith({}); }

  static const TestCryptoki& ck() { return *module_; }
  std::string Sign() const { return Rv(ck().Sign(session_, key_.private_key)); }
  std::string Inject(const std::string& fault) { return hsm_->Inject(fault); }
  // Whether a fresh signature verifies; "" or what went wrong.
  std::string SignAndVerify() const {
    Bytes signature;
    const CK_RV rv = ck().Sign(session_, key_.private_key, 5, &signature);
    if (rv != CKR_OK) return Rv(rv);
    return Rv(ck().Verify(session_, key_.public_key, 5, signature));
  }

  static inline std::unique_ptr<SimulatedHsm> hsm_;
  static inline TestCryptoki* module_ = nullptr;
  CK_SESSION_HANDLE session_ = CK_INVALID_HANDLE;
  KeyPair key_;
};

TEST_F(Faults, ReturnCodeAtTheNthCallOnly) {
  const auto id =
      Inject(R"(function: "C_Sign" nth_call: 3 return_code { code: "CKR_DEVICE_MEMORY" })");
  EXPECT_EQ(Sign(), "CKR_OK");
  EXPECT_EQ(Sign(), "CKR_OK");
  EXPECT_EQ(Sign(), "CKR_DEVICE_MEMORY");
  EXPECT_EQ(Sign(), "CKR_OK") << "and the failed call left no operation behind";
  EXPECT_EQ(hsm_->HitsOf(id), 1u);
}

TEST_F(Faults, ReturnCodeAtEveryNthCallSoOften) {
  Inject(R"(function: "C_Sign" every_nth_call: 2 at_most: 2 return_code { code: "0x30" })");
  std::vector<std::string> seen;
  for (int i = 0; i < 8; ++i) seen.push_back(Sign());
  EXPECT_THAT(seen, testing::ElementsAre("CKR_OK", "CKR_DEVICE_ERROR", "CKR_OK", "CKR_DEVICE_ERROR",
                                         "CKR_OK", "CKR_OK", "CKR_OK", "CKR_OK"));
}

TEST_F(Faults, EveryOperationThatFailedCanBeStartedAnew) {
  Inject(R"(function: "C_Verify" return_code { code: "CKR_DEVICE_ERROR" })");
  EXPECT_EQ(SignAndVerify(), "CKR_DEVICE_ERROR");
  EXPECT_EQ(SignAndVerify(), "CKR_DEVICE_ERROR") << "not CKR_OPERATION_ACTIVE";
  hsm_->Clear();
  EXPECT_EQ(SignAndVerify(), "CKR_OK");
  Inject(R"(function: "C_Digest" return_code { code: "CKR_DEVICE_ERROR" })");
  CK_MECHANISM sha256{CKM_SHA256, nullptr, 0};
  CK_BYTE text[3] = {1, 2, 3};
  CK_BYTE digest[32];
  CK_ULONG size = sizeof digest;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Rv(ck()->C_DigestInit(session_, &sha256)), "CKR_OK");
    EXPECT_EQ(Rv(ck()->C_Digest(session_, text, 3, digest, &size)), "CKR_DEVICE_ERROR");
  }
}

TEST_F(Faults, AnswerLostAfterTheCallWasMade) {
  Inject(
      R"(function: "C_GenerateKeyPair" at_most: 1
         return_code { code: "CKR_DEVICE_ERROR" when: WHEN_AFTER_THE_CALL })");
  KeyPair lost;
  EXPECT_EQ(Rv(ck().MakeP256(session_, "orphan", Kept::kSession, &lost)), "CKR_DEVICE_ERROR");
  char label[] = "orphan";
  CK_ATTRIBUTE wanted{CKA_LABEL, label, 6};
  CK_OBJECT_HANDLE found[3];
  CK_ULONG count = 0;
  ASSERT_EQ(Rv(ck()->C_FindObjectsInit(session_, &wanted, 1)), "CKR_OK");
  ASSERT_EQ(Rv(ck()->C_FindObjects(session_, found, 3, &count)), "CKR_OK");
  EXPECT_EQ(count, 2u) << "the keys are there, though their maker was told otherwise";
  EXPECT_EQ(Rv(ck()->C_FindObjectsFinal(session_)), "CKR_OK");
}

TEST_F(Faults, MatchedByMechanismLabelAndSession) {
  const KeyPair second = ck().MakeP256(session_, "second");
  const CK_SESSION_HANDLE other = ck().Open();
  Inject(R"(id: "by-label" function: "C_Sign" key_label: "second"
            return_code { code: "CKR_DEVICE_ERROR" })");
  EXPECT_EQ(Sign(), "CKR_OK");
  EXPECT_EQ(Rv(ck().Sign(session_, second.private_key)), "CKR_DEVICE_ERROR");
  hsm_->Clear("by-label");
  Inject(R"(id: "by-session" session_ordinal: 2 return_code { code: "CKR_DEVICE_ERROR" })");
  EXPECT_EQ(Sign(), "CKR_OK");
  EXPECT_EQ(Rv(ck().Sign(other, key_.private_key)), "CKR_DEVICE_ERROR");
  hsm_->Clear("by-session");
  Inject(R"(id: "not-this" mechanism: "CKM_RSA_PKCS" return_code { code: "CKR_DEVICE_ERROR" })");
  EXPECT_EQ(Sign(), "CKR_OK");
  Inject(R"(id: "this" function: "C_Sign*" mechanism: "0x1041"
            return_code { code: "CKR_DEVICE_ERROR" })");
  EXPECT_EQ(Sign(), "CKR_DEVICE_ERROR");
  EXPECT_THAT(hsm_->Hits().back(), testing::HasSubstr(R"("mechanism":"CKM_ECDSA")"));
}

TEST_F(Faults, TimeSinceTheFaultCame) {
  Inject(R"(function: "C_Sign" after_milliseconds: 60000 until_milliseconds: 120000
            return_code { code: "CKR_DEVICE_ERROR" })");
  EXPECT_EQ(Sign(), "CKR_OK");
  hsm_->Advance(61'000);
  EXPECT_EQ(Sign(), "CKR_DEVICE_ERROR");
  hsm_->Advance(60'000);
  EXPECT_EQ(Sign(), "CKR_OK");
}

TEST_F(Faults, FirstDueEntryActsAndPassShieldsTheRest) {
  Inject(R"(id: "shield" function: "C_Sign" at_most: 1 pass {})");
  Inject(R"(id: "any" function: "C_Sign" return_code { code: "CKR_DEVICE_ERROR" })");
  EXPECT_EQ(Sign(), "CKR_OK");
  EXPECT_EQ(Sign(), "CKR_DEVICE_ERROR");
  EXPECT_EQ(hsm_->HitsOf("shield"), 1u);
  EXPECT_EQ(hsm_->HitsOf("any"), 1u);
}

TEST_F(Faults, DelayLetsLaterEntriesAct) {
  Inject(R"(id: "slow" function: "C_Sign" delay { milliseconds: 30 })");
  Inject(R"(id: "fails" function: "C_Sign" return_code { code: "CKR_DEVICE_ERROR" })");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(Sign(), "CKR_DEVICE_ERROR");
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(30));
  EXPECT_EQ(hsm_->HitsOf("slow"), 1u);
}

TEST_F(Faults, HangLastsUntilClearedAndOthersGoOn) {
  const auto id = Inject(R"(function: "C_Sign" session_ordinal: 1 hang {})");
  std::atomic<bool> back{false};
  std::string rv;
  std::thread hung([&] {
    rv = Sign();
    back = true;
  });
  while (hsm_->HitsOf(id) == 0) std::this_thread::yield();
  const CK_SESSION_HANDLE other = ck().Open();
  EXPECT_EQ(Rv(ck().Sign(other, key_.private_key)), "CKR_OK");
  EXPECT_FALSE(back);
  hsm_->Clear(id);
  hung.join();
  EXPECT_EQ(rv, "CKR_OK");
}

TEST_F(Faults, HangEndsAtItsBoundWithItsCode) {
  Inject(R"(function: "C_Sign" hang { at_most_milliseconds: 20 code: "CKR_FUNCTION_CANCELED" })");
  EXPECT_EQ(Sign(), "CKR_FUNCTION_CANCELED");
  hsm_->Clear();
  EXPECT_EQ(Sign(), "CKR_OK");
}

TEST_F(Faults, WrongSignatureVerifiesUnderNoKey) {
  for (const char* how : {"SPOILING_UNSPECIFIED", "SPOILING_ZEROS", "SPOILING_RANDOM"}) {
    const auto id = Inject(std::string("wrong_signature { how: ") + how + " }");
    EXPECT_EQ(SignAndVerify(), "CKR_SIGNATURE_INVALID") << how;
    hsm_->Clear(id);
    EXPECT_EQ(SignAndVerify(), "CKR_OK");
  }
}

TEST_F(Faults, AskingForTheLengthOfASignatureIsNoSignature) {
  const auto id = Inject("wrong_signature {}");
  CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
  ASSERT_EQ(Rv(ck()->C_SignInit(session_, &mechanism, key_.private_key)), "CKR_OK");
  CK_BYTE digest[32] = {};
  CK_ULONG size = 0;
  EXPECT_EQ(Rv(ck()->C_Sign(session_, digest, 32, nullptr, &size)), "CKR_OK");
  EXPECT_EQ(size, 64u);
  EXPECT_EQ(hsm_->HitsOf(id), 0u);
  CK_BYTE out[64];
  EXPECT_EQ(Rv(ck()->C_Sign(session_, digest, 32, out, &size)), "CKR_OK");
  EXPECT_EQ(hsm_->HitsOf(id), 1u);
}

TEST_F(Faults, SignatureBeforeThisOneOnceMore) {
  Inject(R"(nth_call: 1 duplicate_signature {})");
  Bytes first, second, third;
  ASSERT_EQ(Rv(ck().Sign(session_, key_.private_key, 1, &first)), "CKR_OK");
  ASSERT_EQ(Rv(ck().Sign(session_, key_.private_key, 2, &second)), "CKR_OK");
  EXPECT_EQ(first, second);
  ASSERT_EQ(Rv(ck().Sign(session_, key_.private_key, 2, &third)), "CKR_OK");
  EXPECT_NE(second, third);
}

TEST_F(Faults, AttributesLie) {
  CK_BBOOL flag = CK_FALSE;
  const auto read = [&](CK_ATTRIBUTE_TYPE type) {
    const CK_RV rv = ck().ReadFlag(session_, key_.private_key, type, &flag);
    return rv == CKR_OK ? (flag ? "true" : "false") : Rv(rv);
  };
  EXPECT_EQ(read(CKA_LOCAL), "true");
  EXPECT_EQ(read(CKA_NEVER_EXTRACTABLE), "true");
  Inject(R"(set_attribute { attribute: "CKA_LOCAL" flag: false })");
  EXPECT_EQ(read(CKA_LOCAL), "false");
  EXPECT_EQ(read(CKA_NEVER_EXTRACTABLE), "true");
  Inject(R"(set_attribute { attribute: "CKA_NEVER_EXTRACTABLE" flag: false })");
  EXPECT_EQ(read(CKA_NEVER_EXTRACTABLE), "false");
  hsm_->Clear();
  EXPECT_EQ(read(CKA_LOCAL), "true");
  Inject(R"(hide_attribute { attribute: "CKA_LOCAL" })");
  EXPECT_EQ(read(CKA_LOCAL), "CKR_ATTRIBUTE_TYPE_INVALID");
  hsm_->Clear();

  CK_ULONG type = 0;
  CK_ATTRIBUTE wanted{CKA_KEY_TYPE, &type, sizeof type};
  Inject(R"(set_attribute { attribute: "CKA_KEY_TYPE" number: 0 })");
  EXPECT_EQ(Rv(ck()->C_GetAttributeValue(session_, key_.private_key, &wanted, 1)), "CKR_OK");
  EXPECT_EQ(type, CK_ULONG{CKK_RSA});
}

TEST_F(Faults, LyingAboutLengthsFollowsTheCallersBuffer) {
  Inject(R"(set_attribute { attribute: "CKA_LABEL" octets: "a longer label than there is room" })");
  char room[8];
  CK_ATTRIBUTE wanted{CKA_LABEL, nullptr, 0};
  EXPECT_EQ(Rv(ck()->C_GetAttributeValue(session_, key_.private_key, &wanted, 1)), "CKR_OK");
  EXPECT_EQ(wanted.ulValueLen, 33u);
  wanted = {CKA_LABEL, room, sizeof room};
  EXPECT_EQ(Rv(ck()->C_GetAttributeValue(session_, key_.private_key, &wanted, 1)),
            "CKR_BUFFER_TOO_SMALL");
  EXPECT_EQ(wanted.ulValueLen, CK_UNAVAILABLE_INFORMATION);
}

TEST_F(Faults, OneBitOfAnAttributeIsWrong) {
  const auto read = [&] {
    Bytes point(80);
    CK_ATTRIBUTE wanted{CKA_EC_POINT, point.data(), point.size()};
    EXPECT_EQ(Rv(ck()->C_GetAttributeValue(session_, key_.public_key, &wanted, 1)), "CKR_OK");
    point.resize(wanted.ulValueLen);
    return point;
  };
  const Bytes right = read();
  Inject(R"(corrupt_attribute { attribute: "CKA_EC_POINT" })");
  const Bytes wrong = read();
  ASSERT_EQ(right.size(), wrong.size());
  int bits = 0;
  for (size_t i = 0; i < right.size(); ++i) bits += __builtin_popcount(right[i] ^ wrong[i]);
  EXPECT_EQ(bits, 1);
}

TEST_F(Faults, LostSessionIsGoneAndItsObjectsToo) {
  const CK_SESSION_HANDLE other = ck().Open();
  Inject(R"(function: "C_Sign" nth_call: 1 lose_session {})");
  EXPECT_EQ(Sign(), "CKR_SESSION_HANDLE_INVALID");
  EXPECT_EQ(Sign(), "CKR_SESSION_HANDLE_INVALID");
  CK_SESSION_INFO about{};
  EXPECT_EQ(Rv(ck()->C_GetSessionInfo(other, &about)), "CKR_OK");
  EXPECT_EQ(about.state, CK_STATE{CKS_RW_USER_FUNCTIONS}) << "the other session keeps the login";
  EXPECT_NE(Rv(ck().Sign(other, key_.private_key)), "CKR_OK") << "its session objects went with it";
}

TEST_F(Faults, AllSessionsAndTheLoginLost) {
  const CK_SESSION_HANDLE other = ck().Open();
  Inject(R"(function: "C_Sign" nth_call: 1 lose_session { scope: SESSION_SCOPE_ALL })");
  EXPECT_EQ(Sign(), "CKR_SESSION_HANDLE_INVALID");
  CK_SESSION_INFO about{};
  EXPECT_EQ(Rv(ck()->C_GetSessionInfo(other, &about)), "CKR_SESSION_HANDLE_INVALID");
  ASSERT_EQ(Rv(ck()->C_GetSessionInfo(ck().Open(), &about)), "CKR_OK");
  EXPECT_EQ(about.state, CK_STATE{CKS_RW_PUBLIC_SESSION});
}

TEST_F(Faults, LostLogin) {
  Inject(R"(function: "C_SignInit" nth_call: 1 lose_login {})");
  EXPECT_EQ(Sign(), "CKR_USER_NOT_LOGGED_IN");
  CK_SESSION_INFO about{};
  ASSERT_EQ(Rv(ck()->C_GetSessionInfo(session_, &about)), "CKR_OK");
  EXPECT_EQ(about.state, CK_STATE{CKS_RW_PUBLIC_SESSION});
  EXPECT_EQ(Rv(ck().Login(session_, hsm_->softhsm().Pin())), "CKR_OK");
}

TEST_F(Faults, TokenPulledForSomeCallsAndBackWithItsKeys) {
  KeyPair kept;
  ASSERT_EQ(Rv(ck().MakeP256(session_, "kept", Kept::kToken, &kept)), "CKR_OK");
  const CK_SLOT_ID slot = ck().Slot();
  Inject(R"(function: "C_Sign" nth_call: 1 remove_token { calls: 5 })");
  EXPECT_EQ(Sign(), "CKR_DEVICE_REMOVED");
  EXPECT_EQ(Sign(), "CKR_DEVICE_REMOVED");
  CK_TOKEN_INFO token{};
  EXPECT_EQ(Rv(ck()->C_GetTokenInfo(slot, &token)), "CKR_TOKEN_NOT_PRESENT");
  CK_SLOT_INFO about{};
  ASSERT_EQ(Rv(ck()->C_GetSlotInfo(slot, &about)), "CKR_OK");
  EXPECT_EQ(about.flags & CKF_TOKEN_PRESENT, 0u);
  CK_ULONG count = 7;
  EXPECT_EQ(Rv(ck()->C_GetSlotList(CK_TRUE, nullptr, &count)), "CKR_OK");
  EXPECT_EQ(count, 0u);
  // That were five. It is back, without the sessions there were.
  EXPECT_EQ(Rv(ck()->C_GetTokenInfo(slot, &token)), "CKR_OK");
  EXPECT_EQ(Sign(), "CKR_SESSION_HANDLE_INVALID");
  session_ = ck().Open();
  ASSERT_EQ(Rv(ck().Login(session_, hsm_->softhsm().Pin())), "CKR_OK");
  CK_OBJECT_CLASS kind = CKO_PRIVATE_KEY;
  char label[] = "kept";
  CK_ATTRIBUTE wanted[] = {{CKA_LABEL, label, 4}, {CKA_CLASS, &kind, sizeof kind}};
  CK_OBJECT_HANDLE found = CK_INVALID_HANDLE;
  ASSERT_EQ(Rv(ck()->C_FindObjectsInit(session_, wanted, 2)), "CKR_OK");
  ASSERT_EQ(Rv(ck()->C_FindObjects(session_, &found, 1, &count)), "CKR_OK");
  ASSERT_EQ(count, 1u);
  EXPECT_EQ(Rv(ck()->C_FindObjectsFinal(session_)), "CKR_OK");
  EXPECT_EQ(Rv(ck().Sign(session_, found)), "CKR_OK");
  EXPECT_EQ(Rv(ck()->C_DestroyObject(session_, found)), "CKR_OK");
}

TEST_F(Faults, TokenPulledForATimeAndBackInAnotherSlot) {
  const CK_SLOT_ID before = ck().Slot();
  Inject(R"(function: "C_Sign" nth_call: 1 remove_token { milliseconds: 60000 other_slot: true })");
  EXPECT_EQ(Sign(), "CKR_DEVICE_REMOVED");
  EXPECT_TRUE(ck().Slots().empty());
  hsm_->Advance(60'000);
  const CK_SLOT_ID after = ck().Slot();
  EXPECT_NE(before, after);
  CK_TOKEN_INFO token{};
  EXPECT_EQ(Rv(ck()->C_GetTokenInfo(before, &token)), "CKR_SLOT_ID_INVALID");
}

TEST_F(Faults, TokenComesBackWhenTheFaultIsCleared) {
  const auto id = Inject(R"(function: "C_Sign" remove_token {})");
  EXPECT_EQ(Sign(), "CKR_DEVICE_REMOVED");
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(ck().Slots().empty());
  hsm_->Clear(id);
  EXPECT_FALSE(ck().Slots().empty());
}

TEST_F(Faults, SlotsRenumberedUnderLivingSessions) {
  const auto before = ck().Slots();
  ASSERT_GE(before.size(), 2u);
  Inject(R"(function: "C_Sign" nth_call: 1 renumber_slots {})");
  EXPECT_EQ(Sign(), "CKR_OK");
  const auto after = ck().Slots();
  for (const CK_SLOT_ID slot : after) EXPECT_THAT(before, testing::Not(testing::Contains(slot)));
  CK_SESSION_INFO about{};
  ASSERT_EQ(Rv(ck()->C_GetSessionInfo(session_, &about)), "CKR_OK");
  EXPECT_EQ(about.slotID, ck().Slot());
  EXPECT_EQ(Sign(), "CKR_OK");
}

TEST_F(Faults, DeviceErrorForSomeCalls) {
  Inject(R"(function: "C_Sign" nth_call: 1 device_error { calls: 3 })");
  Bytes random;
  EXPECT_EQ(Sign(), "CKR_DEVICE_ERROR");
  EXPECT_EQ(Rv(ck().Random(session_, &random)), "CKR_DEVICE_ERROR");
  EXPECT_FALSE(ck().Slots().empty()) << "the library still answers for itself";
  EXPECT_EQ(Sign(), "CKR_DEVICE_ERROR");
  EXPECT_EQ(Sign(), "CKR_OK");
}

TEST_F(Faults, OnlyInitialisingAnewHeals) {
  Inject(R"(function: "C_Sign" until_initialize: true device_error { code: "CKR_GENERAL_ERROR" })");
  EXPECT_EQ(Sign(), "CKR_GENERAL_ERROR");
  EXPECT_EQ(Sign(), "CKR_GENERAL_ERROR");
  ASSERT_EQ(Rv(ck().Stop()), "CKR_OK");
  ASSERT_EQ(Rv(ck().Start()), "CKR_OK");
  session_ = ck().Open();
  ASSERT_EQ(Rv(ck().Login(session_, hsm_->softhsm().Pin())), "CKR_OK");
  key_ = ck().MakeP256(session_, "again");
  EXPECT_EQ(Sign(), "CKR_OK");
}

TEST_F(Faults, CrashLeavesItsLine) {
  Inject(R"(id: "crash" function: "C_Sign" nth_call: 2 crash {})");
  EXPECT_EQ(Sign(), "CKR_OK");
  EXPECT_EXIT(Sign(), testing::KilledBySignal(SIGABRT), "");
  EXPECT_EQ(hsm_->HitsOf("crash"), 1u);
}

TEST_F(Faults, RandomOctetsGetStuck) {
  Bytes first;
  Bytes second;
  ASSERT_EQ(Rv(ck().Random(session_, &first)), "CKR_OK");
  ASSERT_EQ(Rv(ck().Random(session_, &second)), "CKR_OK");
  EXPECT_NE(first, second);
  Inject("stuck_random { octet: 7 }");
  ASSERT_EQ(Rv(ck().Random(session_, &first)), "CKR_OK");
  EXPECT_EQ(first, Bytes(32, 7));
}

TEST_F(Faults, FullDiskRefusesObjectsAndNothingElse) {
  Inject("disk_full {}");
  KeyPair none;
  EXPECT_EQ(Rv(ck().MakeP256(session_, "x", Kept::kToken, &none)), "CKR_DEVICE_MEMORY");
  EXPECT_EQ(Rv(ck().MakeP256(session_, "x", Kept::kSession, &none)), "CKR_DEVICE_MEMORY");
  CK_OBJECT_HANDLE copy = CK_INVALID_HANDLE;
  EXPECT_EQ(Rv(ck()->C_CopyObject(session_, key_.private_key, nullptr, 0, &copy)),
            "CKR_DEVICE_MEMORY");
  EXPECT_EQ(Sign(), "CKR_OK");
}

TEST_F(Faults, InitialisingFails) {
  ASSERT_EQ(Rv(ck().Stop()), "CKR_OK");
  hsm_->Configure({.fields = R"(fault { function: "C_Initialize" nth_call: 1
                                return_code { code: "CKR_DEVICE_ERROR" } })"});
  EXPECT_EQ(Rv(ck().Start()), "CKR_DEVICE_ERROR");
  EXPECT_EQ(Rv(ck()->C_GetInfo(nullptr)), "CKR_CRYPTOKI_NOT_INITIALIZED");
  EXPECT_EQ(Rv(ck().Start()), "CKR_OK") << "counters outlive a failed start";
}

TEST_F(Faults, ConfiguredFaultsCanBeClearedToo) {
  ck().Stop();
  StartWith(
      {.fields = R"(fault { id: "a" function: "C_Sign" return_code { code: "CKR_DEVICE_ERROR" } }
                          fault { function: "C_SignInit" return_code { code: "CKR_DEVICE_MEMORY" } })"});
  EXPECT_EQ(Sign(), "CKR_DEVICE_MEMORY");
  hsm_->Clear("fault-2");
  EXPECT_EQ(Sign(), "CKR_DEVICE_ERROR");
  hsm_->Clear();
  EXPECT_EQ(Sign(), "CKR_OK");
}

TEST_F(Faults, SameFaultInjectedAgainIsANewOne) {
  const std::string once =
      R"(id: "once" function: "C_Sign" nth_call: 1 return_code { code: "CKR_DEVICE_ERROR" })";
  Inject(once);
  EXPECT_EQ(Sign(), "CKR_DEVICE_ERROR");
  EXPECT_EQ(Sign(), "CKR_OK");
  hsm_->Clear();
  Inject(once);
  EXPECT_EQ(Sign(), "CKR_DEVICE_ERROR");
}

TEST_F(Faults, BrokenLiveFileLeavesThePlanInForce) {
  Inject(R"(function: "C_Sign" return_code { code: "CKR_DEVICE_ERROR" })");
  EXPECT_EQ(Sign(), "CKR_DEVICE_ERROR");
  testing::internal::CaptureStderr();
  FILE* live = fopen((hsm_->configuration_path() + ".live").c_str(), "w");
  fputs("fault { nonsense: 1 }", live);
  fclose(live);
  EXPECT_EQ(Sign(), "CKR_DEVICE_ERROR");
  EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::HasSubstr("nonsense"));
}

// The same seed spoils the same calls in the same way, whatever came before it in the process.
TEST_F(Faults, SeedMakesARunRepeat) {
  const auto run = [&](int seed) {
    ck().Stop();
    StartWith({.fields = "seed: " + std::to_string(seed) +
                         R"( fault { function: "C_GenerateRandom" percent: 40
                                     return_code { code: "CKR_DEVICE_ERROR" } })"});
    std::string out;
    Bytes random;
    for (int i = 0; i < 64; ++i) {
      out += ck().Random(session_, &random) == CKR_OK ? '.' : 'x';
    }
    return out;
  };
  const std::string first = run(1);
  EXPECT_EQ(run(2).size(), 64u);
  EXPECT_EQ(run(1), first);
  EXPECT_NE(run(2), first);
  EXPECT_THAT(first, testing::HasSubstr("x"));
  EXPECT_THAT(first, testing::HasSubstr("."));
}

// A run under chance and time, repeated from its record alone: the same calls fail, and a spoilt
// answer is spoilt alike.
TEST_F(Faults, RecordedRunRepeats) {
  const auto run = [&] {
    std::string out;
    for (int i = 0; i < 48; ++i) {
      Bytes random;
      const CK_RV rv = ck().Random(session_, &random);
      out += rv != CKR_OK ? 'x' : random == Bytes(random.size(), 7) ? '7' : '.';
    }
    return out;
  };
  ck().Stop();
  StartWith({.fields = R"(seed: 4
    fault { id: "chance" function: "C_GenerateRandom" percent: 30 device_error { calls: 1 } }
    fault { id: "later" after_milliseconds: 2000 percent: 50 stuck_random { octet: 7 } })"});
  std::string first = run();
  hsm_->Advance(3000);
  first += run();
  EXPECT_GT(hsm_->HitsOf("chance"), 4u);
  EXPECT_GT(hsm_->HitsOf("later"), 4u);
  ck().Stop();
  const std::string again = hsm_->configuration_path() + ".again";
  const std::vector<std::string> command = {"replay", hsm_->configuration_path(), "--out", again};
  ASSERT_THAT(RunCommand(command), testing_support::IsOk());
  ASSERT_EQ(setenv("INTAGLIO_HSMSIM_CONF", again.c_str(), 1), 0);
  ASSERT_EQ(Rv(ck().Start()), "CKR_OK");
  session_ = ck().Open();
  std::string second = run();
  second += run();
  EXPECT_EQ(second, first);
  EXPECT_EQ(setenv("INTAGLIO_HSMSIM_CONF", hsm_->configuration_path().c_str(), 1), 0);
}

// Faults that end sessions under eight signing threads: every call gets an answer of PKCS#11, and
// the wrapped module, which would crash over it, never loses a session under a call.
TEST_F(Faults, SessionsAndLoginsLostUnderEightThreads) {
  std::atomic<bool> stop{false};
  std::atomic<int> signatures{0};
  std::vector<std::thread> threads;
  const SecretBytes pin = hsm_->softhsm().Pin();
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      while (!stop) {
        CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
        if (ck().Open(&session) != CKR_OK) continue;
        ck().Login(session, pin);
        KeyPair key;
        if (ck().MakeP256(session, "mine", Kept::kSession, &key) == CKR_OK) {
          for (int j = 0; j < 20; ++j) signatures += ck().Sign(session, key.private_key) == CKR_OK;
        }
        ck()->C_CloseSession(session);
      }
    });
  }
  for (int i = 0; i < 15; ++i) {
    for (const char* fault :
         {R"(function: "C_Sign" nth_call: 5 lose_session {})",
          R"(function: "C_Sign" nth_call: 9 lose_session { scope: SESSION_SCOPE_ALL })",
          R"(function: "C_SignInit" nth_call: 7 lose_login {})"}) {
      const auto id = Inject(fault);
      while (hsm_->HitsOf(id) == 0) std::this_thread::yield();
      hsm_->Clear(id);
    }
  }
  const int before = signatures;
  while (signatures < before + 100) std::this_thread::yield();
  stop = true;
  for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace intaglio::sim
