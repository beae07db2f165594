#include "services/app/figures.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/error.h"

namespace policytrack::app {
namespace {

constexpr int kBatch = 1024;
// Keys are UTF-8, which has no such byte.
constexpr char kAfterAllKeys = '\xff';

bool SamePoint(double a, Flags a_flags, double b, Flags b_flags) {
  return a_flags == b_flags && std::memcmp(&a, &b, sizeof(a)) == 0;
}

}  // namespace

StoreFigures::StoreFigures(storage::ReadTransaction* tx, int64_t as_of)
    : tx_(tx), as_of_(as_of >= tx->revision() ? storage::kPresent : as_of) {}

absl::StatusOr<std::vector<storage::SeriesInfo>> StoreFigures::List(const std::string& parent) {
  std::vector<storage::SeriesInfo> all;
  while (true) {
    const storage::SeriesInfo after = all.empty() ? storage::SeriesInfo() : all.back();
    PT_ASSIGN_OR_RETURN(std::vector<storage::SeriesInfo> page,
                        tx_->ListSeries(parent, all.empty() ? nullptr : &after, kBatch));
    const bool last = page.size() < static_cast<size_t>(kBatch);
    std::move(page.begin(), page.end(), std::back_inserter(all));
    if (last) return all;
  }
}

absl::StatusOr<std::vector<std::string>> StoreFigures::Outputs(const std::string& parent) {
  std::vector<std::string> outputs;
  storage::SeriesInfo after;
  while (true) {
    PT_ASSIGN_OR_RETURN(std::vector<storage::SeriesInfo> next,
                        tx_->ListSeries(parent, outputs.empty() ? nullptr : &after, 1));
    if (next.empty()) return outputs;
    after.output = next[0].output;
    after.key.assign(1, kAfterAllKeys);
    outputs.push_back(std::move(next[0].output));
  }
}

absl::StatusOr<std::vector<std::string>> StoreFigures::Keys(const std::string& source,
                                                            const std::string& output) {
  PT_ASSIGN_OR_RETURN(const std::vector<storage::SeriesInfo> all, List(source));
  std::vector<std::string> keys;
  for (const storage::SeriesInfo& series : all) {
    if (series.output == output) keys.push_back(series.key);
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

absl::StatusOr<Columns> StoreFigures::Read(const std::string& source, const std::string& output,
                                           const std::string& key, PeriodRange range) {
  PT_ASSIGN_OR_RETURN(const auto series, tx_->FindSeries(source, output, key));
  if (!series.has_value()) return Columns();
  return tx_->ReadSeries(series->id, range, as_of_);
}

PeriodRange SeriesPatch::Range() const {
  PeriodRange range{kLastPeriod, kFirstPeriod};
  if (!points.empty()) range = {points.periods.front(), points.periods.back()};
  if (!deletions.empty()) {
    range.first = std::min(range.first, deletions.front());
    range.last = std::max(range.last, deletions.back());
  }
  return range;
}

absl::StatusOr<std::vector<std::string>> PatchedFigures::Keys(const std::string& source,
                                                              const std::string& output) {
  PT_ASSIGN_OR_RETURN(std::vector<std::string> keys, base_->Keys(source, output));
  const auto parent = patches_->find(source);
  if (parent == patches_->end()) return keys;
  for (const auto& [series, patch] : parent->second) {
    if (series.first == output) keys.push_back(series.second);
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

absl::StatusOr<Columns> PatchedFigures::Read(const std::string& source, const std::string& output,
                                             const std::string& key, PeriodRange range) {
  PT_ASSIGN_OR_RETURN(Columns columns, base_->Read(source, output, key, range));
  const auto parent = patches_->find(source);
  if (parent == patches_->end()) return columns;
  const auto patch = parent->second.find({output, key});
  if (patch == parent->second.end()) return columns;
  return ApplyPatch(columns, patch->second, range);
}

SeriesPatch DifferenceOf(const Columns& stored, Columns wanted) {
  SeriesPatch patch;
  if (stored.empty()) {
    patch.points = std::move(wanted);
    patch.points.revisions.clear();
    return patch;
  }
  size_t s = 0;
  size_t w = 0;
  while (s < stored.size() || w < wanted.size()) {
    if (w == wanted.size() || (s < stored.size() && stored.periods[s] < wanted.periods[w])) {
      patch.deletions.push_back(stored.periods[s++]);
      continue;
    }
    const bool both = s < stored.size() && stored.periods[s] == wanted.periods[w];
    if (!both || !SamePoint(stored.values[s], stored.flags[s], wanted.values[w], wanted.flags[w])) {
      patch.points.Append(wanted.periods[w], wanted.values[w], wanted.flags[w]);
    }
    if (both) ++s;
    ++w;
  }
  // The commit that writes them gives them their revision.
  patch.points.revisions.clear();
  return patch;
}

Columns ApplyPatch(const Columns& base, const SeriesPatch& patch, PeriodRange range) {
  Columns result;
  const auto revision_at = [](const Columns& columns, size_t i) {
    return columns.revisions.empty() ? 0 : columns.revisions[i];
  };
  size_t b = 0;
  size_t p = 0;
  size_t d = 0;
  while (b < base.size() || p < patch.points.size()) {
    const bool take_patch =
        b == base.size() || (p < patch.points.size() && patch.points.periods[p] <= base.periods[b]);
    if (take_patch) {
      const int64_t period = patch.points.periods[p];
      if (range.Contains(period)) {
        result.Append(period, patch.points.values[p], patch.points.flags[p],
                      revision_at(patch.points, p));
      }
      if (b < base.size() && base.periods[b] == period) ++b;
      ++p;
      continue;
    }
    const int64_t period = base.periods[b];
    while (d < patch.deletions.size() && patch.deletions[d] < period) ++d;
    const bool deleted = d < patch.deletions.size() && patch.deletions[d] == period;
    if (!deleted && range.Contains(period)) {
      result.Append(period, base.values[b], base.flags[b], revision_at(base, b));
    }
    ++b;
  }
  return result;
}

}  // namespace policytrack::app
