#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "attestation/model/der_writer.h"
#include "attestation/verify/der_reader.h"
#include "attestation/verify/parsed_evidence.h"
#include "attestation/verify/reasons.h"
#include "attestation/verify/test_device.h"
#include "base/file.h"

namespace intaglio::attestation {
namespace {

constexpr char kEcdsaSha256[] = "1.2.840.10045.4.3.2";

StatusOr<ParsedEvidence> Parse(ByteView der) {
  return ParseEvidence(der, EvidenceProfile::Draft());
}
std::string ReasonFor(ByteView der) { return ReasonNameOf(Parse(der).status()); }
std::string ReasonForElements(std::vector<Bytes> elements) {
  return ReasonFor(EvidenceDer(TbsDer(1, std::move(elements)), {}, {}));
}

Bytes Identifier(const char* text = "key-1") {
  return ClaimDer(ClaimType::kIdentifier, DerUtf8String(text));
}
Bytes KeyElement(std::vector<Bytes> claims) {
  return ElementDer(ElementType::kKey, std::move(claims));
}
Bytes NonceClaim() { return ClaimDer(ClaimType::kNonce, DerOctetString(Bytes(16, 1))); }
Bytes SmallTbs() { return TbsDer(1, {KeyElement({Identifier()})}); }
// A key element whose claim of `type` has the value `der`.
Bytes KeyWith(ClaimType type, ByteView der) {
  return EvidenceDer(TbsDer(1, {KeyElement({Identifier(), ClaimDer(type, der)})}), {}, {});
}
Bytes PlatformWith(ClaimType type, ByteView der) {
  return EvidenceDer(TbsDer(1, {ElementDer(ElementType::kPlatform, {ClaimDer(type, der)})}), {},
                     {});
}
Bytes Hex(const char* text) { return *FromHex(text); }

// --- DER ---

template <class T>
std::string NameOfFailure(const StatusOr<T>& result) {
  return ReasonNameOf(result.status());
}

TEST(DerReaderTest, LengthsAreDefiniteAndMinimal) {
  const auto read = [](const char* hex) {
    const Bytes input = Hex(hex);
    return NameOfFailure(DerReader(input).Content(DerTag::kOctetString, "x"));
  };
  EXPECT_EQ(read("0400"), "");
  EXPECT_EQ(read(""), "DER_TRUNCATED");
  EXPECT_EQ(read("04"), "DER_TRUNCATED");
  EXPECT_EQ(read("0401"), "DER_TRUNCATED");
  EXPECT_EQ(read("048201"), "DER_TRUNCATED");
  EXPECT_EQ(read("0480"), "DER_LENGTH");
  EXPECT_EQ(read("04810100"), "DER_LENGTH");
  EXPECT_EQ(read("0482000100"), "DER_LENGTH");
  EXPECT_EQ(read("0485000000000100"), "DER_LENGTH");
  EXPECT_EQ(read("0484ffffffff00"), "DER_TRUNCATED");
  EXPECT_EQ(read("0200"), "DER_TAG");
  EXPECT_EQ(read("2400"), "DER_TAG");
}

TEST(DerReaderTest, MultiOctetTagsAreRefused) {
  const Bytes input = Hex("1f8100");
  EXPECT_EQ(NameOfFailure(DerReader(input).Any("x")), "DER_TAG");
}

TEST(DerReaderTest, NestingIsBounded) {
  Bytes value = DerSequence({});
  for (int i = 0; i < 15; ++i) value = DerSequence({value});
  EXPECT_TRUE(DerReader(value).Any("x").ok());
  for (int i = 0; i < 5; ++i) value = DerSequence({value});
  EXPECT_EQ(NameOfFailure(DerReader(value).Any("x")), "DER_DEPTH");
  const Bytes bad_inside = Hex("3003040500");
  EXPECT_EQ(NameOfFailure(DerReader(bad_inside).Any("x")), "DER_TRUNCATED");
}

TEST(DerReaderTest, Booleans) {
  EXPECT_TRUE(*DerReader(Hex("0101ff")).Boolean("x"));
  EXPECT_FALSE(*DerReader(Hex("010100")).Boolean("x"));
  for (const char* bad : {"010101", "0100", "01020000"}) {
    const Bytes input = Hex(bad);
    EXPECT_EQ(NameOfFailure(DerReader(input).Boolean("x")), "DER_VALUE") << bad;
  }
}

TEST(DerReaderTest, IntegersRoundTripWithTheWriter) {
  for (int64_t value : {int64_t{0}, int64_t{1}, int64_t{-1}, int64_t{127}, int64_t{128},
                        int64_t{-128}, int64_t{-129}, int64_t{65536}, INT64_MAX, INT64_MIN}) {
    const Bytes der = DerInteger(value);
    EXPECT_EQ(*DerReader(der).Integer("x"), value);
  }
  for (const char* bad : {"0200", "02020001", "0202ff80", "0209010000000000000000"}) {
    const Bytes input = Hex(bad);
    EXPECT_EQ(NameOfFailure(DerReader(input).Integer("x")), "DER_VALUE") << bad;
  }
}

TEST(DerReaderTest, TextIsUtf8) {
  for (const char* good :
       {"", "a", "\xc3\xa9", "\xe2\x82\xac", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"}) {
    const Bytes der = DerUtf8String(good);
    EXPECT_EQ(*DerReader(der).Utf8String("x"), good);
  }
  for (const char* bad : {"\x80", "\xc3", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80",
                          "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82"}) {
    const Bytes der = DerUtf8String(bad);
    EXPECT_EQ(NameOfFailure(DerReader(der).Utf8String("x")), "DER_VALUE");
  }
}

TEST(DerReaderTest, TimesAreUtcInWholeSeconds) {
  const auto read = [](const char* text) {
    Bytes der = {0x18, static_cast<uint8_t>(std::string_view(text).size())};
    for (const char* c = text; *c != '\0'; ++c) der.push_back(static_cast<uint8_t>(*c));
    return DerReader(der).GeneralizedTime("x");
  };
  EXPECT_EQ(read("20261123063000Z")->ms, kTestNow.ms);
  EXPECT_EQ(read("19691231235959Z")->ms, -1000);
  for (const char* bad : {"20261123063000", "20261123063000+0100", "2026112306300Z",
                          "20261123063000.5Z", "20260229000000Z", "20261123240000Z",
                          "20261123236000Z", "20261123235960Z", "2026112306300xZ"}) {
    EXPECT_EQ(NameOfFailure(read(bad)), "DER_VALUE") << bad;
  }
}

TEST(DerReaderTest, ObjectIdentifiersAreMinimal) {
  const Bytes input = Hex("06022a80");
  EXPECT_EQ(NameOfFailure(DerReader(input).ObjectIdentifier("x")), "DER_VALUE");
}

// --- structure ---

TEST(ParseEvidenceTest, ReadsEveryClaim) {
  const std::vector<Bytes> transaction = {
      NonceClaim(), ClaimDer(ClaimType::kTimestamp, *DerGeneralizedTime(kTestNow)),
      ClaimDer(ClaimType::kAkSpki, DerOctetString(Bytes{1})),
      ClaimDer(ClaimType::kAkSpki, DerOctetString(Bytes{2}))};
  const std::vector<Bytes> key = {
      Identifier("a"), Identifier("b"), ClaimDer(ClaimType::kLocal, DerBoolean(true)),
      ClaimDer(ClaimType::kPurpose,
               DerSequence({DerOid(EvidenceProfile::Draft().OidOf(KeyPurpose::kSign)),
                            DerOid(*Oid::FromDotted("1.2.3.4"))}))};
  const Bytes der = EvidenceDer(
      TbsDer(1, {ElementDer(ElementType::kTransaction, transaction), KeyElement(key)}), {}, {});
  const StatusOr<ParsedEvidence> parsed = Parse(der);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->content().transaction.nonce, Bytes(16, 1));
  EXPECT_EQ(parsed->content().transaction.timestamp, kTestNow);
  EXPECT_EQ(parsed->content().transaction.ak_spki, (std::vector<Bytes>{{1}, {2}}));
  ASSERT_EQ(parsed->content().keys.size(), 1u);
  EXPECT_EQ(parsed->content().keys[0].identifiers, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(parsed->content().keys[0].purposes,
            (std::vector{KeyPurpose::kSign, KeyPurpose::kOther}));
  EXPECT_EQ(parsed->der(), der);
  EXPECT_TRUE(parsed->signatures().empty());
}

TEST(ParseEvidenceTest, CountsAndIgnoresWhatItDoesNotKnow) {
  const Bytes der = EvidenceDer(
      TbsDer(1, {ElementDer("1.2.3.999.0.3", {ClaimDer("1.2.3.999.1.9.9", DerBoolean(true)),
                                              ClaimDer("1.2.3.999.1.9.8", Bytes{})}),
                 KeyElement({Identifier(), ClaimDer("2.5.4.3", DerSequence({DerInteger(1)}))})}),
      {}, {});
  const StatusOr<ParsedEvidence> parsed = Parse(der);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->unknown_elements(), 1u);
  EXPECT_EQ(parsed->unknown_claims(), 3u);
  EXPECT_EQ(parsed->content().keys.size(), 1u);
}

TEST(ParseEvidenceTest, ChecksTheEncodingOfUnknownClaimsToo) {
  EXPECT_EQ(ReasonForElements({ElementDer("1.2.3.4", {ClaimDer("1.2.3.5", Hex("308100"))})}),
            "DER_LENGTH");
  EXPECT_EQ(ReasonForElements({ElementDer("1.2.3.4", {ClaimDer("1.2.3.5", Hex("05000500"))})}),
            "DER_TRAILING");
}

TEST(ParseEvidenceTest, SizeIsBounded) {
  Bytes large(64 * 1024 + 1, 0);
  EXPECT_EQ(ReasonFor(large), "EVIDENCE_TOO_LARGE");
  const auto of_size = [](size_t filler) {
    return EvidenceDer(
        TbsDer(1, {ElementDer("1.2.3.4", {ClaimDer("1.2.3.5", DerOctetString(Bytes(filler)))})}),
        {}, {});
  };
  const size_t overhead = of_size(65000).size() - 65000;
  EXPECT_EQ(of_size(65536 - overhead).size(), 65536u);
  EXPECT_EQ(ReasonFor(of_size(65536 - overhead)), "");
  EXPECT_EQ(ReasonFor(of_size(65537 - overhead)), "EVIDENCE_TOO_LARGE");
}

TEST(ParseEvidenceTest, NothingMayFollowOrBeMissing) {
  const Bytes good = EvidenceDer(SmallTbs(), {}, {});
  EXPECT_EQ(ReasonFor(good), "");
  EXPECT_EQ(ReasonFor(Concat({good, Bytes{0}})), "DER_TRAILING");
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(ReasonFor(ByteView(good).first(size)), "DER_TRUNCATED") << size;
  }
  EXPECT_EQ(ReasonFor(DerSequence({SmallTbs(), DerSequence({}), DerInteger(1)})), "DER_TAG");
  EXPECT_EQ(ReasonFor(DerSequence(
                {SmallTbs(), DerSequence({}), DerExplicit(0, DerSequence({})), DerInteger(1)})),
            "DER_TRAILING");
  EXPECT_EQ(
      ReasonFor(DerSequence(
          {DerSequence({DerInteger(1), DerSequence({KeyElement({Identifier()})}), DerInteger(0)}),
           DerSequence({})})),
      "DER_TRAILING");
}

TEST(ParseEvidenceTest, VersionIsOne) {
  for (int64_t version : {0, 2, -1}) {
    EXPECT_EQ(ReasonFor(EvidenceDer(TbsDer(version, {KeyElement({Identifier()})}), {}, {})),
              "EVIDENCE_VERSION");
  }
}

TEST(ParseEvidenceTest, ElementsAndClaimsAreCounted) {
  EXPECT_EQ(ReasonForElements({}), "ELEMENT_COUNT");
  const Bytes unknown = ElementDer("1.2.3.4", {ClaimDer("1.2.3.5", DerBoolean(true))});
  EXPECT_EQ(ReasonForElements(std::vector<Bytes>(64, unknown)), "");
  EXPECT_EQ(ReasonForElements(std::vector<Bytes>(65, unknown)), "ELEMENT_COUNT");
  EXPECT_EQ(ReasonForElements({KeyElement({})}), "CLAIM_COUNT");
  EXPECT_EQ(ReasonForElements({ElementDer("1.2.3.4", {})}), "CLAIM_COUNT");
  const Bytes claim = ClaimDer("1.2.3.5", DerBoolean(true));
  EXPECT_EQ(ReasonForElements({ElementDer("1.2.3.4", std::vector<Bytes>(64, claim))}), "");
  EXPECT_EQ(ReasonForElements({ElementDer("1.2.3.4", std::vector<Bytes>(65, claim))}),
            "CLAIM_COUNT");
  std::vector<Bytes> oids;
  for (uint32_t i = 0; i < 65; ++i) oids.push_back(DerOid(Oid::FromDotted("1.2.3")->Child({i})));
  EXPECT_EQ(ReasonFor(KeyWith(ClaimType::kPurpose, DerSequenceOf(oids))), "CLAIM_COUNT");
}

TEST(ParseEvidenceTest, OnePlatformAndOneTransaction) {
  const Bytes transaction = ElementDer(ElementType::kTransaction, {NonceClaim()});
  const Bytes platform =
      ElementDer(ElementType::kPlatform, {ClaimDer(ClaimType::kVendor, DerUtf8String("v"))});
  EXPECT_EQ(ReasonForElements({transaction, platform}), "");
  EXPECT_EQ(ReasonForElements({transaction, platform, transaction}), "ELEMENT_REPEATED");
  EXPECT_EQ(ReasonForElements({platform, transaction, platform}), "ELEMENT_REPEATED");
}

TEST(ParseEvidenceTest, EachKeyOnce) {
  const Bytes spki = ClaimDer(ClaimType::kSpki, DerOctetString(Bytes{9}));
  EXPECT_EQ(
      ReasonForElements({KeyElement({Identifier("a"), spki}), KeyElement({Identifier("b"), spki})}),
      "");
  EXPECT_EQ(ReasonForElements({KeyElement({Identifier("a")}), KeyElement({Identifier("a")})}),
            "KEY_REPEATED");
  EXPECT_EQ(ReasonForElements({KeyElement({Identifier("a"), Identifier("b")}),
                               KeyElement({Identifier("c"), Identifier("b")})}),
            "KEY_REPEATED");
  EXPECT_EQ(ReasonForElements({KeyElement({Identifier("a"), Identifier("a")})}), "KEY_REPEATED");
  EXPECT_EQ(ReasonForElements({KeyElement({spki})}), "KEY_IDENTIFIER_MISSING");
}

// Every claim that may occur once is refused when it occurs twice, whatever its values.
TEST(ParseEvidenceTest, NoClaimTwice) {
  for (const ClaimSpec& spec : ClaimSpecs()) {
    if (spec.repetition == Repetition::kMultiple) continue;
    for (const Bytes& value :
         {DerOctetString(Bytes(16)), DerUtf8String("RESIDENT"), DerUtf8String("storage"),
          DerBoolean(true), DerInteger(1), *DerGeneralizedTime(kTestNow), DerSequence({})}) {
      const Bytes claim = ClaimDer(spec.type, value);
      std::vector<Bytes> once = {claim};
      std::vector<Bytes> twice = {claim, claim};
      if (spec.element == ElementType::kKey) {
        once.push_back(Identifier());
        twice.push_back(Identifier());
      }
      if (!ReasonForElements({ElementDer(spec.element, once)}).empty()) continue;
      EXPECT_EQ(ReasonForElements({ElementDer(spec.element, twice)}), "CLAIM_REPEATED")
          << spec.name;
    }
  }
  const Bytes ak = ClaimDer(ClaimType::kAkSpki, DerOctetString(Bytes{1}));
  EXPECT_EQ(ReasonForElements({ElementDer(ElementType::kTransaction, {ak, ak})}), "CLAIM_REPEATED");
}

// Each claim accepts exactly one ASN.1 type; the draft's table is repeated here on purpose.
TEST(ParseEvidenceTest, EveryClaimHasItsType) {
  const auto accepted = [](const ClaimSpec& spec) {
    std::string kinds;
    const std::vector<std::pair<char, Bytes>> values = {{'O', DerOctetString(Bytes(16))},
                                                        {'U', DerUtf8String("x")},
                                                        {'R', DerUtf8String("WRAPPED")},
                                                        {'S', DerUtf8String("storage")},
                                                        {'B', DerBoolean(false)},
                                                        {'I', DerInteger(7)},
                                                        {'T', *DerGeneralizedTime(kTestNow)},
                                                        {'P', DerSequence({})}};
    for (const auto& [kind, value] : values) {
      std::vector<Bytes> claims = {ClaimDer(spec.type, value)};
      if (spec.element == ElementType::kKey && spec.type != ClaimType::kIdentifier) {
        claims.push_back(Identifier("key-9"));
      }
      if (ReasonForElements({ElementDer(spec.element, claims)}).empty()) kinds.push_back(kind);
    }
    return kinds;
  };
  std::string table;
  for (const ClaimSpec& spec : ClaimSpecs()) {
    table += std::string(spec.name) + "=" + accepted(spec) + " ";
  }
  EXPECT_EQ(table,
            "nonce=O timestamp=T ak-spki=O vendor=URS oemid=O hwmodel=O hwversion=URS "
            "hwserial=URS swname=URS swversion=URS debugstat=I uptime=I bootcount=I fipsboot=B "
            "fipsver=URS fipslevel=I fipsmodule=URS boot-id=O core-instance=O "
            "self-reported-measurement=O simulated=B journal-head=O identifier=URS spki=O "
            "extractable=B sensitive=B never-extractable=B local=B expiry=T purpose=P "
            "wrap-with-trusted=B residency=R key-class=S trusted=B ");
}

TEST(ParseEvidenceTest, ClaimsStandWhereTheyBelong) {
  const Bytes local = ClaimDer(ClaimType::kLocal, DerBoolean(true));
  EXPECT_EQ(ReasonForElements({ElementDer(ElementType::kPlatform, {local})}), "CLAIM_MISPLACED");
  EXPECT_EQ(ReasonForElements({ElementDer(ElementType::kTransaction, {local})}), "CLAIM_MISPLACED");
  EXPECT_EQ(ReasonForElements({KeyElement({Identifier(), NonceClaim()})}), "CLAIM_MISPLACED");
}

TEST(ParseEvidenceTest, ClaimsHaveOneValue) {
  EXPECT_EQ(ReasonForElements(
                {ElementDer(ElementType::kTransaction, {ClaimDer(ClaimType::kNonce, Bytes{})})}),
            "CLAIM_VALUE_MISSING");
  EXPECT_EQ(ReasonFor(KeyWith(ClaimType::kLocal, Concat({DerBoolean(true), DerBoolean(true)}))),
            "DER_TRAILING");
  EXPECT_EQ(ReasonFor(KeyWith(ClaimType::kLocal, Hex("010101"))), "DER_VALUE");
  EXPECT_EQ(ReasonFor(KeyWith(ClaimType::kLocal, Hex("018101ff"))), "DER_LENGTH");
  EXPECT_EQ(ReasonFor(PlatformWith(ClaimType::kBootCount, Hex("02020001"))), "DER_VALUE");
}

TEST(ParseEvidenceTest, OurTextsAreKnown) {
  EXPECT_EQ(ReasonFor(KeyWith(ClaimType::kResidency, DerUtf8String("resident"))),
            "CLAIM_VALUE_UNKNOWN");
  EXPECT_EQ(ReasonFor(KeyWith(ClaimType::kKeyClass, DerUtf8String("signing"))),
            "CLAIM_VALUE_UNKNOWN");
}

TEST(ParseEvidenceTest, PurposesAreListedOnce) {
  const Bytes sign = DerOid(EvidenceProfile::Draft().OidOf(KeyPurpose::kSign));
  EXPECT_EQ(ReasonFor(KeyWith(ClaimType::kPurpose, DerSequence({sign}))), "");
  EXPECT_EQ(ReasonFor(KeyWith(ClaimType::kPurpose, DerSequence({sign, sign}))), "PURPOSE_REPEATED");
  EXPECT_EQ(ReasonFor(KeyWith(ClaimType::kPurpose, DerSequence({DerBoolean(true)}))), "DER_TAG");
}

// --- signatures and certificates ---

Bytes AnyCertificate() { return DerSequence({DerSequence({DerInteger(1)}), DerSequence({})}); }

TEST(ParseEvidenceTest, SignaturesNameTheirSigner) {
  const Bytes signature(64, 1);
  const Bytes sid = SidDer(Bytes{1}, DerSequence({}), AnyCertificate());
  const auto reason = [&](const Bytes& block) {
    return ReasonFor(EvidenceDer(SmallTbs(), {block}, {}));
  };
  EXPECT_EQ(reason(BlockDer(sid, kEcdsaSha256, signature)), "");
  EXPECT_EQ(reason(BlockDer(DerSequence({}), kEcdsaSha256, signature)), "SIGNER_IDENTIFIER_EMPTY");
  const Bytes out_of_order =
      DerSequence({DerExplicit(2, AnyCertificate()), DerExplicit(0, DerOctetString(Bytes{1}))});
  EXPECT_EQ(reason(BlockDer(out_of_order, kEcdsaSha256, signature)), "DER_TRAILING");
  const Bytes two_ids =
      DerSequence({DerExplicit(0, Concat({DerOctetString(Bytes{1}), DerOctetString(Bytes{1})}))});
  EXPECT_EQ(reason(BlockDer(two_ids, kEcdsaSha256, signature)), "DER_TRAILING");
  const Bytes implicit = DerSequence({Hex("800101")});
  EXPECT_EQ(reason(BlockDer(implicit, kEcdsaSha256, signature)), "DER_TRAILING");
}

TEST(ParseEvidenceTest, SignaturesAndCertificatesAreBounded) {
  const Bytes block = BlockDer(SidDer(Bytes{1}, {}, {}), kEcdsaSha256, Bytes(8, 1));
  EXPECT_EQ(ReasonFor(EvidenceDer(SmallTbs(), std::vector<Bytes>(8, block), {})), "");
  EXPECT_EQ(ReasonFor(EvidenceDer(SmallTbs(), std::vector<Bytes>(9, block), {})),
            "SIGNATURE_COUNT");
  EXPECT_EQ(ReasonFor(EvidenceDer(SmallTbs(), {}, std::vector<Bytes>(8, AnyCertificate()))), "");
  EXPECT_EQ(ReasonFor(EvidenceDer(SmallTbs(), {}, std::vector<Bytes>(9, AnyCertificate()))),
            "INTERMEDIATE_COUNT");
  const Bytes large = DerSequence({DerSequence({DerOctetString(Bytes(17000))})});
  EXPECT_EQ(ReasonFor(EvidenceDer(SmallTbs(), {}, {large})), "CERTIFICATE_SIZE");
  const Bytes sloppy = DerSequence({DerSequence({Hex("04810100")})});
  EXPECT_EQ(ReasonFor(EvidenceDer(SmallTbs(), {}, {sloppy})), "DER_LENGTH");
  Bytes deep = DerSequence({});
  for (int i = 0; i < 20; ++i) deep = DerSequence({deep});
  EXPECT_EQ(ReasonFor(EvidenceDer(SmallTbs(), {}, {deep})), "DER_DEPTH");
}

TEST(ParseEvidenceTest, IntermediatesAreReadInBothTaggings) {
  const Bytes certificate = Issue(RootSpec(), TestKey::Generate(), TestKey::Generate(), {});
  const Bytes explicit_form = EvidenceDer(SmallTbs(), {}, {certificate, certificate});
  const Bytes implicit_form = DerSequence(
      {SmallTbs(), DerSequence({}), DerImplicitConstructed(0, Concat({certificate, certificate}))});
  for (const Bytes& der : {explicit_form, implicit_form}) {
    const StatusOr<ParsedEvidence> parsed = Parse(der);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(parsed->intermediates(), (std::vector<Bytes>{certificate, certificate}));
  }
}

// --- PEM ---

TEST(EvidenceFromPemTest, TakesOneBlockAndNothingElse) {
  const Bytes der = EvidenceDer(SmallTbs(), {}, {});
  const std::string base64 = ToBase64(der);
  const std::string begin = "-----BEGIN EVIDENCE-----\n";
  const std::string end = "\n-----END EVIDENCE-----\n";
  const std::string good = begin + base64.substr(0, 20) + "\r\n" + base64.substr(20) + end;
  EXPECT_EQ(*EvidenceFromPem(good), der);
  EXPECT_EQ(*EvidenceFromPem("\n " + good + "\n"), der);
  for (const std::string& bad :
       {std::string(), base64, "x" + good, good + "x", good + good, begin + base64,
        begin + "*" + base64 + end, begin + base64.substr(1) + end,
        "-----BEGIN CERTIFICATE-----\n" + base64 + "\n-----END CERTIFICATE-----\n",
        std::string("-----BEGIN EVIDENCE-----END EVIDENCE-----")}) {
    EXPECT_EQ(ReasonNameOf(EvidenceFromPem(bad).status()), "PEM_INVALID") << bad;
  }
  EXPECT_EQ(ReasonNameOf(EvidenceFromPem(std::string(200000, ' ')).status()), "EVIDENCE_TOO_LARGE");
}

// The seeds of the fuzzer say by their names what the parser does with them.
TEST(EvidenceCorpusTest, EachSeedParsesAsItsNameSays) {
  const char* source = std::getenv("INTAGLIO_SOURCE_DIR");
  if (source == nullptr) GTEST_SKIP() << "INTAGLIO_SOURCE_DIR is not set";
  const std::filesystem::path folder = std::string(source) + "/tests/fuzz/corpus/evidence";
  size_t seeds = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const std::string name = file.path().filename().string();
    const StatusOr<Bytes> octets = ReadFile(file.path().string(), FileTrust::kAnyMode, 1 << 20);
    ASSERT_TRUE(octets.ok()) << octets.status();
    EXPECT_EQ(Parse(*octets).ok(), name.starts_with("ok_")) << name << Parse(*octets).status();
    ++seeds;
  }
  EXPECT_GE(seeds, 10u);
}

TEST(VerifyReasonsTest, IdsAreUniqueAndAscending) {
  std::string_view last;
  for (const Reason* reason : kAttestationVerifyReasons) {
    EXPECT_LT(last, reason->id);
    last = reason->id;
  }
}

}  // namespace
}  // namespace intaglio::attestation
