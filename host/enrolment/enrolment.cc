#include "host/enrolment/enrolment.h"

#include <algorithm>
#include <chrono>

#include "host/domain/usecase_reasons.h"
#include "host/policy/lint.h"
#include "host/policy/profile.h"
#include "host/x509/distinguished_name.h"
#include "host/x509/public_key.h"

namespace intaglio::host {
namespace {

constexpr Duration kOrderLife = 7 * kDay;
constexpr size_t kP256SpkiSize = 91;
constexpr int kConfirmedEquivalent = 4;  // IdentityMethod of the schema

Status Invalid(const std::string& field, const std::string& problem) {
  return Fail(kFieldInvalid, "field " + field + ": " + problem);
}

Status CheckText(const std::string& field, const std::string& text, size_t most) {
  if (text.empty()) return Invalid(field, "is required");
  if (text.size() > most) return Invalid(field, "at most " + std::to_string(most) + " octets");
  if (std::any_of(text.begin(), text.end(),
                  [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
    return Invalid(field, "holds control characters");
  }
  return OkStatus();
}

// [EN 319 412-1 §5.1.3]: three letters, two letters of country, '-', an identifier.
bool IsNaturalIdentifier(const std::string& text) {
  static constexpr std::string_view kTypes[] = {"PAS", "IDC", "PNO", "TAX", "TIN", "EID"};
  if (text.size() < 7 || text[5] != '-') return false;
  const bool type =
      std::find(std::begin(kTypes), std::end(kTypes), text.substr(0, 3)) != std::end(kTypes);
  return type && text[3] >= 'A' && text[3] <= 'Z' && text[4] >= 'A' && text[4] <= 'Z';
}

Status CheckPerson(const NaturalPerson& person) {
  if (person.country.size() != 2 || person.country[0] < 'A' || person.country[0] > 'Z' ||
      person.country[1] < 'A' || person.country[1] > 'Z') {
    return Invalid("person.country", "two upper-case letters are needed");
  }
  RETURN_IF_ERROR(CheckText("person.given_name", person.given_name, 128));
  RETURN_IF_ERROR(CheckText("person.surname", person.surname, 128));
  RETURN_IF_ERROR(CheckText("person.common_name", person.common_name, 256));
  RETURN_IF_ERROR(CheckText("person.serial_number", person.serial_number, 64));
  if (!IsNaturalIdentifier(person.serial_number)) {
    return Invalid("person.serial_number", "is not like PNOEE-48001085718");
  }
  if (!person.pseudonym.empty()) return Invalid("person.pseudonym", "is not offered");
  // What cannot stand in a certificate is found now, not when the key exists already.
  if (const auto name = EncodeSubject(person); !name.ok()) {
    return Invalid("person", DetailOf(name.status()));
  }
  return OkStatus();
}

Status CheckAuthenticator(const Enrolment::NewApplication& request) {
  if (request.authenticator_spki.size() != kP256SpkiSize ||
      !CheckCertifiable(request.authenticator_spki).ok()) {
    return Invalid("authenticator_spki", "a DER P-256 SubjectPublicKeyInfo of 91 octets is needed");
  }
  switch (request.authenticator_kind) {
    case AuthenticatorKind::kEs256File:
    case AuthenticatorKind::kEs256Device:
      return OkStatus();
  }
  return Invalid("authenticator_kind", "is required");
}

constexpr size_t kMostControllers = 8;
constexpr int kKeyAlgorithms = 6;  // of the schema

Status CheckCountry(const std::string& field, const std::string& country) {
  const bool upper =
      std::all_of(country.begin(), country.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  return country.size() == 2 && upper ? OkStatus()
                                      : Invalid(field, "two upper-case letters are needed");
}

// [EN 319 412-3 LEG-4.2.1]
Status CheckOrganization(const LegalPerson& person) {
  RETURN_IF_ERROR(CheckCountry("organization.country", person.country));
  RETURN_IF_ERROR(CheckText("organization.organization_name", person.organization_name, 256));
  RETURN_IF_ERROR(
      CheckText("organization.organization_identifier", person.organization_identifier, 64));
  RETURN_IF_ERROR(CheckText("organization.common_name", person.common_name, 256));
  if (!IsLegalSemantics(person.organization_identifier)) {
    return Invalid("organization.organization_identifier", "is not like VATEE-100000001");
  }
  if (const auto name = EncodeSubject(person); !name.ok()) {
    return Invalid("organization", DetailOf(name.status()));
  }
  return OkStatus();
}

Status CheckControllers(const SealSubject& seal) {
  if (seal.controllers.empty() || seal.controllers.size() > kMostControllers) {
    return Invalid("controllers", "from 1 to 8 are needed");
  }
  for (size_t i = 0; i < seal.controllers.size(); ++i) {
    const BoundAuthenticator& each = seal.controllers[i];
    if (each.spki.size() != kP256SpkiSize || !CheckCertifiable(each.spki).ok()) {
      return Invalid("controllers.spki", "a DER P-256 SubjectPublicKeyInfo of 91 octets is needed");
    }
    if (each.kind != AuthenticatorKind::kEs256File &&
        each.kind != AuthenticatorKind::kEs256Device) {
      return Invalid("controllers.kind", "es256-file or es256-device is needed");
    }
    for (size_t j = 0; j < i; ++j) {
      if (seal.controllers[j].spki == each.spki) return Invalid("controllers", "one stands twice");
    }
  }
  if (seal.controllers_need < 1 || seal.controllers_need > seal.controllers.size()) {
    return Invalid("controllers_need", "from 1 to the number of controllers");
  }
  if (seal.key_algorithm < 1 || seal.key_algorithm > kKeyAlgorithms) {
    return Invalid("key_algorithm", "is unknown");
  }
  return OkStatus();
}

// A policy is for natural persons or for legal ones. [EN 319 411-2 §5.1]
Status CheckKind(const Enrolment::NewApplication& request) {
  ASSIGN_OR_RETURN(const ProfileSpec* profile, CurrentProfile(request.policy));
  const bool legal = profile->subject.value == SubjectKind::kLegalPerson;
  if (legal == request.seal.has_value()) return OkStatus();
  return Invalid("organization", std::string(PolicyName(request.policy)) +
                                     (legal ? " needs it" : " is for natural persons"));
}

// "1980-01-08", a day that exists. [RFC 3339 full-date]
bool IsDate(const std::string& text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  int numbers[3] = {};
  for (size_t i = 0, part = 0; i < text.size(); ++i) {
    if (i == 4 || i == 7) {
      ++part;
      continue;
    }
    if (text[i] < '0' || text[i] > '9') return false;
    numbers[part] = numbers[part] * 10 + (text[i] - '0');
  }
  return std::chrono::year_month_day(std::chrono::year(numbers[0]),
                                     std::chrono::month(static_cast<unsigned>(numbers[1])),
                                     std::chrono::day(static_cast<unsigned>(numbers[2])))
      .ok();
}

Status CheckEvidence(const IdentityEvidence& evidence) {
  if (evidence.method < 1 || evidence.method > 4) return Invalid("method", "is required");
  RETURN_IF_ERROR(CheckText("document_type", evidence.document_type, 64));
  RETURN_IF_ERROR(CheckText("document_reference", evidence.document_reference, 128));
  RETURN_IF_ERROR(CheckText("validation", evidence.validation, 512));
  if (evidence.officer_id.size() != 32) return Invalid("officer_id", "32 octets are needed");
  if (!evidence.date_of_birth.empty() && !IsDate(evidence.date_of_birth)) {
    return Invalid("date_of_birth", "is not a date like 1980-01-08");
  }
  if (!evidence.place_of_birth.empty()) {
    RETURN_IF_ERROR(CheckText("place_of_birth", evidence.place_of_birth, 128));
  }
  // The basis of equivalence is part of the evidence. [R-IDV-5]
  if (evidence.method == kConfirmedEquivalent || !evidence.equivalence_basis.empty()) {
    RETURN_IF_ERROR(CheckText("equivalence_basis", evidence.equivalence_basis, 256));
  }
  return OkStatus();
}

// How the representative's authority and the legal person's data were proven. [R-IDV-2]
Status CheckAuthority(const Application& application, const IdentityEvidence& evidence) {
  if (application.seal) {
    RETURN_IF_ERROR(CheckText("authority_type", evidence.authority_type, 64));
    RETURN_IF_ERROR(CheckText("authority_reference", evidence.authority_reference, 128));
    return CheckText("organization_validation", evidence.organization_validation, 512);
  }
  const bool none = evidence.authority_type.empty() && evidence.authority_reference.empty() &&
                    evidence.organization_validation.empty();
  return none ? OkStatus() : Invalid("authority_type", "is for legal persons");
}

// The registration officer is another person than the subject. [EN 319 411-1 REG-6.2.2-26]
Status CheckNotSubject(const Application& application, const Bytes& officer_id) {
  bool is_subject = Equal(Sha256(application.authenticator_spki), officer_id);
  if (application.seal) {
    for (const BoundAuthenticator& each : application.seal->controllers) {
      is_subject = is_subject || Equal(Sha256(each.spki), officer_id);
    }
  }
  if (!is_subject) return OkStatus();
  return Fail(kOfficerIsSubject, "the officer's key is the applicant's or a controller's");
}

Status WrongState(const Application& application, const std::string& needed) {
  return Fail(kApplicationState,
              "it is " + std::string(NameOf(application.state)) + ", " + needed + " is needed");
}

// A first order, or a new one for one that expired before a certificate could exist.
Status CheckMayOrder(StoreTransaction& store, const Application& application, bool order_stands) {
  switch (application.state) {
    case ApplicationState::kIdentityVerified:
      return OkStatus();
    case ApplicationState::kApproved:
      if (!order_stands) return OkStatus();
      break;
    case ApplicationState::kKeyAttested: {
      if (order_stands) break;
      ASSIGN_OR_RETURN(const auto credential, store.FindCredential(application.credential_id));
      if (credential && credential->intended_tbs.empty()) return OkStatus();
      break;
    }
    default:
      break;
  }
  return WrongState(application, "IDENTITY_VERIFIED");
}

}  // namespace

StatusOr<Application> Enrolment::Create(const NewApplication& request) {
  RETURN_IF_ERROR(CheckPerson(request.person));
  const auto& offered = services_.terms.policies;
  if (std::find(offered.begin(), offered.end(), request.policy) == offered.end()) {
    return Fail(kPolicyNotOffered, std::string(PolicyName(request.policy)));
  }
  RETURN_IF_ERROR(CheckAuthenticator(request));
  RETURN_IF_ERROR(CheckKind(request));
  if (request.seal) {
    RETURN_IF_ERROR(CheckOrganization(request.seal->organization));
    RETURN_IF_ERROR(CheckControllers(*request.seal));
  }
  Application application;
  ASSIGN_OR_RETURN(const Bytes id, services_.rng.Draw(16));
  application.id = ToHex(id);
  application.policy = request.policy;
  application.person = request.person;
  application.seal = request.seal;
  application.authenticator_spki = request.authenticator_spki;
  application.authenticator_kind = request.authenticator_kind;
  application.created_at = services_.clock.Now();
  application.statement =
      services_.statements.ComposeApplication(application, services_.terms.agreement_digest);
  RETURN_IF_ERROR(services_.store.Update([&](StoreTransaction& store) -> Status {
    RETURN_IF_ERROR(store.PutApplication(application));
    return store.AppendAudit({"application-created", application.id, ""});
  }));
  return application;
}

StatusOr<Application> Enrolment::Change(
    const std::string& id, const std::function<Status(StoreTransaction&, Application&)>& step) {
  Application changed;
  RETURN_IF_ERROR(services_.store.Update([&](StoreTransaction& store) -> Status {
    ASSIGN_OR_RETURN(auto application, store.FindApplication(id));
    if (!application) return Fail(kApplicationUnknown, "application " + id);
    RETURN_IF_ERROR(step(store, *application));
    RETURN_IF_ERROR(store.PutApplication(*application));
    changed = *std::move(application);
    return OkStatus();
  }));
  return changed;
}

StatusOr<Application> Enrolment::Submit(const std::string& id, ByteView signature) {
  return Change(id, [&](StoreTransaction& store, Application& application) -> Status {
    if (!VerifyEs256(application.authenticator_spki, application.statement, signature)) {
      return Fail(kApplicantSignature, "sign the statement's octets with the authenticator");
    }
    if (application.state == ApplicationState::kSubmitted) return OkStatus();
    if (application.state != ApplicationState::kDraft) return WrongState(application, "DRAFT");
    application.state = ApplicationState::kSubmitted;
    application.signature = ToBytes(signature);
    return store.AppendAudit({"application-submitted", id, ""});
  });
}

StatusOr<Application> Enrolment::Withdraw(const std::string& id) {
  return Change(id, [&](StoreTransaction& store, Application& application) -> Status {
    if (application.state == ApplicationState::kWithdrawn) return OkStatus();
    if (application.state > ApplicationState::kApproved) {
      return WrongState(application, "a state before key generation");
    }
    application.state = ApplicationState::kWithdrawn;
    return store.AppendAudit({"application-withdrawn", id, ""});
  });
}

StatusOr<Application> Enrolment::Reject(const std::string& id, const std::string& reason) {
  RETURN_IF_ERROR(CheckText("reason", reason, 256));
  return Change(id, [&](StoreTransaction& store, Application& application) -> Status {
    if (application.state > ApplicationState::kApproved) {
      return WrongState(application, "a state before key generation");
    }
    application.state = ApplicationState::kRejected;
    application.refusal = reason;
    return store.AppendAudit({"application-rejected", id, ""});
  });
}

StatusOr<Application> Enrolment::Find(const std::string& id) {
  ASSIGN_OR_RETURN(auto application, services_.store.FindApplication(id));
  if (!application) return Fail(kApplicationUnknown, "application " + id);
  return *std::move(application);
}

StatusOr<std::vector<Application>> Enrolment::List(std::optional<ApplicationState> state,
                                                   const std::string& after, size_t most) {
  return services_.store.ListApplications(state, after, most);
}

StatusOr<Application> Enrolment::RecordEvidence(const std::string& id,
                                                const IdentityEvidence& evidence) {
  RETURN_IF_ERROR(CheckEvidence(evidence));
  return Change(id, [&](StoreTransaction& store, Application& application) -> Status {
    if (application.state != ApplicationState::kSubmitted) {
      return WrongState(application, "SUBMITTED");
    }
    RETURN_IF_ERROR(CheckNotSubject(application, evidence.officer_id));
    RETURN_IF_ERROR(CheckAuthority(application, evidence));
    const Bytes document =
        services_.statements.ComposeEvidence(id, evidence, services_.clock.Now());
    application.evidence_digest = ToBytes(Sha256(document));
    application.evidence_officer = evidence.officer_id;
    application.state = ApplicationState::kIdentityVerified;
    RETURN_IF_ERROR(store.PutEvidence(id, document));
    return store.AppendAudit({"identity-verified", id, "officer " + ToHex(evidence.officer_id)});
  });
}

StatusOr<Bytes> Enrolment::PrepareOrder(const std::string& id) {
  const WallTime now = services_.clock.Now();
  auto stands = [&](const Application& application) {
    return !application.order.octets.empty() && now < application.order_expires_at;
  };
  ASSIGN_OR_RETURN(const Application found, Find(id));
  if (found.state == ApplicationState::kIdentityVerified && stands(found)) {
    return found.order.octets;
  }
  ASSIGN_OR_RETURN(const auto ca, services_.store.ActiveServiceKey(ServiceKeyPurpose::kCaIssuing));
  if (!ca) return Fail(kServiceNotReady, "activate the issuing CA first");
  ASSIGN_OR_RETURN(const CoreStatus core, services_.core.DescribeCore());
  ASSIGN_OR_RETURN(const Bytes issuer_key_id, FromHex(ca->id));
  ASSIGN_OR_RETURN(const Bytes order_id, services_.rng.Draw(32));
  ASSIGN_OR_RETURN(
      const Application application,
      Change(id, [&](StoreTransaction& store, Application& each) -> Status {
        if (each.state == ApplicationState::kIdentityVerified && stands(each)) return OkStatus();
        RETURN_IF_ERROR(CheckMayOrder(store, each, stands(each)));
        each.state = ApplicationState::kIdentityVerified;
        each.credential_id.clear();
        each.order_expires_at = now + kOrderLife;
        each.order.approvals.clear();
        each.order.octets = services_.statements.ComposeOrder(
            each,
            {order_id, core.core_instance, issuer_key_id, ToBytes(services_.terms.agreement_digest),
             services_.terms.subscriber_days, now, each.order_expires_at});
        return store.AppendAudit({"order-prepared", id, ToHex(Sha256(each.order.octets))});
      }));
  return application.order.octets;
}

StatusOr<Application> Enrolment::Approve(const std::string& id, ByteView order,
                                         const OfficerApproval& approval) {
  if (approval.officer_id.size() != 32) {
    return Invalid("approval.officer_id", "32 octets are needed");
  }
  if (approval.signature.empty() || approval.signature.size() > 80) {
    return Invalid("approval.signature", "a DER ECDSA-Sig-Value is needed");
  }
  return Change(id, [&](StoreTransaction& store, Application& application) -> Status {
    RETURN_IF_ERROR(CheckNotSubject(application, approval.officer_id));
    const bool same_order =
        !application.order.octets.empty() && Equal(application.order.octets, order);
    for (const OfficerApproval& each : application.order.approvals) {
      // Handed in again after a lost answer.
      if (same_order && Equal(each.officer_id, approval.officer_id) &&
          Equal(each.signature, approval.signature)) {
        return OkStatus();
      }
    }
    if (application.state != ApplicationState::kIdentityVerified) {
      return WrongState(application, "IDENTITY_VERIFIED");
    }
    if (!same_order) return Fail(kOrderChanged, "the prepared order has other octets");
    if (services_.clock.Now() >= application.order_expires_at) {
      return Fail(kOrderChanged, "the order has expired; prepare a new one");
    }
    for (const OfficerApproval& each : application.order.approvals) {
      if (Equal(each.officer_id, approval.officer_id)) {
        return Fail(kSameOfficer,
                    "officer " + ToHex(approval.officer_id) + " has approved already");
      }
    }
    application.order.approvals.push_back(approval);
    if (application.order.approvals.size() >= 2) application.state = ApplicationState::kApproved;
    return store.AppendAudit({"order-approved", id, "officer " + ToHex(approval.officer_id)});
  });
}

}  // namespace intaglio::host
