// Revocation: the core first, then the status log, then CRL and OCSP. [R-STS-5, R-STS-6]
#ifndef INTAGLIO_HOST_REVOCATION_REVOCATION_H_
#define INTAGLIO_HOST_REVOCATION_REVOCATION_H_

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
  // Carries out an officer's order. Asking again after a crash finishes what was begun.
  StatusOr<Credential> Change(const ApprovedOctets& order);
  // The statement the signer signs to revoke the own certificate.
  StatusOr<Bytes> PrepareSignerRevocation(const std::string& credential_id,
                                          RevocationReason reason);
  StatusOr<Credential> RevokeBySigner(const std::string& credential_id, ByteView statement,
                                      const AuthenticatorProof& proof);
  // Stops the key at once, without an order; the certificate's status stays.
  Status Block(const std::string& credential_id);

 private:
  StatusOr<Credential> Record(const std::string& serial, StateAction action,
                              RevocationReason reason, WallTime effective, ByteView authority);
  StatusOr<Bytes> IssuerKeyId();

  const RevocationServices services_;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_REVOCATION_REVOCATION_H_
