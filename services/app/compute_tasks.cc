#include "services/app/compute_tasks.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "core/error.h"
#include "services/app/compute.h"
#include "services/app/group_inputs.h"

namespace policytrack::app {
namespace {

// What is stored of a group is read with its inputs.
struct Loaded {
  GroupInputs inputs;
  std::vector<Columns> stored;  // by output
};

struct Batch {
  size_t first = 0;  // of the tasks
  std::vector<Loaded> groups;
};

absl::StatusOr<std::unique_ptr<Batch>> ReadBatch(const Calculation& calculation,
                                                 const std::vector<ComputeTask>& tasks,
                                                 const ComputeSources& sources, size_t first,
                                                 SharedInputs* shared) {
  PT_RETURN_IF_ERROR(sources.check_stopping());
  auto batch = std::make_unique<Batch>();
  batch->first = first;
  PT_RETURN_IF_ERROR(sources.store->Read([&](storage::ReadTransaction& tx) -> absl::Status {
    batch->groups.clear();
    StoreFigures stored(&tx, sources.revision);
    PatchedFigures figures(&stored, sources.patches);
    // Most indicators give points in one output of several.
    PT_ASSIGN_OR_RETURN(const std::vector<std::string> present, stored.Outputs(calculation.parent));
    size_t points = 0;
    for (size_t next = first;
         next < tasks.size() && next - first < kBatchGroups && points < kBatchPoints; ++next) {
      const ComputeTask& task = tasks[next];
      Loaded& loaded = batch->groups.emplace_back();
      PT_ASSIGN_OR_RETURN(loaded.inputs,
                          ReadGroup(calculation, figures, task.group, task.inputs, shared));
      points += loaded.inputs.axis.size() + loaded.inputs.point_count;
      for (const ResolvedOutput& output : calculation.outputs) {
        Columns& columns = loaded.stored.emplace_back();
        if (!std::binary_search(present.begin(), present.end(), output.name)) continue;
        PT_ASSIGN_OR_RETURN(
            columns, stored.Read(calculation.parent, output.name, task.group.key, task.outputs));
        points += columns.size();
      }
    }
    return absl::OkStatus();
  }));
  return batch;
}

// What a batch changes.
absl::StatusOr<ParentPatch> ComputeBatch(const Calculation& calculation,
                                         const std::vector<ComputeTask>& tasks,
                                         const Batch& batch) {
  std::vector<GroupWindow> windows;
  for (size_t b = 0; b < batch.groups.size(); ++b) {
    windows.push_back({&batch.groups[b].inputs, tasks[batch.first + b].outputs});
  }
  auto computed = ComputeGroups(calculation, windows);
  ParentPatch patch;
  for (size_t b = 0; b < batch.groups.size(); ++b) {
    PT_RETURN_IF_ERROR(computed[b].status());
    std::vector<Columns>& outputs = *computed[b];
    for (size_t o = 0; o < outputs.size(); ++o) {
      SeriesPatch difference = DifferenceOf(batch.groups[b].stored[o], std::move(outputs[o]));
      if (difference.empty()) continue;
      patch.emplace(std::make_pair(calculation.outputs[o].name, tasks[batch.first + b].group.key),
                    std::move(difference));
    }
  }
  return patch;
}

}  // namespace

absl::Status ComputeTasks(const Calculation& calculation, const std::vector<ComputeTask>& tasks,
                          const ComputeSources& sources, Digest* digest, ParentPatch* patch) {
  SharedInputs shared;
  absl::StatusOr<ParentPatch> computed = ParentPatch();
  // Its work ends before what it writes to.
  const absl::Cleanup done = [&sources] { sources.second->Wait(); };
  // What went wrong with the batch before comes before what went wrong with this.
  const auto take = [&]() -> absl::Status {
    sources.second->Wait();
    PT_RETURN_IF_ERROR(computed.status());
    patch->merge(*computed);
    return absl::OkStatus();
  };
  for (size_t next = 0; next < tasks.size();) {
    auto read = ReadBatch(calculation, tasks, sources, next, &shared);
    PT_RETURN_IF_ERROR(take());
    PT_ASSIGN_OR_RETURN(const std::shared_ptr<const Batch> batch, std::move(read));
    next += batch->groups.size();
    const auto compute = [&computed, &calculation, &tasks, batch] {
      computed = ComputeBatch(calculation, tasks, *batch);
    };
    // The last, which is mostly the only one, needs no second thread.
    if (next < tasks.size()) sources.second->Start(compute);
    for (const Loaded& loaded : batch->groups) {
      if (!loaded.inputs.axis.empty()) loaded.inputs.AddTo(digest, calculation);
    }
    if (next == tasks.size()) compute();
  }
  return take();
}

}  // namespace policytrack::app
