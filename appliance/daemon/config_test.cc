// The core's configuration: what is refused, and that the refusal names the field.
#include "appliance/daemon/config.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "appliance/daemon/pin_source.h"
#include "appliance/daemon/vault.h"
#include "appliance/domain/reasons.h"
#include "base/reasons.h"
#include "tests/support/softhsm_fixture.h"

namespace intaglio::appliance {
namespace {

class ConfigTest : public ::testing::Test {
 protected:
  // Loads `text` as a configuration file.
  Status Load(const std::string& text, unsigned mode = 0600) {
    const std::string path = folder_.path() + "/core.textproto";
    EXPECT_TRUE(WriteFile(path, AsBytes(text), mode).ok());
    return LoadSettings(path).status();
  }
  void ExpectNamed(const std::string& text, const std::string& field) {
    const Status status = Load(text);
    EXPECT_TRUE(Is(status, kConfigInvalid)) << status;
    EXPECT_NE(DetailOf(status).find(field), std::string::npos) << status;
  }
  testing_support::TemporaryFolder folder_;
  const std::string token_ =
      "token { module: \"/m.so\" selector: \"core\" pin_file: \"/pin\" storage_key: \"s\" }\n";
  const std::string lab_ = "state_dir: \"/s\" boundary: BOUNDARY_LAB\n";
};

TEST_F(ConfigTest, EachFieldIsCheckedAndNamed) {
  ExpectNamed("", "state_dir");
  ExpectNamed("state_dir: \"relative\"", "state_dir");
  ExpectNamed("state_dir: \"/s\"", "boundary");
  ExpectNamed(lab_, "token.module");
  ExpectNamed(lab_ + "token { module: \"/m.so\" }", "token.pin_file");
  ExpectNamed(lab_ + token_ + "token { max_sessions: 257 }", "line");  // token stands twice
  ExpectNamed(lab_ + token_, "link");
  const auto token_with = [&](const std::string& field) {
    return lab_ +
           "token { module: \"/m.so\" selector: \"core\" pin_file: \"/pin\" storage_key: \"s\" " +
           field + " }\n";
  };
  ExpectNamed(token_with("max_sessions: 257"), "token.max_sessions");
  ExpectNamed(token_with("idle_timeout_seconds: 86401"), "token.idle_timeout_seconds");
  ExpectNamed(token_with("cached_keys: 4097"), "token.cached_keys");
  ExpectNamed(token_with("reinitialise_after_objects: 999"), "token.reinitialise_after_objects");
  ExpectNamed(
      token_with("idle_timeout_seconds: 600 cached_keys: 1 reinitialise_after_objects: 1000"),
      "link");
  const std::string standby =
      "standby_tokens { module: \"/n.so\" selector: \"b\" pin_file: \"/pin\" storage_key: ";
  ExpectNamed(lab_ + token_ + standby + "\"s\" }", "link");
  ExpectNamed(lab_ + token_ + standby + "\"t\" }", "standby_tokens.storage_key");
  ExpectNamed(lab_ + token_ + standby + "\"s\" softhsm_conf: \"/c\" }",
              "standby_tokens.softhsm_conf");
  ExpectNamed(lab_ + token_ + standby + "\"s\" max_sessions: 300 }", "token.max_sessions");
  ExpectNamed(lab_ + token_ + "link { unix_socket: \"/u\" tcp_listen: \"127.0.0.1:1\" }", "link");
  ExpectNamed(
      "state_dir: \"/s\" boundary: BOUNDARY_PRODUCTION\n" + token_ + "link { unix_socket: \"/u\" }",
      "link.unix_socket");
  ExpectNamed(lab_ + token_ + "link { unix_socket: \"/u\" }", "link.certificate");
  ExpectNamed("unknown_field: 1", "unknown_field");
}

TEST_F(ConfigTest, ThePinComesFromOnePlace) {
  const auto token = [&](const std::string& source) {
    return lab_ + "token { module: \"/m.so\" selector: \"core\" storage_key: \"s\" " + source +
           " }\n";
  };
  for (const std::string wrong :
       {"", "pin_file: \"/p\" pin_credential: \"c\"", "pin_file: \"/p\" pin_shares_need: 2",
        "pin_credential: \"c\" pin_shares_need: 2", "pin_file: \"p\""}) {
    ExpectNamed(token(wrong), "token.pin_file");
  }
  ExpectNamed(token("pin_credential: \"../c\""), "token.pin_credential");
  ExpectNamed(token("pin_credential: \".\""), "token.pin_credential");
  ExpectNamed(token("pin_shares_need: 1"), "token.pin_shares_need");
  ExpectNamed(token("pin_shares_need: 17"), "token.pin_shares_need");
  ExpectNamed(token("pin_shares_need: 2"), "link");
  ExpectNamed(token("pin_credential: \"core-pin\""), "link");
}

TEST_F(ConfigTest, ACredentialIsReadFromItsFolder) {
  CoreSettings settings;
  TokenSettings token;
  token.pin_credential = "core-pin";
  unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_TRUE(Is(ReadPin(settings, token).status(), kPinUnavailable));
  setenv("CREDENTIALS_DIRECTORY", folder_.path().c_str(), 1);
  EXPECT_TRUE(Is(ReadPin(settings, token).status(), kFileUnreadable));
  const std::string file = folder_.path() + "/core-pin";
  ASSERT_TRUE(WriteFile(file, AsBytes("1234\n"), 0644).ok());
  EXPECT_TRUE(Is(ReadPin(settings, token).status(), kFileMode));
  ASSERT_TRUE(WriteFile(file, AsBytes("1234\n"), 0400).ok());
  const auto pin = ReadPin(settings, token);
  ASSERT_TRUE(pin.ok()) << pin.status();
  EXPECT_TRUE(*pin == SecretBytes::CopyOf(AsBytes("1234")));
  unsetenv("CREDENTIALS_DIRECTORY");
}

TEST_F(ConfigTest, JournalAndAnchorAreChecked) {
  const std::string link = "/link.pem";
  ASSERT_TRUE(WriteFile(folder_.path() + link, AsBytes("x"), 0600).ok());
  const std::string file = "\"" + folder_.path() + link + "\"";
  const std::string whole = lab_ + token_ + "link { unix_socket: \"/u\" certificate: " + file +
                            " private_key: " + file + " pinned_peer: " + file + " }\n";
  ASSERT_TRUE(Load(whole).ok());
  ExpectNamed(whole + "journal { checkpoint_every_seconds: 86401 }",
              "journal.checkpoint_every_seconds");
  ExpectNamed(whole + "journal { segment_mib: 4097 }", "journal.segment_mib");
  ExpectNamed(whole + "anchor { tpm { nv_index: 0x01800000 } }", "anchor.tpm.tcti");
  ExpectNamed(whole + "anchor { tpm { tcti: \"device\" nv_index: 0x017fffff } }",
              "anchor.tpm.nv_index");
  ExpectNamed(whole + "anchor { tpm { tcti: \"device\" nv_index: 0x01bfffff } }",
              "anchor.tpm.nv_index");
  ASSERT_TRUE(Load(whole + "journal { checkpoint_every_events: 5 checkpoint_every_seconds: 7 "
                           "segment_mib: 3 least_free_mib: 9 }\n"
                           "anchor { tpm { tcti: \"device\" nv_index: 0x01800005 } }")
                  .ok());
  const auto settings = LoadSettings(folder_.path() + "/core.textproto");
  EXPECT_EQ(settings->journal.pace.lines, 5u);
  EXPECT_EQ(settings->journal.pace.time, 7 * kSecond);
  EXPECT_EQ(settings->journal.limits.segment.octets, 3u << 20);
  EXPECT_EQ(settings->journal.limits.least_free_octets, 9u << 20);
  EXPECT_EQ(settings->journal.tpm->nv_index, 0x01800005u);
}

TEST_F(ConfigTest, AFileOthersMayWriteIsNotRead) { EXPECT_TRUE(Is(Load(lab_, 0622), kFileMode)); }

TEST_F(ConfigTest, ARosterNeedsDualControl) {
  const std::string path = folder_.path() + "/init.textproto";
  ASSERT_TRUE(WriteFile(path, AsBytes("commands_need: 1"), 0600).ok());
  EXPECT_TRUE(Is(LoadInit(path).status(), kRosterUnsafe));
  ASSERT_TRUE(WriteFile(path, AsBytes("officers { name: \"a\" role: \"king\" }"), 0600).ok());
  const Status status = LoadInit(path).status();
  EXPECT_TRUE(Is(status, kConfigInvalid));
  EXPECT_NE(DetailOf(status).find("king"), std::string::npos);
}

TEST_F(ConfigTest, ACoreThatWasNotInitialisedSaysSo) {
  CoreSettings settings;
  settings.state_dir = folder_.path() + "/state";
  EXPECT_TRUE(Is(OpenVault(settings).status(), kNotInitialised));
}

}  // namespace
}  // namespace intaglio::appliance
