// The host's configuration, field by field, and the program's own exit codes.
#include "host/daemon/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "base/file.h"
#include "base/reasons.h"
#include "host/domain/usecase_reasons.h"
#include "host/x509/ceremony.h"
#include "host/x509/machine_certificates.h"
#include "host/x509/pem.h"
#include "host/x509/public_key.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace intaglio::host {
namespace {

using testing::HasSubstr;
using testing_support::FailsNaming;
using testing_support::FailsWith;
using testing_support::IsOk;
using testing_support::TempDir;

constexpr char kConfig[] = R"(database: "@/host.db"
grpc { listen: "127.0.0.1:7500" certificate: "@/a.pem" private_key: "@/a.key" client_ca: "@/a.pem" }
http { listen: "127.0.0.1:7580" }
core { unix_socket: "@/core.sock" certificate: "@/a.pem" private_key: "@/a.key" pinned_peer: "@/b.pem" }
service {
  lab: true
  tsp_name: "Lab"
  country: "EE"
  repository_url: "http://127.0.0.1:7580"
  pds_url: "https://lab.invalid/pds"
  pds_language: "en"
  qscd_entry_id: "lab"
  agreement_file: "@/agreement.txt"
}
qscd_registry: "@/registry.textproto"
device_roots: "@/a.pem"
)";

class SettingsTest : public testing::Test {
 protected:
  void SetUp() override {
    WritePair("a");
    WritePair("b");
    Write("agreement.txt", "the agreement", 0644);
    Write("empty.txt", "", 0644);
    Write("text.pem", "no certificate", 0644);
  }

  void WritePair(const std::string& name) {
    SystemRng rng;
    const auto key = GenerateP256Key();
    ASSERT_THAT(key, IsOk());
    const WallTime now = SystemClock().Now();
    const auto certificate =
        MakeLinkCertificate(key->get(), name, {now - kMinute, now + kDay}, *DrawSerial(rng));
    ASSERT_THAT(certificate, IsOk());
    Write(name + ".pem", CertificateToPem(*certificate), 0644);
    Write(name + ".key", AsStringView(PrivateKeyToPem(key->get())->Expose()), 0600);
  }
  void Write(const std::string& name, std::string_view text, unsigned mode) {
    ASSERT_THAT(WriteFile(dir_.Sub(name), AsBytes(text), mode), IsOk());
  }
  // The configuration with `from` replaced by `to`, as a file.
  std::string Config(const std::string& from = "", const std::string& to = "",
                     unsigned mode = 0600) {
    std::string text = kConfig;
    if (!from.empty()) {
      const size_t at = text.find(from);
      EXPECT_NE(at, std::string::npos) << from;
      text.replace(at, from.size(), to);
    }
    for (size_t at; (at = text.find('@')) != std::string::npos;) text.replace(at, 1, dir_.path());
    Write("host.textproto", text, mode);
    return dir_.Sub("host.textproto");
  }

  TempDir dir_;
};

TEST_F(SettingsTest, ReadsTheWholeConfiguration) {
  const auto settings = LoadHostSettings(Config());
  ASSERT_THAT(settings, IsOk());
  EXPECT_EQ(settings->database, dir_.Sub("host.db"));
  EXPECT_EQ(settings->http.listen, "127.0.0.1:7580");
  EXPECT_EQ(settings->core.unix_socket, dir_.Sub("core.sock"));
  EXPECT_EQ(settings->core.timeout, 30 * kSecond);
  EXPECT_EQ(settings->terms.boundary, Boundary::kLab);
  EXPECT_EQ(settings->terms.urls.crl, "http://127.0.0.1:7580/crl/ca.crl");
  EXPECT_EQ(settings->terms.agreement_digest, Sha256(AsBytes("the agreement")));
  EXPECT_EQ(settings->terms.crl_life, 24 * kHour);
  EXPECT_EQ(settings->device_roots.size(), 1u);
}

TEST_F(SettingsTest, NamesTheFieldThatCannotBeUsed) {
  struct Case {
    const char* from;
    const char* to;
    const char* named;
  };
  const Case cases[] = {
      {"database: \"@/host.db\"", "", "database"},
      {"database: \"@/host.db\"", "database: \"host.db\"", "absolute"},
      {"database:", "databse:", "line 1"},
      {"lab: true", "lab: true lab: true", "line"},
      {"127.0.0.1:7500", "", "grpc.listen"},
      {"127.0.0.1:7500", "127.0.0.1", "grpc.listen"},
      {"127.0.0.1:7500", "127.0.0.1:70000", "grpc.listen"},
      {"http {", "operations_listen: \"9464\" http {", "operations_listen"},
      {"listen: \"127.0.0.1:7580\"", "", "http.listen"},
      {"listen: \"127.0.0.1:7580\"", "listen: \"127.0.0.1:x\"", "http.listen"},
      {"listen: \"127.0.0.1:7580\"", "listen: \"127.0.0.1:7580\" threads: 65", "http.threads"},
      {"listen: \"127.0.0.1:7580\"", "listen: \"127.0.0.1:7580\" max_connections: 70000",
       "http.max_connections"},
      {"certificate: \"@/a.pem\" private_key: \"@/a.key\" client_ca",
       "certificate: \"@/b.pem\" private_key: \"@/a.key\" client_ca", "grpc.private_key"},
      {"certificate: \"@/a.pem\" private_key: \"@/a.key\" client_ca",
       "certificate: \"@/text.pem\" private_key: \"@/a.key\" client_ca", "grpc.certificate"},
      {"client_ca: \"@/a.pem\"", "client_ca: \"@/text.pem\"", "grpc.client_ca"},
      {"client_ca: \"@/a.pem\"", "", "grpc.client_ca"},
      {"unix_socket: \"@/core.sock\"", "", "core"},
      {"unix_socket: \"@/core.sock\"", "unix_socket: \"@/s\" tcp_address: \"1.2.3.4:5\"", "core"},
      {"certificate: \"@/a.pem\" private_key: \"@/a.key\" pinned_peer",
       "certificate: \"@/a.pem\" private_key: \"@/b.key\" pinned_peer", "core.private_key"},
      {"pinned_peer: \"@/b.pem\"", "pinned_peer: \"@/text.pem\"", "core.pinned_peer"},
      {"pinned_peer: \"@/b.pem\"", "pinned_peer: \"@/b.pem\" request_timeout_seconds: 3601",
       "core.request_timeout_seconds"},
      {"tsp_name: \"Lab\"", "", "service.tsp_name"},
      {"country: \"EE\"", "country: \"EST\"", "service.country"},
      {"http://127.0.0.1:7580", "https://127.0.0.1:7580", "service.repository_url"},
      {"https://lab.invalid/pds", "http://lab.invalid/pds", "service.pds_url"},
      {"pds_language: \"en\"", "", "service.pds_language"},
      {"qscd_entry_id: \"lab\"", "", "service.qscd_entry_id"},
      {"qscd_entry_id: \"lab\"", "qscd_entry_id: \"lab\" subscriber_days: 1096",
       "service.subscriber_days"},
      {"qscd_entry_id: \"lab\"", "qscd_entry_id: \"lab\" crl_hours: 49", "service.crl_hours"},
      {"qscd_entry_id: \"lab\"", "qscd_entry_id: \"lab\" ocsp_hours: 25", "service.ocsp_hours"},
      {"@/agreement.txt", "agreement.txt", "service.agreement_file"},
      {"@/agreement.txt", "@/empty.txt", "service.agreement_file"},
      {"qscd_registry: \"@/registry.textproto\"", "", "qscd_registry"},
      {"device_roots: \"@/a.pem\"", "", "device_roots"},
      {"device_roots: \"@/a.pem\"", "device_roots: \"@/text.pem\"", "device_roots"},
  };
  for (const Case& each : cases) {
    EXPECT_THAT(LoadHostSettings(Config(each.from, each.to)),
                FailsNaming(kHostConfig.id, each.named))
        << each.to;
  }
}

TEST_F(SettingsTest, TrustsNoFileThatOthersMayChange) {
  EXPECT_THAT(LoadHostSettings(Config("", "", 0666)), FailsWith(kFileMode));
  Write("a.key", "x", 0644);
  EXPECT_THAT(LoadHostSettings(Config()), FailsWith(kFileMode));
  EXPECT_THAT(LoadHostSettings(dir_.Sub("nothing")), FailsWith(kFileUnreadable));
}

TEST_F(SettingsTest, TheProgramSaysWhetherItCanBeUsed) {
  const auto run = [](const std::string& arguments) {
    const std::string command = std::string(getenv("INTAGLIO_BIN_DIR")) + "/intaglio-host " +
                                arguments + " >/dev/null 2>&1";
    return WEXITSTATUS(system(command.c_str()));
  };
  EXPECT_EQ(run("--version"), 0);
  EXPECT_EQ(run("--help"), 0);
  EXPECT_EQ(run(""), 2);
  EXPECT_EQ(run("--nonsense"), 2);
  EXPECT_EQ(run("--check-config --config " + Config()), 0);
  EXPECT_EQ(run("--check-config --config " + Config("tsp_name: \"Lab\"", "")), 1);
  EXPECT_EQ(run("--config " + dir_.Sub("nothing")), 1);
}

constexpr char kRegistry[] = R"(entries {
  id: "lab" product: "p" vendor: "v" hw_model: "m" hw_version: "1" sw_name: "s" sw_version: "1"
  kind: QSCD_KIND_LAB valid_from: "2026-01-01" valid_until: "2036-01-01" status: QSCD_STATUS_LISTED
  source: "lab" last_checked: "2026-01-01" entered_by: "a" entered_by: "b" })";

// intaglio-host as a child process; its log comes line by line.
class Host final {
 public:
  explicit Host(const std::string& config) {
    const char* folder = getenv("INTAGLIO_BIN_DIR");
    const std::string program = std::string(folder != nullptr ? folder : ".") + "/intaglio-host";
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    child_ = fork();
    if (child_ == 0) {
      dup2(ends[1], STDERR_FILENO);
      close(ends[0]);
      execl(program.c_str(), program.c_str(), "--config", config.c_str(), nullptr);
      _exit(127);
    }
    close(ends[1]);
    log_ = fdopen(ends[0], "r");
  }
  ~Host() { fclose(log_); }
  Host(const Host&) = delete;

  // The first line with `event`, or "" if the process ended before.
  std::string LineWith(const std::string& event) {
    char line[4096];
    while (fgets(line, sizeof line, log_) != nullptr) {
      if (std::string(line).find(event) != std::string::npos) return line;
    }
    return "";
  }
  // Exit code after `signal`; -1 if the signal killed it.
  int StopBy(int signal) {
    kill(child_, signal);
    int status = 0;
    waitpid(child_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  int ExitCode() {
    int status = 0;
    waitpid(child_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t child_ = -1;
  FILE* log_ = nullptr;
};

class HostProcessTest : public SettingsTest {
 protected:
  void SetUp() override {
    SettingsTest::SetUp();
    Write("registry.textproto", kRegistry, 0644);
    SystemRng rng;
    const auto key = GenerateP256Key();
    const WallTime now = SystemClock().Now();
    const auto root =
        MakeDeviceRoot(key->get(), {"Lab", "root"}, {now - kMinute, now + kDay}, *DrawSerial(rng));
    ASSERT_THAT(root, IsOk());
    Write("root.pem", CertificateToPem(*root), 0644);
  }
  // Any free ports, and `from` replaced.
  std::string Runnable(const std::string& from = "", const std::string& to = "") {
    std::string text = AsString(*ReadFile(Config(from, to), FileTrust::kAnyMode, 65536));
    for (const char* port : {"listen: \"127.0.0.1:7500", "listen: \"127.0.0.1:7580"}) {
      text.replace(text.find(port), strlen(port), "listen: \"127.0.0.1:0");
    }
    const std::string roots = "device_roots: \"" + dir_.Sub("a.pem");
    text.replace(text.find(roots), roots.size(), "device_roots: \"" + dir_.Sub("root.pem"));
    Write("host.textproto", text, 0600);
    return dir_.Sub("host.textproto");
  }
};

TEST_F(HostProcessTest, ServesWithoutACoreAndStopsCleanly) {
  for (const int signal : {SIGTERM, SIGINT}) {
    Host host(Runnable());
    const std::string ready = host.LineWith("host.ready");
    EXPECT_THAT(ready, HasSubstr("grpc_port="));
    EXPECT_THAT(ready, HasSubstr("http_port="));
    EXPECT_EQ(host.StopBy(signal), 0);
    EXPECT_NE(host.LineWith("host.stopping"), "");
  }
}

TEST_F(HostProcessTest, DoesNotStartWithoutItsRegistryEntry) {
  Host host(Runnable("qscd_entry_id: \"lab\"", "qscd_entry_id: \"other\""));
  EXPECT_EQ(host.LineWith("host.ready"), "");
  EXPECT_EQ(host.ExitCode(), 1);
}

}  // namespace
}  // namespace intaglio::host
