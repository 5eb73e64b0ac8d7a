#include "tokens/provision/provision.h"

#include <gtest/gtest.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/support/softhsm_fixture.h"
#include "tests/support/status_matchers.h"
#include "tokens/pkcs11/reasons.h"
#include "tokens/pkcs11/token.h"

namespace intaglio::tokens {
namespace {

using testing_support::FailsNaming;
using testing_support::FailsWith;
using testing_support::IsOk;
using testing_support::TemporaryFolder;

unsigned ModeOf(const std::string& path) {
  struct stat found {};
  return stat(path.c_str(), &found) == 0 ? found.st_mode & 0777 : 0;
}

class ProvisionTest : public testing::Test {
 protected:
  SoftHsmRequest Request() {
    return {folder_.path() + "/token", TokenLabel::Create("core").value(),
            KeyLabel::Create("storage").value(), kSoftHsmModule};
  }
  StatusOr<ProvisionedToken> Run(const SoftHsmRequest& request) {
    return ProvisionSoftHsm(request, rng_);
  }

  TemporaryFolder folder_;
  SystemRng rng_;
};

TEST_F(ProvisionTest, MakesAPrivateFolderAndATokenThatOpens) {
  const auto made = Run(Request());
  ASSERT_THAT(made, IsOk());
  EXPECT_EQ(made->outcome, ProvisionOutcome::kMade);
  EXPECT_EQ(made->token.label, "core");
  EXPECT_EQ(ModeOf(Request().folder), 0700u);
  EXPECT_EQ(ModeOf(Request().folder + "/tokens"), 0700u);
  EXPECT_EQ(ModeOf(made->pin_path), 0600u);
  EXPECT_EQ(ModeOf(made->config_path), 0600u);
  const auto pin = ReadSecretFile(made->pin_path);
  ASSERT_THAT(pin, IsOk());
  EXPECT_EQ(pin->size(), 32u);

  auto module = Module::Load(kSoftHsmModule);
  ASSERT_THAT(module, IsOk());
  auto token = Token::Open(*module, TokenSelector::Parse("core").value(), *pin, {1, 1});
  ASSERT_THAT(token, IsOk());
  EXPECT_THAT((*token)->GenerateWrapped(KeyAlgorithm::kP256, KeyLabel::Create("storage").value()),
              IsOk());
}

TEST_F(ProvisionTest, SecondRunChangesNothing) {
  const auto made = Run(Request());
  ASSERT_THAT(made, IsOk());
  const Bytes pin = ReadFile(made->pin_path, FileTrust::kOwnerOnly, 100).value();
  const auto again = Run(Request());
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->outcome, ProvisionOutcome::kAlreadyThere);
  EXPECT_EQ(again->token, made->token);
  EXPECT_EQ(ReadFile(made->pin_path, FileTrust::kOwnerOnly, 100).value(), pin);
}

TEST_F(ProvisionTest, HalfMadeTokenIsReported) {
  const auto made = Run(Request());
  ASSERT_THAT(made, IsOk());
  ASSERT_EQ(unlink(made->pin_path.c_str()), 0);
  EXPECT_THAT(Run(Request()), FailsNaming(kProvisionHalfMade.id, "remove the folder"));
}

TEST_F(ProvisionTest, DifferentWishesForAFinishedTokenAreRefused) {
  SoftHsmRequest bare = Request();
  bare.storage_key.reset();
  ASSERT_THAT(Run(bare), IsOk());
  EXPECT_THAT(Run(Request()), FailsNaming(kProvisionDiffers.id, "storage"));
  SoftHsmRequest renamed = bare;
  renamed.label = TokenLabel::Create("host").value();
  EXPECT_THAT(Run(renamed), FailsNaming(kProvisionDiffers.id, "'core'"));
  EXPECT_THAT(Run(bare), IsOk());
}

TEST_F(ProvisionTest, FolderThatOthersCanReadIsRefused) {
  ASSERT_EQ(mkdir(Request().folder.c_str(), 0755), 0);
  ASSERT_EQ(chmod(Request().folder.c_str(), 0755), 0);
  EXPECT_THAT(Run(Request()), FailsNaming(kProvisionFolder.id, "chmod 0700"));
}

TEST_F(ProvisionTest, FolderNamesThatDoNotWorkAreRefused) {
  for (const char* name : {"", "relative/path", "/", "/tmp/a b", "/tmp/a#b",
                           "/tmp/a\nlog.level=DEBUG", "/no/such/parent/token"}) {
    SoftHsmRequest request = Request();
    request.folder = name;
    EXPECT_THAT(Run(request), FailsWith(kProvisionFolder)) << name;
  }
  SoftHsmRequest on_a_file = Request();
  on_a_file.folder = folder_.path() + "/file";
  ASSERT_THAT(WriteFile(on_a_file.folder, AsBytes("x"), 0600), IsOk());
  EXPECT_THAT(Run(on_a_file), FailsWith(kProvisionFolder));
}

TEST_F(ProvisionTest, PinFileThatOthersCanReadIsRefused) {
  const auto made = Run(Request());
  ASSERT_THAT(made, IsOk());
  ASSERT_EQ(chmod(made->pin_path.c_str(), 0644), 0);
  EXPECT_EQ(ReasonNameOf(Run(Request()).status()), "FILE_MODE");
}

TEST_F(ProvisionTest, MissingModuleIsNamedAndLeavesAHalfMadeFolder) {
  SoftHsmRequest request = Request();
  request.module_path = "/no/such/module.so";
  EXPECT_THAT(Run(request), FailsNaming(kModuleUnloadable.id, "/no/such/module.so"));
  EXPECT_THAT(Run(Request()), FailsWith(kProvisionHalfMade));
}

TEST(TokenLabel, BoundsAreKept) {
  EXPECT_THAT(TokenLabel::Create(std::string(32, 'x')), IsOk());
  for (const std::string& text :
       {std::string(), std::string(33, 'x'), std::string("blank "), std::string("a\tb")}) {
    EXPECT_THAT(TokenLabel::Create(text), FailsWith(kTokenInputInvalid)) << text;
  }
}

// The program itself.
struct Outcome {
  int exit_code;
  std::string output;
};

Outcome RunProgram(const std::string& arguments) {
  const char* folder = getenv("INTAGLIO_BIN_DIR");
  const std::string command =
      std::string(folder ? folder : ".") + "/intaglio-provision " + arguments + " 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return {-1, "popen failed"};
  std::string output;
  char buffer[512];
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) output.append(buffer, n);
  const int status = pclose(pipe);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, output};
}

TEST_F(ProvisionTest, ProgramMakesATokenOnceAndSaysSoInJson) {
  const std::string arguments =
      "softhsm --dir " + Request().folder + " --label core --storage-key storage --json";
  const Outcome first = RunProgram(arguments);
  EXPECT_EQ(first.exit_code, 0) << first.output;
  EXPECT_THAT(first.output, testing::HasSubstr("{\"outcome\":\"made\",\"label\":\"core\""));
  EXPECT_THAT(first.output, testing::HasSubstr("\"pin_file\":\"" + Request().folder + "/pin\""));
  const Outcome second = RunProgram(arguments);
  EXPECT_EQ(second.exit_code, 0) << second.output;
  EXPECT_THAT(second.output, testing::HasSubstr("\"already_there\""));
  const std::string pin =
      AsString(ReadFile(Request().folder + "/pin", FileTrust::kOwnerOnly, 100).value());
  EXPECT_THAT(first.output + second.output, testing::Not(testing::HasSubstr(pin)));
}

TEST_F(ProvisionTest, ProgramFailsWithAReasonAndItsExitCode) {
  const Outcome refused = RunProgram("softhsm --dir relative --label core --json");
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.output, testing::HasSubstr("\"error\":\"TOK-0036\""));
  for (const char* arguments : {"", "softhsm", "softhsm --dir /tmp/x", "tpm --dir /tmp/x --label y",
                                "softhsm --frobnicate", "softhsm extra --dir /tmp/x --label y"}) {
    EXPECT_EQ(RunProgram(arguments).exit_code, 2) << arguments;
  }
}

TEST_F(ProvisionTest, ProgramHelpsWithAnExample) {
  const Outcome help = RunProgram("--help");
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.output, testing::HasSubstr("Example"));
}

}  // namespace
}  // namespace intaglio::tokens
