// Shares of a PIN: the field's arithmetic in full, every subset, and shares that are damaged, mixed
// or too few.
#include "appliance/pin/pin_shares.h"

#include <gtest/gtest.h>

#include <map>

#include "appliance/domain/reasons.h"
#include "appliance/pin/gf256.h"

namespace intaglio::appliance {
namespace {

// Multiplication as in a textbook: polynomials, then the remainder.
uint8_t Textbook(unsigned a, unsigned b) {
  unsigned product = 0;
  for (unsigned bit = 0; bit < 8; ++bit) {
    if (b >> bit & 1) product ^= a << bit;
  }
  for (unsigned bit = 14; bit >= 8; --bit) {
    if (product >> bit & 1) product ^= 0x11bu << (bit - 8);
  }
  return static_cast<uint8_t>(product);
}

TEST(Gf256Test, EveryProductIsTheTextbooks) {
  for (unsigned a = 0; a < 256; ++a) {
    for (unsigned b = 0; b < 256; ++b) {
      ASSERT_EQ(GfMultiply(static_cast<uint8_t>(a), static_cast<uint8_t>(b)), Textbook(a, b));
    }
  }
}

TEST(Gf256Test, EveryInverseIsOne) {
  EXPECT_EQ(GfInverse(0), 0);
  for (unsigned a = 1; a < 256; ++a) {
    const auto octet = static_cast<uint8_t>(a);
    ASSERT_EQ(GfMultiply(octet, GfInverse(octet)), 1) << a;
  }
}

SecretBytes Secret(const std::string& text) { return SecretBytes::CopyOf(AsBytes(text)); }

PinShare Copy(const PinShare& share) {
  return {share.set, share.index, share.need, share.count,
          SecretBytes::CopyOf(share.octets.Expose())};
}

std::vector<PinShare> Split(const std::string& pin, unsigned need, unsigned count) {
  SystemRng rng;
  auto shares = SplitPin(Secret(pin), {need, count}, rng);
  EXPECT_TRUE(shares.ok()) << shares.status();
  return *std::move(shares);
}

TEST(PinSharesTest, EverySubsetOfEnoughSharesMakesThePin) {
  for (unsigned count = 2; count <= 6; ++count) {
    for (unsigned need = 2; need <= count; ++need) {
      const auto shares = Split("123456-secret", need, count);
      for (unsigned subset = 0; subset < 1u << count; ++subset) {
        if (static_cast<unsigned>(__builtin_popcount(subset)) != need) continue;
        std::vector<PinShare> some;
        for (unsigned i = 0; i < count; ++i) {
          if (subset >> i & 1) some.push_back(Copy(shares[i]));
        }
        const auto pin = JoinPin(some);
        ASSERT_TRUE(pin.ok()) << pin.status();
        ASSERT_TRUE(*pin == Secret("123456-secret"));
      }
    }
  }
}

// One share of two is uniform whatever the PIN: each octet value comes up about as often for two
// very different PINs.
TEST(PinSharesTest, OneShareFewerSaysNothing) {
  constexpr int kSplits = 25'600;
  for (const std::string pin : {"\x01", "\xff"}) {
    std::map<uint8_t, int> seen;
    SystemRng rng;
    for (int i = 0; i < kSplits / 10; ++i) {
      const auto shares = SplitPin(Secret(pin + std::string(9, pin[0])), {2, 2}, rng);
      ASSERT_TRUE(shares.ok());
      for (size_t octet = 0; octet < 10; ++octet) ++seen[(*shares)[0].octets.Expose()[octet]];
    }
    double chi_square = 0;
    for (unsigned value = 0; value < 256; ++value) {
      const double off = seen[static_cast<uint8_t>(value)] - kSplits / 256.0;
      chi_square += off * off / (kSplits / 256.0);
    }
    // 255 degrees of freedom: mean 255, deviation 22.6; eight deviations.
    EXPECT_LT(chi_square, 436) << ToHex(AsBytes(pin));
  }
}

TEST(PinSharesTest, CountsAndPinAreBounded) {
  SystemRng rng;
  for (const ShareCounts counts :
       {ShareCounts{1, 3}, ShareCounts{0, 0}, ShareCounts{4, 3}, ShareCounts{2, 17}}) {
    EXPECT_TRUE(Is(SplitPin(Secret("1234"), counts, rng).status(), kPinShareRefused));
  }
  EXPECT_TRUE(Is(SplitPin(SecretBytes(), {2, 3}, rng).status(), kPinShareRefused));
  EXPECT_TRUE(Is(SplitPin(SecretBytes(256), {2, 3}, rng).status(), kPinShareRefused));
  EXPECT_TRUE(SplitPin(SecretBytes(255), {16, 16}, rng).ok());
}

TEST(PinSharesTest, ALineComesBackAndADamagedOneDoesNot) {
  const auto shares = Split("98765432", 2, 3);
  const SecretBytes line = WriteShare(shares[1]);
  const auto read = ReadShare(line);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->index, 2);
  EXPECT_EQ(read->need, 2);
  EXPECT_EQ(read->count, 3);
  EXPECT_TRUE(read->octets == shares[1].octets);
  for (size_t i = 0; i < line.size(); ++i) {
    SecretBytes bad = SecretBytes::CopyOf(line.Expose());
    bad.ExposeMutable()[i] ^= 1;
    ASSERT_TRUE(Is(ReadShare(bad).status(), kPinShareRefused)) << i;
    ASSERT_FALSE(ReadShare(SecretBytes::CopyOf(line.Expose().first(i))).ok()) << i;
  }
  EXPECT_FALSE(ReadShare(SecretBytes()).ok());
  EXPECT_FALSE(ReadShare(SecretBytes(2000)).ok());
}

TEST(PinSharesTest, SharesOfTwoSplitsMakeNoPin) {
  auto one = Split("11111111", 2, 3), other = Split("11111111", 2, 3);
  std::vector<PinShare> mixed;
  mixed.push_back(Copy(one[0]));
  mixed.push_back(Copy(other[1]));
  EXPECT_TRUE(Is(JoinPin(mixed).status(), kPinShareRefused));
  mixed[1].set = mixed[0].set;  // as if the sets had not told
  EXPECT_TRUE(Is(JoinPin(mixed).status(), kPinShareRefused));
  mixed[1] = Copy(one[0]);
  EXPECT_TRUE(Is(JoinPin(mixed).status(), kPinShareRefused));
  mixed.pop_back();
  EXPECT_TRUE(Is(JoinPin(mixed).status(), kPinShareRefused));
}

TEST(PinSharesTest, TheCollectorKeepsWhatFits) {
  const auto shares = Split("55555555", 3, 5), other = Split("55555555", 3, 5);
  ShareCollector collector(3);
  EXPECT_EQ(*collector.Add(Copy(shares[4])), 2u);
  EXPECT_TRUE(Is(collector.Add(Copy(shares[4])).status(), kPinShareRefused));
  EXPECT_TRUE(Is(collector.Add(Copy(other[0])).status(), kPinShareRefused));
  EXPECT_TRUE(Is(collector.Add(Copy(Split("5", 2, 2)[0])).status(), kPinShareRefused));
  EXPECT_EQ(*collector.Add(Copy(shares[0])), 1u);
  EXPECT_EQ(*collector.Add(Copy(shares[2])), 0u);
  const auto pin = collector.Join();
  ASSERT_TRUE(pin.ok()) << pin.status();
  EXPECT_TRUE(*pin == Secret("55555555"));
}

}  // namespace
}  // namespace intaglio::appliance
