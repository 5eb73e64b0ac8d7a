// What an OCSP answer says is read whole; each flaw is refused.
#include "appliance/der/ocsp_response_data.h"

#include <gtest/gtest.h>

#include <functional>

#include "appliance/der/openssl_status.h"
#include "appliance/der/reasons.h"
#include "appliance/der/status_octets.h"
#include "tests/support/status_matchers.h"

namespace intaglio::appliance {
namespace {

using namespace test_der;  // NOLINT: a vocabulary of test octets
using testing_support::FailsWith;
using testing_support::IsOk;

TEST(OcspResponseData, ReadsEveryField) {
  OcspOctets octets;
  octets.extensions = {OcspNonce(32), ExtendedRevoke()};
  SingleOctets revoked;
  revoked.algorithm = Sequence({Oid(kSha256Oid)});
  revoked.name_hash = Bytes(32, 0x44);
  revoked.key_hash = Bytes(32, 0x55);
  revoked.serial = Integer({0x40, 0x02});
  revoked.status = Revoked("20261120101112Z", 6);
  revoked.extensions = {ArchiveCutoff("20260101000000Z")};
  SingleOctets unknown;
  unknown.serial = Integer({0x40, 0x03});
  unknown.status = Element(0x82, {});
  octets.singles = {SingleOctets{}, revoked, unknown};
  const auto read = ReadOcspResponseData(octets.Build());
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->responder_key_hash, Bytes(20, 0x33));
  EXPECT_EQ(ToIso8601(read->produced_at), "2026-11-23T06:30:00.000Z");
  EXPECT_TRUE(read->extended_revoke);
  ASSERT_EQ(read->singles.size(), 3u);
  const OcspSingle& first = read->singles[0];
  EXPECT_EQ(first.hash, CertIdHash::kSha1);
  EXPECT_EQ(first.issuer_name_hash, Bytes(20, 0x11));
  EXPECT_EQ(first.issuer_key_hash, Bytes(20, 0x22));
  EXPECT_EQ(ToHex(first.serial.octets), "4001");
  EXPECT_TRUE(std::holds_alternative<OcspGood>(first.status));
  EXPECT_EQ(ToIso8601(first.next_update), "2026-11-24T06:30:00.000Z");
  EXPECT_FALSE(first.archive_cutoff);
  const OcspSingle& second = read->singles[1];
  EXPECT_EQ(second.hash, CertIdHash::kSha256);
  ASSERT_TRUE(std::holds_alternative<OcspRevoked>(second.status));
  EXPECT_EQ(ToIso8601(std::get<OcspRevoked>(second.status).at), "2026-11-20T10:11:12.000Z");
  EXPECT_EQ(std::get<OcspRevoked>(second.status).reason, CrlReason::kCertificateHold);
  ASSERT_TRUE(second.archive_cutoff);
  EXPECT_EQ(ToIso8601(*second.archive_cutoff), "2026-01-01T00:00:00.000Z");
  EXPECT_TRUE(std::holds_alternative<OcspUnknown>(read->singles[2].status));
}

TEST(OcspResponseData, ReadsWhatOpenSslWrote) {
  const auto read = ReadOcspResponseData(*FromHex(openssl_status::kResponseData));
  ASSERT_THAT(read, IsOk());
  ASSERT_EQ(read->singles.size(), 4u);
  EXPECT_EQ(read->singles[2].hash, CertIdHash::kSha256);
  EXPECT_EQ(ToHex(read->singles[2].serial.octets), "5a0400112233445566778899aabbccdd");
  EXPECT_TRUE(std::holds_alternative<OcspUnknown>(read->singles[3].status));
  EXPECT_FALSE(read->extended_revoke);
}

TEST(OcspResponseData, LeavesOutWhatIsUnspecified) {
  OcspOctets octets;
  octets.singles[0].status = Revoked("20261120101112Z");
  const auto read = ReadOcspResponseData(octets.Build());
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(std::get<OcspRevoked>(read->singles[0].status).reason, CrlReason::kUnspecified);
}

struct Mutation {
  const char* what;
  const Reason& reason;
  std::function<void(OcspOctets&)> apply;
};

void ExpectEachRefused(std::span<const Mutation> mutations) {
  for (const Mutation& each : mutations) {
    OcspOctets octets;
    each.apply(octets);
    EXPECT_THAT(ReadOcspResponseData(octets.Build()), FailsWith(each.reason)) << each.what;
  }
}

TEST(OcspResponseData, RefusesEachFlawOfTheWhole) {
  const auto extended = [](std::vector<Bytes> extensions) {
    return [extensions](OcspOctets& o) { o.extensions = extensions; };
  };
  const Mutation kMutations[] = {
      {"a version", kDerUnexpected, [](OcspOctets& o) { o.version = Element(0xa0, Integer({1})); }},
      {"the default version", kDerUnexpected,
       [](OcspOctets& o) { o.version = Element(0xa0, Integer({0})); }},
      {"responder by name", kDerUnexpected,
       [](OcspOctets& o) { o.responder = Element(0xa1, Tbs{}.issuer); }},
      {"two responders", kDerTrailing,
       [](OcspOctets& o) {
         const Bytes key = Element(0x04, Bytes(20, 0x33));
         o.responder = Element(0xa2, Join({key, key}));
       }},
      {"producedAt as UTCTime", kDerUnexpected,
       [](OcspOctets& o) { o.produced_at = Utc("261123063000Z"); }},
      {"a fraction of a second", kDerTimeForm,
       [](OcspOctets& o) { o.produced_at = Generalized("20261123063000.1Z"); }},
      {"no answer", kOcspShape, [](OcspOctets& o) { o.singles.clear(); }},
      {"21 answers", kOcspShape, [](OcspOctets& o) { o.singles.resize(21, SingleOctets{}); }},
      {"over 16 KiB", kDerTooLarge, [](OcspOctets& o) { o.extensions = {OcspNonce(17 * 1024)}; }},
      {"an empty list of extensions", kOcspShape,
       [](OcspOctets& o) { o.after = Element(0xa1, Sequence({})); }},
      {"an empty nonce", kOcspShape, extended({OcspNonce(0)})},
      {"a nonce of 129 octets", kOcspShape, extended({OcspNonce(129)})},
      {"a nonce that is no OCTET STRING", kOcspShape,
       extended({Extension("1.3.6.1.5.5.7.48.1.2", Integer({1}))})},
      {"the nonce twice", kOcspShape, extended({OcspNonce(8), OcspNonce(8)})},
      {"extended-revoke that is not NULL", kOcspShape,
       extended({Extension("1.3.6.1.5.5.7.48.1.9", Boolean(0xff))})},
      {"an unknown extension", kOcspShape, extended({Extension("1.2.3.4", Null())})},
      {"a critical extension", kDerUnexpected,
       extended({CriticalExtension("1.3.6.1.5.5.7.48.1.9", Null())})},
      {"octets after it", kDerTrailing,
       [](OcspOctets& o) {
         o.extensions = {ExtendedRevoke()};
         o.after = Null();
       }},
  };
  ExpectEachRefused(kMutations);
}

TEST(OcspResponseData, RefusesEachFlawOfAnAnswer) {
  const auto single = [](std::function<void(SingleOctets&)> apply) {
    return [apply](OcspOctets& o) { apply(o.singles[0]); };
  };
  const auto status = [](Bytes value) {
    return [value](OcspOctets& o) { o.singles[0].status = value; };
  };
  const Mutation kMutations[] = {
      {"MD5", kOcspShape, single([](SingleOctets& s) {
         s.algorithm = Sequence({Oid("1.2.840.113549.2.5"), Null()});
       })},
      {"hash parameters", kDerUnexpected, single([](SingleOctets& s) {
         s.algorithm = Sequence({Oid(kSha1Oid), Integer({1})});
       })},
      {"two parameters", kDerTrailing, single([](SingleOctets& s) {
         s.algorithm = Sequence({Oid(kSha1Oid), Null(), Null()});
       })},
      {"a NULL with content", kDerStringForm, single([](SingleOctets& s) {
         s.algorithm = Sequence({Oid(kSha1Oid), Element(0x05, {0})});
       })},
      {"a padded serial", kDerIntegerForm, single([](SingleOctets& s) {
         s.serial = Integer({0, 0x40});
       })},
      {"a serial of 21 octets", kOcspShape,
       single([](SingleOctets& s) { s.serial = Integer(Bytes(21, 0x40)); })},
      {"good with content", kOcspShape, status(Element(0x80, {0}))},
      {"unknown with content", kOcspShape, status(Element(0x82, {0}))},
      {"a fourth status", kOcspShape, status(Element(0x83, {}))},
      {"revoked without a time", kDerUnexpected, status(Element(0xa1, {}))},
      {"revoked at a UTCTime", kDerUnexpected, status(Element(0xa1, Utc("261120101112Z")))},
      {"unspecified written out", kOcspShape, status(Revoked("20261120101112Z", 0))},
      {"removeFromCRL", kOcspShape, status(Revoked("20261120101112Z", 8))},
      {"the number nobody uses", kOcspShape, status(Revoked("20261120101112Z", 7))},
      {"a reason of two octets", kOcspShape,
       status(Element(0xa1, Join({Generalized("20261120101112Z"),
                                  Element(0xa0, Element(0x0a, {0x01, 0x00}))})))},
      {"a reason as INTEGER", kDerUnexpected,
       status(Element(0xa1, Join({Generalized("20261120101112Z"), Element(0xa0, Integer({1}))})))},
      {"no nextUpdate", kDerUnexpected, single([](SingleOctets& s) { s.next_update = {}; })},
      {"two times in nextUpdate", kDerTrailing, single([](SingleOctets& s) {
         const Bytes time = Generalized("20261124063000Z");
         s.next_update = Element(0xa0, Join({time, time}));
       })},
      {"no thisUpdate", kDerUnexpected, single([](SingleOctets& s) { s.this_update = {}; })},
      {"another extension", kOcspShape,
       single([](SingleOctets& s) { s.extensions = {OcspNonce(8)}; })},
      {"archiveCutoff as UTCTime", kOcspShape, single([](SingleOctets& s) {
         s.extensions = {Extension("1.3.6.1.5.5.7.48.1.6", Utc("260101000000Z"))};
       })},
      {"octets after an answer", kDerTrailing, single([](SingleOctets& s) {
         s.extensions = {ArchiveCutoff("20260101000000Z")};
         s.after = Null();
       })},
  };
  ExpectEachRefused(kMutations);
}

TEST(OcspResponseData, RefusesEveryPart) {
  const Bytes octets = *FromHex(openssl_status::kResponseData);
  for (size_t size = 0; size < octets.size(); ++size) {
    EXPECT_FALSE(ReadOcspResponseData(ByteView(octets).first(size)).ok()) << size;
  }
  EXPECT_THAT(ReadOcspResponseData(Join({octets, Null()})), FailsWith(kDerTrailing));
}

}  // namespace
}  // namespace intaglio::appliance
