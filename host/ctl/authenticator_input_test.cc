#include "host/ctl/authenticator_input.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "host/ctl/reasons.h"
#include "host/x509/public_key.h"
#include "tests/support/authenticators.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace intaglio::host {
namespace {

namespace pb = ::intaglio::core::v1;
using testing_support::AuthenticatorKey;
using testing_support::FailsWith;
using testing_support::IsOk;

class AuthenticatorInputTest : public testing::Test {
 protected:
  std::string Write(const std::string& name, ByteView content) {
    const std::string path = dir_.path() + "/" + name;
    EXPECT_THAT(WriteFile(path, content, 0644), IsOk());
    return path;
  }
  AuthenticatorFlags Passkey() {
    AuthenticatorFlags flags;
    flags.kind = "webauthn-device";
    flags.cose_key = Write("passkey.cose", p256_.cose_key());
    flags.rp_id = "sign.example";
    flags.origin = "https://sign.example";
    flags.credential = "c0ffee";
    return flags;
  }
  testing_support::TempDir dir_;
  const AuthenticatorKey p256_ = AuthenticatorKey::P256(), rsa_ = AuthenticatorKey::Rsa(2048);
};

TEST_F(AuthenticatorInputTest, TakesPublicKeysOfBothAlgorithms) {
  for (const auto& key : {p256_, rsa_}) {
    EXPECT_EQ(*ReadAuthenticatorKey(Write("key.der", key.spki())), key.spki());
    const std::string pem =
        "-----BEGIN PUBLIC KEY-----\n" + ToBase64(key.spki()) + "\n-----END PUBLIC KEY-----\n";
    if (!key.is_rsa()) {
      EXPECT_EQ(*ReadAuthenticatorKey(Write("key.pem", AsBytes(pem))), key.spki());
    }
  }
  EXPECT_THAT(ReadAuthenticatorKey(Write("weak.der", AuthenticatorKey::Rsa(1024).spki())),
              FailsWith(kKeyFileInvalid));
  EXPECT_THAT(ReadAuthenticatorKey(Write("text", AsBytes("no key"))), FailsWith(kKeyFileInvalid));
  EXPECT_THAT(ReadAuthenticatorKey(Write("empty", Bytes())), FailsWith(kKeyFileInvalid));
}

TEST_F(AuthenticatorInputTest, TakesCoseKeysInTheirOneForm) {
  for (const auto& key : {p256_, rsa_, AuthenticatorKey::Rsa(4096)}) {
    EXPECT_EQ(*SpkiOfCoseKey("key", key.cose_key()), key.spki());
    Bytes longer = key.cose_key();
    longer.push_back(0);
    EXPECT_THAT(SpkiOfCoseKey("key", longer), FailsWith(kKeyFileInvalid));
  }
  const Bytes good = p256_.cose_key();
  for (size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 1;
    EXPECT_THAT(SpkiOfCoseKey("key", bad), FailsWith(kKeyFileInvalid)) << i;
    EXPECT_THAT(SpkiOfCoseKey("key", ByteView(good).first(i)), FailsWith(kKeyFileInvalid)) << i;
  }
}

TEST_F(AuthenticatorInputTest, AWebAuthnCredentialIsNamedWhole) {
  const auto made = AuthenticatorOf(Passkey());
  ASSERT_THAT(made, IsOk());
  EXPECT_EQ(made->kind(), pb::AUTHENTICATOR_KIND_WEBAUTHN_DEVICE);
  EXPECT_EQ(made->spki(), AsString(p256_.spki()));
  EXPECT_EQ(made->webauthn().cose_key(), AsString(p256_.cose_key()));
  EXPECT_EQ(made->webauthn().aaguid(), std::string(16, '\0'));
  AuthenticatorFlags flags = Passkey();
  flags.rp_id.clear();
  EXPECT_THAT(AuthenticatorOf(flags), FailsWith(kArgumentInvalid));
  flags = Passkey();
  flags.credential.clear();
  EXPECT_THAT(AuthenticatorOf(flags), FailsWith(kArgumentInvalid));
  flags = Passkey();
  flags.kind = "es256-file";
  EXPECT_THAT(AuthenticatorOf(flags), FailsWith(kArgumentInvalid));
  flags = Passkey();
  flags.cose_key.clear();
  EXPECT_THAT(AuthenticatorOf(flags), FailsWith(kArgumentInvalid));
  flags = Passkey();
  flags.aaguid = "00";
  EXPECT_THAT(AuthenticatorOf(flags), FailsWith(kArgumentInvalid));
}

}  // namespace
}  // namespace intaglio::host
