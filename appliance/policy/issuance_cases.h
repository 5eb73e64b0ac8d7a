// For tests: one certificate of each kind that keeps every rule, with all that is judged beside it,
// each part open to a test's change.
#ifndef INTAGLIO_APPLIANCE_POLICY_ISSUANCE_CASES_H_
#define INTAGLIO_APPLIANCE_POLICY_ISSUANCE_CASES_H_

#include <map>
#include <string>
#include <vector>

#include "appliance/der/test_der.h"
#include "appliance/policy/issuance_policy.h"

namespace intaglio::appliance::issuance_cases {

using namespace test_der;  // NOLINT: a vocabulary of test octets

// 2026-11-23T06:30:00Z, the notBefore of test_der::Tbs.
inline constexpr WallTime kNow{int64_t{1795415400} * 1000};

struct Extensions {
  struct Content {
    bool critical = false;
    Bytes value;
  };
  std::map<std::string, Content> by_oid;

  Content& operator[](std::string_view oid) { return by_oid[std::string(oid)]; }
  void Remove(std::string_view oid) { by_oid.erase(std::string(oid)); }
  std::vector<Bytes> Build() const {
    std::vector<Bytes> built;
    for (const auto& [oid, content] : by_oid) {
      built.push_back(content.critical ? CriticalExtension(oid, content.value)
                                       : Extension(oid, content.value));
    }
    return built;
  }
};

inline KeyId MakeKeyId(uint8_t octet) {
  KeyId id;
  id.octets.fill(octet);
  return id;
}

struct CaCase {
  Tbs tbs;
  Extensions extensions;
  KeyRecord key;

  CaCase() {
    tbs.subject = tbs.issuer;
    tbs.not_before = Text(0x17, "260101000000Z");
    tbs.not_after = Text(0x17, "360101000000Z");
    tbs.spki = P256Spki(1);
    extensions[oid::kBasicConstraints] = {true, Sequence({Boolean(0xff), Integer({0})})};
    extensions[oid::kKeyUsage] = {true, KeyUsage(0x06)};
    extensions[oid::kSubjectKeyId] = {false, Element(0x04, KeyIdentifier(0xca))};
    key.key_id = MakeKeyId(0xca);
    key.purpose = KeyPurpose::kCaIssuing;
    key.residency = KeyResidency::kResident;
    key.origin = {.local = true,
                  .sensitive = true,
                  .always_sensitive = true,
                  .extractable = false,
                  .never_extractable = true,
                  .wrap_with_trusted = false,
                  .key_gen_mechanism = 0x1040};
    key.version = kVersionInstalled;
    key.spki = P256Spki(1);
  }
  TbsFacts Facts() const {
    Tbs built = tbs;
    built.extensions = extensions.Build();
    return ReadTbsCertificate(built.Build()).value();
  }
};

// What both kinds of end-entity certificate are judged with.
struct CommonCase {
  CaCase ca;
  Tbs tbs;
  Extensions extensions;
  KeyRecord key;
  SerialRow serial;
  Digest tbs_sha256{1, 2, 3};
  WallTime now = kNow;

  CommonCase() {
    extensions[oid::kAuthorityKeyId] = {false, Sequence({Element(0x80, KeyIdentifier(0xca))})};
    extensions[oid::kSubjectKeyId] = {false, Element(0x04, KeyIdentifier(0xee))};
    key.key_id = MakeKeyId(0xee);
    key.spki = tbs.spki;
  }
  StatusOr<TbsFacts> Facts() const {
    Tbs built = tbs;
    built.extensions = extensions.Build();
    return ReadTbsCertificate(built.Build());
  }
};

struct SubscriberCase : CommonCase {
  std::vector<Bytes> subject;
  std::vector<Bytes> statements;
  IssuanceOrder order;
  Digest order_digest{7, 7, 7};
  QscdEntry qscd_entry{"entry-1", kNow + kDay};

  SubscriberCase() {
    order.issuer_key_id = ca.key.key_id;
    order.policy_oid = "0.4.0.194112.1.2";
    order.subject = NaturalPerson{"EE", "Mari-Liis", "M\xc3\xa4nnik", "Mari-Liis M\xc3\xa4nnik",
                                  "PNOEE-47101010033"};
    order.validity_days = 730;
    key.purpose = KeyPurpose::kSigner;
    key.residency = KeyResidency::kWrapped;
    key.origin = {.local = true,
                  .sensitive = true,
                  .always_sensitive = true,
                  .extractable = true,
                  .never_extractable = false,
                  .wrap_with_trusted = true,
                  .key_gen_mechanism = 0x1040};
    key.order_digest = order_digest;
    subject = {Rdn(oid::kCountryName, 0x13, "EE"), Rdn(oid::kGivenName, 0x0c, "Mari-Liis"),
               Rdn(oid::kSurname, 0x0c, "M\xc3\xa4nnik"),
               Rdn(oid::kCommonName, 0x0c, "Mari-Liis M\xc3\xa4nnik"),
               Rdn(oid::kSerialNumber, 0x13, "PNOEE-47101010033")};
    statements = {Statement(oid::kQcCompliance), Statement(oid::kQcSscd),
                  Statement(oid::kQcPds, Sequence({Pds("https://ca.example/pds.pdf", "en")})),
                  Statement(oid::kQcType, Sequence({Oid(oid::kQcTypeSign)})),
                  Statement(oid::kQcSyntaxV2, Sequence({Oid(oid::kSemanticsNatural)}))};
    extensions[oid::kKeyUsage] = {true, KeyUsage(0x40)};
    extensions[oid::kCertificatePolicies] = {false, Sequence({Policy(order.policy_oid)})};
    extensions[oid::kCrlDistributionPoints] = {
        false, Sequence({DistributionPoint("http://crl.ca.example/1.crl")})};
    SetAccess({Access(oid::kAccessCaIssuers, "http://ca.example/ca.cer"),
               Access(oid::kAccessOcsp, "http://ocsp.ca.example")});
  }
  void SetAccess(const std::vector<Bytes>& accesses) {
    extensions[oid::kAuthorityInfoAccess] = {false, Sequence(accesses)};
  }
  StatusOr<SignPermit> Judge() {
    tbs.subject = Sequence(subject);
    // An empty list stands for an absent extension.
    if (!statements.empty()) extensions[oid::kQcStatements].value = Sequence(statements);
    ASSIGN_OR_RETURN(const TbsFacts facts, Facts());
    const TbsFacts ca_facts = ca.Facts();
    return IssuancePolicy::JudgeSubscriber({.tbs = facts,
                                            .tbs_sha256 = tbs_sha256,
                                            .order = order,
                                            .order_digest = order_digest,
                                            .subject_key = key,
                                            .ca_key = ca.key,
                                            .ca_certificate = ca_facts,
                                            .serial = serial,
                                            .now = now,
                                            .qscd_entry = qscd_entry});
  }
};

// A legal person's seal key, resident, under QCP-l-qscd.
struct SealCase : SubscriberCase {
  SealCase() {
    order.policy_oid = "0.4.0.194112.1.3";
    order.subject = LegalPerson{"EE", "O\xc3\xa4 Arhiiv AS", "VATEE-100000001", "O\xc3\xa4 Arhiiv"};
    order.key = CoreGeneratedKey{KeyAlgorithm::kP256, KeyPurpose::kSeal};
    order.controllers_need = 2;
    key.purpose = KeyPurpose::kSeal;
    key.residency = KeyResidency::kResident;
    key.origin.extractable = false;
    key.origin.never_extractable = true;
    key.origin.wrap_with_trusted = false;
    subject = {Rdn(oid::kCountryName, 0x13, "EE"),
               Rdn(oid::kOrganizationName, 0x0c, "O\xc3\xa4 Arhiiv AS"),
               Rdn(oid::kOrganizationIdentifier, 0x0c, "VATEE-100000001"),
               Rdn(oid::kCommonName, 0x0c, "O\xc3\xa4 Arhiiv")};
    statements[3] = Statement(oid::kQcType, Sequence({Oid(oid::kQcTypeSeal)}));
    statements[4] = Statement(oid::kQcSyntaxV2, Sequence({Oid(oid::kSemanticsLegal)}));
    extensions[oid::kCertificatePolicies] = {false, Sequence({Policy(order.policy_oid)})};
  }
};

// A one-time key's certificate of a day, which says that it need not be revoked.
struct ShortTermCase : SubscriberCase {
  ShortTermCase() {
    order.key = CoreGeneratedKey{KeyAlgorithm::kP256, KeyPurpose::kOneTime};
    order.validity_days = 1;
    key.purpose = KeyPurpose::kOneTime;
    tbs.not_after = Text(0x17, "261124062959Z");  // 24 hours, both ends counted
    extensions.Remove(oid::kCrlDistributionPoints);
    SetAccess({Access(oid::kAccessCaIssuers, "http://ca.example/ca.cer")});
    extensions[oid::kValidityAssured] = {false, Null()};
    extensions[oid::kNoRevAvail] = {false, Null()};
  }
};

struct ResponderCase : CommonCase {
  ResponderCase() {
    key.purpose = KeyPurpose::kStatus;
    key.residency = KeyResidency::kResident;
    key.origin = {.local = true,
                  .sensitive = true,
                  .always_sensitive = true,
                  .extractable = false,
                  .never_extractable = true,
                  .wrap_with_trusted = false,
                  .key_gen_mechanism = 0x1040};
    tbs.subject =
        Sequence({Rdn(oid::kCountryName, 0x13, "ES"), Rdn(oid::kOrganizationName, 0x0c, "Trust"),
                  Rdn(oid::kCommonName, 0x0c, "OCSP 1")});
    tbs.not_after = Text(0x17, "270221063000Z");  // 90 days
    extensions[oid::kKeyUsage] = {true, KeyUsage(0x80)};
    extensions[oid::kExtendedKeyUsage] = {false, Sequence({Oid(oid::kPurposeOcspSigning)})};
    extensions[oid::kOcspNoCheck] = {false, Null()};
  }
  StatusOr<SignPermit> Judge() {
    ASSIGN_OR_RETURN(const TbsFacts facts, Facts());
    const TbsFacts ca_facts = ca.Facts();
    return IssuancePolicy::JudgeResponder({.tbs = facts,
                                           .tbs_sha256 = tbs_sha256,
                                           .status_key = key,
                                           .ca_key = ca.key,
                                           .ca_certificate = ca_facts,
                                           .serial = serial,
                                           .now = now});
  }
};

}  // namespace intaglio::appliance::issuance_cases

#endif  // INTAGLIO_APPLIANCE_POLICY_ISSUANCE_CASES_H_
