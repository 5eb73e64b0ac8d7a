// Applications, as applicants and signing applications make them.
#include "host/ctl/command_table.h"
#include "host/ctl/inputs.h"
#include "host/ctl/key_file.h"
#include "host/ctl/reasons.h"
#include "host/ctl/statements.h"
#include "host/x509/public_key.h"
#include "intaglio/host/v1/services.pb.h"

namespace intaglio::host {
namespace {

namespace pb = ::intaglio::core::v1;
namespace hpb = ::intaglio::host::v1;

struct PersonFlags {
  std::string policy = "qcp-n-qscd";
  std::string country;
  std::string given_name;
  std::string surname;
  std::string common_name;
  std::string serial_number;
  std::string kind = "es256-file";
};

// Of an application for a seal; the person is then the legal person's authorised representative.
struct SealFlags {
  std::string country;
  std::string name;
  std::string identifier;
  std::string common_name;
  std::vector<std::string> controllers;
  uint32_t controllers_need = 0;
  std::string controller_kind = "es256-file";
  std::string key_algorithm = "p256";
};

void BindSeal(Flags& flags, SealFlags& o) {
  flags.Optional("--organization-name", o.name, "for a seal: full registered name")
      .Optional("--organization-identifier", o.identifier, "such as VATEE-100000001")
      .Optional("--organization-country", o.country, "two upper-case letters")
      .Optional("--organization-common-name", o.common_name, "by which it is known")
      .Several("--controller-key", o.controllers, "public key of one who controls the seal key")
      .Number("--controllers-need", o.controllers_need, {0, 8}, "how many of them must agree")
      .Optional("--controller-kind", o.controller_kind, "es256-file (default) or es256-device")
      .Optional("--key-algorithm", o.key_algorithm, "of the seal key: p256 (default), rsa3072");
}

Status AddSeal(const SealFlags& flags, hpb::CreateApplicationRequest& request) {
  if (flags.identifier.empty() && flags.name.empty() && flags.controllers.empty()) {
    return OkStatus();
  }
  ASSIGN_OR_RETURN(const auto kind,
                   EnumArgument<pb::AuthenticatorKind>("--controller-kind", flags.controller_kind));
  ASSIGN_OR_RETURN(const auto algorithm,
                   EnumArgument<pb::KeyAlgorithm>("--key-algorithm", flags.key_algorithm));
  auto& organization = *request.mutable_organization();
  organization.set_country(flags.country);
  organization.set_organization_name(flags.name);
  organization.set_organization_identifier(flags.identifier);
  organization.set_common_name(flags.common_name);
  for (const std::string& file : flags.controllers) {
    ASSIGN_OR_RETURN(const Bytes spki, ReadPublicKey(file));
    auto& controller = *request.add_controllers();
    controller.set_kind(kind);
    controller.set_spki(AsString(spki));
  }
  request.set_controllers_need(flags.controllers_need);
  request.set_key_algorithm(algorithm);
  return OkStatus();
}

void BindPerson(Flags& flags, PersonFlags& o) {
  flags.Optional("--policy", o.policy, "certificate policy (default qcp-n-qscd)")
      .Required("--country", o.country, "two upper-case letters")
      .Required("--given-name", o.given_name, "as in the identity document")
      .Required("--surname", o.surname, "as in the identity document")
      .Required("--common-name", o.common_name, "a name of the person")
      .Required("--serial-number", o.serial_number, "such as PNOEE-48001085718")
      .Optional("--authenticator-kind", o.kind, "es256-file (default) or es256-device");
}

StatusOr<hpb::CreateApplicationRequest> RequestOf(const PersonFlags& flags, const SealFlags& seal,
                                                  ByteView spki) {
  hpb::CreateApplicationRequest request;
  ASSIGN_OR_RETURN(const auto policy,
                   EnumArgument<hpb::CertificatePolicy>("--policy", flags.policy));
  ASSIGN_OR_RETURN(const auto kind,
                   EnumArgument<pb::AuthenticatorKind>("--authenticator-kind", flags.kind));
  request.set_policy(policy);
  request.set_authenticator_kind(kind);
  request.set_authenticator_spki(AsString(spki));
  auto& person = *request.mutable_person();
  person.set_country(flags.country);
  person.set_given_name(flags.given_name);
  person.set_surname(flags.surname);
  person.set_common_name(flags.common_name);
  person.set_serial_number(flags.serial_number);
  RETURN_IF_ERROR(AddSeal(seal, request));
  return request;
}

// Nor for another organisation, other controllers or fewer of them.
Status CheckSeal(const hpb::ApplicationStatement& statement,
                 const hpb::CreateApplicationRequest& request) {
  const auto part = [](const auto& from) {
    hpb::ApplicationStatement out;
    if (from.has_organization()) *out.mutable_organization() = from.organization();
    *out.mutable_controllers() = from.controllers();
    out.set_controllers_need(from.controllers_need());
    return out.SerializeAsString();
  };
  if (part(statement) == part(request)) return OkStatus();
  return Fail(kStatementUnexpected, "organization or controllers: not what was applied for");
}

// The applicant must not sign for another person, policy or key than asked for.
Status CheckStatement(const hpb::ApplicationStatement& statement,
                      const hpb::CreateApplicationRequest& request) {
  if (statement.policy() != request.policy() ||
      statement.person().SerializeAsString() != request.person().SerializeAsString()) {
    return Fail(kStatementUnexpected, "person or policy: not what was applied for");
  }
  RETURN_IF_ERROR(CheckSeal(statement, request));
  return Expect("authenticator_spki", AsBytes(statement.authenticator_spki()),
                AsBytes(request.authenticator_spki()));
}

// The agreement whose digest the statement names must be the one the host hands out.
Status CheckAgreement(const hpb::ApplicationStatement& statement, const std::string& out,
                      Session& session) {
  ASSIGN_OR_RETURN(const auto response, session.Call<hpb::GetAgreementResponse>(
                                            "Policy/GetAgreement", hpb::GetAgreementRequest()));
  RETURN_IF_ERROR(Expect("agreement_digest", AsBytes(statement.agreement_digest()),
                         Sha256(AsBytes(response.agreement()))));
  return out.empty() ? OkStatus() : WriteFile(out, AsBytes(response.agreement()), 0644);
}

StatusOr<hpb::Application> Submit(const hpb::ApplicationStatement& statement, ByteView octets,
                                  const SigningKey& key, Session& session) {
  RETURN_IF_ERROR(
      Expect("authenticator_spki", AsBytes(statement.authenticator_spki()), key.spki()));
  session.Show("Application", ReportOf(statement));
  RETURN_IF_ERROR(session.Confirm("Sign this application?"));
  ASSIGN_OR_RETURN(const Bytes signature, key.Sign(octets));
  hpb::SubmitApplicationRequest request;
  request.set_application_id(statement.application_id());
  request.set_signature(AsString(signature));
  ASSIGN_OR_RETURN(const auto response, session.Call<hpb::SubmitApplicationResponse>(
                                            "Enrolment/SubmitApplication", request));
  return response.application();
}

struct CreateFlags {
  PersonFlags person;
  SealFlags seal;
  std::string authenticator_key;
  std::string statement_out;
};

StatusOr<Report> ApplicationCreate(const CreateFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const Bytes spki, ReadPublicKey(flags.authenticator_key));
  ASSIGN_OR_RETURN(const auto request, RequestOf(flags.person, flags.seal, spki));
  ASSIGN_OR_RETURN(const auto response, session.Call<hpb::CreateApplicationResponse>(
                                            "Enrolment/CreateApplication", request));
  hpb::ApplicationStatement statement;
  RETURN_IF_ERROR(ReadStatement(AsBytes(response.statement()), kApplicationContext, statement));
  RETURN_IF_ERROR(CheckStatement(statement, request));
  RETURN_IF_ERROR(WriteFile(flags.statement_out, AsBytes(response.statement()), 0644));
  Report report;
  report.Text("application_id", response.application_id());
  report.Part("statement", ReportOf(statement)).Text("statement_file", flags.statement_out);
  return report;
}

struct SubmitFlags {
  std::string statement;
  std::string key;
  std::string agreement_out;
};

StatusOr<Report> ApplicationSubmit(const SubmitFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const SigningKey key, SigningKey::Load(flags.key));
  ASSIGN_OR_RETURN(const Bytes octets, ReadInput(flags.statement, kMostStatement));
  hpb::ApplicationStatement statement;
  RETURN_IF_ERROR(ReadStatement(octets, kApplicationContext, statement));
  RETURN_IF_ERROR(CheckAgreement(statement, flags.agreement_out, session));
  ASSIGN_OR_RETURN(const auto application, Submit(statement, octets, key, session));
  return ReportOf(application);
}

struct ApplyFlags {
  PersonFlags person;
  SealFlags seal;
  std::string key;
  std::string agreement_out;
};

StatusOr<Report> ApplicationApply(const ApplyFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const SigningKey key, SigningKey::Load(flags.key));
  ASSIGN_OR_RETURN(const auto request, RequestOf(flags.person, flags.seal, key.spki()));
  ASSIGN_OR_RETURN(const auto response, session.Call<hpb::CreateApplicationResponse>(
                                            "Enrolment/CreateApplication", request));
  hpb::ApplicationStatement statement;
  RETURN_IF_ERROR(ReadStatement(AsBytes(response.statement()), kApplicationContext, statement));
  RETURN_IF_ERROR(CheckStatement(statement, request));
  RETURN_IF_ERROR(CheckAgreement(statement, flags.agreement_out, session));
  ASSIGN_OR_RETURN(const auto application,
                   Submit(statement, AsBytes(response.statement()), key, session));
  return ReportOf(application);
}

struct ApplicationFlags {
  std::string application;
};

void BindApplication(Flags& flags, ApplicationFlags& o) {
  flags.Required("--application", o.application, "application id");
}

StatusOr<Report> ApplicationWithdraw(const ApplicationFlags& flags, Session& session) {
  hpb::WithdrawApplicationRequest request;
  request.set_application_id(flags.application);
  ASSIGN_OR_RETURN(const auto response, session.Call<hpb::WithdrawApplicationResponse>(
                                            "Enrolment/WithdrawApplication", request));
  return ReportOf(response.application());
}

StatusOr<Report> ApplicationShow(const ApplicationFlags& flags, Session& session) {
  hpb::GetApplicationRequest request;
  request.set_application_id(flags.application);
  ASSIGN_OR_RETURN(const auto response,
                   session.Call<hpb::GetApplicationResponse>("Enrolment/GetApplication", request));
  return ReportOf(response.application());
}

struct ListFlags {
  std::string state;
  uint32_t most = 100;
};

StatusOr<Report> ApplicationList(const ListFlags& flags, Session& session) {
  hpb::ListApplicationsRequest request;
  if (!flags.state.empty()) {
    ASSIGN_OR_RETURN(const auto state, EnumArgument<hpb::ApplicationState>("--state", flags.state));
    request.set_state(state);
  }
  std::vector<Report> found;
  std::string token;
  do {
    request.set_page_size(
        std::min<uint32_t>(100, flags.most - static_cast<uint32_t>(found.size())));
    request.set_page_token(token);
    ASSIGN_OR_RETURN(const auto page, session.Call<hpb::ListApplicationsResponse>(
                                          "Registration/ListApplications", request));
    for (const auto& each : page.applications()) found.push_back(ReportOf(each));
    token = page.next_page_token();
  } while (!token.empty() && found.size() < flags.most);
  Report report;
  report.Parts("applications", std::move(found)).Truth("more", !token.empty());
  return report;
}

constexpr char kPersonExample[] =
    " --country EE --given-name Mari --surname Maasikas --common-name 'Mari Maasikas'"
    " --serial-number PNOEE-48001085718";

}  // namespace

void AddApplicationCommands(CommandTable& table) {
  table.Noun("application", "Applications for certificates");
  table.Add<ApplyFlags>(
      {"application apply", "Applies: creates, shows, signs and submits in one step",
       std::string("intaglio application apply --key authenticator.key") + kPersonExample},
      [](Flags& flags, ApplyFlags& o) {
        BindPerson(flags, o.person);
        BindSeal(flags, o.seal);
        flags.Required("--key", o.key, "the applicant's authenticator, private key")
            .Optional("--agreement-out", o.agreement_out, "where to put the agreement's text");
      },
      ApplicationApply);
  table.Add<CreateFlags>(
      {"application create", "Creates a draft and writes the statement to sign",
       std::string("intaglio application create --authenticator-key a.pub --statement-out s.bin") +
           kPersonExample},
      [](Flags& flags, CreateFlags& o) {
        BindPerson(flags, o.person);
        BindSeal(flags, o.seal);
        flags.Required("--authenticator-key", o.authenticator_key, "the applicant's public key")
            .Required("--statement-out", o.statement_out, "statement file to write");
      },
      ApplicationCreate);
  table.Add<SubmitFlags>(
      {"application submit", "Shows a draft's statement, signs its octets and submits it",
       "intaglio application submit --statement s.bin --key authenticator.key"},
      [](Flags& flags, SubmitFlags& o) {
        flags.Required("--statement", o.statement, "statement file")
            .Required("--key", o.key, "the applicant's authenticator, private key")
            .Optional("--agreement-out", o.agreement_out, "where to put the agreement's text");
      },
      ApplicationSubmit);
  table.Add<ApplicationFlags>({"application withdraw", "Withdraws an application",
                               "intaglio application withdraw --application ID"},
                              BindApplication, ApplicationWithdraw);
  table.Add<ApplicationFlags>(
      {"application show", "Shows one application", "intaglio application show --application ID"},
      BindApplication, ApplicationShow);
  table.Add<ListFlags>(
      {"application list", "Lists applications, for registration officers",
       "intaglio application list --state submitted"},
      [](Flags& flags, ListFlags& o) {
        flags.Optional("--state", o.state, "only those in this state")
            .Number("--most", o.most, {1, 10000}, "how many at most");
      },
      ApplicationList);
}

}  // namespace intaglio::host
