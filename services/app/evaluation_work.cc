#include "services/app/evaluation_work.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/dimension_key.h"
#include "core/error.h"
#include "core/observation_status.h"
#include "core/resource_name.h"
#include "services/app/compute.h"
#include "services/app/groups.h"

namespace policytrack::app {
namespace {

// The first period at which a part counts, or kLastPeriod when there is none: with a
// value, or where the source says that one is missing.
int64_t FirstCounted(const Columns& columns) {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (!IsMissing(columns.flags[i]) || IsMissingAtSource(columns.flags[i])) {
      return columns.periods[i];
    }
  }
  return kLastPeriod;
}

// Whether a window does not show all that a change does to a group.
bool NeedsWhole(const Calculation& calculation, PeriodRange range) {
  for (const ResolvedInput& input : calculation.inputs) {
    // Such inputs extend the axis only where the group exists, which a window
    // does not show.
    if (!input.unaligned && !FormsGroups(calculation, input)) return true;
    if (input.filled_period.has_value() && range.Contains(*input.filled_period)) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<std::vector<WorkFinder::SeriesRange>> WorkFinder::ChangesOf(
    const std::set<std::string>& touched, const std::string& source, const std::string& output,
    const ResolvedInput* input) {
  std::vector<SeriesRange> changes;
  const auto patched = patches_->find(source);
  if (touched.count(source) == 0 && patched == patches_->end()) return changes;
  const auto keys = input == nullptr ? std::nullopt : FixedKeys(*input);
  if (touched.count(source) > 0) {
    PT_ASSIGN_OR_RETURN(std::vector<storage::SeriesChange> committed,
                        tx_->ChangedSeries(source, after_, upto_, false));
    for (storage::SeriesChange& change : committed) {
      if (keys.has_value() && !std::binary_search(keys->begin(), keys->end(), change.series.key)) {
        continue;
      }
      changes.push_back({std::move(change.series.key), change.range});
    }
  }
  if (patched == patches_->end()) return changes;
  if (keys.has_value()) {
    // A thousand targets do not each look at the thousand series of their indicator.
    for (const std::string& key : *keys) {
      const auto found = patched->second.find({output, key});
      if (found != patched->second.end()) changes.push_back({key, found->second.Range()});
    }
    return changes;
  }
  for (const auto& [series, patch] : patched->second) {
    if (series.first == output) changes.push_back({series.second, patch.Range()});
  }
  return changes;
}

absl::StatusOr<Work> WorkFinder::Find(const std::set<std::string>& touched) {
  for (size_t i = 0; i < calculation_->inputs.size(); ++i) {
    const ResolvedInput& input = calculation_->inputs[i];
    PT_ASSIGN_OR_RETURN(std::vector<SeriesRange> changes,
                        ChangesOf(touched, input.source, input.output, &input));
    for (SeriesRange& change : changes) {
      PT_RETURN_IF_ERROR(AddChange(i, std::move(change), false));
    }
    if (!input.weights.has_value()) continue;
    PT_ASSIGN_OR_RETURN(changes,
                        ChangesOf(touched, input.weights->source, input.weights->output, nullptr));
    for (SeriesRange& change : changes) {
      const std::optional<std::string> key = SeriesKeyOfWeight(input, change.key);
      if (!key.has_value()) continue;
      PT_RETURN_IF_ERROR(AddChange(i, {*key, change.range}, true));
    }
  }
  PT_RETURN_IF_ERROR(AddSharedChanges());
  return std::move(work_);
}

absl::Status WorkFinder::AddChange(size_t index, SeriesRange change, bool of_weights) {
  const ResolvedInput& input = calculation_->inputs[index];
  const auto values = GroupOfSeries(*calculation_, input, change.key);
  if (!values.has_value()) return absl::OkStatus();
  // Only an input with periods of its own is seen by several groups, so all of
  // each is recomputed.
  if (std::find(values->begin(), values->end(), "") != values->end()) {
    shared_.insert(*values);
    return absl::OkStatus();
  }
  bool whole = input.unaligned || NeedsWhole(*calculation_, change.range);
  const bool spread = input.SpreadRule() >= 0;
  if (!whole && spread && (input.aggregated() || !input.periods.identity())) {
    // Where a part begins to count depends on all series and periods that it is
    // made of, and decides what is missing later on.
    change.range.last = kLastPeriod;
  }
  if (!whole && !of_weights && (spread || input.aggregated())) {
    PT_RETURN_IF_ERROR(Extend(input, &change, &whole));
  }
  Add(*values, ResultRange(input.periods, change.range), whole);
  return absl::OkStatus();
}

// Where a part begins to count decides what is missing later on.
absl::Status WorkFinder::Extend(const ResolvedInput& input, SeriesRange* change, bool* whole) {
  StoreFigures stored(tx_, upto_);
  PatchedFigures now(&stored, patches_);
  PT_ASSIGN_OR_RETURN(const Columns after, now.Read(input.source, input.output, change->key, {}));
  const bool dataset = CollectionOf(input.source) == kDatasets;
  // What is stored of an output is from before the evaluation in progress.
  StoreFigures then(tx_, dataset ? std::max<int64_t>(after_, 1) : upto_);
  Columns before;
  if (!dataset || after_ > 0) {
    PT_ASSIGN_OR_RETURN(before, then.Read(input.source, input.output, change->key, {}));
  }
  // A part that comes or goes changes the list of parts at every period.
  if (input.SpreadRule() >= 0 && before.empty() != after.empty()) *whole = true;
  const int64_t begins = FirstCounted(after);
  if (begins >= change->range.first) {
    change->range.last = std::max({change->range.last, begins, FirstCounted(before)});
  }
  return absl::OkStatus();
}

absl::Status WorkFinder::AddSharedChanges() {
  if (shared_.empty()) return absl::OkStatus();
  StoreFigures stored(tx_, upto_);
  PatchedFigures figures(&stored, patches_);
  PT_ASSIGN_OR_RETURN(const std::vector<Group> groups, FindGroups(*calculation_, figures));
  for (const Group& group : groups) {
    const bool sees = std::any_of(shared_.begin(), shared_.end(),
                                  [&](const auto& seen) { return Matches(seen, group.values); });
    if (sees) Add(group.values, PeriodRange(), true);
  }
  return absl::OkStatus();
}

void WorkFinder::Add(const std::vector<std::string>& values, PeriodRange range, bool whole) {
  const auto [found, added] = work_.groups.try_emplace(EncodeDimensionKey(values));
  Work::Change& change = found->second;
  change.values = values;
  change.range = added ? range : Union(change.range, range);
  change.whole = change.whole || whole;
}

}  // namespace policytrack::app
