// Unwraps without end, in bounded memory: SoftHSM keeps some 240 octets for every session object it
// has destroyed until it is finalised, so the supervisor initialises it anew now and then.
//
// 20,000 unwraps in the normal run; INTAGLIO_SOAK_UNWRAPS=1000000 for the long one.
#include <gtest/gtest.h>
#include <stdio.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <thread>

#include "base/rng.h"
#include "tests/contract/supervised_softhsm.h"
#include "tests/support/status_matchers.h"

namespace intaglio::tokens {
namespace {

using testing_support::IsOk;
using testing_support::RecordingObserver;
using testing_support::SupervisedSoftHsm;

size_t ResidentOctets() {
  std::ifstream statm("/proc/self/statm");
  size_t size = 0, resident = 0;
  statm >> size >> resident;
  return resident * 4096;
}

size_t UnwrapsWanted() {
  const char* wanted = getenv("INTAGLIO_SOAK_UNWRAPS");
  return wanted != nullptr && *wanted != 0 ? strtoull(wanted, nullptr, 10) : 20'000;
}

TEST(TokenSoak, UnwrapsInBoundedMemory) {
  const SystemClock clock;
  SupervisedSoftHsm softhsm;
  std::vector<SupervisedTokenConfig> tokens;
  tokens.push_back(softhsm.Config());
  tokens[0].limits.cached_keys_per_session = 1;  // so that every change of key unwraps
  tokens[0].reinitialise_after = std::max<uint64_t>(UnwrapsWanted() / 10, 4000);
  auto opened = Supervisor::Open(std::move(tokens), clock, {.probe_every = 50});
  ASSERT_THAT(opened, IsOk());
  Supervisor& supervisor = **opened;
  RecordingObserver observer;
  supervisor.Start(observer);
  const KeyLabel storage = KeyLabel::Create("storage").value();
  struct Sample {
    KeyId id;
    GeneratedWrappedKey key;
  };
  std::vector<Sample> samples;
  SystemRng rng;
  for (int i = 0; i < 8; ++i) {
    samples.push_back({KeyId::Create(rng.Draw(16).value()).value(),
                       supervisor.GenerateWrapped(KeyAlgorithm::kP256, storage).value()});
  }
  std::atomic<size_t> done{0}, failed{0};
  const auto run = [&](size_t upto) {
    std::vector<std::thread> threads;
    for (size_t t = 0; t < 2; ++t) {
      threads.emplace_back([&, t] {
        const MessageDigest digest = MessageDigest::Sha256(Digest{static_cast<uint8_t>(t)});
        for (size_t i = t; done.fetch_add(1) < upto; ++i) {
          const Sample& sample = samples[(i * 3 + t) % samples.size()];
          const auto signatures =
              supervisor.SignWrapped(sample.id, WrappedKey{sample.key.wrapped}, KeyAlgorithm::kP256,
                                     storage, Spki{sample.key.key.spki_der}, {&digest, 1});
          if (!signatures.ok()) ++failed;
        }
      });
    }
    for (auto& thread : threads) thread.join();
    done = upto;
  };
  const size_t wanted = UnwrapsWanted();
  run(wanted / 4);  // the first re-initialisations set the level
  const size_t level = ResidentOctets();
  run(wanted);
  const size_t grown = ResidentOctets() > level ? ResidentOctets() - level : 0;
  supervisor.Stop();
  const SupervisorCounters counters = supervisor.Standing().counters;
  printf("%zu signatures, %zu misses, %zu evictions, %zu re-initialisations, grown by %zu KiB\n",
         wanted, size_t{counters.cache_misses}, size_t{counters.cache_evictions},
         size_t{counters.reinitialisations}, grown / 1024);
  EXPECT_EQ(failed, 0u);
  EXPECT_GT(counters.cache_misses, wanted);
  EXPECT_GE(counters.reinitialisations, 3u);
  // Without re-initialising it would be 480 octets and more for each signature here.
  EXPECT_LT(grown, 3u << 20);
}

}  // namespace
}  // namespace intaglio::tokens
