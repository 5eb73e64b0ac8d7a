// When the core stops believing its clock. [R-TIM-1]
#include "appliance/usecases/trusted_time.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "appliance/domain/reasons.h"

namespace intaglio::appliance {
namespace {

class TrustedTimeTest : public ::testing::Test {
 protected:
  // Both clocks go on, the wall clock by `wall_extra` more than the other.
  void Pass(Duration boot, Duration wall_extra) {
    const WallTime wall = clock_.Now() + boot + wall_extra;
    clock_.Advance(boot);
    clock_.SetWall(wall);
  }
  bool Stopped() { return Is(time_.Now().status(), kTimeUnconfirmed); }

  FakeClock clock_{WallTime{1'795'000'000'000}};
  std::vector<std::string> stops_;
  TrustedTime time_{clock_, WallTime{},
                    [this](const std::string& seen) { stops_.push_back(seen); }};
};

TEST_F(TrustedTimeTest, ManySmallStepsForwardAddUpToOne) {
  for (int i = 0; i < 4; ++i) {
    Pass(kMinute, kMinute);
    ASSERT_FALSE(Stopped()) << i;
  }
  Pass(kMinute, kMinute + kSecond);
  EXPECT_TRUE(Stopped());
  EXPECT_EQ(stops_.size(), 1u);
  EXPECT_TRUE(Stopped());
  EXPECT_EQ(stops_.size(), 1u) << "told once";
}

TEST_F(TrustedTimeTest, AClockThatStandsStillIsNoticed) {
  for (int i = 0; i < 5; ++i) {
    Pass(kMinute, -kMinute);
    ASSERT_FALSE(Stopped()) << i;
  }
  Pass(kMinute, -kMinute);
  EXPECT_TRUE(Stopped());
}

TEST_F(TrustedTimeTest, AStepBackIsNoticedHoweverLongNobodyAsked) {
  Pass(kHour, -59 * kMinute);
  EXPECT_TRUE(Stopped());
}

TEST_F(TrustedTimeTest, WhatNtpMaySlewDoesNotAddUp) {
  for (int day = 0; day < 60; ++day) {
    // 400 ppm: 34 s a day, half an hour in the end.
    Pass(kDay, kDay / 2500);
    ASSERT_FALSE(Stopped()) << day;
  }
}

TEST_F(TrustedTimeTest, TimeNeverGoesBackWithinWhatIsTolerated) {
  const WallTime first = *time_.Now();
  clock_.SetWall(first - kSecond);
  EXPECT_EQ(*time_.Now(), first);
  clock_.SetWall(first - 2 * kSecond - 1);
  EXPECT_TRUE(Stopped());
}

TEST_F(TrustedTimeTest, AConfirmationBeginsAnew) {
  Pass(kMinute, 10 * kMinute);
  ASSERT_TRUE(Stopped());
  ASSERT_TRUE(time_.Confirm(clock_.Now()).ok());
  Pass(kMinute, 4 * kMinute);
  EXPECT_FALSE(Stopped());
}

}  // namespace
}  // namespace intaglio::appliance
