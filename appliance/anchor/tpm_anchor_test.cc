#include "appliance/anchor/tpm_anchor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "appliance/anchor/reasons.h"
#include "appliance/anchor/tpm_nv.h"
#include "tests/support/software_tpm.h"
#include "tests/support/status_matchers.h"

namespace intaglio::appliance {
namespace {

using ::intaglio::testing_support::FailsWith;
using ::intaglio::testing_support::IsOk;
using ::intaglio::testing_support::SoftwareTpm;

constexpr uint32_t kIndex = 0x01800123;

class TpmAnchorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    tpm_ = SoftwareTpm::Start();
    if (!tpm_) GTEST_SKIP() << "swtpm is not installed";
  }
  TpmAnchor Anchor() { return TpmAnchor({tpm_->tcti(), kIndex}); }
  std::unique_ptr<SoftwareTpm> tpm_;
};

TEST_F(TpmAnchorTest, HoldsOneMarkAndCountsUpAlsoOverPowerOff) {
  TpmAnchor anchor = Anchor();
  auto found = anchor.Read();
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(*found, std::nullopt);
  ASSERT_THAT(anchor.Found(), IsOk());
  const AnchorMark first = **anchor.Read();
  EXPECT_EQ(first.sequence, 0u);
  for (uint64_t i = 1; i <= 3; ++i) {
    ASSERT_THAT(anchor.Advance({first.counter + i, 2, 10 * i, Digest{0xab}}), IsOk());
  }
  tpm_->Stop();
  tpm_->Begin();
  EXPECT_EQ(**anchor.Read(), (AnchorMark{first.counter + 3, 2, 30, Digest{0xab}}));
  EXPECT_THAT(anchor.Advance({first.counter + 3, 2, 40, {}}), FailsWith(kAnchorBroken));
  EXPECT_THAT(anchor.Advance({first.counter + 5, 2, 40, {}}), FailsWith(kAnchorBroken));
}

TEST_F(TpmAnchorTest, AnAdvanceCutShortIsFinished) {
  TpmAnchor anchor = Anchor();
  ASSERT_THAT(anchor.Found(), IsOk());
  const AnchorMark next{(*anchor.Read())->counter + 1, 1, 7, Digest{1}};
  ASSERT_THAT((*TpmNv::Connect(tpm_->tcti()))->Write(kIndex + 1, EncodeMark(next)), IsOk());
  EXPECT_EQ(**anchor.Read(), next);
  EXPECT_EQ(**(*TpmNv::Connect(tpm_->tcti()))->ReadCounter(kIndex), next.counter);
}

TEST_F(TpmAnchorTest, AnOlderMarkPutBackDisagreesWithTheCounter) {
  TpmAnchor anchor = Anchor();
  ASSERT_THAT(anchor.Found(), IsOk());
  const AnchorMark old = **anchor.Read();
  ASSERT_THAT(anchor.Advance({old.counter + 1, 1, 7, {}}), IsOk());
  ASSERT_THAT((*TpmNv::Connect(tpm_->tcti()))->Write(kIndex + 1, EncodeMark(old)), IsOk());
  EXPECT_THAT(anchor.Read(), FailsWith(kAnchorBroken));
}

TEST_F(TpmAnchorTest, ANewCoreTakesOverTheCounterAndItGoesOn) {
  TpmAnchor anchor = Anchor();
  ASSERT_THAT(anchor.Found(), IsOk());
  const uint64_t before = (*anchor.Read())->counter;
  ASSERT_THAT(anchor.Found(), IsOk());
  EXPECT_GT((*anchor.Read())->counter, before);
  EXPECT_EQ((*anchor.Read())->sequence, 0u);
}

TEST_F(TpmAnchorTest, AnIndexOfAnotherKindIsLeftAlone) {
  ASSERT_THAT((*TpmNv::Connect(tpm_->tcti()))->Define(kIndex, TpmNv::Kind::kOctets, 8), IsOk());
  EXPECT_THAT(Anchor().Found(), FailsWith(kAnchorBroken));
  EXPECT_THAT(Anchor().Read(), FailsWith(kAnchorBroken));
}

TEST_F(TpmAnchorTest, ATpmThatIsNotThereIsUnavailable) {
  tpm_->Stop();
  EXPECT_THAT(Anchor().Read(), FailsWith(kAnchorUnavailable));
  EXPECT_THAT(Anchor().Found(), FailsWith(kAnchorUnavailable));
  EXPECT_THAT(Anchor().Advance({1, 1, 1, {}}), FailsWith(kAnchorUnavailable));
  EXPECT_THAT(TpmAnchor({"no-such-tcti", kIndex}).Read(), FailsWith(kAnchorUnavailable));
}

}  // namespace
}  // namespace intaglio::appliance
