#include "appliance/der/certificate_extensions.h"

#include <gtest/gtest.h>

#include "appliance/der/reasons.h"
#include "appliance/der/test_der.h"
#include "tests/support/status_matchers.h"

namespace intaglio::appliance {
namespace {

using namespace test_der;  // NOLINT: a vocabulary of test octets
using testing::ElementsAre;
using testing_support::FailsNaming;
using testing_support::FailsWith;
using testing_support::IsOk;

StatusOr<ExtensionFacts> Read(const std::vector<Bytes>& extensions) {
  const Bytes octets = Join(extensions);
  return ReadExtensions(DerReader(octets));
}

TEST(CertificateExtensions, ReadsEachKnownOne) {
  const auto facts = Read({
      CriticalExtension(oid::kBasicConstraints, Sequence({Boolean(0xff), Integer({2})})),
      CriticalExtension(oid::kKeyUsage, KeyUsage(0x06)),
      Extension(oid::kExtendedKeyUsage, Sequence({Oid(oid::kPurposeOcspSigning)})),
      Extension(oid::kAuthorityKeyId, Sequence({Element(0x80, KeyIdentifier(1))})),
      Extension(oid::kSubjectKeyId, Element(0x04, KeyIdentifier(2))),
      Extension(oid::kCertificatePolicies,
                Sequence({Sequence({Oid("1.2.3"), Sequence({Sequence({Oid(oid::kQualifierCps),
                                                                      Text(0x16, "http://c")})})}),
                          Policy("1.2.4")})),
      Extension(oid::kCrlDistributionPoints,
                Sequence({DistributionPoint("http://a/1"), DistributionPoint("http://a/2")})),
      Extension(oid::kAuthorityInfoAccess, Sequence({Access(oid::kAccessOcsp, "http://o"),
                                                     Access(oid::kAccessCaIssuers, "http://i")})),
      Extension(oid::kOcspNoCheck, Null()),
      Extension(oid::kNoRevAvail, Null()),
      Extension(oid::kValidityAssured, Null()),
      Extension(oid::kSubjectAltName, Sequence({Text(0x81, "a@b.example")})),
      Extension("1.2.3.4", {0xff}),
  });
  ASSERT_THAT(facts, IsOk());
  EXPECT_TRUE(facts->basic_constraints->is_authority);
  EXPECT_EQ(facts->basic_constraints->path_length, 2u);
  EXPECT_EQ(facts->key_usage, kUsageKeyCertSign | kUsageCrlSign);
  EXPECT_THAT(facts->extended_key_usage, ElementsAre(oid::kPurposeOcspSigning));
  EXPECT_EQ(facts->authority_key_id, KeyIdentifier(1));
  EXPECT_EQ(facts->subject_key_id, KeyIdentifier(2));
  ASSERT_EQ(facts->policies.size(), 2u);
  EXPECT_EQ(facts->policies[0].oid, "1.2.3");
  EXPECT_THAT(facts->policies[0].qualifiers, ElementsAre(oid::kQualifierCps));
  EXPECT_THAT(facts->crl_urls, ElementsAre("http://a/1", "http://a/2"));
  EXPECT_THAT(facts->ocsp_urls, ElementsAre("http://o"));
  EXPECT_THAT(facts->ca_issuers_urls, ElementsAre("http://i"));
  EXPECT_THAT(facts->policies[0].cps_urls, ElementsAre("http://c"));
  EXPECT_TRUE(facts->ocsp_no_check);
  EXPECT_TRUE(facts->no_rev_avail);
  EXPECT_TRUE(facts->validity_assured);
  EXPECT_TRUE(facts->subject_alt_name);
  EXPECT_NE(facts->Find("1.2.3.4"), nullptr);
  EXPECT_EQ(facts->Find("1.2.3.5"), nullptr);
  EXPECT_FALSE(facts->qc_statements.has_value());
}

TEST(CertificateExtensions, ReadsQcStatements) {
  const auto facts = Read(
      {Extension(oid::kQcStatements,
                 Sequence({Statement(oid::kQcCompliance), Statement(oid::kQcSscd),
                           Statement(oid::kQcPds,
                                     Sequence({Pds("https://a/en", "en"), Pds("https://a", "es")})),
                           Statement(oid::kQcType, Sequence({Oid(oid::kQcTypeSign)})),
                           Statement(oid::kQcSyntaxV2, Sequence({Oid(oid::kSemanticsNatural)})),
                           Statement("0.4.0.1862.1.3", Integer({15}))}))});
  ASSERT_THAT(facts, IsOk());
  const QcStatements& statements = *facts->qc_statements;
  EXPECT_EQ(statements.ids.size(), 6u);
  EXPECT_EQ(statements.ids[5], "0.4.0.1862.1.3");
  EXPECT_THAT(statements.types, ElementsAre(oid::kQcTypeSign));
  ASSERT_EQ(statements.pds.size(), 2u);
  EXPECT_EQ(statements.pds[1].url, "https://a");
  EXPECT_EQ(statements.pds[1].language, "es");
  EXPECT_EQ(statements.semantics, oid::kSemanticsNatural);
}

// What a judge must know to refuse it.
TEST(CertificateExtensions, TellsWhatElseStandsThere) {
  const Bytes key_id = Element(0x80, KeyIdentifier(1));
  const Bytes named = Element(0xa1, Element(0xa4, Tbs{}.issuer));
  const auto semantics = [](const std::vector<Bytes>& fields) {
    return Extension(oid::kQcStatements, Sequence({Statement(oid::kQcSyntaxV2, Sequence(fields))}));
  };
  const Bytes identifier = Oid(oid::kSemanticsNatural);
  auto facts = Read({Extension(oid::kAuthorityKeyId, Sequence({key_id})), semantics({identifier})});
  ASSERT_THAT(facts, IsOk());
  EXPECT_FALSE(facts->authority_named_by_serial);
  EXPECT_FALSE(facts->qc_statements->names_registration_authorities);
  facts = Read({Extension(oid::kAuthorityKeyId, Sequence({key_id, named, Element(0x82, {5})})),
                semantics({identifier, Sequence({Uri("https://register.example")})})});
  ASSERT_THAT(facts, IsOk());
  EXPECT_TRUE(facts->authority_named_by_serial);
  EXPECT_TRUE(facts->qc_statements->names_registration_authorities);
}

TEST(CertificateExtensions, RefusesValuesThatAreNotOfTheirType) {
  const auto qc = [](const Bytes& statement) { return Sequence({statement}); };
  const struct {
    std::string_view oid;
    Bytes value;
  } kBad[] = {
      {oid::kBasicConstraints, Sequence({Boolean(0xff), Integer({0xff})})},
      {oid::kBasicConstraints, Sequence({Integer({1})})},
      {oid::kBasicConstraints, Sequence({Boolean(0xff), Integer({1}), Null()})},
      {oid::kBasicConstraints, Null()},
      {oid::kBasicConstraints, {}},
      {oid::kBasicConstraints, Join({Sequence({}), {0}})},
      {oid::kKeyUsage, BitString(0, {})},
      {oid::kKeyUsage, BitString(0, {0x40})},
      {oid::kKeyUsage, BitString(7, {1, 1, 0x80})},
      {oid::kKeyUsage, Integer({1})},
      {oid::kExtendedKeyUsage, Sequence({})},
      {oid::kExtendedKeyUsage, Sequence({Oid("1.2.3"), Oid("1.2.3")})},
      {oid::kAuthorityKeyId, Sequence({})},
      {oid::kAuthorityKeyId, Sequence({Element(0x80, {})})},
      {oid::kAuthorityKeyId, Sequence({Element(0x80, {1}), Element(0xa1, {})})},
      {oid::kSubjectKeyId, Element(0x04, {})},
      {oid::kCertificatePolicies, Sequence({})},
      {oid::kCertificatePolicies, Sequence({Policy("1.2.3"), Policy("1.2.3")})},
      {oid::kCertificatePolicies, Sequence({Sequence({Oid("1.2.3"), Sequence({})})})},
      {oid::kCertificatePolicies,
       Sequence(
           {Sequence({Oid("1.2.3"), Sequence({Sequence({Oid(oid::kQualifierCps), Null()})})})})},
      {oid::kCrlDistributionPoints, Sequence({})},
      {oid::kCrlDistributionPoints, Sequence({Sequence({})})},
      {oid::kCrlDistributionPoints,
       Sequence(
           {Sequence({Element(0xa0, Element(0xa0, Uri("http://a"))), Element(0x81, {0, 1})})})},
      {oid::kCrlDistributionPoints, Sequence({DistributionPoint("")})},
      {oid::kCrlDistributionPoints, Sequence({DistributionPoint("http://a b")})},
      {oid::kCrlDistributionPoints,
       Sequence({Sequence({Element(0xa0, Element(0xa0, Text(0x82, "a.example")))})})},
      {oid::kAuthorityInfoAccess, Sequence({Access("1.3.6.1.5.5.7.48.3", "http://t")})},
      {oid::kAuthorityInfoAccess, Sequence({})},
      {oid::kOcspNoCheck, Sequence({})},
      {oid::kNoRevAvail, Boolean(0xff)},
      {oid::kNoRevAvail, {}},
      {oid::kValidityAssured, Sequence({})},
      {oid::kValidityAssured, {0x05, 0x01, 0x00}},
      {oid::kSubjectAltName, Sequence({})},
      {oid::kQcStatements, Sequence({})},
      {oid::kQcStatements, qc(Statement(oid::kQcCompliance, Null()))},
      {oid::kQcStatements, qc(Statement(oid::kQcPds))},
      {oid::kQcStatements, qc(Statement(oid::kQcPds, Sequence({Sequence({Text(0x0c, "u")})})))},
      {oid::kQcStatements, qc(Statement(oid::kQcType, Sequence({})))},
      {oid::kQcStatements, qc(Statement(oid::kQcSyntaxV2, Sequence({})))},
      {oid::kQcStatements, qc(Sequence({Oid("1.2.3"), Null(), Null()}))},
  };
  for (const auto& each : kBad) {
    EXPECT_THAT(Read({Extension(each.oid, each.value)}),
                FailsNaming(kTbsExtensionValue.id, std::string(each.oid)))
        << ToHex(each.value);
  }
}

TEST(CertificateExtensions, RefusesOctetsBesideTheValue) {
  EXPECT_THAT(Read({Sequence({Oid("1.2.3"), Element(0x04, {}), Null()})}), FailsWith(kDerTrailing));
  EXPECT_THAT(Read({Sequence({Oid("1.2.3")})}), FailsWith(kDerUnexpected));
  EXPECT_THAT(Read({Null()}), FailsWith(kDerUnexpected));
}

}  // namespace
}  // namespace intaglio::appliance
