#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "attestation/model/der_writer.h"
#include "attestation/model/evidence_content.h"
#include "attestation/model/oids.h"
#include "attestation/model/qscd_entry.h"
#include "attestation/model/reasons.h"

namespace intaglio::attestation {
namespace {

TEST(OidTest, DottedAndContentAgree) {
  for (const char* dotted : {"1.2.3.999", "2.5.29.37", "2.999.1", "0.39", "1.2.840.10045.4.3.2",
                             "1.3.6.1.5.5.999.1.1.12", "2.4294967295"}) {
    const StatusOr<Oid> oid = Oid::FromDotted(dotted);
    ASSERT_TRUE(oid.ok()) << oid.status();
    EXPECT_EQ(oid->ToDotted(), dotted);
    EXPECT_EQ(*Oid::FromContent(oid->content()), *oid);
  }
  EXPECT_EQ(ToHex(Oid::FromDotted("1.2.840.10045.4.3.2")->content()), "2a8648ce3d040302");
}

TEST(OidTest, RefusesWhatIsNoOid) {
  for (const char* bad : {"", "1", "3.1", "1.40", "1..2", "1.2.", ".1.2", "1.02", "1.2.x", "1.-2",
                          "1.2.4294967296", "1.2.99999999999"}) {
    EXPECT_TRUE(Is(Oid::FromDotted(bad).status(), kOidInvalid)) << bad;
  }
  EXPECT_TRUE(Is(Oid::FromDotted("1.2" + std::string(300, '1')).status(), kOidInvalid));
  for (const char* bad : {"", "2a80", "2a8001", "80", "2aff", "2a9080808000"}) {
    EXPECT_TRUE(Is(Oid::FromContent(*FromHex(bad)).status(), kOidInvalid)) << bad;
  }
  EXPECT_TRUE(Is(Oid::FromContent(Bytes(65, 1)).status(), kOidInvalid));
}

TEST(EvidenceProfileTest, EveryClaimHasItsOwnOid) {
  const EvidenceProfile profile = EvidenceProfile::Draft();
  std::set<Oid> seen;
  for (const ClaimSpec& spec : ClaimSpecs()) {
    const Oid oid = profile.OidOf(spec.type);
    EXPECT_TRUE(seen.insert(oid).second) << spec.name;
    EXPECT_EQ(profile.ClaimOf(oid), spec.type);
    EXPECT_EQ(&SpecOf(spec.type), &spec);
  }
  for (ElementType type : kElementTypes) EXPECT_EQ(profile.ElementOf(profile.OidOf(type)), type);
  EXPECT_EQ(profile.OidOf(ElementType::kKey).ToDotted(), "1.2.3.999.0.2");
  EXPECT_EQ(profile.OidOf(ClaimType::kSwVersion).ToDotted(), "1.2.3.999.1.1.6");
  EXPECT_EQ(profile.OidOf(ClaimType::kWrapWithTrusted).ToDotted(), "1.2.3.999.99.2.0");
  EXPECT_EQ(profile.OidOf(KeyPurpose::kSign).ToDotted(), "1.2.3.999.2.4");
}

TEST(EvidenceProfileTest, UnknownOidsAreUnknown) {
  const EvidenceProfile profile = EvidenceProfile::Draft();
  const Oid other = *Oid::FromDotted("1.2.3.998.0.2");
  EXPECT_EQ(profile.ElementOf(other), std::nullopt);
  EXPECT_EQ(profile.ClaimOf(other), std::nullopt);
  EXPECT_EQ(profile.PurposeOf(other), KeyPurpose::kOther);
  EXPECT_EQ(NameOf(KeyPurpose::kOther), "other");
  EXPECT_TRUE(Is(EvidenceProfile::Create("x", "1.2.3").status(), kOidInvalid));
  EXPECT_TRUE(Is(EvidenceProfile::Create("1.2.3", "x").status(), kOidInvalid));
  std::string deep = "1.2";
  for (int i = 0; i < 60; ++i) deep += ".1";
  EXPECT_TRUE(Is(EvidenceProfile::Create(deep, "1.2.3").status(), kOidInvalid));
}

TEST(DerWriterTest, WritesTheShortestForms) {
  EXPECT_EQ(ToHex(DerInteger(0)), "020100");
  EXPECT_EQ(ToHex(DerInteger(127)), "02017f");
  EXPECT_EQ(ToHex(DerInteger(128)), "02020080");
  EXPECT_EQ(ToHex(DerInteger(256)), "02020100");
  EXPECT_EQ(ToHex(DerInteger(-1)), "0201ff");
  EXPECT_EQ(ToHex(DerInteger(-128)), "020180");
  EXPECT_EQ(ToHex(DerInteger(-129)), "0202ff7f");
  EXPECT_EQ(ToHex(DerInteger(INT64_MAX)), "02087fffffffffffffff");
  EXPECT_EQ(ToHex(DerInteger(INT64_MIN)), "02088000000000000000");
  EXPECT_EQ(ToHex(DerBoolean(true)), "0101ff");
  EXPECT_EQ(ToHex(DerBoolean(false)), "010100");
  EXPECT_EQ(ToHex(DerUtf8String("A")), "0c0141");
  EXPECT_EQ(ToHex(DerSequence({DerInteger(1), DerBoolean(true)})), "30060201010101ff");
  EXPECT_EQ(ToHex(DerExplicit(2, DerInteger(1))), "a203020101");
  EXPECT_EQ(ToHex(DerImplicitConstructed(0, Bytes{})), "a000");
  EXPECT_EQ(ToHex(DerSetOfOne(DerInteger(1))), "3103020101");
  EXPECT_EQ(ToHex(DerBitString(Bytes{5})), "03020005");
  EXPECT_EQ(ToHex(DerOid(*Oid::FromDotted("1.2.3.999"))), "06042a038767");
  EXPECT_EQ(ToHex(DerOctetString(Bytes(127))).substr(0, 4), "047f");
  EXPECT_EQ(ToHex(DerOctetString(Bytes(128))).substr(0, 6), "048180");
  EXPECT_EQ(ToHex(DerOctetString(Bytes(256))).substr(0, 8), "04820100");
  EXPECT_EQ(ToHex(DerOctetString(Bytes(65536))).substr(0, 10), "0483010000");
}

TEST(DerWriterTest, GeneralizedTimeHasWholeSeconds) {
  // 2026-11-23T06:30:00.123Z
  const StatusOr<Bytes> time = DerGeneralizedTime(WallTime{1795415400123});
  ASSERT_TRUE(time.ok());
  EXPECT_EQ(AsString(*time).substr(2), "20261123063000Z");
  EXPECT_TRUE(DerGeneralizedTime(WallTime{253402300799999}).ok());
  EXPECT_TRUE(Is(DerGeneralizedTime(WallTime{253402300800000}).status(), kTimeOutOfRange));
  EXPECT_TRUE(Is(DerGeneralizedTime(WallTime{-62167219200001}).status(), kTimeOutOfRange));
}

TEST(DateTest, ParsesOnlyFullDates) {
  EXPECT_EQ(ToText(*ParseDate("2024-02-29")), "2024-02-29");
  EXPECT_EQ(DateOf(WallTime{1795415400123}), *ParseDate("2026-11-23"));
  EXPECT_EQ(DateOf(WallTime{-1}), *ParseDate("1969-12-31"));
  for (const char* bad : {"", "2026-2-29", "2026-02-29", "2026-13-01", "2026-00-10", "2026/01/01",
                          "2026-01-01T00:00:00Z", "20260101", "2026-01-0x"}) {
    EXPECT_TRUE(Is(ParseDate(bad).status(), kDateInvalid)) << bad;
  }
}

QscdEntry Listed() {
  QscdEntry entry;
  entry.valid_from = *ParseDate("2024-01-01");
  entry.valid_until = *ParseDate("2028-12-31");
  entry.source_status = QscdSourceStatus::kListed;
  return entry;
}

TEST(QscdStateTest, FollowsTheCalendar) {
  const QscdEntry entry = Listed();
  const auto state = [&](const char* day) { return NameOf(StateOn(entry, *ParseDate(day))); };
  EXPECT_EQ(state("2023-12-31"), "unknown");
  EXPECT_EQ(state("2024-01-01"), "certified");
  EXPECT_EQ(state("2028-07-03"), "certified");
  EXPECT_EQ(state("2028-07-04"), "expiring");
  EXPECT_EQ(state("2028-12-31"), "expiring");
  EXPECT_EQ(state("2029-01-01"), "lapsed");
}

TEST(QscdStateTest, TheSourceOutweighsTheCalendar) {
  QscdEntry entry = Listed();
  entry.source_status = QscdSourceStatus::kCancelled;
  EXPECT_EQ(StateOn(entry, *ParseDate("2025-01-01")), QscdState::kCancelled);
  EXPECT_EQ(StateOn(entry, *ParseDate("2030-01-01")), QscdState::kCancelled);
  entry.source_status = QscdSourceStatus::kUnknown;
  EXPECT_EQ(StateOn(entry, *ParseDate("2025-01-01")), QscdState::kUnknown);
  EXPECT_EQ(StateOn(entry, *ParseDate("2030-01-01")), QscdState::kLapsed);
}

TEST(ModelReasonsTest, IdsAreUnique) {
  std::set<std::string_view> ids;
  for (const Reason* reason : kAttestationModelReasons) {
    EXPECT_TRUE(ids.insert(reason->id).second) << reason->id;
  }
}

}  // namespace
}  // namespace intaglio::attestation
