#include "services/app/aggregate.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "core/compensated_sum.h"
#include "core/observation_status.h"

namespace policytrack::app {
namespace {

// What all parts say of one period.
class Cell {
 public:
  // A part that has reported before and has no value now.
  void AddGap() { gap_ = true; }
  // A part of which the source says that there is nothing to add.
  void AddNothing(Flags flags) {
    nothing_ = true;
    elsewhere_ = elsewhere_ || ReasonOfFlags(flags) == v1::MISSING_REASON_INCLUDED_ELSEWHERE;
  }
  // A part that is published with the next period.
  void AddHidden() { ++hidden_; }
  // That there is something at this period, value or not.
  void Touch(const Columns& columns, size_t at) {
    marks_ = static_cast<Flags>(marks_ | (columns.flags[at] & kBreak));
    if (!columns.revisions.empty()) revision_ = std::max(revision_, columns.revisions[at]);
  }
  void AddValue(double value, Flags flags) {
    sum_.Add(value);
    smallest_ = count_ == 0 ? value : std::min(smallest_, value);
    largest_ = count_ == 0 ? value : std::max(largest_, value);
    Raise(flags);
    joint_ += (flags & kJoint) != 0 ? 1 : 0;
    ++count_;
  }
  // A value with its weight; REQUIRES: AddValue was called for it.
  void AddWeight(double value, double weight, Flags flags) {
    products_.Add(value * weight);
    weights_.Add(weight);
    negative_weight_ = negative_weight_ || weight < 0;
    Raise(flags);
  }

  void AppendTo(int64_t period, v1::Aggregation aggregation, Columns* result) const {
    v1::MissingReason why = v1::MISSING_REASON_UNSPECIFIED;
    double value = 0;
    // Parts that are joint and parts that are not do not add up to either.
    const bool mixed = (joint_ > 0 && joint_ < count_) || (hidden_ > 0 && count_ > 0);
    if (gap_ || mixed) {
      why = v1::MISSING_REASON_PART_MISSING;
    } else if (count_ == 0) {
      why = hidden_ > 0  ? v1::MISSING_REASON_JOINT_PERIOD
            : elsewhere_ ? v1::MISSING_REASON_INCLUDED_ELSEWHERE
            : nothing_   ? v1::MISSING_REASON_CANNOT_EXIST
                         : v1::MISSING_REASON_PART_MISSING;
    } else if (aggregation == v1::AGGREGATION_WEIGHTED_MEAN && negative_weight_) {
      why = v1::MISSING_REASON_UNDEFINED;
    } else if (aggregation == v1::AGGREGATION_WEIGHTED_MEAN && weights_.Value() == 0) {
      why = v1::MISSING_REASON_ZERO_BASE;
    } else {
      value = Value(aggregation);
      if (!std::isfinite(value)) why = v1::MISSING_REASON_UNDEFINED;
    }
    const bool missing = why != v1::MISSING_REASON_UNSPECIFIED;
    const Flags flags =
        missing ? MissingFlags(why) : static_cast<Flags>(quality_ | (joint_ > 0 ? kJoint : 0));
    result->Append(period, missing ? 0 : value, static_cast<Flags>(flags | marks_), revision_);
  }

 private:
  void Raise(Flags flags) { quality_ = std::max(quality_, PropagatedQuality(flags)); }
  double Value(v1::Aggregation aggregation) const {
    switch (aggregation) {
      case v1::AGGREGATION_MEAN:
        return sum_.Value() / count_;
      case v1::AGGREGATION_MINIMUM:
        return smallest_;
      case v1::AGGREGATION_MAXIMUM:
        return largest_;
      case v1::AGGREGATION_WEIGHTED_MEAN:
        // Rounding must not make 100 % of equal parts more than that; no -0.0.
        return std::clamp(products_.Value() / weights_.Value(), smallest_, largest_) + 0.0;
      default:
        return sum_.Value();
    }
  }

  CompensatedSum sum_;
  CompensatedSum products_;
  CompensatedSum weights_;
  double smallest_ = 0;
  double largest_ = 0;
  int count_ = 0;
  int joint_ = 0;   // of these, values of two periods
  int hidden_ = 0;  // parts without a value of their own
  bool nothing_ = false;
  bool elsewhere_ = false;  // of these, one is part of another figure
  bool gap_ = false;
  bool negative_weight_ = false;
  Flags quality_ = kNormal;
  Flags marks_ = 0;
  int64_t revision_ = 0;
};

std::vector<int64_t> PeriodsOf(const std::vector<Columns>& parts) {
  std::vector<int64_t> periods;
  for (const Columns& part : parts) {
    periods.insert(periods.end(), part.periods.begin(), part.periods.end());
  }
  std::sort(periods.begin(), periods.end());
  periods.erase(std::unique(periods.begin(), periods.end()), periods.end());
  return periods;
}

// Adds the weight that belongs to a value; a gap where there is none.
void AddWeightAt(const Columns& weights, int64_t period, double value, Cell* cell) {
  const int64_t at = weights.Find(period);
  if (at >= 0) cell->Touch(weights, static_cast<size_t>(at));
  if (at < 0 || IsMissing(weights.flags[at])) {
    cell->AddGap();
  } else {
    cell->AddWeight(value, weights.values[at], weights.flags[at]);
  }
}

// `weights` is null for all but the weighted mean.
Columns Combine(const std::vector<Columns>& parts, const std::vector<Columns>* weights,
                v1::Aggregation aggregation) {
  const std::vector<int64_t> periods = PeriodsOf(parts);
  Columns result;
  result.reserve(periods.size());
  std::vector<size_t> next(parts.size(), 0);
  std::vector<bool> reported(parts.size(), false);
  for (const int64_t period : periods) {
    Cell cell;
    for (size_t i = 0; i < parts.size(); ++i) {
      const Columns& part = parts[i];
      const size_t at = next[i];
      const bool there = at < part.size() && part.periods[at] == period;
      if (there) {
        ++next[i];
        cell.Touch(part, at);
      }
      if (!there) {
        if (reported[i]) cell.AddGap();
        continue;
      }
      const Flags flags = part.flags[at];
      // What a source says to be missing is a part, though it never had a value.
      reported[i] = reported[i] || IsMissingAtSource(flags);
      if (IsMissing(flags)) {
        if (IsNothing(flags)) {
          cell.AddNothing(flags);
        } else if (ReasonOfFlags(flags) == v1::MISSING_REASON_JOINT_PERIOD) {
          cell.AddHidden();
        } else if (reported[i]) {
          cell.AddGap();
        }
        continue;
      }
      reported[i] = true;
      cell.AddValue(part.values[at], part.flags[at]);
      if (weights != nullptr) AddWeightAt((*weights)[i], period, part.values[at], &cell);
    }
    cell.AppendTo(period, aggregation, &result);
  }
  return result;
}

}  // namespace

Columns Aggregate(const std::vector<Columns>& parts, v1::Aggregation aggregation) {
  return Combine(parts, nullptr, aggregation);
}

Columns WeightedMean(const std::vector<Columns>& parts, const std::vector<Columns>& weights) {
  return Combine(parts, &weights, v1::AGGREGATION_WEIGHTED_MEAN);
}

}  // namespace policytrack::app
