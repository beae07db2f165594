#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "core/dimension_key.h"
#include "core/error.h"
#include "core/resource_name.h"
#include "core/unit.h"
#include "policytrack/v1/dataset.pb.h"
#include "services/app/kinds.h"
#include "services/app/readers.h"
#include "services/app/text_checks.h"

namespace policytrack::app {
namespace {

using google::protobuf::Message;

constexpr int kMaxDimensions = 16;
constexpr int kSeriesBatch = 1000;

class DatasetKind final : public DocumentKind {
 public:
  explicit DatasetKind(plugins::Engine* engine) : engine_(engine) {}

  std::string collection() const override { return kDatasets; }
  std::string singular() const override { return "dataset"; }
  MessagePtr New() const override { return std::make_unique<v1::Dataset>(); }

  absl::Status Check(storage::ReadTransaction& tx, const Message* before,
                     Message* next) const override {
    auto& dataset = static_cast<v1::Dataset&>(*next);
    PT_RETURN_IF_ERROR(CheckLanguage("dataset.language_code", dataset.language_code()));
    PT_RETURN_IF_ERROR(
        CheckTranslations("dataset.translations", dataset.language_code(), dataset.translations()));
    PT_RETURN_IF_ERROR(CheckReferences("dataset.references", dataset.references()));
    PT_RETURN_IF_ERROR(CheckUnit("dataset.unit", dataset.unit()));
    PT_RETURN_IF_ERROR(CheckUnitMultiplier("dataset.unit_multiplier", dataset.unit_multiplier()));
    PT_RETURN_IF_ERROR(CheckYearStart(dataset));
    PT_RETURN_IF_ERROR(CheckJoint(dataset));
    const v1::ValueRange& range = dataset.allowed_range();
    if (range.has_minimum() && range.has_maximum() && range.minimum() > range.maximum()) {
      return FieldInvalid("dataset.allowed_range.maximum", "is below the minimum");
    }
    PT_RETURN_IF_ERROR(CheckDimensions(&dataset));
    if (before == nullptr) return absl::OkStatus();
    const auto& old = static_cast<const v1::Dataset&>(*before);
    PT_RETURN_IF_ERROR(CheckDimensionsGrow(old, dataset));
    return CheckValuesInUse(tx, old, dataset);
  }

  std::vector<std::string> References(const Message& document) const override { return {}; }

  // Indicators that read this one must still fit it: they may select a value that is
  // no longer listed, or one that is now a total.
  absl::Status CheckDependents(storage::WriteTransaction& tx,
                               const Message& document) const override {
    return CheckReaders(tx, *engine_, static_cast<const v1::Dataset&>(document).name());
  }

  absl::Status OnDelete(storage::WriteTransaction& tx, const std::string& name) const override {
    return tx.DeleteAllSeries(name).status();
  }

 private:
  static absl::Status CheckYearStart(const v1::Dataset& dataset) {
    const int month = dataset.year_start_month();
    if (month < 0 || month > 12) {
      return FieldInvalid("dataset.year_start_month", "must be from 1 to 12, or 0 for 1");
    }
    if (month > 1 && dataset.frequency() == v1::FREQUENCY_WEEK) {
      return FieldInvalid("dataset.year_start_month",
                          "has no meaning for weeks, which do not fill years; leave it out");
    }
    return absl::OkStatus();
  }

  static absl::Status CheckJoint(const v1::Dataset& dataset) {
    if (!dataset.january_february_joint()) return absl::OkStatus();
    const std::string field = "dataset.january_february_joint";
    if (dataset.frequency() != v1::FREQUENCY_MONTH ||
        (dataset.accumulation() != v1::ACCUMULATION_FLOW &&
         dataset.accumulation() != v1::ACCUMULATION_YEAR_TO_DATE)) {
      return FieldInvalid(field,
                          "is for monthly totals, of the month or since the start of the year; "
                          "leave it out");
    }
    if (dataset.year_start_month() == 2) {
      return FieldInvalid(field,
                          "cannot be with a year that starts in February: the joint value would "
                          "lie in two years");
    }
    return absl::OkStatus();
  }

  static absl::Status CheckDimensions(v1::Dataset* dataset) {
    if (dataset->dimensions_size() > kMaxDimensions) {
      return FieldInvalid("dataset.dimensions",
                          absl::StrCat("has more than ", kMaxDimensions, " entries"));
    }
    std::set<std::string> ids;
    for (int i = 0; i < dataset->dimensions_size(); ++i) {
      v1::Dimension* dimension = dataset->mutable_dimensions(i);
      const std::string field = absl::StrCat("dataset.dimensions[", i, "]");
      if (!IsDimensionId(dimension->id())) {
        return FieldInvalid(field + ".id", absl::StrCat("\"", CutText(dimension->id(), 40),
                                                        "\" must match ^[a-z][a-z0-9_]{0,62}$"));
      }
      if (!ids.insert(dimension->id()).second) {
        return FieldInvalid(field + ".id", absl::StrCat("\"", dimension->id(), "\" comes twice"));
      }
      std::set<std::string> codes;
      for (int j = 0; j < dimension->values_size(); ++j) {
        const std::string path = absl::StrCat(field, ".values[", j, "].code");
        PT_ASSIGN_OR_RETURN(std::string code,
                            NormalizeDimensionValue(path, dimension->values(j).code()));
        if (code == kTotal) {
          return FieldInvalid(path, "_T, the total, is always allowed and is not listed");
        }
        if (!codes.insert(code).second) {
          return FieldInvalid(path, absl::StrCat("\"", CutText(code, 40), "\" comes twice"));
        }
        dimension->mutable_values(j)->set_code(std::move(code));
      }
      PT_RETURN_IF_ERROR(CheckTotals(codes, field, dimension));
    }
    return absl::OkStatus();
  }

  // `codes` are the listed values; none means any.
  static absl::Status CheckTotals(const std::set<std::string>& codes, const std::string& field,
                                  v1::Dimension* dimension) {
    std::set<std::string> totals;
    for (int j = 0; j < dimension->total_codes_size(); ++j) {
      const std::string path = absl::StrCat(field, ".total_codes[", j, "]");
      PT_ASSIGN_OR_RETURN(std::string code,
                          NormalizeDimensionValue(path, dimension->total_codes(j)));
      if (code == kTotal) return FieldInvalid(path, "_T is always a total and is not listed");
      if (!codes.empty() && codes.count(code) == 0) {
        return FieldInvalid(path, absl::StrCat("\"", CutText(code, 40),
                                               "\" is not one of the values of ", dimension->id()));
      }
      if (!totals.insert(code).second) {
        return FieldInvalid(path, absl::StrCat("\"", CutText(code, 40), "\" comes twice"));
      }
      dimension->set_total_codes(j, std::move(code));
    }
    return absl::OkStatus();
  }

  static absl::Status CheckDimensionsGrow(const v1::Dataset& before, const v1::Dataset& next) {
    for (int i = 0; i < before.dimensions_size(); ++i) {
      if (i < next.dimensions_size() && next.dimensions(i).id() == before.dimensions(i).id()) {
        continue;
      }
      return FieldInvalid(absl::StrCat("dataset.dimensions[", i, "].id"),
                          absl::StrCat("must stay \"", before.dimensions(i).id(),
                                       "\": dimensions can be appended, not removed, renamed or "
                                       "reordered"));
    }
    return absl::OkStatus();
  }

  // A value list that becomes closed or shorter must still hold what rows carry.
  static absl::Status CheckValuesInUse(storage::ReadTransaction& tx, const v1::Dataset& before,
                                       const v1::Dataset& next) {
    std::map<int, std::set<std::string>> closed;  // by position
    for (int i = 0; i < before.dimensions_size(); ++i) {
      if (next.dimensions(i).values().empty()) continue;
      std::set<std::string> now;
      for (const auto& value : next.dimensions(i).values()) now.insert(value.code());
      bool shorter = before.dimensions(i).values().empty();
      for (const auto& value : before.dimensions(i).values()) {
        if (now.count(value.code()) == 0) shorter = true;
      }
      if (shorter) closed[i] = std::move(now);
    }
    if (closed.empty()) return absl::OkStatus();
    std::vector<storage::SeriesInfo> batch;
    storage::SeriesInfo last;
    const storage::SeriesInfo* after = nullptr;
    do {
      PT_ASSIGN_OR_RETURN(batch, tx.ListSeries(next.name(), after, kSeriesBatch));
      for (const storage::SeriesInfo& series : batch) {
        const auto values = DecodeDimensionKey(series.key, next.dimensions_size());
        for (const auto& [position, allowed] : closed) {
          if (values[position] == kTotal || allowed.count(values[position]) > 0) continue;
          return FieldInvalid(absl::StrCat("dataset.dimensions[", position, "].values"),
                              absl::StrCat("must keep \"", values[position],
                                           "\", which observations carry or have carried"));
        }
      }
      if (!batch.empty()) {
        last = batch.back();
        after = &last;
      }
    } while (batch.size() == kSeriesBatch);
    return absl::OkStatus();
  }

  plugins::Engine* const engine_;
};

}  // namespace

std::unique_ptr<DocumentKind> MakeDatasetKind(plugins::Engine* engine) {
  return std::make_unique<DatasetKind>(engine);
}

}  // namespace policytrack::app
