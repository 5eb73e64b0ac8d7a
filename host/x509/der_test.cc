#include "host/x509/der.h"

#include <gtest/gtest.h>

#include "host/domain/certificate.h"
#include "host/x509/reasons.h"

namespace intaglio::host::der {
namespace {

std::string HexOf(ByteView octets) { return ToHex(octets); }

TEST(DerWriterTest, LengthsAreMinimal) {
  EXPECT_EQ(HexOf(Header(kSequence, 0x7f)), "307f");
  EXPECT_EQ(HexOf(Header(kSequence, 0x80)), "308180");
  EXPECT_EQ(HexOf(Header(kSequence, 0x100)), "30820100");
  EXPECT_EQ(HexOf(Header(kSequence, 49'000'000)), "308402ebae40");
  for (uint64_t length : {0ull, 127ull, 128ull, 255ull, 256ull, 65536ull}) {
    EXPECT_EQ(Header(kSequence, length).size(), HeaderSize(length));
  }
}

TEST(DerWriterTest, NumbersAndBitsAreMinimal) {
  EXPECT_EQ(HexOf(Unsigned(0)), "020100");
  EXPECT_EQ(HexOf(Unsigned(127)), "02017f");
  EXPECT_EQ(HexOf(Unsigned(128)), "02020080");
  EXPECT_EQ(HexOf(Unsigned(UINT64_MAX)), "020900ffffffffffffffff");
  EXPECT_EQ(HexOf(NamedBits(0)), "030100");
  EXPECT_EQ(HexOf(NamedBits(1u << 1)), "03020640");
  EXPECT_EQ(HexOf(NamedBits(1u << 5 | 1u << 6)), "03020106");
  EXPECT_EQ(HexOf(NamedBits(1u << 0 | 1u << 8)), "0303078080");
}

TEST(DerWriterTest, TimesChangeFormIn2050) {
  EXPECT_EQ(AsStringView(Single(Time({1795000000999}), kUtcTime)->content), "261118110640Z");
  EXPECT_EQ(AsStringView(Single(Time({2524607999000}), kUtcTime)->content), "491231235959Z");
  EXPECT_EQ(AsStringView(Single(Time({2524608000000}), der::kGeneralizedTime)->content),
            "20500101000000Z");
  EXPECT_EQ(AsStringView(Single(Time(kNoWellDefinedEnd), der::kGeneralizedTime)->content),
            "99991231235959Z");
  EXPECT_EQ(AsStringView(Single(GeneralizedTime({0}), der::kGeneralizedTime)->content),
            "19700101000000Z");
  EXPECT_FALSE(IsEncodable(kNoWellDefinedEnd + kSecond));
  EXPECT_FALSE(IsEncodable({-631152000001}));
  EXPECT_TRUE(IsEncodable({-631152000000}));
}

TEST(DerWriterTest, ObjectIdentifiers) {
  EXPECT_EQ(HexOf(*ParseOid("2.16.840.1.101.3.4.2.1")), "0609608648016503040201");
  EXPECT_EQ(HexOf(*ParseOid("0.4.0.1862.1.6.1")), "060704008e46010601");
  EXPECT_EQ(HexOf(*ParseOid("1.2.3.999")), "06042a038767");
  EXPECT_EQ(HexOf(*ParseOid("2.999.1")), "0603883701");
  for (const char* bad : {"", "1", "1.", ".1", "1..2", "3.1", "1.40", "a.b", "1.2.", "1.2.-3",
                          "1.02", "1.2 ", "1.2.99999999999999999999999"}) {
    EXPECT_TRUE(Is(ParseOid(bad).status(), kOidInvalid)) << bad;
  }
}

TEST(DerWriterTest, SetOfIsSorted) {
  EXPECT_EQ(HexOf(SetOf(kSet, {Unsigned(3), Unsigned(1), Null()})),
            "3108020101020103"
            "0500");
}

TEST(DerReaderTest, RefusesWhatIsNotDer) {
  for (const char* bad : {"", "30", "3001", "3080", "308001", "308100", "30817f", "30820001",
                          "3085000000000100", "1f8101", "30ff", "3084ffffffff"}) {
    EXPECT_FALSE(Reader(*FromHex(bad)).Next()) << bad;
  }
}

TEST(DerReaderTest, WalksOneLevel) {
  const Bytes octets = *FromHex("02010a0500");
  Reader reader(octets);
  EXPECT_FALSE(reader.Take(kNull));
  EXPECT_EQ(HexOf(reader.Take(kInteger)->content), "0a");
  EXPECT_EQ(HexOf(reader.Take(kNull)->whole), "0500");
  EXPECT_TRUE(reader.AtEnd());
  EXPECT_FALSE(reader.Next());
  EXPECT_FALSE(Single(octets, kInteger));
}

}  // namespace
}  // namespace intaglio::host::der
