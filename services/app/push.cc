#include "services/app/push.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/digest.h"
#include "core/error.h"
#include "core/field_behavior.h"
#include "core/observation_status.h"
#include "core/period.h"
#include "core/resource_name.h"
#include "google/rpc/error_details.pb.h"
#include "services/app/definitions.h"
#include "services/app/push_gather.h"
#include "services/app/request_log.h"

namespace policytrack::app {
namespace {

// Row errors given in an answer, and in the details of a refusal.
constexpr size_t kMaxRowErrors = 1000;
constexpr size_t kMaxViolations = 20;
// What a series takes beside its points, here and in the write.
constexpr size_t kSeriesBytes = 400;
// A definition takes this many times its size on the wire.
constexpr size_t kDefinitionFactor = 8;
// The share of the budget grows in steps, so that streams seldom meet there.
constexpr size_t kShareStep = 1 << 20;
constexpr char kBadRequestType[] = "type.googleapis.com/google.rpc.BadRequest";

// Ok when a row may have this status, with or without a value.
absl::Status CheckStatus(v1::ObservationStatus status, bool has_value) {
  if (status != v1::OBSERVATION_STATUS_UNSPECIFIED && !IsStatus(status)) {
    return FieldInvalid("status",
                        absl::StrCat(static_cast<int>(status), " is not a status of observations"));
  }
  if (has_value && IsMissingStatus(status)) {
    return FieldInvalid(
        "value", absl::StrCat("must be left out: the status ", v1::ObservationStatus_Name(status),
                              " says that there is none"));
  }
  if (!has_value && !IsMissingStatus(status)) {
    return FieldRequired("value",
                         "must be set; a status such as OBSERVATION_STATUS_MISSING says that there "
                         "is none, and deleted takes an observation away");
  }
  return absl::OkStatus();
}

bool ByRow(const v1::RowError& a, const v1::RowError& b) { return a.row() < b.row(); }

}  // namespace

Push::Push(storage::Store* store, PushBudget* budget, const PushLimits& limits,
           std::string principal, PushStats* stats)
    : store_(store),
      limits_(limits),
      principal_(std::move(principal)),
      stats_(stats),
      gathered_(std::make_unique<Gathered>(budget)) {}

Push::~Push() = default;

absl::Status Push::Add(const v1::PushObservationsRequest& message) {
  // Before anything is read that may be damaged.
  if (first_) PT_RETURN_IF_ERROR(store_->CheckCanBeWritten());
  if (message.has_options()) PT_RETURN_IF_ERROR(TakeOptions(message.options()));
  first_ = false;
  if (!message.dataset().empty() && message.dataset() != current_name_) {
    PT_RETURN_IF_ERROR(TakeDataset(message.dataset()));
  }
  if ((message.rows_size() > 0 || message.columns_size() > 0) && current_name_.empty()) {
    return FieldRequired("dataset", "must be named before the first row, as datasets/{dataset}");
  }
  for (const v1::Observation& row : message.rows()) AddRow(row);
  for (int i = 0; i < message.columns_size(); ++i) {
    PT_RETURN_IF_ERROR(AddColumns(message.columns(i), absl::StrCat("columns[", i, "]")));
  }
  return CheckSize();
}

absl::Status Push::TakeOptions(const v1::PushOptions& options) {
  if (!first_) {
    return FieldInvalid("options", "may be set only in the first message of the stream");
  }
  PT_RETURN_IF_ERROR(CheckRequestId("options.request_id", options.request_id()));
  options_ = options;
  return absl::OkStatus();
}

absl::Status Push::TakeDataset(const std::string& name) {
  PT_RETURN_IF_ERROR(ParseResourceName("dataset", kDatasets, name).status());
  current_name_ = name;
  const auto known = gathered_->datasets.find(name);
  if (known != gathered_->datasets.end()) {
    current_ = known->second.get();
    return absl::OkStatus();
  }
  current_ = nullptr;
  v1::Dataset definition;
  bool exists = false;
  PT_RETURN_IF_ERROR(store_->Read([&](storage::ReadTransaction& tx) -> absl::Status {
    PT_ASSIGN_OR_RETURN(auto stored, tx.GetDocument(name, storage::kPresent));
    if (!stored.has_value() || stored->deleted) return absl::OkStatus();
    exists = true;
    if (definition.ParseFromString(stored->body)) return absl::OkStatus();
    return DamagedState(*stored);
  }));
  if (exists) {
    gathered_->bytes += definition.ByteSizeLong() * kDefinitionFactor;
    auto& rows = gathered_->datasets[name];
    rows = std::make_unique<DatasetRows>(std::move(definition));
    current_ = rows.get();
    return absl::OkStatus();
  }
  if (options_.return_partial_success()) return absl::OkStatus();
  return NotFound(name,
                  absl::StrCat("dataset: ", name, " does not exist; create it before pushing"));
}

void Push::AddRow(const v1::Observation& row) {
  const int64_t number = next_row_++;
  if (current_ == nullptr) {
    return Reject(number, reason::kResourceNotFound, "dataset",
                  absl::StrCat(current_name_, " does not exist"));
  }
  const auto key = current_->KeyOf(row.dimensions());
  if (!key.ok()) return RejectWith(number, key.status());
  if (row.period().empty()) return RejectWith(number, FieldRequired("period"));
  const auto period = ParsePeriod(current_->definition.frequency(), row.period());
  if (!period.ok()) {
    return RejectWith(
        number, ReasonOf(period.status()).empty() || MetadataOf(period.status(), "field").empty()
                    ? FieldInvalid("period", period.status().message())
                    : period.status());
  }
  const absl::Status has_value = current_->CheckPeriod(*period);
  if (!has_value.ok()) return RejectWith(number, has_value);
  Flags flags = kDeletion;
  if (row.deleted()) {
    if (row.has_value() || row.series_break() || row.status() != 0) {
      return Reject(number, reason::kFieldInvalid, "deleted",
                    "deleted: goes only with period and dimensions; leave value, status and "
                    "series_break out");
    }
  } else {
    absl::Status good = CheckStatus(row.status(), row.has_value());
    if (good.ok() && row.has_value()) good = current_->CheckValue(row.value());
    if (!good.ok()) return RejectWith(number, good);
    flags = static_cast<Flags>(FlagsOfStatus(row.status()) | (row.series_break() ? kBreak : 0));
  }
  // 0.0 and -0.0 are the same figure.
  SeriesFor(*key, 1).Append(*period, row.value() + 0.0, flags, number);
}

Push::Series& Push::SeriesFor(const std::string& key, size_t more) {
  auto& series = current_->series[key];
  if (series == nullptr) {
    series = std::make_unique<Series>();
    gathered_->bytes += kSeriesBytes + 2 * key.size();
  }
  gathered_->bytes -= series->bytes();
  series->Reserve(more);
  gathered_->bytes += series->bytes();
  return *series;
}

absl::Status Push::AddColumns(const v1::ObservationColumns& block, const std::string& field) {
  const int n = block.periods_size();
  if (n == 0) return FieldRequired(field + ".periods", "must have at least one entry");
  if (block.values_size() == 0) {
    return FieldRequired(field + ".values", "must have one entry for every period");
  }
  if (block.values_size() != n) {
    return FieldInvalid(field + ".values",
                        absl::StrCat("has ", block.values_size(), " entries for ", n, " periods"));
  }
  if (block.statuses_size() != 0 && block.statuses_size() != n) {
    return FieldInvalid(field + ".statuses",
                        absl::StrCat("has ", block.statuses_size(), " entries for ", n,
                                     " periods; leave it empty when all are NORMAL"));
  }
  std::vector<Flags> flags(n, kNormal);
  for (const int32_t index : block.break_indexes()) {
    if (index < 0 || index >= n) {
      return FieldInvalid(field + ".break_indexes",
                          absl::StrCat(index, " is not a position in periods"));
    }
    flags[index] = kBreak;
  }
  const int64_t first_row = next_row_;
  next_row_ += n;
  absl::StatusOr<std::string> key = std::string();
  if (current_ == nullptr) {
    key = NotFound(current_name_, absl::StrCat("dataset: ", current_name_, " does not exist"));
  } else {
    key = current_->KeyOf(block.dimensions());
  }
  if (!key.ok()) {
    for (int i = 0; i < n; ++i) RejectWith(first_row + i, key.status());
    return absl::OkStatus();
  }
  if (n == 0) return absl::OkStatus();
  Series& series = SeriesFor(*key, static_cast<size_t>(n));
  const v1::Frequency frequency = current_->definition.frequency();
  for (int i = 0; i < n; ++i) {
    if (!IsValidPeriod(frequency, block.periods(i))) {
      Reject(first_row + i, reason::kFieldInvalid, "period",
             absl::StrCat("period: ordinal ", block.periods(i), " is no ", FrequencyWord(frequency),
                          " of the years 1 to 9999"));
      continue;
    }
    const v1::ObservationStatus status =
        block.statuses_size() > 0 ? block.statuses(i) : v1::OBSERVATION_STATUS_UNSPECIFIED;
    // A column has a number for every period: 0 is none where the status says so.
    const bool no_value = IsMissingStatus(status) && block.values(i) == 0;
    absl::Status good = current_->CheckPeriod(block.periods(i));
    if (good.ok()) good = CheckStatus(status, !no_value);
    if (good.ok() && !no_value) good = current_->CheckValue(block.values(i));
    if (!good.ok()) {
      RejectWith(first_row + i, good);
      continue;
    }
    flags[i] = static_cast<Flags>(flags[i] | FlagsOfStatus(status));
    series.Append(block.periods(i), block.values(i) + 0.0, flags[i], first_row + i);
  }
  return absl::OkStatus();
}

absl::Status Push::CheckSize() {
  if (static_cast<int64_t>(gathered_->bytes) > limits_.max_bytes) {
    return Error(absl::StatusCode::kResourceExhausted, reason::kRequestTooLarge,
                 absl::StrCat("the push holds more than ", limits_.max_bytes >> 20,
                              " MiB, which is what the server gathers for one push, at ", next_row_,
                              " rows; split it into several pushes"),
                 {{"max_bytes", absl::StrCat(limits_.max_bytes)}});
  }
  const size_t steps = (gathered_->bytes + kShareStep - 1) / kShareStep;
  if (gathered_->share.Resize(static_cast<int64_t>(steps * kShareStep))) return absl::OkStatus();
  return Error(absl::StatusCode::kUnavailable, reason::kStoreBusy,
               "the pushes that are on their way hold all the memory that the server has for "
               "them; nothing was written, push again after a pause");
}

void Push::Reject(int64_t row, const char* reason, std::string field, std::string message) {
  ++rejected_;
  // The first by row are kept, in whatever order they are found: a heap with the
  // last of them in front.
  if (row_errors_.size() == kMaxRowErrors) {
    if (row > row_errors_.front().row()) return;
    std::pop_heap(row_errors_.begin(), row_errors_.end(), ByRow);
    row_errors_.pop_back();
  }
  v1::RowError error;
  error.set_row(row);
  error.set_reason(reason);
  error.set_field(std::move(field));
  error.set_message(CutText(message, 300));
  row_errors_.push_back(std::move(error));
  std::push_heap(row_errors_.begin(), row_errors_.end(), ByRow);
}

void Push::RejectWith(int64_t row, const absl::Status& status) {
  std::string field = MetadataOf(status, "field");
  if (field.empty()) field = "dataset";
  Reject(row, ReasonOf(status).c_str(), std::move(field), std::string(status.message()));
}

absl::Status Push::RowsInvalid() const {
  const v1::RowError& first = row_errors_.front();
  absl::Status status = Error(
      absl::StatusCode::kInvalidArgument, reason::kRowsInvalid,
      absl::StrCat(rejected_, " of ", next_row_, " rows refused, nothing written; row ",
                   first.row(), ": ", first.message(),
                   rejected_ > 1 ? "; validate_only with return_partial_success lists the first "
                                   "1000"
                                 : ""),
      {{"rejected_count", absl::StrCat(rejected_)},
       {"row", absl::StrCat(first.row())},
       {"field", first.field()}});
  google::rpc::BadRequest details;
  for (size_t i = 0; i < std::min(row_errors_.size(), kMaxViolations); ++i) {
    auto* violation = details.add_field_violations();
    violation->set_field(absl::StrCat("rows[", row_errors_[i].row(), "].", row_errors_[i].field()));
    violation->set_description(
        absl::StrCat(row_errors_[i].reason(), ": ", CutText(row_errors_[i].message(), 100)));
  }
  status.SetPayload(kBadRequestType, absl::Cord(details.SerializeAsString()));
  return status;
}

void Push::Drop() { gathered_.reset(); }

void Push::Finish(Done done) {
  int64_t repeated = 0;
  gathered_->Settle(&repeated, [this](const Contradiction& c) {
    Reject(c.row, reason::kFieldInvalid, "period",
           absl::StrCat("period: row ", c.earlier_row, " gives another value for ",
                        FormatPeriod(c.frequency, c.period), " of the same series in this push"));
  });
  std::sort_heap(row_errors_.begin(), row_errors_.end(), ByRow);

  // All that the body needs, shared with it: it runs after this may be gone.
  struct Job {
    std::unique_ptr<Gathered> gathered;
    std::map<std::string, std::vector<storage::SeriesWrite>> writes;
    RequestKey request;
    v1::PushObservationsResponse base;
    v1::PushObservationsResponse response;
    bool keep_answer = false;
    Retention retention;
  };
  auto job = std::make_shared<Job>();
  if (!options_.request_id().empty()) {
    job->request = {principal_, "PushObservations", options_.request_id(),
                    Digest()
                        .Add(gathered_->CanonicalDigest())
                        .AddInt(next_row_)
                        .AddInt(rejected_)
                        .AddInt(options_.return_partial_success() ? 1 : 0)
                        .AddInt(options_.validate_only() ? 1 : 0)
                        .Finish()};
  }
  PushStats* const stats = options_.validate_only() ? nullptr : stats_;
  if (stats != nullptr) stats->refused += rejected_;
  if (rejected_ > 0 && !options_.return_partial_success()) return done(RowsInvalid());
  for (auto& [name, rows] : gathered_->datasets) {
    job->writes[name] = Gathered::TakeWrites(rows.get());
  }
  job->gathered = std::move(gathered_);
  job->base.set_unchanged_count(repeated);
  job->base.set_rejected_count(rejected_);
  for (v1::RowError& error : row_errors_) *job->base.add_row_errors() = std::move(error);
  job->retention = limits_.retention;
  job->keep_answer = rejected_ == 0 && !options_.validate_only();

  storage::WriteOptions options{storage::CommitKind::kPush, principal_, options_.request_id(), 0,
                                options_.validate_only()};
  store_->WriteAsync(
      options,
      [job](storage::WriteTransaction& tx) -> absl::Status {
        job->response = job->base;
        PT_ASSIGN_OR_RETURN(auto kept, FindAnswer(tx, job->request));
        if (kept.has_value()) {
          if (!job->response.ParseFromString(*kept)) {
            return absl::InternalError("a kept answer cannot be parsed");
          }
          job->response.set_replayed(true);
          return absl::OkStatus();
        }
        storage::WriteCounts total;
        for (const auto& [name, writes] : job->writes) {
          PT_ASSIGN_OR_RETURN(auto stored, tx.GetDocument(name, storage::kPresent));
          if (!stored.has_value() || stored->deleted) {
            return NotFound(name, absl::StrCat("dataset: ", name,
                                               " was deleted while the push was on its way"));
          }
          if (stored->revision != job->gathered->datasets.at(name)->definition.revision()) {
            return Error(absl::StatusCode::kUnavailable, reason::kStoreBusy,
                         absl::StrCat("the definition of ", name,
                                      " changed while the push was on its way; push again"),
                         {{"resource", name}});
          }
          PT_ASSIGN_OR_RETURN(const storage::WriteCounts counts, tx.WriteSeries(name, writes));
          total.Add(counts);
        }
        const bool changed = total.created + total.revised + total.deleted > 0;
        job->response.set_created_count(total.created);
        job->response.set_revised_count(total.revised);
        job->response.set_unchanged_count(total.unchanged + job->base.unchanged_count());
        job->response.set_deleted_count(total.deleted);
        job->response.set_revision(changed ? tx.next_revision() : tx.revision());
        if (!job->keep_answer) return absl::OkStatus();
        return KeepAnswer(tx, job->request, job->response.SerializeAsString(), job->retention);
      },
      [job, stats, done = std::move(done)](absl::StatusOr<int64_t> revision) {
        // Given back before the answer: who pushes on then finds the room.
        job->writes.clear();
        job->gathered.reset();
        if (!revision.ok()) return done(revision.status());
        if (!job->response.replayed()) {
          job->response.set_revision(*revision);
          if (stats != nullptr) {
            stats->created += job->response.created_count();
            stats->revised += job->response.revised_count();
            stats->unchanged += job->response.unchanged_count();
            stats->deleted += job->response.deleted_count();
          }
        }
        done(std::move(job->response));
      });
}

}  // namespace policytrack::app
