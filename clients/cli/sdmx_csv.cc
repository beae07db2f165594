#include "clients/cli/sdmx_csv.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "clients/cli/number_text.h"
#include "core/error.h"
#include "core/observation_status.h"
#include "core/resource_name.h"

namespace policytrack::cli {
namespace {

constexpr size_t kMaxShownBytes = 60;
constexpr absl::string_view kBreak = "B";

absl::Status Refuse(absl::string_view text) { return absl::InvalidArgumentError(text); }

// The column of this id, alone or as one of many values (`OBS_STATUS[]`).
std::optional<std::string> ColumnOf(const Header& header, absl::string_view id) {
  for (const std::string& name : {std::string(id), absl::StrCat(id, "[]")}) {
    if (header.Has(name)) return name;
  }
  return std::nullopt;
}

void Default(const Header& header, absl::string_view id, std::optional<CellSource>* source) {
  if (source->has_value()) return;
  if (const auto column = ColumnOf(header, id)) *source = CellSource::Column(*column);
}

absl::Status MapDimensions(const Header& header, const v1::Dataset& dataset, PushMapping* mapping) {
  for (const v1::Dimension& dimension : dataset.dimensions()) {
    if (mapping->dimensions.count(dimension.id()) > 0) continue;
    auto column = ColumnOf(header, SdmxColumn(dimension.id()));
    if (!column.has_value()) column = ColumnOf(header, dimension.id());
    if (!column.has_value()) {
      return Refuse(absl::StrCat("there is no column ", SdmxColumn(dimension.id()),
                                 " for the dimension `", dimension.id(), "` of ", dataset.name(),
                                 "; say in `dimensions` which it is"));
    }
    mapping->dimensions.emplace(dimension.id(), CellSource::Column(*column));
  }
  return absl::OkStatus();
}

// Columns that nothing is known of could change what the figures mean.
absl::Status CheckColumns(const Header& header, const PushMapping& mapping) {
  std::set<std::string> known = {"DATAFLOW", "STRUCTURE_ID", "ACTION"};
  for (std::string& column : ColumnsOf(mapping)) known.insert(std::move(column));
  known.insert(mapping.ignored.begin(), mapping.ignored.end());
  for (size_t i = 1; i < header.names().size(); ++i) {
    const std::string& name = header.names()[i];
    if (known.count(name) == 0 && known.count(std::string(absl::StripSuffix(name, "[]"))) == 0) {
      return Refuse(absl::StrCat("the column `", CutText(name, kMaxShownBytes),
                                 "` is no dimension of the dataset and nothing that a push takes; "
                                 "map it, or list it in `ignore`"));
    }
  }
  return absl::OkStatus();
}

// The dataset and the structure that the rows must have.
absl::Status FindStructure(const std::string& seen, PushMapping* mapping, std::string* structure) {
  if (!mapping->structure.empty()) {
    if (!mapping->dataset.has_value()) {
      return Refuse("no dataset: give --dataset, or `dataset` in a mapping file");
    }
    *structure = mapping->structure;
  } else if (mapping->dataset.has_value()) {
    *structure = StructureOf(mapping->dataset->text);
  } else {
    absl::string_view id = seen;
    if (absl::ConsumePrefix(&id, absl::StrCat(kOwnAgency, ":"))) {
      mapping->dataset =
          CellSource::Constant(WithCollection(kDatasets, id.substr(0, id.find('('))));
    }
    if (!mapping->dataset.has_value() || seen != StructureOf(mapping->dataset->text)) {
      return Refuse(absl::StrCat("the file is of `", CutText(seen, kMaxShownBytes),
                                 "`; say in a mapping file which `dataset` that is, and repeat it "
                                 "as `structure`"));
    }
    *structure = seen;
  }
  if (seen != *structure) {
    return Refuse(absl::StrCat(
        "the file is of `", CutText(seen, kMaxShownBytes), "`, and `", *structure,
        "` is expected; if ", mapping->dataset->text,
        " has the figures of it, say `structure: ", CutText(seen, kMaxShownBytes), "`"));
  }
  return absl::OkStatus();
}

}  // namespace

std::string StructureOf(absl::string_view dataset) {
  return absl::StrCat(kOwnAgency, ":", absl::StripPrefix(dataset, "datasets/"), "(1.0)");
}

std::string SdmxColumn(absl::string_view dimension) { return absl::AsciiStrToUpper(dimension); }

absl::StatusOr<SdmxCsv> SdmxCsv::Open(const Header& header,
                                      const std::vector<std::string>* first_row,
                                      const DatasetLookup& lookup, PushMapping* mapping) {
  SdmxCsv sdmx;
  sdmx.actions_ = {{"", "M"}, {"I", "M"}, {"M", "M"}, {"R", "M"}, {"D", "D"}};
  for (const auto& [from, to] : mapping->actions) sdmx.actions_[from] = to;
  absl::string_view first = header.names()[0];
  if (first == "DATAFLOW") {
    sdmx.structure_column_ = 0;
  } else if (absl::ConsumePrefix(&first, "STRUCTURE") &&
             (first.empty() || (first.size() == 3 && first[0] == '[' && first[2] == ']'))) {
    if (!first.empty()) sdmx.separator_ = std::string(1, first[1]);
    PT_ASSIGN_OR_RETURN(sdmx.structure_column_, header.Find("STRUCTURE_ID"));
    if (header.Has("ACTION")) {
      PT_ASSIGN_OR_RETURN(sdmx.action_column_, header.Find("ACTION"));
    }
  } else {
    return Refuse(
        "this is not SDMX-CSV: its first column is DATAFLOW, or STRUCTURE followed by "
        "STRUCTURE_ID and ACTION; is `delimiter` the right one?");
  }
  if (first_row != nullptr && first_row->size() != header.names().size()) {
    return Refuse(absl::StrCat("the first row has ", first_row->size(), " fields and the header ",
                               header.names().size()));
  }
  if (first_row != nullptr) {
    PT_RETURN_IF_ERROR(
        FindStructure((*first_row)[sdmx.structure_column_], mapping, &sdmx.structure_));
  } else if (!mapping->dataset.has_value()) {
    return Refuse("there is no row that says of which dataset the file is");
  }
  Default(header, "TIME_PERIOD", &mapping->period);
  Default(header, "OBS_VALUE", &mapping->value);
  Default(header, "OBS_STATUS", &mapping->status);
  Default(header, "UNIT_MULT", &mapping->multiplier);
  if (!mapping->period.has_value()) return Refuse("there is no column TIME_PERIOD");
  if (!mapping->value.has_value()) return Refuse("there is no column OBS_VALUE");
  PT_ASSIGN_OR_RETURN(const v1::Dataset* dataset, lookup(mapping->dataset->text));
  PT_RETURN_IF_ERROR(MapDimensions(header, *dataset, mapping));
  PT_RETURN_IF_ERROR(CheckColumns(header, *mapping));
  return sdmx;
}

absl::StatusOr<bool> SdmxCsv::Deletes(const std::vector<std::string>& fields) const {
  const std::string& structure = fields[structure_column_];
  if (structure != structure_) {
    return Refuse(absl::StrCat("the row is of `", CutText(structure, kMaxShownBytes),
                               "`, and the file of `", structure_, "`"));
  }
  if (!action_column_.has_value()) return false;
  const std::string& action = fields[*action_column_];
  const auto it = actions_.find(action);
  if (it != actions_.end()) return it->second == "D";
  return Refuse(
      action == "A"
          ? "ACTION A adds and may not change what is there, which a push cannot promise; send M, "
            "or say `actions: {A: M}`"
          : absl::StrCat("ACTION `", CutText(action, kMaxShownBytes),
                         "` is none of I, M, R and D"));
}

absl::Status SdmxCsv::ReadStatus(absl::string_view cell, v1::ObservationStatus* status,
                                 bool* series_break) const {
  bool known = false;
  for (const absl::string_view part : absl::StrSplit(cell, separator_)) {
    if (part == kBreak && !*series_break) {
      *series_break = true;
    } else if (known || part.size() != 1 || !ParseStatus(part, status)) {
      return Refuse(absl::StrCat("OBS_STATUS: `", CutText(cell, kMaxShownBytes),
                                 "` is no letter of CL_OBS_STATUS, alone or with B, parted by `",
                                 separator_, "`"));
    } else {
      known = true;
    }
  }
  return absl::OkStatus();
}

std::string SdmxCsv::Period(absl::string_view text) {
  const std::string same(text);
  if (text.size() < 7 || text[4] != '-') return same;
  const absl::string_view year = text.substr(0, 4);
  const absl::string_view rest = text.substr(6);
  const auto number = ParseInteger<int>(rest);
  if (!number.has_value() || *number < 1) return same;
  if (text[5] == 'A' && rest == "1") return std::string(year);
  if (text[5] == 'M' && rest.size() == 2) return absl::StrCat(year, "-", rest);
  if (text[5] == 'D' && rest.size() == 3) {
    const auto in_year = ParseInteger<int>(year);
    if (!in_year.has_value()) return same;
    const absl::CivilDay day = absl::CivilDay(*in_year, 1, 1) + (*number - 1);
    if (day.year() == *in_year) {
      return absl::StrFormat("%s-%02d-%02d", year, day.month(), day.day());
    }
  }
  return same;
}

}  // namespace policytrack::cli
