// A seal client's whole path over real mutual TLS: stream, host, link, core, token; and the
// commands that people type. Requirements R-SYS-6, R-QSC-4.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <sstream>
#include <thread>

#include "base/file.h"
#include "host/ctl/command_table.h"
#include "host/ctl/key_file.h"
#include "host/domain/usecase_reasons.h"
#include "host/sealing/frame_gate.h"
#include "host/sealing/frame_window.h"
#include "host/sealing/seal_tree.h"
#include "host/x509/pem.h"
#include "host/x509/public_key.h"
#include "intaglio/host/v1/services.pb.h"
#include "tests/support/seal_lab.h"
#include "tests/support/status_matchers.h"

namespace intaglio::testing_support {
namespace {

namespace hpb = ::intaglio::host::v1;
using appliance::KeyAlgorithm;
using appliance::SealAuthorisationId;
using appliance::SerializeCanonical;
using ::testing::HasSubstr;

bool Here() { return false; }

class SealPathTest : public ::testing::Test {
 protected:
  hpb::SealFrame Frame(const pb::SealBatch& batch) {
    hpb::SealFrame frame;
    const Bytes octets = SerializeCanonical(batch);
    frame.set_credential_id(lab_.credential());
    frame.set_batch(AsString(octets));
    frame.set_client_signature(AsString(lab_.key().client().Sign(octets)));
    return frame;
  }
  // Sends the frames, and answers their results in the order they came.
  StatusOr<std::vector<hpb::SealFrameResult>> Send(const std::vector<hpb::SealFrame>& frames,
                                                   const std::string& role = "seal-client") {
    std::vector<hpb::SealFrameResult> results;
    size_t next = 0;
    RETURN_IF_ERROR(lab_.Connect(role)->Seal(
        [&](hpb::SealFrame& frame) {
          if (next == frames.size()) return false;
          frame = frames[next++];
          return true;
        },
        [&](hpb::SealFrameResult& result) {
          results.push_back(std::move(result));
          return OkStatus();
        }));
    return results;
  }
  bool Verifies(const std::string& hash, const std::string& signature) {
    return lab_.core()
        .core()
        .token()
        .VerifyEs256(lab_.key().record().spki, *ToDigest(AsBytes(hash)), AsBytes(signature))
        .ok();
  }
  struct Said {
    int code;
    std::string out;
    std::string err;
  };
  Said Run(const std::string& role, std::vector<std::string> words) {
    const host::Profile profile = lab_.ProfileOf(role);
    std::vector<std::string> line = {
        "intaglio",          "--json",    "--yes",    "--address",
        profile.address,     "--tls-ca",  profile.ca, "--tls-certificate",
        profile.certificate, "--tls-key", profile.key};
    line.insert(line.end(), words.begin(), words.end());
    std::vector<const char*> argv;
    for (const std::string& word : line) argv.push_back(word.c_str());
    std::istringstream in;
    std::ostringstream out, err;
    const int code = host::RunIntaglio(static_cast<int>(argv.size()), argv.data(), {in, out, err});
    return {code, out.str(), err.str()};
  }

  SealLab lab_{KeyAlgorithm::kP256};
};

TEST_F(SealPathTest, ManyFramesInFlightComeBackInOrder) {
  const auto id = lab_.Authorise(100'000, 1'000'000);
  std::vector<hpb::SealFrame> frames;
  for (uint64_t i = 1; i <= 40; ++i) frames.push_back(Frame(lab_.key().Batch(id, i, 1 + i % 7)));
  const auto results = Send(frames);
  ASSERT_THAT(results, IsOk());
  ASSERT_EQ(results->size(), frames.size());
  for (uint64_t i = 1; i <= 40; ++i) {
    const auto& result = results->at(i - 1);
    ASSERT_TRUE(result.has_sealed()) << result.failure().reason_name();
    ASSERT_EQ(static_cast<uint64_t>(result.sealed().results_size()), 1 + i % 7);
    EXPECT_TRUE(Verifies(lab_.key().Hash(i, 0), result.sealed().results(0).signature())) << i;
  }
  EXPECT_NE(*lab_.store().AuditHead(), Bytes(32)) << "one line a frame";
}

TEST_F(SealPathTest, AFrameThatFailsDoesNotEndTheStream) {
  const auto id = lab_.Authorise(100, 1'000'000);
  hpb::SealFrame nobody = Frame(lab_.key().Batch(id, 1, 1));
  nobody.set_credential_id(std::string(32, '0'));
  hpb::SealFrame misshapen = Frame(lab_.key().Batch(id, 1, 1));
  misshapen.clear_batch();
  pb::SealBatch partly = lab_.key().Batch(id, 1, 3);
  partly.set_dtbsr(1, "short");
  const auto results = Send({nobody, misshapen, Frame(lab_.key().Batch(id, 2, 101)), Frame(partly),
                             Frame(lab_.key().Batch(SealAuthorisationId{}, 1, 1))});
  ASSERT_THAT(results, IsOk());
  ASSERT_EQ(results->size(), 5u);
  EXPECT_EQ(results->at(0).failure().reason_name(), "CREDENTIAL_UNKNOWN");
  EXPECT_EQ(results->at(1).failure().reason_name(), "FIELD_INVALID");
  EXPECT_EQ(results->at(2).failure().reason_name(), "SEAL_QUOTA_SPENT");
  ASSERT_EQ(results->at(3).sealed().results_size(), 3);
  EXPECT_EQ(results->at(3).sealed().results(1).failure().reason_name(), "SEAL_HASH_LENGTH");
  EXPECT_TRUE(Verifies(lab_.key().Hash(1, 2), results->at(3).sealed().results(2).signature()));
  EXPECT_EQ(results->at(4).failure().reason_name(), "SEAL_UNAUTHORISED");
}

TEST_F(SealPathTest, OnlySealClientsAndAdministratorsMayCall) {
  const auto id = lab_.Authorise(100, 100);
  EXPECT_THAT(Send({Frame(lab_.key().Batch(id, 1, 1))}, "auditor"), FailsWith(host::kRoleDenied));
  EXPECT_THAT(Send({Frame(lab_.key().Batch(id, 1, 1))}), IsOk());
}

TEST_F(SealPathTest, AClientThatGoesAwayLeavesTheHostWhole) {
  const auto id = lab_.Authorise(100'000, 1'000'000);
  for (int round = 0; round < 3; ++round) {
    const auto connection = lab_.Connect("seal-client");
    uint64_t sequence = 100 * static_cast<uint64_t>(round);
    const Status ended = connection->Seal(
        [&](hpb::SealFrame& frame) {
          frame = Frame(lab_.key().Batch(id, ++sequence, 50));
          return true;
        },
        [](hpb::SealFrameResult&) { return Fail(host::kSealStreams, "enough"); });
    EXPECT_THAT(ended, FailsWith(host::kSealStreams));
  }
  const auto results = Send({Frame(lab_.key().Batch(id, 1000, 2))});
  ASSERT_THAT(results, IsOk());
  EXPECT_TRUE(results->at(0).has_sealed());
}

TEST_F(SealPathTest, StreamsAreBounded) {
  const auto id = lab_.Authorise(100, 100);
  std::mutex mutex;
  std::condition_variable changed;
  size_t open = 0;
  bool over = false;
  std::vector<std::thread> clients;
  for (size_t i = 1; i <= host::kMostSealStreams; ++i) {
    clients.emplace_back([&, i] {
      bool sent = false;
      const Status ended = lab_.Connect("seal-client")
                               ->Seal(
                                   [&](hpb::SealFrame& frame) {
                                     if (!std::exchange(sent, true)) {
                                       frame = Frame(lab_.key().Batch(id, i, 1));
                                       return true;
                                     }
                                     std::unique_lock lock(mutex);
                                     changed.wait(lock, [&] { return over; });
                                     return false;
                                   },
                                   [&](hpb::SealFrameResult&) {
                                     std::lock_guard lock(mutex);
                                     ++open;
                                     changed.notify_all();
                                     return OkStatus();
                                   });
      EXPECT_THAT(ended, IsOk());
    });
  }
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return open == host::kMostSealStreams; });
  }
  EXPECT_THAT(Send({}), FailsWith(host::kSealStreams));
  {
    std::lock_guard lock(mutex);
    over = true;
  }
  changed.notify_all();
  for (std::thread& each : clients) each.join();
  // Control: there is room again.
  EXPECT_THAT(Send({Frame(lab_.key().Batch(id, 17, 1))}), IsOk());
}

TEST_F(SealPathTest, PeopleDraftApproveAuthoriseSealAndLook) {
  const auto path = [&](const char* file) { return lab_.Path(file); };
  const auto client = host::SigningKey::CreateFile(path("client.key"));
  ASSERT_THAT(client, IsOk());
  ASSERT_THAT(WriteFile(path("client.pub"), client->spki(), 0644), IsOk());
  for (const size_t i : {0, 1}) {
    const std::string file = path(i == 0 ? "one.key" : "two.key");
    ASSERT_THAT(WriteFile(file, AsBytes(lab_.key().controller(i).PrivateKeyPem()), 0600), IsOk());
  }
  const std::string credential = lab_.credential();
  Said said = Run("administrator",
                  {"seal", "draft", "--credential", credential, "--client-key", path("client.pub"),
                   "--signatures", "5000", "--per-minute", "100000", "--out", path("seal.auth")});
  ASSERT_EQ(said.code, 0) << said.err;
  for (const char* who : {"one", "two"}) {
    said = Run("administrator", {"seal", "approve", "--authorisation", path("seal.auth"), "--key",
                                 lab_.Path(std::string(who) + ".key"), "--out",
                                 lab_.Path(std::string(who) + ".proof")});
    ASSERT_EQ(said.code, 0) << said.err;
  }
  const std::vector<std::string> sign = {"seal",
                                         "sign",
                                         "--credential",
                                         credential,
                                         "--authorisation",
                                         path("seal.auth"),
                                         "--client-key",
                                         path("client.key"),
                                         "--hashes",
                                         path("hashes"),
                                         "--out",
                                         path("signatures"),
                                         "--frame",
                                         "64"};
  std::string hashes;
  for (size_t i = 0; i < 1'000; ++i) hashes += ToHex(AsBytes(lab_.key().Hash(1, i))) + "\n";
  ASSERT_THAT(WriteFile(path("hashes"), AsBytes(hashes), 0644), IsOk());
  said = Run("seal-client", sign);
  EXPECT_EQ(said.code, 2) << said.out;
  EXPECT_THAT(said.err, HasSubstr("authorise"));
  said = Run("administrator", {"seal", "authorise", "--credential", credential, "--authorisation",
                               path("seal.auth"), "--proof", path("one.proof")});
  EXPECT_THAT(said.err, HasSubstr("CONTROLLERS_MISSING"));
  said = Run("administrator",
             {"seal", "authorise", "--credential", credential, "--authorisation", path("seal.auth"),
              "--proof", path("one.proof"), "--proof", path("two.proof")});
  ASSERT_EQ(said.code, 0) << said.err;
  said = Run("seal-client", sign);
  ASSERT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.out, HasSubstr("\"sealed\":1000"));
  std::istringstream lines(AsString(*ReadFile(path("signatures"), FileTrust::kAnyMode, 1 << 20)));
  std::string line;
  for (size_t i = 0; i < 1'000; ++i) {
    ASSERT_TRUE(std::getline(lines, line));
    ASSERT_TRUE(Verifies(lab_.key().Hash(1, i), AsString(*FromHex(line)))) << i;
  }
  // More than is left: what fits is sealed, and the command says that it was not all.
  std::string many;
  for (size_t i = 0; i < 4'100; ++i) many += ToHex(AsBytes(lab_.key().Hash(2, i))) + "\n";
  ASSERT_THAT(WriteFile(path("many"), AsBytes(many), 0644), IsOk());
  said = Run("seal-client", {"seal", "sign", "--credential", credential, "--authorisation",
                             path("seal.auth"), "--client-key", path("client.key"), "--hashes",
                             path("many"), "--out", path("more-signatures"), "--frame", "1000"});
  EXPECT_EQ(said.code, 1) << said.out;
  EXPECT_THAT(said.err, HasSubstr("SEAL_INCOMPLETE"));
  EXPECT_THAT(said.err, HasSubstr("100 of 4100"));
  EXPECT_THAT(said.err, HasSubstr("SEAL_QUOTA_SPENT"));
  // The wrong client key, and a key file of nobody.
  said = Run("seal-client",
             {"seal", "sign", "--credential", credential, "--authorisation", path("seal.auth"),
              "--client-key", path("one.key"), "--hashes", path("many"), "--out", path("none")});
  EXPECT_EQ(said.code, 2) << said.out;
  said = Run("seal-client", {"seal", "status", "--credential", credential});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.out, HasSubstr("\"remaining\":0"));
  EXPECT_THAT(said.out, HasSubstr("\"state\":\"open\""));
  // The client's key was stolen: an administrator ends it, the client itself may not.
  const std::vector<std::string> withdraw = {"seal",     "withdraw",        "--credential",
                                             credential, "--authorisation", path("seal.auth")};
  said = Run("seal-client", withdraw);
  EXPECT_THAT(said.err, HasSubstr("ROLE_DENIED"));
  said = Run("administrator", withdraw);
  ASSERT_EQ(said.code, 0) << said.err;
  said = Run("seal-client", {"seal", "status", "--credential", credential});
  EXPECT_THAT(said.out, HasSubstr("\"state\":\"withdrawn\""));
  said = Run("seal-client", {"seal", "sign", "--credential", credential, "--authorisation",
                             path("seal.auth"), "--client-key", path("client.key"), "--hashes",
                             path("hashes"), "--out", path("after")});
  EXPECT_NE(said.code, 0);
  EXPECT_THAT(said.err, HasSubstr("SEAL_WITHDRAWN"));
}

TEST(SealTreeTest, GivesTheRootsAndPathsOfTheStandard) {
  // The core checks paths by another algorithm, written from another section; here every shape up
  // to a few levels is compared with the recursive definition.
  HostileHost host;
  SealTestKey key(host.core(), KeyAlgorithm::kP256);
  for (size_t count = 1; count <= 40; ++count) {
    std::vector<Bytes> hashes;
    for (size_t i = 0; i < count; ++i) hashes.push_back(ToBytes(key.Hash(1, i)));
    const host::SealTree tree(hashes, 3);
    const auto batch = key.Tree({}, 1, count, 3);
    EXPECT_EQ(AsString(tree.root()), batch.merkle_root()) << count;
    ASSERT_EQ(tree.chunks(), batch.chunks());
    for (uint32_t i = 0; i < batch.chunks(); ++i) {
      EXPECT_EQ(tree.PathOf(i), key.Path(1, count, 3, i)) << count << ", chunk " << i;
    }
  }
}

TEST(FrameWindowTest, BoundsWhatIsUnderWayAndKeepsTheOrder) {
  host::FrameWindow<int> window(2);
  const size_t first = *window.Open(), second = *window.Open();
  window.Fill(second, 2);
  std::thread reader([&] { EXPECT_EQ(window.Open(), std::optional<size_t>(2)); });
  window.Fill(first, 1);
  EXPECT_EQ(window.Take(Here), 1);
  EXPECT_EQ(window.Take(Here), 2);
  reader.join();
  window.Close();
  window.Fill(2, 3);
  EXPECT_EQ(window.Take(Here), 3);
  EXPECT_EQ(window.Take(Here), std::nullopt);
}

TEST(FrameWindowTest, NobodyWaitsOnceItIsAbandoned) {
  host::FrameWindow<int> window(1);
  const size_t slot = *window.Open();
  std::thread reader([&] { EXPECT_EQ(window.Open(), std::nullopt); });
  std::thread writer([&] { EXPECT_EQ(window.Take(Here), std::nullopt); });
  window.Abandon();
  reader.join();
  writer.join();
  window.Fill(slot, 1);  // an answer that comes too late
  EXPECT_EQ(window.Open(), std::nullopt);
}

TEST(FrameWindowTest, WhoeverIsGoneNeedNotWaitForTheCore) {
  host::FrameWindow<int> window(1);
  EXPECT_TRUE(window.Open());
  EXPECT_EQ(window.Take([] { return true; }), std::nullopt);
  host::FrameGate gate(1);
  EXPECT_TRUE(gate.Enter(Here));
  EXPECT_FALSE(gate.Enter([] { return true; }));
  gate.Leave();
  EXPECT_TRUE(gate.Enter(Here));
}

}  // namespace
}  // namespace intaglio::testing_support
