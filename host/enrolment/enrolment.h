// Enrolment: applications, identity evidence and orders. [R-IDV-1, R-IDV-4, R-IDV-6]
#ifndef INTAGLIO_HOST_ENROLMENT_ENROLMENT_H_
#define INTAGLIO_HOST_ENROLMENT_ENROLMENT_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/rng.h"
#include "host/domain/terms.h"
#include "host/ports/core_port.h"
#include "host/ports/statement_port.h"
#include "host/ports/store_port.h"

namespace intaglio::host {

struct EnrolmentServices {
  StorePort& store;
  CorePort& core;
  StatementPort& statements;
  const Terms& terms;
  const Clock& clock;
  Rng& rng;
};

class Enrolment final {
 public:
  explicit Enrolment(const EnrolmentServices& services) : services_(services) {}

  struct NewApplication {
    CertificatePolicy policy = CertificatePolicy::kQcpNQscd;
    NaturalPerson person;
    Bytes authenticator_spki;
    AuthenticatorKind authenticator_kind = AuthenticatorKind::kEs256File;
    // For legal persons and for them alone: `person` is then the authorised representative.
    std::optional<SealSubject> seal = {};
  };
  // A draft; its statement is what the applicant signs. kFieldInvalid naming the field,
  // kPolicyNotOffered.
  StatusOr<Application> Create(const NewApplication& request);
  // kApplicantSignature. Submitting again with a right signature changes nothing.
  StatusOr<Application> Submit(const std::string& id, ByteView signature);
  // Only before a key exists: kApplicationState.
  StatusOr<Application> Withdraw(const std::string& id);
  StatusOr<Application> Reject(const std::string& id, const std::string& reason);
  // kApplicationUnknown.
  StatusOr<Application> Find(const std::string& id);
  StatusOr<std::vector<Application>> List(std::optional<ApplicationState> state,
                                          const std::string& after, size_t most);
  // kOfficerIsSubject if the officer's key is the applicant's. [EN 319 411-1 REG-6.2.2-26]
  StatusOr<Application> RecordEvidence(const std::string& id, const IdentityEvidence& evidence);
  // The order's octets; the same ones until they expire. Afterwards a new order, which needs new
  // approvals and, where a key was generated under the old one, a new key; not once a certificate
  // may exist. kServiceNotReady without an active CA, kApplicationState.
  StatusOr<Bytes> PrepareOrder(const std::string& id);
  // kOrderChanged (also once it has expired), kSameOfficer, kOfficerIsSubject. After the second
  // officer the application is APPROVED; whether the signatures are worth anything is for the core
  // to judge.
  StatusOr<Application> Approve(const std::string& id, ByteView order,
                                const OfficerApproval& approval);

 private:
  // Runs `step` on the application in one transaction.
  StatusOr<Application> Change(const std::string& id,
                               const std::function<Status(StoreTransaction&, Application&)>& step);

  const EnrolmentServices services_;
};

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_ENROLMENT_ENROLMENT_H_
