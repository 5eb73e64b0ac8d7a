// Credential: a key of the core and the certificate it has.
#ifndef INTAGLIO_HOST_DOMAIN_CREDENTIAL_H_
#define INTAGLIO_HOST_DOMAIN_CREDENTIAL_H_

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "host/domain/revocation_reason.h"
#include "host/domain/serial.h"

namespace intaglio::host {

// Stored by number; append only. EXPIRED is not stored: it follows from notAfter.
enum class CertificateState : int {
  kNone = 0,
  kIssued = 1,
  kActive = 2,
  kSuspended = 3,
  kRevoked = 4
};

struct Credential {
  std::string id;  // the key id, 32 hexadecimal characters
  std::string application_id;
  Bytes sealed_record;  // the newest version the core gave out
  Bytes spki;
  Bytes evidence;
  CertificateState state = CertificateState::kNone;
  Bytes intended_tbs;  // set before the core is asked to sign
  std::string serial;  // hexadecimal; empty before issuance
  Bytes certificate;
  WallTime not_after;
  WallTime changed_at;  // of the last state, as CRL and OCSP say it
  RevocationReason reason = RevocationReason::kUnspecified;
  Bytes agreement_cms;
};

enum class ServiceKeyPurpose : int { kCaIssuing = 1, kStatus = 2 };

// A CA or STATUS key of the core.
struct ServiceKey {
  std::string id;
  ServiceKeyPurpose purpose = ServiceKeyPurpose::kCaIssuing;
  Bytes sealed_record;
  Bytes spki;
  Bytes certificate;         // CA: once installed; STATUS: the responder certificate
  std::vector<Bytes> chain;  // CA: up to and including the root
};

struct PublishedCrl {
  uint64_t number = 0;
  WallTime this_update;
  WallTime next_update;
  Bytes der;
  uint64_t entries = 0;  // known when it has just been issued; not stored
};

struct PresignedOcsp {
  Bytes der;
  WallTime this_update;
  WallTime next_update;
};

// What CRL and OCSP say of one serial.
struct SerialStatus {
  std::string serial;
  CertificateState state = CertificateState::kIssued;
  WallTime changed_at;
  RevocationReason reason = RevocationReason::kUnspecified;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_DOMAIN_CREDENTIAL_H_
