// Application: a person's request for a certificate, from draft to acceptance. [R-IDV-4]
#ifndef INTAGLIO_HOST_DOMAIN_APPLICATION_H_
#define INTAGLIO_HOST_DOMAIN_APPLICATION_H_

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "host/domain/certificate_policy.h"
#include "host/domain/person.h"

namespace intaglio::host {

// Stored by number; append only.
enum class ApplicationState : int {
  kDraft = 1,
  kSubmitted = 2,
  kIdentityVerified = 3,
  kApproved = 4,
  kKeyAttested = 5,
  kIssued = 6,
  kAccepted = 7,
  kRejected = 8,
  kWithdrawn = 9,
};

std::string_view NameOf(ApplicationState state);

// Numbers as in statements.proto.
enum class AuthenticatorKind : int { kEs256File = 1, kEs256Device = 2 };

// One officer's signature over an order.
struct OfficerApproval {
  Bytes officer_id;  // 32 octets
  Bytes signature;   // DER ECDSA-Sig-Value
};

// A statement's octets and the officers' signatures over them.
struct ApprovedOctets {
  Bytes octets;
  std::vector<OfficerApproval> approvals;
};

// An authenticator's agreement to a statement's octets. The core judges it.
struct AuthenticatorProof {
  Bytes authenticator_id;  // 32 octets
  Bytes es256;             // DER ECDSA-Sig-Value; or:
  Bytes other = {};        // canonical octets of an intaglio.core.v1.Proof of another method
};

struct BoundAuthenticator {
  AuthenticatorKind kind = AuthenticatorKind::kEs256File;
  Bytes spki;

  friend bool operator==(const BoundAuthenticator&, const BoundAuthenticator&) = default;
};

// Whom a seal certificate is for, and who controls its key. [R-IDV-2]
struct SealSubject {
  LegalPerson organization;
  std::vector<BoundAuthenticator> controllers;
  uint32_t controllers_need = 0;
  int key_algorithm = 1;  // number of KeyAlgorithm in statements.proto
};

struct Application {
  std::string id;  // 32 hexadecimal characters
  ApplicationState state = ApplicationState::kDraft;
  CertificatePolicy policy = CertificatePolicy::kQcpNQscd;
  NaturalPerson person;  // of a seal: the legal person's authorised representative, who applies
  std::optional<SealSubject> seal = {};
  Bytes authenticator_spki;
  AuthenticatorKind authenticator_kind = AuthenticatorKind::kEs256File;
  WallTime created_at;
  Bytes statement;  // what the applicant signs
  Bytes signature;  // by the applicant's authenticator
  Bytes evidence_digest;
  Bytes evidence_officer;  // officer id of who verified the identity
  ApprovedOctets order;
  WallTime order_expires_at;
  std::string refusal;  // the last failed step, or why it was rejected
  std::string credential_id;
};

// What a registration officer records. [EN 319 411-1 REG-6.2.2-18]
struct IdentityEvidence {
  int method = 0;  // IdentityMethod of the schema
  std::string document_type;
  std::string document_reference;
  std::string date_of_birth;
  std::string place_of_birth;
  std::string validation;
  Bytes officer_id;
  std::string equivalence_basis;
  // Of a legal person: the representative's authority, and how name and number were validated.
  // [EN 319 411-2 REG-6.2.2-03]
  std::string authority_type;
  std::string authority_reference;
  std::string organization_validation;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_DOMAIN_APPLICATION_H_
