#include "plugins/builtin/attainment/judge.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace attainment {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Looks for the nearest value in one direction whose status differs.
class Search {
 public:
  Search(const Situation& situation, double value, double towards)
      : situation_(situation),
        value_(value),
        towards_(towards),
        status_(*situation.Judge(value).status) {}

  // Not farther away than `limit`, which may be infinite.
  std::optional<double> Run(double limit) {
    const double end = towards_ > 0 ? value_ + limit : value_ - limit;
    std::vector<double> corners = situation_.Corners();
    std::sort(corners.begin(), corners.end());
    if (towards_ < 0) std::reverse(corners.begin(), corners.end());
    double scale = std::max(std::abs(value_), 1.0);
    for (const double corner : corners) {
      scale = std::max(scale, std::abs(corner));
      // Between corners the status goes one way, so that their two sides show it.
      for (const double at :
           {std::nextafter(corner, -towards_), corner, std::nextafter(corner, towards_)}) {
        if (towards_ > 0 ? at <= value_ : at >= value_) continue;
        if (towards_ > 0 ? at >= end : at <= end) return AtEnd(end);
        if (Differs(at)) return Between(at);
        last_ = at;
      }
    }
    // Beyond the last one, in steps that grow until nothing can be added.
    constexpr double kGrowth = 4;
    constexpr double kFirstStep = 1e-3;
    constexpr double kFar = 1e15;
    const double from = last_.value_or(value_);
    for (double step = kFirstStep * scale; step < kFar * scale; step *= kGrowth) {
      const double at = from + (towards_ > 0 ? step : -step);
      if (towards_ > 0 ? at >= end : at <= end) return AtEnd(end);
      if (Differs(at)) return Between(at);
      last_ = at;
    }
    return std::nullopt;
  }

 private:
  bool Differs(double at) const {
    const std::optional<Status> status = situation_.Judge(at).status;
    return status.has_value() && *status != status_;
  }

  std::optional<double> AtEnd(double end) const {
    if (!Differs(end)) return std::nullopt;
    return Between(end);
  }

  // The first double that differs, `to` being one that does.
  double Between(double to) const {
    double same = last_.value_or(value_);
    while (true) {
      const double middle = same + (to - same) / 2;
      if (middle == same || middle == to) return to;
      (Differs(middle) ? to : same) = middle;
    }
  }

  const Situation& situation_;
  const double value_;
  const double towards_;  // an infinity
  const Status status_;
  std::optional<double> last_;
};

}  // namespace

Judged OnTheWay::Judge(double value) const {
  Judged judged;
  Progress progress = progress_;
  progress.value = value;
  const bool met = goal_ != nullptr && goal_->Met(value);
  const bool enough = method_->Enough(progress);
  if (met) {
    judged.status = kAchieved;
    judged.score = 5;
  }
  if (!enough) {
    // Where points were left out it is the break that makes them too few.
    const bool cut = progress.earlier.cut && method_->RestsOn(progress.earlier) != nullptr;
    judged.reason = cut ? PT_REASON_SERIES_BREAK : PT_REASON_TOO_FEW_POINTS;
    return judged;
  }
  std::optional<Verdict> verdict;
  if (goal_ == nullptr) {
    progress.direction = direction_;
    verdict = method_->WithoutTarget(progress);
  } else {
    // On which side of the goal: that of the value, or when it is met that of the
    // baseline.
    const double side = met ? progress.baseline : value;
    progress.direction = goal_->Direction(side);
    progress.target = goal_->Aim(progress.direction);
    if (!goal_->Met(side)) verdict = method_->WithTarget(progress);
    if (!after_target_) judged.projected = method_->Project(progress);
  }
  if (verdict.has_value()) {
    judged.ratio = verdict->ratio;
    if (!met) {
      judged.status = verdict->status;
      judged.score = verdict->score;
    }
  }
  return judged;
}

std::vector<double> OnTheWay::Corners() const {
  std::vector<double> corners = {0};
  if (goal_ == nullptr) return corners;
  for (const double end : {goal_->lower(), goal_->upper()}) {
    if (std::isfinite(end)) corners.push_back(end);
  }
  return corners;
}

bool OnTheWay::CanFlip() const {
  return method_->shape() != Shape::kCompound || progress_.baseline != 0;
}

Judged WithinYear::Judge(double value) const {
  Judged judged;
  const double total = before_ + value;
  const Verdict verdict = ProRata(*goal_, total, part_);
  const bool met = MetSoFar(*goal_, total, part_);
  judged.status = met ? kAchieved : verdict.status;
  judged.score = met ? 5 : verdict.score;
  judged.ratio = verdict.ratio;
  judged.projected = total / part_.share();
  return judged;
}

std::vector<double> WithinYear::Corners() const {
  std::vector<double> corners = {-before_};
  for (const double end : {goal_->lower(), goal_->value(), goal_->upper()}) {
    if (std::isfinite(end)) corners.push_back(end - before_);
  }
  return corners;
}

std::optional<Flip> FindFlip(const Situation& situation, double value) {
  if (!situation.CanFlip() || !situation.Judge(value).status.has_value()) return std::nullopt;
  const Status status = *situation.Judge(value).status;
  std::optional<double> nearest;
  for (const double towards : {kInfinity, -kInfinity}) {
    const double limit = nearest.has_value() ? std::abs(*nearest) : kInfinity;
    const std::optional<double> found = Search(situation, value, towards).Run(limit);
    if (!found.has_value()) continue;
    double change = *found - value;
    // A difference of doubles is rounded; the change must do what it promises.
    constexpr int kRounding = 4;
    std::optional<Status> after = situation.Judge(value + change).status;
    for (int i = 0; i < kRounding && (!after.has_value() || *after == status); ++i) {
      change = std::nextafter(change, towards);
      after = situation.Judge(value + change).status;
    }
    if (!nearest.has_value() || std::abs(change) < std::abs(*nearest)) nearest = change;
  }
  if (!nearest.has_value()) return std::nullopt;
  const std::optional<Status> after = situation.Judge(value + *nearest).status;
  if (!after.has_value()) return std::nullopt;
  return Flip{*nearest, *after};
}

int64_t OutOfReachFrom(int64_t period, int64_t last, double periods_per_year, double remaining,
                       double best) {
  if (best <= 0) return period;
  // A period is reached exactly that differs from one by rounding.
  constexpr double kRounding = 1e-9;
  const double slack =
      static_cast<double>(last - period) - remaining / best * periods_per_year + kRounding;
  if (slack < 0) return period;
  return std::min(last, period + static_cast<int64_t>(std::floor(slack)) + 1);
}

}  // namespace attainment
