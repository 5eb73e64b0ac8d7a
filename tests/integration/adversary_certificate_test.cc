// Line 2 of SECURITY.md: certificates that contradict themselves, their order or their key. Raw
// frames with the host's own TLS key; the control of each is the TBSCertificate nothing was done
// to. Requirements R-BND-2, R-ISS-1, R-ISS-4, R-ISS-5, R-QSC-1, R-QSC-2.
#include <openssl/x509v3.h>

#include <algorithm>

#include "host/x509/ceremony.h"
#include "host/x509/certificate.h"
#include "host/x509/openssl_ptr.h"
#include "host/x509/public_key.h"
#include "tests/integration/adversary_fixture.h"

namespace intaglio::testing_support {
namespace {

using host::CertificatePolicy;
using host::SubscriberRequest;

// OBJECT IDENTIFIERs as they stand in a certificate.
const Bytes kQcpN = {0x06, 0x07, 0x04, 0x00, 0x8b, 0xec, 0x40, 0x01, 0x00};
const Bytes kQcpNQscd = {0x06, 0x07, 0x04, 0x00, 0x8b, 0xec, 0x40, 0x01, 0x02};
const Bytes kQcCompliance = {0x06, 0x06, 0x04, 0x00, 0x8e, 0x46, 0x01, 0x01};
const Bytes kQcSscd = {0x06, 0x06, 0x04, 0x00, 0x8e, 0x46, 0x01, 0x04};
const Bytes kQcTypeSign = {0x06, 0x07, 0x04, 0x00, 0x8e, 0x46, 0x01, 0x06, 0x01};
const Bytes kQcTypeSeal = {0x06, 0x07, 0x04, 0x00, 0x8e, 0x46, 0x01, 0x06, 0x02};

// `tbs` with every `from` exchanged for a `to` of the same length.
Bytes Exchanged(Bytes tbs, const Bytes& from, const Bytes& to) {
  EXPECT_EQ(from.size(), to.size());
  auto at = std::search(tbs.begin(), tbs.end(), from.begin(), from.end());
  EXPECT_NE(at, tbs.end());
  for (; at != tbs.end(); at = std::search(at, tbs.end(), from.begin(), from.end())) {
    at = std::copy(to.begin(), to.end(), at);
  }
  return tbs;
}

// `tbs` with one more extension, or another value for one it has.
Bytes WithExtension(const Bytes& tbs, int nid, const char* value) {
  const host::PkeyPtr key = *host::GenerateP256Key();
  const host::X509Ptr certificate = *host::ParseCertificate(*host::SignCertificate(tbs, key.get()));
  X509* const x = certificate.get();
  if (const int at = X509_get_ext_by_NID(x, nid, -1); at >= 0) {
    X509_EXTENSION_free(X509_delete_ext(x, at));
  }
  const host::CPtr<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, nid, value));
  EXPECT_NE(extension, nullptr);
  EXPECT_EQ(X509_add_ext(x, extension.get(), -1), 1);
  unsigned char* der = nullptr;
  const int size = i2d_re_X509_tbs(x, &der);
  const host::OpensslOctetsPtr owner(der);
  EXPECT_GT(size, 0);
  return Bytes(der, der + size);
}

class CertificateAdversaryTest : public AdversaryTest {
 protected:
  HostileHost::Signer NewKeyFor(const char* policy_oid) {
    pb::IssuanceOrder order = host_.Order(mari_);
    order.set_policy_oid(policy_oid);
    return host_.NewKeyUnder(order);
  }
  // Copies everything but the profile, which cannot be assigned.
  static SubscriberRequest WithProfile(const SubscriberRequest& from, CertificatePolicy policy) {
    return {.profile = **host::CurrentProfile(policy),
            .ca = from.ca,
            .serial = from.serial,
            .subject = from.subject,
            .spki = from.spki,
            .validity = from.validity,
            .urls = from.urls};
  }
  static Bytes Tbs(const SubscriberRequest& request) {
    const auto tbs = host::BuildSubscriberTbs(request);
    EXPECT_TRUE(tbs.ok()) << tbs.status().ToString();
    return *tbs;
  }
  pb::CoreRequest Issue(const HostileHost::Signer& signer, const Bytes& tbs) {
    return host_.IssueRequest(signer, tbs);
  }
};

TEST_F(CertificateAdversaryTest, Line2_QcSscdIsThereIfAndOnlyIfTheOrderSaysQscd) {
  const auto plain = NewKeyFor("0.4.0.194112.1.0");
  const SubscriberRequest plain_tbs =
      WithProfile(host_.HonestRequest(plain), CertificatePolicy::kQcpN);
  const Bytes with_qscd = Tbs(WithProfile(plain_tbs, CertificatePolicy::kQcpNQscd));
  // The whole -qscd profile; and QCP-n's own policy with the statement slipped in.
  ExpectRefused(Issue(plain, with_qscd), "GATE_POLICY_OID");
  ExpectRefused(Issue(plain, Exchanged(with_qscd, kQcpNQscd, kQcpN)), "GATE_QC_SSCD");
  ExpectDone(Issue(plain, Tbs(plain_tbs)));  // Control.

  const auto qscd = host_.NewKey(mari_);
  const SubscriberRequest qscd_tbs = host_.HonestRequest(qscd);
  const Bytes without = Tbs(WithProfile(qscd_tbs, CertificatePolicy::kQcpN));
  ExpectRefused(Issue(qscd, without), "GATE_POLICY_OID");
  ExpectRefused(Issue(qscd, Exchanged(without, kQcpN, kQcpNQscd)), "GATE_QC_SSCD");
  ExpectDone(Issue(qscd, Tbs(qscd_tbs)));  // Control.
}

TEST_F(CertificateAdversaryTest, Line2_TheStatementsAreTheProfiles) {
  const auto mari = host_.NewKey(mari_);
  const Bytes honest = Tbs(host_.HonestRequest(mari));
  ExpectRefused(Issue(mari, Exchanged(honest, kQcTypeSign, kQcTypeSeal)), "GATE_QC_TYPE");
  ExpectRefused(Issue(mari, Exchanged(honest, kQcSscd, kQcCompliance)), "GATE_QC_REPEATED");
  ExpectRefused(Issue(mari, Exchanged(honest, kQcCompliance, kQcSscd)), "GATE_QC_REPEATED");
  ExpectDone(Issue(mari, honest));  // Control.
}

TEST_F(CertificateAdversaryTest, Line2_NoOtherUseOfTheKey) {
  const auto mari = host_.NewKey(mari_);
  const Bytes honest = Tbs(host_.HonestRequest(mari));
  auto with = [&](int nid, const char* value) {
    return Issue(mari, WithExtension(honest, nid, value));
  };
  ExpectRefused(with(NID_key_usage, "critical,digitalSignature"), "GATE_KEY_USAGE");
  ExpectRefused(with(NID_key_usage, "critical,nonRepudiation,digitalSignature"), "GATE_KEY_USAGE");
  ExpectRefused(with(NID_key_usage, "critical,keyCertSign,cRLSign"), "GATE_KEY_USAGE");
  ExpectRefused(with(NID_key_usage, "nonRepudiation"), "GATE_EXTENSION_CRITICAL");
  ExpectRefused(with(NID_basic_constraints, "critical,CA:TRUE"), "GATE_BASIC_CONSTRAINTS");
  ExpectRefused(with(NID_ext_key_usage, "OCSPSigning"), "GATE_OCSP_SIGNING");
  ExpectRefused(with(NID_ext_key_usage, "serverAuth"), "GATE_EXTENSION_FORBIDDEN");
  ExpectRefused(with(NID_subject_alt_name, "DNS:thief.example"), "GATE_EXTENSION_FORBIDDEN");
  // Control: an extension put in anew by the same hand.
  ExpectDone(with(NID_key_usage, "critical,nonRepudiation"));
}

TEST_F(CertificateAdversaryTest, Line2_NoCaAndNoResponderUnderASubscribersOrder) {
  const auto mari = host_.NewKey(mari_);
  const SubscriberRequest honest = host_.HonestRequest(mari);
  const host::IssuerName name{"EE", "Thief", "", "Thief CA"};
  const auto ca =
      host::BuildCaTbs({host_.ca(), honest.serial, name, mari.spki, honest.validity, "", ""});
  ASSERT_TRUE(ca.ok());
  ExpectRefused(Issue(mari, *ca), "GATE_SUBJECT_SHAPE");
  const host::Validity month{honest.validity.not_before, honest.validity.not_before + 30 * kDay};
  const auto responder = host::BuildOcspResponderTbs({.ca = host_.ca(),
                                                      .serial = honest.serial,
                                                      .subject = name,
                                                      .spki = mari.spki,
                                                      .validity = month});
  ASSERT_TRUE(responder.ok());
  ExpectRefused(Issue(mari, *responder), "GATE_SUBJECT_SHAPE");
  ExpectDone(Issue(mari, Tbs(honest)));  // Control.
}

TEST_F(CertificateAdversaryTest, Line2_SubjectValiditySerialAndIssuerAreTheOrders) {
  host_.core().clock().Advance(60 * kDay);  // so that there is a past the CA was valid in
  const auto mari = host_.NewKey(mari_);
  auto issue = [&](auto change) {
    SubscriberRequest request = host_.HonestRequest(mari);
    change(request);
    return Issue(mari, Tbs(request));
  };
  using Request = SubscriberRequest;
  ExpectRefused(issue([](Request& r) {
                  std::get<host::NaturalPerson>(r.subject).serial_number = "PNOEE-60001019906";
                }),
                "GATE_SUBJECT_VALUE");
  ExpectRefused(issue([](Request& r) { std::get<host::NaturalPerson>(r.subject).country = "FI"; }),
                "GATE_SUBJECT_VALUE");
  ExpectRefused(
      issue([](Request& r) { std::get<host::NaturalPerson>(r.subject).given_name += "a"; }),
      "GATE_SUBJECT_VALUE");
  ExpectRefused(
      issue([](Request& r) { std::get<host::NaturalPerson>(r.subject).common_name = "Thief"; }),
      "GATE_SUBJECT_VALUE");
  ExpectRefused(issue([&](Request& r) { r.spki = thief_.spki(); }), "GATE_PUBLIC_KEY");
  ExpectRefused(issue([](Request& r) {
                  r.validity.not_before = r.validity.not_before - 30 * kDay;
                  r.validity.not_after = r.validity.not_after - 30 * kDay;
                }),
                "GATE_NOT_BEFORE");
  ExpectRefused(
      issue([](Request& r) { r.validity.not_before = r.validity.not_before + 30 * kDay; }),
      "GATE_NOT_BEFORE");
  ExpectRefused(issue([](Request& r) { r.validity.not_after = r.validity.not_after + kSecond; }),
                "GATE_VALIDITY_TOO_LONG");
  ExpectRefused(issue([](Request& r) { r.serial = host::TestSerial(4711); }), "SERIAL_UNKNOWN");
  const host::TestPki elsewhere;
  const SubscriberRequest mine = host_.HonestRequest(mari);
  ExpectRefused(Issue(mari, Tbs({.profile = mine.profile,
                                 .ca = *elsewhere.ca().ca,
                                 .serial = mine.serial,
                                 .subject = mine.subject,
                                 .spki = mine.spki,
                                 .validity = mine.validity,
                                 .urls = mine.urls})),
                "GATE_ISSUER");
  ExpectDone(issue([](Request&) {}));  // Control.
}

TEST_F(CertificateAdversaryTest, Line2_ASerialIsForOneCertificate) {
  const auto mari = host_.NewKey(mari_);
  const SubscriberRequest first = host_.HonestRequest(mari);
  ExpectDone(Issue(mari, Tbs(first)));
  const auto again = host_.NewKey(mari_);
  SubscriberRequest same_serial = host_.HonestRequest(again);
  const host::Serial own = same_serial.serial;
  same_serial.serial = first.serial;
  ExpectRefused(Issue(again, Tbs(same_serial)), "GATE_SERIAL_STATE");
  same_serial.serial = own;
  ExpectDone(Issue(again, Tbs(same_serial)));  // Control.
}

TEST_F(CertificateAdversaryTest, Line2_OneOrderOneKeyOneCertificate) {
  const auto accepted = host_.NewAccepted(mari_);
  auto mari = host_.NewKey(mari_);
  const Bytes honest = Tbs(host_.HonestRequest(mari));
  const Bytes own = mari.record[0];
  const auto thief = host_.NewKey(thief_);
  auto with_record = [&](const Bytes& record) {
    mari.record[0] = record;
    return Issue(mari, honest);
  };
  ExpectRefused(with_record(accepted.record[0]), "RECORD_STALE");
  ExpectRefused(with_record(accepted.record[1]), "RECORD_STALE");
  ExpectRefused(with_record(accepted.record[2]), "GATE_ORDER_KEY");
  ExpectRefused(with_record(thief.record[0]), "GATE_ORDER_KEY");
  ExpectRefused(with_record(host_.ca_record()), "KEY_PURPOSE");
  ExpectRefused(with_record(host_.status_record()), "KEY_PURPOSE");
  pb::CoreRequest other_ca = Issue(mari, honest);
  other_ca.mutable_issue_certificate()->set_ca_record(AsString(own));
  ExpectRefused(other_ca, "KEY_PURPOSE");
  const auto done = host_.Ask(with_record(own));  // Control.
  ExpectDone(done);
  EXPECT_TRUE(
      host::VerifyIssued(AsBytes(done.issue_certificate().certificate()), honest, host_.ca()).ok());
  // Version 1 does not get a second one under the same order.
  mari.record[0] = ToBytes(done.issue_certificate().record());
  ExpectRefused(Issue(mari, Tbs(host_.HonestRequest(mari))), "ORDER_SPENT");
}

TEST_F(CertificateAdversaryTest, Line2_NoCertificateForAKeyFromOutside) {
  pb::IssuanceOrder order = host_.Order(mari_);
  order.clear_core_generated();
  order.set_spki(AsString(thief_.spki()));
  HostileHost::Signer outside;
  outside.order = host_.ApproveByTwo(order);
  outside.spki = thief_.spki();
  ExpectRefused(GenerateRequest(outside.order), "ORDER_MISMATCH");
  outside.record[0] = host_.NewKey(mari_).record[0];
  ExpectRefused(Issue(outside, Tbs(host_.HonestRequest(outside))), "ORDER_MISMATCH");
  const auto inside = host_.NewKey(mari_);
  ExpectDone(Issue(inside, Tbs(host_.HonestRequest(inside))));  // Control.
}

TEST_F(CertificateAdversaryTest, Line2_PastTheQscdEntrysEndThereIsNoQscd) {
  const auto qscd = host_.NewKey(mari_);
  const auto plain = NewKeyFor("0.4.0.194112.1.0");
  const Bytes qscd_tbs = Tbs(host_.HonestRequest(qscd));
  const WallTime until = host_.core().identity().qscd_entry.valid_until;
  host_.core().ChangeIdentity([&](appliance::CoreIdentity& identity) {
    identity.qscd_entry.valid_until = host_.core().clock().Now();
  });
  ExpectRefused(Issue(qscd, qscd_tbs), "QSCD_ENTRY_LAPSED");
  ExpectRefused(GenerateRequest(host_.ApproveByTwo(host_.Order(mari_))), "QSCD_ENTRY_LAPSED");
  // Controls: without the claim; and with the entry.
  ExpectDone(Issue(plain, Tbs(WithProfile(host_.HonestRequest(plain), CertificatePolicy::kQcpN))));
  host_.core().ChangeIdentity(
      [&](appliance::CoreIdentity& identity) { identity.qscd_entry.valid_until = until; });
  ExpectDone(Issue(qscd, qscd_tbs));
}

// The one certificate the host gets without people: of a key that says only what the core lets it.
TEST_F(CertificateAdversaryTest, Line2_AResponderIsAStatusKeyOfThisCoreOrNothing) {
  const auto mari = host_.NewKey(mari_);
  const WallTime now = host_.core().clock().Now();
  auto request = [&](const Bytes& record, const Bytes& tbs) {
    pb::CoreRequest out;
    auto& issue = *out.mutable_issue_responder_certificate();
    issue.set_ca_record(AsString(host_.ca_record()));
    issue.set_status_record(AsString(record));
    issue.set_tbs_certificate(AsString(tbs));
    return out;
  };
  auto tbs = [&](const Bytes& spki, Duration lasts) {
    const auto out = host::BuildOcspResponderTbs({.ca = host_.ca(),
                                                  .serial = host_.HonestRequest(mari).serial,
                                                  .subject = {"EE", "Test TSP", "", "OCSP 1"},
                                                  .spki = spki,
                                                  .validity = {now, now + lasts}});
    EXPECT_TRUE(out.ok());
    return *out;
  };
  const Bytes& status = host_.status_record();
  const Bytes honest = tbs(host_.status_spki(), 30 * kDay);
  ExpectRefused(request(mari.record[0], tbs(mari.spki, 30 * kDay)), "KEY_PURPOSE");
  ExpectRefused(request(status, tbs(mari.spki, 30 * kDay)), "GATE_PUBLIC_KEY");
  ExpectRefused(request(status, tbs(thief_.spki(), 30 * kDay)), "GATE_PUBLIC_KEY");
  ExpectRefused(request(status, WithExtension(honest, NID_ext_key_usage, "emailProtection")),
                "GATE_EXTENDED_KEY_USAGE");
  ExpectRefused(
      request(status, WithExtension(honest, NID_ext_key_usage, "OCSPSigning,codeSigning")),
      "GATE_EXTENDED_KEY_USAGE");
  ExpectRefused(request(status, WithExtension(honest, NID_basic_constraints, "critical,CA:TRUE")),
                "GATE_BASIC_CONSTRAINTS");
  ExpectRefused(request(status, WithExtension(honest, NID_key_usage, "critical,nonRepudiation")),
                "GATE_KEY_USAGE");
  // A person's certificate over the STATUS key.
  SubscriberRequest person = host_.HonestRequest(mari);
  person.spki = host_.status_spki();
  person.validity.not_after = person.validity.not_before + 30 * kDay;
  ExpectRefused(request(status, Tbs(person)), "GATE_EXTENSION_FORBIDDEN");
  const auto done = host_.Ask(request(status, honest));  // Control.
  ExpectDone(done);
  EXPECT_TRUE(host::VerifyIssued(AsBytes(done.issue_responder_certificate().certificate()), honest,
                                 host_.ca())
                  .ok());
}

}  // namespace
}  // namespace intaglio::testing_support
