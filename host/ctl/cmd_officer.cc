// Registration officers: identity evidence, and orders that they read before they sign.
#include "host/ctl/authenticator_input.h"
#include "host/ctl/command_table.h"
#include "host/ctl/inputs.h"
#include "host/ctl/key_file.h"
#include "host/ctl/reasons.h"
#include "host/ctl/statements.h"
#include "host/domain/certificate_policy.h"
#include "host/x509/public_key.h"
#include "intaglio/host/v1/services.pb.h"

namespace intaglio::host {
namespace {

namespace pb = ::intaglio::core::v1;
namespace hpb = ::intaglio::host::v1;

constexpr size_t kMostCoseKey = 1024;

struct EvidenceFlags {
  std::string application;
  std::string method;
  std::string document_type;
  std::string document_reference;
  std::string date_of_birth;
  std::string place_of_birth;
  std::string validation;
  std::string officer_key;
  std::string equivalence_basis;
  std::string authority_type;
  std::string authority_reference;
  std::string organization_validation;
};

StatusOr<Report> OfficerEvidence(const EvidenceFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const auto method, EnumArgument<hpb::IdentityMethod>("--method", flags.method));
  ASSIGN_OR_RETURN(const Bytes officer, ReadPublicKey(flags.officer_key));
  hpb::RecordIdentityEvidenceRequest request;
  request.set_application_id(flags.application);
  request.set_method(method);
  request.set_document_type(flags.document_type);
  request.set_document_reference(flags.document_reference);
  request.set_date_of_birth(flags.date_of_birth);
  request.set_place_of_birth(flags.place_of_birth);
  request.set_validation(flags.validation);
  request.set_officer_id(AsString(Sha256(officer)));
  request.set_equivalence_basis(flags.equivalence_basis);
  request.set_authority_type(flags.authority_type);
  request.set_authority_reference(flags.authority_reference);
  request.set_organization_validation(flags.organization_validation);
  ASSIGN_OR_RETURN(const auto response, session.Call<hpb::RecordIdentityEvidenceResponse>(
                                            "Registration/RecordIdentityEvidence", request));
  return ReportOf(response);
}

// An order as read from the octets that get signed.
struct ReadOrder {
  Bytes octets;
  pb::IssuanceOrder message;
  Report shown;
};

StatusOr<ReadOrder> FetchOrder(const std::string& application, Session& session) {
  hpb::PrepareOrderRequest request;
  request.set_application_id(application);
  ASSIGN_OR_RETURN(const auto response,
                   session.Call<hpb::PrepareOrderResponse>("Registration/PrepareOrder", request));
  ReadOrder order;
  order.octets = ToBytes(response.order());
  RETURN_IF_ERROR(ReadStatement(order.octets, kOrderContext, order.message));
  order.shown = ReportOf(order.message);
  if (const auto policy = PolicyOfOid(order.message.policy_oid()); policy.ok()) {
    order.shown.Text("policy_name", PolicyName(*policy));
  }
  for (const pb::Authenticator& each : order.message.authenticators()) {
    order.shown.Octets("authenticator_fingerprint", Sha256(AsBytes(each.spki())));
  }
  order.shown.Octets("order_sha256", Sha256(order.octets));
  return order;
}

struct OrderFlags {
  std::string application;
  std::string out;
};

StatusOr<Report> OfficerOrder(const OrderFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(ReadOrder order, FetchOrder(flags.application, session));
  if (!flags.out.empty()) {
    RETURN_IF_ERROR(WriteFile(flags.out, order.octets, 0644));
    order.shown.Text("order_file", flags.out);
  }
  return std::move(order.shown);
}

struct ApproveFlags {
  std::string application;
  std::string key;
  std::vector<std::string> authenticator_keys;
  std::vector<std::string> authenticator_fingerprints;
  std::vector<std::string> cose_keys;
  std::string rp_id;
  std::string origin;
};

// Where its credentials may be used is as the signer said, too.
Status CheckPlaces(const pb::IssuanceOrder& order, const ApproveFlags& flags) {
  for (const pb::Authenticator& each : order.authenticators()) {
    if (!each.has_webauthn()) continue;
    if (flags.rp_id.empty() || flags.origin.empty()) {
      return Fail(kArgumentInvalid,
                  "--rp-id, --origin: the order binds a WebAuthn credential; say where it is used");
    }
    RETURN_IF_ERROR(Expect("authenticators.webauthn.rp_id", each.webauthn().rp_id(), flags.rp_id));
    RETURN_IF_ERROR(
        Expect("authenticators.webauthn.origin", each.webauthn().origin(), flags.origin));
  }
  return OkStatus();
}

StatusOr<std::set<Digest>> FingerprintsOf(const ApproveFlags& flags) {
  std::set<Digest> out;
  for (const std::string& file : flags.authenticator_keys) {
    ASSIGN_OR_RETURN(const Bytes spki, ReadAuthenticatorKey(file));
    out.insert(Sha256(spki));
  }
  for (const std::string& file : flags.cose_keys) {
    ASSIGN_OR_RETURN(const Bytes cose_key, ReadInput(file, kMostCoseKey));
    ASSIGN_OR_RETURN(const Bytes spki, SpkiOfCoseKey(file, cose_key));
    out.insert(Sha256(spki));
  }
  for (const std::string& text : flags.authenticator_fingerprints) {
    ASSIGN_OR_RETURN(const Bytes octets,
                     HexArgument("--authenticator-fingerprint", text, kDigestOctets));
    ASSIGN_OR_RETURN(const Digest digest, ToDigest(octets));
    out.insert(digest);
  }
  if (out.empty()) {
    return Fail(
        kArgumentInvalid,
        "--authenticator-key or --authenticator-fingerprint: give what the signer told you, "
        "outside this service");
  }
  return out;
}

StatusOr<Report> OfficerApprove(const ApproveFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const std::set<Digest> authenticators, FingerprintsOf(flags));
  ASSIGN_OR_RETURN(const SigningKey key, SigningKey::Load(flags.key));
  ASSIGN_OR_RETURN(const ReadOrder order, FetchOrder(flags.application, session));
  session.Show("Issuance order", order.shown);
  RETURN_IF_ERROR(CheckOrder(order.message, authenticators));
  RETURN_IF_ERROR(CheckPlaces(order.message, flags));
  RETURN_IF_ERROR(session.Confirm("Vouch for this order?"));
  hpb::ApproveOrderRequest request;
  request.set_application_id(flags.application);
  request.set_order(AsString(order.octets));
  ASSIGN_OR_RETURN(*request.mutable_approval(), MakeApproval(key, order.octets));
  ASSIGN_OR_RETURN(const auto response,
                   session.Call<hpb::ApproveOrderResponse>("Registration/ApproveOrder", request));
  return ReportOf(response.application());
}

struct RejectFlags {
  std::string application;
  std::string reason;
};

StatusOr<Report> OfficerReject(const RejectFlags& flags, Session& session) {
  hpb::RejectApplicationRequest request;
  request.set_application_id(flags.application);
  request.set_reason(flags.reason);
  ASSIGN_OR_RETURN(const auto response, session.Call<hpb::RejectApplicationResponse>(
                                            "Registration/RejectApplication", request));
  return ReportOf(response.application());
}

}  // namespace

void AddOfficerCommands(CommandTable& table) {
  table.Noun("officer", "What registration officers do");
  table.Add<EvidenceFlags>(
      {"officer evidence", "Records how the applicant's identity was verified",
       "intaglio officer evidence --application ID --method physical-presence"
       " --document-type passport --document-reference K1234567 --validation 'checked in person'"
       " --officer-key officer1.key.pub"},
      [](Flags& flags, EvidenceFlags& o) {
        flags.Required("--application", o.application, "application id")
            .Required("--method", o.method,
                      "physical-presence, eid-high, qualified-signature or confirmed-equivalent")
            .Required("--document-type", o.document_type, "such as passport")
            .Required("--document-reference", o.document_reference, "number of the document")
            .Optional("--date-of-birth", o.date_of_birth, "1980-01-08")
            .Optional("--place-of-birth", o.place_of_birth, "as in the document")
            .Required("--validation", o.validation, "how the document was validated")
            .Required("--officer-key", o.officer_key, "your public key")
            .Optional("--equivalence-basis", o.equivalence_basis, "for confirmed-equivalent")
            .Optional("--authority-type", o.authority_type,
                      "of a legal person: what proves the representative's authority")
            .Optional("--authority-reference", o.authority_reference, "number of that proof")
            .Optional("--organization-validation", o.organization_validation,
                      "of a legal person: how name and number were validated");
      },
      OfficerEvidence);
  table.Add<OrderFlags>(
      {"officer order", "Shows the order of an application",
       "intaglio officer order --application ID"},
      [](Flags& flags, OrderFlags& o) {
        flags.Required("--application", o.application, "application id")
            .Optional("--out", o.out, "order file to write");
      },
      OfficerOrder);
  table.Add<ApproveFlags>(
      {"officer approve", "Shows the order, compares the signer's authenticator, signs",
       "intaglio officer approve --application ID --key officer1.key --authenticator-key mari.pub"},
      [](Flags& flags, ApproveFlags& o) {
        flags.Required("--application", o.application, "application id")
            .Required("--key", o.key, "your private key")
            .Several("--authenticator-key", o.authenticator_keys,
                     "public key you got from the signer outside this service")
            .Several("--authenticator-fingerprint", o.authenticator_fingerprints,
                     "or its id as the signer read it to you, hexadecimal")
            .Several("--authenticator-cose-key", o.cose_keys,
                     "or a WebAuthn credential's COSE_Key file")
            .Optional("--rp-id", o.rp_id, "where the credential is used: relying party")
            .Optional("--origin", o.origin, "where the credential is used: origin");
      },
      OfficerApprove);
  table.Add<RejectFlags>(
      {"officer reject", "Rejects an application",
       "intaglio officer reject --application ID --reason 'document expired'"},
      [](Flags& flags, RejectFlags& o) {
        flags.Required("--application", o.application, "application id")
            .Required("--reason", o.reason, "why");
      },
      OfficerReject);
}

}  // namespace intaglio::host
