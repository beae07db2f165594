// The methods that compare compound annual growth.
#include <algorithm>
#include <cmath>

#include "plugins/builtin/attainment/growth.h"
#include "plugins/builtin/attainment/method.h"

namespace attainment {
namespace {

class GrowthMethod : public Method {
 public:
  Shape shape() const final { return Shape::kCompound; }
  bool judges_direction() const final { return true; }
  bool Enough(const Progress& p) const final { return p.whole_year; }

  std::optional<Verdict> WithTarget(const Progress& p) const final {
    if (p.all_years <= 0 || OppositeSigns(p.baseline, p.value) ||
        OppositeSigns(p.baseline, p.target)) {
      return std::nullopt;
    }
    return Compare(p);
  }

  std::optional<Verdict> WithoutTarget(const Progress& p) const final {
    if (OppositeSigns(p.baseline, p.value)) return std::nullopt;
    return ByGrowth(p, WantedGrowth(p.baseline, p.value, p.years, p.direction));
  }

  std::optional<double> Project(const Progress& p) const final {
    // The stand-in for a baseline of 0 judges, but gives no figure to believe.
    if (p.baseline == 0 || OppositeSigns(p.baseline, p.value)) return std::nullopt;
    return GrowOn(p.baseline, p.value, p.years, p.all_years);
  }

 protected:
  // With a final point, all of one sign.
  virtual std::optional<Verdict> Compare(const Progress& p) const {
    const double actual = WantedGrowth(p.baseline, p.value, p.years, p.direction);
    const double required =
        std::abs(CompoundGrowth(NotZero(p.target), NotZero(p.baseline), p.all_years));
    if (required == 0) return WithoutRequirement(actual);
    return ByRatio(actual / required);
  }
  virtual Verdict ByRatio(double ratio) const = 0;
  virtual Verdict ByGrowth(const Progress& p, double growth) const = 0;
};

class OpenSdg final : public GrowthMethod {
 public:
  explicit OpenSdg(std::optional<double> natural_limit) : natural_limit_(natural_limit) {}

 private:
  Verdict ByRatio(double ratio) const override {
    Verdict verdict{kDeteriorating, 0, ratio};
    if (ratio >= 0.6 - kRatioRounding) {
      verdict.status = ratio >= 0.95 - kRatioRounding ? kOnTrack : kModerate;
      verdict.score = std::clamp(7.1429 * ratio - 4.2857, 0.0, 5.0);
    } else {
      verdict.status = ratio >= 0 ? kLimited : kDeteriorating;
      verdict.score = std::max(4.1667 * ratio - 2.5, -5.0);
    }
    return verdict;
  }

  Verdict ByGrowth(const Progress& p, double v) const override {
    const double c = natural_limit_.has_value() ? LimitFactor(p.baseline, *natural_limit_) : 1.0;
    if (v < 0) return {kDeteriorating, std::max(125 * v - 2.5, -5.0), std::nullopt};
    if (c == 0) return {kOnTrack, 5, std::nullopt};
    if (v >= 0.015 * c - kGrowthRounding) {
      return {kOnTrack, std::min(500 * v / c - 5, 5.0), std::nullopt};
    }
    if (v >= 0.005 * c - kGrowthRounding) return {kModerate, 250 * v / c - 1.25, std::nullopt};
    return {kLimited, 500 * v / c - 2.5, std::nullopt};
  }

  const std::optional<double> natural_limit_;
};

// Both editions score alike; the earlier ones have no band of no change.
class Eurostat final : public GrowthMethod {
 public:
  explicit Eurostat(bool no_change_band) : no_change_band_(no_change_band) {}

 private:
  Verdict ByRatio(double ratio) const override {
    const Status status = ratio > 0.95 + kRatioRounding   ? kOnTrack
                          : ratio >= 0.6 - kRatioRounding ? kModerate
                          : ratio >= 0                    ? kLimited
                                                          : kDeteriorating;
    const double percent = 100 * ratio;
    const double score = percent >= 60 ? 5.0 / 70 * (percent - 60) : 5.0 / 120 * (percent + 60) - 5;
    return {status, std::clamp(score, -5.0, 5.0), ratio};
  }

  Verdict ByGrowth(const Progress&, double v) const override {
    const double none = no_change_band_ ? 0.001 : 0.0;
    Status status = kDeteriorating;
    if (v > 0.01 + kGrowthRounding) {
      status = kOnTrack;
    } else if (v >= none - kGrowthRounding) {
      status = kModerate;
    } else if (no_change_band_ && v >= -none - kGrowthRounding) {
      status = kLimited;
    }
    return {status, std::clamp(250 * v, -5.0, 5.0), std::nullopt};
  }

  const bool no_change_band_;
};

class UnProgressChart final : public GrowthMethod {
  std::optional<Verdict> Compare(const Progress& p) const override {
    const double end = GrowOn(p.baseline, p.value, p.years, p.all_years);
    const double progress = p.direction * (end - p.baseline);
    const double required = std::abs(p.target - p.baseline);
    if (required == 0) return WithoutRequirement(progress);
    const double ratio = progress / required;
    if (std::isnan(ratio)) return std::nullopt;  // both are beyond doubles
    return ByRatio(ratio);
  }

  Verdict ByRatio(double q) const override {
    if (q >= 0.95 - kRatioRounding) return {kOnTrack, ScoreInBand(kOnTrack, q, 0.95, 1.8), q};
    if (q >= 0.10 - kRatioRounding) return {kModerate, ScoreInBand(kModerate, q, 0.10, 0.95), q};
    if (q >= 0) return {kLimited, ScoreInBand(kLimited, q, 0, 0.10), q};
    return {kDeteriorating, ScoreInBand(kDeteriorating, q, -0.85, 0), q};
  }

  Verdict ByGrowth(const Progress&, double v) const override {
    Status status = kDeteriorating;
    double score = ScoreInBand(kDeteriorating, v, -0.02, 0);
    if (v >= 0.02 - kGrowthRounding) {
      status = kOnTrack;
      score = ScoreInBand(kOnTrack, v, 0.02, 0.035);
    } else if (v >= 0.005 - kGrowthRounding) {
      status = kModerate;
      score = ScoreInBand(kModerate, v, 0.005, 0.02);
    } else if (v >= 0) {
      status = kLimited;
      score = ScoreInBand(kLimited, v, 0, 0.005);
    }
    return {status, score, std::nullopt};
  }
};

}  // namespace

std::unique_ptr<Method> MakeGrowthMethod(const std::string& name,
                                         std::optional<double> natural_limit) {
  if (name == "open_sdg") return std::make_unique<OpenSdg>(natural_limit);
  if (name == "eurostat") return std::make_unique<Eurostat>(true);
  if (name == "eurostat_2017") return std::make_unique<Eurostat>(false);
  if (name == "un_progress_chart") return std::make_unique<UnProgressChart>();
  return nullptr;
}

}  // namespace attainment
