#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/csv_reader.h"
#include "clients/cli/number_text.h"
#include "clients/cli/row_source.h"
#include "core/error.h"
#include "core/observation_status.h"
#include "core/resource_name.h"
#include "core/utf8.h"

namespace policytrack::cli {
namespace {

constexpr size_t kMaxShownBytes = 60;

// A CellSource with its columns found in the header.
struct BoundSource {
  CellSource::Kind kind = CellSource::Kind::kColumn;
  std::string text;
  size_t column = 0;
  struct Part {
    std::string text;
    int column = -1;  // -1: the text alone
    size_t width = 0;
  };
  std::vector<Part> parts;

  std::string Get(const std::vector<std::string>& fields) const {
    if (kind == CellSource::Kind::kConstant) return text;
    if (kind == CellSource::Kind::kColumn) return fields[column];
    std::string value;
    for (const Part& part : parts) {
      value += part.text;
      if (part.column < 0) continue;
      const std::string& cell = fields[static_cast<size_t>(part.column)];
      if (cell.size() < part.width) value.append(part.width - cell.size(), '0');
      value += cell;
    }
    return value;
  }
};

class Header {
 public:
  explicit Header(std::vector<std::string> names) : names_(std::move(names)) {}

  absl::StatusOr<size_t> Find(const std::string& name) const {
    const auto it = std::find(names_.begin(), names_.end(), name);
    if (it == names_.end()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "there is no column `", name, "`; the header has ", absl::StrJoin(names_, ", ")));
    }
    if (std::find(it + 1, names_.end(), name) != names_.end()) {
      return absl::InvalidArgumentError(absl::StrCat("there are two columns `", name, "`"));
    }
    return static_cast<size_t>(it - names_.begin());
  }

  absl::StatusOr<BoundSource> Bind(const CellSource& source) const {
    BoundSource bound;
    bound.kind = source.kind;
    bound.text = source.text;
    if (source.kind == CellSource::Kind::kColumn) {
      PT_ASSIGN_OR_RETURN(bound.column, Find(source.text));
    }
    for (const CellSource::Part& part : source.parts) {
      BoundSource::Part bound_part{part.text, -1, part.width};
      if (!part.column.empty()) {
        PT_ASSIGN_OR_RETURN(const size_t column, Find(part.column));
        bound_part.column = static_cast<int>(column);
      }
      bound.parts.push_back(std::move(bound_part));
    }
    return bound;
  }

  absl::Status Bind(const std::optional<CellSource>& source,
                    std::optional<BoundSource>* bound) const {
    if (!source.has_value()) return absl::OkStatus();
    PT_ASSIGN_OR_RETURN(*bound, Bind(*source));
    return absl::OkStatus();
  }

  size_t size() const { return names_.size(); }

 private:
  std::vector<std::string> names_;
};

// What a yes-or-no cell says; nothing when it says neither.
std::optional<bool> ParseFlag(absl::string_view text) {
  if (text.empty() || text == "0" || text == "false") return false;
  if (text == "1" || text == "true") return true;
  return std::nullopt;
}

class CsvRows final : public RowSource {
 public:
  explicit CsvRows(std::istream& stream) : reader_(stream) {}

  absl::Status Open(const PushMapping& mapping) {
    CsvRecord record;
    PT_ASSIGN_OR_RETURN(const bool any, reader_.Next(&record));
    if (!any) {
      return absl::InvalidArgumentError("the file is empty; its first line must name the columns");
    }
    for (const std::string& name : record.fields) {
      if (!IsUtf8(name) || name.find('\0') != std::string::npos) {
        return absl::InvalidArgumentError(kNotUtf8);
      }
    }
    const Header header(std::move(record.fields));
    columns_ = header.size();
    PT_RETURN_IF_ERROR(header.Bind(mapping.dataset, &dataset_));
    PT_RETURN_IF_ERROR(header.Bind(mapping.period, &period_));
    PT_RETURN_IF_ERROR(header.Bind(mapping.value, &value_));
    PT_RETURN_IF_ERROR(header.Bind(mapping.status, &status_));
    PT_RETURN_IF_ERROR(header.Bind(mapping.deleted, &deleted_));
    PT_RETURN_IF_ERROR(header.Bind(mapping.series_break, &series_break_));
    for (const auto& [id, source] : mapping.dimensions) {
      PT_ASSIGN_OR_RETURN(BoundSource bound, header.Bind(source));
      dimensions_.emplace_back(id, std::move(bound));
    }
    for (const auto& [column, values] : mapping.where) {
      PT_ASSIGN_OR_RETURN(const size_t index, header.Find(column));
      where_.emplace_back(index, std::set<std::string>(values.begin(), values.end()));
    }
    missing_marks_.insert(mapping.missing_marks.begin(), mapping.missing_marks.end());
    return absl::OkStatus();
  }

  absl::StatusOr<bool> Next(SourceItem* item) override {
    PT_ASSIGN_OR_RETURN(const bool any, reader_.Next(&record_));
    if (!any) return false;
    item->line = record_.line;
    item->dataset.clear();
    item->observation.Clear();
    item->kind = SourceItem::Kind::kRow;
    Convert(item);
    return true;
  }

  int64_t line() const override { return reader_.line(); }

 private:
  static void Refuse(SourceItem* item, const char* reason, std::string field, std::string message) {
    item->kind = SourceItem::Kind::kBad;
    item->reason = reason;
    item->field = std::move(field);
    item->message = std::move(message);
  }

  void Convert(SourceItem* item) const {
    const std::vector<std::string>& fields = record_.fields;
    if (fields.size() != columns_) {
      return Refuse(
          item, reason::kFieldInvalid, "",
          absl::StrCat("the row has ", fields.size(), " fields and the header ", columns_));
    }
    for (const auto& [column, values] : where_) {
      if (values.count(fields[column]) == 0) {
        item->kind = SourceItem::Kind::kFiltered;
        return;
      }
    }
    for (const std::string& field : fields) {
      if (!IsUtf8(field)) {
        return Refuse(item, reason::kFieldInvalid, "", "the row is not UTF-8 text");
      }
    }
    const std::string value = value_.has_value() ? value_->Get(fields) : "";
    bool deleted = false;
    if (!ReadFlag(deleted_, "deleted", item, &deleted)) return;
    if (!deleted && missing_marks_.count(value) > 0) {
      item->kind = SourceItem::Kind::kSkipped;
      return;
    }
    v1::Observation& observation = item->observation;
    item->dataset = WithCollection(kDatasets, dataset_->Get(fields));
    if (const auto id = ParseResourceName("dataset", kDatasets, item->dataset); !id.ok()) {
      return Refuse(item, reason::kNameInvalid, "dataset", std::string(id.status().message()));
    }
    observation.set_period(period_->Get(fields));
    if (observation.period().empty()) {
      return Refuse(item, reason::kFieldRequired, "period", "period: there is none");
    }
    for (const auto& [id, source] : dimensions_) {
      std::string text = source.Get(fields);
      if (text.empty()) {
        return Refuse(item, reason::kFieldRequired, absl::StrCat("dimensions.", id),
                      absl::StrCat("dimensions.", id, ": there is none; write _T for the total"));
      }
      (*observation.mutable_dimensions())[id] = std::move(text);
    }
    if (deleted) {
      observation.set_deleted(true);
      if (!value.empty() && missing_marks_.count(value) == 0) {
        Refuse(item, reason::kFieldInvalid, "value",
               absl::StrCat("value: a row that deletes has no value, but it is `",
                            CutText(value, kMaxShownBytes), "`"));
      }
      return;
    }
    ReadValue(value, item);
    if (item->kind == SourceItem::Kind::kBad) return;
    if (!ReadStatus(item)) return;
    bool series_break = observation.series_break();
    if (!ReadFlag(series_break_, "series_break", item, &series_break)) return;
    observation.set_series_break(series_break);
  }

  void ReadValue(const std::string& value, SourceItem* item) const {
    if (value.empty()) {
      return Refuse(item, reason::kFieldRequired, "value",
                    "value: there is none; if an empty cell means no figure, put \"\" into "
                    "missing_marks");
    }
    const auto number = ParseDouble(value);
    if (const absl::string_view why = OutOfRange(value); !why.empty()) {
      return Refuse(item, reason::kFieldInvalid, "value",
                    absl::StrCat("value: `", CutText(value, kMaxShownBytes), "` is ", why));
    }
    if (!number.has_value()) {
      return Refuse(item, reason::kFieldInvalid, "value",
                    absl::StrCat("value: `", CutText(value, kMaxShownBytes),
                                 "` is not a number; write digits with a point and without "
                                 "separators, or put a mark for no figure into missing_marks"));
    }
    item->observation.set_value(*number);
  }

  bool ReadStatus(SourceItem* item) const {
    if (!status_.has_value()) return true;
    const std::string text = status_->Get(record_.fields);
    if (text.empty()) return true;
    v1::ObservationStatus status = v1::OBSERVATION_STATUS_UNSPECIFIED;
    if (!ParseStatus(text, &status)) {
      Refuse(item, reason::kFieldInvalid, "status",
             absl::StrCat("status: `", CutText(text, kMaxShownBytes),
                          "` is no status: write a letter of SDMX CL_OBS_STATUS, such as P, or a "
                          "name, such as PROVISIONAL (docs/observation-status.md)"));
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

  CsvReader reader_;
  CsvRecord record_;
  size_t columns_ = 0;
  std::optional<BoundSource> dataset_;
  std::optional<BoundSource> period_;
  std::optional<BoundSource> value_;
  std::optional<BoundSource> status_;
  std::optional<BoundSource> deleted_;
  std::optional<BoundSource> series_break_;
  std::vector<std::pair<std::string, BoundSource>> dimensions_;
  std::vector<std::pair<size_t, std::set<std::string>>> where_;
  std::set<std::string> missing_marks_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RowSource>> OpenCsv(std::istream& stream, PushMapping mapping) {
  auto source = std::make_unique<CsvRows>(stream);
  PT_RETURN_IF_ERROR(source->Open(mapping));
  return std::unique_ptr<RowSource>(std::move(source));
}

}  // namespace policytrack::cli
