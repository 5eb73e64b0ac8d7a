#include "tests/integration/two_readings.h"

#include <cstdio>
#include <cstdlib>

#include "appliance/crypto/hash.h"
#include "appliance/domain/reasons.h"
#include "appliance/policy/issuance_policy.h"
#include "host/x509/ceremony.h"
#include "host/x509/certificate.h"
#include "host/x509/certificate_builder.h"
#include "host/x509/test_pki.h"
#include "tests/integration/fixed_keys.h"

namespace intaglio::testing_support {
namespace {

using appliance::KeyPurpose;
using host::CertificatePolicy;
using host::StatusPromise;

constexpr WallTime kNow = host::kTestNow;
constexpr uint8_t kRootKey = 1;
constexpr uint8_t kCaKey = 2;
constexpr uint8_t kSubscriberKey = 3;
constexpr uint8_t kStatusKey = 4;
constexpr uint8_t kNewCaKey = 5;

template <class T>
T Must(StatusOr<T> value) {
  if (!value.ok()) {
    std::fprintf(stderr, "two readings: %s\n", value.status().ToString().c_str());
    std::abort();
  }
  return *std::move(value);
}

host::IssuerName Institution(const char* common_name) {
  return {"EE", "Intaglio Lab", "NTREE-12345678", common_name};
}

const host::LegalPerson kArchive{"EE", "Õnne Arhiiv AS", "VATEE-100000001", "Õnne Arhiiv"};

appliance::Subject Ordered(const host::Subject& subject) {
  if (const auto* person = std::get_if<host::NaturalPerson>(&subject)) {
    return appliance::NaturalPerson{person->country, person->given_name, person->surname,
                                    person->common_name, person->serial_number};
  }
  const auto& person = std::get<host::LegalPerson>(subject);
  return appliance::LegalPerson{person.country, person.organization_name,
                                person.organization_identifier, person.common_name};
}

appliance::KeyId IdOf(uint8_t number) {
  appliance::KeyId id;
  id.octets.fill(number);
  return id;
}

const Digest kOrderDigest{7, 7, 7};

}  // namespace

appliance::KeyRecord TwoReadings::Key(KeyPurpose purpose, uint8_t number) const {
  const bool resident = purpose != KeyPurpose::kSigner && purpose != KeyPurpose::kOneTime;
  appliance::KeyRecord key;
  key.key_id = IdOf(number);
  key.purpose = purpose;
  key.residency = resident ? appliance::KeyResidency::kResident : appliance::KeyResidency::kWrapped;
  key.origin = {.local = true,
                .sensitive = true,
                .always_sensitive = true,
                .extractable = !resident,
                .never_extractable = resident,
                .wrap_with_trusted = !resident,
                .key_gen_mechanism = 0x1040};
  key.spki = SpkiOfFixed(number);
  key.order_digest = kOrderDigest;
  return key;
}

TwoReadings::TwoReadings() : ca_key_(Key(KeyPurpose::kCaIssuing, kCaKey)) {
  const host::PkeyPtr root_key = FixedP256(kRootKey);
  const Bytes root = Must(host::MakeRoot(root_key.get(), Institution("LAB - not qualified Root"),
                                         {kNow - kDay, kNow + 7300 * kDay}, host::TestSerial(1)));
  root_ = std::make_unique<const host::CaDescription>(Must(host::CaDescription::Create(root)));
  const Bytes tbs = Must(host::BuildCaTbs({.root = *root_,
                                           .serial = host::TestSerial(2),
                                           .subject = Institution("LAB - not qualified CA"),
                                           .spki = ca_key_.spki,
                                           .validity = {kNow - kDay, kNow + 3650 * kDay},
                                           .root_certificate_url = "http://ca.example/root.cer",
                                           .root_crl_url = "http://ca.example/root.crl"}));
  const Bytes ca = Must(host::SignCertificate(tbs, root_key.get()));
  ca_ = std::make_unique<const host::CaDescription>(Must(host::CaDescription::Create(ca)));
  ca_facts_ = Must(appliance::ReadCertificate(ca)).facts;

  constexpr auto kRevocable = StatusPromise::kCrlAndOcsp;
  constexpr auto kShortTerm = StatusPromise::kNoneForShortTerm;
  const SubscriberPlan plans[] = {
      {"QCP-n", CertificatePolicy::kQcpN, kRevocable, KeyPurpose::kSigner},
      {"QCP-n-qscd", CertificatePolicy::kQcpNQscd, kRevocable, KeyPurpose::kSigner},
      {"QCP-l", CertificatePolicy::kQcpL, kRevocable, KeyPurpose::kSeal},
      {"QCP-l-qscd", CertificatePolicy::kQcpLQscd, kRevocable, KeyPurpose::kSeal},
      {"QCP-n short-term", CertificatePolicy::kQcpN, kShortTerm, KeyPurpose::kSigner},
      {"QCP-n-qscd short-term, one-time", CertificatePolicy::kQcpNQscd, kShortTerm,
       KeyPurpose::kOneTime},
      {"QCP-l short-term", CertificatePolicy::kQcpL, kShortTerm, KeyPurpose::kSeal},
      {"QCP-l-qscd short-term", CertificatePolicy::kQcpLQscd, kShortTerm, KeyPurpose::kSeal},
      {"QCP-n-qscd one-time", CertificatePolicy::kQcpNQscd, kRevocable, KeyPurpose::kOneTime}};
  for (const SubscriberPlan& plan : plans) AddSubscriber(plan);
  AddResponder();
  AddAuthority();
}

void TwoReadings::AddSubscriber(const SubscriberPlan& plan) {
  Original out{.name = plan.name,
               .gate = Gate::kSubscriber,
               .profile = Must(plan.status == StatusPromise::kCrlAndOcsp
                                   ? host::CurrentProfile(plan.policy)
                                   : host::ShortTermProfile(plan.policy)),
               .tbs = {},
               .order = {},
               .key = Key(plan.purpose, kSubscriberKey),
               .serial = {}};
  const bool day =
      plan.status == StatusPromise::kNoneForShortTerm || plan.purpose == KeyPurpose::kOneTime;
  const host::Subject subject = plan.purpose == KeyPurpose::kSeal
                                    ? host::Subject(kArchive)
                                    : host::Subject(host::TestPerson());
  const host::Serial serial = host::TestSerial(100);
  out.serial.octets = ToBytes(serial.octets());
  out.order.issuer_key_id = ca_key_.key_id;
  out.order.policy_oid = std::string(host::PolicyOid(plan.policy));
  out.order.subject = Ordered(subject);
  out.order.key = appliance::CoreGeneratedKey{appliance::KeyAlgorithm::kP256, plan.purpose};
  out.order.validity_days = day ? 1 : 730;
  out.tbs =
      Must(host::BuildSubscriberTbs({.profile = *out.profile,
                                     .ca = *ca_,
                                     .serial = serial,
                                     .subject = subject,
                                     .spki = out.key.spki,
                                     .validity = {kNow, kNow + (day ? kDay - kSecond : 730 * kDay)},
                                     .urls = host::TestUrls()}));
  originals_.push_back(std::move(out));
}

void TwoReadings::AddResponder() {
  Original out{.name = "OCSP responder",
               .gate = Gate::kResponder,
               .profile = nullptr,
               .tbs = {},
               .order = {},
               .key = Key(KeyPurpose::kStatus, kStatusKey),
               .serial = {}};
  const host::Serial serial = host::TestSerial(50);
  out.serial.octets = ToBytes(serial.octets());
  out.tbs = Must(host::BuildOcspResponderTbs({.ca = *ca_,
                                              .serial = serial,
                                              .subject = Institution("OCSP responder 1"),
                                              .spki = out.key.spki,
                                              .validity = {kNow, kNow + 90 * kDay}}));
  originals_.push_back(std::move(out));
}

void TwoReadings::AddAuthority() {
  Original out{.name = "issuing CA",
               .gate = Gate::kAuthority,
               .profile = nullptr,
               .tbs = {},
               .order = {},
               .key = Key(KeyPurpose::kCaIssuing, kNewCaKey),
               .serial = {}};
  out.tbs = Must(host::BuildCaTbs({.root = *root_,
                                   .serial = host::TestSerial(3),
                                   .subject = Institution("LAB - not qualified CA 2"),
                                   .spki = out.key.spki,
                                   .validity = {kNow, kNow + 3650 * kDay},
                                   .root_certificate_url = "http://ca.example/root.cer",
                                   .root_crl_url = "http://ca.example/root.crl"}));
  originals_.push_back(std::move(out));
}

// As the use cases do: read, look the serial up, judge.
Status TwoReadings::Core(const Original& original, ByteView tbs,
                         const appliance::Subject& ordered) const {
  ASSIGN_OR_RETURN(const appliance::TbsFacts facts, appliance::ReadTbsCertificate(tbs));
  if (original.gate == Gate::kAuthority) {
    return appliance::IssuancePolicy::JudgeCaInstallation(facts, original.key, kNow);
  }
  if (facts.serial.octets != original.serial.octets) {
    return Fail(appliance::kSerialUnknown, "not drawn for this");
  }
  const Digest tbs_sha256 = appliance::Sha256(tbs);
  const appliance::SerialRow drawn;
  if (original.gate == Gate::kResponder) {
    return appliance::IssuancePolicy::JudgeResponder({.tbs = facts,
                                                      .tbs_sha256 = tbs_sha256,
                                                      .status_key = original.key,
                                                      .ca_key = ca_key_,
                                                      .ca_certificate = ca_facts_,
                                                      .serial = drawn,
                                                      .now = kNow})
        .status();
  }
  appliance::IssuanceOrder order = original.order;
  order.subject = ordered;
  const appliance::QscdEntry qscd_entry{"entry-1", kNow + kDay};
  return appliance::IssuancePolicy::JudgeSubscriber({.tbs = facts,
                                                     .tbs_sha256 = tbs_sha256,
                                                     .order = order,
                                                     .order_digest = kOrderDigest,
                                                     .subject_key = original.key,
                                                     .ca_key = ca_key_,
                                                     .ca_certificate = ca_facts_,
                                                     .serial = drawn,
                                                     .now = kNow,
                                                     .qscd_entry = qscd_entry})
      .status();
}

HostReading TwoReadings::Host(const Original& original, ByteView tbs) const {
  const auto facts = host::DescribeTbs(tbs);
  if (!facts.ok()) return {facts.status(), {}};
  HostReading reading;
  switch (original.gate) {
    case Gate::kSubscriber:
      reading.findings = host::Lint(*facts, *original.profile);
      break;
    case Gate::kResponder:
      reading.findings = host::LintResponder(*facts);
      break;
    case Gate::kAuthority:
      reading.findings = host::LintAuthority(*facts);
      break;
  }
  reading.status = host::RequireClean(reading.findings);
  return reading;
}

}  // namespace intaglio::testing_support
