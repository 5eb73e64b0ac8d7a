#include "host/signing/authenticators.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "appliance/domain/reasons.h"
#include "host/core_link/proof_message.h"
#include "host/domain/usecase_reasons.h"
#include "tests/support/host_fixture.h"
#include "tests/support/status_matchers.h"

namespace intaglio::host {
namespace {

namespace pb = ::intaglio::core::v1;
using testing_support::FailsWith;
using testing_support::HostFixture;
using testing_support::IsOk;
using testing_support::Must;

// Knows which version its records are of, and refuses when told to.
class FakeAuthenticators final : public AuthenticatorPort {
 public:
  StatusOr<Bytes> AddAuthenticator(const CorePort::ProvenInput& input) override {
    RETURN_IF_ERROR(answer);
    seen = input;
    return Make(VersionOf(input.record) + 1);
  }
  Status RemoveAuthenticator(const CorePort::ProvenInput& input) override {
    seen = input;
    return answer;
  }
  Status RemoveAuthenticatorByOrder(ByteView record, const ApprovedOctets& order) override {
    seen.record = ToBytes(record);
    seen.octets = order.octets;
    return answer;
  }
  uint64_t VersionOf(ByteView record) const override {
    const auto found = versions_.find(ToBytes(record));
    return found == versions_.end() ? 2 : found->second;
  }
  Bytes Make(uint64_t version) {
    const Bytes record = ToBytes("record of version " + std::to_string(version));
    versions_[record] = version;
    return record;
  }

  Status answer = OkStatus();
  CorePort::ProvenInput seen;

 private:
  std::map<Bytes, uint64_t> versions_;
};

class AuthenticatorsTest : public testing::Test, protected HostFixture {
 protected:
  AuthenticatorsTest() { ActivateCa(); }
  Bytes Kept(const std::string& id) { return (**store().FindCredential(id)).sealed_record; }
  FakeAuthenticators port_;
  Authenticators authenticators_{store(), core, port_};
  const Bytes statement_ = ToBytes("statement");
};

TEST_F(AuthenticatorsTest, KeepsTheRecordThatTheCoreAnswers) {
  const Credential active = Active();
  const auto place = Must(authenticators_.Find(active.id));
  EXPECT_EQ(place.core_instance, core.instance());
  EXPECT_EQ(ToHex(place.key_id), active.id);
  EXPECT_EQ(place.record_version, 2u);
  const Bytes head = Must(store().AuditHead());
  EXPECT_EQ(Must(authenticators_.Add(active.id, statement_, applicant.Prove(statement_))), 3u);
  EXPECT_EQ(port_.seen.record, active.sealed_record);
  EXPECT_EQ(port_.seen.octets, statement_);
  EXPECT_EQ(port_.VersionOf(Kept(active.id)), 3u);
  EXPECT_NE(Must(store().AuditHead()), head);
}

TEST_F(AuthenticatorsTest, ALateAnswerDoesNotPutAnOlderRecordInANewerOnesPlace) {
  Credential active = Active();
  active.sealed_record = port_.Make(7);
  ASSERT_THAT(store().Update([&](StoreTransaction& t) { return t.PutCredential(active); }), IsOk());
  class Slow final : public AuthenticatorPort {
   public:
    explicit Slow(FakeAuthenticators& port) : port_(port) {}
    StatusOr<Bytes> AddAuthenticator(const CorePort::ProvenInput&) override {
      return port_.Make(3);
    }
    Status RemoveAuthenticator(const CorePort::ProvenInput&) override { return OkStatus(); }
    Status RemoveAuthenticatorByOrder(ByteView, const ApprovedOctets&) override {
      return OkStatus();
    }
    uint64_t VersionOf(ByteView record) const override { return port_.VersionOf(record); }

   private:
    FakeAuthenticators& port_;
  } slow(port_);
  EXPECT_THAT(
      Authenticators(store(), core, slow).Add(active.id, statement_, applicant.Prove(statement_)),
      IsOk());
  EXPECT_EQ(port_.VersionOf(Kept(active.id)), 7u);
}

TEST_F(AuthenticatorsTest, TheCoreJudges) {
  const Credential active = Active();
  const Bytes head = Must(store().AuditHead());
  port_.answer = Fail(appliance::kAuthenticatorLast, "refused");
  EXPECT_THAT(authenticators_.Add(active.id, statement_, applicant.Prove(statement_)),
              FailsWith(appliance::kAuthenticatorLast));
  EXPECT_THAT(authenticators_.Remove(active.id, statement_, applicant.Prove(statement_)),
              FailsWith(appliance::kAuthenticatorLast));
  EXPECT_THAT(authenticators_.RemoveByOrder(active.id, {statement_, {}}),
              FailsWith(appliance::kAuthenticatorLast));
  EXPECT_EQ(Kept(active.id), active.sealed_record);
  EXPECT_EQ(Must(store().AuditHead()), head);
}

TEST_F(AuthenticatorsTest, RemovalsAreCarriedAndAudited) {
  const Credential active = Active();
  Bytes head = Must(store().AuditHead());
  EXPECT_THAT(authenticators_.Remove(active.id, statement_, applicant.Prove(statement_)), IsOk());
  EXPECT_NE(Must(store().AuditHead()), head);
  head = Must(store().AuditHead());
  EXPECT_THAT(authenticators_.RemoveByOrder(active.id, {statement_, {}}), IsOk());
  EXPECT_EQ(port_.seen.octets, statement_);
  EXPECT_NE(Must(store().AuditHead()), head);
}

TEST_F(AuthenticatorsTest, KnowsNoOtherCredentials) {
  EXPECT_THAT(authenticators_.Find("x"), FailsWith(kCredentialUnknown));
  EXPECT_THAT(authenticators_.Add("x", statement_, {}), FailsWith(kCredentialUnknown));
  EXPECT_THAT(authenticators_.Remove("x", statement_, {}), FailsWith(kCredentialUnknown));
  EXPECT_THAT(authenticators_.RemoveByOrder("x", {}), FailsWith(kCredentialUnknown));
}

TEST(ProofMessageTest, ProofsOfEveryMethodGoThroughAsTheyCame) {
  pb::Proof es256, rs256, webauthn;
  es256.set_authenticator_id(std::string(32, 'a'));
  rs256 = webauthn = es256;
  es256.set_es256("signature");
  rs256.set_rs256("signature");
  webauthn.mutable_webauthn()->set_authenticator_data("data");
  webauthn.mutable_webauthn()->set_client_data_json("json");
  webauthn.mutable_webauthn()->set_signature("signature");
  for (const pb::Proof& proof : {es256, rs256, webauthn}) {
    pb::Proof out;
    FillProof(ProofOf(proof), out);
    EXPECT_EQ(out.SerializeAsString(), proof.SerializeAsString());
  }
  // What cannot be read goes without a method; nothing of it becomes an ES256 signature.
  pb::Proof out;
  FillProof({Bytes(32, 1), {}, ToBytes("\xff\xff")}, out);
  EXPECT_EQ(out.method_case(), pb::Proof::METHOD_NOT_SET);
}

}  // namespace
}  // namespace intaglio::host
