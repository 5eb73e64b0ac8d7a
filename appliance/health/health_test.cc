// Each cause of the error state, provoked; what is refused in it, and what ends it.
#include <gtest/gtest.h>

#include <algorithm>

#include "appliance/health/checked_rng.h"
#include "appliance/health/guarded_core.h"
#include "appliance/health/reasons.h"
#include "appliance/health/self_test.h"
#include "appliance/health/watched_token.h"
#include "appliance/journal/reasons.h"
#include "base/reasons.h"
#include "intaglio/core/v1/link.pb.h"
#include "tests/support/core_fixture.h"
#include "tests/support/status_matchers.h"
#include "tokens/pkcs11/reasons.h"

namespace intaglio::appliance {
namespace {

using testing_support::FailsWith;
using testing_support::IsOk;

// Draws from the system until told to repeat one octet, or to fail.
class FaultyRng final : public Rng {
 public:
  enum class Fault { kNone, kStuck, kBiased, kDead };
  Status Fill(std::span<uint8_t> out) override {
    if (fault == Fault::kDead) return Fail(kEntropyFailed, "as asked");
    RETURN_IF_ERROR(system_.Fill(out));
    if (fault == Fault::kStuck) std::ranges::fill(out, uint8_t{7});
    for (size_t i = 0; fault == Fault::kBiased && i < out.size(); i += 2) out[i] = 7;
    return OkStatus();
  }
  Fault fault = Fault::kNone;

 private:
  SystemRng system_;
};

class FaultyJournal final : public JournalPort {
 public:
  StatusOr<JournalHead> Append(const Event& event) override {
    if (broken) return Fail(kJournalUnwritable, "as asked");
    last = event.type;
    note = event.note;
    ++lines;
    return JournalHead{};
  }
  JournalHead Head() override { return {}; }
  StatusOr<std::vector<Bytes>> Read(uint64_t, size_t, size_t) override {
    return std::vector<Bytes>();
  }
  bool broken = false;
  EventType last = EventType::kRefused;
  std::string note;
  int lines = 0;
};

class CountingCore final : public FrameHandler {
 public:
  StatusOr<Bytes> Handle(uint64_t, ByteView) override {
    ++acts;
    return Bytes();
  }
  void Closed(uint64_t) override {}
  int acts = 0;
};

Bytes Ask(const std::function<void(core::v1::CoreRequest&)>& act) {
  core::v1::CoreRequest request;
  request.set_id(1);
  act(request);
  return ToBytes(request.SerializeAsString());
}
Bytes AskToSign() {
  return Ask([](auto& request) { request.mutable_begin_activation()->set_session_id("session"); });
}

core::v1::CoreResponse Parsed(const StatusOr<Bytes>& answer) {
  core::v1::CoreResponse response;
  EXPECT_THAT(answer, IsOk());
  if (answer.ok()) response.ParseFromArray(answer->data(), static_cast<int>(answer->size()));
  return response;
}

class HealthTest : public ::testing::Test {
 protected:
  tokens::KeyLabel Label(const char* text) { return *tokens::KeyLabel::Create(text); }
  tokens::KeyId Id(uint8_t octet) { return *tokens::KeyId::Create(Bytes(16, octet)); }

  testing_support::CoreFixture core_;
  FaultyRng source_;
  ErrorState errors_;
  CheckedRng rng_{source_, errors_};
  FaultyJournal journal_;
  WatchedToken token_{core_.raw_token(), rng_, errors_};
  SelfTest self_test_{token_, Label("intaglio-record-1"), rng_, journal_, errors_};
  CountingCore behind_;
  GuardedCore guarded_{behind_, self_test_, errors_};
};

TEST_F(HealthTest, ASelfTestOfAHealthyCorePasses) {
  const auto lines = self_test_.Run();
  for (const SelfTestLine& each : lines) EXPECT_THAT(each.outcome, IsOk()) << each.name;
  EXPECT_EQ(lines.size(), 11u);
  EXPECT_EQ(journal_.last, EventType::kSelfTest);
  EXPECT_THAT(errors_.Check(), IsOk());
}

TEST_F(HealthTest, RandomOctetsPassAndStuckOrBiasedOnesDoNot) {
  for (int i = 0; i < 200; ++i) ASSERT_THAT(rng_.Draw(5000), IsOk());
  source_.fault = FaultyRng::Fault::kBiased;
  EXPECT_THAT(rng_.Draw(1024), FailsWith(kRngUnhealthy));
  EXPECT_THAT(errors_.Check(), FailsWith(kErrorState));
  source_.fault = FaultyRng::Fault::kStuck;
  Bytes out(16);
  EXPECT_THAT(rng_.Fill(out), FailsWith(kRngUnhealthy));
  EXPECT_EQ(out, Bytes(16));
}

TEST_F(HealthTest, RepetitionIsNoticedAcrossCalls) {
  source_.fault = FaultyRng::Fault::kStuck;
  for (int i = 0; i < 8; ++i) EXPECT_THAT(rng_.Draw(1), IsOk());
  EXPECT_THAT(rng_.Draw(1), FailsWith(kRngUnhealthy));
}

TEST_F(HealthTest, InTheErrorStateOnlyStatusAndSelfTestPass) {
  EXPECT_THAT(guarded_.Handle(1, AskToSign()), IsOk());
  EXPECT_EQ(behind_.acts, 1);
  source_.fault = FaultyRng::Fault::kDead;
  EXPECT_THAT(rng_.Draw(1), FailsWith(kEntropyFailed));
  const auto refused = Parsed(guarded_.Handle(1, AskToSign()));
  EXPECT_EQ(refused.failure().reason_id(), "APL-0043");
  EXPECT_NE(refused.failure().detail().find("entropy"), std::string::npos);
  EXPECT_EQ(behind_.acts, 1);
  EXPECT_THAT(guarded_.Handle(1, Ask([](auto& r) { r.mutable_status(); })), IsOk());
  EXPECT_EQ(behind_.acts, 2);

  const Bytes test = Ask([](auto& request) { request.mutable_self_test(); });
  EXPECT_FALSE(Parsed(guarded_.Handle(1, test)).self_test().passed());
  EXPECT_THAT(errors_.Check(), FailsWith(kErrorState));
  source_.fault = FaultyRng::Fault::kNone;
  const auto passed = Parsed(guarded_.Handle(1, test));
  EXPECT_TRUE(passed.self_test().passed());
  EXPECT_EQ(passed.self_test().tests_size(), 11);
  EXPECT_THAT(guarded_.Handle(1, AskToSign()), IsOk());
  EXPECT_EQ(behind_.acts, 3);
}

TEST_F(HealthTest, AJournalThatCannotBeWrittenIsACause) {
  WatchedJournal watched(journal_, errors_);
  journal_.broken = true;
  EXPECT_THAT(watched.Append({}), FailsWith(kJournalUnwritable));
  EXPECT_THAT(errors_.Check(), FailsWith(kErrorState));
  self_test_.Run();
  EXPECT_THAT(errors_.Check(), FailsWith(kErrorState));
  journal_.broken = false;
  self_test_.Run();
  EXPECT_THAT(errors_.Check(), IsOk());
}

TEST_F(HealthTest, EntryAndEndHaveALineEachAsSoonAsThereCanBeOne) {
  ErrorTeller teller(errors_, journal_);
  teller.Tell();
  EXPECT_EQ(journal_.lines, 0);
  journal_.broken = true;
  errors_.Enter(ErrorCause::kJournal, Fail(kJournalUnwritable, ""));
  teller.Tell();
  EXPECT_EQ(journal_.lines, 0);
  journal_.broken = false;
  teller.Tell();
  teller.Tell();
  EXPECT_EQ(journal_.lines, 1);
  EXPECT_EQ(journal_.last, EventType::kErrorState);
  EXPECT_EQ(journal_.note,
            "entered: journal: " + std::string(kJournalUnwritable.id) + " JOURNAL_UNWRITABLE");
  EXPECT_TRUE(errors_.Leave(errors_.Entries()));
  teller.Tell();
  teller.Tell();
  EXPECT_EQ(journal_.lines, 2);
  EXPECT_EQ(journal_.note, "left");
}

TEST_F(HealthTest, AWrongSignatureOfOursStopsTheCoreUntilItStartsAnew) {
  const auto first = token_.GenerateResident(tokens::KeyAlgorithm::kP256, Label("first"), Id(1));
  const auto second = token_.GenerateResident(tokens::KeyAlgorithm::kP256, Label("second"), Id(2));
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(second, IsOk());
  EXPECT_THAT(errors_.Check(), IsOk());
  // The first key's signature under the second's public key: what a token with a fault gives out.
  const MessageDigest digest = MessageDigest::Sha256(Digest{});
  EXPECT_THAT(token_.SignResident(Id(1), tokens::KeyAlgorithm::kP256, {second->spki_der},
                                  std::span(&digest, 1)),
              FailsWith(tokens::kOwnSignatureWrong));
  EXPECT_THAT(errors_.Check(), FailsWith(kErrorState));
  EXPECT_THAT(Verdict(self_test_.Run()), IsOk());
  EXPECT_THAT(errors_.Check(), FailsWith(kErrorState));
}

TEST_F(HealthTest, AKeyThatCannotProveItselfIsNotGivenOut) {
  source_.fault = FaultyRng::Fault::kDead;
  EXPECT_THAT(token_.GenerateResident(tokens::KeyAlgorithm::kP256, Label("k"), Id(3)),
              FailsWith(kEntropyFailed));
  source_.fault = FaultyRng::Fault::kNone;
  EXPECT_THAT(token_.DestroyResident(Id(3)), FailsWith(tokens::kKeyNotFound));
  EXPECT_THAT(token_.GenerateWrapped(tokens::KeyAlgorithm::kP256, Label("storage")), IsOk());
}

TEST_F(HealthTest, AFailingLineIsNamed) {
  SelfTest other(token_, Label("no-such-key"), rng_, journal_, errors_);
  const Status verdict = Verdict(other.Run());
  EXPECT_THAT(verdict, FailsWith(kSelfTestFailed));
  EXPECT_NE(DetailOf(verdict).find("token: AES-256-GCM"), std::string::npos);
  EXPECT_THAT(errors_.Check(), FailsWith(kErrorState));
}

TEST(ErrorStateTest, WhatIsFoundDuringASelfTestStillCounts) {
  ErrorState errors;
  errors.Enter(ErrorCause::kEntropy, Fail(kRngUnhealthy, "first"));
  const uint64_t before = errors.Entries();
  errors.Enter(ErrorCause::kEntropy, Fail(kRngUnhealthy, "meanwhile"));
  EXPECT_FALSE(errors.Leave(before));
  EXPECT_TRUE(errors.Leave(errors.Entries()));
}

}  // namespace
}  // namespace intaglio::appliance
