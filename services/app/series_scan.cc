#include "services/app/series_scan.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/dimension_key.h"
#include "core/error.h"
#include "core/resource_name.h"
#include "policytrack/v1/dataset.pb.h"
#include "services/app/computed_reader.h"

namespace policytrack::app {
namespace {

// Series listed from the store at a time.
constexpr int kBatch = 1000;

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
    if (!dataset.ParseFromString(stored->body)) {
      return absl::InternalError(absl::StrCat("stored body of ", parent, " cannot be parsed"));
    }
    scan.info_.frequency = dataset.frequency();
    for (const auto& dimension : dataset.dimensions()) {
      scan.info_.dimension_ids.push_back(dimension.id());
    }
    return scan;
  }
  PT_ASSIGN_OR_RETURN(ComputedView view, ReadComputed(tx, engine, parent, as_of, PeriodRange()));
  scan.info_.computed = true;
  scan.info_.frequency = view.frequency;
  scan.info_.dimension_ids = view.dimension_ids;
  scan.info_.evaluation = std::move(view.evaluation);
  for (ComputedSeries& series : view.series) {
    std::string key = EncodeDimensionKey(series.group_values);
    scan.held_.push_back(
        {{std::move(series.output), std::move(key), std::move(series.group_values)},
         std::move(series.columns)});
  }
  std::sort(scan.held_.begin(), scan.held_.end(), [](const Held& a, const Held& b) {
    return std::tie(a.series.output, a.series.key) < std::tie(b.series.output, b.series.key);
  });
  return scan;
}

absl::Status SeriesScan::Walk(const std::string& output, const std::string& key,
                              const Visit& visit) {
  if (!info_.computed) return WalkStored(output, key, visit);
  for (const Held& held : held_) {
    if (std::tie(held.series.output, held.series.key) < std::tie(output, key)) continue;
    PT_ASSIGN_OR_RETURN(const bool go_on,
                        visit(held.series, [&held](PeriodRange range) -> absl::StatusOr<Columns> {
                          return held.columns.Slice(range);
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
    return visit(series, [this, &info](PeriodRange range) {
      return tx_->ReadSeries(info.id, range, as_of_);
    });
  };
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
