#include "clients/cli/push_mapping.h"

#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/format_settings.h"
#include "clients/cli/number_text.h"
#include "clients/cli/yaml_message.h"
#include "core/dimension_key.h"
#include "core/error.h"
#include "core/resource_name.h"
#include "yaml-cpp/yaml.h"

namespace policytrack::cli {
namespace {

constexpr absl::string_view kKeys =
    "dataset, dataset_column, period, value, status, deleted, series_break, dimensions, where, "
    "missing_marks, unit_column, multiplier_column";

class MappingReader {
 public:
  MappingReader(const std::string& file, std::vector<Diagnostic>* errors)
      : file_(file),
        errors_(errors),
        settings_([this](const YAML::Node& node, std::string message) {
          Fail(node, std::move(message));
        }) {}

  PushMapping Read(const YAML::Node& root) {
    PushMapping mapping;
    if (!root.IsMap()) {
      Fail(root, absl::StrCat("a mapping is a map of ", kKeys));
      return mapping;
    }
    std::set<std::string> seen;
    for (const auto& entry : root) {
      const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
      const YAML::Node& value = entry.second;
      if (!seen.insert(key).second) {
        Fail(entry.first, absl::StrCat("`", key, "` is here twice"));
      } else if (key == "dataset") {
        if (std::string name = settings_.Scalar(value, key); !name.empty()) {
          Assign(entry.first, CellSource::Constant(WithCollection(kDatasets, name)),
                 &mapping.dataset);
        }
      } else if (key == "dataset_column") {
        if (std::string name = settings_.Scalar(value, key); !name.empty()) {
          Assign(entry.first, CellSource::Column(name), &mapping.dataset);
        }
      } else if (key == "period") {
        Assign(entry.first, Source(value, key, true), &mapping.period);
      } else if (key == "value") {
        Assign(entry.first, Source(value, key, false), &mapping.value);
      } else if (key == "status") {
        Assign(entry.first, Source(value, key, false), &mapping.status);
      } else if (key == "deleted") {
        Assign(entry.first, Source(value, key, false), &mapping.deleted);
      } else if (key == "series_break") {
        Assign(entry.first, Source(value, key, false), &mapping.series_break);
      } else if (key == "dimensions") {
        ReadDimensions(value, &mapping);
      } else if (key == "where") {
        ReadWhere(value, &mapping);
      } else if (key == "unit_column") {
        Assign(entry.first, Source(value, key, false), &mapping.unit_column);
      } else if (key == "multiplier_column") {
        Assign(entry.first, Source(value, key, false), &mapping.multiplier);
      } else if (const auto read = settings_.Read(key, value, &mapping); !read) {
        Fail(entry.first, absl::StrCat("a mapping has no `", key, "`; it has ", kKeys, ", ",
                                       FormatSettings::Keys()));
      }
    }
    return mapping;
  }

 private:
  void Fail(const YAML::Node& node, std::string message) {
    const Position position = PositionOf(node);
    errors_->push_back({file_, position.line, position.column, std::move(message)});
  }

  void Assign(const YAML::Node& at, std::optional<CellSource> source,
              std::optional<CellSource>* target) {
    if (target->has_value()) {
      const std::string key = at.Scalar().substr(0, at.Scalar().find('_'));
      Fail(at, absl::StrCat("`", key, "` and `", key, "_column` cannot both be given"));
      return;
    }
    *target = std::move(source);
  }

  std::optional<CellSource> Source(const YAML::Node& node, const std::string& key, bool period) {
    if (node.IsMap() && node.size() == 1 && node["constant"] && node["constant"].IsScalar()) {
      return CellSource::Constant(node["constant"].Scalar());
    }
    if (!node.IsScalar() || node.Scalar().empty()) {
      Fail(node, absl::StrCat("`", key, "` must be the name of a column, or {constant: ...}"));
      return std::nullopt;
    }
    if (!period) return CellSource::Column(node.Scalar());
    CellSource source;
    const absl::Status status = ParsePeriodSource(node.Scalar(), &source);
    if (!status.ok()) {
      Fail(node, absl::StrCat("`", key, "`: ", status.message()));
      return std::nullopt;
    }
    return source;
  }

  void ReadDimensions(const YAML::Node& node, PushMapping* mapping) {
    if (!node.IsMap()) {
      Fail(node, "`dimensions` must be a map from dimensions to columns");
      return;
    }
    for (const auto& entry : node) {
      const std::string id = entry.first.IsScalar() ? entry.first.Scalar() : "";
      if (!IsDimensionId(id)) {
        Fail(entry.first, absl::StrCat("`", id, "` is not the id of a dimension"));
        continue;
      }
      auto source = Source(entry.second, absl::StrCat("dimensions.", id), false);
      if (!source.has_value()) continue;
      if (!mapping->dimensions.emplace(id, *std::move(source)).second) {
        Fail(entry.first, absl::StrCat("`", id, "` is here twice"));
      }
    }
  }

  void ReadWhere(const YAML::Node& node, PushMapping* mapping) {
    if (!node.IsMap()) {
      Fail(node, "`where` must be a map from columns to a value or a list of values");
      return;
    }
    for (const auto& entry : node) {
      const std::string column = entry.first.IsScalar() ? entry.first.Scalar() : "";
      if (column.empty()) {
        Fail(entry.first, "`where` needs the name of a column");
      } else if (!mapping->where.emplace(column, settings_.Texts(entry.second, "where." + column))
                      .second) {
        Fail(entry.first, absl::StrCat("`", column, "` is here twice"));
      }
    }
  }

  const std::string& file_;
  std::vector<Diagnostic>* errors_;
  FormatSettings settings_;
};

}  // namespace

CellSource CellSource::Column(absl::string_view name) {
  CellSource source;
  source.text = std::string(name);
  return source;
}

CellSource CellSource::Constant(absl::string_view value) {
  CellSource source;
  source.kind = Kind::kConstant;
  source.text = std::string(value);
  return source;
}

PushMapping ParseMapping(const std::string& text, const std::string& file,
                         std::vector<Diagnostic>* errors) {
  try {
    return MappingReader(file, errors).Read(YAML::Load(text));
  } catch (const YAML::Exception& e) {
    // yaml-cpp's border: it reports by exception.
    const Position position =
        e.mark.is_null() ? Position{} : Position{e.mark.line + 1, e.mark.column + 1};
    errors->push_back(
        {file, position.line, position.column, absl::StrCat("this is not YAML: ", e.msg)});
    return {};
  }
}

absl::Status ParsePeriodSource(absl::string_view text, CellSource* source) {
  if (text.find('{') == text.npos && text.find('}') == text.npos) {
    *source = CellSource::Column(text);
    return absl::OkStatus();
  }
  const absl::Status wrong = absl::InvalidArgumentError(absl::StrCat(
      "`", text, "` is not a template; columns stand in braces, as in {year}-{month:02}"));
  CellSource result;
  result.kind = CellSource::Kind::kTemplate;
  result.text = std::string(text);
  while (!text.empty()) {
    const size_t open = text.find('{');
    CellSource::Part part;
    part.text = std::string(text.substr(0, open));
    if (part.text.find('}') != std::string::npos) return wrong;
    if (open == text.npos) {
      result.parts.push_back(std::move(part));
      break;
    }
    const size_t close = text.find('}', open);
    if (close == text.npos) return wrong;
    absl::string_view column = text.substr(open + 1, close - open - 1);
    if (const size_t colon = column.rfind(':'); colon != column.npos) {
      const auto width = ParseInteger<int>(column.substr(colon + 1));
      if (!width.has_value() || *width < 1 || *width > 9) return wrong;
      part.width = static_cast<size_t>(*width);
      column = column.substr(0, colon);
    }
    if (column.empty() || column.find('{') != column.npos) return wrong;
    part.column = std::string(column);
    result.parts.push_back(std::move(part));
    text = text.substr(close + 1);
  }
  *source = std::move(result);
  return absl::OkStatus();
}

absl::Status AddDimensionFlag(absl::string_view flag, PushMapping* mapping) {
  const size_t equals = flag.find('=');
  const bool constant = equals != flag.npos && equals > 0 && flag[equals - 1] == ':';
  const absl::string_view id =
      equals == flag.npos ? "" : flag.substr(0, constant ? equals - 1 : equals);
  const absl::string_view text = equals == flag.npos ? "" : flag.substr(equals + 1);
  if (!IsDimensionId(id) || text.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--dimension ", flag, ": write id=column, or id:=value for the same value in every row"));
  }
  mapping->dimensions[std::string(id)] =
      constant ? CellSource::Constant(text) : CellSource::Column(text);
  return absl::OkStatus();
}

absl::Status CheckComplete(const PushMapping& mapping) {
  PT_RETURN_IF_ERROR(CheckFormat(mapping));
  // SDMX-CSV names what it has itself.
  if (mapping.sdmx) return absl::OkStatus();
  if (!mapping.dataset.has_value()) {
    return absl::InvalidArgumentError(
        "no dataset: give --dataset, or `dataset` or `dataset_column` in a mapping file; a file "
        "of SDMX-CSV may name its own: --format sdmx-csv");
  }
  if (mapping.wide()) return absl::OkStatus();
  if (!mapping.period.has_value()) {
    return absl::InvalidArgumentError(
        "no period: give --period-column, or `period` in a mapping file");
  }
  if (!mapping.value.has_value() && !mapping.deleted.has_value()) {
    return absl::InvalidArgumentError(
        "no value: give --value-column, or `value` in a mapping file");
  }
  return absl::OkStatus();
}

}  // namespace policytrack::cli
