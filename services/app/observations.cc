#include "services/app/observations.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "core/filter.h"
#include "core/page_token.h"
#include "core/period.h"
#include "core/resource_name.h"
#include "core/unit_conversion.h"
#include "services/app/as_of.h"
#include "services/app/await_revision.h"
#include "services/app/series_proto.h"
#include "services/app/series_scan.h"
#include "services/app/shown_units.h"

namespace policytrack::app {
namespace {

using storage::ReadTransaction;

// A page ends when it would grow beyond this, well below a client's usual
// limit of 4 MiB for a message.
constexpr size_t kMaxPageBytes = 3 << 20;
// How much one point of a Series takes at most: ordinal, value, revision and
// marks.
constexpr size_t kPointBytes = 32;
// Between output and key in a cursor; neither holds control characters below it.
constexpr char kCursorSeparator = '\x1e';

// The arguments that both reads share.
template <typename Request>
struct ReadPlan {
  const Request& request;
  PageCursor cursor;
  std::string output;  // where the walk starts
  std::string key;
  int64_t as_of = storage::kPresent;
  PeriodRange range;
};

absl::Status ParseRange(v1::Frequency frequency, const std::string& start, const std::string& end,
                        PeriodRange* range) {
  if (!start.empty()) {
    const auto period = ParsePeriod(frequency, start);
    if (!period.ok()) return FieldInvalid("start_period", period.status().message());
    range->first = *period;
  }
  if (!end.empty()) {
    const auto period = ParsePeriod(frequency, end);
    if (!period.ok()) return FieldInvalid("end_period", period.status().message());
    range->last = *period;
  }
  if (range->first > range->last) {
    return FieldInvalid("end_period", "is before start_period");
  }
  return absl::OkStatus();
}

template <typename Request>
absl::StatusOr<ReadPlan<Request>> MakePlan(const Request& request) {
  ReadPlan<Request> plan{request, {}, "", "", storage::kPresent, {}};
  if (!request.page_token().empty()) {
    PT_ASSIGN_OR_RETURN(plan.cursor, ParsePageToken(RequestDigest(request), request.page_token()));
    const size_t cut = plan.cursor.key.find(kCursorSeparator);
    if (cut == std::string::npos) {
      return Error(absl::StatusCode::kInvalidArgument, reason::kPageTokenInvalid,
                   "page_token is not one that this method gave", {{"field", "page_token"}});
    }
    plan.output = plan.cursor.key.substr(0, cut);
    plan.key = plan.cursor.key.substr(cut + 1);
  }
  PT_RETURN_IF_ERROR(CheckAskedUnit(request.unit(), request.unit_multiplier()));
  return plan;
}

template <typename Request>
absl::Status Prepare(const storage::Store& store, Evaluator* evaluator, const Request& request) {
  PT_RETURN_IF_ERROR(CheckObservationParent(request.parent()));
  return AwaitRevision(store, *evaluator, request.has_as_of(), request.at_least_revision());
}

// The range of a series on this page: a series cut on the page before goes on
// where it was cut.
template <typename Request>
PeriodRange RangeOf(const ReadPlan<Request>& plan, const ScannedSeries& series) {
  PeriodRange range = plan.range;
  if (!plan.request.page_token().empty() && series.output == plan.output &&
      series.key == plan.key) {
    range.first = std::max(range.first, plan.cursor.offset);
  }
  return range;
}

template <typename Request>
std::string NextToken(const ReadPlan<Request>& plan, int64_t revision,
                      const std::string& cursor_key, int64_t offset) {
  return MakePageToken(RequestDigest(plan.request), {revision, cursor_key, offset});
}

template <typename Request>
absl::Status ResolvePlan(ReadTransaction& tx, ReadPlan<Request>* plan) {
  if (!plan->request.page_token().empty()) {
    plan->as_of = plan->cursor.revision;
    return absl::OkStatus();
  }
  PT_ASSIGN_OR_RETURN(plan->as_of,
                      ResolveAsOf(tx, plan->request.has_as_of(), plan->request.as_of()));
  // What is computed is given exactly as of the revision that the answer names,
  // although evaluation may lag, so that every page tells of the same state.
  if (CollectionOf(plan->request.parent()) != kDatasets) {
    plan->as_of = std::min(plan->as_of, tx.revision());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::ListObservationsResponse> Observations::List(
    const v1::ListObservationsRequest& request) {
  PT_RETURN_IF_ERROR(Prepare(*store_, evaluator_, request));
  PT_ASSIGN_OR_RETURN(const int page_size, EffectivePageSize(request.page_size(), 1000, 10000));
  PT_ASSIGN_OR_RETURN(const Filter filter,
                      Filter::Parse(request.filter(), v1::Observation::descriptor()));
  PT_ASSIGN_OR_RETURN(auto plan, MakePlan(request));
  v1::ListObservationsResponse response;
  PT_RETURN_IF_ERROR(store_->Read([&](ReadTransaction& tx) -> absl::Status {
    response.Clear();
    PT_RETURN_IF_ERROR(ResolvePlan(tx, &plan));
    PT_ASSIGN_OR_RETURN(SeriesScan scan,
                        SeriesScan::Open(tx, *engine_, request.parent(), plan.as_of));
    const ParentInfo& parent = scan.parent();
    scan.Narrow(filter);
    PT_RETURN_IF_ERROR(
        ParseRange(parent.frequency, request.start_period(), request.end_period(), &plan.range));
    const int64_t revision = std::min(plan.as_of, tx.revision());
    response.set_revision(revision);
    if (parent.computed) *response.mutable_evaluation() = parent.evaluation;
    PT_ASSIGN_OR_RETURN(
        const ShownUnits units,
        ShownUnits::Make(parent.name, parent.units, {request.unit(), request.unit_multiplier()}));
    units.Describe(response.mutable_units());
    size_t bytes = 0;
    return scan.Walk(
        plan.output, plan.key,
        [&](const ScannedSeries& series, const SeriesScan::Reader& read) -> absl::StatusOr<bool> {
          const PeriodRange range = RangeOf(plan, series);
          if (range.first > range.last) return true;
          PT_ASSIGN_OR_RETURN(Columns columns, read(range));
          for (size_t i = 0; i < columns.size(); ++i) {
            PT_RETURN_IF_ERROR(units.Convert(series.output, parent.frequency, i, i + 1, &columns));
            v1::Observation row = ToObservation(parent.dimension_ids, series.values, series.output,
                                                parent.frequency, columns, i);
            if (!filter.Matches(row)) continue;
            const size_t size = row.ByteSizeLong() + 4;
            if (response.observations_size() == page_size ||
                (response.observations_size() > 0 && bytes + size > kMaxPageBytes)) {
              response.set_next_page_token(NextToken(plan, revision,
                                                     series.output + kCursorSeparator + series.key,
                                                     columns.periods[i]));
              return false;
            }
            bytes += size;
            *response.add_observations() = std::move(row);
          }
          return true;
        });
  }));
  return response;
}

absl::StatusOr<v1::ReadSeriesResponse> Observations::Read(const v1::ReadSeriesRequest& request) {
  bool declined = false;
  return ReadColumns(request, false, &declined);
}

std::optional<absl::StatusOr<v1::ReadSeriesResponse>> Observations::ReadIfLookup(
    const v1::ReadSeriesRequest& request) {
  // The past may have to be folded out of many revisions.
  if (CollectionOf(request.parent()) != kDatasets || request.has_as_of() ||
      request.at_least_revision() != 0 || request.filter().empty()) {
    return std::nullopt;
  }
  bool declined = false;
  absl::StatusOr<v1::ReadSeriesResponse> response = ReadColumns(request, true, &declined);
  if (declined) return std::nullopt;
  return response;
}

absl::StatusOr<v1::ReadSeriesResponse> Observations::ReadColumns(
    const v1::ReadSeriesRequest& request, bool only_lookup, bool* declined) {
  PT_RETURN_IF_ERROR(Prepare(*store_, evaluator_, request));
  PT_ASSIGN_OR_RETURN(const int page_size, EffectivePageSize(request.page_size(), 1000, 10000));
  PT_ASSIGN_OR_RETURN(const Filter filter,
                      Filter::Parse(request.filter(), v1::Series::descriptor()));
  PT_ASSIGN_OR_RETURN(auto plan, MakePlan(request));
  v1::ReadSeriesResponse response;
  PT_RETURN_IF_ERROR(store_->Read([&](ReadTransaction& tx) -> absl::Status {
    response.Clear();
    PT_RETURN_IF_ERROR(ResolvePlan(tx, &plan));
    PT_ASSIGN_OR_RETURN(SeriesScan scan,
                        SeriesScan::Open(tx, *engine_, request.parent(), plan.as_of));
    const ParentInfo& parent = scan.parent();
    scan.Narrow(filter);
    *declined = only_lookup && !scan.is_lookup();
    if (*declined) return absl::OkStatus();
    PT_RETURN_IF_ERROR(
        ParseRange(parent.frequency, request.start_period(), request.end_period(), &plan.range));
    const int64_t revision = std::min(plan.as_of, tx.revision());
    response.set_revision(revision);
    if (parent.computed) *response.mutable_evaluation() = parent.evaluation;
    PT_ASSIGN_OR_RETURN(
        const ShownUnits units,
        ShownUnits::Make(parent.name, parent.units, {request.unit(), request.unit_multiplier()}));
    units.Describe(response.mutable_units());
    size_t bytes = 0;
    return scan.Walk(
        plan.output, plan.key,
        [&](const ScannedSeries& series, const SeriesScan::Reader& read) -> absl::StatusOr<bool> {
          const PeriodRange range = RangeOf(plan, series);
          if (range.first > range.last) return true;
          v1::Series header;
          DescribeSeries(parent.dimension_ids, series.values, series.output, parent.frequency,
                         &header);
          if (!filter.Matches(header)) return true;
          PT_ASSIGN_OR_RETURN(Columns columns, read(range));
          if (columns.empty()) return true;
          const size_t header_bytes = header.ByteSizeLong() + 16;
          const std::string cursor_key = series.output + kCursorSeparator + series.key;
          const size_t room = kMaxPageBytes > bytes + header_bytes
                                  ? (kMaxPageBytes - bytes - header_bytes) / kPointBytes
                                  : 0;
          if (response.series_size() == page_size || (room == 0 && response.series_size() > 0)) {
            response.set_next_page_token(NextToken(plan, revision, cursor_key, columns.periods[0]));
            return false;
          }
          const size_t take = std::min(columns.size(), std::max<size_t>(room, 1));
          PT_RETURN_IF_ERROR(units.Convert(series.output, parent.frequency, 0, take, &columns));
          AppendPoints(columns, 0, take, &header);
          *response.add_series() = std::move(header);
          bytes += header_bytes + take * kPointBytes;
          if (take == columns.size()) return true;
          response.set_next_page_token(
              NextToken(plan, revision, cursor_key, columns.periods[take]));
          return false;
        });
  }));
  return response;
}

}  // namespace policytrack::app
