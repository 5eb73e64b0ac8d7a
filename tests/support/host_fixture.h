// HostFixture: every use case of the host over a real database, real certificates and a FakeCore,
// with a clock that the test moves, and the steps that tests share.
#ifndef INTAGLIO_TESTS_SUPPORT_HOST_FIXTURE_H_
#define INTAGLIO_TESTS_SUPPORT_HOST_FIXTURE_H_

#include <memory>
#include <string>

#include "attestation/registry/qscd_registry.h"
#include "attestation/verify/trust_store.h"
#include "base/rng.h"
#include "host/administration/administration.h"
#include "host/enrolment/enrolment.h"
#include "host/issuance/issuance.h"
#include "host/revocation/revocation.h"
#include "host/signing/signing.h"
#include "host/statements/statement_composer.h"
#include "host/status/status_service.h"
#include "host/store/sql_store.h"
#include "tests/support/fake_core.h"
#include "tests/support/temp_dir.h"

namespace intaglio::testing_support {

// A person with an authenticator or an officer's key.
class Person final {
 public:
  Bytes spki() const { return key_.Spki(); }
  Bytes id() const;
  Bytes Sign(ByteView octets) const { return key_.SignMessage(octets); }
  host::OfficerApproval Approve(ByteView octets) const { return {id(), Sign(octets)}; }
  host::AuthenticatorProof Prove(ByteView octets) const { return {id(), Sign(octets)}; }

 private:
  const attestation::TestKey key_ = attestation::TestKey::Generate();
};

// Signing as a caller with a thread of its own sees it.
class WaitingSigning final {
 public:
  explicit WaitingSigning(host::Signing& signing) : signing_(signing) {}
  StatusOr<Bytes> Begin(const std::string& credential_id, const std::string& session_id,
                        const std::vector<Digest>& dtbsr);
  StatusOr<std::vector<Bytes>> Finish(const std::string& credential_id, ByteView payload,
                                      const host::AuthenticatorProof& proof);

 private:
  host::Signing& signing_;
};

// What one run of the host's process holds; dropped and made again, it is a crash and a restart.
struct HostUseCases {
  HostUseCases(const std::string& database, FakeCore& core, const host::Terms& terms,
               const attestation::QscdRegistry& registry, const attestation::TrustStore& roots,
               const Clock& clock, Rng& rng);

  std::unique_ptr<host::SqlStore> store;
  host::StatementComposer statements;
  host::StatusService status;
  host::Enrolment enrolment;
  host::Issuance issuance;
  host::Signing async_signing;
  WaitingSigning signing{async_signing};
  host::Revocation revocation;
  host::Administration administration;
};

class HostFixture {
 public:
  // Aborts where the world cannot be set up: no test makes sense then.
  HostFixture();

  FakeClock clock{attestation::kTestNow};
  SystemRng rng;
  FakeCore core{clock};
  host::Terms terms;
  Person applicant;
  Person registration[2];
  Person controllers[3];  // of a seal key; two must agree
  Person revocation_officer;

  HostUseCases& host() { return *host_; }
  host::SqlStore& store() { return *host_->store; }
  std::string database() const { return folder_.Sub("host.db"); }
  // The process ends and starts again on the same database and core.
  void Restart();
  // The same with another registry text.
  void Restart(const std::string& registry_textproto);
  static std::string RegistryText(const std::string& status);

  // Keys, root ceremony, installation.
  std::string MakeServiceKey(host::ServiceKeyPurpose purpose);
  host::Administration::Activation PrepareCa();
  void ActivateCa();

  host::Enrolment::NewApplication NewApplication() const;
  host::IdentityEvidence Evidence() const;
  host::Enrolment::NewApplication NewSealApplication() const;
  host::IdentityEvidence SealEvidence() const;
  host::Credential SealIssued();
  // An application brought so far.
  std::string Submitted();
  std::string Verified();
  std::string Approved();
  host::Credential Attested();
  host::Credential Issued();
  host::Credential Agreed();
  host::Credential Active();

  Bytes StateOrder(const std::string& serial, host::StateAction action,
                   host::RevocationReason reason = host::RevocationReason::kUnspecified);
  StatusOr<host::Credential> Change(
      const std::string& serial, host::StateAction action,
      host::RevocationReason reason = host::RevocationReason::kUnspecified);
  StatusOr<host::Credential> CarryOut(const Bytes& order);

 private:
  TempDir folder_;
  attestation::TestKey root_key_ = attestation::TestKey::Generate();
  Bytes root_;
  std::unique_ptr<attestation::QscdRegistry> registry_;
  std::unique_ptr<attestation::TrustStore> roots_;
  std::unique_ptr<HostUseCases> host_;
};

// Aborts with the failure's text.
template <class T>
T Must(StatusOr<T> value) {
  if (!value.ok()) {
    fprintf(stderr, "the fixture failed: %s\n", std::string(value.status().message()).c_str());
    abort();
  }
  return *std::move(value);
}

}  // namespace intaglio::testing_support

#endif  // INTAGLIO_TESTS_SUPPORT_HOST_FIXTURE_H_
