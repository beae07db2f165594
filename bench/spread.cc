#include "bench/spread.h"

#include <algorithm>
#include <cmath>

namespace policytrack::bench {
namespace {

// Between the two samples that lie next to the quantile.
double Quantile(const std::vector<double>& sorted, double quantile) {
  const double at = quantile * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(std::floor(at));
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

Spread SpreadOf(std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  return {Quantile(samples, 0.5), Quantile(samples, 0.25), Quantile(samples, 0.75)};
}

void Paired::Add(double of_subject, double of_baseline) {
  subject.push_back(of_subject);
  baseline.push_back(of_baseline);
}

std::vector<double> Paired::Ratios() const {
  std::vector<double> ratios;
  ratios.reserve(subject.size());
  for (size_t i = 0; i < subject.size(); ++i) ratios.push_back(subject[i] / baseline[i]);
  return ratios;
}

Paired InTurns(int rounds, const std::function<double()>& subject,
               const std::function<double()>& baseline) {
  Paired paired;
  for (int round = 0; round < rounds; ++round) {
    if (round % 2 == 0) {
      const double first = subject();
      paired.Add(first, baseline());
    } else {
      const double first = baseline();
      paired.Add(subject(), first);
    }
  }
  return paired;
}

double SecondsOf(const std::function<void()>& body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double MedianSecondsOf(int calls, const std::function<void()>& call) {
  std::vector<double> seconds;
  seconds.reserve(calls);
  for (int i = 0; i < calls; ++i) seconds.push_back(SecondsOf(call));
  return SpreadOf(std::move(seconds)).median;
}

}  // namespace policytrack::bench
