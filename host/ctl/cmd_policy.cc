// What the service issues, and under which terms.
#include "host/ctl/command_table.h"
#include "host/ctl/inputs.h"
#include "host/ctl/reasons.h"
#include "host/x509/public_key.h"
#include "intaglio/host/v1/services.pb.h"

namespace intaglio::host {
namespace {

namespace hpb = ::intaglio::host::v1;

StatusOr<Report> BoundaryShow(Session& session) {
  ASSIGN_OR_RETURN(const auto response,
                   session.Call<hpb::GetServiceBoundaryResponse>("Policy/GetServiceBoundary",
                                                                 hpb::GetServiceBoundaryRequest()));
  return ReportOf(response);
}

struct AgreementGetFlags {
  std::string out;
};

StatusOr<Report> AgreementGet(const AgreementGetFlags& flags, Session& session) {
  ASSIGN_OR_RETURN(const auto response, session.Call<hpb::GetAgreementResponse>(
                                            "Policy/GetAgreement", hpb::GetAgreementRequest()));
  const Digest digest = Sha256(AsBytes(response.agreement()));
  if (!Equal(digest, AsBytes(response.agreement_digest()))) {
    return Fail(kAnswerInvalid, "the agreement's SHA-256 is " + ToHex(digest) + ", the host says " +
                                    ToHex(AsBytes(response.agreement_digest())));
  }
  RETURN_IF_ERROR(WriteFile(flags.out, AsBytes(response.agreement()), 0644));
  Report report;
  report.Octets("agreement_digest", digest).Text("agreement", flags.out);
  return report;
}

}  // namespace

void AddPolicyCommands(CommandTable& table) {
  table.Noun("boundary", "The service boundary");
  table.Add({"boundary show", "Shows what is issued and whether it may be qualified",
             "intaglio boundary show --json"},
            BoundaryShow);
  table.Noun("agreement", "The subscriber agreement");
  table.Add<AgreementGetFlags>(
      {"agreement get", "Fetches the subscriber agreement",
       "intaglio agreement get --out agreement.txt"},
      [](Flags& flags, AgreementGetFlags& o) { flags.Required("--out", o.out, "file to write"); },
      AgreementGet);
}

}  // namespace intaglio::host
