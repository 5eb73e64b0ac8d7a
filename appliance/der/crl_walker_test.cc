// One list, fed in pieces of every size, says one thing; each flaw is refused for its Reason.
#include "appliance/der/crl_walker.h"

#include <gtest/gtest.h>

#include <functional>

#include "appliance/crypto/hash.h"
#include "appliance/der/openssl_status.h"
#include "appliance/der/reasons.h"
#include "appliance/der/status_octets.h"
#include "tests/support/status_matchers.h"

namespace intaglio::appliance {
namespace {

using namespace test_der;  // NOLINT: a vocabulary of test octets
using testing_support::FailsNaming;
using testing_support::FailsWith;
using testing_support::IsOk;

struct Walked {
  CrlFacts facts;
  std::vector<CrlEntry> entries;
};

// Walks `octets`, announced truthfully, in pieces of `piece` octets.
StatusOr<Walked> Walk(const Bytes& octets, size_t piece) {
  Walked out;
  ASSIGN_OR_RETURN(const auto walker, CrlWalker::Create(octets.size(), [&](const CrlEntry& each) {
                     out.entries.push_back(each);
                     return OkStatus();
                   }));
  for (size_t at = 0; at < octets.size(); at += piece) {
    const size_t size = std::min(piece, octets.size() - at);
    RETURN_IF_ERROR(walker->Feed(ByteView(octets).subspan(at, size)));
  }
  ASSIGN_OR_RETURN(out.facts, walker->Finish());
  return out;
}
StatusOr<Walked> Walk(const Bytes& octets) { return Walk(octets, octets.size()); }

CrlOctets ThreeEntries() {
  CrlOctets crl;
  crl.entries = {CrlEntryOf({0x05}, "261120101112Z", 1), CrlEntryOf({0x40, 0x01}, "261121101112Z"),
                 CrlEntryOf({0x40, 0x02}, "261122101112Z", 6)};
  return crl;
}

TEST(CrlWalker, ReadsEveryField) {
  CrlOctets crl = ThreeEntries();
  crl.more_extensions = IssuingPoint({PointName("http://crl.ca.example/1.crl")});
  const auto walked = Walk(crl.Build());
  ASSERT_THAT(walked, IsOk());
  const CrlFacts& facts = walked->facts;
  EXPECT_EQ(facts.issuer, crl.issuer);
  EXPECT_EQ(ToIso8601(facts.this_update), "2026-11-23T06:30:00.000Z");
  EXPECT_EQ(ToIso8601(facts.next_update), "2026-11-24T06:30:00.000Z");
  EXPECT_EQ(facts.extensions.number, 7u);
  EXPECT_EQ(facts.extensions.authority_key_id, KeyIdentifier(0xca));
  ASSERT_TRUE(facts.extensions.distribution_point);
  EXPECT_EQ(facts.extensions.distribution_point->urls,
            std::vector<std::string>{"http://crl.ca.example/1.crl"});
  EXPECT_FALSE(facts.extensions.distribution_point->only_user_certificates);
  ASSERT_TRUE(facts.extensions.expired_certs_from);
  EXPECT_EQ(ToIso8601(*facts.extensions.expired_certs_from), "2026-01-01T00:00:00.000Z");
  EXPECT_EQ(facts.entries, 3u);
  EXPECT_EQ(facts.tbs_sha256, Sha256(crl.Build()));
  ASSERT_EQ(walked->entries.size(), 3u);
  EXPECT_EQ(ToHex(walked->entries[0].serial.octets), "05");
  EXPECT_EQ(walked->entries[0].reason, CrlReason::kKeyCompromise);
  EXPECT_EQ(walked->entries[1].reason, CrlReason::kUnspecified);
  EXPECT_EQ(ToIso8601(walked->entries[1].revoked_at), "2026-11-21T10:11:12.000Z");
  EXPECT_EQ(walked->entries[2].reason, CrlReason::kCertificateHold);
}

TEST(CrlWalker, ReadsWhatOpenSslWrote) {
  const auto walked = Walk(*FromHex(openssl_status::kTbsCertList));
  ASSERT_THAT(walked, IsOk());
  EXPECT_EQ(walked->facts.extensions.number, 43u);
  ASSERT_EQ(walked->entries.size(), 3u);
  EXPECT_EQ(ToHex(walked->entries[2].serial.octets), "5a0400112233445566778899aabbccdd");
  EXPECT_EQ(walked->entries[2].reason, CrlReason::kCertificateHold);
  ASSERT_TRUE(walked->facts.extensions.distribution_point);
  EXPECT_EQ(walked->facts.extensions.distribution_point->urls.size(), 1u);
}

TEST(CrlWalker, ReadsAListOfNothing) {
  const auto walked = Walk(CrlOctets{}.Build());
  ASSERT_THAT(walked, IsOk());
  EXPECT_EQ(walked->facts.entries, 0u);
}

TEST(CrlWalker, ReadsEveryFlagOfTheDistributionPoint) {
  CrlOctets crl;
  crl.more_extensions =
      IssuingPoint({Element(0x81, {0xff}), Element(0x82, {0xff}), Element(0x83, {0x06, 0x40}),
                    Element(0x84, {0xff}), Element(0x85, {0xff})});
  const auto walked = Walk(crl.Build());
  ASSERT_THAT(walked, IsOk());
  const IssuingDistributionPoint& point = *walked->facts.extensions.distribution_point;
  EXPECT_TRUE(point.urls.empty());
  EXPECT_TRUE(point.only_user_certificates);
  EXPECT_TRUE(point.only_ca_certificates);
  EXPECT_TRUE(point.only_some_reasons);
  EXPECT_TRUE(point.indirect);
  EXPECT_TRUE(point.only_attribute_certificates);
}

TEST(CrlWalker, SaysTheSameHoweverItIsCut) {
  const Bytes octets = *FromHex(openssl_status::kTbsCertList);
  const auto whole = Walk(octets);
  ASSERT_THAT(whole, IsOk());
  for (size_t piece = 1; piece < octets.size(); ++piece) {
    const auto cut = Walk(octets, piece);
    ASSERT_THAT(cut, IsOk()) << "pieces of " << piece;
    EXPECT_EQ(cut->facts.tbs_sha256, whole->facts.tbs_sha256);
    EXPECT_EQ(cut->facts.issuer, whole->facts.issuer);
    EXPECT_EQ(cut->facts.extensions.authority_key_id, whole->facts.extensions.authority_key_id);
    ASSERT_EQ(cut->entries.size(), whole->entries.size());
    for (size_t i = 0; i < cut->entries.size(); ++i) {
      EXPECT_EQ(cut->entries[i].serial, whole->entries[i].serial);
      EXPECT_EQ(cut->entries[i].revoked_at, whole->entries[i].revoked_at);
      EXPECT_EQ(cut->entries[i].reason, whole->entries[i].reason);
    }
  }
}

TEST(CrlWalker, ReadsALongList) {
  constexpr uint32_t kEntries = 100'000;
  CrlOctets crl;
  crl.entries.reserve(kEntries);
  for (uint32_t i = 0; i < kEntries; ++i) {
    crl.entries.push_back(CrlEntryOf({0x40, static_cast<uint8_t>(i >> 16),
                                      static_cast<uint8_t>(i >> 8), static_cast<uint8_t>(i)},
                                     "261120101112Z", 4));
  }
  const Bytes octets = crl.Build();
  for (const size_t piece : {size_t{1000}, size_t{512 * 1024}, octets.size()}) {
    const auto walked = Walk(octets, piece);
    ASSERT_THAT(walked, IsOk());
    EXPECT_EQ(walked->facts.entries, kEntries);
    EXPECT_EQ(walked->facts.tbs_sha256, Sha256(octets));
  }
}

struct Mutation {
  const char* what;
  const Reason& reason;
  std::function<void(CrlOctets&)> apply;
};

void ExpectEachRefused(std::span<const Mutation> mutations) {
  for (const Mutation& each : mutations) {
    CrlOctets crl = ThreeEntries();
    ASSERT_THAT(Walk(crl.Build()), IsOk());
    each.apply(crl);
    EXPECT_THAT(Walk(crl.Build()), FailsWith(each.reason)) << each.what;
    EXPECT_THAT(Walk(crl.Build(), 1), FailsWith(each.reason)) << each.what << ", octet by octet";
  }
}

TEST(CrlWalker, RefusesEachFlawOfTheHeader) {
  const Mutation kMutations[] = {
      {"version 1", kCrlShape, [](CrlOctets& c) { c.version = {}; }},
      {"version 3", kCrlShape, [](CrlOctets& c) { c.version = Integer({2}); }},
      {"padded version", kDerIntegerForm,
       [](CrlOctets& c) {
         c.version = Integer({0, 1});
       }},
      {"ecdsa-with-SHA384", kTbsSignatureAlgorithm,
       [](CrlOctets& c) { c.algorithm = Sequence({Oid("1.2.840.10045.4.3.3")}); }},
      {"parameters NULL", kTbsSignatureAlgorithm,
       [](CrlOctets& c) {
         c.algorithm = Sequence({Oid("1.2.840.10045.4.3.2"), Null()});
       }},
      {"issuer is no SEQUENCE", kCrlShape, [](CrlOctets& c) { c.issuer = Set({}); }},
      {"issuer with an unknown type", kDerTag,
       [](CrlOctets& c) { c.issuer = Sequence({Rdn(oid::kCommonName, 0x14, "CA")}); }},
      {"issuer of 9 KiB", kDerTooLarge,
       [](CrlOctets& c) { c.issuer = Sequence({Text(0x0c, std::string(9 * 1024, 'a'))}); }},
      {"thisUpdate as GeneralizedTime before 2050", kDerTimeForm,
       [](CrlOctets& c) { c.this_update = Generalized("20261123063000Z"); }},
      {"thisUpdate without seconds", kDerTimeForm,
       [](CrlOctets& c) { c.this_update = Utc("2611230630Z"); }},
      {"nextUpdate missing", kDerTimeForm, [](CrlOctets& c) { c.next_update = {}; }},
      {"31 November", kDerTimeForm, [](CrlOctets& c) { c.next_update = Utc("261131063000Z"); }},
      {"octets after the extensions", kCrlShape, [](CrlOctets& c) { c.after = Null(); }},
  };
  ExpectEachRefused(kMutations);
}

TEST(CrlWalker, RefusesEachFlawOfTheEntries) {
  const auto only = [](Bytes entry) { return [entry](CrlOctets& c) { c.entries = {entry}; }; };
  const Bytes date = Utc("261120101112Z");
  const auto with = [&](const Bytes& extensions) {
    return Sequence({Integer({0x41}), date, extensions});
  };
  const Mutation kMutations[] = {
      {"an empty list, not an absent one", kCrlShape,
       [](CrlOctets& c) {
         c.entries.clear();
         c.revoked = Sequence({});
       }},
      {"two alike", kCrlOrder, [](CrlOctets& c) { c.entries[2] = c.entries[1]; }},
      {"descending", kCrlOrder, [](CrlOctets& c) { std::swap(c.entries[1], c.entries[2]); }},
      {"longer first", kCrlOrder, [](CrlOctets& c) { std::swap(c.entries[0], c.entries[1]); }},
      {"serial 0", kTbsSerial, only(CrlEntryOf({0x00}, "261120101112Z"))},
      {"negative serial", kTbsSerial, only(CrlEntryOf({0x80}, "261120101112Z"))},
      {"serial of 21 octets", kTbsSerial, only(CrlEntryOf(Bytes(21, 0x41), "261120101112Z"))},
      {"padded serial", kDerIntegerForm, only(CrlEntryOf({0x00, 0x41}, "261120101112Z"))},
      {"no date", kDerUnexpected, only(Sequence({Integer({0x41})}))},
      {"GeneralizedTime before 2050", kDerTimeForm,
       only(Sequence({Integer({0x41}), Generalized("20261120101112Z")}))},
      {"no SEQUENCE", kDerUnexpected, only(Set({Integer({0x41}), date}))},
      {"an entry of 257 octets and more", kDerTooLarge,
       only(with(Sequence({Extension("2.5.29.21", Bytes(256, 0))})))},
      {"an empty list of extensions", kDerUnexpected, only(with(Sequence({})))},
      {"unspecified written out", kCrlExtension, only(CrlEntryOf({0x41}, "261120101112Z", 0))},
      {"cACompromise", kCrlExtension, only(CrlEntryOf({0x41}, "261120101112Z", 2))},
      {"the number nobody uses", kCrlExtension, only(CrlEntryOf({0x41}, "261120101112Z", 7))},
      {"removeFromCRL", kCrlExtension, only(CrlEntryOf({0x41}, "261120101112Z", 8))},
      {"reason 10", kCrlExtension, only(CrlEntryOf({0x41}, "261120101112Z", 10))},
      {"a reason as INTEGER", kCrlExtension,
       only(with(Sequence({Extension("2.5.29.21", Integer({1}))})))},
      {"a critical reason", kCrlExtension,
       only(with(Sequence({CriticalExtension("2.5.29.21", Enumerated(1))})))},
      {"critical FALSE", kTbsDefaultEncoded,
       only(with(
           Sequence({Sequence({Oid("2.5.29.21"), Boolean(0), Element(0x04, Enumerated(1))})})))},
      {"certificateIssuer", kCrlExtension,
       only(with(Sequence({CriticalExtension("2.5.29.29", Sequence({Uri("http://a.example")}))})))},
      {"invalidityDate", kCrlExtension,
       only(with(Sequence({Extension("2.5.29.24", Generalized("20261120000000Z"))})))},
      {"two extensions", kDerTrailing, only(with(Sequence({ReasonCode(1), ReasonCode(1)})))},
      {"octets after the extensions", kDerTrailing,
       only(Sequence({Integer({0x41}), date, Sequence({ReasonCode(1)}), Null()}))},
  };
  ExpectEachRefused(kMutations);
}

TEST(CrlWalker, RefusesEachFlawOfTheExtensions) {
  const auto more = [](Bytes extension) {
    return [extension](CrlOctets& c) { c.more_extensions = extension; };
  };
  const Bytes name = PointName("http://crl.ca.example/1.crl");
  const Mutation kMutations[] = {
      {"no number", kCrlExtension, [](CrlOctets& c) { c.number = {}; }},
      {"no authority key identifier", kCrlExtension, [](CrlOctets& c) { c.authority_key_id = {}; }},
      {"an empty key identifier", kCrlExtension,
       [](CrlOctets& c) {
         c.authority_key_id = Extension(oid::kAuthorityKeyId, Sequence({Element(0x80, {})}));
       }},
      {"authority key identifier by name", kDerUnexpected,
       [](CrlOctets& c) {
         c.authority_key_id = Extension(oid::kAuthorityKeyId, Sequence({Element(0x82, {1})}));
       }},
      {"a negative number", kCrlExtension,
       [](CrlOctets& c) { c.number = Extension("2.5.29.20", Integer({0x80})); }},
      {"a number of 2^63", kCrlExtension,
       [](CrlOctets& c) {
         c.number = Extension("2.5.29.20", Integer({0, 0x80, 0, 0, 0, 0, 0, 0, 0}));
       }},
      {"a padded number", kDerIntegerForm,
       [](CrlOctets& c) {
         c.number = Extension("2.5.29.20", Integer({0, 7}));
       }},
      {"a critical number", kCrlExtension,
       [](CrlOctets& c) { c.number = CriticalExtension("2.5.29.20", Integer({7})); }},
      {"the number twice", kTbsExtensionRepeated,
       [](CrlOctets& c) { c.more_extensions = c.number; }},
      {"expiredCertsOnCRL as UTCTime", kDerTimeForm,
       [](CrlOctets& c) { c.expired_certs = Extension("2.5.29.60", Utc("260101000000Z")); }},
      {"a delta indicator", kCrlExtension, more(CriticalExtension("2.5.29.27", Integer({6})))},
      {"freshestCRL", kCrlExtension,
       more(Extension("2.5.29.46", Sequence({DistributionPoint("http://a.example")})))},
      {"an unknown critical extension", kCrlExtension, more(CriticalExtension("1.2.3.4", Null()))},
      {"an unknown extension", kCrlExtension, more(Extension("1.2.3.4", Null()))},
      {"a distribution point that is not critical", kCrlExtension,
       more(Extension("2.5.29.28", Sequence({name})))},
      {"an empty distribution point", kCrlExtension, more(IssuingPoint({}))},
      {"a flag FALSE", kTbsDefaultEncoded, more(IssuingPoint({name, Element(0x81, {0})}))},
      {"a flag 01", kDerBooleanForm, more(IssuingPoint({name, Element(0x81, {1})}))},
      {"flags out of order", kDerTrailing,
       more(IssuingPoint({Element(0x82, {0xff}), Element(0x81, {0xff})}))},
      {"no reasons", kCrlExtension, more(IssuingPoint({name, Element(0x83, {0x00})}))},
      {"a name that is no URL", kDerUnexpected,
       more(IssuingPoint({Element(0xa0, Element(0xa0, Text(0x82, "ca.example")))}))},
      {"an invisible URL", kCrlExtension, more(IssuingPoint({PointName("http://a b")}))},
      {"no URL", kDerUnexpected, more(IssuingPoint({Element(0xa0, Element(0xa0, {}))}))},
      {"17 URLs", kCrlExtension,
       more(IssuingPoint(
           {Element(0xa0, Element(0xa0, Join(std::vector<Bytes>(17, Uri("http://a.example")))))}))},
      {"extensions of over 64 KiB", kDerTooLarge,
       more(Extension("1.2.3.4", Element(0x04, Bytes(66000, 0))))},
  };
  ExpectEachRefused(kMutations);
}

TEST(CrlWalker, RefusesExtensionsUnderAnotherTag) {
  CrlOctets crl;
  const Bytes list = Sequence({crl.authority_key_id, crl.number});
  const auto build = [&](const Bytes& tail) {
    return Sequence(
        {crl.version, crl.algorithm, crl.issuer, crl.this_update, crl.next_update, tail});
  };
  EXPECT_THAT(Walk(build(Element(0xa0, list))), IsOk());
  EXPECT_THAT(Walk(build(Element(0xa1, list))), FailsWith(kDerUnexpected));
  EXPECT_THAT(Walk(build(Element(0xa0, Join({list, Null()})))), FailsWith(kDerTrailing));
  EXPECT_THAT(Walk(build({})), FailsWith(kCrlShape));
}

TEST(CrlWalker, RefusesAListThatIsNotAsLongAsAnnounced) {
  const Bytes octets = ThreeEntries().Build();
  const auto sink = [](const CrlEntry&) { return OkStatus(); };
  EXPECT_THAT(CrlWalker::Create(0, sink), FailsWith(kCrlShape));
  EXPECT_THAT(CrlWalker::Create(kMaxCrlOctets + 1, sink), FailsWith(kDerTooLarge));
  const auto longer = CrlWalker::Create(octets.size() + 1, sink).value();
  EXPECT_THAT(longer->Feed(octets), FailsNaming(kCrlShape.id, "announced length"));
  const auto shorter = CrlWalker::Create(octets.size() - 1, sink).value();
  EXPECT_THAT(shorter->Feed(octets), FailsNaming(kCrlShape.id, "more octets"));
  EXPECT_THAT(shorter->Feed(ByteView(octets).first(1)), FailsNaming(kCrlShape.id, "before"));
  // Cut anywhere, it is not complete.
  for (size_t size = 0; size < octets.size(); ++size) {
    const auto cut = CrlWalker::Create(octets.size(), sink).value();
    ASSERT_THAT(cut->Feed(ByteView(octets).first(size)), IsOk());
    EXPECT_THAT(cut->Finish(), FailsNaming(kCrlShape.id, "not complete"));
  }
}

TEST(CrlWalker, RefusesLengthsThatDoNotFitTogether) {
  CrlOctets longer;
  longer.revoked = Join({{0x30, 0x82, 0x7f, 0xff}, CrlEntryOf({0x41}, "261120101112Z")});
  EXPECT_THAT(Walk(longer.Build()), FailsNaming(kCrlShape.id, "longer than the list"));
  // An entry claims an octet more than the list has left.
  CrlOctets one;
  one.entries = {CrlEntryOf({0x41}, "261120101112Z")};
  Bytes stretched = one.Build();
  const auto entry =
      std::search(stretched.begin(), stretched.end(), one.entries[0].begin(), one.entries[0].end());
  ++entry[1];
  EXPECT_THAT(Walk(stretched), FailsNaming(kCrlShape.id, "leaves the list"));
}

TEST(CrlWalker, StopsWhenTheSinkRefuses) {
  const Bytes octets = ThreeEntries().Build();
  int told = 0;
  const auto walker = CrlWalker::Create(octets.size(), [&](const CrlEntry&) {
                        return ++told == 2 ? Fail(kCrlOrder, "as the sink says") : OkStatus();
                      }).value();
  EXPECT_THAT(walker->Feed(octets), FailsNaming(kCrlOrder.id, "as the sink says"));
  EXPECT_EQ(told, 2);
  EXPECT_THAT(walker->Feed({}), FailsWith(kCrlShape));
  EXPECT_THAT(walker->Finish(), FailsWith(kCrlShape));
  EXPECT_EQ(told, 2);
}

TEST(CrlWalker, FinishesOnce) {
  const Bytes octets = ThreeEntries().Build();
  const auto walker =
      CrlWalker::Create(octets.size(), [](const CrlEntry&) { return OkStatus(); }).value();
  ASSERT_THAT(walker->Feed(octets), IsOk());
  ASSERT_THAT(walker->Finish(), IsOk());
  EXPECT_THAT(walker->Finish(), FailsWith(kCrlShape));
}

}  // namespace
}  // namespace intaglio::appliance
