// Issuance: from an approved order to an accepted certificate. [DESIGN 5, 7; R-ISS-3, R-ISS-5,
// R-QSC-2]
//
// Every step may be asked for again after a crash on either side and goes on where it stopped.
#ifndef INTAGLIO_HOST_ISSUANCE_ISSUANCE_H_
#define INTAGLIO_HOST_ISSUANCE_ISSUANCE_H_

#include <array>
#include <mutex>
#include <string>

#include "attestation/registry/qscd_registry.h"
#include "attestation/verify/appraisal.h"
#include "attestation/verify/trust_store.h"
#include "base/clock.h"
#include "base/rng.h"
#include "host/domain/terms.h"
#include "host/ports/core_port.h"
#include "host/ports/statement_port.h"
#include "host/ports/store_port.h"

namespace intaglio::host {

struct IssuanceServices {
  StorePort& store;
  CorePort& core;
  StatementPort& statements;
  const attestation::QscdRegistry& registry;
  const attestation::TrustStore& device_roots;
  const Terms& terms;
  const Clock& clock;
  Rng& rng;
};

class Issuance final {
 public:
  explicit Issuance(const IssuanceServices& services) : services_(services) {}

  // Key in the core, evidence, appraisal against the registry. A refusal is kept with the
  // application and nothing is issued; it may be asked for again. Afterwards KEY_ATTESTED.
  StatusOr<Credential> GenerateKey(const std::string& application_id);
  // Draw serial → build → lint → persist the intent → the core signs → compare → verify → store.
  // kApplicationState, kServiceNotReady, appraisal's Reasons, the lint's Reasons, the core's;
  // kStoreConflict for a serial of another certificate, and then the next attempt draws a new one.
  StatusOr<Credential> IssueCertificate(const std::string& application_id);

  // The payload over the agreement's digest, which the new key signs once. A seal key signs none:
  // kCredentialState. Its controllers agree when they accept, for that statement names the digest.
  StatusOr<Bytes> BeginAgreement(const std::string& credential_id);
  StatusOr<Credential> FinishAgreement(const std::string& credential_id, ByteView payload,
                                       const AuthenticatorProof& proof);

  // The statement the subscriber signs. kAgreementUnsigned.
  StatusOr<Bytes> PrepareAcceptance(const std::string& credential_id);
  StatusOr<Credential> Accept(const std::string& credential_id, ByteView statement,
                              const AuthenticatorProof& proof,
                              const std::vector<AuthenticatorProof>& more_proofs = {});

  // kCredentialUnknown.
  StatusOr<Credential> Find(const std::string& credential_id);

 private:
  // Fresh evidence about the credential's key, verified and appraised.
  StatusOr<attestation::AppraisedKey> Appraise(Credential& credential);
  // The evidence the intent was made on, against the registry as of now. The core gives no new one:
  // it may have signed already, and then it takes version 0 of the key's record no more.
  StatusOr<attestation::AppraisedKey> AppraiseAgain(const Credential& credential);
  StatusOr<attestation::AppraisedKey> Judge(const Credential& credential, const Bytes& nonce);
  Status KeepRefusal(const std::string& application_id, const Status& refusal);
  StatusOr<Bytes> BuildTbs(const Application& application, const Credential& credential,
                           const ServiceKey& ca);
  // Builds, lints and keeps what the core will be asked to sign.
  Status PersistIntent(const Application& application, const ServiceKey& ca,
                       Credential& credential);
  Status DropIntent(const Credential& credential);
  StatusOr<bool> IsSeal(const Credential& credential);
  // kAgreementUnsigned, unless the key is for seals.
  Status RequireAgreement(const Credential& credential);
  std::mutex& LockOf(const std::string& id);

  const IssuanceServices services_;
  // Steps of one application or credential do not overtake each other; those of different ones run
  // side by side.
  std::array<std::mutex, 64> locks_;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_ISSUANCE_ISSUANCE_H_
