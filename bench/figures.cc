#include "bench/figures.h"

#include <cmath>

#include "absl/strings/str_format.h"

namespace policytrack::bench {
namespace {

// splitmix64: the same noise on every machine.
double Noise(uint64_t seed) {
  uint64_t z = seed * 0x9e3779b97f4a7c15 + 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  z ^= z >> 31;
  return static_cast<double>(z >> 11) / static_cast<double>(uint64_t{1} << 53) - 0.5;
}

double ValueOf(int series, int month) {
  constexpr double kSeason[12] = {-6, -9, 2, 1, 0, 3, 2, 1, 4, 5, 6, 9};
  const double level = 100 + series % 97;
  const double trend = 0.08 * month * (1 + series % 7);
  const double noise =
      4 * Noise(static_cast<uint64_t>(series) << 32 | static_cast<uint32_t>(month));
  return std::round((level + trend + kSeason[month % 12] + noise) * 100) / 100;
}

}  // namespace

Figures::Figures(int series, int periods, int months_to_come)
    : series_(series), periods_(periods), stride_(static_cast<size_t>(periods) + months_to_come) {
  regions_.reserve(series);
  values_.reserve(stride_ * series);
  for (int s = 0; s < series; ++s) {
    regions_.push_back(absl::StrFormat("region-%04d", s));
    for (size_t month = 0; month < stride_; ++month) {
      values_.push_back(ValueOf(s, static_cast<int>(month)));
    }
  }
}

std::string Figures::period_text(int month) const {
  return absl::StrFormat("%04d-%02d", period(month) / 12, period(month) % 12 + 1);
}

}  // namespace policytrack::bench
