// Sealing in bulk, the whole path in one process: client, stream, host, link, core, token; against
// the token's own calls.
#include <openssl/sha.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <semaphore>
#include <string>
#include <vector>

#include "appliance/records/canonical.h"
#include "intaglio/host/v1/services.pb.h"
#include "tests/bench/comparison.h"
#include "tests/bench/raw_token.h"
#include "tests/support/seal_lab.h"

namespace intaglio::bench {
namespace {

using testing_support::SealLab;
using Clock = std::chrono::steady_clock;

// A seal client that always has more.
class Client final {
 public:
  Client(SealLab& lab, size_t frame)
      : lab_(lab),
        frame_(frame),
        authorisation_(lab.Authorise(100'000'000, 10'000'000)),
        connection_(lab.Connect("seal-client")) {}

  // Seals for about that long; signatures a second, the last answer included.
  double Rate(double seconds) {
    const auto start = Clock::now();
    size_t sealed = 0;
    // The transport would buffer seconds of work for an RSA key, and the round last as long.
    std::counting_semaphore<> room(kMostUnanswered);
    const Status ended = connection_->Seal(
        [&](host::v1::SealFrame& frame) {
          room.acquire();
          if (SecondsSince(start) >= seconds) return false;
          Next(frame);
          return true;
        },
        [&](host::v1::SealFrameResult& result) -> Status {
          if (result.has_failure()) {
            fprintf(stderr, "bench: a frame failed: %s %s\n",
                    result.failure().reason_name().c_str(), result.failure().detail().c_str());
            exit(1);
          }
          for (const auto& each : result.sealed().results()) sealed += !each.signature().empty();
          room.release();
          return OkStatus();
        });
    if (!ended.ok()) {
      fprintf(stderr, "bench: the stream ended: %s\n", std::string(ended.message()).c_str());
      exit(1);
    }
    return static_cast<double>(sealed) / SecondsSince(start);
  }

 private:
  static constexpr ptrdiff_t kMostUnanswered = 12;

  static double SecondsSince(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  }
  void Next(host::v1::SealFrame& frame) {
    core::v1::SealBatch batch = lab_.key().Batch(authorisation_, ++sequence_, 0);
    for (size_t i = 0; i < frame_; ++i) {
      const uint64_t number = next_hash_++;
      std::string& hash = *batch.add_dtbsr();
      hash.resize(SHA256_DIGEST_LENGTH);
      SHA256(reinterpret_cast<const uint8_t*>(&number), sizeof(number),
             reinterpret_cast<uint8_t*>(hash.data()));
    }
    batch.set_count(frame_);
    const Bytes octets = appliance::SerializeCanonical(batch);
    frame.set_credential_id(lab_.credential());
    frame.set_batch(AsString(octets));
    frame.set_client_signature(AsString(lab_.key().client().Sign(octets)));
  }

  SealLab& lab_;
  const size_t frame_;
  const appliance::SealAuthorisationId authorisation_;
  const std::unique_ptr<host::Connection> connection_;
  uint64_t sequence_ = 0;
  uint64_t next_hash_ = 0;
};

// The side, and on standard error what an operation cost the processors: on a machine that does
// other things too, that says more than the rate.
Side Costed(const std::string& what, Side side) {
  return [what, side = std::move(side)](double seconds) {
    const auto start = Clock::now();
    const std::clock_t before = std::clock();
    const double rate = side(seconds);
    const double cpu = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
    const double operations = rate * std::chrono::duration<double>(Clock::now() - start).count();
    fprintf(stderr, "%s: %.1f us of CPU each\n", what.c_str(), cpu * 1e6 / operations);
    return rate;
  };
}

void Measure(const std::string& name, appliance::KeyAlgorithm algorithm, size_t frame, int threads,
             const Length& length, void (RawWorker::*raw_call)()) {
  SealLab lab(algorithm);
  Client client(lab, frame);
  RawToken raw(lab.core().core().module_path(), "core", lab.core().core().pin(),
               testing_support::SoftHsm::storage_key_label());
  std::vector<std::unique_ptr<RawWorker>> workers;
  for (int i = 0; i < threads; ++i) workers.push_back(raw.NewWorker());
  Compare(name, "signatures/s", length,
          Costed("ours", [&](double seconds) { return client.Rate(seconds); }),
          Costed("raw", [&](double seconds) {
            return RateOf(threads, seconds, [&](int thread) {
              (workers[static_cast<size_t>(thread)].get()->*raw_call)();
              return size_t{1};
            });
          }));
}

}  // namespace
}  // namespace intaglio::bench

int main(int argc, char** argv) {
  CLI::App app("Measures bulk sealing, client to token, against raw PKCS#11 calls");
  int threads = 4;
  size_t frame = 1'000, rsa_frame = 100;
  bool quick = false;
  app.add_option("--threads", threads, "threads of the raw side")->check(CLI::Range(1, 64));
  app.add_option("--frame", frame, "hashes in a frame, P-256")->check(CLI::Range(1, 10'000));
  app.add_option("--rsa-frame", rsa_frame, "hashes in a frame, RSA")->check(CLI::Range(1, 2'500));
  app.add_flag("--quick", quick, "shorter, and less exact");
  CLI11_PARSE(app, argc, argv);
  using namespace intaglio::bench;  // NOLINT
  const Length length = quick ? Length::Quick() : Length();
  Measure("batch_seal_vs_raw_sign_verify", intaglio::appliance::KeyAlgorithm::kP256, frame, threads,
          length, &RawWorker::SignAndVerifyP256);
  Measure("batch_seal_rsa3072_vs_raw_sign", intaglio::appliance::KeyAlgorithm::kRsa3072, rsa_frame,
          threads, length, &RawWorker::SignRsa3072);
  return 0;
}
