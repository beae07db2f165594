#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "clients/cli/csv_header.h"
#include "clients/cli/csv_reader.h"
#include "clients/cli/number_format.h"
#include "clients/cli/number_text.h"
#include "clients/cli/row_source.h"
#include "clients/cli/row_unit.h"
#include "clients/cli/sdmx_csv.h"
#include "clients/cli/sdmx_period.h"
#include "clients/cli/unit_scale.h"
#include "core/error.h"
#include "core/observation_status.h"
#include "core/resource_name.h"

namespace policytrack::cli {
namespace {

constexpr size_t kMaxShownBytes = 60;

// What a yes-or-no cell says; nothing when it says neither.
std::optional<bool> ParseFlag(absl::string_view text) {
  if (text.empty() || text == "0" || text == "false") return false;
  if (text == "1" || text == "true") return true;
  return std::nullopt;
}

class CsvRows final : public RowSource {
 public:
  CsvRows(std::istream& stream, PushMapping mapping, DatasetLookup lookup)
      : mapping_(std::move(mapping)), lookup_(std::move(lookup)), reader_(stream, mapping_.csv) {}

  absl::Status Open() {
    CsvRecord record;
    PT_ASSIGN_OR_RETURN(const bool any, reader_.Next(&record));
    if (!any) {
      return absl::InvalidArgumentError(
          mapping_.csv.skip_lines > 0 ? "there is nothing after the lines that are skipped"
                                      : "the file is empty; its first line must name the columns");
    }
    columns_ = record.fields.size();
    if (!mapping_.sdmx) return Bind(Header(std::move(record.fields)));
    PT_ASSIGN_OR_RETURN(sdmx_, SdmxCsv::Open(std::move(record.fields)));
    PT_ASSIGN_OR_RETURN(ahead_, reader_.Next(&record_));
    PT_RETURN_IF_ERROR(sdmx_->FindDataset(ahead_ ? &record_.fields : nullptr, &mapping_));
    if (!ahead_ && !mapping_.dataset.has_value()) return absl::OkStatus();
    // What is wrong from here on is not wrong with the row.
    header_line_ = record.line;
    PT_ASSIGN_OR_RETURN(const v1::Dataset* dataset, lookup_(mapping_.dataset->text));
    PT_RETURN_IF_ERROR(sdmx_->FindColumns(*dataset, &mapping_));
    PT_RETURN_IF_ERROR(Bind(sdmx_->header()));
    header_line_ = 0;
    return absl::OkStatus();
  }

  absl::StatusOr<bool> Next(SourceItem* item) override {
    if (cell_ == 0) {
      if (!ahead_) {
        PT_ASSIGN_OR_RETURN(const bool any, reader_.Next(&record_));
        if (!any) return false;
      }
      ahead_ = false;
      if (sdmx_.has_value() && record_.fields.size() == columns_) {
        sdmx_->TakeLabels(&record_.fields);
      }
    }
    item->line = record_.line;
    item->dataset.clear();
    item->observation.Clear();
    item->kind = SourceItem::Kind::kRow;
    broken_ = absl::OkStatus();
    Convert(item);
    PT_RETURN_IF_ERROR(broken_);
    // What is wrong with the row is told once; so is that it is not selected.
    const bool whole = record_.fields.size() == columns_ && selected_;
    if (wide() && whole && ++cell_ < periods_.size()) return true;
    cell_ = 0;
    return true;
  }

  int64_t line() const override {
    return header_line_ > 0 ? header_line_ : std::max<int64_t>(reader_.line(), 1);
  }

 private:
  static void Refuse(SourceItem* item, const char* reason, std::string field, std::string message) {
    item->kind = SourceItem::Kind::kBad;
    item->reason = reason;
    item->field = std::move(field);
    item->message = std::move(message);
  }

  bool wide() const { return !periods_.empty(); }

  absl::Status Bind(const Header& header) {
    PT_RETURN_IF_ERROR(header.Bind(mapping_.dataset, &dataset_));
    PT_RETURN_IF_ERROR(header.Bind(mapping_.period, &period_));
    PT_RETURN_IF_ERROR(header.Bind(mapping_.value, &value_));
    PT_RETURN_IF_ERROR(header.Bind(mapping_.status, &status_));
    PT_RETURN_IF_ERROR(header.Bind(mapping_.deleted, &deleted_));
    PT_RETURN_IF_ERROR(header.Bind(mapping_.series_break, &series_break_));
    PT_ASSIGN_OR_RETURN(unit_, RowUnit::Bind(header, mapping_));
    for (const auto& [id, source] : mapping_.dimensions) {
      PT_ASSIGN_OR_RETURN(BoundSource bound, header.Bind(source));
      dimensions_.emplace_back(id, std::move(bound));
    }
    for (const auto& [column, values] : mapping_.where) {
      PT_ASSIGN_OR_RETURN(const size_t index, header.Find(column));
      where_.emplace_back(index, std::set<std::string>(values.begin(), values.end()));
    }
    PT_RETURN_IF_ERROR(OpenPeriods(header));
    if (unit_.stated() && unit_.constant() && dataset_->kind == CellSource::Kind::kConstant) {
      // Told once, and not of every row.
      PT_ASSIGN_OR_RETURN(const v1::Dataset* dataset, lookup_(dataset_->text));
      PT_RETURN_IF_ERROR(ScaleTo(*dataset, unit_.unit(), 0).status());
    }
    return absl::OkStatus();
  }

  absl::Status OpenPeriods(const Header& header) {
    for (const auto& [name, period] : mapping_.period_columns) {
      PT_ASSIGN_OR_RETURN(const size_t column, header.Find(name));
      periods_.emplace_back(column, period);
    }
    if (!mapping_.period_rest) return absl::OkStatus();
    const std::vector<std::string> named = ColumnsOf(mapping_);
    for (const std::string& name : header.names()) {
      if (std::find(named.begin(), named.end(), name) != named.end()) continue;
      PT_ASSIGN_OR_RETURN(const size_t column, header.Find(name));
      periods_.emplace_back(column, name);
    }
    if (periods_.empty()) {
      return absl::InvalidArgumentError("there is no column beside those that the mapping names");
    }
    return absl::OkStatus();
  }

  void Convert(SourceItem* item) {
    const std::vector<std::string>& fields = record_.fields;
    selected_ = true;
    if (fields.size() != columns_) {
      return Refuse(
          item, reason::kFieldInvalid, "",
          absl::StrCat("the row has ", fields.size(), " fields and the header ", columns_));
    }
    for (const auto& [column, values] : where_) {
      if (values.count(fields[column]) == 0) {
        item->kind = SourceItem::Kind::kFiltered;
        selected_ = false;
        return;
      }
    }
    const std::string value = wide()               ? fields[periods_[cell_].first]
                              : value_.has_value() ? value_->Get(fields)
                                                   : "";
    bool deleted = false;
    if (!ReadFlag(deleted_, "deleted", item, &deleted)) return;
    if (sdmx_.has_value()) {
      const auto deletes = sdmx_->Deletes(fields);
      if (!deletes.ok()) {
        return Refuse(item, reason::kFieldInvalid, "", std::string(deletes.status().message()));
      }
      deleted = deleted || *deletes;
    }
    const auto mark = mapping_.missing_marks.find(value);
    const bool marked = mark != mapping_.missing_marks.end();
    v1::Observation& observation = item->observation;
    const bool known = deleted || ReadStatus(item);
    const bool missing = IsMissingStatus(observation.status());
    if (!deleted && marked && !missing && mark->second == v1::OBSERVATION_STATUS_UNSPECIFIED) {
      item->kind = SourceItem::Kind::kSkipped;
      return;
    }
    if (!known || !ReadKey(deleted, item)) return;
    if (deleted) {
      observation.set_deleted(true);
      // A message of SDMX may say what it takes away.
      if (!value.empty() && !marked && !sdmx_.has_value()) {
        Refuse(item, reason::kFieldInvalid, "value",
               absl::StrCat("value: a row that deletes has no value, but it is `",
                            CutText(value, kMaxShownBytes), "`"));
      }
      return;
    }
    if (missing) {
      if (!value.empty() && !marked) {
        return Refuse(
            item, reason::kFieldInvalid, "value",
            absl::StrCat("value: the status ", std::string(1, LetterOf(observation.status())),
                         " says that there is none, but it is `", CutText(value, kMaxShownBytes),
                         "`"));
      }
    } else if (marked) {
      observation.set_status(mark->second);
    } else {
      ReadValue(value, item);
      if (item->kind == SourceItem::Kind::kBad) return;
    }
    bool series_break = observation.series_break();
    if (!ReadFlag(series_break_, "series_break", item, &series_break)) return;
    if (series_break) observation.set_series_break(true);
  }

  // Dataset, period and dimensions.
  bool ReadKey(bool deleted, SourceItem* item) const {
    const std::vector<std::string>& fields = record_.fields;
    v1::Observation& observation = item->observation;
    item->dataset = WithCollection(kDatasets, dataset_->Get(fields));
    if (const auto id = ParseResourceName("dataset", kDatasets, item->dataset); !id.ok()) {
      Refuse(item, reason::kNameInvalid, "dataset", std::string(id.status().message()));
      return false;
    }
    observation.set_period(wide() ? periods_[cell_].second : period_->Get(fields));
    // Of SDMX such a row is of all that its other columns select.
    const char* one_by_one = deleted && sdmx_.has_value()
                                 ? "; a row takes away one observation: name each that is to go"
                                 : "";
    if (observation.period().empty()) {
      Refuse(item, reason::kFieldRequired, "period",
             absl::StrCat("period: there is none", one_by_one));
      return false;
    }
    if (sdmx_.has_value()) {
      auto period = PeriodOfSdmx(observation.period());
      if (!period.ok()) {
        Refuse(item, reason::kFieldInvalid, "period", std::string(period.status().message()));
        return false;
      }
      observation.set_period(*std::move(period));
    }
    for (const auto& [id, source] : dimensions_) {
      std::string text = source.Get(fields);
      if (text.empty()) {
        Refuse(item, reason::kFieldRequired, absl::StrCat("dimensions.", id),
               absl::StrCat("dimensions.", id, ": there is none",
                            *one_by_one == 0 ? "; write _T for the total" : one_by_one));
        return false;
      }
      (*observation.mutable_dimensions())[id] = std::move(text);
    }
    return true;
  }

  void ReadValue(const std::string& value, SourceItem* item) {
    if (value.empty()) {
      return Refuse(item, reason::kFieldRequired, "value",
                    absl::StrCat("value: there is none; ",
                                 sdmx_.has_value()
                                     ? "a row writes its observation whole and cannot leave the "
                                       "figure as it is: send it, or an OBS_STATUS that says that "
                                       "there is none (O, M, L, H, Q, K, J); if"
                                     : "if",
                                 " an empty cell means no figure, put \"\" into missing_marks"));
    }
    UnitScale scale;
    if (unit_.stated() && !FindScale(item, &scale)) return;
    const auto plain = PlainNumber(value, mapping_.numbers);
    const std::string shifted = plain.has_value() ? scale.Shifted(*plain) : "";
    const auto number = ParseDouble(shifted);
    if (const absl::string_view why = OutOfRange(shifted); !why.empty()) {
      return Refuse(item, reason::kFieldInvalid, "value",
                    absl::StrCat("value: `", CutText(value, kMaxShownBytes), "` is ", why));
    }
    if (!number.has_value()) {
      return Refuse(item, reason::kFieldInvalid, "value",
                    absl::StrCat("value: `", CutText(value, kMaxShownBytes), "` is not a number; ",
                                 DescribeFormat(mapping_.numbers),
                                 ", or put a mark for no figure into missing_marks"));
    }
    const double scaled = *number * scale.times / scale.divided;
    if (!std::isfinite(scaled)) {
      return Refuse(item, reason::kFieldInvalid, "value",
                    absl::StrCat("value: `", CutText(value, kMaxShownBytes),
                                 "` is too large for a number in the unit of the dataset"));
    }
    item->observation.set_value(scaled);
  }

  // How the figures of the row become those of its dataset.
  bool FindScale(SourceItem* item, UnitScale* scale) {
    const auto dataset = lookup_(item->dataset);
    if (!dataset.ok()) {
      broken_ = dataset.status();
      return false;
    }
    const auto found = unit_.ScaleOf(record_.fields, **dataset);
    if (!found.ok()) {
      Refuse(item, reason::kFieldInvalid, MetadataOf(found.status(), "field"),
             std::string(found.status().message()));
      return false;
    }
    *scale = *found;
    return true;
  }

  bool ReadStatus(SourceItem* item) const {
    if (!status_.has_value()) return true;
    const std::string text = status_->Get(record_.fields);
    if (const auto it = mapping_.statuses.find(text); it != mapping_.statuses.end()) {
      item->observation.set_status(it->second.status);
      item->observation.set_series_break(it->second.series_break);
      return true;
    }
    if (text.empty()) return true;
    v1::ObservationStatus status = v1::OBSERVATION_STATUS_UNSPECIFIED;
    if (sdmx_.has_value()) {
      bool series_break = false;
      const absl::Status read = sdmx_->ReadStatus(text, &status, &series_break);
      if (!read.ok()) {
        Refuse(item, reason::kFieldInvalid, "status", std::string(read.message()));
        return false;
      }
      item->observation.set_series_break(series_break);
    } else if (!ParseStatus(text, &status)) {
      Refuse(item, reason::kFieldInvalid, "status",
             absl::StrCat(
                 "status: `", CutText(text, kMaxShownBytes),
                 "` is no status: write a letter of SDMX CL_OBS_STATUS, such as P, or a "
                 "name, such as PROVISIONAL (docs/observation-status.md), or say in `statuses` of "
                 "the mapping which it is"));
      return false;
    }
    item->observation.set_status(status);
    return true;
  }

  bool ReadFlag(const std::optional<BoundSource>& source, const char* field, SourceItem* item,
                bool* flag) const {
    if (!source.has_value()) return true;
    const std::string text = source->Get(record_.fields);
    const auto parsed = ParseFlag(text);
    if (!parsed.has_value()) {
      Refuse(item, reason::kFieldInvalid, field,
             absl::StrCat(field, ": `", CutText(text, kMaxShownBytes),
                          "` is none of true, false, 1, 0 or empty"));
      return false;
    }
    *flag = *parsed;
    return true;
  }

  PushMapping mapping_;
  const DatasetLookup lookup_;
  CsvReader reader_;
  CsvRecord record_;
  bool ahead_ = false;    // record_ is read and not yet given
  bool selected_ = true;  // by `where`
  absl::Status broken_;   // the rest cannot be read
  size_t columns_ = 0;
  std::optional<SdmxCsv> sdmx_;
  int64_t header_line_ = 0;  // while its columns are looked up
  std::optional<BoundSource> dataset_;
  std::optional<BoundSource> period_;
  std::optional<BoundSource> value_;
  std::optional<BoundSource> status_;
  std::optional<BoundSource> deleted_;
  std::optional<BoundSource> series_break_;
  RowUnit unit_;
  std::vector<std::pair<std::string, BoundSource>> dimensions_;
  std::vector<std::pair<size_t, std::set<std::string>>> where_;
  // Of a wide file: columns with their periods, and the one to be given next.
  std::vector<std::pair<size_t, std::string>> periods_;
  size_t cell_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RowSource>> OpenCsv(std::istream& stream, PushMapping mapping,
                                                   DatasetLookup lookup, int64_t* line) {
  auto source = std::make_unique<CsvRows>(stream, std::move(mapping), std::move(lookup));
  const absl::Status status = source->Open();
  if (line != nullptr) *line = source->line();
  PT_RETURN_IF_ERROR(status);
  return std::unique_ptr<RowSource>(std::move(source));
}

}  // namespace policytrack::cli
