#include "tests/bench/comparison.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

namespace intaglio::bench {
namespace {

using Steady = std::chrono::steady_clock;

double SecondsSince(Steady::time_point start) {
  return std::chrono::duration<double>(Steady::now() - start).count();
}

double MedianOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Medians {
  double ours;
  double reference;
};

Medians Measure(const Length& length, const Side& ours, const Side& reference) {
  std::vector<double> of_ours, of_reference;
  // The first turn warms caches and connections and is not counted.
  ours(length.seconds_a_round / 4);
  reference(length.seconds_a_round / 4);
  for (int i = 0; i < length.rounds; ++i) {
    of_reference.push_back(reference(length.seconds_a_round));
    of_ours.push_back(ours(length.seconds_a_round));
  }
  return {MedianOf(of_ours), MedianOf(of_reference)};
}

double Rounded(double value, double step) { return std::round(value / step) * step; }

}  // namespace

double RateOf(int threads, double seconds, const std::function<size_t(int thread)>& work) {
  std::atomic<size_t> done{0};
  const auto start = Steady::now();
  std::vector<std::thread> running;
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&, i] {
      while (SecondsSince(start) < seconds) done += work(i);
    });
  }
  for (std::thread& each : running) each.join();
  return static_cast<double>(done) / SecondsSince(start);
}

void PrintLine(const std::string& name, double ratio, double ours, double reference,
               const std::string& unit) {
  const nlohmann::ordered_json line{{"name", name},
                                    {"ratio", Rounded(ratio, 0.001)},
                                    {"ours", Rounded(ours, 0.01)},
                                    {"reference", Rounded(reference, 0.01)},
                                    {"unit", unit}};
  printf("%s\n", line.dump().c_str());
  fflush(stdout);
}

double ShareOf(const Length& length, const Side& ours, const Side& reference) {
  const Medians rate = Measure(length, ours, reference);
  return rate.ours / rate.reference;
}

void Compare(const std::string& name, const std::string& unit, const Length& length,
             const Side& ours, const Side& reference) {
  const Medians rate = Measure(length, ours, reference);
  PrintLine(name, rate.ours / rate.reference, rate.ours, rate.reference, unit);
}

}  // namespace intaglio::bench
