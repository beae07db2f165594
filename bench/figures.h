// The data set that every case works on: monthly series with a trend, a season
// and noise, to two decimals, the same in every run.
//
// Thread rule: immutable; any thread.
#ifndef POLICYTRACK_BENCH_FIGURES_H_
#define POLICYTRACK_BENCH_FIGURES_H_

#include <cstdint>
#include <string>
#include <vector>

namespace policytrack::bench {

class Figures {
 public:
  // `periods` months of `series` series, and values for `months_to_come` more.
  Figures(int series, int periods, int months_to_come = kMonthsToCome);

  int series() const { return series_; }
  int periods() const { return periods_; }
  int64_t size() const { return int64_t{series_} * periods_; }

  // What the rows of a series carry in their one dimension.
  const std::string& region(int series) const { return regions_[series]; }
  // The ordinal and the text of a month, from 0.
  int64_t period(int month) const { return kFirstPeriod + month; }
  std::string period_text(int month) const;
  // REQUIRES: month < periods() + months_to_come.
  double value(int series, int month) const {
    return values_[static_cast<size_t>(series) * stride_ + month];
  }

  // Months after periods() that have values too, unless told otherwise.
  static constexpr int kMonthsToCome = 1000;

 private:
  // January 1941: a thousand months from it end in April 2024.
  static constexpr int64_t kFirstPeriod = 1941 * 12;

  const int series_;
  const int periods_;
  const size_t stride_;
  std::vector<std::string> regions_;
  std::vector<double> values_;
};

}  // namespace policytrack::bench

#endif  // POLICYTRACK_BENCH_FIGURES_H_
