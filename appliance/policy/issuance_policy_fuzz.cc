// Takes any octets for a TBSCertificate and puts it before every gate, with an order, a key and a
// CA to match what it says: judging must end, and what is permitted must keep the rules that no
// profile bends.
#include <algorithm>
#include <cstdlib>

#include "appliance/der/certificate_oids.h"
#include "appliance/der/tbs_certificate.h"
#include "appliance/policy/issuance_policy.h"

namespace {

using intaglio::ByteView;
using intaglio::Digest;
using intaglio::WallTime;
using namespace intaglio::appliance;  // NOLINT: the whole file is about it

void MustHold(bool claim) {
  if (!claim) abort();
}

std::string ValueOf(const TbsFacts& tbs, std::string_view oid) {
  const auto found = std::ranges::find(tbs.subject_attributes, oid, &NameAttribute::oid);
  return found == tbs.subject_attributes.end() ? std::string() : found->value;
}

Subject PersonIn(const TbsFacts& tbs, KeyPurpose purpose) {
  if (purpose == KeyPurpose::kSeal) {
    return LegalPerson{ValueOf(tbs, oid::kCountryName), ValueOf(tbs, oid::kOrganizationName),
                       ValueOf(tbs, oid::kOrganizationIdentifier), ValueOf(tbs, oid::kCommonName)};
  }
  return NaturalPerson{ValueOf(tbs, oid::kCountryName), ValueOf(tbs, oid::kGivenName),
                       ValueOf(tbs, oid::kSurname), ValueOf(tbs, oid::kCommonName),
                       ValueOf(tbs, oid::kSerialNumber)};
}

KeyRecord KeyOf(const TbsFacts& tbs, KeyPurpose purpose) {
  KeyRecord key;
  key.purpose = purpose;
  key.residency = KeyResidency::kResident;
  key.origin = {.local = true,
                .sensitive = true,
                .always_sensitive = true,
                .extractable = false,
                .never_extractable = true,
                .wrap_with_trusted = false,
                .key_gen_mechanism = 0x1040};
  key.spki = tbs.spki;
  return key;
}

// The CA that would have issued it.
struct Issuer {
  KeyRecord key;
  TbsFacts certificate;

  explicit Issuer(const TbsFacts& tbs) : key(KeyOf(tbs, KeyPurpose::kCaIssuing)) {
    certificate.spki = tbs.spki;
    certificate.subject = tbs.issuer;
    certificate.extensions.subject_key_id = tbs.extensions.authority_key_id;
    certificate.not_before = {tbs.not_before.ms - 1};
    certificate.not_after = {tbs.not_after.ms + 1};
  }
};

void JudgeSubscriber(const TbsFacts& tbs, std::string_view policy, KeyPurpose purpose,
                     uint32_t days) {
  const Issuer issuer(tbs);
  const KeyRecord key = KeyOf(tbs, purpose);
  IssuanceOrder order;
  order.policy_oid = std::string(policy);
  order.subject = PersonIn(tbs, purpose);
  order.key = CoreGeneratedKey{KeyAlgorithm::kP256, purpose};
  order.validity_days = days;
  const QscdEntry entry{"entry", {tbs.not_after.ms + 1}};
  const auto permit = IssuancePolicy::JudgeSubscriber({.tbs = tbs,
                                                       .tbs_sha256 = Digest{},
                                                       .order = order,
                                                       .order_digest = Digest{},
                                                       .subject_key = key,
                                                       .ca_key = issuer.key,
                                                       .ca_certificate = issuer.certificate,
                                                       .serial = SerialRow{},
                                                       .now = tbs.not_before,
                                                       .qscd_entry = entry});
  if (!permit.ok()) return;
  const ExtensionFacts& extensions = tbs.extensions;
  MustHold(extensions.key_usage == kUsageNonRepudiation);
  MustHold(extensions.extended_key_usage.empty() && !extensions.subject_alt_name);
  MustHold(!extensions.basic_constraints || !extensions.basic_constraints->is_authority);
  MustHold(extensions.qc_statements && extensions.qc_statements->types.size() == 1);
  MustHold(extensions.no_rev_avail == extensions.validity_assured);
  MustHold(extensions.no_rev_avail == extensions.crl_urls.empty());
  MustHold(extensions.no_rev_avail == extensions.ocsp_urls.empty());
  if (extensions.no_rev_avail) {
    MustHold(tbs.not_after - tbs.not_before < intaglio::kDay && days == 1);
  }
}

void JudgeInstitutions(const TbsFacts& tbs) {
  const Issuer issuer(tbs);
  const KeyRecord status_key = KeyOf(tbs, KeyPurpose::kStatus);
  const auto permit = IssuancePolicy::JudgeResponder({.tbs = tbs,
                                                      .tbs_sha256 = Digest{},
                                                      .status_key = status_key,
                                                      .ca_key = issuer.key,
                                                      .ca_certificate = issuer.certificate,
                                                      .serial = SerialRow{},
                                                      .now = tbs.not_before});
  if (permit.ok()) {
    MustHold(tbs.extensions.key_usage == kUsageDigitalSignature && tbs.extensions.ocsp_no_check);
    MustHold(!tbs.extensions.qc_statements && tbs.extensions.ocsp_urls.empty());
  }
  const KeyRecord ca_key = KeyOf(tbs, KeyPurpose::kCaIssuing);
  if (IssuancePolicy::JudgeCaInstallation(tbs, ca_key, tbs.not_before).ok()) {
    MustHold(tbs.extensions.basic_constraints->is_authority && !tbs.extensions.no_rev_avail);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* octets, size_t size) {
  const auto tbs = ReadTbsCertificate(ByteView(octets, size));
  if (!tbs.ok()) return 0;
  for (const uint32_t days : {1U, 730U}) {
    JudgeSubscriber(*tbs, "0.4.0.194112.1.0", KeyPurpose::kSigner, days);
    JudgeSubscriber(*tbs, "0.4.0.194112.1.2", KeyPurpose::kOneTime, days);
    JudgeSubscriber(*tbs, "0.4.0.194112.1.1", KeyPurpose::kSeal, days);
    JudgeSubscriber(*tbs, "0.4.0.194112.1.3", KeyPurpose::kSeal, days);
  }
  JudgeInstitutions(*tbs);
  return 0;
}
