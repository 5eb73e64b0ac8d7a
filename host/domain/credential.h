// Credential: a key of the core and the certificate it has.
#ifndef INTAGLIO_HOST_DOMAIN_CREDENTIAL_H_
#define INTAGLIO_HOST_DOMAIN_CREDENTIAL_H_

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "host/domain/application.h"
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
  std::string serial;  // hexadecimal; set with intended_tbs, so that no serial is used twice
  Bytes certificate;   // empty until the core has signed
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
  uint64_t status_sequence = 0;  // of the last change of the status log that it tells
  uint64_t entries = 0;          // known when it has just been issued; not stored
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
  uint64_t sequence = 0;  // in the status log; given by the store
};

// A change of state that the core has been, or is about to be, asked for. Kept until its outcome is
// known, so that a crash in between is healed by asking again: the core answers the same.
struct PendingChange {
  std::string serial;
  ApprovedOctets authority;                 // an officer's order, or the signer's statement
  std::optional<AuthenticatorProof> proof;  // the signer's; absent for an officer's order
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_DOMAIN_CREDENTIAL_H_
