// Comparison: ours against a reference, measured turn by turn in one run, so that what else the
// machine does hits both. One JSON object a line goes to standard output.
#ifndef INTAGLIO_TESTS_BENCH_COMPARISON_H_
#define INTAGLIO_TESTS_BENCH_COMPARISON_H_

#include <functional>
#include <string>

namespace intaglio::bench {

struct Length {
  int rounds = 5;
  double seconds_a_round = 2;  // of each side
  static Length Quick() { return {3, 0.5}; }
};

// One side: does work for about that many seconds and answers operations a second.
using Side = std::function<double(double seconds)>;

// Runs `work(thread)`, which answers how many operations it did, on so many threads until the time
// is over. Aborts the program if a call throws or fails: a rate of failures says nothing.
double RateOf(int threads, double seconds, const std::function<size_t(int thread)>& work);

// Alternates the sides and prints {"name","ratio","ours","reference","unit"} of the medians.
// `ratio` is ours / reference.
void Compare(const std::string& name, const std::string& unit, const Length& length,
             const Side& ours, const Side& reference);
// The medians' ratio alone.
double ShareOf(const Length& length, const Side& ours, const Side& reference);
void PrintLine(const std::string& name, double ratio, double ours, double reference,
               const std::string& unit);

}  // namespace intaglio::bench

#endif  // INTAGLIO_TESTS_BENCH_COMPARISON_H_
