#include "appliance/authenticator/cbor_reader.h"

#include <gtest/gtest.h>

namespace intaglio::appliance {
namespace {

Bytes Hex(const std::string& text) { return *FromHex(text); }

bool Skips(const std::string& hex) {
  const Bytes octets = Hex(hex);
  CborReader reader(octets);
  return reader.Skip() && reader.AtEnd();
}

// RFC 8949 Appendix A.
TEST(CborReaderTest, ReadsIntegers) {
  const struct {
    const char* hex;
    int64_t value;
  } cases[] = {{"00", 0},
               {"17", 23},
               {"1818", 24},
               {"1903e8", 1000},
               {"20", -1},
               {"3903e7", -1000},
               {"1a000f4240", 1000000},
               {"3863", -100},
               {"390100", -257},
               {"1b000000e8d4a51000", 1000000000000}};
  for (const auto& each : cases) {
    const Bytes octets = Hex(each.hex);
    CborReader reader(octets);
    EXPECT_EQ(reader.Integer(), each.value) << each.hex;
    EXPECT_TRUE(reader.AtEnd()) << each.hex;
  }
}

TEST(CborReaderTest, RefusesHeadsThatCouldBeShorter) {
  for (const char* hex :
       {"1817", "190017", "1900ff", "1a0000ffff", "1b00000000ffffffff", "3817", "581700", "b800"}) {
    EXPECT_FALSE(Skips(hex)) << hex;
  }
  EXPECT_TRUE(Skips("190100"));
  EXPECT_TRUE(Skips("1a00010000"));
}

TEST(CborReaderTest, RefusesTruncationWhereverItIs) {
  const Bytes whole = Hex("a301420102036161205820" + std::string(64, '0'));
  {
    CborReader reader(whole);
    EXPECT_TRUE(reader.Skip() && reader.AtEnd());
  }
  for (size_t size = 0; size < whole.size(); ++size) {
    CborReader reader(ByteView(whole).first(size));
    EXPECT_FALSE(reader.Skip()) << size;
  }
}

TEST(CborReaderTest, RefusesWhatAuthenticatorsDoNotWrite) {
  for (const char* hex :
       {"1c", "1f", "5f", "7f", "9f00ff", "bf0000ff", "ff",  // indefinite, reserved
        "c000",                                              // a tag
        "f97e00", "fa47c35000", "fb7ff0000000000000",        // floats
        "f7", "e0", "f8ff"}) {                               // other simple values
    EXPECT_FALSE(Skips(hex)) << hex;
  }
  for (const char* hex : {"f4", "f5", "f6", "80", "a0", "8201f5", "a101f4"}) {
    EXPECT_TRUE(Skips(hex)) << hex;
  }
}

TEST(CborReaderTest, MapKeysAscendAndNoneStandsTwice) {
  EXPECT_TRUE(Skips("a201000300"));
  EXPECT_TRUE(Skips("a203002000"));
  EXPECT_FALSE(Skips("a203000100"));
  EXPECT_FALSE(Skips("a220000300"));
  EXPECT_FALSE(Skips("a201000100"));
  EXPECT_FALSE(
      Skips("a26162006161"
            "00"));
  EXPECT_TRUE(
      Skips("a26162006261"
            "6100"));
}

TEST(CborReaderTest, NestingIsBounded) {
  EXPECT_TRUE(Skips("8181818100"));
  EXPECT_FALSE(Skips("818181818100"));
  EXPECT_FALSE(Skips(std::string(4000, '8')));
  EXPECT_FALSE(Skips("9bffffffffffffffff00"));
  EXPECT_FALSE(Skips("bbffffffffffffffff0000"));
  EXPECT_FALSE(Skips("5bffffffffffffffff00"));
}

TEST(CborReaderTest, OtherTypesAreNotTaken) {
  const Bytes text = Hex("6161");
  EXPECT_FALSE(CborReader(text).Integer());
  EXPECT_FALSE(CborReader(text).Octets());
  EXPECT_FALSE(CborReader(text).MapSize());
  const Bytes huge = Hex("1bffffffffffffffff");
  EXPECT_FALSE(CborReader(huge).Integer());
}

}  // namespace
}  // namespace intaglio::appliance
