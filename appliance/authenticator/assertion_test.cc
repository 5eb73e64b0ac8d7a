// Each check of an assertion, broken alone. Requirement R-QSC-4.
#include "appliance/authenticator/assertion.h"

#include <gtest/gtest.h>

#include "appliance/authenticator/client_json.h"
#include "appliance/crypto/hash.h"
#include "appliance/domain/reasons.h"
#include "tests/support/authenticators.h"

namespace intaglio::appliance {
namespace {

using testing_support::AssertionPlan;
using testing_support::Passkey;

#define EXPECT_REASON(expression, reason) \
  EXPECT_EQ(ReasonNameOf((expression)), (reason).name) << DetailOf((expression))

class AssertionTest : public ::testing::Test {
 protected:
  StatusOr<JudgedAssertion> Judge(const AssertionPlan& plan,
                                  AuthenticatorKind kind = AuthenticatorKind::kWebAuthnDevice) {
    return JudgeAssertion(passkey_.Binding(kind), Sha256(statement_),
                          passkey_.Assert(statement_, plan));
  }
  void Refused(const AssertionPlan& plan, const Reason& reason) {
    EXPECT_REASON(Judge(plan).status(), reason);
  }
  const Passkey passkey_;
  const Bytes statement_ = ToBytes("what is agreed to");
};

TEST_F(AssertionTest, AnHonestOneGivesTheDigestItsKeySigned) {
  const auto judged = Judge({});
  ASSERT_TRUE(judged.ok()) << judged.status();
  const WebAuthnAssertion assertion = passkey_.Assert(statement_);
  EXPECT_EQ(judged->signed_digest,
            Sha256({assertion.authenticator_data, Sha256(assertion.client_data_json)}));
  EXPECT_EQ(judged->counter, 7u);
}

TEST_F(AssertionTest, TheClientDataMustBeOfThisTypeChallengeOriginAndFrame) {
  Refused({.type = "webauthn.create"}, kAssertionClientData);
  Refused({.type = "payment.get"}, kAssertionClientData);
  Refused({.challenge = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}, kAssertionClientData);
  for (const char* origin :
       {"https://sign.example.evil", "https://evil.example", "http://sign.example",
        "https://sign.example:8443", "https://SIGN.example", "https://sub.sign.example", ""}) {
    Refused({.origin = origin}, kAssertionClientData);
  }
  Refused({.cross_origin = "true"}, kAssertionClientData);
  Refused({.cross_origin = "falsehood"}, kAssertionClientData);
}

TEST_F(AssertionTest, MembersMayFollowAsTheLimitedAlgorithmAllows) {
  EXPECT_TRUE(Judge({.tail = ",\"topOrigin\":null,\"x\":{\"y\":1}}"}).ok());
  for (const char* tail : {"", " }", "}}", "} ", ",", ",\"x\":1", "x}", ":1}"}) {
    Refused({.tail = tail}, kAssertionClientData);
  }
}

TEST_F(AssertionTest, ClientDataIsRefusedWhereverItIsChanged) {
  const WebAuthnAssertion good = passkey_.Assert(statement_);
  for (size_t i = 0; i < good.client_data_json.size(); ++i) {
    WebAuthnAssertion bad = good;
    bad.client_data_json[i] ^= 0x01;
    EXPECT_FALSE(JudgeAssertion(passkey_.Binding(), Sha256(statement_), bad).ok()) << i;
    bad = good;
    bad.client_data_json.resize(i);
    EXPECT_FALSE(JudgeAssertion(passkey_.Binding(), Sha256(statement_), bad).ok()) << i;
  }
  Refused({.tail = "," + std::string(kMostClientData, ' ') + "}"}, kAssertionClientData);
}

TEST_F(AssertionTest, TheChallengeIsBase64UrlWithoutPadding) {
  // A digest whose base64 has both characters that base64url writes in another way.
  Digest digest{};
  digest.fill(0xff);
  digest[1] = 0xef;
  digest[2] = 0xbe;
  const std::string json =
      R"({"type":"webauthn.get","challenge":"_-___________________________________________","origin":"https://a.b","crossOrigin":false})";
  EXPECT_FALSE(CheckClientData(AsBytes(json), digest, "https://a.b").ok());
  const std::string text = ToBase64(digest);
  std::string url = text.substr(0, text.find('='));
  for (char& c : url) c = c == '+' ? '-' : c == '/' ? '_' : c;
  EXPECT_NE(url, text.substr(0, text.find('=')));
  auto with = [](const std::string& challenge) {
    return R"({"type":"webauthn.get","challenge":")" + challenge +
           R"(","origin":"https://a.b","crossOrigin":false})";
  };
  EXPECT_TRUE(CheckClientData(AsBytes(with(url)), digest, "https://a.b").ok());
  EXPECT_FALSE(CheckClientData(AsBytes(with(text)), digest, "https://a.b").ok());
  EXPECT_FALSE(CheckClientData(AsBytes(with(url + "=")), digest, "https://a.b").ok());
}

TEST_F(AssertionTest, TheRelyingPartyIsTheBoundOne) {
  Refused({.rp_id = "example"}, kAssertionRelyingParty);
  Refused({.rp_id = "sign.example."}, kAssertionRelyingParty);
}

TEST_F(AssertionTest, ThePersonWasThereAndVerified) {
  Refused({.flags = 0x04}, kAssertionPresence);
  Refused({.flags = 0x01}, kAssertionPresence);
  Refused({.flags = 0x00}, kAssertionPresence);
}

TEST_F(AssertionTest, ACredentialBoundToItsDeviceMustNotBeOneThatCanBeCopied) {
  Refused({.flags = 0x0d}, kAssertionCopied);
  Refused({.flags = 0x1d}, kAssertionCopied);
  EXPECT_TRUE(Judge({.flags = 0x1d}, AuthenticatorKind::kWebAuthnSynced).ok());
  EXPECT_TRUE(Judge({.flags = 0x05}, AuthenticatorKind::kWebAuthnSynced).ok());
}

TEST_F(AssertionTest, AuthenticatorDataIsOfOneShape) {
  Refused({.flags = 0x15}, kAssertionMalformed);  // backed up, yet not eligible
  Refused({.flags = 0x45}, kAssertionMalformed);  // attested credential data
  Refused({.flags = 0x05, .extensions = {0xa0}}, kAssertionMalformed);
  Refused({.flags = 0x85}, kAssertionMalformed);
  Refused({.flags = 0x85, .extensions = {0xa0, 0x00}}, kAssertionMalformed);
  Refused({.flags = 0x85, .extensions = {0x80}}, kAssertionMalformed);
  Refused({.flags = 0x85, .extensions = {0xbf, 0xff}}, kAssertionMalformed);
  Refused({.flags = 0x85, .extensions = Bytes(kMostAuthenticatorData)}, kAssertionMalformed);
  // Extensions nobody asked for, in canonical form: {"uvm": [[2, 4, 2]]}.
  EXPECT_TRUE(Judge({.flags = 0x85, .extensions = *FromHex("a16375766d8183020402")}).ok());
  for (size_t size : {size_t{0}, size_t{36}}) {
    EXPECT_REASON(ReadAuthenticatorData(Bytes(size)).status(), kAssertionMalformed);
  }
}

TEST_F(AssertionTest, TheCounterIsReadAndNotJudged) {
  EXPECT_EQ(Judge({.counter = 0})->counter, 0u);
  EXPECT_EQ(Judge({.counter = 0xfedcba98})->counter, 0xfedcba98u);
}

TEST_F(AssertionTest, WithoutABindingNothingIsJudged) {
  Authenticator bound = passkey_.Binding();
  bound.webauthn.reset();
  EXPECT_REASON(JudgeAssertion(bound, Sha256(statement_), passkey_.Assert(statement_)).status(),
                kProofMethod);
}

}  // namespace
}  // namespace intaglio::appliance
