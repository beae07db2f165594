#include "storage/series_merge.h"

#include <algorithm>
#include <bit>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "storage/chunk_codec.h"

namespace policytrack::storage {
namespace {

void Cover(int64_t period, PeriodRange* range) {
  range->first = std::min(range->first, period);
  range->last = std::max(range->last, period);
}

void AppendFrom(const Columns& from, size_t i, Columns* to) {
  to->Append(from.periods[i], from.values[i], from.flags[i], from.revisions[i]);
}

// Negative zero is stored as zero: the two are equal and must have equal bits.
double Canonical(double value) { return value == 0 ? 0.0 : value; }

bool SamePoint(const Columns& present, size_t i, double value, Flags flags) {
  return std::bit_cast<uint64_t>(present.values[i]) == std::bit_cast<uint64_t>(value) &&
         present.flags[i] == flags;
}

void AppendWritten(int64_t period, double value, Flags flags, SeriesDelta* delta) {
  delta->written.periods.push_back(period);
  delta->written.values.push_back(value);
  delta->written.flags.push_back(flags);
  Cover(period, &delta->range);
}

// Whether all of a write comes after all that is there, as most does.
bool ComesAfter(const Columns& present, const SeriesWrite& write, const WriteSlice& slice) {
  return slice.deletions_begin == slice.deletions_end && slice.points_begin < slice.points_end &&
         (present.empty() || write.points.periods[slice.points_begin] > present.periods.back());
}

// MergeSlice of such a write, column by column instead of point by point.
Columns AppendSlice(const Columns& present, const SeriesWrite& write, const WriteSlice& slice,
                    int64_t revision, SeriesDelta* delta) {
  const auto append = [&slice](const auto& from, auto* to) {
    to->insert(to->end(), from.begin() + static_cast<ptrdiff_t>(slice.points_begin),
               from.begin() + static_cast<ptrdiff_t>(slice.points_end));
  };
  Columns merged;
  merged.reserve(present.size() + slice.points_end - slice.points_begin);
  merged.AppendRange(present, 0, present.size());
  for (Columns* columns : {&merged, &delta->written}) {
    const size_t start = columns->values.size();
    append(write.points.periods, &columns->periods);
    append(write.points.values, &columns->values);
    append(write.points.flags, &columns->flags);
    for (size_t i = start; i < columns->values.size(); ++i) {
      columns->values[i] = Canonical(columns->values[i]);
    }
  }
  merged.revisions.resize(merged.size(), revision);
  Cover(write.points.periods[slice.points_begin], &delta->range);
  Cover(write.points.periods[slice.points_end - 1], &delta->range);
  delta->counts.created += static_cast<int64_t>(slice.points_end - slice.points_begin);
  return merged;
}

}  // namespace

absl::Status CheckWrite(const SeriesWrite& write) {
  PT_RETURN_IF_ERROR(CheckPoints(write.points));
  size_t p = 0;
  for (size_t d = 0; d < write.deletions.size(); ++d) {
    const int64_t period = write.deletions[d];
    if (d > 0 && period <= write.deletions[d - 1]) {
      return FieldInvalid("deletions",
                          absl::StrCat("periods must strictly increase; they do not at ", period));
    }
    while (p < write.points.size() && write.points.periods[p] < period) ++p;
    if (p < write.points.size() && write.points.periods[p] == period) {
      return FieldInvalid("deletions",
                          absl::StrCat("period ", period, " is both written and deleted"));
    }
  }
  return absl::OkStatus();
}

Columns MergeSlice(const Columns& present, const SeriesWrite& write, const WriteSlice& slice,
                   int64_t revision, SeriesDelta* delta) {
  if (ComesAfter(present, write, slice)) return AppendSlice(present, write, slice, revision, delta);
  Columns merged;
  merged.reserve(present.size() + slice.points_end - slice.points_begin);
  size_t i = 0;
  size_t p = slice.points_begin;
  size_t d = slice.deletions_begin;
  const auto keep_upto = [&](int64_t period) {
    const auto& periods = present.periods;
    const size_t kept = i;
    if (i < periods.size() && periods[i] < period) {
      i = static_cast<size_t>(
          std::lower_bound(periods.begin() + static_cast<ptrdiff_t>(i), periods.end(), period) -
          periods.begin());
    }
    merged.AppendRange(present, kept, i);
    return i < periods.size() && periods[i] == period;
  };
  const auto supersede = [&](size_t at) {
    if (present.revisions[at] != revision) AppendFrom(present, at, &delta->superseded);
  };
  while (p < slice.points_end || d < slice.deletions_end) {
    const bool deletion = p == slice.points_end ||
                          (d < slice.deletions_end && write.deletions[d] < write.points.periods[p]);
    if (deletion) {
      const int64_t period = write.deletions[d++];
      if (!keep_upto(period)) {
        ++delta->counts.unchanged;
        continue;
      }
      supersede(i);
      if (present.revisions[i] != revision) delta->deleted.push_back(period);
      Cover(period, &delta->range);
      ++delta->counts.deleted;
      ++i;
      continue;
    }
    const int64_t period = write.points.periods[p];
    const double value = Canonical(write.points.values[p]);
    const Flags flags = write.points.flags[p];
    ++p;
    if (!keep_upto(period)) {
      ++delta->counts.created;
    } else if (SamePoint(present, i, value, flags)) {
      ++delta->counts.unchanged;
      AppendFrom(present, i++, &merged);
      continue;
    } else {
      ++delta->counts.revised;
      supersede(i++);
    }
    merged.Append(period, value, flags, revision);
    AppendWritten(period, value, flags, delta);
  }
  merged.AppendRange(present, i, present.size());
  return merged;
}

NetChange NetChangeOf(const Columns& after, const Columns& before, int64_t revision) {
  NetChange net;
  for (size_t i = 0; i < after.size(); ++i) {
    if (after.revisions[i] != revision) continue;
    net.written.periods.push_back(after.periods[i]);
    net.written.values.push_back(after.values[i]);
    net.written.flags.push_back(after.flags[i]);
    ++(before.Find(after.periods[i]) < 0 ? net.counts.created : net.counts.revised);
  }
  for (const int64_t period : before.periods) {
    if (after.Find(period) < 0) net.deleted.push_back(period);
  }
  net.counts.deleted = static_cast<int64_t>(net.deleted.size());
  return net;
}

Columns UnionOf(const Columns& a, const Columns& b) {
  Columns all;
  all.reserve(a.size() + b.size());
  size_t i = 0;
  size_t j = 0;
  while (i < a.size() || j < b.size()) {
    if (j == b.size() || (i < a.size() && a.periods[i] < b.periods[j])) {
      AppendFrom(a, i++, &all);
    } else {
      AppendFrom(b, j++, &all);
    }
  }
  return all;
}

Columns FoldAsOf(const Columns& present, const std::vector<Columns>& history, PeriodRange range,
                 int64_t revision) {
  const auto wanted = [&](const Columns& columns, size_t i) {
    return columns.revisions[i] <= revision && range.Contains(columns.periods[i]);
  };
  struct Place {
    int64_t period;
    int64_t revision;
    const Columns* row;
    size_t i;
  };
  std::vector<Place> past;
  for (const Columns& row : history) {
    for (size_t i = 0; i < row.size(); ++i) {
      if (wanted(row, i)) past.push_back({row.periods[i], row.revisions[i], &row, i});
    }
  }
  const auto before = [](const Place& a, const Place& b) {
    return a.period != b.period ? a.period < b.period : a.revision > b.revision;
  };
  if (!std::is_sorted(past.begin(), past.end(), before)) {
    std::sort(past.begin(), past.end(), before);
  }
  // The first of each period was written last.
  past.erase(std::unique(past.begin(), past.end(),
                         [](const Place& a, const Place& b) { return a.period == b.period; }),
             past.end());

  Columns folded;
  folded.reserve(present.size() + past.size());
  auto h = past.begin();
  for (size_t i = 0; i < present.size(); ++i) {
    if (!wanted(present, i)) continue;
    for (; h != past.end() && h->period < present.periods[i]; ++h) {
      AppendFrom(*h->row, h->i, &folded);
    }
    if (h != past.end() && h->period == present.periods[i]) {
      const bool past_is_later = h->revision > present.revisions[i];
      const Place place = *h++;
      if (past_is_later) {
        AppendFrom(*place.row, place.i, &folded);
        continue;
      }
    }
    AppendFrom(present, i, &folded);
  }
  for (; h != past.end(); ++h) AppendFrom(*h->row, h->i, &folded);
  return folded;
}

}  // namespace policytrack::storage
