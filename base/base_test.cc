#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <set>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/reasons.h"
#include "base/rng.h"
#include "base/secret_bytes.h"

namespace intaglio {
namespace {

TEST(StatusTest, FailCarriesReasonAndDetail) {
  const Status status = Fail(kHexInvalid, "at character 3");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonIdOf(status), "BAS-0001");
  EXPECT_EQ(ReasonNameOf(status), "HEX_INVALID");
  EXPECT_EQ(PublicDetailOf(status), "at character 3");
  EXPECT_TRUE(Is(status, kHexInvalid));
  EXPECT_FALSE(Is(status, kBase64Invalid));
}

TEST(StatusTest, InternalDetailStaysInside) {
  const Status status = Fail(kEntropyFailed, "errno 5 on /secret/path");
  EXPECT_EQ(PublicDetailOf(status), kEntropyFailed.meaning);
  EXPECT_EQ(DetailOf(status), "errno 5 on /secret/path");
}

TEST(StatusTest, RemoteFailureIsNeverOk) {
  EXPECT_FALSE(FailRemote(absl::StatusCode::kOk, "APL-0001", "X", "").ok());
}

TEST(StatusTest, ReasonIdsAreUnique) {
  std::set<std::string_view> ids;
  for (const Reason* reason : kBaseReasons) EXPECT_TRUE(ids.insert(reason->id).second);
}

TEST(BytesTest, HexRoundTripAndBadInput) {
  const Bytes bytes = {0x00, 0x7f, 0xff};
  EXPECT_EQ(ToHex(bytes), "007fff");
  EXPECT_EQ(*FromHex("007fFF"), bytes);
  EXPECT_TRUE(Is(FromHex("0").status(), kHexInvalid));
  EXPECT_TRUE(Is(FromHex("0g").status(), kHexInvalid));
}

TEST(BytesTest, Base64RoundTripAndBadInput) {
  for (const std::string text : {"", "f", "fo", "foo", "foob", "fooba", "foobar"}) {
    EXPECT_EQ(*FromBase64(ToBase64(AsBytes(text))), ToBytes(text));
  }
  EXPECT_EQ(ToBase64(AsBytes("foob")), "Zm9vYg==");
  for (const char* bad : {"A", "Zg=", "Zh==", "=m9v", "Zm9=Zm9v", "Zm9\n"}) {
    EXPECT_TRUE(Is(FromBase64(bad).status(), kBase64Invalid)) << bad;
  }
}

TEST(BytesTest, DigestNeeds32Octets) {
  EXPECT_TRUE(ToDigest(Bytes(32)).ok());
  EXPECT_TRUE(Is(ToDigest(Bytes(31)).status(), kDigestLength));
}

TEST(BytesTest, ConstantTimeEqualComparesContentAndLength) {
  EXPECT_TRUE(ConstantTimeEqual(Bytes{1, 2}, Bytes{1, 2}));
  EXPECT_FALSE(ConstantTimeEqual(Bytes{1, 2}, Bytes{1, 3}));
  EXPECT_FALSE(ConstantTimeEqual(Bytes{1, 2}, Bytes{1}));
}

TEST(SecretBytesTest, TakesAndWipesItsSource) {
  std::string pin = "123456";
  const SecretBytes secret = SecretBytes::WipeAndTake(pin);
  EXPECT_TRUE(pin.empty());
  EXPECT_EQ(AsString(secret.Expose()), "123456");
  EXPECT_TRUE(secret == SecretBytes::CopyOf(AsBytes("123456")));
  EXPECT_FALSE(secret == SecretBytes::CopyOf(AsBytes("123457")));
}

TEST(ClockTest, FakeMovesWallAloneOrBoth) {
  FakeClock clock({1000});
  clock.Advance(5);
  EXPECT_EQ(clock.Now().ms, 1005);
  const BootTime boot = clock.SinceBoot();
  clock.SetWall({1});
  EXPECT_EQ(clock.Now().ms, 1);
  EXPECT_EQ(clock.SinceBoot(), boot);
}

TEST(ClockTest, Iso8601) {
  EXPECT_EQ(ToIso8601({0}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(ToIso8601({1'795'415'400'123}), "2026-11-23T06:30:00.123Z");
}

TEST(RngTest, SystemDrawsDiffer) {
  SystemRng rng;
  EXPECT_NE(*rng.Draw(32), *rng.Draw(32));
}

class FileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char path[] = "/tmp/intaglio-file-XXXXXX";
    folder_ = mkdtemp(path);
  }
  void TearDown() override { (void)system(("rm -rf " + folder_).c_str()); }
  std::string folder_;
};

TEST_F(FileTest, WritesReadsAndChecksMode) {
  const std::string path = folder_ + "/pin";
  ASSERT_TRUE(WriteFile(path, AsBytes("1234\n"), 0600).ok());
  EXPECT_EQ(AsString(ReadSecretFile(path)->Expose()), "1234");
  ASSERT_EQ(chmod(path.c_str(), 0640), 0);
  EXPECT_TRUE(Is(ReadSecretFile(path).status(), kFileMode));
  EXPECT_TRUE(ReadFile(path, FileTrust::kNotWritable, 10).ok());
  ASSERT_EQ(chmod(path.c_str(), 0660), 0);
  EXPECT_TRUE(Is(ReadFile(path, FileTrust::kNotWritable, 10).status(), kFileMode));
}

TEST_F(FileTest, RefusesLargeMissingAndFolders) {
  const std::string path = folder_ + "/f";
  ASSERT_TRUE(WriteFile(path, Bytes(11), 0644).ok());
  EXPECT_TRUE(Is(ReadFile(path, FileTrust::kAnyMode, 10).status(), kFileTooLarge));
  EXPECT_TRUE(Is(ReadFile(folder_ + "/no", FileTrust::kAnyMode, 10).status(), kFileUnreadable));
  EXPECT_TRUE(Is(ReadFile(folder_, FileTrust::kAnyMode, 10).status(), kFileUnreadable));
  EXPECT_TRUE(Is(WriteFile(folder_ + "/no/f", Bytes(1), 0644), kFileUnwritable));
}

}  // namespace
}  // namespace intaglio
