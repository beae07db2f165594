// The methods that compare changes in the unit of the value, on straight lines.
#include <algorithm>
#include <cmath>

#include "plugins/builtin/attainment/method.h"

namespace attainment {
namespace {

// From the baseline to the value, straight on to the target's time.
double StraightOn(const Progress& p) {
  return p.value + (p.value - p.baseline) / p.years * p.years_left();
}

class LinearPace final : public Method {
 public:
  Shape shape() const override { return Shape::kStraight; }
  bool Enough(const Progress& p) const override { return p.years > 0; }

  std::optional<Verdict> WithTarget(const Progress& p) const override {
    if (p.all_years <= 0) return std::nullopt;
    const double actual = p.direction * (p.value - p.baseline) / p.years;
    const double required = std::abs((p.target - p.baseline) / p.all_years);
    if (required == 0) return WithoutRequirement(actual);
    return OfPace(actual / required);
  }

  std::optional<double> Project(const Progress& p) const override { return StraightOn(p); }
};

// How much of the way from baseline to target lies behind a point of it.
double ShareOfWay(const Progress& p, double point) {
  return p.direction * (point - p.baseline) / std::abs(p.target - p.baseline);
}

class EscapCurrent final : public Method {
 public:
  Shape shape() const override { return Shape::kStraight; }
  bool Enough(const Progress& p) const override { return p.years > 0; }

  std::optional<Verdict> WithTarget(const Progress& p) const override {
    if (p.all_years <= 0) return std::nullopt;
    if (p.target == p.baseline) return WithoutRequirement(p.direction * (p.value - p.baseline));
    const double share = std::clamp(ShareOfWay(p, p.value), -1.0, 1.0);
    // The index of one who is where the straight way asks for.
    const double due = std::min(p.years / p.all_years, 1.0);
    if (share >= due - kRatioRounding)
      return Verdict{kOnTrack, ScoreInBand(kOnTrack, share, due, 1), share};
    if (share > kRatioRounding)
      return Verdict{kModerate, ScoreInBand(kModerate, share, 0, due), share};
    return Verdict{kDeteriorating, ScoreInBand(kDeteriorating, share, -1, 0), share};
  }

  std::optional<double> Project(const Progress& p) const override { return StraightOn(p); }
};

class EscapAnticipated final : public Method {
 public:
  Shape shape() const override { return Shape::kStraight; }
  bool Enough(const Progress& p) const override {
    return p.years_left() > 0 ? p.earlier.line.count() > 0 : p.years > 0;
  }

  std::optional<Verdict> WithTarget(const Progress& p) const override {
    if (p.all_years <= 0) return std::nullopt;
    const double predicted = Predict(p);
    if (p.target == p.baseline) return WithoutRequirement(p.direction * (predicted - p.baseline));
    const double share = std::clamp(ShareOfWay(p, predicted), -1.0, 1.0);
    if (share > 0.9 + kRatioRounding)
      return Verdict{kOnTrack, ScoreInBand(kOnTrack, share, 0.9, 1), share};
    if (share > kRatioRounding)
      return Verdict{kModerate, ScoreInBand(kModerate, share, 0, 0.9), share};
    return Verdict{kDeteriorating, ScoreInBand(kDeteriorating, share, -1, 0), share};
  }

  std::optional<double> Project(const Progress& p) const override { return Predict(p); }
  const Rest* RestsOn(const Earlier& earlier) const override { return &earlier.all; }

 private:
  // From the target's time on nothing is left to predict: a point there has all
  // the weight.
  static double Predict(const Progress& p) {
    if (p.years_left() <= 0) return p.value;
    WeightedLine line = p.earlier.line;
    line.Add(p.years_left(), p.value);
    return *line.AtTarget();
  }
};

class Weather final : public Method {
 public:
  Shape shape() const override { return Shape::kStraight; }
  bool Enough(const Progress& p) const override {
    constexpr int kFewest = 4;
    return p.earlier.last_count + 1 >= kFewest;
  }

  std::optional<Verdict> WithTarget(const Progress& p) const override {
    const double gap = p.direction * (p.target - p.value);
    if (gap <= 0) return std::nullopt;
    // How much of the gap closes until the target's time; the rest is missed.
    const double closed = p.direction * (Extrapolate(p) - p.value) / gap;
    const bool towards = p.direction * (p.value - p.earlier.last_value) > 0;
    if (!towards)
      return Verdict{kDeteriorating, ScoreInBand(kDeteriorating, closed, -0.8, 0), closed};
    if (closed > 0.95 + kRatioRounding)
      return Verdict{kOnTrack, ScoreInBand(kOnTrack, closed, 0.95, 1.1), closed};
    if (closed >= 0.8 - kRatioRounding)
      return Verdict{kModerate, ScoreInBand(kModerate, closed, 0.8, 0.95), closed};
    return Verdict{kLimited, ScoreInBand(kLimited, closed, 0, 0.8), closed};
  }

  std::optional<double> Project(const Progress& p) const override { return Extrapolate(p); }
  const Rest* RestsOn(const Earlier& earlier) const override { return &earlier.last; }

 private:
  static double Extrapolate(const Progress& p) {
    // The mean of the changes a year is that from the first to the last.
    const double change = (p.value - p.earlier.last_value) / p.earlier.last_years_before;
    return p.value + change * std::max(p.years_left(), 0.0);
  }
};

}  // namespace

std::unique_ptr<Method> MakeLinearMethod(const std::string& name) {
  if (name == "linear_pace") return std::make_unique<LinearPace>();
  if (name == "escap_current") return std::make_unique<EscapCurrent>();
  if (name == "escap_anticipated") return std::make_unique<EscapAnticipated>();
  if (name == "weather") return std::make_unique<Weather>();
  return nullptr;
}

std::optional<Verdict> Method::WithoutTarget(const Progress&) const { return std::nullopt; }

const Rest* Method::RestsOn(const Earlier&) const { return nullptr; }

std::unique_ptr<Method> MakeMethod(const std::string& name, std::optional<double> natural_limit) {
  std::unique_ptr<Method> method = MakeGrowthMethod(name, natural_limit);
  return method != nullptr ? std::move(method) : MakeLinearMethod(name);
}

}  // namespace attainment
