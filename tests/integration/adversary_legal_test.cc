// A hostile host against certificates of legal persons: the wrong person, the wrong key, the wrong
// type, too few controllers. Each attack has its control beside it.
#include <algorithm>

#include "host/policy/profile.h"
#include "host/x509/certificate.h"
#include "tests/integration/adversary_fixture.h"

namespace intaglio::testing_support {
namespace {

class LegalAdversaryTest : public AdversaryTest {
 protected:
  // Two of three controllers.
  pb::IssuanceOrder SealOrder() {
    pb::IssuanceOrder order = host_.Order(one_);
    order.clear_subject();
    order.set_policy_oid("0.4.0.194112.1.3");
    order.mutable_legal_subject()->set_country(arhiiv_.country);
    order.mutable_legal_subject()->set_organization_name(arhiiv_.organization_name);
    order.mutable_legal_subject()->set_organization_identifier(arhiiv_.organization_identifier);
    order.mutable_legal_subject()->set_common_name(arhiiv_.common_name);
    order.mutable_core_generated()->set_use(pb::SUBJECT_KEY_USE_SEAL);
    for (const P256Signer* each : {&two_, &three_}) {
      pb::Authenticator& added = *order.add_authenticators();
      added.set_kind(pb::AUTHENTICATOR_KIND_ES256_FILE);
      added.set_spki(AsString(each->spki()));
    }
    order.set_controllers_need(2);
    return order;
  }
  pb::CoreRequest Generate(const pb::IssuanceOrder& order) {
    return GenerateRequest(host_.ApproveByTwo(order));
  }
  Bytes Tbs(const HostileHost::Signer& signer, host::CertificatePolicy policy) {
    const host::SubscriberRequest honest = host_.HonestRequest(signer);
    const host::SubscriberRequest request{.profile = **host::CurrentProfile(policy),
                                          .ca = honest.ca,
                                          .serial = honest.serial,
                                          .subject = arhiiv_,
                                          .spki = honest.spki,
                                          .validity = honest.validity,
                                          .urls = honest.urls};
    const auto tbs = host::BuildSubscriberTbs(request);
    EXPECT_TRUE(tbs.ok()) << tbs.status().ToString();
    return *tbs;
  }
  HostileHost::Signer Certified(const pb::IssuanceOrder& order) {
    HostileHost::Signer signer = host_.NewKeyUnder(order);
    const auto response =
        host_.Ask(host_.IssueRequest(signer, Tbs(signer, host::CertificatePolicy::kQcpLQscd)));
    ExpectDone(response);
    signer.record[1] = ToBytes(response.issue_certificate().record());
    signer.certificate = ToBytes(response.issue_certificate().certificate());
    return signer;
  }
  pb::CoreRequest AcceptBy(const HostileHost::Signer& signer, const P256Signer& first,
                           const std::vector<const P256Signer*>& more) {
    pb::CoreRequest request = host_.AcceptRequest(signer, first);
    auto& accept = *request.mutable_accept_certificate();
    for (const P256Signer* each : more) {
      pb::Proof& proof = *accept.add_more_proofs();
      proof.set_authenticator_id(AsString(each->id()));
      proof.set_es256(AsString(each->Sign(AsBytes(accept.statement()))));
    }
    return request;
  }

  const host::LegalPerson arhiiv_{"EE", "Arhiiv AS", "VATEE-100000001", "Arhiiv"};
  P256Signer one_, two_, three_;
};

TEST_F(LegalAdversaryTest, AnOrderNamesOnePersonAndAUseThatFits) {
  pb::IssuanceOrder natural = SealOrder();
  *natural.mutable_subject() = host_.Order(one_).subject();
  ExpectRefused(Generate(natural), "STATEMENT_INVALID");  // both
  natural.clear_legal_subject();
  ExpectRefused(Generate(natural), "STATEMENT_INVALID");  // a natural person's seal
  pb::IssuanceOrder signer = SealOrder();
  signer.mutable_core_generated()->set_use(pb::SUBJECT_KEY_USE_SIGNER);
  ExpectRefused(Generate(signer), "STATEMENT_INVALID");
  ExpectDone(Generate(SealOrder()));  // Control.
}

TEST_F(LegalAdversaryTest, APolicyForTheOtherKindOfPersonIsRefused) {
  pb::IssuanceOrder person = host_.Order(mari_);
  person.set_policy_oid("0.4.0.194112.1.3");
  ExpectRefused(Generate(person), "POLICY_SUBJECT");
  pb::IssuanceOrder seal = SealOrder();
  seal.set_policy_oid("0.4.0.194112.1.2");
  ExpectRefused(Generate(seal), "POLICY_SUBJECT");
  ExpectDone(Generate(host_.Order(mari_)));  // Control.
}

TEST_F(LegalAdversaryTest, SomeControllersMustAgreeAndNotMoreThanThereAre) {
  for (uint32_t need : {0u, 4u}) {
    pb::IssuanceOrder order = SealOrder();
    order.set_controllers_need(need);
    ExpectRefused(Generate(order), "STATEMENT_INVALID");
  }
  pb::IssuanceOrder all = SealOrder();
  all.set_controllers_need(3);
  ExpectDone(Generate(all));  // Control.
}

TEST_F(LegalAdversaryTest, ASealCertificateSaysSeal) {
  const auto seal = host_.NewKeyUnder(SealOrder());
  const Bytes honest = Tbs(seal, host::CertificatePolicy::kQcpLQscd);
  Bytes esign = honest;
  // 0.4.0.1862.1.6.2, the one OID whose last arc is the type.
  const Bytes eseal_oid = {0x06, 0x07, 0x04, 0x00, 0x8e, 0x46, 0x01, 0x06, 0x02};
  const auto at = std::search(esign.begin(), esign.end(), eseal_oid.begin(), eseal_oid.end());
  ASSERT_NE(at, esign.end());
  at[8] = 0x01;
  ExpectRefused(host_.IssueRequest(seal, esign), "GATE_QC_TYPE");
  ExpectRefused(host_.IssueRequest(seal, Tbs(seal, host::CertificatePolicy::kQcpL)),
                "GATE_POLICY_OID");
  ExpectDone(host_.IssueRequest(seal, honest));  // Control.
}

TEST_F(LegalAdversaryTest, ASignersKeyGetsNoSealCertificate) {
  auto seal = host_.NewKeyUnder(SealOrder());
  const auto mari = host_.NewKey(mari_);
  const Bytes honest = Tbs(seal, host::CertificatePolicy::kQcpLQscd);
  HostileHost::Signer swapped = seal;
  swapped.record[0] = mari.record[0];
  ExpectRefused(host_.IssueRequest(swapped, honest), "KEY_PURPOSE");
  swapped.order = mari.order;
  swapped.record[0] = seal.record[0];
  ExpectRefused(host_.IssueRequest(swapped, Tbs(mari, host::CertificatePolicy::kQcpLQscd)),
                "KEY_PURPOSE");
  ExpectDone(host_.IssueRequest(seal, honest));  // Control.
}

TEST_F(LegalAdversaryTest, OneControllerTooFewDoesNotAccept) {
  const auto seal = Certified(SealOrder());
  ExpectRefused(AcceptBy(seal, one_, {}), "CONTROLLERS_MISSING");
  ExpectRefused(AcceptBy(seal, one_, {&one_}), "CONTROLLERS_MISSING");
  ExpectRefused(AcceptBy(seal, one_, {&thief_}), "AUTHENTICATOR_UNKNOWN");
  ExpectDone(AcceptBy(seal, one_, {&three_}));  // Control.
}

TEST_F(LegalAdversaryTest, ASealKeyIsNotActivatedLikeASigners) {
  const auto seal = Certified(SealOrder());
  ExpectRefused(host_.BeginRequest(seal.record[1], {appliance::Sha256(AsBytes("agreement"))}),
                "KEY_PURPOSE");
  const auto accepted = host_.Ask(AcceptBy(seal, two_, {&three_}));
  ExpectDone(accepted);
  ExpectRefused(host_.BeginRequest(ToBytes(accepted.accept_certificate().record()), {wanted_}),
                "KEY_PURPOSE");
  const auto mari = host_.NewAccepted(mari_);
  ExpectDone(host_.BeginRequest(mari.record[2], {wanted_}));  // Control.
}

}  // namespace
}  // namespace intaglio::testing_support
