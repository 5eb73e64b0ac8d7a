#include "appliance/policy/issuance_policy.h"

#include <gtest/gtest.h>

#include <functional>

#include "appliance/der/openssl_certificates.h"
#include "appliance/domain/reasons.h"
#include "appliance/policy/certificate_rules.h"
#include "appliance/policy/gate_reasons.h"
#include "appliance/policy/issuance_cases.h"
#include "appliance/policy/profile_table.h"
#include "tests/support/status_matchers.h"

namespace intaglio::appliance {
namespace {

using namespace issuance_cases;  // NOLINT: a vocabulary of test octets
using testing::ElementsAre;
using testing_support::FailsWith;
using testing_support::IsOk;

template <class Case>
struct Mutation {
  const char* what;
  const Reason& reason;
  std::function<void(Case&)> apply;
};

template <class Case, size_t kCount>
void ExpectEachRefused(const Mutation<Case> (&mutations)[kCount]) {
  for (const Mutation<Case>& each : mutations) {
    Case changed;
    each.apply(changed);
    EXPECT_THAT(changed.Judge(), FailsWith(each.reason)) << each.what;
  }
}

// The generator of another curve that Mbed TLS knows.
Bytes Secp256k1Spki() {
  return Sequence({Sequence({Oid("1.2.840.10045.2.1"), Oid("1.3.132.0.10")}),
                   BitString(0, *FromHex("0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f281"
                                         "5b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a685"
                                         "54199c47d08ffb10d4b8"))});
}

// `name`, of under 128 octets, with one more RDN.
Bytes WithRdn(const Bytes& name, const Bytes& rdn) {
  return Sequence({Bytes(name.begin() + 2, name.end()), rdn});
}

using S = SubscriberCase;
using R = ResponderCase;

TEST(JudgeSubscriber, PermitsExactlyTheTbsWithTheCaKey) {
  SubscriberCase subscriber;
  const auto permit = subscriber.Judge();
  ASSERT_THAT(permit, IsOk());
  EXPECT_EQ(permit->key_id(), subscriber.ca.key.key_id);
  EXPECT_THAT(permit->digests(), ElementsAre(MessageDigest::Sha256(subscriber.tbs_sha256)));
}

TEST(JudgeSubscriber, RefusesKeysOrdersAndSerialsThatDoNotFit) {
  const Mutation<S> kMutations[] = {
      {"policy nobody knows", kPolicyUnsupported,
       [](S& c) { c.order.policy_oid = "0.4.0.194112.1.4"; }},
      {"policy for legal persons", kPolicySubject,
       [](S& c) { c.order.policy_oid = "0.4.0.194112.1.3"; }},
      {"order for another CA", kGateIssuerKey,
       [](S& c) { c.order.issuer_key_id = MakeKeyId(0xcb); }},
      {"CA certificate of another key", kGateIssuerKey, [](S& c) { c.ca.key.spki = P256Spki(0); }},
      {"CA key of another purpose", kKeyPurpose,
       [](S& c) { c.ca.key.purpose = KeyPurpose::kStatus; }},
      {"CA certificate over", kGateCaNotValid,
       [](S& c) { c.ca.tbs.not_after = Text(0x17, "261123063000Z"); }},
      {"CA certificate not yet valid", kGateCaNotValid,
       [](S& c) { c.ca.tbs.not_before = Text(0x17, "261123063001Z"); }},
      {"subject key of another purpose", kKeyPurpose,
       [](S& c) { c.key.purpose = KeyPurpose::kStatus; }},
      {"key of another order", kGateOrderKey, [](S& c) { c.key.order_digest = Digest{8}; }},
      {"order for a key that exists", kGateOrderKey,
       [](S& c) { c.order.key = ExistingKey{P256Spki(1)}; }},
      {"order for an RSA key", kGateOrderKey,
       [](S& c) { c.order.key = CoreGeneratedKey{KeyAlgorithm::kRsa3072}; }},
      {"certified key", kGateKeyCertified, [](S& c) { c.key.version = kVersionCertified; }},
      {"key with a certificate on record", kGateKeyCertified,
       [](S& c) { c.key.certified_as = CertifiedAs{}; }},
      {"key not local", kOriginUnproven, [](S& c) { c.key.origin.local = false; }},
      {"key not sensitive", kOriginUnproven, [](S& c) { c.key.origin.sensitive = false; }},
      {"key once not sensitive", kOriginUnproven,
       [](S& c) { c.key.origin.always_sensitive = false; }},
      {"key made by another mechanism", kOriginUnproven,
       [](S& c) { c.key.origin.key_gen_mechanism = ~uint64_t{0}; }},
      {"wrapped key never extractable", kOriginUnproven,
       [](S& c) { c.key.origin.extractable = false; }},
      {"key wrapped by anything", kOriginUnproven,
       [](S& c) { c.key.origin.wrap_with_trusted = false; }},
      {"resident key that was extractable", kOriginUnproven,
       [](S& c) {
         c.key.residency = KeyResidency::kResident;
         c.key.origin.extractable = false;
       }},
      {"QSCD entry past its date", kQscdEntryLapsed, [](S& c) { c.qscd_entry.valid_until = kNow; }},
      {"serial issued", kGateSerialState, [](S& c) { c.serial.state = SerialState::kIssued; }},
      {"serial revoked", kGateSerialState, [](S& c) { c.serial.state = SerialState::kRevoked; }},
      {"serial begun with other octets", kGateSerialState,
       [](S& c) {
         c.serial.state = SerialState::kIntent;
         c.serial.tbs_sha256 = Digest{9};
       }},
  };
  ExpectEachRefused(kMutations);
}

TEST(JudgeSubscriber, RefusesNamesAndTimesThatDoNotFit) {
  const Mutation<S> kMutations[] = {
      {"another issuer", kGateIssuer,
       [](S& c) { c.tbs.issuer = Sequence({Rdn(oid::kCommonName, 0x0c, "CA")}); }},
      {"the issuer in another string type", kGateIssuer,
       [](S& c) {
         c.tbs.issuer =
             Sequence({Rdn(oid::kCountryName, 0x13, "ES"), Rdn(oid::kCommonName, 0x13, "CA")});
       }},
      {"another public key", kGatePublicKey, [](S& c) { c.tbs.spki = P256Spki(1); }},
      {"outlives the CA", kGateOutlivesCa,
       [](S& c) { c.ca.tbs.not_after = Text(0x17, "281122062959Z"); }},
      {"begins too long ago", kGateNotBefore, [](S& c) { c.now = kNow + kHour + 1; }},
      {"begins too late", kGateNotBefore, [](S& c) { c.now = kNow - kLatestNotBefore - 1; }},
      {"is over", kGateNotAfter,
       [](S& c) {
         c.tbs.not_after = Text(0x17, "261123063001Z");
         c.now = kNow + kSecond;
       }},
      {"longer than ordered", kGateValidityTooLong, [](S& c) { c.order.validity_days = 729; }},
      {"longer than the profile", kGateValidityTooLong,
       [](S& c) {
         c.order.validity_days = 2000;
         c.tbs.not_after = Text(0x17, "291122063001Z");
       }},
      {"a name missing", kGateSubjectShape, [](S& c) { c.subject.pop_back(); }},
      {"an attribute more", kGateSubjectShape,
       [](S& c) { c.subject.push_back(Rdn("2.5.4.10", 0x0c, "A firm")); }},
      {"an attribute twice", kGateSubjectShape, [](S& c) { c.subject[1] = c.subject[2]; }},
      {"country in UTF8String", kGateSubjectString,
       [](S& c) { c.subject[0] = Rdn(oid::kCountryName, 0x0c, "EE"); }},
      {"name in IA5String", kGateSubjectString,
       [](S& c) { c.subject[1] = Rdn(oid::kGivenName, 0x16, "Mari-Liis"); }},
      {"another name", kGateSubjectValue,
       [](S& c) { c.subject[1] = Rdn(oid::kGivenName, 0x0c, "Mari-Lii"); }},
      {"another serial number", kGateSubjectValue,
       [](S& c) { c.subject[4] = Rdn(oid::kSerialNumber, 0x13, "PNOEE-47101010034"); }},
      {"an empty validity", kGateNotAfter,
       [](S& c) { c.tbs.not_before = c.tbs.not_after = Text(0x17, "261123063400Z"); }},
      {"a country in small letters", kGateCountryForm,
       [](S& c) {
         std::get<NaturalPerson>(c.order.subject).country = "ee";
         c.subject[0] = Rdn(oid::kCountryName, 0x13, "ee");
       }},
      {"a Cyrillic letter in a Latin name", kGateSubjectText,
       [](S& c) {
         std::get<NaturalPerson>(c.order.subject).surname = "M\xd0\xb0nnik";
         c.subject[2] = Rdn(oid::kSurname, 0x0c, "M\xd0\xb0nnik");
       }},
      {"a line end in a name", kGateSubjectText,
       [](S& c) {
         std::get<NaturalPerson>(c.order.subject).common_name = "Mari\nLiis";
         c.subject[3] = Rdn(oid::kCommonName, 0x0c, "Mari\nLiis");
       }},
      {"nothing ordered", kGateSubjectValue,
       [](S& c) {
         std::get<NaturalPerson>(c.order.subject).given_name.clear();
         c.subject[1] = Rdn(oid::kGivenName, 0x0c, "");
       }},
  };
  ExpectEachRefused(kMutations);
  for (const char* number :
       {"47101010033", "PNOEE-", "XXXEE-1", "PNOee-1", "PNOEE1-1", "VATEE-1"}) {
    SubscriberCase subscriber;
    std::get<NaturalPerson>(subscriber.order.subject).serial_number = number;
    subscriber.subject[4] = Rdn(oid::kSerialNumber, 0x13, number);
    EXPECT_THAT(subscriber.Judge(), FailsWith(kGateSerialNumberForm)) << number;
  }
}

TEST(JudgeSubscriber, RefusesQcStatementsThatDoNotFit) {
  const auto pds = [](const Bytes& location) {
    return Statement(oid::kQcPds, Sequence({location}));
  };
  const auto semantics = [](std::string_view id) {
    return Statement(oid::kQcSyntaxV2, Sequence({Oid(id)}));
  };
  const Mutation<S> kMutations[] = {
      {"none at all", kGateExtensionMissing, [](S& c) { c.statements.clear(); }},
      {"QcCompliance missing", kGateQcMissing,
       [](S& c) { c.statements.erase(c.statements.begin()); }},
      {"QcPDS missing", kGateQcMissing, [](S& c) { c.statements.erase(c.statements.begin() + 2); }},
      {"QcType missing", kGateQcMissing,
       [](S& c) { c.statements.erase(c.statements.begin() + 3); }},
      {"semantics missing", kGateQcMissing, [](S& c) { c.statements.pop_back(); }},
      {"QcSSCD missing under -qscd", kGateQcSscd,
       [](S& c) { c.statements.erase(c.statements.begin() + 1); }},
      {"QcSSCD without -qscd", kGateQcSscd,
       [](S& c) {
         c.order.policy_oid = "0.4.0.194112.1.0";
         c.extensions[oid::kCertificatePolicies].value = Sequence({Policy("0.4.0.194112.1.0")});
       }},
      {"one twice", kGateQcRepeated,
       [](S& c) { c.statements.push_back(Statement(oid::kQcCompliance)); }},
      {"QcCClegislation", kGateQcLegislation,
       [](S& c) {
         c.statements.push_back(Statement(oid::kQcLegislation, Sequence({Text(0x13, "ES")})));
       }},
      {"QcLimitValue, which no order names", kGateQcUnknown,
       [](S& c) { c.statements.push_back(Statement("0.4.0.1862.1.2", Sequence({}))); }},
      {"eseal", kGateQcType,
       [](S& c) {
         c.statements[3] = Statement(oid::kQcType, Sequence({Oid("0.4.0.1862.1.6.2")}));
       }},
      {"esign and eseal", kGateQcType,
       [](S& c) {
         c.statements[3] =
             Statement(oid::kQcType, Sequence({Oid(oid::kQcTypeSign), Oid("0.4.0.1862.1.6.2")}));
       }},
      {"PDS over http", kGateQcPds,
       [&](S& c) { c.statements[2] = pds(Pds("http://ca.example/pds.pdf", "en")); }},
      {"PDS nowhere", kGateQcPds, [&](S& c) { c.statements[2] = pds(Pds("https://", "en")); }},
      {"language in capitals", kGateQcPds,
       [&](S& c) { c.statements[2] = pds(Pds("https://ca.example/pds.pdf", "EN")); }},
      {"language of three letters", kGateQcPds,
       [&](S& c) { c.statements[2] = pds(Pds("https://ca.example/pds.pdf", "eng")); }},
      {"no English", kGateQcPds,
       [&](S& c) { c.statements[2] = pds(Pds("https://ca.example/pds.pdf", "es")); }},
      {"semantics of legal persons", kGateQcSemantics,
       [&](S& c) { c.statements[4] = semantics("0.4.0.194121.1.2"); }},
      {"a registration authority beside it", kGateQcSemantics,
       [](S& c) {
         c.statements[4] = Statement(
             oid::kQcSyntaxV2,
             Sequence({Oid(oid::kSemanticsNatural), Sequence({Uri("https://register.example")})}));
       }},
  };
  ExpectEachRefused(kMutations);
}

TEST(JudgeSubscriber, RefusesExtensionsThatDoNotFit) {
  const auto policies = [](S& c, const std::vector<Bytes>& list) {
    c.extensions[oid::kCertificatePolicies].value = Sequence(list);
  };
  const Bytes ordered = Policy("0.4.0.194112.1.2");
  const Bytes notice = Sequence(
      {Oid("0.4.0.194112.1.2"), Sequence({Sequence({Oid("1.3.6.1.5.5.7.2.2"), Sequence({})})})});
  const auto pointer = [](std::string_view url) {
    return Sequence({Oid("0.4.0.194112.1.2"),
                     Sequence({Sequence({Oid(oid::kQualifierCps), Text(0x16, url)})})});
  };
  const Mutation<S> kMutations[] = {
      {"extended key usage", kGateExtensionForbidden,
       [](S& c) { c.extensions[oid::kExtendedKeyUsage].value = Sequence({Oid("1.2.3")}); }},
      {"OCSPSigning", kGateOcspSigning,
       [](S& c) {
         c.extensions[oid::kExtendedKeyUsage].value = Sequence({Oid(oid::kPurposeOcspSigning)});
       }},
      {"OCSPSigning among others", kGateOcspSigning,
       [](S& c) {
         c.extensions[oid::kExtendedKeyUsage].value =
             Sequence({Oid("1.2.3"), Oid(oid::kPurposeOcspSigning)});
       }},
      {"alternative name", kGateExtensionForbidden,
       [](S& c) { c.extensions[oid::kSubjectAltName].value = Sequence({Text(0x81, "a@b")}); }},
      {"unknown extension", kGateExtensionForbidden,
       [](S& c) { c.extensions["1.2.3.4"].value = Null(); }},
      {"key usage not critical", kGateExtensionCritical,
       [](S& c) { c.extensions[oid::kKeyUsage].critical = false; }},
      {"no key usage", kGateExtensionMissing, [](S& c) { c.extensions.Remove(oid::kKeyUsage); }},
      {"no policies", kGateExtensionMissing,
       [](S& c) { c.extensions.Remove(oid::kCertificatePolicies); }},
      {"no subject key id", kGateExtensionMissing,
       [](S& c) { c.extensions.Remove(oid::kSubjectKeyId); }},
      {"no authority key id", kGateExtensionMissing,
       [](S& c) { c.extensions.Remove(oid::kAuthorityKeyId); }},
      {"CA:TRUE with CA key usage", kGateBasicConstraints,
       [](S& c) {
         c.extensions[oid::kBasicConstraints] = {true, Sequence({Boolean(0xff)})};
         c.extensions[oid::kKeyUsage].value = KeyUsage(0x06);
       }},
      {"no CRL", kGateExtensionMissing,
       [](S& c) { c.extensions.Remove(oid::kCrlDistributionPoints); }},
      {"no access", kGateExtensionMissing,
       [](S& c) { c.extensions.Remove(oid::kAuthorityInfoAccess); }},
      {"another policy", kGatePolicyOid, [&](S& c) { policies(c, {Policy("0.4.0.194112.1.0")}); }},
      {"a policy of ours alone", kGatePolicyOid, [&](S& c) { policies(c, {Policy("1.2.3")}); }},
      {"two ETSI policies", kGatePolicyOid,
       [&](S& c) {
         policies(c, {ordered, Policy("0.4.0.194112.1.0")});
       }},
      {"LCP beside it", kGatePolicyOid,
       [&](S& c) {
         policies(c, {ordered, Policy("0.4.0.2042.1.3")});
       }},
      {"anyPolicy beside it", kGatePolicyOid,
       [&](S& c) {
         policies(c, {ordered, Policy(oid::kAnyPolicy)});
       }},
      {"a user notice", kGatePolicyQualifier, [&](S& c) { policies(c, {notice}); }},
      {"the practice statement by ftp", kGatePolicyQualifier,
       [&](S& c) { policies(c, {pointer("ftp://ca.example/cps.pdf")}); }},
      {"the practice statement nowhere", kGatePolicyQualifier,
       [&](S& c) { policies(c, {pointer("https://")}); }},
      {"a practice statement with a gap", kGatePolicyQualifier,
       [&](S& c) { policies(c, {pointer("https://ca.example/c p s")}); }},
      {"a policy of the old Directive beside it", kGatePolicyOid,
       [&](S& c) {
         policies(c, {ordered, Policy("0.4.0.1456.1.1")});
       }},
      {"a policy of payment services beside it", kGatePolicyOid,
       [&](S& c) {
         policies(c, {ordered, Policy("0.4.0.19495.3.1")});
       }},
      {"a website's policy beside it", kGatePolicyOid,
       [&](S& c) {
         policies(c, {ordered, Policy("2.23.140.1.2.2")});
       }},
      {"digitalSignature", kGateKeyUsage,
       [](S& c) { c.extensions[oid::kKeyUsage].value = KeyUsage(0x80); }},
      {"digitalSignature besides", kGateKeyUsage,
       [](S& c) { c.extensions[oid::kKeyUsage].value = KeyUsage(0xc0); }},
      {"CA:TRUE", kGateBasicConstraints,
       [](S& c) {
         c.extensions[oid::kBasicConstraints] = {true, Sequence({Boolean(0xff)})};
       }},
      {"another authority", kGateAuthorityKeyId,
       [](S& c) {
         c.extensions[oid::kAuthorityKeyId].value = Sequence({Element(0x80, KeyIdentifier(0xcb))});
       }},
      {"the authority by serial besides", kGateAuthorityKeyId,
       [](S& c) {
         c.extensions[oid::kAuthorityKeyId].value =
             Sequence({Element(0x80, KeyIdentifier(0xca)),
                       Element(0xa1, Element(0xa4, c.tbs.issuer)), Element(0x82, {5})});
       }},
      {"a CA without key id", kGateAuthorityKeyId,
       [](S& c) { c.ca.extensions.Remove(oid::kSubjectKeyId); }},
      {"CRL by ldap alone", kGateCrlUrl,
       [](S& c) {
         c.extensions[oid::kCrlDistributionPoints].value =
             Sequence({DistributionPoint("ldap://ca.example/cn=1")});
       }},
      {"no CA certificate address", kGateCaIssuersUrl,
       [](S& c) { c.SetAccess({Access(oid::kAccessOcsp, "http://ocsp.ca.example")}); }},
      {"CA certificate by ftp", kGateCaIssuersUrl,
       [](S& c) { c.SetAccess({Access(oid::kAccessCaIssuers, "ftp://ca.example/ca.cer")}); }},
      {"no responder address", kGateOcspUrl,
       [](S& c) { c.SetAccess({Access(oid::kAccessCaIssuers, "http://ca.example/ca.cer")}); }},
  };
  ExpectEachRefused(kMutations);
}

TEST(JudgeSubscriber, AcceptsWhatTheProfileLeavesOpen) {
  const std::function<void(S&)> kVariants[] = {
      [](S& c) {
        c.serial.state = SerialState::kIntent;
        c.serial.tbs_sha256 = c.tbs_sha256;
      },
      [](S& c) { c.now = kNow + kEarliestNotBefore; },
      [](S& c) { c.now = kNow - kLatestNotBefore; },
      [](S& c) {
        c.extensions[oid::kBasicConstraints] = {true, Sequence({})};
      },
      [](S& c) {
        c.extensions[oid::kCertificatePolicies].value = Sequence(
            {Policy("0.4.0.194112.1.2"), Policy("0.4.0.2042.1.2"), Policy("1.3.6.1.4.1.9")});
      },
      [](S& c) { std::swap(c.subject[1], c.subject[3]); },
      [](S& c) {
        c.key.residency = KeyResidency::kResident;
        c.key.origin.extractable = false;
        c.key.origin.never_extractable = true;
      },
      [](S& c) {
        c.order.policy_oid = "0.4.0.194112.1.0";
        c.extensions[oid::kCertificatePolicies].value = Sequence({Policy("0.4.0.194112.1.0")});
        c.statements.erase(c.statements.begin() + 1);
        c.qscd_entry.valid_until = kNow;
      },
  };
  for (size_t i = 0; i < std::size(kVariants); ++i) {
    SubscriberCase subscriber;
    kVariants[i](subscriber);
    EXPECT_THAT(subscriber.Judge(), IsOk()) << i;
  }
}

TEST(JudgeSubscriber, PermitsALegalPersonsSealKey) {
  SealCase seal;
  const auto permit = seal.Judge();
  ASSERT_THAT(permit, IsOk());
  EXPECT_EQ(permit->key_id(), seal.ca.key.key_id);
}

TEST(JudgeSubscriber, RefusesSealsThatDoNotFit) {
  using L = SealCase;
  const Mutation<L> kMutations[] = {
      {"a natural person", kPolicySubject,
       [](L& c) {
         c.order.subject = NaturalPerson{"EE", "M", "K", "M K", "PNOEE-1"};
       }},
      {"a signer's key ordered", kPolicySubject,
       [](L& c) {
         c.order.key = CoreGeneratedKey{KeyAlgorithm::kP256, KeyPurpose::kSigner};
       }},
      {"policy for natural persons", kPolicySubject,
       [](L& c) { c.order.policy_oid = "0.4.0.194112.1.2"; }},
      {"a signer's key handed in", kKeyPurpose, [](L& c) { c.key.purpose = KeyPurpose::kSigner; }},
      {"seal key handed in for an existing one of another purpose", kKeyPurpose,
       [](L& c) {
         c.order.key = ExistingKey{c.key.spki};
         c.key.purpose = KeyPurpose::kStatus;
       }},
      {"a key that could leave", kOriginUnproven,
       [](L& c) { c.key.origin.never_extractable = false; }},
      {"QSCD entry past its date", kQscdEntryLapsed, [](L& c) { c.qscd_entry.valid_until = kNow; }},
      {"no organizationIdentifier", kGateSubjectShape,
       [](L& c) { c.subject.erase(c.subject.begin() + 2); }},
      {"an attribute more", kGateSubjectShape,
       [](L& c) { c.subject.push_back(Rdn(oid::kSurname, 0x0c, "Tamm")); }},
      {"a natural person's attribute in place of it", kGateSubjectShape,
       [](L& c) { c.subject[2] = Rdn(oid::kSerialNumber, 0x13, "VATEE-100000001"); }},
      {"organizationName twice", kGateSubjectShape, [](L& c) { c.subject[2] = c.subject[1]; }},
      {"country in UTF8String", kGateSubjectString,
       [](L& c) { c.subject[0] = Rdn(oid::kCountryName, 0x0c, "EE"); }},
      {"name in IA5String", kGateSubjectString,
       [](L& c) { c.subject[1] = Rdn(oid::kOrganizationName, 0x16, "AS"); }},
      {"another organization", kGateSubjectValue,
       [](L& c) { c.subject[1] = Rdn(oid::kOrganizationName, 0x0c, "Other AS"); }},
      {"another identifier", kGateSubjectValue,
       [](L& c) { c.subject[2] = Rdn(oid::kOrganizationIdentifier, 0x0c, "VATEE-100000002"); }},
      {"another common name", kGateSubjectValue,
       [](L& c) { c.subject[3] = Rdn(oid::kCommonName, 0x0c, "Other"); }},
      {"esign", kGateQcType,
       [](L& c) { c.statements[3] = Statement(oid::kQcType, Sequence({Oid(oid::kQcTypeSign)})); }},
      {"eseal and esign", kGateQcType,
       [](L& c) {
         c.statements[3] =
             Statement(oid::kQcType, Sequence({Oid(oid::kQcTypeSeal), Oid(oid::kQcTypeSign)}));
       }},
      {"semantics of natural persons", kGateQcSemantics,
       [](L& c) {
         c.statements[4] = Statement(oid::kQcSyntaxV2, Sequence({Oid(oid::kSemanticsNatural)}));
       }},
      {"QcSSCD missing", kGateQcSscd, [](L& c) { c.statements.erase(c.statements.begin() + 1); }},
      {"QcSSCD under QCP-l", kGateQcSscd,
       [](L& c) {
         c.order.policy_oid = "0.4.0.194112.1.1";
         c.extensions[oid::kCertificatePolicies].value = Sequence({Policy("0.4.0.194112.1.1")});
       }},
      {"QcCompliance missing", kGateQcMissing,
       [](L& c) { c.statements.erase(c.statements.begin()); }},
      {"QCP-n-qscd in the certificate", kGatePolicyOid,
       [](L& c) {
         c.extensions[oid::kCertificatePolicies].value = Sequence({Policy("0.4.0.194112.1.2")});
       }},
      {"NCP beside -qscd", kGatePolicyOid,
       [](L& c) {
         c.extensions[oid::kCertificatePolicies].value =
             Sequence({Policy("0.4.0.194112.1.3"), Policy("0.4.0.2042.1.1")});
       }},
      {"digitalSignature", kGateKeyUsage,
       [](L& c) { c.extensions[oid::kKeyUsage].value = KeyUsage(0x80); }},
      {"longer than three years", kGateValidityTooLong,
       [](L& c) {
         c.order.validity_days = 2000;
         c.tbs.not_after = Text(0x17, "291122063001Z");
       }},
  };
  ExpectEachRefused(kMutations);
}

TEST(JudgeSubscriber, RefusesOrganizationIdentifiersOfNoScheme) {
  const auto judge = [](const char* identifier) {
    SealCase seal;
    std::get<LegalPerson>(seal.order.subject).organization_identifier = identifier;
    seal.subject[2] = Rdn(oid::kOrganizationIdentifier, 0x0c, identifier);
    return seal.Judge();
  };
  for (const char* wrong : {"100000001", "VATEE-", "VATEE", "XXXEE-1", "VATee-1", "VATE1-1",
                            "PNOEE-1", "NTRDE+-1", "NTRDE+HESS-1", "NTRDE+he-1", "NTRDE+HE",
                            "NTRDE+HE-", "VATDE+HE-1", "LEIEE-1", "EE:EE-1"}) {
    EXPECT_THAT(judge(wrong), FailsWith(kGateOrganizationForm)) << wrong;
  }
  for (const char* right : {"VATEL-094014201", "VATXI-110305878", "NTRDE+HE-HRB1", "NTREE-10000001",
                            "LEIXG-529900T8BM49AURSDO55", "PSDES-BE-1", "EORDE-1", "EXCEE-1"}) {
    EXPECT_THAT(judge(right), IsOk()) << right;
  }
}

TEST(JudgeSubscriber, AcceptsSealsThatTheProfileLeavesOpen) {
  const std::function<void(SealCase&)> kVariants[] = {
      [](SealCase& c) { c.order.key = ExistingKey{c.key.spki}; },
      [](SealCase& c) {
        c.subject[2] = Rdn(oid::kOrganizationIdentifier, 0x13, "VATEE-100000001");
      },
      [](SealCase& c) {
        c.order.policy_oid = "0.4.0.194112.1.1";
        c.extensions[oid::kCertificatePolicies].value =
            Sequence({Policy("0.4.0.194112.1.1"), Policy("0.4.0.2042.1.1")});
        c.statements.erase(c.statements.begin() + 1);
        c.qscd_entry.valid_until = kNow;
      },
  };
  for (size_t i = 0; i < std::size(kVariants); ++i) {
    SealCase seal;
    kVariants[i](seal);
    EXPECT_THAT(seal.Judge(), IsOk()) << i;
  }
}

TEST(JudgeSubscriber, BoundsAOneTimeKeysCertificateToADay) {
  SubscriberCase one_time;
  one_time.key.purpose = KeyPurpose::kOneTime;
  one_time.order.key = CoreGeneratedKey{KeyAlgorithm::kP256, KeyPurpose::kOneTime};
  EXPECT_THAT(one_time.Judge(), FailsWith(kGateValidityTooLong));
  one_time.tbs.not_after = Text(0x17, "261124063000Z");
  EXPECT_THAT(one_time.Judge(), IsOk());
}

TEST(JudgeResponder, PermitsACertificateForAStatusKey) {
  ResponderCase responder;
  const auto permit = responder.Judge();
  ASSERT_THAT(permit, IsOk());
  EXPECT_EQ(permit->key_id(), responder.ca.key.key_id);
  EXPECT_THAT(permit->digests(), ElementsAre(MessageDigest::Sha256(responder.tbs_sha256)));
}

TEST(JudgeResponder, RefusesEverythingElse) {
  const Mutation<R> kMutations[] = {
      {"a signer's key", kKeyPurpose, [](R& c) { c.key.purpose = KeyPurpose::kSigner; }},
      {"key that left the token", kOriginUnproven,
       [](R& c) { c.key.origin.never_extractable = false; }},
      {"CA key of another purpose", kKeyPurpose,
       [](R& c) { c.ca.key.purpose = KeyPurpose::kSigner; }},
      {"serial issued", kGateSerialState, [](R& c) { c.serial.state = SerialState::kIssued; }},
      {"another issuer", kGateIssuer,
       [](R& c) { c.tbs.issuer = Sequence({Rdn(oid::kCommonName, 0x0c, "X")}); }},
      {"another public key", kGatePublicKey, [](R& c) { c.key.spki = P256Spki(1); }},
      {"outlives the CA", kGateOutlivesCa,
       [](R& c) { c.ca.tbs.not_after = Text(0x17, "270101000000Z"); }},
      {"over 90 days", kGateValidityTooLong,
       [](R& c) { c.tbs.not_after = Text(0x17, "270221063001Z"); }},
      {"the CA's name", kGateSubjectShape, [](R& c) { c.tbs.subject = c.tbs.issuer; }},
      {"a common name alone", kGateAuthorityName,
       [](R& c) { c.tbs.subject = Sequence({Rdn(oid::kCommonName, 0x0c, "OCSP 1")}); }},
      {"a unit besides", kGateAuthorityName,
       [](R& c) { c.tbs.subject = WithRdn(c.tbs.subject, Rdn("2.5.4.11", 0x0c, "Unit")); }},
      {"two common names", kGateAuthorityName,
       [](R& c) { c.tbs.subject = WithRdn(c.tbs.subject, Rdn(oid::kCommonName, 0x0c, "OCSP 2")); }},
      {"an empty identifier", kGateAuthorityName,
       [](R& c) {
         c.tbs.subject = WithRdn(c.tbs.subject, Rdn(oid::kOrganizationIdentifier, 0x0c, ""));
       }},
      {"a line end in its identifier", kGateSubjectText,
       [](R& c) {
         c.tbs.subject =
             WithRdn(c.tbs.subject, Rdn(oid::kOrganizationIdentifier, 0x0c, "NTREE-1\n"));
       }},
      {"an identifier in IA5String", kGateSubjectString,
       [](R& c) {
         c.tbs.subject = WithRdn(c.tbs.subject, Rdn(oid::kOrganizationIdentifier, 0x16, "NTREE-1"));
       }},
      {"no subject key id", kGateExtensionMissing,
       [](R& c) { c.extensions.Remove(oid::kSubjectKeyId); }},
      {"any policy", kGatePolicyOid,
       [](R& c) {
         c.extensions[oid::kCertificatePolicies].value = Sequence({Policy(oid::kAnyPolicy)});
       }},
      {"a user notice", kGatePolicyQualifier,
       [](R& c) {
         c.extensions[oid::kCertificatePolicies].value = Sequence({Sequence(
             {Oid("1.2.3"), Sequence({Sequence({Oid("1.3.6.1.5.5.7.2.2"), Sequence({})})})})});
       }},
      {"no revocation information", kGateExtensionForbidden,
       [](R& c) { c.extensions[oid::kNoRevAvail].value = Null(); }},
      {"no EKU", kGateExtensionMissing, [](R& c) { c.extensions.Remove(oid::kExtendedKeyUsage); }},
      {"no ocsp-nocheck", kGateExtensionMissing,
       [](R& c) { c.extensions.Remove(oid::kOcspNoCheck); }},
      {"qcStatements", kGateExtensionForbidden,
       [](R& c) {
         c.extensions[oid::kQcStatements].value = Sequence({Statement(oid::kQcCompliance)});
       }},
      {"a qualified policy", kGatePolicyOid,
       [](R& c) {
         c.extensions[oid::kCertificatePolicies].value = Sequence({Policy("0.4.0.194112.1.2")});
       }},
      {"key usage not critical", kGateExtensionCritical,
       [](R& c) { c.extensions[oid::kKeyUsage].critical = false; }},
      {"nonRepudiation", kGateKeyUsage,
       [](R& c) { c.extensions[oid::kKeyUsage].value = KeyUsage(0x40); }},
      {"another purpose", kGateExtendedKeyUsage,
       [](R& c) {
         c.extensions[oid::kExtendedKeyUsage].value = Sequence({Oid("1.3.6.1.5.5.7.3.8")});
       }},
      {"a second purpose", kGateExtendedKeyUsage,
       [](R& c) {
         c.extensions[oid::kExtendedKeyUsage].value =
             Sequence({Oid(oid::kPurposeOcspSigning), Oid("1.3.6.1.5.5.7.3.8")});
       }},
      {"CA:TRUE", kGateBasicConstraints,
       [](R& c) {
         c.extensions[oid::kBasicConstraints] = {true, Sequence({Boolean(0xff)})};
       }},
      {"another authority", kGateAuthorityKeyId,
       [](R& c) { c.ca.extensions[oid::kSubjectKeyId].value = Element(0x04, KeyIdentifier(1)); }},
      {"a responder for itself", kGateOcspUrl,
       [](R& c) {
         c.extensions[oid::kAuthorityInfoAccess].value =
             Sequence({Access(oid::kAccessOcsp, "http://ocsp.ca.example")});
       }},
  };
  ExpectEachRefused(kMutations);
}

TEST(JudgeCaInstallation, AcceptsTheKeysOwnCaCertificate) {
  CaCase ca;
  EXPECT_THAT(IssuancePolicy::JudgeCaInstallation(ca.Facts(), ca.key, kNow), IsOk());
  // Beside what the profile names, a name may say more.
  ca.tbs.subject = WithRdn(ca.tbs.subject, Rdn("2.5.4.7", 0x0c, "Madrid"));
  ca.tbs.subject = WithRdn(ca.tbs.subject, Rdn(oid::kOrganizationIdentifier, 0x0c, "VATES-1"));
  ca.extensions[oid::kAuthorityKeyId] = {false, Sequence({Element(0x80, KeyIdentifier(1))})};
  ca.extensions[oid::kCertificatePolicies] = {false, Sequence({Policy(oid::kAnyPolicy)})};
  ca.extensions[oid::kCrlDistributionPoints] = {
      false, Sequence({DistributionPoint("ldap://root.example/cn=1")})};
  ca.extensions[oid::kAuthorityInfoAccess] = {
      false, Sequence({Access(oid::kAccessOcsp, "http://ocsp.root.example")})};
  EXPECT_THAT(IssuancePolicy::JudgeCaInstallation(ca.Facts(), ca.key, kNow), IsOk());
}

TEST(JudgeCaInstallation, RefusesEverythingElse) {
  using C = CaCase;
  const Mutation<C> kMutations[] = {
      {"key of another purpose", kKeyPurpose, [](C& c) { c.key.purpose = KeyPurpose::kStatus; }},
      {"another key", kGatePublicKey, [](C& c) { c.key.spki = P256Spki(0); }},
      {"key from elsewhere", kOriginUnproven, [](C& c) { c.key.origin.local = false; }},
      {"an RSA key", kGateCaAlgorithm,
       [](C& c) {
         c.key.algorithm = KeyAlgorithm::kRsa3072;
         c.key.origin.key_gen_mechanism = 0;
       }},
      {"another curve", kGateCaAlgorithm, [](C& c) { c.tbs.spki = c.key.spki = Secp256k1Spki(); }},
      {"not yet valid", kGateCaNotValid,
       [](C& c) { c.tbs.not_before = Text(0x17, "270101000000Z"); }},
      {"over", kGateCaNotValid, [](C& c) { c.tbs.not_after = Text(0x17, "261123063000Z"); }},
      {"no basicConstraints", kGateExtensionMissing,
       [](C& c) { c.extensions.Remove(oid::kBasicConstraints); }},
      {"no subject key id", kGateExtensionMissing,
       [](C& c) { c.extensions.Remove(oid::kSubjectKeyId); }},
      {"no key usage", kGateExtensionMissing, [](C& c) { c.extensions.Remove(oid::kKeyUsage); }},
      {"basicConstraints not critical", kGateExtensionCritical,
       [](C& c) { c.extensions[oid::kBasicConstraints].critical = false; }},
      {"cA not TRUE", kGateBasicConstraints,
       [](C& c) { c.extensions[oid::kBasicConstraints].value = Sequence({}); }},
      {"no cRLSign", kGateKeyUsage,
       [](C& c) { c.extensions[oid::kKeyUsage].value = KeyUsage(0x04); }},
      {"digitalSignature besides", kGateKeyUsage,
       [](C& c) { c.extensions[oid::kKeyUsage].value = KeyUsage(0x86); }},
      {"an unknown extension", kGateExtensionForbidden,
       [](C& c) { c.extensions["1.2.3.4"].value = Null(); }},
      {"no revocation information", kGateExtensionForbidden,
       [](C& c) { c.extensions[oid::kNoRevAvail].value = Null(); }},
      {"qcStatements", kGateExtensionForbidden,
       [](C& c) {
         c.extensions[oid::kQcStatements].value = Sequence({Statement(oid::kQcCompliance)});
       }},
      {"an issuer of its own and no authority key id", kGateExtensionMissing,
       [](C& c) { c.tbs.issuer = Sequence({Rdn(oid::kCommonName, 0x0c, "Root")}); }},
      {"a user notice", kGatePolicyQualifier,
       [](C& c) {
         c.extensions[oid::kCertificatePolicies].value = Sequence({Sequence(
             {Oid("1.2.3"), Sequence({Sequence({Oid("1.3.6.1.5.5.7.2.2"), Sequence({})})})})});
       }},
      {"no organisation", kGateAuthorityName,
       [](C& c) {
         c.tbs.issuer = c.tbs.subject =
             Sequence({Rdn(oid::kCountryName, 0x13, "ES"), Rdn(oid::kCommonName, 0x0c, "CA")});
       }},
      {"two countries", kGateAuthorityName,
       [](C& c) {
         c.tbs.issuer = c.tbs.subject = WithRdn(c.tbs.subject, Rdn(oid::kCountryName, 0x13, "EE"));
       }},
      {"no country", kGateCountryForm,
       [](C& c) {
         c.tbs.issuer = c.tbs.subject = Sequence({Rdn(oid::kCountryName, 0x13, "Espana"),
                                                  Rdn(oid::kOrganizationName, 0x0c, "Trust"),
                                                  Rdn(oid::kCommonName, 0x0c, "CA")});
       }},
      {"country in UTF8String", kGateSubjectString,
       [](C& c) {
         c.tbs.issuer = c.tbs.subject = Sequence({Rdn(oid::kCountryName, 0x0c, "ES"),
                                                  Rdn(oid::kOrganizationName, 0x0c, "Trust"),
                                                  Rdn(oid::kCommonName, 0x0c, "CA")});
       }},
  };
  for (const Mutation<C>& each : kMutations) {
    CaCase changed;
    each.apply(changed);
    EXPECT_THAT(IssuancePolicy::JudgeCaInstallation(changed.Facts(), changed.key, kNow),
                FailsWith(each.reason))
        << each.what;
  }
}

// Mbed TLS refuses most extensions that are critical and should not be; the judges do so by
// themselves.
TEST(IssuancePolicy, RefusesCriticalExtensionsThatMustNotBe) {
  TbsFacts ca = CaCase().Facts();
  for (CertificateExtension& each : ca.extensions.all) each.critical = true;
  EXPECT_THAT(IssuancePolicy::JudgeCaInstallation(ca, CaCase().key, kNow),
              FailsWith(kGateExtensionCritical));
  const std::span<const ExtensionRule> kProfiles[] = {
      FindSubscriberProfile("0.4.0.194112.1.2")->extensions, OcspResponderProfile().extensions,
      IssuingAuthorityProfile().extensions};
  for (const auto& rules : kProfiles) {
    for (const ExtensionRule& rule : rules) {
      ExtensionFacts facts;
      facts.all = {{std::string(rule.oid), rule.criticality != Criticality::kCritical, {}}};
      if (rule.criticality == Criticality::kEither) continue;
      // Required ones that are missing must not be what is found.
      const ExtensionRule alone[] = {rule};
      EXPECT_THAT(CheckExtensions(facts, alone), FailsWith(kGateExtensionCritical)) << rule.oid;
    }
  }
}

TEST(IssuancePolicy, AcceptsWhatOpenSslMade) {
  const auto ca = ReadCertificate(*FromHex(openssl_certificates::kCa));
  const auto subscriber = ReadCertificate(*FromHex(openssl_certificates::kSubscriber));
  ASSERT_THAT(ca, IsOk());
  ASSERT_THAT(subscriber, IsOk());
  SubscriberCase facts;
  facts.key.spki = subscriber->facts.spki;
  facts.ca.key.spki = ca->facts.spki;
  const WallTime now = subscriber->facts.not_before + kMinute;
  facts.qscd_entry.valid_until = now + kDay;
  EXPECT_THAT(IssuancePolicy::JudgeCaInstallation(ca->facts, facts.ca.key, now), IsOk());
  EXPECT_THAT(IssuancePolicy::JudgeSubscriber({.tbs = subscriber->facts,
                                               .tbs_sha256 = facts.tbs_sha256,
                                               .order = facts.order,
                                               .order_digest = facts.order_digest,
                                               .subject_key = facts.key,
                                               .ca_key = facts.ca.key,
                                               .ca_certificate = ca->facts,
                                               .serial = facts.serial,
                                               .now = now,
                                               .qscd_entry = facts.qscd_entry}),
              IsOk());
}

}  // namespace
}  // namespace intaglio::appliance
