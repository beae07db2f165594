#include "clients/cli/format_settings.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "clients/cli/number_format.h"
#include "clients/cli/number_text.h"
#include "clients/cli/text_input.h"
#include "core/observation_status.h"
#include "core/unit.h"

namespace policytrack::cli {
namespace {

constexpr int64_t kMaxSkippedLines = 1000000;

}  // namespace

absl::string_view FormatSettings::Keys() {
  return "statuses, encoding, delimiter, skip_lines, footnotes, period_columns, decimal, "
         "thousands, digits, "
         "percent, unit, units, multiplier, format, structure, ignore, actions";
}

bool FormatSettings::Read(const std::string& key, const YAML::Node& value, PushMapping* mapping) {
  if (key == "missing_marks") {
    ReadMarks(value, mapping);
    return true;
  }
  if (key == "statuses") {
    ReadStatuses(value, mapping);
    return true;
  }
  return ReadTable(key, value, mapping) || ReadNumbers(key, value, mapping) ||
         ReadSdmx(key, value, mapping);
}

bool FormatSettings::ReadTable(const std::string& key, const YAML::Node& value,
                               PushMapping* mapping) {
  if (key == "encoding") {
    const std::string name = Scalar(value, key);
    if (name.empty()) return true;
    if (IsEncoding(name)) {
      mapping->csv.encoding = absl::AsciiStrToLower(name);
    } else {
      fail_(value, absl::StrCat("`encoding` is one of ", Encodings()));
    }
  } else if (key == "delimiter") {
    const std::string text = value.IsScalar() ? value.Scalar() : "";
    if (text == "," || text == ";" || text == "\t") {
      mapping->csv.delimiter = text[0];
    } else if (text == "tab") {
      mapping->csv.delimiter = '\t';
    } else {
      fail_(value, "`delimiter` is one of `,`, `;` and `tab`");
    }
  } else if (key == "skip_lines") {
    mapping->csv.skip_lines = Whole(value, key, 0, kMaxSkippedLines).value_or(0);
  } else if (key == "footnotes") {
    mapping->csv.footnotes = Texts(value, key);
  } else if (key == "period_columns") {
    if (value.IsScalar() && value.Scalar() == "rest") {
      mapping->period_rest = true;
    } else if (value.IsMap()) {
      mapping->period_columns = Pairs(value, key);
    } else {
      for (std::string& name : Texts(value, key)) {
        mapping->period_columns.emplace_back(name, name);
      }
    }
  } else {
    return false;
  }
  return true;
}

bool FormatSettings::ReadNumbers(const std::string& key, const YAML::Node& value,
                                 PushMapping* mapping) {
  NumberFormat& numbers = mapping->numbers;
  if (key == "decimal") {
    const std::string text = value.IsScalar() ? value.Scalar() : "";
    if (text == "." || text == "point") {
      numbers.decimal = '.';
    } else if (text == "," || text == "comma") {
      numbers.decimal = ',';
    } else {
      fail_(value, "`decimal` is one of `.` and `,`");
    }
  } else if (key == "thousands") {
    for (const std::string& text : Texts(value, key)) {
      if (std::string separator = ThousandsSeparator(text); !separator.empty()) {
        numbers.thousands.push_back(std::move(separator));
      } else {
        fail_(value, absl::StrCat("`thousands`: `", text,
                                  "` is none of comma, point, apostrophe, right single quote, "
                                  "space, no-break space and narrow no-break space"));
      }
    }
  } else if (key == "digits") {
    if (const auto digits = ParseDigits(Scalar(value, key))) {
      numbers.digits = *digits;
    } else {
      fail_(value, "`digits` is one of ascii, full-width, arabic-indic and extended-arabic-indic");
    }
  } else if (key == "percent") {
    numbers.percent = Flag(value, key);
  } else if (key == "unit") {
    mapping->unit = Scalar(value, key);
    if (const absl::Status status = CheckUnit("unit", mapping->unit);
        !mapping->unit.empty() && !status.ok()) {
      fail_(value, std::string(status.message()));
    }
  } else if (key == "units") {
    for (auto& [text, unit] : Pairs(value, key)) {
      if (const absl::Status status = CheckUnit("units", unit); !status.ok()) {
        fail_(value, std::string(status.message()));
      }
      mapping->units[text] = unit;
    }
  } else if (key == "multiplier") {
    const auto multiplier = Whole(value, key, kMinUnitMultiplier, kMaxUnitMultiplier);
    if (mapping->multiplier.has_value()) {
      fail_(value, "`multiplier` and `multiplier_column` cannot both be given");
    } else if (multiplier.has_value()) {
      mapping->multiplier = CellSource::Constant(absl::StrCat(*multiplier));
    }
  } else {
    return false;
  }
  return true;
}

bool FormatSettings::ReadSdmx(const std::string& key, const YAML::Node& value,
                              PushMapping* mapping) {
  if (key == "format") {
    const std::string text = Scalar(value, key);
    mapping->sdmx = text == "sdmx-csv";
    if (text != "csv" && text != "sdmx-csv") fail_(value, "`format` is one of csv and sdmx-csv");
  } else if (key == "structure") {
    mapping->structure = Scalar(value, key);
  } else if (key == "ignore") {
    mapping->ignored = Texts(value, key);
  } else if (key == "actions") {
    for (auto& [from, to] : Pairs(value, key)) {
      if (from.size() != 1 || std::string("IAMRD").find(from) == std::string::npos ||
          (to != "M" && to != "D" && to != "refuse")) {
        fail_(value, "`actions` is a map from I, A, M, R or D to M, write, D, delete, or refuse");
      } else {
        mapping->actions[from] = to;
      }
    }
  } else {
    return false;
  }
  return true;
}

std::string FormatSettings::Scalar(const YAML::Node& node, const std::string& key) {
  if (node.IsScalar() && !node.Scalar().empty()) return node.Scalar();
  fail_(node, absl::StrCat("`", key, "` must be a text"));
  return "";
}

std::vector<std::string> FormatSettings::Texts(const YAML::Node& node, const std::string& key) {
  std::vector<std::string> texts;
  if (node.IsScalar()) {
    texts.push_back(node.Scalar());
  } else if (node.IsSequence()) {
    for (const auto& item : node) {
      if (item.IsScalar()) {
        texts.push_back(item.Scalar());
      } else {
        fail_(item,
              absl::StrCat("`", key, "` must be a list of texts; quote what is empty or null"));
      }
    }
  } else {
    fail_(node, absl::StrCat("`", key, "` must be a text or a list of texts"));
  }
  return texts;
}

std::optional<int64_t> FormatSettings::Whole(const YAML::Node& node, const std::string& key,
                                             int64_t least, int64_t most) {
  const auto number =
      node.IsScalar() ? ParseInteger<int64_t>(node.Scalar()) : std::optional<int64_t>();
  if (number.has_value() && *number >= least && *number <= most) return number;
  fail_(node, absl::StrCat("`", key, "` must be a whole number from ", least, " to ", most));
  return std::nullopt;
}

bool FormatSettings::Flag(const YAML::Node& node, const std::string& key) {
  const std::string text = node.IsScalar() ? node.Scalar() : "";
  if (text != "true" && text != "false") {
    fail_(node, absl::StrCat("`", key, "` is true or false"));
  }
  return text == "true";
}

std::vector<std::pair<std::string, std::string>> FormatSettings::Pairs(const YAML::Node& node,
                                                                       const std::string& key) {
  std::vector<std::pair<std::string, std::string>> pairs;
  if (!node.IsMap()) fail_(node, absl::StrCat("`", key, "` must be a map from texts to texts"));
  for (const auto& entry : node) {
    if (!entry.second.IsDefined() || !entry.first.IsScalar() || !entry.second.IsScalar() ||
        entry.second.Scalar().empty()) {
      fail_(entry.first, absl::StrCat("`", key, "` must be a map from texts to texts"));
    } else if (std::any_of(pairs.begin(), pairs.end(),
                           [&](const auto& pair) { return pair.first == entry.first.Scalar(); })) {
      fail_(entry.first, absl::StrCat("`", entry.first.Scalar(), "` is here twice"));
    } else {
      pairs.emplace_back(entry.first.Scalar(), entry.second.Scalar());
    }
  }
  return pairs;
}

void FormatSettings::ReadStatuses(const YAML::Node& node, PushMapping* mapping) {
  for (auto& [text, word] : Pairs(node, "statuses")) {
    StatusText status;
    absl::string_view rest = word;
    if (rest == "B") {
      status.series_break = true;
    } else {
      status.series_break = absl::ConsumePrefix(&rest, "B;");
      if (!ParseStatus(rest, &status.status)) {
        fail_(node, absl::StrCat("`statuses`: `", word, "` of `", text,
                                 "` is no letter or name of docs/observation-status.md, B for a "
                                 "break, or both, as in `B;P`"));
      }
    }
    mapping->statuses[text] = status;
  }
}

void FormatSettings::ReadMarks(const YAML::Node& node, PushMapping* mapping) {
  if (!node.IsMap()) {
    for (std::string& mark : Texts(node, "missing_marks")) {
      mapping->missing_marks.emplace(std::move(mark), v1::OBSERVATION_STATUS_UNSPECIFIED);
    }
    return;
  }
  for (auto& [mark, word] : Pairs(node, "missing_marks")) {
    v1::ObservationStatus status = v1::OBSERVATION_STATUS_UNSPECIFIED;
    if (word != "skip" && (!ParseStatus(word, &status) || !IsMissingStatus(status))) {
      fail_(node, absl::StrCat("`missing_marks`: `", word, "` of `", mark,
                               "` is neither skip nor a status without value: O, M, L, H, Q, K "
                               "or J"));
    }
    mapping->missing_marks.emplace(mark, status);
  }
}

absl::Status CheckFormat(const PushMapping& mapping) {
  const auto refuse = [](absl::string_view text) { return absl::InvalidArgumentError(text); };
  const std::string decimal(1, mapping.numbers.decimal);
  for (const std::string& separator : mapping.numbers.thousands) {
    if (separator == decimal) {
      return refuse("`decimal` and `thousands` cannot be the same character");
    }
  }
  if (mapping.unit_column.has_value() && !mapping.unit.empty()) {
    return refuse("`unit` and `unit_column` cannot both be given");
  }
  if (!mapping.units.empty() && !mapping.unit_column.has_value() && !mapping.sdmx) {
    return refuse("`units` says what the texts of `unit_column` are, and there is none");
  }
  if (!mapping.statuses.empty() && !mapping.status.has_value() && !mapping.sdmx) {
    return refuse("`statuses` says what the texts of `status` are, and there is none");
  }
  if (mapping.sdmx) {
    if (mapping.wide()) return refuse("`period_columns` is not for SDMX-CSV");
    if (mapping.csv.delimiter == '\t') return refuse("SDMX-CSV has `,` or `;` between fields");
    if (mapping.dataset.has_value() && mapping.dataset->kind != CellSource::Kind::kConstant) {
      return refuse("`dataset_column` is not for SDMX-CSV, whose files name their structure");
    }
  } else if (!mapping.structure.empty() || !mapping.ignored.empty() || !mapping.actions.empty()) {
    return refuse("`structure`, `ignore` and `actions` are for `format: sdmx-csv`");
  }
  if (mapping.wide()) {
    if (mapping.period.has_value() || mapping.value.has_value() || mapping.status.has_value() ||
        mapping.deleted.has_value() || mapping.series_break.has_value()) {
      return refuse(
          "with `period_columns` the columns have the periods and the cells the values; there is "
          "no `period`, `value`, `status`, `deleted` or `series_break`");
    }
  }
  if (mapping.numbers.percent && !mapping.unit.empty() && mapping.unit != "percent" &&
      mapping.unit != "percentage_points") {
    return refuse("`percent: true` is for figures in `unit: percent` or percentage_points");
  }
  return absl::OkStatus();
}

}  // namespace policytrack::cli
