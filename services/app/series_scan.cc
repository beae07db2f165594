#include "services/app/series_scan.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/dimension_key.h"
#include "core/error.h"
#include "core/resource_name.h"
#include "policytrack/v1/dataset.pb.h"

namespace policytrack::app {
namespace {

// Series listed from the store at a time.
constexpr int kBatch = 1000;
// The output of the series of a dataset.
constexpr char kDatasetOutput[] = "";

}  // namespace

absl::Status CheckObservationParent(const std::string& parent) {
  const absl::string_view collection = CollectionOf(parent);
  if (parent.empty()) return FieldRequired("parent");
  if (collection == kDatasets) return ParseResourceName("parent", kDatasets, parent).status();
  if (collection == kIndicators) return ParseResourceName("parent", kIndicators, parent).status();
  if (collection == kMeasures) return ParseTargetName("parent", parent).status();
  return Error(absl::StatusCode::kInvalidArgument, reason::kNameInvalid,
               absl::StrCat("parent: \"", CutText(parent, 100),
                            "\" must be datasets/{dataset}, indicators/{indicator} or "
                            "measures/{measure}/targets/{target}"),
               {{"field", "parent"}});
}

absl::StatusOr<SeriesScan> SeriesScan::Open(storage::ReadTransaction& tx, plugins::Engine& engine,
                                            const std::string& parent, int64_t as_of) {
  PT_RETURN_IF_ERROR(CheckObservationParent(parent));
  SeriesScan scan(tx, as_of);
  scan.info_.name = parent;
  if (CollectionOf(parent) == kDatasets) {
    PT_ASSIGN_OR_RETURN(auto stored, tx.GetDocument(parent, as_of));
    if (!stored.has_value() || stored->deleted) {
      return NotFound(parent, absl::StrCat("parent: ", parent, " does not exist"));
    }
    v1::Dataset dataset;
    if (!dataset.ParseFromString(stored->body)) return DamagedState(*stored);
    scan.info_.frequency = dataset.frequency();
    scan.info_.units.outputs[kDatasetOutput] = {dataset.unit(), dataset.unit_multiplier()};
    for (const auto& dimension : dataset.dimensions()) {
      scan.info_.dimension_ids.push_back(dimension.id());
    }
    return scan;
  }
  scan.figures_ = std::make_unique<HistoryFigures>(&tx, &engine, as_of);
  PT_ASSIGN_OR_RETURN(ComputedHeader header, scan.figures_->HeaderOf(parent));
  scan.info_.computed = true;
  scan.info_.frequency = header.frequency;
  scan.info_.dimension_ids = std::move(header.dimension_ids);
  scan.info_.evaluation = std::move(header.evaluation);
  PT_ASSIGN_OR_RETURN(scan.info_.units, scan.figures_->UnitsOf(parent));
  return scan;
}

void SeriesScan::Narrow(const Filter& filter) {
  required_.clear();
  for (const std::string& id : info_.dimension_ids) {
    required_.push_back(filter.RequiredValue("dimensions", id));
  }
}

std::optional<std::string> SeriesScan::OnlyKey() const {
  if (required_.empty()) return std::nullopt;
  std::vector<std::string> values;
  for (const auto& value : required_) {
    if (!value.has_value()) return std::nullopt;
    values.push_back(*value);
  }
  return EncodeDimensionKey(values);
}

bool SeriesScan::IsLeft(const std::vector<std::string>& values) const {
  for (size_t i = 0; i < required_.size(); ++i) {
    if (required_[i].has_value() && *required_[i] != values[i]) return false;
  }
  return true;
}

absl::Status SeriesScan::Walk(const std::string& output, const std::string& key,
                              const Visit& visit) {
  return info_.computed ? WalkComputed(output, key, visit) : WalkStored(output, key, visit);
}

absl::Status SeriesScan::WalkComputed(const std::string& output, const std::string& key,
                                      const Visit& visit) {
  PT_ASSIGN_OR_RETURN(const auto all, figures_->SeriesOf(info_.name, OnlyKey()));
  for (auto at = std::lower_bound(all.begin(), all.end(), std::pair(output, key)); at != all.end();
       ++at) {
    const ScannedSeries series{at->first, at->second,
                               DecodeDimensionKey(at->second, info_.dimension_ids.size())};
    if (!IsLeft(series.values)) continue;
    PT_ASSIGN_OR_RETURN(const bool go_on, visit(series, [&](PeriodRange range) {
                          return figures_->Read(info_.name, series.output, series.key, range);
                        }));
    if (!go_on) break;
  }
  return absl::OkStatus();
}

absl::Status SeriesScan::WalkStored(const std::string& output, const std::string& key,
                                    const Visit& visit) {
  const auto visit_one = [&](const storage::SeriesInfo& info) -> absl::StatusOr<bool> {
    const ScannedSeries series{info.output, info.key,
                               DecodeDimensionKey(info.key, info_.dimension_ids.size())};
    if (!IsLeft(series.values)) return true;
    return visit(series, [this, &info](PeriodRange range) {
      return tx_->ReadSeries(info.id, range, as_of_);
    });
  };
  if (const std::optional<std::string> only = OnlyKey(); only.has_value()) {
    if (std::pair<std::string, std::string>(kDatasetOutput, *only) < std::pair(output, key)) {
      return absl::OkStatus();
    }
    PT_ASSIGN_OR_RETURN(const auto found, tx_->FindSeries(info_.name, kDatasetOutput, *only));
    return found.has_value() ? visit_one(*found).status() : absl::OkStatus();
  }
  storage::SeriesInfo last;
  const storage::SeriesInfo* after = nullptr;
  if (!output.empty() || !key.empty()) {
    PT_ASSIGN_OR_RETURN(auto from, tx_->FindSeries(info_.name, output, key));
    if (from.has_value()) {
      PT_ASSIGN_OR_RETURN(const bool go_on, visit_one(*from));
      if (!go_on) return absl::OkStatus();
    }
    last.output = output;
    last.key = key;
    after = &last;
  }
  for (bool end = false; !end;) {
    PT_ASSIGN_OR_RETURN(auto batch, tx_->ListSeries(info_.name, after, kBatch));
    end = batch.size() < kBatch;
    for (const storage::SeriesInfo& info : batch) {
      PT_ASSIGN_OR_RETURN(const bool go_on, visit_one(info));
      if (!go_on) return absl::OkStatus();
    }
    if (!batch.empty()) {
      last = batch.back();
      after = &last;
    }
  }
  return absl::OkStatus();
}

}  // namespace policytrack::app
