#include "services/app/evaluation_pass.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/digest.h"
#include "core/dimension_key.h"
#include "core/error.h"
#include "core/resource_name.h"
#include "services/app/compute_tasks.h"
#include "services/app/computed_reader.h"
#include "services/app/definitions.h"
#include "services/app/group_inputs.h"
#include "services/app/resolve.h"
#include "services/app/scripts.h"

namespace policytrack::app {
namespace {

// An error of the store, after which the pass is tried again. Damage to one
// series is not: it would stop everything else, so it is recorded where it is.
bool IsTransient(const absl::Status& status) {
  return IsStoreError(status) && ReasonOf(status) != reason::kStoreDamaged;
}

// What computed before, if it was another build than now: as `before` has it, else
// the build of `before` itself.
void CarryPluginChange(const v1::Evaluation& before, v1::Evaluation* record) {
  if (before.plugin() != record->plugin() || before.plugin_digest().empty()) return;
  if (before.plugin_digest() == record->plugin_digest()) {
    record->set_previous_plugin_version(before.previous_plugin_version());
    record->set_plugin_change_revision(before.plugin_change_revision());
  } else if (!IsScript(record->plugin()) || before.plugin_version() != record->plugin_version()) {
    // The revision is set when it is written.
    record->set_previous_plugin_version(before.plugin_version());
  }  // else the script itself was changed, which is a commit of its own
}

// Whether two records say the same but for when.
bool SameMeaning(v1::Evaluation a, v1::Evaluation b) {
  for (v1::Evaluation* record : {&a, &b}) {
    record->clear_input_revision();
    record->clear_revision();
  }
  return DeterministicBytes(a) == DeterministicBytes(b);
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
    } else if (collection == kScripts) {
      whole_.insert(name);
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
      PT_ASSIGN_OR_RETURN(const std::string digest,
                          MethodDigest(tx, upto_, *engine_, node.plugin_reference));
      if (!record.has_value() || !record->failure_reason().empty() ||
          record->definition_revision() != node.revision) {
        whole_.insert(parent);
        continue;
      }
      // What an inconsistent build computed is not believed, and is again once it is
      // cleared.
      const auto build = engine_->Find(RunnerOf(node.plugin_reference));
      if (record->plugin_digest() != digest ||
          (build.ok() && record->suspect_message() != (*build)->audit_message())) {
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
  ++outcome_.failures[{node.plugin, record.failure_reason()}];
  record.set_input_revision(upto_);
  if (!before.has_value() || !SameMeaning(*before, record)) {
    log_->Warning(absl::StrCat(node.parent, " could not be evaluated at revision ", upto_, ": ",
                               record.failure_reason(), ": ", record.failure_message()));
    outcome_.records[node.parent] = std::move(record);
  }
  return absl::OkStatus();
}

absl::Status EvaluationPass::Recompute(const GraphNode& node,
                                       const std::optional<v1::Evaluation>& before) {
  PT_RETURN_IF_ERROR(CheckPluginActive(*engine_, node.plugin_reference));
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
    work.whole = whole;
    if (whole) return absl::OkStatus();
    WorkFinder finder(&tx, &calculation, &outcome_.patches, after_, upto_);
    PT_ASSIGN_OR_RETURN(work, finder.Find(touched_));
    return absl::OkStatus();
  }));
  if (!work.whole && work.groups.empty()) return absl::OkStatus();
  // Its window is not believed any more.
  if (!calculation.build->audit_message().empty()) work.whole = true;
  PT_RETURN_IF_ERROR(BindPlugin(node.parent, &calculation));

  v1::Evaluation record = calculation.Provenance();
  PT_ASSIGN_OR_RETURN(ParentPatch patch,
                      ComputeWork(calculation, work, record.mutable_input_digest()));
  if (!work.whole && auditor_.Chooses(node.parent, upto_)) {
    PT_RETURN_IF_ERROR(Audit(calculation, &patch, &record));
  }
  if (before.has_value()) CarryPluginChange(*before, &record);
  record.set_input_revision(upto_);
  if (!patch.empty() || !before.has_value() || !SameMeaning(*before, record)) {
    outcome_.records[node.parent] = std::move(record);
  }
  if (!patch.empty()) outcome_.patches[node.parent] = std::move(patch);
  return absl::OkStatus();
}

absl::Status EvaluationPass::Audit(const Calculation& calculation, ParentPatch* patch,
                                   v1::Evaluation* record) {
  Work all;
  all.whole = true;
  std::string input_digest;
  PT_ASSIGN_OR_RETURN(ParentPatch whole, ComputeWork(calculation, all, &input_digest));
  const std::string difference = DifferenceWords(*patch, whole);
  if (difference.empty()) return absl::OkStatus();
  AuditFinding finding;
  finding.plugin = calculation.build->plugin().name();
  finding.version = calculation.plugin_version;
  finding.build_digest = calculation.build->digest();
  finding.message =
      absl::StrCat("an audit of ", calculation.parent, " at revision ", upto_, " found that ",
                   calculation.plugin, " ", calculation.plugin_version,
                   " gives other results in full than for the window that it "
                   "declares: ",
                   difference);
  log_->Error(finding.message);
  record->set_suspect_message(finding.message);
  record->set_input_digest(input_digest);
  outcome_.findings.push_back(std::move(finding));
  *patch = std::move(whole);
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
  std::vector<ComputeTask> tasks;
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
            [](const ComputeTask& task, const std::string& key) { return task.group.key < key; });
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
      ComputeTask task;
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
  const ComputeSources sources{store_, upto_, &outcome_.patches, [this] { return CheckStopping(); },
                               second_};
  PT_RETURN_IF_ERROR(ComputeTasks(calculation, tasks, sources, &digest, &patch));
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
