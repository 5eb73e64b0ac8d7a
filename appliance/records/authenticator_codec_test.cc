#include "appliance/records/authenticator_codec.h"

#include <gtest/gtest.h>

#include <functional>

#include "appliance/domain/reasons.h"
#include "appliance/records/canonical.h"
#include "appliance/records/record_codec.h"
#include "appliance/records/statement_codec.h"
#include "tests/support/authenticators.h"

namespace intaglio::appliance {
namespace {

using testing_support::Passkey;
using testing_support::RsaSigner;

#define EXPECT_REASON(expression, reason) \
  EXPECT_EQ(ReasonNameOf((expression)), (reason).name) << DetailOf((expression))

class AuthenticatorCodecTest : public ::testing::Test {
 protected:
  pb::AddAuthenticator Addition() {
    pb::AddAuthenticator out;
    out.set_context("intaglio/add-authenticator/v1");
    out.set_core_instance(std::string(16, 'c'));
    out.set_key_id(std::string(16, 'k'));
    out.set_record_version(2);
    FillAuthenticator(passkey_.Binding(), *out.mutable_authenticator());
    out.set_issued_at_ms(1'795'000'000'000);
    out.set_expires_at_ms(out.issued_at_ms() + 30 * kMinute);
    return out;
  }
  pb::RemoveAuthenticator Removal() {
    pb::RemoveAuthenticator out;
    out.set_context("intaglio/remove-authenticator/v1");
    out.set_core_instance(std::string(16, 'c'));
    out.set_key_id(std::string(16, 'k'));
    out.set_authenticator_id(std::string(32, 'a'));
    out.set_issued_at_ms(1'795'000'000'000);
    out.set_expires_at_ms(out.issued_at_ms() + 7 * kDay);
    return out;
  }
  const Passkey passkey_;
  const RsaSigner rsa_;
};

TEST_F(AuthenticatorCodecTest, ARecordKeepsEveryPartOfAnAuthenticator) {
  KeyRecord record;
  record.authenticators = {rsa_.Binding(), passkey_.Binding(AuthenticatorKind::kWebAuthnSynced)};
  const auto read = DecodeRecord(EncodeRecord(record));
  ASSERT_TRUE(read);
  ASSERT_EQ(read->authenticators.size(), 2u);
  EXPECT_EQ(read->authenticators[0].kind, AuthenticatorKind::kRs256File);
  EXPECT_FALSE(read->authenticators[0].webauthn);
  const Authenticator& passkey = read->authenticators[1];
  EXPECT_EQ(passkey.kind, AuthenticatorKind::kWebAuthnSynced);
  EXPECT_EQ(passkey.spki, passkey_.key().spki());
  EXPECT_EQ(passkey.webauthn->rp_id, "sign.example");
  EXPECT_EQ(passkey.webauthn->origin, "https://sign.example");
  EXPECT_EQ(passkey.webauthn->credential_id, ToBytes("credential"));
  EXPECT_EQ(passkey.webauthn->cose_key, passkey_.key().cose_key());
  EXPECT_EQ(passkey.webauthn->aaguid, Bytes(16, 0xaa));
}

TEST_F(AuthenticatorCodecTest, AdditionsAreReadWithinTheirBounds) {
  const auto read = DecodeAddAuthenticator(SerializeCanonical(Addition()));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->record_version, 2u);
  EXPECT_EQ(read->authenticator.spki, passkey_.key().spki());
  const std::function<void(pb::AddAuthenticator&)> changes[] = {
      [](auto& m) { m.set_context("intaglio/sad/v1"); },
      [](auto& m) { m.clear_core_instance(); },
      [](auto& m) { m.set_key_id("short"); },
      [](auto& m) { m.set_record_version(1); },
      [](auto& m) { m.clear_authenticator(); },
      [](auto& m) { m.mutable_authenticator()->set_kind(static_cast<pb::AuthenticatorKind>(7)); },
      [](auto& m) { m.mutable_authenticator()->mutable_webauthn()->clear_origin(); },
      [](auto& m) { m.clear_issued_at_ms(); },
      [](auto& m) { m.set_expires_at_ms(m.issued_at_ms()); },
      [](auto& m) { m.set_expires_at_ms(m.issued_at_ms() + 30 * kMinute + 1); }};
  for (const auto& change : changes) {
    pb::AddAuthenticator message = Addition();
    change(message);
    EXPECT_REASON(DecodeAddAuthenticator(SerializeCanonical(message)).status(), kStatementInvalid);
  }
  const Bytes good = SerializeCanonical(Addition());
  EXPECT_FALSE(DecodeAddAuthenticator(Concat({good, Bytes{0xa0, 0x06, 1}})).ok());
}

TEST_F(AuthenticatorCodecTest, RemovalsAreReadWithinTheirBounds) {
  ASSERT_TRUE(DecodeRemoveAuthenticator(SerializeCanonical(Removal())).ok());
  const std::function<void(pb::RemoveAuthenticator&)> changes[] = {
      [](auto& m) { m.set_context("intaglio/add-authenticator/v1"); },
      [](auto& m) { m.clear_core_instance(); }, [](auto& m) { m.clear_key_id(); },
      [](auto& m) { m.set_authenticator_id(std::string(31, 'a')); },
      [](auto& m) { m.set_expires_at_ms(m.issued_at_ms() + 7 * kDay + 1); }};
  for (const auto& change : changes) {
    pb::RemoveAuthenticator message = Removal();
    change(message);
    EXPECT_REASON(DecodeRemoveAuthenticator(SerializeCanonical(message)).status(),
                  kStatementInvalid);
  }
}

TEST_F(AuthenticatorCodecTest, ProofsAreTakenByMethodAndKeptAsTheyCame) {
  pb::Proof message;
  message.set_authenticator_id(std::string(32, 'a'));
  EXPECT_REASON(TakeProof(message).status(), kRequestInvalid);
  message.set_es256("signature");
  auto proof = TakeProof(message);
  ASSERT_TRUE(proof.ok());
  EXPECT_EQ(std::get<Es256Proof>(proof->method).signature, ToBytes("signature"));
  EXPECT_EQ(proof->octets, SerializeCanonical(message));
  message.set_rs256("signature");
  EXPECT_TRUE(std::holds_alternative<Rs256Proof>(TakeProof(message)->method));
  message.mutable_webauthn()->set_authenticator_data("a");
  message.mutable_webauthn()->set_client_data_json("c");
  EXPECT_REASON(TakeProof(message).status(), kRequestInvalid);
  message.mutable_webauthn()->set_signature("s");
  EXPECT_TRUE(std::holds_alternative<WebAuthnAssertion>(TakeProof(message)->method));
  message.set_authenticator_id("short");
  EXPECT_REASON(TakeProof(message).status(), kRequestInvalid);
}

TEST_F(AuthenticatorCodecTest, PayloadsCarryTheirHashAlgorithm) {
  SadPayload payload;
  payload.signer_id = "signer";
  payload.session_id = "session";
  payload.issued_at = {1'795'000'000'000};
  payload.expires_at = payload.issued_at + 30 * kMinute;
  for (const auto algorithm :
       {HashAlgorithm::kSha256, HashAlgorithm::kSha384, HashAlgorithm::kSha512}) {
    payload.dtbsr = {*MessageDigest::Create(algorithm, Bytes(DigestSize(algorithm), 7)),
                     *MessageDigest::Create(algorithm, Bytes(DigestSize(algorithm), 8))};
    const auto read = DecodeSadPayload(StatementCodec().Encode(payload));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->dtbsr, payload.dtbsr);
  }
  payload.dtbsr.push_back(*MessageDigest::Create(HashAlgorithm::kSha256, Bytes(32)));
  EXPECT_REASON(DecodeSadPayload(StatementCodec().Encode(payload)).status(), kStatementInvalid);
  payload.dtbsr.clear();
  EXPECT_REASON(DecodeSadPayload(StatementCodec().Encode(payload)).status(), kStatementInvalid);
}

}  // namespace
}  // namespace intaglio::appliance
