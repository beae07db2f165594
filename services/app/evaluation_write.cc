#include "services/app/evaluation_write.h"

#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/digest.h"
#include "core/error.h"
#include "services/app/computed_reader.h"
#include "services/app/plugin_records.h"
#include "services/app/scripts.h"

namespace policytrack::app {
namespace {

constexpr char kPrincipal[] = "evaluator";

// That another build computes from this record on.
bool IsNewChange(const v1::Evaluation& record) {
  return !record.previous_plugin_version().empty() && record.plugin_change_revision() == 0;
}

std::string ChangeOf(const v1::Evaluation& record) {
  return absl::StrCat(
      record.previous_plugin_version(), " -> ", record.plugin_version(),
      record.previous_plugin_version() == record.plugin_version() ? " (another build)" : "");
}

// Keeps what this evaluation says of plugins in their records.
absl::Status WritePlugins(storage::WriteTransaction& tx,
                          const std::map<std::string, std::set<std::string>>& versions,
                          const std::vector<AuditFinding>& findings,
                          std::vector<v1::PluginRecord>* records) {
  records->clear();
  std::set<std::string> names;
  for (const auto& change : versions) names.insert(change.first);
  for (const AuditFinding& finding : findings) names.insert(finding.plugin);
  for (const std::string& name : names) {
    PT_ASSIGN_OR_RETURN(v1::PluginRecord record, LoadPluginRecord(tx, name, storage::kPresent));
    if (const auto change = versions.find(name); change != versions.end()) {
      record.clear_evaluated_changes();
      for (const std::string& words : change->second) record.add_evaluated_changes(words);
      record.set_evaluated_revision(tx.next_revision());
    }
    for (const AuditFinding& finding : findings) {
      if (finding.plugin != name) continue;
      v1::PluginBuildRecord* build = RecordOfBuild(finding.build_digest, finding.version, &record);
      if (build->audit_message().empty()) build->set_audit_message(finding.message);
    }
    PT_RETURN_IF_ERROR(PutPluginRecord(tx, &record));
    records->push_back(std::move(record));
  }
  return absl::OkStatus();
}

}  // namespace

OutputWrites WritesOf(std::map<std::string, ParentPatch> patches) {
  OutputWrites writes;
  for (auto& [parent, patch] : patches) {
    std::vector<storage::SeriesWrite>& of_parent = writes[parent];
    of_parent.reserve(patch.size());
    for (auto& [series, change] : patch) {
      of_parent.push_back(
          {series.first, series.second, std::move(change.points), std::move(change.deletions)});
    }
  }
  return writes;
}

absl::StatusOr<int64_t> WriteOutcome(storage::Store& store, const EvaluationPass::Outcome& outcome,
                                     const OutputWrites& writes,
                                     std::vector<v1::PluginRecord>* plugins) {
  storage::WriteOptions options;
  options.kind = storage::CommitKind::kEvaluation;
  options.principal = kPrincipal;
  options.input_revision = outcome.input_revision;
  int64_t reached = 0;
  PT_RETURN_IF_ERROR(
      store
          .Write(options,
                 [&](storage::WriteTransaction& tx) -> absl::Status {
                   bool changed = false;
                   std::map<std::string, std::set<std::string>> versions;
                   for (const std::string& parent : outcome.removed) {
                     PT_ASSIGN_OR_RETURN(const int64_t deleted, tx.DeleteAllSeries(parent));
                     changed = changed || deleted > 0;
                   }
                   for (const auto& [parent, series] : writes) {
                     PT_ASSIGN_OR_RETURN(const storage::WriteCounts counts,
                                         tx.WriteSeries(parent, series));
                     changed = changed || counts.created + counts.revised + counts.deleted > 0;
                   }
                   for (const auto& [parent, record] : outcome.records) {
                     v1::Evaluation stamped = record;
                     stamped.set_revision(tx.next_revision());
                     if (IsNewChange(stamped)) {
                       stamped.set_plugin_change_revision(tx.next_revision());
                       versions[RunnerOf(stamped.plugin())].insert(ChangeOf(stamped));
                     }
                     PT_RETURN_IF_ERROR(tx.PutEvaluation(parent, DeterministicBytes(stamped)));
                     changed = true;
                   }
                   PT_RETURN_IF_ERROR(WritePlugins(tx, versions, outcome.findings, plugins));
                   // Nothing lies between: the evaluation itself needs no pass.
                   reached = outcome.input_revision;
                   if (changed && tx.next_revision() == reached + 1) ++reached;
                   return tx.SetCursor(kEvaluatedCursor, reached);
                 })
          .status());
  return reached;
}

}  // namespace policytrack::app
