#include "plugins/builtin/attainment/verdict.h"

#include <algorithm>

namespace attainment {

double ScoreInBand(Status status, double x, double from, double to) {
  constexpr double kBand = 2.5;
  const double begin = kBand * (static_cast<int>(status) - 3);
  const double part = to == from ? 1.0 : (x - from) / (to - from);
  return begin + kBand * std::clamp(part, 0.0, 1.0);
}

Verdict WithoutRequirement(double progress) {
  if (progress < 0) return {kDeteriorating, -5.0, std::nullopt};
  if (progress > 0) return {kOnTrack, 5.0, std::nullopt};
  return {kLimited, -2.5, std::nullopt};
}

Verdict OfPace(double ratio) {
  Verdict verdict{kDeteriorating, 0, ratio};
  if (ratio >= 0.5 - kRatioRounding) {
    verdict.status = ratio > 0.9 + kRatioRounding ? kOnTrack : kModerate;
    verdict.score = std::clamp(6.25 * (ratio - 0.5), 0.0, 5.0);
  } else {
    verdict.status = ratio >= 0 ? kLimited : kDeteriorating;
    verdict.score = std::max(5 * ratio - 2.5, -5.0);
  }
  return verdict;
}

}  // namespace attainment
