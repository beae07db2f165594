#include "core/columns.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <iterator>

namespace policytrack {

void Columns::clear() {
  periods.clear();
  values.clear();
  flags.clear();
  revisions.clear();
}

void Columns::reserve(size_t n) {
  periods.reserve(n);
  values.reserve(n);
  flags.reserve(n);
  revisions.reserve(n);
}

void Columns::Append(int64_t period, double value, Flags f, int64_t revision) {
  assert(periods.empty() || period > periods.back());
  assert(revisions.size() == periods.size());
  assert(IsMissing(f) || std::isfinite(value));
  periods.push_back(period);
  // Adding zero turns -0.0 into 0.0 and leaves every other value as it is.
  values.push_back(IsMissing(f) ? 0.0 : value + 0.0);
  flags.push_back(f);
  revisions.push_back(revision);
}

void Columns::AppendRange(const Columns& from, size_t begin, size_t end) {
  if (begin == end) return;
  assert(periods.empty() || from.periods[begin] > periods.back());
  assert(revisions.size() == periods.size());
  const auto append = [begin, end](const auto& source, auto* target) {
    target->insert(target->end(), source.begin() + static_cast<std::ptrdiff_t>(begin),
                   source.begin() + static_cast<std::ptrdiff_t>(end));
  };
  append(from.periods, &periods);
  append(from.values, &values);
  append(from.flags, &flags);
  append(from.revisions, &revisions);
}

int64_t Columns::Find(int64_t period) const {
  const auto it = std::lower_bound(periods.begin(), periods.end(), period);
  if (it == periods.end() || *it != period) return -1;
  return it - periods.begin();
}

Columns Columns::Slice(PeriodRange range) const {
  Columns slice;
  if (range.first > range.last) return slice;
  const auto begin = std::lower_bound(periods.begin(), periods.end(), range.first);
  const auto end = std::upper_bound(begin, periods.end(), range.last);
  const std::ptrdiff_t from = begin - periods.begin();
  const std::ptrdiff_t to = end - periods.begin();
  slice.periods.assign(begin, end);
  slice.values.assign(values.begin() + from, values.begin() + to);
  slice.flags.assign(flags.begin() + from, flags.begin() + to);
  if (!revisions.empty()) {
    slice.revisions.assign(revisions.begin() + from, revisions.begin() + to);
  }
  return slice;
}

bool SameData(const Columns& a, const Columns& b) {
  return a.periods == b.periods && a.flags == b.flags &&
         std::equal(a.values.begin(), a.values.end(), b.values.begin(), b.values.end(),
                    [](double x, double y) {
                      return std::bit_cast<uint64_t>(x) == std::bit_cast<uint64_t>(y);
                    });
}

}  // namespace policytrack
