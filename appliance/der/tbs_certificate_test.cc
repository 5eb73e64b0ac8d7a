#include "appliance/der/tbs_certificate.h"

#include <gtest/gtest.h>

#include <functional>

#include "appliance/der/openssl_certificates.h"
#include "appliance/der/reasons.h"
#include "appliance/der/second_reading.h"
#include "appliance/der/test_der.h"
#include "tests/support/status_matchers.h"

namespace intaglio::appliance {
namespace {

using namespace test_der;  // NOLINT: a vocabulary of test octets
using testing_support::FailsNaming;
using testing_support::FailsWith;
using testing_support::IsOk;

const Bytes kSignature = Sequence({Integer({0x11}), Integer({0x22})});

TEST(TbsCertificate, ReadsEveryField) {
  Tbs tbs;
  tbs.subject =
      Sequence({Rdn(oid::kCountryName, 0x13, "EE"), Rdn(oid::kCommonName, 0x0c, "M\xc3\xa4nnik")});
  const auto facts = ReadTbsCertificate(tbs.Build());
  ASSERT_THAT(facts, IsOk());
  EXPECT_EQ(ToHex(facts->serial.octets), "4001020304050607");
  EXPECT_EQ(facts->issuer, tbs.issuer);
  EXPECT_EQ(facts->subject, tbs.subject);
  EXPECT_EQ(facts->spki, tbs.spki);
  EXPECT_EQ(ToIso8601(facts->not_before), "2026-11-23T06:30:00.000Z");
  EXPECT_EQ(ToIso8601(facts->not_after), "2028-11-22T06:30:00.000Z");
  ASSERT_EQ(facts->subject_attributes.size(), 2u);
  EXPECT_EQ(facts->subject_attributes[1].oid, "2.5.4.3");
  EXPECT_EQ(facts->subject_attributes[1].string_tag, kDerUtf8String);
  EXPECT_EQ(facts->subject_attributes[1].value, "M\xc3\xa4nnik");
  EXPECT_EQ(facts->extensions.key_usage, kUsageNonRepudiation);
  ASSERT_NE(facts->extensions.Find(oid::kKeyUsage), nullptr);
  EXPECT_TRUE(facts->extensions.Find(oid::kKeyUsage)->critical);
}

struct Mutation {
  const char* what;
  const Reason& reason;
  std::function<void(Tbs&)> apply;
};

TEST(TbsCertificate, RefusesEachFlawForItsReason) {
  const Bytes usage = CriticalExtension(oid::kKeyUsage, KeyUsage(0x40));
  const Mutation kMutations[] = {
      {"version 1", kTbsVersion, [](Tbs& t) { t.version = {}; }},
      {"version 2", kTbsVersion, [](Tbs& t) { t.version = Element(0xa0, Integer({1})); }},
      {"version 4", kTbsVersion, [](Tbs& t) { t.version = Element(0xa0, Integer({3})); }},
      {"serial 0", kTbsSerial, [](Tbs& t) { t.serial = Integer({0}); }},
      {"negative serial", kTbsSerial, [](Tbs& t) { t.serial = Integer({0x80}); }},
      {"serial of 21 octets", kTbsSerial, [](Tbs& t) { t.serial = Integer(Bytes(21, 0x41)); }},
      {"padded serial", kDerIntegerForm,
       [](Tbs& t) {
         t.serial = Integer({0, 0x40});
       }},
      {"serial missing", kDerUnexpected, [](Tbs& t) { t.serial = {}; }},
      {"ecdsa-with-SHA384", kTbsSignatureAlgorithm,
       [](Tbs& t) { t.algorithm = Sequence({Oid("1.2.840.10045.4.3.3")}); }},
      {"parameters NULL", kTbsSignatureAlgorithm,
       [](Tbs& t) {
         t.algorithm = Sequence({Oid("1.2.840.10045.4.3.2"), Null()});
       }},
      {"empty issuer", kTbsName, [](Tbs& t) { t.issuer = Sequence({}); }},
      {"empty subject", kTbsName, [](Tbs& t) { t.subject = Sequence({}); }},
      {"RDN of two attributes", kTbsName,
       [](Tbs& t) {
         t.subject = Sequence(
             {Set({Attribute(oid::kCommonName, 0x0c, "A"), Attribute(oid::kSurname, 0x0c, "B")})});
       }},
      {"33 attributes", kDerTooLarge,
       [](Tbs& t) {
         t.subject = Sequence(std::vector<Bytes>(33, Rdn(oid::kCommonName, 0x0c, "A")));
       }},
      {"attribute with a third element", kDerTrailing,
       [](Tbs& t) {
         t.subject = Sequence({Set({Sequence({Oid(oid::kCommonName), Text(0x0c, "A"), Null()})})});
       }},
      {"ends before it begins", kTbsValidity,
       [](Tbs& t) { t.not_after = Text(0x17, "261123062959Z"); }},
      {"no day of the calendar", kDerTimeForm,
       [](Tbs& t) { t.not_after = Text(0x17, "270229000000Z"); }},
      {"GeneralizedTime before 2050", kDerTimeForm,
       [](Tbs& t) { t.not_after = Text(0x18, "20281122063000Z"); }},
      {"three times", kDerTrailing,
       [](Tbs& t) {
         t.not_after = Join({t.not_after, t.not_after});
       }},
      {"key bits not of whole octets", kDerBitStringForm,
       [](Tbs& t) {
         t.spki = Sequence({Sequence({Oid("1.2.840.10045.2.1"), Oid("1.2.840.10045.3.1.7")}),
                            BitString(1, Bytes(65, 4))});
       }},
      {"key off its curve", kTbsSecondReader, [](Tbs& t) { t.spki.back() ^= 1; }},
      {"key of an unknown algorithm", kTbsSecondReader,
       [](Tbs& t) {
         t.spki = Sequence({Sequence({Oid("1.2.3.4")}), BitString(0, {1, 2, 3})});
       }},
      {"issuer's unique id", kTbsUniqueId,
       [](Tbs& t) {
         t.unique_ids = Element(0x81, {0, 1});
       }},
      {"subject's unique id", kTbsUniqueId,
       [](Tbs& t) {
         t.unique_ids = Element(0x82, {0, 1});
       }},
      {"no extension in the list", kDerUnexpected, [](Tbs& t) { t.extensions = {}; }},
      {"octets after the extensions", kDerTrailing, [](Tbs& t) { t.after = Null(); }},
      {"an extension twice", kTbsExtensionRepeated,
       [&](Tbs& t) {
         t.extensions = {usage, usage};
       }},
      {"an unknown extension twice", kTbsExtensionRepeated,
       [](Tbs& t) {
         t.extensions = {Extension("1.2.3", Null()), Extension("1.2.3", Null())};
       }},
      {"critical FALSE", kTbsDefaultEncoded,
       [](Tbs& t) {
         t.extensions = {Sequence({Oid(oid::kKeyUsage), Boolean(0), Element(4, KeyUsage(0x40))})};
       }},
      {"critical 01", kDerBooleanForm,
       [](Tbs& t) {
         t.extensions = {Sequence({Oid(oid::kKeyUsage), Boolean(1), Element(4, KeyUsage(0x40))})};
       }},
      {"cA FALSE", kTbsDefaultEncoded,
       [](Tbs& t) { t.extensions = {Extension(oid::kBasicConstraints, Sequence({Boolean(0)}))}; }},
      {"33 extensions", kDerTooLarge,
       [](Tbs& t) {
         t.extensions.clear();
         for (int i = 0; i < 33; ++i) {
           t.extensions.push_back(Extension("1.2." + std::to_string(i), Null()));
         }
       }},
      {"an unknown critical extension", kTbsSecondReader,
       [](Tbs& t) { t.extensions = {CriticalExtension("1.2.3", Null())}; }},
      {"over 16 KiB", kDerTooLarge,
       [](Tbs& t) { t.extensions = {Extension("1.2.3", Bytes(kMaxTbsOctets, 0))}; }},
  };
  for (const Mutation& each : kMutations) {
    Tbs tbs;
    each.apply(tbs);
    EXPECT_THAT(ReadTbsCertificate(tbs.Build()), FailsWith(each.reason)) << each.what;
  }
}

TEST(TbsCertificate, RefusesEveryTruncationAndOneOctetMore) {
  const Bytes whole = Tbs().Build();
  for (size_t octets = 0; octets < whole.size(); ++octets) {
    EXPECT_FALSE(ReadTbsCertificate(ByteView(whole).first(octets)).ok()) << octets;
  }
  EXPECT_THAT(ReadTbsCertificate(Join({whole, {0}})), FailsWith(kDerTrailing));
  EXPECT_THAT(ReadTbsCertificate(Null()), FailsWith(kDerUnexpected));
}

TEST(TbsCertificate, TakesGeneralizedTimeFrom2050) {
  Tbs tbs;
  tbs.not_after = Text(0x18, "99991231235959Z");
  const auto facts = ReadTbsCertificate(tbs.Build());
  ASSERT_THAT(facts, IsOk());
  EXPECT_EQ(ToIso8601(facts->not_after), "9999-12-31T23:59:59.000Z");
}

TEST(SecondReading, EachFieldThatDiffersIsNamed) {
  const Bytes tbs = Tbs().Build();
  const auto facts = ReadTbsCertificate(tbs);
  const auto second = ReadWithMbedTls(tbs);
  ASSERT_THAT(facts, IsOk());
  ASSERT_THAT(second, IsOk());
  EXPECT_THAT(CompareReadings(*facts, *second), IsOk());
  const std::pair<const char*, std::function<void(TbsFacts&)>> kDifferences[] = {
      {"serial", [](TbsFacts& f) { f.serial.octets.push_back(0); }},
      {"issuer", [](TbsFacts& f) { f.issuer.pop_back(); }},
      {"subject", [](TbsFacts& f) { f.subject.clear(); }},
      {"public key", [](TbsFacts& f) { f.spki[30] ^= 1; }},
      {"notBefore", [](TbsFacts& f) { f.not_before.ms += 1000; }},
      {"notAfter", [](TbsFacts& f) { f.not_after.ms -= 1000; }},
  };
  for (const auto& [field, change] : kDifferences) {
    TbsFacts changed = *facts;
    change(changed);
    EXPECT_THAT(CompareReadings(changed, *second), FailsNaming(kTbsReadingsDiffer.id, field));
  }
}

TEST(Certificate, IsReadAsItWasAssembled) {
  const Bytes tbs = Tbs().Build();
  const Bytes certificate = AssembleCertificate(tbs, kSignature);
  const auto parts = ReadCertificate(certificate);
  ASSERT_THAT(parts, IsOk());
  EXPECT_EQ(parts->tbs, tbs);
  EXPECT_EQ(parts->signature, kSignature);
  EXPECT_EQ(ToHex(parts->facts.serial.octets), "4001020304050607");
}

TEST(Certificate, ReadsWhatOpenSslMade) {
  const Bytes subscriber = *FromHex(openssl_certificates::kSubscriber);
  const auto parts = ReadCertificate(subscriber);
  ASSERT_THAT(parts, IsOk());
  EXPECT_EQ(AssembleCertificate(parts->tbs, parts->signature), subscriber);
  EXPECT_EQ(parts->facts.subject_attributes.size(), 5u);
  EXPECT_EQ(parts->facts.extensions.all.size(), 7u);
  EXPECT_EQ(parts->facts.extensions.qc_statements->ids.size(), 5u);
  const auto ca = ReadCertificate(*FromHex(openssl_certificates::kCa));
  ASSERT_THAT(ca, IsOk());
  EXPECT_EQ(ca->facts.extensions.subject_key_id, parts->facts.extensions.authority_key_id);
}

TEST(Certificate, RefusesFlawsAroundTheTbs) {
  const Bytes tbs = Tbs().Build();
  const Bytes algorithm = Tbs().algorithm;
  const Bytes bits = BitString(0, kSignature);
  EXPECT_THAT(ReadCertificate(Sequence({tbs, algorithm, bits})), IsOk());
  const Bytes other = Sequence({Oid("1.2.840.10045.4.3.2"), Null()});
  EXPECT_THAT(ReadCertificate(Sequence({tbs, other, bits})), FailsWith(kCertificateAlgorithm));
  EXPECT_THAT(ReadCertificate(Sequence({tbs, algorithm})), FailsWith(kDerUnexpected));
  EXPECT_THAT(ReadCertificate(Sequence({tbs, algorithm, bits, Null()})), FailsWith(kDerTrailing));
  EXPECT_THAT(ReadCertificate(Join({Sequence({tbs, algorithm, bits}), {0}})),
              FailsWith(kDerTrailing));
  const Bytes half = BitString(0, Sequence({Integer({1})}));
  EXPECT_THAT(ReadCertificate(Sequence({tbs, algorithm, half})), FailsWith(kDerUnexpected));
  const Bytes odd = BitString(1, {0x30, 0x00});
  EXPECT_THAT(ReadCertificate(Sequence({tbs, algorithm, odd})), FailsWith(kDerBitStringForm));
  EXPECT_THAT(ReadCertificate(Bytes(kMaxTbsOctets + 257, 0)), FailsWith(kDerTooLarge));
}

}  // namespace
}  // namespace intaglio::appliance
