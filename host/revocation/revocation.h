// Revocation: the core first, then the status log, then CRL and OCSP. [R-STS-5, R-STS-6]
//
// What the core is about to be asked is kept first and forgotten with the outcome, so that a crash
// in between cannot leave the core and the status log apart: the same is asked again and answered
// the same. An order or statement counts once, however often it is handed in.
#ifndef INTAGLIO_HOST_REVOCATION_REVOCATION_H_
#define INTAGLIO_HOST_REVOCATION_REVOCATION_H_

#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/rng.h"
#include "host/ports/core_port.h"
#include "host/ports/statement_port.h"
#include "host/ports/store_port.h"
#include "host/status/status_service.h"

namespace intaglio::host {

struct RevocationServices {
  StorePort& store;
  CorePort& core;
  StatementPort& statements;
  StatusService& status;
  const Clock& clock;
  Rng& rng;
};

class Revocation final {
 public:
  explicit Revocation(const RevocationServices& services) : services_(services) {}

  // kSerialNotOurs.
  StatusOr<Credential> FindBySerial(const std::string& serial);
  // The order's octets, for a revocation officer to sign.
  StatusOr<Bytes> PrepareOrder(const std::string& serial, StateAction action,
                               RevocationReason reason);
  // Carries out an officer's order. Asking again after a crash finishes what was begun; asking
  // again after success changes nothing. kFieldInvalid, kSerialNotOurs, the core's Reasons.
  StatusOr<Credential> Change(const ApprovedOctets& order);
  // The statement the signer signs to revoke the own certificate.
  StatusOr<Bytes> PrepareSignerRevocation(const std::string& credential_id,
                                          RevocationReason reason);
  StatusOr<Credential> RevokeBySigner(const std::string& credential_id, ByteView statement,
                                      const AuthenticatorProof& proof);
  // Stops the key at once, without an order; the certificate's status stays. kCredentialUnknown.
  Status Block(const std::string& credential_id);

  // Asks the core again for whatever a crash or a lost answer left open. At start-up and now and
  // then; fails for the first that stays open.
  Status FinishPending();

 private:
  struct Outcome {
    StateAction action;
    RevocationReason reason;
    WallTime effective;
  };
  StatusOr<Credential> Begin(const PendingChange& change);
  StatusOr<Credential> CarryOut(const PendingChange& change);
  StatusOr<Outcome> AskCore(const PendingChange& change);
  StatusOr<Credential> Record(const PendingChange& change, const Outcome& outcome);
  Status Drop(const PendingChange& change, const Status& refusal);
  void Publish(const std::string& serial);
  StatusOr<Bytes> IssuerKeyId();

  const RevocationServices services_;
  std::mutex mutex_;  // the status log gets changes in the order in which the core made them
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_REVOCATION_REVOCATION_H_
