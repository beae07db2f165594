#include "plugins/checks/feed.h"

#include <cmath>
#include <set>

#include "core/unit.h"

namespace policytrack::plugins {
namespace {

Columns Align(const Columns& columns, const std::vector<int64_t>& axis) {
  Columns aligned;
  for (int64_t period : axis) {
    const int64_t at = columns.Find(period);
    if (at < 0) {
      aligned.Append(period, 0, MissingFlags(v1::MISSING_REASON_INPUT_MISSING));
    } else {
      aligned.Append(period, columns.values[static_cast<size_t>(at)],
                     columns.flags[static_cast<size_t>(at)]);
    }
  }
  return aligned;
}

// A part on an axis, as the host gives it: what is missing is a gap once there
// has been a value.
Part MakePart(const std::string& name, const std::vector<Point>& points,
              const std::vector<int64_t>& axis) {
  Part part{name, Align(MakeColumns(points), axis)};
  bool counts = false;
  for (Flags& flags : part.columns.flags) {
    counts = counts || !IsMissing(flags);
    if (IsMissing(flags) && counts) flags = MissingFlags(v1::MISSING_REASON_PART_MISSING);
  }
  return part;
}

// The column of a spread slot.
Columns SumOf(const std::vector<Part>& parts, const std::vector<int64_t>& axis, bool additive) {
  Columns sum;
  for (size_t i = 0; i < axis.size(); ++i) {
    double total = 0;
    bool gap = false;
    bool any = false;
    for (const Part& part : parts) {
      const Flags flags = part.columns.flags[i];
      any = any || !IsMissing(flags);
      gap = gap || flags == MissingFlags(v1::MISSING_REASON_PART_MISSING);
      total += part.columns.values[i];
    }
    if (!additive || !std::isfinite(total)) {
      sum.Append(axis[i], 0, MissingFlags(v1::MISSING_REASON_UNDEFINED));
    } else if (gap || !any) {
      sum.Append(axis[i], 0, MissingFlags(v1::MISSING_REASON_PART_MISSING));
    } else {
      sum.Append(axis[i], total, kNormal);
    }
  }
  return sum;
}

std::vector<int64_t> PeriodsOf(const Feed& feed) {
  std::set<int64_t> periods;
  for (const Point& point : feed.points) periods.insert(point.period);
  for (const auto& [name, points] : feed.parts) {
    for (const Point& point : points) periods.insert(point.period);
  }
  return {periods.begin(), periods.end()};
}

bool IsAdditive(const std::string& unit) {
  const Unit* found = FindUnit(unit);
  return found != nullptr && found->additive;
}

}  // namespace

Columns MakeColumns(const std::vector<Point>& points) {
  Columns columns;
  for (const Point& point : points) {
    const bool stated = point.value.has_value() || (point.flags >> 8) != 0;
    const Flags flags =
        stated ? point.flags
               : static_cast<Flags>(point.flags | MissingFlags(v1::MISSING_REASON_INPUT_MISSING));
    columns.Append(point.period, point.value.value_or(0), flags);
  }
  return columns;
}

FedInputs::FedInputs(const std::vector<Feed>& feeds) : parts(feeds.size()) {
  std::set<int64_t> periods;
  for (const Feed& feed : feeds) {
    if (!feed.aligned) continue;
    for (const int64_t period : PeriodsOf(feed)) periods.insert(period);
  }
  axis.assign(periods.begin(), periods.end());
  for (size_t f = 0; f < feeds.size(); ++f) {
    const Feed& feed = feeds[f];
    const std::vector<int64_t> own = feed.aligned ? axis : PeriodsOf(feed);
    for (const auto& [part, points] : feed.parts) parts[f].push_back(MakePart(part, points, own));
    columns.push_back(feed.parts.empty() ? Align(MakeColumns(feed.points), own)
                                         : SumOf(parts[f], own, IsAdditive(feed.unit)));
  }
  for (size_t f = 0; f < feeds.size(); ++f) views.emplace_back(&columns[f], &parts[f]);
}

std::vector<InputMeta> MetasOf(v1::Frequency frequency, const std::vector<Feed>& feeds) {
  std::vector<InputMeta> metas;
  for (const Feed& feed : feeds) {
    metas.push_back({feed.slot, frequency, feed.accumulation, feed.unit, !feed.parts.empty(),
                     feed.year_start_month});
  }
  return metas;
}

}  // namespace policytrack::plugins
