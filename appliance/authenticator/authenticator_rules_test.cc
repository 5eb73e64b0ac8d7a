#include "appliance/authenticator/authenticator_rules.h"

#include <gtest/gtest.h>

#include "appliance/domain/reasons.h"
#include "tests/support/authenticators.h"

namespace intaglio::appliance {
namespace {

using testing_support::AuthenticatorKey;
using testing_support::Passkey;

class AuthenticatorRulesTest : public ::testing::Test {
 protected:
  // The binding of an honest passkey with one thing changed.
  template <class Change>
  void Refused(Change change) {
    Authenticator bound = passkey_.Binding();
    change(bound);
    EXPECT_EQ(ReasonNameOf(CheckAuthenticator(bound)), kStatementInvalid.name);
  }
  static bool Accepts(const Authenticator& bound) { return CheckAuthenticator(bound).ok(); }
  const Passkey passkey_, other_;
  const AuthenticatorKey p256_ = AuthenticatorKey::P256(), rsa_ = AuthenticatorKey::Rsa(2048);
};

TEST_F(AuthenticatorRulesTest, EachKindHasItsKey) {
  for (const auto kind : {AuthenticatorKind::kEs256File, AuthenticatorKind::kEs256Device}) {
    EXPECT_TRUE(Accepts({kind, p256_.spki()}));
    EXPECT_FALSE(Accepts({kind, rsa_.spki()}));
  }
  for (const auto kind : {AuthenticatorKind::kRs256File, AuthenticatorKind::kRs256Device}) {
    EXPECT_TRUE(Accepts({kind, rsa_.spki()}));
    EXPECT_FALSE(Accepts({kind, p256_.spki()}));
    EXPECT_FALSE(Accepts({kind, AuthenticatorKey::Rsa(1024).spki()}));
    EXPECT_FALSE(Accepts({kind, AuthenticatorKey::Rsa(2048, 3).spki()}));
    EXPECT_FALSE(Accepts({kind, Bytes{}}));
  }
  EXPECT_TRUE(Accepts(passkey_.Binding(AuthenticatorKind::kWebAuthnDevice)));
  EXPECT_TRUE(Accepts(passkey_.Binding(AuthenticatorKind::kWebAuthnSynced)));
  EXPECT_TRUE(Accepts(Passkey(rsa_).Binding()));
}

TEST_F(AuthenticatorRulesTest, ABindingStandsWithWebAuthnAlone) {
  Refused([](Authenticator& a) { a.webauthn.reset(); });
  Refused([](Authenticator& a) { a.kind = AuthenticatorKind::kEs256Device; });
}

TEST_F(AuthenticatorRulesTest, TheBoundKeyIsTheCredentials) {
  Refused([&](Authenticator& a) { a.spki = other_.key().spki(); });
  Refused([&](Authenticator& a) { a.webauthn->cose_key = other_.key().cose_key(); });
  Refused([](Authenticator& a) { a.webauthn->cose_key.clear(); });
}

TEST_F(AuthenticatorRulesTest, PartsAreWithinBounds) {
  Refused([](Authenticator& a) { a.webauthn->credential_id.clear(); });
  Refused([](Authenticator& a) { a.webauthn->credential_id = Bytes(kMostCredentialId + 1); });
  Refused([](Authenticator& a) { a.webauthn->aaguid.pop_back(); });
  Refused([](Authenticator& a) { a.webauthn->rp_id.clear(); });
  Refused([](Authenticator& a) { a.webauthn->rp_id = std::string(254, 'a'); });
}

TEST_F(AuthenticatorRulesTest, TheOriginLiesAtTheRelyingParty) {
  auto with = [&](const char* rp_id, const char* origin) {
    Authenticator bound = passkey_.Binding();
    bound.webauthn->rp_id = rp_id;
    bound.webauthn->origin = origin;
    return Accepts(bound);
  };
  EXPECT_TRUE(with("sign.example", "https://sign.example:8443"));
  EXPECT_TRUE(with("example", "https://sign.example"));
  const struct {
    const char* rp_id;
    const char* origin;
  } bad[] = {{"sign.example", "https://other.example"},
             {"sign.example", "https://evilsign.example"},
             {"sub.sign.example", "https://sign.example"},
             {"sign.example", "http://sign.example"},
             {"sign.example", "https://sign.example/"},
             {"sign.example", "https://sign.example:"},
             {"sign.example", "https://sign.example:0443"},
             {"sign.example", "https://sign.example:443443"},
             {"sign.example", "https://sign.example:4x3"},
             {"sign.example", "https://user@sign.example"},
             {"sign.example", "https://Sign.example"},
             {"sign.example", "https://sign.example\""},
             {"sign.example", ""},
             {".example", "https://sign.example"},
             {"example.", "https://sign.example."},
             {"sign..example", "https://sign..example"},
             {"127.0.0.1", "https://127.0.0.1"}};
  for (const auto& each : bad) EXPECT_FALSE(with(each.rp_id, each.origin)) << each.origin;
}

TEST_F(AuthenticatorRulesTest, KindsHaveNames) {
  EXPECT_EQ(NameOf(AuthenticatorKind::kEs256File), "es256-file");
  EXPECT_EQ(NameOf(AuthenticatorKind::kEs256Device), "es256-device");
  EXPECT_EQ(NameOf(AuthenticatorKind::kRs256File), "rs256-file");
  EXPECT_EQ(NameOf(AuthenticatorKind::kRs256Device), "rs256-device");
  EXPECT_EQ(NameOf(AuthenticatorKind::kWebAuthnDevice), "webauthn-device");
  EXPECT_EQ(NameOf(AuthenticatorKind::kWebAuthnSynced), "webauthn-synced");
}

}  // namespace
}  // namespace intaglio::appliance
