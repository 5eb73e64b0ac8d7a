// Authenticators of a signer's key that come and go.
#include "host/ctl/authenticator_input.h"
#include "host/ctl/command_table.h"
#include "host/ctl/credential_access.h"
#include "host/ctl/inputs.h"
#include "host/ctl/key_file.h"
#include "host/ctl/reasons.h"
#include "host/ctl/statements.h"
#include "host/statements/statement_composer.h"
#include "host/x509/public_key.h"
#include "intaglio/host/v1/authenticators.pb.h"

namespace intaglio::host {
namespace {

namespace pb = ::intaglio::core::v1;
namespace hpb = ::intaglio::host::v1;

constexpr std::string_view kAdditionContext = "intaglio/add-authenticator/v1";
constexpr std::string_view kRemovalContext = "intaglio/remove-authenticator/v1";
constexpr size_t kMostPart = 4096;

struct ShowFlags {
  AuthenticatorFlags authenticator;
};

// What the signer reads to the officers.
StatusOr<Report> AuthenticatorShow(const ShowFlags& flags, Session&) {
  ASSIGN_OR_RETURN(const pb::Authenticator authenticator, AuthenticatorOf(flags.authenticator));
  Report report = ReportOf(authenticator);
  report.Octets("authenticator_fingerprint", Sha256(AsBytes(authenticator.spki())));
  return report;
}

struct AddFlags {
  AuthenticatorFlags authenticator;
  std::string credential;
  std::string key;
};

StatusOr<Report> AuthenticatorAdd(const AddFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const SigningKey key, SigningKey::Load(flags.key));
  ASSIGN_OR_RETURN(const Bytes key_id, KeyIdOf(flags.credential));
  hpb::PrepareAdditionRequest prepare;
  prepare.set_credential_id(flags.credential);
  ASSIGN_OR_RETURN(*prepare.mutable_authenticator(), AuthenticatorOf(flags.authenticator));
  ASSIGN_OR_RETURN(const auto prepared, session.Call<hpb::PrepareAdditionResponse>(
                                            "Authenticators/PrepareAddition", prepare));
  const ByteView octets = AsBytes(prepared.statement());
  pb::AddAuthenticator statement;
  RETURN_IF_ERROR(ReadStatement(octets, kAdditionContext, statement));
  RETURN_IF_ERROR(Expect("key_id", AsBytes(statement.key_id()), key_id));
  RETURN_IF_ERROR(Expect("authenticator", SerializeCanonical(statement.authenticator()),
                         SerializeCanonical(prepare.authenticator())));
  Report shown = ReportOf(statement);
  shown.Octets("authenticator_fingerprint", Sha256(AsBytes(statement.authenticator().spki())));
  session.Show("Authenticator to be added to your key", shown);
  RETURN_IF_ERROR(session.Confirm("Let it agree to signatures in your name?"));
  hpb::AddAuthenticatorRequest request;
  request.set_credential_id(flags.credential);
  request.set_statement(prepared.statement());
  ASSIGN_OR_RETURN(*request.mutable_proof(), MakeProof(key, octets));
  ASSIGN_OR_RETURN(const auto added, session.Call<hpb::AddAuthenticatorResponse>(
                                         "Authenticators/AddAuthenticator", request));
  return ReportOf(added);
}

struct RemoveFlags {
  std::string credential;
  std::string authenticator;
  std::string key;
  std::string officer_key;
};

StatusOr<Report> AuthenticatorRemove(const RemoveFlags& flags, Session& session) {
  if (flags.key.empty() == flags.officer_key.empty()) {
    return Fail(kArgumentInvalid,
                "--key or --officer-key: the signer proves it, or a revocation officer orders it");
  }
  const bool by_officer = flags.key.empty();
  ASSIGN_OR_RETURN(const SigningKey key,
                   SigningKey::Load(by_officer ? flags.officer_key : flags.key));
  ASSIGN_OR_RETURN(const Bytes key_id, KeyIdOf(flags.credential));
  ASSIGN_OR_RETURN(const Bytes id,
                   HexArgument("--authenticator", flags.authenticator, kDigestOctets));
  hpb::PrepareRemovalRequest prepare;
  prepare.set_credential_id(flags.credential);
  prepare.set_authenticator_id(AsString(id));
  ASSIGN_OR_RETURN(const auto prepared, session.Call<hpb::PrepareRemovalResponse>(
                                            "Authenticators/PrepareRemoval", prepare));
  const ByteView octets = AsBytes(prepared.statement());
  pb::RemoveAuthenticator statement;
  RETURN_IF_ERROR(ReadStatement(octets, kRemovalContext, statement));
  RETURN_IF_ERROR(Expect("key_id", AsBytes(statement.key_id()), key_id));
  RETURN_IF_ERROR(Expect("authenticator_id", AsBytes(statement.authenticator_id()), id));
  session.Show("Authenticator to be removed for good", ReportOf(statement));
  RETURN_IF_ERROR(session.Confirm("Remove it?"));
  hpb::RemoveAuthenticatorRequest request;
  request.set_credential_id(flags.credential);
  request.set_statement(prepared.statement());
  if (by_officer) {
    ASSIGN_OR_RETURN(*request.mutable_officer(), MakeApproval(key, octets));
  } else {
    ASSIGN_OR_RETURN(*request.mutable_signer(), MakeProof(key, octets));
  }
  RETURN_IF_ERROR(
      session.Call<hpb::RemoveAuthenticatorResponse>("Authenticators/RemoveAuthenticator", request)
          .status());
  Report report;
  report.Octets("removed", id);
  return report;
}

struct AssertionFlags {
  std::string authenticator;
  std::string authenticator_data;
  std::string client_data;
  std::string signature;
  std::string out;
};

// A browser's answer as a proof file for 'signing finish'.
StatusOr<Report> AuthenticatorAssertion(const AssertionFlags& flags, Session&) {
  ASSIGN_OR_RETURN(const Bytes id,
                   HexArgument("--authenticator", flags.authenticator, kDigestOctets));
  ASSIGN_OR_RETURN(const Bytes data, ReadInput(flags.authenticator_data, kMostPart));
  ASSIGN_OR_RETURN(const Bytes client_data, ReadInput(flags.client_data, kMostPart));
  ASSIGN_OR_RETURN(const Bytes signature, ReadInput(flags.signature, kMostPart));
  pb::Proof proof;
  proof.set_authenticator_id(AsString(id));
  proof.mutable_webauthn()->set_authenticator_data(AsString(data));
  proof.mutable_webauthn()->set_client_data_json(AsString(client_data));
  proof.mutable_webauthn()->set_signature(AsString(signature));
  RETURN_IF_ERROR(WriteFile(flags.out, SerializeCanonical(proof), 0600));
  Report report;
  report.Octets("authenticator_id", id).Text("proof", flags.out);
  return report;
}

}  // namespace

void AddAuthenticatorCommands(CommandTable& table) {
  table.Noun("authenticator", "Authenticators of your key");
  table.Add<ShowFlags>(
      {"authenticator show", "Shows an authenticator and the fingerprint that officers compare",
       "intaglio authenticator show --kind rs256-file --public-key mari-rsa.pub"},
      [](Flags& flags, ShowFlags& o) { BindAuthenticator(flags, o.authenticator); },
      AuthenticatorShow);
  table.Add<AddFlags>(
      {"authenticator add", "Adds an authenticator, proven by one you have",
       "intaglio authenticator add --credential ID --key authenticator.key --kind webauthn-device"
       " --cose-key passkey.cose --credential-id HEX --rp-id sign.example"
       " --origin https://sign.example"},
      [](Flags& flags, AddFlags& o) {
        BindAuthenticator(flags, o.authenticator);
        flags.Required("--credential", o.credential, "credential id")
            .Required("--key", o.key, "an authenticator you have, private key");
      },
      AuthenticatorAdd);
  table.Add<RemoveFlags>(
      {"authenticator remove", "Removes an authenticator for good",
       "intaglio authenticator remove --credential ID --authenticator HEX --key authenticator.key"},
      [](Flags& flags, RemoveFlags& o) {
        flags.Required("--credential", o.credential, "credential id")
            .Required("--authenticator", o.authenticator, "its id, hexadecimal")
            .Optional("--key", o.key, "an authenticator you have, private key")
            .Optional("--officer-key", o.officer_key, "or a revocation officer's private key");
      },
      AuthenticatorRemove);
  table.Add<AssertionFlags>(
      {"authenticator assertion", "Makes a proof file of what a browser answered",
       "intaglio authenticator assertion --authenticator HEX --authenticator-data a.bin"
       " --client-data c.json --signature s.bin --out proof.bin"},
      [](Flags& flags, AssertionFlags& o) {
        flags.Required("--authenticator", o.authenticator, "its id, hexadecimal")
            .Required("--authenticator-data", o.authenticator_data, "authenticatorData")
            .Required("--client-data", o.client_data, "clientDataJSON")
            .Required("--signature", o.signature, "signature")
            .Required("--out", o.out, "proof file to write");
      },
      AuthenticatorAssertion);
}

}  // namespace intaglio::host
