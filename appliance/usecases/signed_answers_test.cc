// What sole control keeps in memory, and where that ends.
#include "appliance/usecases/signed_answers.h"

#include <gtest/gtest.h>

#include "appliance/domain/reasons.h"
#include "appliance/usecases/activation_table.h"

namespace intaglio::appliance {
namespace {

constexpr BootTime kNow{1000}, kLater{2000};

Nonce NonceOf(uint8_t number) { return Nonce{{number}}; }
KeyId KeyOf(uint8_t number) { return KeyId{{number}}; }

SignedAnswers::Answer AnswerOf(uint8_t key, size_t octets, BootTime forget_at = kLater) {
  return {KeyOf(key), Digest{}, {Bytes(octets, 1)}, forget_at};
}

TEST(SignedAnswersTest, GivesBackWhatWasKeptToTheSameQuestionAlone) {
  SignedAnswers answers(SignedAnswers::kLimits);
  answers.Keep(NonceOf(1), AnswerOf(1, 10), kNow);
  EXPECT_EQ(answers.Find(NonceOf(1), Digest{}, kNow).size(), 1u);
  EXPECT_TRUE(answers.Find(NonceOf(1), Digest{1}, kNow).empty());
  EXPECT_TRUE(answers.Find(NonceOf(2), Digest{}, kNow).empty());
  EXPECT_TRUE(answers.Find(NonceOf(1), Digest{}, kLater).empty());
}

TEST(SignedAnswersTest, ExpiredOnesGoWhenTheNextIsKept) {
  SignedAnswers answers(SignedAnswers::kLimits);
  answers.Keep(NonceOf(1), AnswerOf(1, 100'000), kNow);
  const size_t with_one = answers.octets();
  answers.Keep(NonceOf(2), AnswerOf(1, 100'000, BootTime{9000}), kLater);
  EXPECT_EQ(answers.octets(), with_one);
}

TEST(SignedAnswersTest, AKeyDropsItsOwnOldestFirst) {
  SignedAnswers answers({5000, 1'000'000});
  answers.Keep(NonceOf(9), AnswerOf(2, 1000), kNow);
  for (uint8_t i = 1; i <= 4; ++i) answers.Keep(NonceOf(i), AnswerOf(1, 1000), kNow);
  EXPECT_TRUE(answers.Find(NonceOf(1), Digest{}, kNow).empty());
  EXPECT_FALSE(answers.Find(NonceOf(2), Digest{}, kNow).empty());
  EXPECT_FALSE(answers.Find(NonceOf(4), Digest{}, kNow).empty());
  EXPECT_FALSE(answers.Find(NonceOf(9), Digest{}, kNow).empty()) << "another key's";
}

TEST(SignedAnswersTest, AllOfThemTogetherAreBounded) {
  SignedAnswers answers({5000, 10'000});
  for (uint8_t i = 1; i <= 20; ++i) {
    answers.Keep(NonceOf(i), AnswerOf(i, 1000), kNow);
    EXPECT_LE(answers.octets(), 10'000u);
  }
  EXPECT_TRUE(answers.Find(NonceOf(1), Digest{}, kNow).empty());
  EXPECT_FALSE(answers.Find(NonceOf(20), Digest{}, kNow).empty());
  answers.Keep(NonceOf(30), AnswerOf(30, 6000), kNow);
  EXPECT_TRUE(answers.Find(NonceOf(30), Digest{}, kNow).empty()) << "too large to keep";
}

OutstandingActivation ActivationOf(uint8_t key, BootTime expires_at = kLater) {
  return {KeyOf(key), kVersionAccepted, Digest{key}, expires_at};
}

Status Add(ActivationTable& table, uint8_t nonce, uint8_t key, const char* signer,
           BootTime now = kNow) {
  return table.Add(NonceOf(nonce), signer, ActivationOf(key), now);
}

TEST(ActivationTableTest, IsBoundedForAKeyForASignerAndInAll) {
  ActivationTable table({2, 3, 5});
  EXPECT_TRUE(Add(table, 1, 1, "mari").ok());
  EXPECT_TRUE(Add(table, 2, 1, "mari").ok());
  EXPECT_TRUE(Is(Add(table, 3, 1, "mari"), kTooManyActivations));
  EXPECT_TRUE(Add(table, 3, 2, "mari").ok());
  EXPECT_TRUE(Is(Add(table, 4, 3, "mari"), kTooManyActivations));
  EXPECT_TRUE(Add(table, 4, 4, "jaan").ok()) << "another signer is not crowded out";
  EXPECT_TRUE(Add(table, 5, 5, "jaan").ok());
  EXPECT_TRUE(Is(Add(table, 6, 6, "tiit"), kTooManyActivations));
  EXPECT_TRUE(table.Spend(NonceOf(1)));
  EXPECT_TRUE(Add(table, 6, 6, "tiit").ok());
  EXPECT_TRUE(Add(table, 7, 1, "mari", kLater).ok()) << "all have expired";
}

TEST(ActivationTableTest, ANonceIsSpentOnce) {
  ActivationTable table(ActivationTable::kLimits);
  ASSERT_TRUE(Add(table, 1, 1, "mari").ok());
  EXPECT_TRUE(table.Find(NonceOf(1), Digest{1}, kNow).ok());
  EXPECT_TRUE(Is(table.Find(NonceOf(1), Digest{2}, kNow).status(), kSadMismatch));
  EXPECT_TRUE(Is(table.Find(NonceOf(1), Digest{1}, kLater).status(), kSadSpent));
  EXPECT_TRUE(table.Spend(NonceOf(1)));
  EXPECT_FALSE(table.Spend(NonceOf(1)));
  EXPECT_TRUE(Is(table.Find(NonceOf(1), Digest{1}, kNow).status(), kSadSpent));
}

}  // namespace
}  // namespace intaglio::appliance
