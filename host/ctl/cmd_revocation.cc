// Revocation officers: orders that revoke, suspend and reinstate.
#include "host/ctl/certificate_report.h"
#include "host/ctl/command_table.h"
#include "host/ctl/inputs.h"
#include "host/ctl/key_file.h"
#include "host/ctl/reasons.h"
#include "host/ctl/statements.h"
#include "host/statements/statement_composer.h"
#include "host/x509/public_key.h"
#include "intaglio/host/v1/services.pb.h"

namespace intaglio::host {
namespace {

namespace pb = ::intaglio::core::v1;
namespace hpb = ::intaglio::host::v1;

// What an officer wants done.
struct Change {
  pb::StateAction action;
  std::string serial;  // hexadecimal
  std::string reason;  // for REVOKE only
};

struct ReadStateOrderOctets {
  Bytes octets;
  pb::StateOrder message;
};

StatusOr<ReadStateOrderOctets> Prepare(const Change& change, Session& session) {
  ASSIGN_OR_RETURN(const Bytes serial, HexArgument("--serial", change.serial, kSerialOctets));
  hpb::PrepareStateOrderRequest request;
  request.set_serial(AsString(serial));
  request.set_action(change.action);
  if (change.action == pb::STATE_ACTION_REVOKE) {
    ASSIGN_OR_RETURN(const auto reason,
                     EnumArgument<pb::RevocationReason>("--reason", change.reason));
    request.set_reason(reason);
  } else if (!change.reason.empty()) {
    return Fail(kArgumentInvalid, "--reason: only a revocation has one");
  }
  ASSIGN_OR_RETURN(const auto response, session.Call<hpb::PrepareStateOrderResponse>(
                                            "Revocation/PrepareStateOrder", request));
  ReadStateOrderOctets out;
  out.octets = ToBytes(response.order());
  RETURN_IF_ERROR(ReadStatement(out.octets, kStateOrderContext, out.message));
  RETURN_IF_ERROR(Expect("serial", AsBytes(out.message.serial()), serial));
  if (out.message.action() != request.action() || out.message.reason() != request.reason()) {
    return Fail(kStatementUnexpected, "action or reason: not what you asked for");
  }
  return out;
}

StatusOr<pb::Approval> ShowAndSign(const ReadStateOrderOctets& order, const SigningKey& key,
                                   Session& session) {
  RETURN_IF_ERROR(ExpectSize("order_id", order.message.order_id(), 32));
  RETURN_IF_ERROR(ExpectSize("core_instance", order.message.core_instance(), 16));
  RETURN_IF_ERROR(ExpectSize("issuer_key_id", order.message.issuer_key_id(), 16));
  Report shown = ReportOf(order.message);
  session.Show("Order over a certificate's state",
               shown.Octets("order_sha256", Sha256(order.octets)));
  RETURN_IF_ERROR(session.Confirm("Order this?"));
  return MakeApproval(key, order.octets);
}

StatusOr<Report> Carry(const Bytes& order, const pb::Approval& approval, Session& session) {
  hpb::ChangeStateRequest request;
  request.set_order(AsString(order));
  *request.mutable_approval() = approval;
  ASSIGN_OR_RETURN(const auto response,
                   session.Call<hpb::ChangeStateResponse>("Revocation/ChangeState", request));
  return ReportOfCredential(response.credential());
}

StatusOr<Report> InOneStep(const Change& change, const std::string& key_file, Session& session) {
  ASSIGN_OR_RETURN(const SigningKey key, SigningKey::Load(key_file));
  ASSIGN_OR_RETURN(const ReadStateOrderOctets order, Prepare(change, session));
  ASSIGN_OR_RETURN(const pb::Approval approval, ShowAndSign(order, key, session));
  return Carry(order.octets, approval, session);
}

struct RevokeFlags {
  std::string serial;
  std::string reason;
  std::string key;
};
StatusOr<Report> RevocationRevoke(const RevokeFlags& flags, Session& session) {
  return InOneStep({pb::STATE_ACTION_REVOKE, flags.serial, flags.reason}, flags.key, session);
}

struct StateFlags {
  std::string serial;
  std::string key;
};
void BindState(Flags& flags, StateFlags& o) {
  flags.Required("--serial", o.serial, "serial number, hexadecimal")
      .Required("--key", o.key, "your private key");
}
StatusOr<Report> RevocationSuspend(const StateFlags& flags, Session& session) {
  return InOneStep({pb::STATE_ACTION_SUSPEND, flags.serial, ""}, flags.key, session);
}
StatusOr<Report> RevocationReinstate(const StateFlags& flags, Session& session) {
  return InOneStep({pb::STATE_ACTION_REINSTATE, flags.serial, ""}, flags.key, session);
}

struct PrepareFlags {
  std::string serial;
  std::string action;
  std::string reason;
  std::string out;
};
StatusOr<Report> RevocationPrepare(const PrepareFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const auto action, EnumArgument<pb::StateAction>("--action", flags.action));
  ASSIGN_OR_RETURN(const ReadStateOrderOctets order,
                   Prepare({action, flags.serial, flags.reason}, session));
  RETURN_IF_ERROR(WriteFile(flags.out, order.octets, 0644));
  Report report = ReportOf(order.message);
  report.Text("order", flags.out);
  return report;
}

StatusOr<ReadStateOrderOctets> LoadStateOrder(const std::string& file) {
  ReadStateOrderOctets out;
  ASSIGN_OR_RETURN(out.octets, ReadInput(file, kMostStatement));
  RETURN_IF_ERROR(ReadStatement(out.octets, kStateOrderContext, out.message));
  return out;
}

struct OrderSignFlags {
  std::string file;
  std::string key;
  std::string out;
};
StatusOr<Report> RevocationSign(const OrderSignFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const SigningKey key, SigningKey::Load(flags.key));
  ASSIGN_OR_RETURN(const ReadStateOrderOctets order, LoadStateOrder(flags.file));
  ASSIGN_OR_RETURN(const pb::Approval approval, ShowAndSign(order, key, session));
  RETURN_IF_ERROR(WriteFile(flags.out, SerializeCanonical(approval), 0644));
  Report report;
  report.Octets("officer_id", key.id()).Text("approval", flags.out);
  return report;
}

struct OrderSubmitFlags {
  std::string file;
  std::string approval;
};
StatusOr<Report> RevocationSubmit(const OrderSubmitFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const ReadStateOrderOctets order, LoadStateOrder(flags.file));
  ASSIGN_OR_RETURN(const Bytes octets, ReadInput(flags.approval, 4096));
  pb::Approval approval;
  if (!ParseCanonical(octets, approval)) {
    return Fail(kStatementNotCanonical,
                flags.approval + ": not an approval of 'intaglio revocation sign'");
  }
  return Carry(order.octets, approval, session);
}

struct BlockFlags {
  std::string credential;
};
StatusOr<Report> RevocationBlock(const BlockFlags& flags, Session& session) {
  hpb::BlockKeyRequest request;
  request.set_credential_id(flags.credential);
  RETURN_IF_ERROR(session.Call<hpb::BlockKeyResponse>("Revocation/BlockKey", request).status());
  Report report;
  report.Text("credential_id", flags.credential).Truth("blocked", true);
  return report;
}

struct FindFlags {
  std::string serial;
};
StatusOr<Report> RevocationFind(const FindFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const Bytes serial, HexArgument("--serial", flags.serial, kSerialOctets));
  hpb::FindCertificateRequest request;
  request.set_serial(AsString(serial));
  ASSIGN_OR_RETURN(const auto response, session.Call<hpb::FindCertificateResponse>(
                                            "Revocation/FindCertificate", request));
  return ReportOfCredential(response.credential());
}

void AddOrderSteps(CommandTable& table) {
  table.Add<PrepareFlags>(
      {"revocation prepare", "Writes an order for an officer to sign elsewhere",
       "intaglio revocation prepare --serial HEX --action suspend --out order.bin"},
      [](Flags& flags, PrepareFlags& o) {
        flags.Required("--serial", o.serial, "serial number, hexadecimal")
            .Required("--action", o.action, "revoke, suspend or reinstate")
            .Optional("--reason", o.reason, "for revoke: such as key-compromise")
            .Required("--out", o.out, "order file to write");
      },
      RevocationPrepare);
  table.Add<OrderSignFlags>(
      {"revocation sign", "Shows an order and signs exactly its octets",
       "intaglio revocation sign order.bin --key officer.key --out approval.bin"},
      [](Flags& flags, OrderSignFlags& o) {
        flags.Required("FILE", o.file, "order file")
            .Required("--key", o.key, "your private key")
            .Required("--out", o.out, "approval file to write");
      },
      RevocationSign);
  table.Add<OrderSubmitFlags>(
      {"revocation submit", "Has a signed order carried out",
       "intaglio revocation submit order.bin --approval approval.bin"},
      [](Flags& flags, OrderSubmitFlags& o) {
        flags.Required("FILE", o.file, "order file")
            .Required("--approval", o.approval, "approval file");
      },
      RevocationSubmit);
}

}  // namespace

void AddRevocationCommands(CommandTable& table) {
  table.Noun("revocation", "What revocation officers do");
  table.Add<RevokeFlags>(
      {"revocation revoke", "Revokes a certificate for good, in one step",
       "intaglio revocation revoke --serial HEX --reason key-compromise --key officer.key"},
      [](Flags& flags, RevokeFlags& o) {
        flags.Required("--serial", o.serial, "serial number, hexadecimal")
            .Required("--reason", o.reason, "such as key-compromise or superseded")
            .Required("--key", o.key, "your private key");
      },
      RevocationRevoke);
  table.Add<StateFlags>({"revocation suspend", "Suspends a certificate; its key does not sign",
                         "intaglio revocation suspend --serial HEX --key officer.key"},
                        BindState, RevocationSuspend);
  table.Add<StateFlags>({"revocation reinstate", "Ends a suspension or a block",
                         "intaglio revocation reinstate --serial HEX --key officer.key"},
                        BindState, RevocationReinstate);
  AddOrderSteps(table);
  table.Add<BlockFlags>(
      {"revocation block", "Stops a key at once, without an order",
       "intaglio revocation block --credential ID"},
      [](Flags& flags, BlockFlags& o) {
        flags.Required("--credential", o.credential, "credential id");
      },
      RevocationBlock);
  table.Add<FindFlags>(
      {"revocation find", "Shows the certificate with a serial number",
       "intaglio revocation find --serial HEX"},
      [](Flags& flags, FindFlags& o) {
        flags.Required("--serial", o.serial, "serial number, hexadecimal");
      },
      RevocationFind);
}

}  // namespace intaglio::host
