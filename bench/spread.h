// Samples boiled down to a median with the quartiles around it, and two things
// measured in turns.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_BENCH_SPREAD_H_
#define POLICYTRACK_BENCH_SPREAD_H_

#include <chrono>
#include <functional>
#include <vector>

namespace policytrack::bench {

// Median, lower and upper quartile.
struct Spread {
  double median = 0;
  double low = 0;
  double high = 0;
};

// REQUIRES: not empty.
Spread SpreadOf(std::vector<double> samples);

// Two things measured in the same rounds. A ratio is one of one round, so that
// what else the machine did then is in both of its parts.
struct Paired {
  std::vector<double> subject;
  std::vector<double> baseline;

  void Add(double of_subject, double of_baseline);
  std::vector<double> Ratios() const;
};

// Measures in turns, the order changing from round to round.
Paired InTurns(int rounds, const std::function<double()>& subject,
               const std::function<double()>& baseline);

// Seconds that `body` takes.
double SecondsOf(const std::function<void()>& body);

// The median of so many calls, in seconds.
double MedianSecondsOf(int calls, const std::function<void()>& call);

}  // namespace policytrack::bench

#endif  // POLICYTRACK_BENCH_SPREAD_H_
