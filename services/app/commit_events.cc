#include "services/app/commit_events.h"

#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "core/period.h"
#include "core/resource_name.h"
#include "services/app/computed_reader.h"
#include "services/app/definitions.h"
#include "services/app/history.h"
#include "services/app/status_change.h"
#include "services/app/times.h"

namespace policytrack::app {
namespace {

v1::Event NewEvent(const storage::Commit& commit, v1::EventKind kind, const std::string& name) {
  v1::Event event;
  event.set_kind(kind);
  event.set_name(name);
  event.set_revision(commit.revision);
  *event.mutable_time() = ToTimestamp(commit.time);
  event.set_principal(commit.principal);
  return event;
}

// A document that was written over a tombstone was brought back when the tombstone
// was a soft one, and else created anew under an old name.
absl::StatusOr<v1::EventKind> KindOfDocument(storage::ReadTransaction& tx,
                                             const storage::CommitChange& change,
                                             int64_t revision) {
  if (change.deleted > 0) return v1::EVENT_KIND_DOCUMENT_DELETED;
  if (change.created > 0) return v1::EVENT_KIND_DOCUMENT_CREATED;
  PT_ASSIGN_OR_RETURN(const auto before, tx.GetDocument(change.name, revision - 1));
  if (!before.has_value() || !before->deleted) return v1::EVENT_KIND_DOCUMENT_UPDATED;
  if (CollectionOf(change.name) != kMeasures) return v1::EVENT_KIND_DOCUMENT_CREATED;
  PT_ASSIGN_OR_RETURN(const v1::Measure measure, ParseMeasure(*before));
  return measure.has_delete_time() ? v1::EVENT_KIND_DOCUMENT_UNDELETED
                                   : v1::EVENT_KIND_DOCUMENT_CREATED;
}

absl::StatusOr<v1::Event> ObservationsChanged(storage::ReadTransaction& tx,
                                              const storage::Commit& commit,
                                              const storage::CommitChange& change) {
  v1::Event event = NewEvent(commit, v1::EVENT_KIND_OBSERVATIONS_CHANGED, change.name);
  event.set_created_count(change.created);
  event.set_revised_count(change.revised);
  event.set_deleted_count(change.deleted);
  PT_ASSIGN_OR_RETURN(const storage::ChangeExtent extent,
                      tx.ExtentOfChange(change.name, commit.revision));
  event.set_series_count(extent.series);
  if (extent.series == 0) return event;
  PT_ASSIGN_OR_RETURN(v1::Frequency frequency, FrequencyOf(tx, change.name, commit.revision));
  if (frequency == v1::FREQUENCY_UNSPECIFIED) {
    // The commit took the parent away together with its figures, or after it went.
    PT_ASSIGN_OR_RETURN(frequency, FrequencyOf(tx, change.name, commit.revision - 1));
  }
  if (frequency == v1::FREQUENCY_UNSPECIFIED || !IsValidPeriod(frequency, extent.range.first) ||
      !IsValidPeriod(frequency, extent.range.last)) {
    return event;
  }
  event.set_start_period(FormatPeriod(frequency, extent.range.first));
  event.set_end_period(FormatPeriod(frequency, extent.range.last));
  return event;
}

}  // namespace

absl::StatusOr<CommitEvents> ReadCommitEvents(storage::ReadTransaction& tx,
                                              const storage::Commit& commit) {
  CommitEvents result;
  result.commit = ToProto(commit, false);
  result.chain_digest = commit.chain_digest;
  result.targets = TargetsOf(commit);
  std::vector<v1::Event> observations;
  for (const storage::CommitChange& change : commit.changes) {
    if (change.document) {
      PT_ASSIGN_OR_RETURN(const v1::EventKind kind, KindOfDocument(tx, change, commit.revision));
      result.events.push_back(NewEvent(commit, kind, change.name));
    } else {
      PT_ASSIGN_OR_RETURN(v1::Event event, ObservationsChanged(tx, commit, change));
      observations.push_back(std::move(event));
    }
  }
  if (commit.kind == storage::CommitKind::kEvaluation) {
    v1::Event event =
        NewEvent(commit, v1::EVENT_KIND_EVALUATED, absl::StrCat(kCommits, "/", commit.revision));
    event.set_input_revision(commit.input_revision);
    result.events.push_back(std::move(event));
  }
  result.statuses_at = result.events.size();
  result.events.insert(result.events.end(), std::make_move_iterator(observations.begin()),
                       std::make_move_iterator(observations.end()));
  return result;
}

std::vector<std::string> TargetsOf(const storage::Commit& commit) {
  std::vector<std::string> targets;
  if (commit.kind != storage::CommitKind::kEvaluation) return targets;
  for (const storage::CommitChange& change : commit.changes) {
    if (!change.document && ParseTargetName("name", change.name).ok()) {
      targets.push_back(change.name);
    }
  }
  return targets;
}

absl::StatusOr<std::optional<v1::Event>> ReadStatusChange(storage::ReadTransaction& tx,
                                                          plugins::Engine& engine,
                                                          const storage::Commit& commit,
                                                          const std::string& target) {
  PT_ASSIGN_OR_RETURN(const TargetName name, ParseTargetName("name", target));
  auto change = StatusChangeAt(tx, engine, name.measure, name.target, commit.revision);
  if (!change.ok()) {
    const bool store_failed =
        IsStoreError(change.status()) && ReasonOf(change.status()) != reason::kStoreDamaged;
    if (store_failed) return change.status();
    return std::optional<v1::Event>();
  }
  if (!change->has_value()) return std::optional<v1::Event>();
  v1::Event event = NewEvent(commit, v1::EVENT_KIND_STATUS_CHANGED, target);
  *event.mutable_status_change() = **std::move(change);
  return std::optional<v1::Event>(std::move(event));
}

}  // namespace policytrack::app
