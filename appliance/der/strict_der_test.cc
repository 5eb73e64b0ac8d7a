#include "appliance/der/strict_der.h"

#include <gtest/gtest.h>

#include "appliance/der/reasons.h"
#include "appliance/der/test_der.h"
#include "tests/support/status_matchers.h"

namespace intaglio::appliance {
namespace {

using testing_support::FailsWith;
using testing_support::IsOk;

Bytes Hex(std::string_view text) { return *FromHex(text); }

// Reads all of it as the core reads any structure.
Status Check(std::string_view hex) {
  const Bytes octets = Hex(hex);
  ASSIGN_OR_RETURN(const DerValue element, ReadDerElement(octets, 1024));
  return CheckDerDeep(element);
}

struct Case {
  const char* what;
  const char* hex;
  const Reason& reason;
};

TEST(StrictDer, RefusesEveryLooseEncodingForItsReason) {
  const Case kCases[] = {
      {"nothing", "", kDerUnexpected},
      {"a tag alone", "30", kDerTruncated},
      {"a length cut off", "308201", kDerTruncated},
      {"content cut off", "30030201", kDerTruncated},
      {"an inner element cut off", "30020205", kDerTruncated},
      {"indefinite length", "30800000", kDerLength},
      {"a short length in the long form", "308103020101", kDerLength},
      {"a length with a zero in front", "30820003020101", kDerLength},
      {"a length of five octets", "308500000000030201", kDerLength},
      {"a high tag number", "1f2a0100", kDerTag},
      {"tag zero", "0000", kDerTag},
      {"a primitive SEQUENCE", "1000", kDerTag},
      {"a constructed OCTET STRING", "24030401aa", kDerTag},
      {"a BMPString", "1e020041", kDerTag},
      {"octets after the end", "300005", kDerTrailing},
      {"an empty INTEGER", "30020200", kDerIntegerForm},
      {"a padded INTEGER", "0202007f", kDerIntegerForm},
      {"a padded negative INTEGER", "0202ff80", kDerIntegerForm},
      {"BOOLEAN 01", "010101", kDerBooleanForm},
      {"a BOOLEAN of two octets", "0102ffff", kDerBooleanForm},
      {"an empty OID", "0600", kDerOidForm},
      {"an OID cut off", "06022a86", kDerOidForm},
      {"a padded arc", "06032a8001", kDerOidForm},
      {"an arc of over 63 bits", "060b2affffffffffffffffff7f", kDerOidForm},
      {"a BIT STRING without a count", "0300", kDerBitStringForm},
      {"eight unused bits", "03020800", kDerBitStringForm},
      {"unused bits of nothing", "030101", kDerBitStringForm},
      {"unused bits that are set", "03020141", kDerBitStringForm},
      {"a NULL with content", "050100", kDerStringForm},
      {"an underscore in a PrintableString", "13015f", kDerStringForm},
      {"an IA5String of eight bits", "160180", kDerStringForm},
      {"overlong UTF-8", "0c02c080", kDerStringForm},
      {"half a surrogate pair", "0c03eda080", kDerStringForm},
      {"UTF-8 cut off", "0c01c3", kDerStringForm},
  };
  for (const Case& each : kCases) {
    EXPECT_THAT(Check(each.hex), FailsWith(each.reason)) << each.what;
  }
}

TEST(StrictDer, AcceptsTheDistinguishedForms) {
  for (const char* hex : {"3000", "020100", "020180", "02020080", "0101ff", "010100", "0500",
                          "03020640", "030100", "0c03e282ac", "060355040a", "8002abcd",
                          "170d3439313233313233353935395a", "180f32303530303130313030303030305a"}) {
    EXPECT_THAT(Check(hex), IsOk()) << hex;
  }
}

TEST(StrictDer, LimitsDepthAndSize) {
  Bytes nested = Hex("020101");
  for (int level = 1; level < kDerMaxDepth; ++level) nested = test_der::Sequence({nested});
  const auto fits = ReadDerElement(nested, 1024);
  ASSERT_THAT(fits, IsOk());
  EXPECT_THAT(CheckDerDeep(*fits), IsOk());
  nested = test_der::Sequence({nested});
  EXPECT_THAT(CheckDerDeep(*ReadDerElement(nested, 1024)), FailsWith(kDerDepth));
  EXPECT_THAT(ReadDerElement(nested, nested.size() - 1), FailsWith(kDerTooLarge));
}

TEST(StrictDer, ExpectsTagsAndEnds) {
  const Bytes two = Hex("0201010500");
  DerReader reader(two);
  EXPECT_TRUE(reader.NextIs(kDerInteger));
  EXPECT_THAT(reader.Finish(), FailsWith(kDerTrailing));
  EXPECT_THAT(DerReader(two).Expect(kDerNull), FailsWith(kDerUnexpected));
  EXPECT_THAT(DerReader(two).Enter(kDerSequence), FailsWith(kDerUnexpected));
}

TEST(StrictDer, ReadsAHeaderOnceItIsThere) {
  const Bytes header = Hex("3083012345");
  for (size_t octets = 0; octets < header.size(); ++octets) {
    const auto early = ReadDerHeader(ByteView(header).first(octets));
    ASSERT_THAT(early, IsOk());
    EXPECT_FALSE(early->has_value()) << octets;
  }
  const auto whole = ReadDerHeader(header);
  ASSERT_TRUE(whole.ok() && whole->has_value());
  EXPECT_EQ((*whole)->tag, kDerSequence);
  EXPECT_EQ((*whole)->header_octets, 5u);
  EXPECT_EQ((*whole)->content_octets, 0x12345u);
}

DerValue ValueOf(const Bytes& octets) { return *ReadDerElement(octets, 1024); }

TEST(StrictDer, DecodesOids) {
  for (const char* dotted : {"1.2.840.10045.4.3.2", "2.5.29.15", "0.4.0.194112.1.2", "2.999.3"}) {
    const Bytes octets = test_der::Oid(dotted);
    const auto decoded = DecodeOid(ValueOf(octets));
    ASSERT_THAT(decoded, IsOk());
    EXPECT_EQ(*decoded, dotted);
  }
  const Bytes too_long = test_der::Element(0x06, Bytes(65, 1));
  EXPECT_THAT(DecodeOid(ValueOf(too_long)), FailsWith(kDerOidForm));
}

TEST(StrictDer, DecodesNamedBitsAndSmallIntegers) {
  const Bytes usage = Hex("03020106");
  EXPECT_EQ(*DecodeNamedBits(ValueOf(usage)), (1u << 5 | 1u << 6));
  const Bytes two_octets = Hex("0303070080");
  EXPECT_EQ(*DecodeNamedBits(ValueOf(two_octets)), 1u << 8);
  for (const char* hex : {"03020006", "030400000001"}) {
    const Bytes octets = Hex(hex);
    EXPECT_THAT(DecodeNamedBits(ValueOf(octets)), FailsWith(kDerBitStringForm)) << hex;
  }
  const Bytes parts_of_octets = Hex("03020640");
  EXPECT_THAT(DecodeOctetBits(ValueOf(parts_of_octets)), FailsWith(kDerBitStringForm));
  const Bytes large = Hex("02047fffffff");
  EXPECT_EQ(*DecodeSmallInteger(ValueOf(large)), 0x7fffffffu);
  for (const char* hex : {"02050080000000", "0201ff"}) {
    const Bytes octets = Hex(hex);
    EXPECT_THAT(DecodeSmallInteger(ValueOf(octets)), FailsWith(kDerIntegerForm)) << hex;
  }
}

TEST(StrictDer, DecodesTimesOfTheCalendar) {
  const auto read = [](uint8_t tag, std::string_view text) {
    const Bytes octets = test_der::Text(tag, text);
    return DecodeX509Time(ValueOf(octets));
  };
  EXPECT_EQ(ToIso8601(*read(0x17, "491231235959Z")), "2049-12-31T23:59:59.000Z");
  EXPECT_EQ(ToIso8601(*read(0x17, "500101000000Z")), "1950-01-01T00:00:00.000Z");
  EXPECT_EQ(ToIso8601(*read(0x17, "240229120000Z")), "2024-02-29T12:00:00.000Z");
  EXPECT_EQ(ToIso8601(*read(0x18, "20500101000000Z")), "2050-01-01T00:00:00.000Z");
  EXPECT_EQ(ToIso8601(*read(0x18, "99991231235959Z")), "9999-12-31T23:59:59.000Z");
  for (const char* utc : {"230229120000Z", "261301000000Z", "260001000000Z", "260100000000Z",
                          "261231240000Z", "261231236000Z", "261231235960Z", "2612312359Z",
                          "261231235959+", "26123123595aZ", "2a1231235959Z", ""}) {
    EXPECT_THAT(read(0x17, utc), FailsWith(kDerTimeForm)) << utc;
  }
  for (const char* generalized : {"20491231235959Z", "20500101000000.5Z", "20500230000000Z"}) {
    EXPECT_THAT(read(0x18, generalized), FailsWith(kDerTimeForm)) << generalized;
  }
  EXPECT_THAT(read(0x16, "261231235959Z"), FailsWith(kDerTimeForm));
}

TEST(StrictDer, EncodesMinimalLengths) {
  for (const size_t size : {0u, 127u, 128u, 255u, 256u, 65536u}) {
    const Bytes element = EncodeDer(kDerOctetString, Bytes(size, 7));
    const auto read = ReadDerElement(element, element.size());
    ASSERT_THAT(read, IsOk()) << size;
    EXPECT_EQ(read->content.size(), size);
  }
}

}  // namespace
}  // namespace intaglio::appliance
