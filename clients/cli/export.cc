#include "clients/cli/export.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/number_text.h"
#include "clients/cli/sdmx_csv.h"
#include "clients/cli/table.h"
#include "core/dimension_key.h"
#include "core/error.h"
#include "core/observation_status.h"
#include "core/resource_name.h"
#include "policytrack/v1/dataset_service.grpc.pb.h"
#include "policytrack/v1/observation_service.grpc.pb.h"

namespace policytrack::cli {
namespace {

constexpr int kPageSize = 10000;

class Exporter {
 public:
  Exporter(Context& context, const ListOptions& options, const std::optional<v1::AsOf>& as_of)
      : context_(context),
        options_(options),
        sdmx_(options.export_format == kSdmxCsvFormat),
        dataset_(absl::StartsWith(options.parent, absl::StrCat(kDatasets, "/"))),
        stub_(v1::ObservationService::NewStub(context.connection.channel())) {
    if (as_of.has_value()) *request_.mutable_as_of() = *as_of;
  }

  absl::Status Run() {
    if (sdmx_ && !dataset_) {
      return Error(absl::StatusCode::kInvalidArgument, reason::kFieldInvalid,
                   "sdmx-csv is for datasets; write what is computed as csv");
    }
    request_.set_parent(options_.parent);
    request_.set_page_size(kPageSize);
    request_.set_filter(options_.filter);
    request_.set_start_period(options_.from);
    request_.set_end_period(options_.to);
    request_.set_at_least_revision(options_.at_least_revision);
    if (dataset_) PT_RETURN_IF_ERROR(ReadDataset());
    do {
      PT_ASSIGN_OR_RETURN(auto page,
                          context_.connection.Unary(
                              *stub_, &v1::ObservationService::Stub::ListObservations, request_));
      if (request_.page_token().empty()) WriteHeader(page);
      for (const v1::Observation& row : page.observations()) WriteRow(row);
      request_.set_page_token(page.next_page_token());
    } while (!request_.page_token().empty());
    return absl::OkStatus();
  }

 private:
  absl::Status ReadDataset() {
    v1::GetDatasetRequest request;
    request.set_name(options_.parent);
    if (request_.has_as_of()) *request.mutable_as_of() = request_.as_of();
    const auto stub = v1::DatasetService::NewStub(context_.connection.channel());
    PT_ASSIGN_OR_RETURN(
        const auto dataset,
        context_.connection.Unary(*stub, &v1::DatasetService::Stub::GetDataset, request));
    unit_ = dataset.unit();
    multiplier_ = absl::StrCat(dataset.unit_multiplier());
    structure_ = StructureOf(dataset.name());
    const std::set<std::string> taken =
        sdmx_ ? std::set<std::string>{"STRUCTURE_ID", "ACTION",     "TIME_PERIOD",
                                      "OBS_VALUE",    "OBS_STATUS", kMultiplierColumn}
              : std::set<std::string>{"period", "value", "status", "series_break"};
    for (const v1::Dimension& dimension : dataset.dimensions()) {
      dimensions_.push_back(dimension.id());
      // What an office has as a dimension says it in every row.
      if (sdmx_ && SdmxColumn(dimension.id()) == kUnitColumn) unit_.clear();
      if (taken.count(sdmx_ ? SdmxColumn(dimension.id()) : dimension.id()) == 0) continue;
      return Error(absl::StatusCode::kFailedPrecondition, reason::kFieldInvalid,
                   absl::StrCat("the dimension `", dimension.id(), "` of ", dataset.name(),
                                " has the name of another column of ", options_.export_format));
    }
    return absl::OkStatus();
  }

  void WriteHeader(const v1::ListObservationsResponse& page) {
    if (!dataset_ && !page.observations().empty()) {
      // All rows of what is computed have the same ones.
      std::set<std::string> ids;
      for (const auto& [id, value] : page.observations(0).dimensions()) ids.insert(id);
      dimensions_.assign(ids.begin(), ids.end());
    }
    std::vector<std::string> cells;
    if (sdmx_) {
      cells = {"STRUCTURE[;]", "STRUCTURE_ID", "ACTION"};
      for (const std::string& id : dimensions_) cells.push_back(SdmxColumn(id));
      cells.insert(cells.end(), {"TIME_PERIOD", "OBS_VALUE", "OBS_STATUS[]", kMultiplierColumn});
      if (!unit_.empty()) cells.push_back(kUnitColumn);
    } else {
      if (!dataset_) cells.push_back("output");
      cells.push_back("period");
      cells.insert(cells.end(), dimensions_.begin(), dimensions_.end());
      cells.insert(cells.end(), {"value", "status", "series_break"});
      if (!dataset_) cells.insert(cells.end(), {"missing_reason", "joint"});
    }
    context_.out() << CsvLine(cells);
  }

  void WriteRow(const v1::Observation& row) {
    const std::string value = row.has_value() ? FormatDouble(row.value()) : "";
    const std::string letter(1, LetterOf(row.status()));
    std::vector<std::string> cells;
    const auto add_dimensions = [&] {
      for (const std::string& id : dimensions_) {
        const auto it = row.dimensions().find(id);
        cells.push_back(it == row.dimensions().end() ? kTotal : it->second);
      }
    };
    if (sdmx_) {
      cells = {"dataflow", structure_, "I"};
      add_dimensions();
      cells.insert(cells.end(),
                   {row.period(), value, row.series_break() ? absl::StrCat("B;", letter) : letter,
                    multiplier_});
      if (!unit_.empty()) cells.push_back(unit_);
    } else {
      if (!dataset_) cells.push_back(row.output());
      cells.push_back(row.period());
      add_dimensions();
      // What a computation cannot give has no status, but a reason.
      const bool computed = !row.has_value() && !IsMissingStatus(row.status());
      cells.insert(cells.end(), {value, computed ? "" : letter, row.series_break() ? "true" : ""});
      if (!dataset_) {
        cells.push_back(row.has_value() ? "" : v1::MissingReason_Name(row.missing_reason()));
        cells.push_back(row.joint() ? "true" : "");
      }
    }
    context_.out() << CsvLine(cells);
  }

  Context& context_;
  const ListOptions& options_;
  const bool sdmx_;
  const bool dataset_;
  std::unique_ptr<v1::ObservationService::Stub> stub_;
  v1::ListObservationsRequest request_;
  std::vector<std::string> dimensions_;
  std::string unit_;
  std::string multiplier_;
  std::string structure_;
};

}  // namespace

int ExportObservations(Context& context, const ListOptions& options,
                       const std::optional<v1::AsOf>& as_of) {
  const absl::Status status = Exporter(context, options, as_of).Run();
  if (!status.ok()) return Fail(context, status);
  context.out().flush();
  if (!context.out()) return FailUsage(context, "the output cannot be written");
  return kDone;
}

}  // namespace policytrack::cli
