// Shape and bounds of proofs and authenticators in requests.
#include <gtest/gtest.h>

#include "host/domain/usecase_reasons.h"
#include "host/grpc/request_check.h"
#include "host/grpc/role_policy.h"
#include "intaglio/host/v1/authenticators.pb.h"
#include "intaglio/host/v1/services.pb.h"
#include "tests/support/status_matchers.h"

namespace intaglio::host {
namespace {

namespace cpb = ::intaglio::core::v1;
namespace hpb = ::intaglio::host::v1;
using testing_support::FailsWith;
using testing_support::IsOk;

std::string Octets(size_t size) { return std::string(size, '\x01'); }

hpb::FinishSigningRequest Finish() {
  hpb::FinishSigningRequest m;
  m.set_credential_id(std::string(32, 'a'));
  m.set_payload(Octets(200));
  m.mutable_proof()->set_authenticator_id(Octets(32));
  m.mutable_proof()->mutable_webauthn()->set_authenticator_data(Octets(37));
  m.mutable_proof()->mutable_webauthn()->set_client_data_json(Octets(200));
  m.mutable_proof()->mutable_webauthn()->set_signature(Octets(256));
  return m;
}

hpb::PrepareAdditionRequest Addition() {
  hpb::PrepareAdditionRequest m;
  m.set_credential_id(std::string(32, 'a'));
  auto& authenticator = *m.mutable_authenticator();
  authenticator.set_kind(cpb::AUTHENTICATOR_KIND_WEBAUTHN_SYNCED);
  authenticator.set_spki(Octets(91));
  authenticator.mutable_webauthn()->set_rp_id("sign.example");
  authenticator.mutable_webauthn()->set_origin("https://sign.example");
  // Not the host's name of the same word: a WebAuthn credential's id has its own bounds.
  authenticator.mutable_webauthn()->set_credential_id(Octets(64));
  authenticator.mutable_webauthn()->set_cose_key(Octets(77));
  authenticator.mutable_webauthn()->set_aaguid(Octets(16));
  return m;
}

TEST(ProofCheckTest, EveryMethodPassesWithinItsBounds) {
  EXPECT_THAT(CheckRequest(Finish()), IsOk());
  auto m = Finish();
  m.mutable_proof()->set_rs256(Octets(512));
  EXPECT_THAT(CheckRequest(m), IsOk());
  m.mutable_proof()->set_rs256(Octets(513));
  EXPECT_THAT(CheckRequest(m), FailsWith(kFieldInvalid));
  m.mutable_proof()->set_rs256(Octets(255));
  EXPECT_THAT(CheckRequest(m), FailsWith(kFieldInvalid));
  m = Finish();
  m.mutable_proof()->mutable_webauthn()->set_authenticator_data(Octets(36));
  EXPECT_THAT(CheckRequest(m), FailsWith(kFieldInvalid));
  m = Finish();
  m.mutable_proof()->mutable_webauthn()->set_client_data_json(Octets(4097));
  EXPECT_THAT(CheckRequest(m), FailsWith(kFieldInvalid));
  m = Finish();
  m.mutable_proof()->mutable_webauthn()->clear_signature();
  EXPECT_THAT(CheckRequest(m), FailsWith(kFieldInvalid));
  m = Finish();
  m.mutable_proof()->clear_method();
  EXPECT_THAT(CheckRequest(m), FailsWith(kFieldInvalid));
}

TEST(ProofCheckTest, AuthenticatorsPassWithinTheirBounds) {
  EXPECT_THAT(CheckRequest(Addition()), IsOk());
  auto m = Addition();
  m.clear_authenticator();
  EXPECT_THAT(CheckRequest(m), FailsWith(kFieldInvalid));
  m = Addition();
  m.mutable_authenticator()->set_kind(cpb::AUTHENTICATOR_KIND_UNSPECIFIED);
  EXPECT_THAT(CheckRequest(m), FailsWith(kFieldInvalid));
  m = Addition();
  m.mutable_authenticator()->mutable_webauthn()->set_credential_id(Octets(1024));
  EXPECT_THAT(CheckRequest(m), FailsWith(kFieldInvalid));
  m = Addition();
  m.set_credential_id("short");
  EXPECT_THAT(CheckRequest(m), FailsWith(kFieldInvalid));
}

TEST(ProofCheckTest, ARemovalNamesItsAuthority) {
  hpb::RemoveAuthenticatorRequest m;
  m.set_credential_id(std::string(32, 'a'));
  m.set_statement(Octets(100));
  EXPECT_THAT(CheckRequest(m), FailsWith(kFieldInvalid));
  m.mutable_officer()->set_officer_id(Octets(32));
  m.mutable_officer()->set_signature(Octets(70));
  EXPECT_THAT(CheckRequest(m), IsOk());
}

TEST(ProofCheckTest, SignersAndRevocationOfficersAlone) {
  EXPECT_THAT(CheckRole("signing-application", "Authenticators"), IsOk());
  EXPECT_THAT(CheckRole("revocation-officer", "Authenticators"), IsOk());
  for (const char* role : {"registration-officer", "administrator", "auditor", "seal-client"}) {
    EXPECT_THAT(CheckRole(role, "Authenticators"), FailsWith(kRoleDenied)) << role;
  }
}

}  // namespace
}  // namespace intaglio::host
