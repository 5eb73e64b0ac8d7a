// The program itself: usage, exit codes, and what offline commands write.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cstdio>

#include "attestation/verify/test_device.h"
#include "base/file.h"
#include "host/ctl/command_table.h"
#include "host/ctl/reasons.h"
#include "host/journal/journal_test_lines.h"
#include "host/x509/public_key.h"
#include "tests/support/softhsm_fixture.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace intaglio::host {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using testing_support::IsOk;
using testing_support::TempDir;

struct Outcome {
  int code;
  std::string out;  // stdout
  std::string err;
};

class CommandLineTest : public testing::Test {
 protected:
  void SetUp() override { unsetenv("INTAGLIO_PROFILE"); }

  // Runs the installed program in the shell, with nothing to read from.
  Outcome Run(const std::string& arguments) const {
    const char* bin = getenv("INTAGLIO_BIN_DIR");
    if (bin == nullptr) return {127, "", "INTAGLIO_BIN_DIR is not set"};
    const std::string command =
        std::string(bin) + "/intaglio " + arguments + " 2>" + dir_.Sub("stderr") + " </dev/null";
    FILE* pipe = popen(command.c_str(), "r");
    std::string out;
    char buffer[4096];
    for (size_t n = 0; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.append(buffer, n);
    const int status = pclose(pipe);
    const auto err = ReadFile(dir_.Sub("stderr"), FileTrust::kAnyMode, 1 << 20);
    return {WEXITSTATUS(status), out, err.ok() ? AsString(*err) : ""};
  }
  std::string Path(const std::string& name) const { return dir_.Sub(name); }
  static std::string TextOf(const std::string& json, const std::string& key) {
    const std::string start = "\"" + key + "\":\"";
    const size_t at = json.find(start);
    if (at == std::string::npos) return "";
    return json.substr(at + start.size(), json.find('"', at + start.size()) - at - start.size());
  }

  TempDir dir_;
};

TEST_F(CommandLineTest, UsageErrorsExitWithTwo) {
  for (const char* arguments :
       {"", "nonsense", "key", "key nonsense", "key new", "key new --out", "key new --outt x",
        "sign --credential x", "core status --timeout 0", "core status --timeout many",
        "command compose", "journal export --out x --from 0"}) {
    const Outcome outcome = Run(arguments);
    EXPECT_EQ(outcome.code, kExitUsage) << arguments;
    EXPECT_EQ(outcome.out, "") << arguments;
    EXPECT_NE(outcome.err, "") << arguments;
  }
}

TEST_F(CommandLineTest, HelpComesWithAnExample) {
  for (const char* arguments : {"key new",
                                "key show",
                                "ceremony nonce",
                                "ceremony device-root",
                                "ceremony attestation-certificate",
                                "ceremony root",
                                "ceremony ca-certificate",
                                "ceremony tls-ca",
                                "ceremony tls-certificate",
                                "ceremony link-certificate",
                                "command compose generate-key",
                                "command compose install-ca",
                                "command compose confirm-time",
                                "command compose change-roster",
                                "command compose set-qscd-entry",
                                "command compose approve-configuration",
                                "command compose set-trust-anchors",
                                "command compose pin-hosts",
                                "command compose approve-upgrade",
                                "command compose authorise-backup",
                                "command compose activate-restored",
                                "command compose restore-without-backup",
                                "command compose open-rebuilt",
                                "command assemble",
                                "command show",
                                "command sign",
                                "command execute",
                                "core status",
                                "core begin-command",
                                "core attest-key",
                                "ca activate",
                                "crl publish",
                                "application apply",
                                "application create",
                                "application submit",
                                "application withdraw",
                                "application show",
                                "application list",
                                "officer evidence",
                                "officer order",
                                "officer approve",
                                "officer reject",
                                "credential generate-key",
                                "credential issue",
                                "credential sign-agreement",
                                "credential accept",
                                "credential show",
                                "credential revoke",
                                "sign",
                                "signing begin",
                                "signing prove",
                                "signing finish",
                                "revocation prepare",
                                "revocation sign",
                                "revocation submit",
                                "revocation revoke",
                                "revocation suspend",
                                "revocation reinstate",
                                "revocation block",
                                "revocation find",
                                "journal export",
                                "journal show",
                                "boundary show",
                                "agreement get"}) {
    const Outcome outcome = Run(std::string(arguments) + " --help");
    EXPECT_EQ(outcome.code, kExitOk) << arguments;
    EXPECT_THAT(outcome.out, HasSubstr(std::string("Example:\n  intaglio ") + arguments));
  }
  EXPECT_THAT(Run("--version").out, StartsWith("intaglio "));
}

TEST_F(CommandLineTest, RefusalsExitWithOneAndNameTheReason) {
  const Outcome outcome = Run("key show " + Path("nothing"));
  EXPECT_EQ(outcome.code, kExitRefused);
  EXPECT_THAT(outcome.err, StartsWith("intaglio: FILE_UNREADABLE (BAS-0004): "));
  EXPECT_THAT(outcome.err, HasSubstr("next: "));
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(Run("--json key show " + Path("nothing")).out,
              StartsWith(R"({"error":{"reason":"FILE_UNREADABLE","id":"BAS-0004",)"));
}

TEST_F(CommandLineTest, NoHostExitsWithThree) {
  ASSERT_EQ(Run("key new --out " + Path("k")).code, kExitOk);
  ASSERT_EQ(Run("--yes ceremony tls-ca --key " + Path("k") +
                " --country EE --organization Lab --common-name CA --out " + Path("ca.pem"))
                .code,
            kExitOk);
  const Outcome outcome = Run("core status --address 127.0.0.1:9 --tls-ca " + Path("ca.pem") +
                              " --tls-certificate " + Path("ca.pem") + " --tls-key " + Path("k"));
  EXPECT_EQ(outcome.code, kExitUnreachable);
  EXPECT_THAT(outcome.err, HasSubstr("HOST_UNREACHABLE (HST-0700)"));
  EXPECT_EQ(Run("core status").code, kExitUsage) << "no profile";
}

TEST_F(CommandLineTest, AnOfficerMustNameTheSignersAuthenticator) {
  ASSERT_EQ(Run("key new --out " + Path("k")).code, kExitOk);
  const Outcome outcome = Run("officer approve --application a --key " + Path("k"));
  EXPECT_EQ(outcome.code, kExitUsage);
  EXPECT_THAT(outcome.err, HasSubstr("--authenticator-key"));
}

TEST_F(CommandLineTest, CommandsAreComposedShownAndSigned) {
  const std::string file = Path("command.bin");
  const std::string nonce(64, 'a');
  const std::string instance(32, 'b');
  const Outcome composed =
      Run("--json command compose generate-key --purpose ca-issuing --label ca-1 --nonce " + nonce +
          " --core-instance " + instance + " --out " + file);
  ASSERT_EQ(composed.code, kExitOk) << composed.err;
  EXPECT_THAT(composed.out, HasSubstr("\"purpose\":\"CA_ISSUING\""));
  const Outcome shown = Run("command show " + file);
  EXPECT_THAT(shown.out, HasSubstr("nonce: " + nonce));
  EXPECT_THAT(shown.out, HasSubstr("label: ca-1"));

  ASSERT_EQ(Run("key new --out " + Path("officer")).code, kExitOk);
  const std::string sign =
      "command sign " + file + " --key " + Path("officer") + " --out " + Path("approval");
  const Outcome unconfirmed = Run(sign);
  EXPECT_EQ(unconfirmed.code, kExitRefused);
  EXPECT_THAT(unconfirmed.err, HasSubstr("label: ca-1"));
  EXPECT_THAT(unconfirmed.err, HasSubstr("NOT_CONFIRMED"));
  EXPECT_EQ(Run(sign + " --yes").code, kExitOk);

  ASSERT_THAT(WriteFile(file, AsBytes("not a command"), 0644), IsOk());
  EXPECT_THAT(Run("command show " + file).err, HasSubstr("STATEMENT_NOT_CANONICAL (HST-0706)"));
  EXPECT_EQ(Run("command compose generate-key --purpose root --label ca-1 --nonce " + nonce +
                " --core-instance " + instance + " --out " + file)
                .code,
            kExitUsage);
}

TEST_F(CommandLineTest, ARosterIsShownAsWhatItChanges) {
  for (const char* name : {"s1", "s2", "s3"}) {
    ASSERT_EQ(Run("key new --out " + Path(name) + " --public-out " + Path(name) + ".pub").code,
              kExitOk);
  }
  const std::string start = R"({"commands_need": 2, "officers": [
    {"name": "Anna", "role": "security-officer", "public_key": "s1.pub")";
  const std::string berta =
      R"({"name": "Berta", "role": "security-officer", "public_key": "s2.pub"})";
  ASSERT_THAT(WriteFile(Path("old.json"), AsBytes(start + "}, " + berta + "]}"), 0644), IsOk());
  ASSERT_THAT(WriteFile(Path("new.json"),
                        AsBytes(start + R"(, "until": "2099-02-01"}, {"name": "Anna", "role":
    "security-officer", "public_key": "s3.pub"}]})"),
                        0644),
              IsOk());
  const std::string end = " --nonce " + std::string(64, 'a') + " --core-instance " +
                          std::string(32, 'b') + " --out " + Path("roster.cmd");
  const Outcome composed = Run("--json command compose change-roster --roster-version 2 --roster " +
                               Path("new.json") + " --present " + Path("old.json") + end);
  ASSERT_EQ(composed.code, kExitOk) << composed.err;
  EXPECT_THAT(composed.out, HasSubstr("\"roster_version\":2"));
  EXPECT_THAT(composed.out, HasSubstr("\"change\":\"changed\",\"name\":\"Anna\""));
  EXPECT_THAT(composed.out, HasSubstr("\"change\":\"removed\",\"name\":\"Berta\""));
  EXPECT_THAT(composed.out, HasSubstr("\"change\":\"added\",\"name\":\"Anna\""));
  // From the octets that get signed; and the signed command is the next one's present roster.
  const Outcome shown =
      Run("command show " + Path("roster.cmd") + " --present " + Path("old.json"));
  EXPECT_THAT(shown.out, HasSubstr("until_ms: 2099-02-01T00:00:00"));
  EXPECT_THAT(shown.out, HasSubstr("change: removed"));
  const Outcome same =
      Run("command show " + Path("roster.cmd") + " --present " + Path("roster.cmd"));
  EXPECT_THAT(same.out, HasSubstr("entries_unchanged: 2"));

  const auto refused = [&](const std::string& roster) {
    EXPECT_THAT(WriteFile(Path("bad.json"), AsBytes(roster), 0644), IsOk());
    const Outcome outcome =
        Run("command compose change-roster --roster-version 2 --roster " + Path("bad.json") + end);
    EXPECT_NE(outcome.code, kExitOk) << roster;
    return outcome.err;
  };
  EXPECT_THAT(refused("no json"), HasSubstr("neither JSON"));
  EXPECT_THAT(refused("{}"), HasSubstr("commands_need"));
  EXPECT_THAT(refused(R"({"commands_need": 2})"), HasSubstr("officers"));
  EXPECT_THAT(refused(R"({"commands_need": 2, "officers": [7]})"), HasSubstr("object"));
  EXPECT_THAT(refused(R"({"commands_need": 2, "officers": [{"name": "A", "rolle": ""}]})"),
              HasSubstr("rolle"));
  EXPECT_THAT(refused(R"({"commands_need": 2, "officers": [{"name": "A", "role": "king"}]})"),
              HasSubstr("king"));
  EXPECT_THAT(refused(start + R"(, "until": "2099-02-30"}]})"), HasSubstr("2099-02-30"));
  EXPECT_NE(Run("command show " + Path("roster.cmd") + " --present " + Path("s1")).code, kExitOk);
}

// A journal of instance "cc...", in epoch 1, as the host's copy has it.
std::string WriteCopy(const std::string& path, const std::vector<Bytes>& lines) {
  Bytes file;
  for (const Bytes& each : lines) {
    const Bytes framed = FrameLine(each);
    file.insert(file.end(), framed.begin(), framed.end());
  }
  EXPECT_THAT(WriteFile(path, file, 0644), IsOk());
  return path;
}

TEST_F(CommandLineTest, ALostCoresJournalIsVouchedForOnlyWhereItHolds) {
  TestJournal journal;
  journal.AddType(core::v1::EVENT_TYPE_INITIALISED);
  journal.Checkpoint();
  journal.AddType(core::v1::EVENT_TYPE_STARTED);
  const std::string copy = WriteCopy(Path("copy"), journal.lines());
  ASSERT_THAT(WriteFile(Path("journal.pub"), journal.journal_spki(), 0644), IsOk());
  ASSERT_EQ(Run("key new --out " + Path("other") + " --public-out " + Path("other.pub")).code,
            kExitOk);
  const auto instance = ToHex(AsBytes(std::string(16, 'c')));
  const auto run = [&](const std::string& path, const std::string& key, const std::string& of = "",
                       const std::string& epoch = "2") {
    return Run("--json command compose restore-without-backup --journal " + path +
               " --journal-key " + Path(key) + " --instance-epoch " + epoch + " --nonce " +
               std::string(64, 'a') + " --core-instance " + (of.empty() ? instance : of) +
               " --out " + Path("c.cmd"));
  };
  const Outcome made = run(copy, "journal.pub");
  EXPECT_EQ(made.code, kExitOk) << made.err;
  EXPECT_THAT(made.out, HasSubstr("\"sequence\":3"));
  EXPECT_THAT(made.out, HasSubstr("\"chain_hash\":\"" + ToHex(journal.head()) + "\""));
  EXPECT_THAT(made.out, HasSubstr("\"loss\":\"STATE_FOLDER\""));
  EXPECT_THAT(made.out, HasSubstr("\"lines_after_checkpoint\":2"));
  EXPECT_THAT(run(copy, "other.pub").err, HasSubstr("JOURNAL_FORGED"));
  EXPECT_THAT(run(copy, "journal.pub", std::string(32, '4')).err, HasSubstr("JOURNAL_COPY_OTHER"));
  auto lines = journal.lines();
  lines.resize(1);
  EXPECT_THAT(run(WriteCopy(Path("short"), lines), "journal.pub").err,
              HasSubstr("JOURNAL_COPY_INCOMPLETE"));
  lines = journal.lines();
  lines.erase(lines.begin());
  EXPECT_THAT(run(WriteCopy(Path("late"), lines), "journal.pub").err,
              HasSubstr("JOURNAL_COPY_INCOMPLETE"));
  lines = journal.lines();
  lines.erase(lines.begin() + 1);
  EXPECT_THAT(run(WriteCopy(Path("gap"), lines), "journal.pub").err, HasSubstr("JOURNAL_BROKEN"));
  EXPECT_THAT(run(copy + " --journal " + copy, "journal.pub").err, HasSubstr("ARGUMENT_INVALID"));
}

TEST_F(CommandLineTest, DecisionsAreComposedFromWhatTheyAreAbout) {
  const std::string end = " --nonce " + std::string(64, 'a') + " --core-instance " +
                          std::string(32, 'b') + " --out " + Path("c.cmd");
  const auto compose = [&](const std::string& what) {
    return Run("--json command compose " + what + end);
  };
  ASSERT_THAT(WriteFile(Path("file"), AsBytes("octets"), 0644), IsOk());
  const std::string digest = ToHex(Sha256(AsBytes("octets")));
  EXPECT_THAT(compose("approve-configuration --file " + Path("file")).out,
              HasSubstr("\"configuration_sha256\":\"" + digest + "\""));
  EXPECT_THAT(compose("approve-upgrade --from 1.0.0 --to 1.1.0 --program " + Path("file")).out,
              HasSubstr("\"program_sha256\":\"" + digest + "\""));
  EXPECT_THAT(compose("activate-restored --instance-epoch 2 --backup " + Path("file")).out,
              HasSubstr("\"backup_sha256\":\"" + digest + "\""));
  EXPECT_NE(compose("activate-restored --instance-epoch 1 --backup " + Path("file")).code, kExitOk);
  EXPECT_NE(compose("authorise-backup --copies 1 --evidence " + Path("file") + " --target " +
                    Path("file"))
                .code,
            kExitOk)
      << "not a key";
  EXPECT_THAT(compose("open-rebuilt --instance-epoch 2 --sequence 7 --chain-hash " + digest).out,
              HasSubstr("\"chain_hash\":\"" + digest + "\""));
  EXPECT_NE(compose("open-rebuilt --instance-epoch 2 --sequence 7 --chain-hash 00").code, kExitOk);
  EXPECT_THAT(compose("set-qscd-entry --entry-id lab --valid-until 2099-01-31").out,
              HasSubstr("\"entry_id\":\"lab\""));
  EXPECT_NE(compose("set-qscd-entry --entry-id lab --valid-until 31.1.2099").code, kExitOk);
  EXPECT_EQ(compose("set-trust-anchors").code, kExitOk);
  EXPECT_NE(compose("set-trust-anchors --root " + Path("file")).code, kExitOk);
  EXPECT_NE(compose("pin-hosts").code, kExitOk);
  EXPECT_NE(compose("pin-hosts --host " + Path("file")).code, kExitOk);
  ASSERT_EQ(Run("key new --out " + Path("k") + " --public-out " + Path("k.pub")).code, kExitOk);
  ASSERT_EQ(Run("ceremony link-certificate --key " + Path("k") + " --common-name host --out " +
                Path("h.pem") + " --yes")
                .code,
            kExitOk);
  const Outcome pinned =
      compose("pin-hosts --host " + Path("h.pem") + " --host " + Path("h.pem") + "@2099-01-31");
  EXPECT_THAT(pinned.out, HasSubstr("\"until_ms\":0"));
  EXPECT_THAT(pinned.out, HasSubstr("\"until_ms\":4073500800000"));
}

TEST_F(CommandLineTest, CeremoniesSignWithATokenKey) {
  const auto softhsm = testing_support::SoftHsm::CreateBare("ceremony");
  ASSERT_THAT(softhsm, IsOk());
  const std::string token = " --module " + (*softhsm)->module_path() +
                            " --token ceremony --pin-file " + (*softhsm)->pin_path() +
                            " --yes --json";
  const std::string root =
      "ceremony device-root" + token +
      " --key-label device --generate --manufacturer Lab --device Root --out " + Path("device.pem");
  const Outcome made = Run(root);
  ASSERT_EQ(made.code, kExitOk) << made.err;
  EXPECT_THAT(made.err, HasSubstr("manufacturer: Lab"));
  EXPECT_THAT(made.out, HasSubstr("\"ca\":true"));
  EXPECT_THAT(Run(root).err, HasSubstr("FILE_EXISTS"));

  ASSERT_EQ(Run("key new --out " + Path("ak")).code, kExitOk);
  const std::string attestation = "ceremony attestation-certificate" + token + " --issuer " +
                                  Path("device.pem") + " --public-key " + Path("ak.pub") +
                                  " --manufacturer Lab --device Core --out " + Path("ak.pem");
  const Outcome certified = Run(attestation + " --key-label device");
  EXPECT_EQ(certified.code, kExitOk) << certified.err;
  EXPECT_THAT(Run("ceremony root" + token +
                  " --key-label other --country EE --organization Lab --common-name R --out " +
                  Path("r.pem"))
                  .err,
              HasSubstr("STORE_KEY_NOT_FOUND"));
}

TEST_F(CommandLineTest, TlsCertificatesNeedTheirCa) {
  ASSERT_EQ(Run("key new --out " + Path("ca")).code, kExitOk);
  ASSERT_EQ(Run("key new --out " + Path("app")).code, kExitOk);
  ASSERT_EQ(Run("--yes ceremony tls-ca --key " + Path("ca") +
                " --country EE --organization Lab --common-name CA --out " + Path("ca.pem"))
                .code,
            kExitOk);
  const std::string certify = "--yes ceremony tls-certificate --ca " + Path("ca.pem") +
                              " --public-key " + Path("app.pub") +
                              " --common-name app --role auditor --ca-key ";
  EXPECT_EQ(Run(certify + Path("ca") + " --purpose client --out " + Path("app.pem")).code, kExitOk);
  EXPECT_EQ(Run(certify + Path("ca") + " --purpose both --out " + Path("x.pem")).code, kExitUsage);
  EXPECT_THAT(Run(certify + Path("app") + " --purpose client --out " + Path("x.pem")).err,
              HasSubstr("SIGNING_KEY_UNACCEPTABLE"));
  EXPECT_EQ(Run("--yes ceremony link-certificate --key " + Path("app") + " --common-name core" +
                " --out " + Path("link.pem"))
                .code,
            kExitOk);
}

// An attestation of a YubiHSM 2 as its vendor documents it, under roots of the test's own.
TEST_F(CommandLineTest, EvidenceShowSaysWhatADeviceSaysAndOnlyUnderItsRoot) {
  using attestation::TestDevice;
  const std::string arc = "1.3.6.1.4.1.41482.4.";
  const TestDevice device =
      TestDevice::Create({"device", "critical,CA:TRUE", "critical,keyCertSign", std::nullopt});
  const auto key = attestation::TestKey::Generate();
  const attestation::Extensions facts = {
      {arc + "1", {0x04, 0x03, 2, 4, 1}},
      {arc + "2", {0x02, 0x01, 77}},
      {arc + "3", {0x03, 0x02, 0x00, 0x01}},
      {arc + "5", {0x03, 0x09, 0, 0, 0, 0, 0, 0, 0, 0, 0x80}},
      {arc + "6", {0x02, 0x01, 5}},
  };
  const attestation::CertificateSpec plain{"YubiHSM Attestation id 0x0005", std::nullopt,
                                           std::nullopt, std::nullopt};
  const auto write = [&](const std::string& name, ByteView der) {
    EXPECT_THAT(WriteFile(Path(name), der, 0644), IsOk());
    return Path(name);
  };
  const std::string file = write(
      "key.der",
      attestation::WithExtensions(attestation::Issue(plain, key, device.ak, device.ak_certificate),
                                  facts, device.ak));
  const std::string chain = " --chain " + write("device.der", device.ak_certificate) + " --chain " +
                            write("ca.der", device.intermediate);
  const std::string root = " --device-root " + write("root.der", device.root);
  Outcome shown = Run("--json evidence show " + file + chain + root);
  ASSERT_EQ(shown.code, kExitOk) << shown.err;
  EXPECT_EQ(TextOf(shown.out, "format"), "yubihsm2");
  EXPECT_EQ(TextOf(shown.out, "serial"), "77");
  EXPECT_EQ(TextOf(shown.out, "firmware_version"), "2.4.1");
  EXPECT_THAT(shown.out, HasSubstr("\"born_and_kept_as_a_qscd_key\":true"));
  EXPECT_EQ(TextOf(shown.out, "evidence_sha256"),
            ToHex(Sha256(*ReadFile(file, FileTrust::kAnyMode, 1 << 16))));
  const TestDevice other = TestDevice::Create();
  shown = Run("evidence show " + file + chain + " --device-root " + write("other.der", other.root));
  EXPECT_EQ(shown.code, kExitRefused);
  EXPECT_THAT(shown.err, HasSubstr("AK_CHAIN_UNTRUSTED"));
  shown = Run("evidence show " + file + chain);
  EXPECT_EQ(shown.code, kExitUsage) << shown.err;
  EXPECT_THAT(shown.err, HasSubstr("--device-root"));
  shown = Run("evidence show " + write("root2.der", device.root) + chain + root);
  EXPECT_EQ(shown.code, kExitRefused);
  EXPECT_THAT(shown.err, HasSubstr("DEVICE_UNRECOGNISED"));
}

}  // namespace
}  // namespace intaglio::host
