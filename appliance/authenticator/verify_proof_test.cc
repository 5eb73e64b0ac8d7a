// Requirement R-QSC-4.
#include "appliance/authenticator/verify_proof.h"

#include <gtest/gtest.h>

#include "appliance/crypto/ecdsa.h"
#include "appliance/crypto/hash.h"
#include "appliance/domain/reasons.h"
#include "tests/support/authenticators.h"

namespace intaglio::appliance {
namespace {

using testing_support::AuthenticatorKey;
using testing_support::Passkey;
using testing_support::RsaSigner;

Status InSoftware(ByteView spki, const Digest& digest, ByteView der) {
  const auto point = PointOfSpki(spki);
  const auto signature = SignatureFromDer(der);
  if (!point || !signature) return Fail(kProofMalformed, "not ES256");
  return VerifyEs256InSoftware(*point, digest, *signature) ? OkStatus()
                                                           : Fail(kSignatureWrong, "wrong");
}

class VerifyProofTest : public ::testing::Test {
 protected:
  Status Verify(const Authenticator& bound, const Proof& proof) {
    return VerifyProof(bound, Sha256(statement_), proof, InSoftware).status();
  }
  void Refused(const Authenticator& bound, const Proof& proof, const Reason& reason) {
    const Status status = Verify(bound, proof);
    EXPECT_EQ(ReasonNameOf(status), reason.name) << DetailOf(status);
  }
  Proof Es256(const AuthenticatorKey& key, ByteView statement) {
    return {{key.id()}, Es256Proof{key.Sign(statement)}};
  }
  const Bytes statement_ = ToBytes("what is agreed to"), other_ = ToBytes("something else");
  const AuthenticatorKey p256_ = AuthenticatorKey::P256(), stranger_ = AuthenticatorKey::P256();
  const Authenticator file_{AuthenticatorKind::kEs256File, p256_.spki()};
  const RsaSigner rsa_;
  const Passkey passkey_, rsa_passkey_{AuthenticatorKey::Rsa(3072)};
};

TEST_F(VerifyProofTest, EachKindByItsMethod) {
  EXPECT_TRUE(Verify(file_, Es256(p256_, statement_)).ok());
  EXPECT_TRUE(Verify(rsa_.Binding(), rsa_.Prove(statement_)).ok());
  EXPECT_TRUE(Verify(passkey_.Binding(), passkey_.Prove(statement_)).ok());
  EXPECT_TRUE(Verify(rsa_passkey_.Binding(), rsa_passkey_.Prove(statement_)).ok());
  const auto facts = VerifyProof(passkey_.Binding(), Sha256(statement_),
                                 passkey_.Prove(statement_, {.counter = 9}), InSoftware);
  EXPECT_EQ(facts->kind, AuthenticatorKind::kWebAuthnDevice);
  EXPECT_EQ(facts->counter, 9u);
}

TEST_F(VerifyProofTest, AnotherMethodThanTheKindsIsRefused) {
  const Proof proofs[] = {Es256(p256_, statement_), rsa_.Prove(statement_),
                          passkey_.Prove(statement_)};
  const Authenticator bound[] = {file_, rsa_.Binding(), passkey_.Binding()};
  for (size_t b = 0; b < 3; ++b) {
    for (size_t p = 0; p < 3; ++p) {
      if (b == p) continue;
      Refused(bound[b], proofs[p], kProofMethod);
    }
  }
  // The very key of a credential, used without the browser, proves nothing.
  Refused(passkey_.Binding(), Es256(passkey_.key(), statement_), kProofMethod);
}

TEST_F(VerifyProofTest, AnotherStatementOrKeyIsRefused) {
  Refused(file_, Es256(p256_, other_), kSignatureWrong);
  Refused(file_, Es256(stranger_, statement_), kSignatureWrong);
  Refused(rsa_.Binding(), rsa_.Prove(other_), kSignatureWrong);
  Refused(rsa_.Binding(), RsaSigner().Prove(statement_), kSignatureWrong);
  Refused(passkey_.Binding(), passkey_.Prove(other_), kAssertionClientData);
  Refused(passkey_.Binding(), Passkey().Prove(statement_), kSignatureWrong);
  Refused(rsa_passkey_.Binding(), Passkey(AuthenticatorKey::Rsa(3072)).Prove(statement_),
          kSignatureWrong);
}

TEST_F(VerifyProofTest, SignaturesOfAnotherFormAreMalformed) {
  Proof proof = rsa_.Prove(statement_);
  std::get<Rs256Proof>(proof.method).signature.pop_back();
  Refused(rsa_.Binding(), proof, kProofMalformed);
  std::get<Rs256Proof>(proof.method).signature.clear();
  Refused(rsa_.Binding(), proof, kProofMalformed);
  Refused(file_, {{p256_.id()}, Es256Proof{{0x30, 0x00}}}, kProofMalformed);
  proof = passkey_.Prove(statement_);
  std::get<WebAuthnAssertion>(proof.method).signature = {1, 2, 3};
  Refused(passkey_.Binding(), proof, kProofMalformed);
}

TEST_F(VerifyProofTest, AnAssertionsSignatureCoversBothItsParts) {
  const Proof good = passkey_.Prove(statement_);
  Proof bad = good;
  std::get<WebAuthnAssertion>(bad.method).authenticator_data.back() ^= 1;  // the counter
  Refused(passkey_.Binding(), bad, kSignatureWrong);
  bad = passkey_.Prove(statement_, {.tail = ",\"x\":1}"});
  std::get<WebAuthnAssertion>(bad.method).client_data_json =
      std::get<WebAuthnAssertion>(good.method).client_data_json;
  Refused(passkey_.Binding(), bad, kSignatureWrong);
}

TEST_F(VerifyProofTest, ProofsThatDifferHaveDifferentDigests) {
  const Proof proof = passkey_.Prove(statement_);
  EXPECT_EQ(DigestOf(proof), DigestOf(Proof(proof)));
  Proof other = proof;
  other.authenticator_id.octets[0] ^= 1;
  EXPECT_NE(DigestOf(proof), DigestOf(other));
  // An octet that moves from one part to the next.
  other = proof;
  auto& assertion = std::get<WebAuthnAssertion>(other.method);
  assertion.client_data_json.insert(assertion.client_data_json.begin(),
                                    assertion.authenticator_data.back());
  assertion.authenticator_data.pop_back();
  EXPECT_NE(DigestOf(proof), DigestOf(other));
  const Bytes same = {1, 2, 3};
  EXPECT_NE(DigestOf({proof.authenticator_id, Es256Proof{same}}),
            DigestOf({proof.authenticator_id, Rs256Proof{same}}));
}

}  // namespace
}  // namespace intaglio::appliance
