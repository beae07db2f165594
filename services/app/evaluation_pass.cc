#include "services/app/evaluation_pass.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/digest.h"
#include "core/dimension_key.h"
#include "core/error.h"
#include "core/observation_status.h"
#include "core/resource_name.h"
#include "services/app/computed_reader.h"
#include "services/app/definitions.h"
#include "services/app/groups.h"
#include "services/app/resolve.h"

namespace policytrack::app {
namespace {

// Points and groups read in one transaction before their plugin runs.
constexpr size_t kBatchPoints = 200000;
constexpr size_t kBatchGroups = 256;

// An error of the store, after which the pass is tried again. Damage to one
// series is not: it would stop everything else, so it is recorded where it is.
bool IsTransient(const absl::Status& status) {
  return IsStoreError(status) && ReasonOf(status) != reason::kStoreDamaged;
}

// Whether two records say the same but for when.
bool SameMeaning(v1::Evaluation a, v1::Evaluation b) {
  for (v1::Evaluation* record : {&a, &b}) {
    record->clear_input_revision();
    record->clear_revision();
  }
  return DeterministicBytes(a) == DeterministicBytes(b);
}

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

}  // namespace

absl::StatusOr<std::optional<v1::Evaluation>> PresentRecord(storage::ReadTransaction& tx,
                                                            const std::string& parent) {
  PT_ASSIGN_OR_RETURN(const std::optional<std::string> body,
                      tx.GetEvaluation(parent, storage::kPresent));
  v1::Evaluation record;
  // A record that cannot be read is written anew by evaluating whole.
  if (!body.has_value() || !record.ParseFromString(*body)) return std::optional<v1::Evaluation>();
  return std::optional<v1::Evaluation>(std::move(record));
}

absl::Status EvaluationPass::FindTouched(storage::ReadTransaction& tx) {
  upto_ = tx.revision();
  outcome_.input_revision = upto_;
  PT_ASSIGN_OR_RETURN(const std::vector<std::string> names, tx.ChangedNames(after_, upto_));
  PT_RETURN_IF_ERROR(graph_->Refresh(tx, upto_, names));
  std::set<std::string> sources;
  for (const std::string& name : names) {
    const absl::string_view collection = CollectionOf(name);
    if (collection == kDatasets) {
      PT_ASSIGN_OR_RETURN(const auto document, tx.GetDocument(name, upto_));
      (document.has_value() && document->revision > after_ ? whole_ : touched_).insert(name);
      sources.insert(name);
    } else if (collection == kIndicators) {
      (graph_->Find(name) != nullptr ? whole_ : outcome_.removed).insert(name);
    } else if (collection == kMeasures) {
      for (std::string& target : graph_->TargetsOf(name)) whole_.insert(std::move(target));
      if (after_ == 0) continue;
      PT_ASSIGN_OR_RETURN(const auto before, LoadMeasure(tx, name, after_));
      if (!before.has_value()) continue;
      for (const v1::Target& target : before->targets()) {
        std::string parent = MakeTargetName(name, target.id());
        if (graph_->Find(parent) == nullptr) outcome_.removed.insert(std::move(parent));
      }
    }
  }
  if (check_all_) {
    for (const auto& [parent, node] : graph_->nodes()) {
      PT_ASSIGN_OR_RETURN(const auto record, PresentRecord(tx, parent));
      if (!record.has_value() || !record->failure_reason().empty() ||
          record->definition_revision() != node.revision ||
          record->plugin_digest() != engine_->PluginDigest(node.plugin)) {
        whole_.insert(parent);
      }
    }
  }
  order_ = graph_->Downstream(whole_, sources);
  return absl::OkStatus();
}

bool EvaluationPass::IsTouched(const std::string& source) const {
  return touched_.count(source) > 0 || outcome_.patches.count(source) > 0;
}

absl::Status EvaluationPass::CheckStopping() const {
  if (!stopping_->load(std::memory_order_relaxed)) return absl::OkStatus();
  return Error(absl::StatusCode::kUnavailable, reason::kServerStopping,
               "evaluation stopped with the server; it goes on when the server is back");
}

absl::Status EvaluationPass::Run(int64_t after) {
  after_ = after;
  PT_RETURN_IF_ERROR(
      store_->Read([this](storage::ReadTransaction& tx) { return FindTouched(tx); }));
  for (const std::string& parent : order_) {
    PT_RETURN_IF_ERROR(CheckStopping());
    PT_RETURN_IF_ERROR(Evaluate(*graph_->Find(parent)));
  }
  return absl::OkStatus();
}

absl::Status EvaluationPass::Evaluate(const GraphNode& node) {
  bool touched = whole_.count(node.parent) > 0;
  for (const std::string& source : node.sources) {
    // A changed definition may change units and groups all the way down.
    if (whole_.count(source) > 0) whole_.insert(node.parent);
    touched = touched || whole_.count(source) > 0 || IsTouched(source);
  }
  if (!touched) return absl::OkStatus();

  std::optional<v1::Evaluation> before;
  PT_RETURN_IF_ERROR(store_->Read([&](storage::ReadTransaction& tx) -> absl::Status {
    PT_ASSIGN_OR_RETURN(before, PresentRecord(tx, node.parent));
    return absl::OkStatus();
  }));
  const absl::Status status = Recompute(node, before);
  if (status.ok() || IsTransient(status)) return status;

  outcome_.patches.erase(node.parent);
  v1::Evaluation record;
  if (before.has_value()) {
    record = *before;
  } else {
    record.set_parent(node.parent);
    record.set_definition_revision(node.revision);
    record.set_plugin(node.plugin);
  }
  SetFailure(status, &record);
  record.set_input_revision(upto_);
  if (!before.has_value() || !SameMeaning(*before, record)) {
    (*log_)(absl::StrCat(node.parent, " could not be evaluated at revision ", upto_, ": ",
                         record.failure_reason(), ": ", record.failure_message()));
    outcome_.records[node.parent] = std::move(record);
  }
  return absl::OkStatus();
}

absl::Status EvaluationPass::Recompute(const GraphNode& node,
                                       const std::optional<v1::Evaluation>& before) {
  PT_RETURN_IF_ERROR(CheckPluginActive(*engine_, node.plugin));
  // After a failure nobody knows which changes were not seen.
  const bool whole =
      whole_.count(node.parent) > 0 || !before.has_value() || !before->failure_reason().empty();
  Calculation calculation;
  Work work;
  PT_RETURN_IF_ERROR(store_->Read([&](storage::ReadTransaction& tx) -> absl::Status {
    Resolver resolver(&tx, upto_, engine_);
    if (node.is_target) {
      PT_ASSIGN_OR_RETURN(calculation,
                          resolver.Target(node.target, node.parent, node.revision, node.parent));
    } else {
      PT_ASSIGN_OR_RETURN(calculation, resolver.Indicator(node.indicator, node.parent));
    }
    PT_ASSIGN_OR_RETURN(work, FindWork(tx, calculation, whole));
    return absl::OkStatus();
  }));
  if (!work.whole && work.groups.empty()) return absl::OkStatus();
  PT_RETURN_IF_ERROR(BindPlugin(*engine_, node.parent, &calculation));

  v1::Evaluation record = calculation.Provenance();
  PT_ASSIGN_OR_RETURN(ParentPatch patch,
                      ComputeWork(calculation, work, record.mutable_input_digest()));
  record.set_input_revision(upto_);
  if (!patch.empty() || !before.has_value() || !SameMeaning(*before, record)) {
    outcome_.records[node.parent] = std::move(record);
  }
  if (!patch.empty()) outcome_.patches[node.parent] = std::move(patch);
  return absl::OkStatus();
}

absl::StatusOr<EvaluationPass::Work> EvaluationPass::FindWork(storage::ReadTransaction& tx,
                                                              const Calculation& calculation,
                                                              bool whole) {
  Work work;
  work.whole = whole;
  if (whole) return work;
  for (size_t i = 0; i < calculation.inputs.size(); ++i) {
    const ResolvedInput& input = calculation.inputs[i];
    if (touched_.count(input.source) > 0) {
      PT_ASSIGN_OR_RETURN(const std::vector<storage::SeriesChange> changes,
                          tx.ChangedSeries(input.source, after_, upto_, false));
      for (const storage::SeriesChange& change : changes) {
        PT_RETURN_IF_ERROR(AddChange(tx, calculation, i, change.series.key, change.range, &work));
      }
    }
    const auto patched = outcome_.patches.find(input.source);
    if (patched == outcome_.patches.end()) continue;
    for (const auto& [series, patch] : patched->second) {
      if (series.first != input.output) continue;
      PT_RETURN_IF_ERROR(AddChange(tx, calculation, i, series.second, patch.Range(), &work));
    }
  }
  return work;
}

absl::Status EvaluationPass::AddChange(storage::ReadTransaction& tx, const Calculation& calculation,
                                       size_t index, const std::string& key, PeriodRange range,
                                       Work* work) {
  const ResolvedInput& input = calculation.inputs[index];
  const auto values = GroupOfSeries(calculation, input, key);
  if (!values.has_value()) return absl::OkStatus();

  bool whole = input.unaligned;
  for (const ResolvedInput& other : calculation.inputs) {
    // Such inputs extend the axis only where the group exists, which a window
    // does not show.
    whole = whole || (other.optional && !other.unaligned);
    whole = whole || (other.filled_period.has_value() && range.Contains(*other.filled_period));
  }
  if (!whole && input.aggregation != v1::AGGREGATION_UNSPECIFIED) {
    // Where a part begins to count decides what is missing later on.
    StoreFigures stored(&tx, upto_);
    PatchedFigures now(&stored, &outcome_.patches);
    PT_ASSIGN_OR_RETURN(const Columns after, now.Read(input.source, input.output, key, {}));
    const int64_t begins = FirstCounted(after);
    if (begins >= range.first) {
      const bool dataset = CollectionOf(input.source) == kDatasets;
      StoreFigures then(&tx, dataset ? std::max<int64_t>(after_, 1) : upto_);
      Columns before;
      if (!dataset || after_ > 0) {
        PT_ASSIGN_OR_RETURN(before, then.Read(input.source, input.output, key, {}));
      }
      range.last = std::max({range.last, begins, FirstCounted(before)});
    }
  }
  range = ResultRange(input.periods, range);
  const std::string group = EncodeDimensionKey(*values);
  const auto [found, added] = work->groups.try_emplace(group);
  Work::Change& change = found->second;
  change.values = *values;
  change.range = added ? range : Union(change.range, range);
  change.whole = change.whole || whole;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Group>> EvaluationPass::GroupsOf(const Calculation& calculation,
                                                            const Work& work) {
  std::vector<Group> groups;
  PT_RETURN_IF_ERROR(store_->Read([&](storage::ReadTransaction& tx) -> absl::Status {
    groups.clear();
    StoreFigures stored(&tx, upto_);
    PatchedFigures figures(&stored, &outcome_.patches);
    std::map<std::string, Group> listed;
    if (work.groups.size() > 1 && NeedsListing(calculation)) {
      // One listing for all groups instead of one for each.
      PT_ASSIGN_OR_RETURN(std::vector<Group> all, FindGroups(calculation, figures));
      for (Group& group : all) {
        if (work.groups.count(group.key) > 0) listed.emplace(group.key, std::move(group));
      }
    }
    for (const auto& [key, change] : work.groups) {
      const auto found = listed.find(key);
      if (found != listed.end()) {
        groups.push_back(std::move(found->second));
        continue;
      }
      PT_ASSIGN_OR_RETURN(Group group, FindGroup(calculation, figures, change.values));
      groups.push_back(std::move(group));
    }
    return absl::OkStatus();
  }));
  return groups;
}

absl::StatusOr<ParentPatch> EvaluationPass::ComputeWork(const Calculation& calculation,
                                                        const Work& work,
                                                        std::string* input_digest) {
  struct Task {
    Group group;
    PeriodRange outputs;
    PeriodRange inputs;
  };
  std::vector<Task> tasks;
  std::vector<storage::SeriesInfo> orphans;
  if (work.whole) {
    PT_RETURN_IF_ERROR(store_->Read([&](storage::ReadTransaction& tx) -> absl::Status {
      StoreFigures stored(&tx, upto_);
      PatchedFigures figures(&stored, &outcome_.patches);
      PT_ASSIGN_OR_RETURN(std::vector<Group> groups, FindGroups(calculation, figures));
      for (Group& group : groups) tasks.push_back({std::move(group), {}, {}});
      PT_ASSIGN_OR_RETURN(const auto series, stored.List(calculation.parent));
      for (const storage::SeriesInfo& info : series) {
        const bool known_output =
            std::any_of(calculation.outputs.begin(), calculation.outputs.end(),
                        [&](const ResolvedOutput& output) { return output.name == info.output; });
        const auto group = std::lower_bound(
            tasks.begin(), tasks.end(), info.key,
            [](const Task& task, const std::string& key) { return task.group.key < key; });
        if (!known_output || group == tasks.end() || group->group.key != info.key) {
          orphans.push_back(info);
        }
      }
      return absl::OkStatus();
    }));
  } else {
    const plugins::Window window = calculation.instance->window();
    PT_ASSIGN_OR_RETURN(std::vector<Group> groups, GroupsOf(calculation, work));
    size_t next = 0;
    for (const auto& [key, change] : work.groups) {
      Task task;
      task.group = std::move(groups[next++]);
      if (!change.whole) {
        task.outputs = OutputRange(change.range, window);
        task.inputs = InputRange(task.outputs, window);
      }
      tasks.push_back(std::move(task));
    }
  }

  ParentPatch patch;
  Digest digest;
  struct Loaded {
    GroupInputs inputs;
    std::vector<Columns> stored;
  };
  for (size_t next = 0; next < tasks.size();) {
    PT_RETURN_IF_ERROR(CheckStopping());
    std::vector<Loaded> batch;
    const size_t first = next;
    PT_RETURN_IF_ERROR(store_->Read([&](storage::ReadTransaction& tx) -> absl::Status {
      batch.clear();
      next = first;
      StoreFigures stored(&tx, upto_);
      PatchedFigures figures(&stored, &outcome_.patches);
      size_t points = 0;
      while (next < tasks.size() && batch.size() < kBatchGroups && points < kBatchPoints) {
        const Task& task = tasks[next++];
        Loaded& loaded = batch.emplace_back();
        PT_ASSIGN_OR_RETURN(loaded.inputs,
                            ReadGroup(calculation, figures, task.group, task.inputs));
        points += loaded.inputs.axis.size() * (loaded.inputs.columns.size() + 1);
        for (const ResolvedOutput& output : calculation.outputs) {
          PT_ASSIGN_OR_RETURN(Columns columns, stored.Read(calculation.parent, output.name,
                                                           task.group.key, task.outputs));
          points += columns.size();
          loaded.stored.push_back(std::move(columns));
        }
      }
      return absl::OkStatus();
    }));
    for (size_t b = 0; b < batch.size(); ++b) {
      const Task& task = tasks[first + b];
      if (!batch[b].inputs.axis.empty()) batch[b].inputs.AddTo(&digest, calculation);
      PT_ASSIGN_OR_RETURN(const std::vector<Columns> outputs,
                          ComputeGroup(calculation, batch[b].inputs, task.outputs));
      for (size_t o = 0; o < outputs.size(); ++o) {
        SeriesPatch difference = DifferenceOf(batch[b].stored[o], outputs[o]);
        if (difference.empty()) continue;
        patch.emplace(std::make_pair(calculation.outputs[o].name, task.group.key),
                      std::move(difference));
      }
    }
  }
  if (!orphans.empty()) {
    PT_RETURN_IF_ERROR(store_->Read([&](storage::ReadTransaction& tx) -> absl::Status {
      for (const storage::SeriesInfo& info : orphans) {
        PT_ASSIGN_OR_RETURN(Columns stored, tx.ReadSeries(info.id, {}, storage::kPresent));
        if (stored.empty()) continue;
        patch[{info.output, info.key}].deletions = std::move(stored.periods);
      }
      return absl::OkStatus();
    }));
  }
  *input_digest = ToHex(digest.Finish());
  return patch;
}

}  // namespace policytrack::app
