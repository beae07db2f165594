#include "clients/cli/sdmx_csv.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/error.h"
#include "core/observation_status.h"
#include "core/resource_name.h"
#include "core/unit.h"

namespace policytrack::cli {
namespace {

constexpr size_t kMaxShownBytes = 60;
constexpr size_t kMaxShownColumns = 20;
constexpr absl::string_view kBreak = "B";
constexpr absl::string_view kRefuse = "refuse";  // of `actions`
constexpr char kFrequencyColumn[] = "FREQ";

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

// What the figures are in: of columns, where the mapping does not say it.
absl::Status MapUnit(const Header& header, const v1::Dataset& dataset, PushMapping* mapping) {
  const std::vector<std::string> dimensions = ColumnsOf(*mapping);
  const auto is_free = [&](absl::string_view column) {
    return std::find(dimensions.begin(), dimensions.end(), column) == dimensions.end() &&
           std::find(mapping->ignored.begin(), mapping->ignored.end(), column) ==
               mapping->ignored.end();
  };
  const bool told = !mapping->unit.empty();
  if (!told && is_free(kUnitColumn)) Default(header, kUnitColumn, &mapping->unit_column);
  if (is_free(kMultiplierColumn)) Default(header, kMultiplierColumn, &mapping->multiplier);
  if (told || mapping->multiplier.has_value() || dataset.unit_multiplier() == 0 ||
      !mapping->value.has_value()) {
    return absl::OkStatus();
  }
  return Refuse(absl::StrCat(
      "nothing says what multiplier the figures have: there is no column UNIT_MULT to go by, and ",
      dataset.name(), " is in ", UnitLabel(dataset.unit(), dataset.unit_multiplier()),
      "; say `multiplier: 0` if the file has single units, or `multiplier: ",
      dataset.unit_multiplier(), "` if it has them as the dataset"));
}

// Of CL_FREQ.
absl::string_view CodeOf(v1::Frequency frequency) {
  switch (frequency) {
    case v1::FREQUENCY_DAY:
      return "D";
    case v1::FREQUENCY_WEEK:
      return "W";
    case v1::FREQUENCY_MONTH:
      return "M";
    case v1::FREQUENCY_QUARTER:
      return "Q";
    case v1::FREQUENCY_HALF_YEAR:
      return "S";
    default:
      return "A";
  }
}

bool IsCodeOf(v1::Frequency frequency, absl::string_view code) {
  // Earlier editions have H for half-years.
  return code == CodeOf(frequency) || (frequency == v1::FREQUENCY_HALF_YEAR && code == "H");
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
                                 "`; say in a mapping file which `dataset` has these figures, and "
                                 "`structure: \"",
                                 CutText(seen, kMaxShownBytes), "\"`"));
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

absl::StatusOr<SdmxCsv> SdmxCsv::Open(std::vector<std::string> names) {
  PT_ASSIGN_OR_RETURN(SdmxHeader columns, SdmxHeader::Read(&names));
  return SdmxCsv(std::move(columns), Header(std::move(names)));
}

absl::Status SdmxCsv::FindDataset(const std::vector<std::string>* first_row, PushMapping* mapping) {
  actions_ = {{"", "M"}, {"I", "M"}, {"A", "M"}, {"M", "M"}, {"R", "M"}, {"D", "D"}};
  for (const auto& [from, to] : mapping->actions) actions_[from] = to;
  if (first_row == nullptr) return absl::OkStatus();
  if (first_row->size() != ids_.names().size()) {
    return Refuse(absl::StrCat("the first row has ", first_row->size(), " fields and the header ",
                               ids_.names().size()));
  }
  std::vector<std::string> ids = *first_row;
  TakeLabels(&ids);
  return FindStructure(ids[columns_.structure()], mapping, &structure_);
}

absl::Status SdmxCsv::FindColumns(const v1::Dataset& dataset, PushMapping* mapping) {
  dataset_ = dataset.name();
  Default(ids_, "TIME_PERIOD", &mapping->period);
  Default(ids_, "OBS_VALUE", &mapping->value);
  Default(ids_, "OBS_STATUS", &mapping->status);
  if (!mapping->period.has_value()) return Refuse("there is no column TIME_PERIOD");
  // A file may do nothing but take away.
  if (!mapping->value.has_value() && !columns_.action().has_value()) {
    return Refuse("there is no column OBS_VALUE");
  }
  PT_RETURN_IF_ERROR(MapDimensions(ids_, dataset, mapping));
  PT_RETURN_IF_ERROR(MapUnit(ids_, dataset, mapping));
  PT_RETURN_IF_ERROR(FindFrequency(dataset, *mapping));
  PT_RETURN_IF_ERROR(CheckColumns(*mapping));
  PT_RETURN_IF_ERROR(ids_.Bind(mapping->value, &value_));
  return ids_.Bind(mapping->status, &status_);
}

absl::Status SdmxCsv::FindFrequency(const v1::Dataset& dataset, const PushMapping& mapping) {
  const std::vector<std::string> taken = ColumnsOf(mapping);
  const auto in = [](const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), kFrequencyColumn) != names.end();
  };
  if (!ids_.Has(kFrequencyColumn) || in(taken) || in(mapping.ignored)) return absl::OkStatus();
  PT_ASSIGN_OR_RETURN(frequency_column_, ids_.Find(kFrequencyColumn));
  frequency_ = dataset.frequency();
  return absl::OkStatus();
}

absl::Status SdmxCsv::CheckColumns(const PushMapping& mapping) const {
  std::set<std::string> known(mapping.ignored.begin(), mapping.ignored.end());
  for (std::string& column : ColumnsOf(mapping)) known.insert(std::move(column));
  std::vector<std::string> unknown;
  const std::vector<std::string>& names = ids_.names();
  for (size_t i = columns_.structure() + 1; i < names.size(); ++i) {
    if (columns_.Repeats(i) || columns_.action() == i || frequency_column_ == i) continue;
    // `CONTACT[]` and `TITLE[en;fr]` are also known by their ids.
    if (known.count(names[i]) > 0 || known.count(names[i].substr(0, names[i].find('['))) > 0) {
      continue;
    }
    unknown.push_back(absl::StrCat("`", CutText(names[i], kMaxShownBytes), "`"));
  }
  if (unknown.empty()) return absl::OkStatus();
  const bool one = unknown.size() == 1;
  if (unknown.size() > kMaxShownColumns) {
    const size_t more = unknown.size() - kMaxShownColumns;
    unknown.resize(kMaxShownColumns);
    unknown.push_back(absl::StrCat(more, " more"));
  }
  return Refuse(absl::StrCat(one ? "the column " : "the columns ", absl::StrJoin(unknown, ", "),
                             one ? " is no dimension" : " are no dimensions", " of ", dataset_,
                             " and nothing that a push takes; map ", one ? "it" : "them",
                             ", or list ", one ? "it" : "them", " in `ignore`"));
}

absl::StatusOr<bool> SdmxCsv::Deletes(const std::vector<std::string>& fields) const {
  const std::string& structure = fields[columns_.structure()];
  if (structure != structure_) {
    return Refuse(absl::StrCat("the row is of `", CutText(structure, kMaxShownBytes),
                               "`, and the file of `", structure_, "`"));
  }
  if (frequency_column_.has_value() && !IsCodeOf(frequency_, fields[*frequency_column_])) {
    return Refuse(absl::StrCat("FREQ: `", CutText(fields[*frequency_column_], kMaxShownBytes),
                               "` is not the frequency of ", dataset_, ", which is `",
                               CodeOf(frequency_),
                               "`; if its figures have it nevertheless, list "
                               "FREQ in `ignore`, and if not, select with `where: {FREQ: ",
                               CodeOf(frequency_), "}`"));
  }
  if (!columns_.action().has_value()) return false;
  const std::string& action = fields[*columns_.action()];
  const auto it = actions_.find(action);
  if (it == actions_.end()) {
    return Refuse(absl::StrCat("ACTION: `", CutText(action, kMaxShownBytes),
                               "` is none of I, A, M, R and D"));
  }
  if (it->second == kRefuse) {
    return Refuse(absl::StrCat("ACTION: `", action, "` is refused by `actions` of the mapping"));
  }
  if (it->second != "D") return false;
  const auto says = [&](const std::optional<BoundSource>& source) {
    return source.has_value() && !source->Get(fields).empty();
  };
  if (!says(value_) && says(status_)) {
    return Refuse(
        "ACTION: a row with D and OBS_STATUS alone takes the status away and leaves the figure; "
        "send the observation as it is to be, with R, or leave OBS_STATUS empty to take away all "
        "of it");
  }
  return true;
}

absl::Status SdmxCsv::ReadStatus(absl::string_view cell, v1::ObservationStatus* status,
                                 bool* series_break) const {
  bool known = false;
  for (const absl::string_view part : absl::StrSplit(cell, columns_.separator())) {
    if (part == kBreak && !*series_break) {
      *series_break = true;
    } else if (known || part.size() != 1 || !ParseStatus(part, status)) {
      return Refuse(absl::StrCat("OBS_STATUS: `", CutText(cell, kMaxShownBytes),
                                 "` is no letter of CL_OBS_STATUS, alone or with B, parted by `",
                                 columns_.separator(),
                                 "`; say in `statuses` of the mapping which it is"));
    } else {
      known = true;
    }
  }
  return absl::OkStatus();
}

}  // namespace policytrack::cli
