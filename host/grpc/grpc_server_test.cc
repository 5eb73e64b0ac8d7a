// The server over real mutual TLS, called by the real command line: who may call what, and what a
// caller is told. The store is real; the core cannot be reached.
#include "host/grpc/grpc_server.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <sstream>

#include "base/file.h"
#include "host/core_link/reasons.h"
#include "host/ctl/command_table.h"
#include "host/ctl/connection.h"
#include "host/domain/usecase_reasons.h"
#include "host/grpc/error_details.h"
#include "host/grpc/peer_role.h"
#include "host/statements/statement_composer.h"
#include "host/store/sql_store.h"
#include "host/x509/ceremony.h"
#include "host/x509/machine_certificates.h"
#include "host/x509/pem.h"
#include "host/x509/public_key.h"
#include "intaglio/host/v1/services.grpc.pb.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace intaglio::host {
namespace {

namespace hpb = ::intaglio::host::v1;
using testing::HasSubstr;
using testing_support::FailsNaming;
using testing_support::FailsWith;
using testing_support::IsOk;
using testing_support::TempDir;

template <class T>
T Must(StatusOr<T> result) {
  if (!result.ok()) {
    ADD_FAILURE() << result.status();
    abort();
  }
  return std::move(result).value();
}

Status Down() { return Fail(kCoreUnavailable, "nothing listens"); }

// A core that nobody can reach.
class FailingCore final : public CorePort {
 public:
  StatusOr<CoreStatus> DescribeCore() override { return Down(); }
  StatusOr<Bytes> BeginCommand() override { return Down(); }
  StatusOr<CoreKey> ExecuteCommand(const ApprovedOctets&, ByteView) override { return Down(); }
  StatusOr<CoreKey> GenerateSignerKey(const ApprovedOctets&) override { return Down(); }
  StatusOr<Bytes> Attest(const std::vector<Bytes>&, ByteView) override { return Down(); }
  StatusOr<Bytes> DrawSerial(ByteView) override { return Down(); }
  StatusOr<CoreCertificate> IssueCertificate(const IssueInput&) override { return Down(); }
  StatusOr<Bytes> IssueResponderCertificate(const ResponderInput&) override { return Down(); }
  StatusOr<Bytes> BeginActivation(ByteView, const std::string&,
                                  const std::vector<Digest>&) override {
    return Down();
  }
  StatusOr<std::vector<Bytes>> Sign(const ProvenInput&) override { return Down(); }
  StatusOr<Bytes> AcceptCertificate(const ProvenInput&) override { return Down(); }
  StatusOr<WallTime> RevokeBySigner(const ProvenInput&) override { return Down(); }
  StatusOr<WallTime> ChangeState(const ApprovedOctets&) override { return Down(); }
  Status BlockKey(ByteView) override { return Down(); }
  StatusOr<Bytes> SignCrl(ByteView, uint64_t, const OctetSource&) override { return Down(); }
  StatusOr<std::vector<Bytes>> SignOcsp(const OcspInput&) override { return Down(); }
  StatusOr<std::vector<Bytes>> ReadJournal(uint64_t, uint32_t) override { return Down(); }
};

constexpr char kRegistry[] = R"(entries {
  id: "lab" product: "p" vendor: "v" hw_model: "m" hw_version: "1" sw_name: "s" sw_version: "1"
  kind: QSCD_KIND_LAB valid_from: "2026-01-01" valid_until: "2036-01-01" status: QSCD_STATUS_LISTED
  source: "lab" last_checked: "2026-01-01" entered_by: "a" entered_by: "b" })";

Terms LabTerms() {
  Terms terms;
  terms.boundary = Boundary::kLab;
  terms.tsp_name = "Lab";
  terms.policies = {CertificatePolicy::kQcpNQscd};
  terms.qscd_entry_id = "lab";
  terms.agreement = ToBytes("the agreement");
  terms.agreement_digest = Sha256(terms.agreement);
  return terms;
}

// A CA of TLS certificates and what it certified, as files.
class TlsWorld final {
 public:
  TlsWorld(const TempDir& dir, std::string name) : dir_(dir), name_(std::move(name)) {
    key_ = Must(GenerateP256Key());
    certificate_ = Must(MakeRoot(key_.get(), {"EE", "Lab", "", name_}, Lasting(365), Drawn()));
    Write("ca.pem", CertificateToPem(certificate_), 0644);
  }

  // Writes NAME.pem and NAME.key.
  void Certify(const std::string& who, const std::string& role, TlsPurpose purpose) {
    const PkeyPtr key = Must(GenerateP256Key());
    const CaDescription ca = Must(CaDescription::Create(certificate_));
    const Bytes certificate =
        Must(MakeTlsCertificate({key_.get(), ca}, {Drawn(),
                                                   who,
                                                   role,
                                                   Must(SpkiOf(key.get())),
                                                   {{AltNameKind::kIp, "127.0.0.1"}},
                                                   purpose,
                                                   Lasting(30)}));
    Write(who + ".pem", CertificateToPem(certificate), 0644);
    Write(who + ".key", AsStringView(Must(PrivateKeyToPem(key.get())).Expose()), 0600);
  }
  std::string Path(const std::string& file) const { return dir_.Sub(name_ + "-" + file); }
  Bytes Read(const std::string& file) const {
    return Must(ReadFile(Path(file), FileTrust::kAnyMode, 65536));
  }

 private:
  static Serial Drawn() {
    SystemRng rng;
    return Must(DrawSerial(rng));
  }
  static Validity Lasting(int64_t days) {
    const WallTime now = SystemClock().Now();
    return {now - days * kMinute, now + days * kDay};
  }
  void Write(const std::string& file, std::string_view text, unsigned mode) {
    ASSERT_THAT(WriteFile(Path(file), AsBytes(text), mode), IsOk());
  }

  const TempDir& dir_;
  const std::string name_;
  PkeyPtr key_;
  Bytes certificate_;
};

class GrpcServerTest : public testing::Test {
 protected:
  void SetUp() override {
    tls_.Certify("server", "server", TlsPurpose::kServer);
    for (const char* role : {"signing-application", "registration-officer", "revocation-officer",
                             "administrator", "auditor", "nobody"}) {
      tls_.Certify(role, role, TlsPurpose::kClient);
    }
    Bytes key = tls_.Read("server.key");
    GrpcServerConfig config{"127.0.0.1:0", tls_.Read("server.pem"), SecretBytes::WipeAndTake(key),
                            tls_.Read("ca.pem")};
    server_ = Must(
        GrpcServer::Start(config, {enrolment_, issuance_, signing_, revocation_, administration_,
                                   core_, *store_, registry_, terms_, clock_}));
  }

  Profile ProfileOf(const std::string& role) const {
    return {"127.0.0.1:" + std::to_string(server_->port()), tls_.Path("ca.pem"),
            tls_.Path(role + ".pem"), tls_.Path(role + ".key")};
  }
  std::unique_ptr<Connection> ConnectAs(const std::string& role) const {
    return Must(Connection::Open(ProfileOf(role), 20 * kSecond));
  }

  struct Outcome {
    int code;
    std::string out;
    std::string err;
  };
  // The command line as somebody with this role runs it.
  Outcome Run(const std::string& role, std::vector<std::string> arguments) const {
    const Profile profile = ProfileOf(role);
    arguments.insert(arguments.begin(), "intaglio");
    for (const std::string& each :
         {std::string("--json"), std::string("--yes"), "--address=" + profile.address,
          "--tls-ca=" + profile.ca, "--tls-certificate=" + profile.certificate,
          "--tls-key=" + profile.key}) {
      arguments.push_back(each);
    }
    std::vector<const char*> argv;
    for (const std::string& each : arguments) argv.push_back(each.c_str());
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    const int code = RunIntaglio(static_cast<int>(argv.size()), argv.data(), {in, out, err});
    return {code, out.str(), err.str()};
  }
  std::vector<std::string> Apply(const std::string& key) const {
    return {"application",     "apply",
            "--key",           key,
            "--country",       "EE",
            "--given-name",    "Mari",
            "--surname",       "Maasikas",
            "--common-name",   "Mari Maasikas",
            "--serial-number", "PNOEE-48001085718"};
  }
  static std::string TextOf(const std::string& json, const std::string& key) {
    const std::string start = "\"" + key + "\":\"";
    const size_t at = json.find(start);
    if (at == std::string::npos) return "";
    return json.substr(at + start.size(), json.find('"', at + start.size()) - at - start.size());
  }

  TempDir dir_;
  TlsWorld tls_{dir_, "tls"};
  SystemClock clock_;
  SystemRng rng_;
  FailingCore core_;
  StatementComposer statements_;
  const Terms terms_ = LabTerms();
  const attestation::QscdRegistry registry_ =
      Must(attestation::QscdRegistry::FromTextproto(kRegistry));
  const attestation::TrustStore roots_ = [this] {
    const PkeyPtr key = Must(GenerateP256Key());
    const WallTime now = clock_.Now();
    return Must(attestation::TrustStore::Create(
        {Must(MakeDeviceRoot(key.get(), {"Lab", "root"}, {now - kDay, now + kDay},
                             Must(DrawSerial(rng_))))},
        {}));
  }();
  std::unique_ptr<SqlStore> store_ = Must(SqlStore::Open(dir_.Sub("host.db")));
  StatusService status_{*store_, core_, terms_, clock_};
  Enrolment enrolment_{{*store_, core_, statements_, terms_, clock_, rng_}};
  Issuance issuance_{{*store_, core_, statements_, registry_, roots_, terms_, clock_, rng_}};
  Signing signing_{*store_, core_};
  Revocation revocation_{{*store_, core_, statements_, status_, clock_, rng_}};
  Administration administration_{{*store_, core_, status_, terms_, clock_}};
  std::unique_ptr<GrpcServer> server_;
};

TEST_F(GrpcServerTest, AnApplicantAppliesOverTheWire) {
  const std::string key = dir_.Sub("mari.key");
  ASSERT_EQ(Run("signing-application", {"key", "new", "--out", key}).code, kExitOk);
  const Outcome applied = Run("signing-application", Apply(key));
  ASSERT_EQ(applied.code, kExitOk) << applied.err;
  EXPECT_EQ(TextOf(applied.out, "state"), "SUBMITTED");
  EXPECT_THAT(applied.err, HasSubstr("given_name: Mari"));
  const std::string id = TextOf(applied.out, "application_id");

  const Outcome listed = Run("registration-officer", {"application", "list", "--state=submitted"});
  ASSERT_EQ(listed.code, kExitOk) << listed.err;
  EXPECT_THAT(listed.out, HasSubstr(id));

  const Outcome evidence =
      Run("registration-officer",
          {"officer", "evidence", "--application", id, "--method", "physical-presence",
           "--document-type", "passport", "--document-reference", "K1", "--validation", "seen",
           "--officer-key", key + ".pub"});
  EXPECT_EQ(evidence.code, kExitRefused) << "the officer must not be the subject";
  EXPECT_THAT(evidence.err, HasSubstr("OFFICER_IS_SUBJECT (HST-0504)"));

  EXPECT_EQ(TextOf(Run("signing-application", {"application", "withdraw", "--application", id}).out,
                   "state"),
            "WITHDRAWN");
}

TEST_F(GrpcServerTest, ADraftIsSubmittedWithItsStatementsSignatureOnly) {
  const std::string key = dir_.Sub("mari.key");
  const std::string other = dir_.Sub("jaan.key");
  const std::string statement = dir_.Sub("statement");
  ASSERT_EQ(Run("auditor", {"key", "new", "--out", key}).code, kExitOk);
  ASSERT_EQ(Run("auditor", {"key", "new", "--out", other}).code, kExitOk);
  std::vector<std::string> create = Apply(key);
  create[1] = "create";
  create[2] = "--authenticator-key";
  create[3] = key + ".pub";
  create.insert(create.end(), {"--statement-out", statement});
  ASSERT_EQ(Run("signing-application", create).code, kExitOk);
  const Outcome foreign = Run("signing-application",
                              {"application", "submit", "--statement", statement, "--key", other});
  EXPECT_EQ(foreign.code, kExitRefused);
  EXPECT_THAT(foreign.err, HasSubstr("STATEMENT_UNEXPECTED"));
  const Outcome own =
      Run("signing-application", {"application", "submit", "--statement", statement, "--key", key});
  EXPECT_EQ(own.code, kExitOk) << own.err;
}

TEST_F(GrpcServerTest, AWrongRoleIsToldRoleAndService) {
  for (const char* role : {"auditor", "administrator", "revocation-officer", "nobody"}) {
    hpb::GetApplicationRequest request;
    request.set_application_id(std::string(32, 'a'));
    const auto answer =
        ConnectAs(role)->Call<hpb::GetApplicationResponse>("Enrolment/GetApplication", request);
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kPermissionDenied);
    EXPECT_THAT(answer, FailsNaming(kRoleDenied.id,
                                    "role '" + std::string(role) + "' may not call Enrolment"));
  }
  const Outcome denied = Run("signing-application", {"core", "status"});
  EXPECT_EQ(denied.code, kExitRefused);
  EXPECT_THAT(denied.out, HasSubstr("\"reason\":\"ROLE_DENIED\""));
  const Status journal =
      ConnectAs("administrator")->ReadJournal(1, [](ByteView) { return OkStatus(); });
  EXPECT_THAT(journal, FailsWith(kRoleDenied));
}

TEST_F(GrpcServerTest, RoleIsJudgedBeforeTheRequest) {
  const auto answer = ConnectAs("auditor")->Call<hpb::GetApplicationResponse>(
      "Enrolment/GetApplication", hpb::GetApplicationRequest());
  EXPECT_THAT(answer, FailsWith(kRoleDenied));
}

TEST_F(GrpcServerTest, ReasonsReachTheCaller) {
  const auto connection = ConnectAs("signing-application");
  hpb::GetApplicationRequest request;
  EXPECT_THAT(connection->Call<hpb::GetApplicationResponse>("Enrolment/GetApplication", request),
              FailsNaming(kFieldInvalid.id, "field application_id: is required"));
  request.set_application_id(std::string(32, 'a'));
  EXPECT_THAT(connection->Call<hpb::GetApplicationResponse>("Enrolment/GetApplication", request),
              FailsWith(kApplicationUnknown));
  request.GetReflection()->MutableUnknownFields(&request)->AddVarint(99, 1);
  EXPECT_THAT(connection->Call<hpb::GetApplicationResponse>("Enrolment/GetApplication", request),
              FailsNaming(kFieldInvalid.id, "#99"));
}

TEST_F(GrpcServerTest, SaysThatTheCoreIsUnreachableAndThatTheHostIsNot) {
  const Outcome status = Run("administrator", {"core", "status"});
  EXPECT_EQ(status.code, kExitRefused) << "the host did answer";
  EXPECT_THAT(status.err, HasSubstr("CORE_UNAVAILABLE (HST-0301)"));
  EXPECT_THAT(ConnectAs("auditor")->ReadJournal(1, [](ByteView) { return OkStatus(); }),
              FailsWith(kCoreUnavailable));
}

TEST_F(GrpcServerTest, TheAgreementIsVerifiedAsItComes) {
  const std::string out = dir_.Sub("agreement");
  const Outcome got = Run("auditor", {"agreement", "get", "--out", out});
  ASSERT_EQ(got.code, kExitOk) << got.err;
  EXPECT_EQ(AsString(Must(ReadFile(out, FileTrust::kAnyMode, 100))), "the agreement");
}

TEST_F(GrpcServerTest, AClientWithoutACertificateOfOursGetsNowhere) {
  TlsWorld stranger(dir_, "stranger");
  stranger.Certify("administrator", "administrator", TlsPurpose::kClient);
  Profile profile = ProfileOf("administrator");
  profile.certificate = stranger.Path("administrator.pem");
  profile.key = stranger.Path("administrator.key");
  EXPECT_EQ(Must(Connection::Open(profile, 5 * kSecond))
                ->Call<hpb::GetCoreStatusResponse>("Administration/GetCoreStatus",
                                                   hpb::GetCoreStatusRequest())
                .status()
                .code(),
            absl::StatusCode::kUnavailable);

  grpc::SslCredentialsOptions bare;
  bare.pem_root_certs = AsString(tls_.Read("ca.pem"));
  const auto stub =
      hpb::Policy::NewStub(grpc::CreateChannel(profile.address, grpc::SslCredentials(bare)));
  grpc::ClientContext context;
  hpb::GetAgreementResponse response;
  EXPECT_EQ(stub->GetAgreement(&context, {}, &response).error_code(),
            grpc::StatusCode::UNAVAILABLE);

  const auto plain = hpb::Policy::NewStub(
      grpc::CreateChannel(profile.address, grpc::InsecureChannelCredentials()));
  grpc::ClientContext second;
  EXPECT_EQ(plain->GetAgreement(&second, {}, &response).error_code(),
            grpc::StatusCode::UNAVAILABLE);
}

TEST_F(GrpcServerTest, AClientThatDoesNotKnowTheHostsCaSendsNothing) {
  TlsWorld stranger(dir_, "stranger");
  std::vector<std::string> arguments = {"core", "status", "--tls-ca", stranger.Path("ca.pem")};
  Profile profile = ProfileOf("administrator");
  profile.ca = stranger.Path("ca.pem");
  const auto answer = Must(Connection::Open(profile, 5 * kSecond))
                          ->Call<hpb::GetCoreStatusResponse>("Administration/GetCoreStatus",
                                                             hpb::GetCoreStatusRequest());
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(GrpcServerTest, RefusesMessagesAboveFourMebibytes) {
  hpb::FinishSigningRequest request;
  request.set_credential_id(std::string(32, 'a'));
  request.set_payload(std::string(5 << 20, 'x'));
  const auto answer = ConnectAs("signing-application")
                          ->Call<hpb::FinishSigningResponse>("Signing/FinishSigning", request);
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(GrpcServerTest, ACallAfterStopIsUnreachable) {
  const auto connection = ConnectAs("auditor");
  const Outcome before = Run("auditor", {"agreement", "get", "--out", dir_.Sub("a")});
  EXPECT_EQ(before.code, kExitOk);
  const int port = server_->port();
  server_->Stop();
  server_->Stop();
  const Outcome after = Run("auditor", {"boundary", "show"});
  EXPECT_EQ(after.code, kExitUnreachable) << port;
  EXPECT_THAT(after.err, HasSubstr("HOST_UNREACHABLE (HST-0700)"));
}

TEST_F(GrpcServerTest, SaysWhereItCannotServe) {
  Bytes key = tls_.Read("server.key");
  GrpcServerConfig config{"127.0.0.1:" + std::to_string(server_->port()), tls_.Read("server.pem"),
                          SecretBytes::WipeAndTake(key), tls_.Read("ca.pem")};
  config.listen = "256.0.0.1:1";
  EXPECT_THAT(
      GrpcServer::Start(config, {enrolment_, issuance_, signing_, revocation_, administration_,
                                 core_, *store_, registry_, terms_, clock_}),
      FailsNaming(kHostConfig.id, "grpc.listen"));
}

TEST(PeerRoleTest, TheOneOrganizationalUnitIsTheRole) {
  TempDir dir;
  TlsWorld tls(dir, "tls");
  tls.Certify("x", "auditor", TlsPurpose::kClient);
  EXPECT_EQ(RoleOfCertificate(AsStringView(tls.Read("x.pem"))), "auditor");
  EXPECT_EQ(RoleOfCertificate(AsStringView(tls.Read("ca.pem"))), "") << "it has none";
  EXPECT_EQ(RoleOfCertificate(""), "");
  EXPECT_EQ(RoleOfCertificate("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            "");
}

}  // namespace
}  // namespace intaglio::host
