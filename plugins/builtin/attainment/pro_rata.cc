#include "plugins/builtin/attainment/pro_rata.h"

#include <algorithm>
#include <cmath>

namespace attainment {

namespace sdk = policytrack_plugin;

namespace {

// The direction that is wanted of a total that meets the goal, though not yet for
// good. Every year's total begins with 0.
double WayTo(const Goal& goal, double total) {
  if (goal.relation() == Relation::kAtLeast || goal.lower() > 0) return 1.0;
  if (goal.relation() == Relation::kAtMost || goal.upper() < 0) return -1.0;
  return total > 0 ? -1.0 : 1.0;
}

}  // namespace

void YearSoFar::Advance(int64_t period, sdk::Flags flags) {
  const int64_t end = years_.EndOf(period);
  if (part_.all == 0 || end != part_.end) {
    part_.end = end;
    part_.all = end - years_.EndBefore(end);
    sum_ = lost_ = last_total_ = 0;
    counted_ = last_gone_ = 0;
    any_ = broken_ = false;
    quality_ = PT_QUALITY_NORMAL;
  }
  part_.gone = part_.all - (end - period);
  if (sdk::IsBreak(flags) && any_) broken_ = true;
}

void YearSoFar::Add(double value, sdk::Flags flags, bool counts) {
  any_ = true;
  // An amount that came in over several periods, as that of January and February,
  // came in evenly as far as anybody knows.
  const double amount = flows_ ? value : value - last_total_;
  const int64_t periods = flows_ ? 1 : part_.gone - last_gone_;
  const double pace = amount * static_cast<double>(part_.all) / static_cast<double>(periods);
  if (counts && (flows_ || !sdk::IsBreak(flags) || last_gone_ == 0)) {
    fastest_rise_ = std::max(fastest_rise_.value_or(pace), pace);
    fastest_fall_ = std::min(fastest_fall_.value_or(pace), pace);
  }
  last_gone_ = part_.gone;
  last_total_ = value;
  if (!flows_) return;
  ++counted_;
  quality_ = sdk::Worst(quality_, flags);
  const double amended = value - lost_;
  const double next = sum_ + amended;
  lost_ = (next - sum_) - amended;
  sum_ = next;
}

bool MetSoFar(const Goal& goal, double total, const PartOfYear& part) {
  if (!goal.Met(total)) return false;
  if (part.over()) return true;
  // What comes yet adds to an amount; it may undo everything else.
  return goal.relation() == Relation::kAtLeast && goal.value() > 0;
}

Verdict ProRata(const Goal& goal, double total, const PartOfYear& part) {
  const double direction = goal.Met(total) ? WayTo(goal, total) : goal.Direction(total);
  const double target = goal.Aim(direction);
  // The amount, counted positive when it is of the target's sign.
  const double sign = target != 0 ? (target > 0 ? 1.0 : -1.0) : -direction;
  const double amount = sign * total;
  const double whole = std::abs(target);
  const double due = whole * part.share();
  if (target != 0 && sign == direction) return OfPace(amount / due);

  // The target is an allowance: what is used of it must not run ahead.
  if (amount <= 0) return {kOnTrack, 5.0, std::nullopt};
  const double ratio = due / amount;
  if (amount <= whole) return OfPace(ratio);
  const double beyond = whole == 0 ? -1.0 : (whole - amount) / whole;
  return {kDeteriorating, ScoreInBand(kDeteriorating, beyond, -1, 0), ratio};
}

}  // namespace attainment
