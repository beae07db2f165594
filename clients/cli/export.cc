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
#include "clients/cli/unit_scale.h"
#include "core/dimension_key.h"
#include "core/error.h"
#include "core/observation_status.h"
#include "core/resource_name.h"
#include "core/unit.h"
#include "policytrack/v1/dataset_service.grpc.pb.h"
#include "policytrack/v1/observation_service.grpc.pb.h"

namespace policytrack::cli {
namespace {

constexpr int kPageSize = 10000;

class Exporter {
 public:
  Exporter(Context& context, const ListOptions& options, const std::optional<v1::AsOf>& as_of,
           const ScaledUnit& unit)
      : context_(context),
        options_(options),
        asked_(unit),
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
    request_.set_unit(asked_.unit);
    request_.set_unit_multiplier(asked_.multiplier);
    if (dataset_) PT_RETURN_IF_ERROR(ReadDataset());
    v1::ListObservationsRequest kept = request_;
    kept.clear_unit();
    kept.clear_unit_multiplier();
    kept.clear_at_least_revision();
    do {
      PT_ASSIGN_OR_RETURN(const auto page, ReadPage(request_));
      if (dataset_ && converts()) {
        // The same page as it is kept, at the same revision.
        if (kept.page_token().empty()) kept.mutable_as_of()->set_revision(page.revision());
        PT_ASSIGN_OR_RETURN(const auto own, ReadPage(kept));
        PT_RETURN_IF_ERROR(CheckPushesBack(page, own));
        kept.set_page_token(own.next_page_token());
      }
      if (request_.page_token().empty()) WriteHeader(page);
      for (const v1::Observation& row : page.observations()) WriteRow(row);
      request_.set_page_token(page.next_page_token());
    } while (!request_.page_token().empty());
    return absl::OkStatus();
  }

 private:
  bool converts() const { return !asked_.unit.empty(); }

  absl::StatusOr<v1::ListObservationsResponse> ReadPage(
      const v1::ListObservationsRequest& request) {
    return context_.connection.Unary(*stub_, &v1::ObservationService::Stub::ListObservations,
                                     request);
  }

  // That each value, pushed again in the unit in which it is written, is the one
  // that is kept. Conversion keeps the fifteen digits that any figure has, but not
  // always the last of a value that a computation made.
  absl::Status CheckPushesBack(const v1::ListObservationsResponse& page,
                               const v1::ListObservationsResponse& own) const {
    PT_ASSIGN_OR_RETURN(const UnitScale scale, ScaleTo(of_, asked_.unit, asked_.multiplier));
    if (page.observations_size() != own.observations_size()) return OtherRows();
    for (int i = 0; i < page.observations_size(); ++i) {
      const v1::Observation& row = page.observations(i);
      const v1::Observation& kept = own.observations(i);
      if (row.period() != kept.period() || !SameDimensions(row, kept)) return OtherRows();
      if (!row.has_value() || scale.Apply(FormatDouble(row.value())) == kept.value()) continue;
      return Error(absl::StatusCode::kInvalidArgument, reason::kFieldInvalid,
                   absl::StrCat("the value of ", row.period(), ", ", FormatDouble(kept.value()),
                                ", has more digits than come back from ",
                                UnitLabel(asked_.unit, asked_.multiplier),
                                ", so that the file would change it when it is pushed; write "
                                "the file without --unit"));
    }
    return absl::OkStatus();
  }

  static bool SameDimensions(const v1::Observation& a, const v1::Observation& b) {
    return std::map<std::string, std::string>(a.dimensions().begin(), a.dimensions().end()) ==
           std::map<std::string, std::string>(b.dimensions().begin(), b.dimensions().end());
  }

  static absl::Status OtherRows() {
    return Error(absl::StatusCode::kInvalidArgument, reason::kFieldInvalid,
                 "the filter takes other rows in the unit of --unit than in that of the dataset, "
                 "so that it cannot be seen whether the file would push back unchanged; leave the "
                 "value out of the filter, or --unit");
  }

  absl::Status ReadDataset() {
    v1::GetDatasetRequest request;
    request.set_name(options_.parent);
    if (request_.has_as_of()) *request.mutable_as_of() = request_.as_of();
    const auto stub = v1::DatasetService::NewStub(context_.connection.channel());
    PT_ASSIGN_OR_RETURN(
        const auto dataset,
        context_.connection.Unary(*stub, &v1::DatasetService::Stub::GetDataset, request));
    of_ = dataset;
    unit_column_ = converts() ? asked_.unit : dataset.unit();
    multiplier_ = absl::StrCat(converts() ? asked_.multiplier : dataset.unit_multiplier());
    structure_ = StructureOf(dataset.name());
    std::set<std::string> taken =
        sdmx_ ? std::set<std::string>{"STRUCTURE_ID", "ACTION",     "TIME_PERIOD",
                                      "OBS_VALUE",    "OBS_STATUS", kMultiplierColumn}
              : std::set<std::string>{"period", "value", "status", "series_break"};
    if (!sdmx_ && converts()) taken.insert({"unit", "unit_multiplier"});
    for (const v1::Dimension& dimension : dataset.dimensions()) {
      dimensions_.push_back(dimension.id());
      // What an office has as a dimension says it in every row.
      if (sdmx_ && SdmxColumn(dimension.id()) == kUnitColumn) unit_column_.clear();
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
    for (const v1::OutputUnit& unit : page.units()) units_[unit.output()] = unit;
    std::vector<std::string> cells;
    if (sdmx_) {
      cells = {"STRUCTURE[;]", "STRUCTURE_ID", "ACTION"};
      for (const std::string& id : dimensions_) cells.push_back(SdmxColumn(id));
      cells.insert(cells.end(), {"TIME_PERIOD", "OBS_VALUE", "OBS_STATUS[]", kMultiplierColumn});
      if (!unit_column_.empty()) cells.push_back(kUnitColumn);
    } else {
      if (!dataset_) cells.push_back("output");
      cells.push_back("period");
      cells.insert(cells.end(), dimensions_.begin(), dimensions_.end());
      cells.insert(cells.end(), {"value", "status", "series_break"});
      if (!dataset_) cells.insert(cells.end(), {"missing_reason", "joint"});
      if (converts()) cells.insert(cells.end(), {"unit", "unit_multiplier"});
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
      if (!unit_column_.empty()) cells.push_back(unit_column_);
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
      if (converts()) {
        const auto unit = units_.find(row.output());
        const bool known = unit != units_.end();
        cells.push_back(known ? unit->second.unit() : "");
        cells.push_back(known ? absl::StrCat(unit->second.unit_multiplier()) : "");
      }
    }
    context_.out() << CsvLine(cells);
  }

  Context& context_;
  const ListOptions& options_;
  const ScaledUnit asked_;
  const bool sdmx_;
  const bool dataset_;
  std::unique_ptr<v1::ObservationService::Stub> stub_;
  v1::ListObservationsRequest request_;
  v1::Dataset of_;                               // where it is one
  std::map<std::string, v1::OutputUnit> units_;  // by output
  std::vector<std::string> dimensions_;
  std::string unit_column_;
  std::string multiplier_;
  std::string structure_;
};

}  // namespace

int ExportObservations(Context& context, const ListOptions& options,
                       const std::optional<v1::AsOf>& as_of, const ScaledUnit& unit) {
  const absl::Status status = Exporter(context, options, as_of, unit).Run();
  if (!status.ok()) return Fail(context, status);
  context.out().flush();
  if (!context.out()) return FailUsage(context, "the output cannot be written");
  return kDone;
}

}  // namespace policytrack::cli
