#include "clients/cli/csv_header.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/error.h"

namespace policytrack::cli {
namespace {

constexpr size_t kMaxShownNames = 30;
constexpr size_t kMaxShownBytes = 60;

}  // namespace

std::string BoundSource::Get(const std::vector<std::string>& fields) const {
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

absl::StatusOr<size_t> Header::Find(const std::string& name) const {
  const auto it = std::find(names_.begin(), names_.end(), name);
  if (it == names_.end()) {
    std::vector<std::string> shown;
    for (const std::string& other : names_) {
      if (shown.size() == kMaxShownNames) {
        shown.push_back(absl::StrCat("and ", names_.size() - kMaxShownNames, " more"));
        break;
      }
      shown.push_back(CutText(other, kMaxShownBytes));
    }
    return absl::InvalidArgumentError(
        absl::StrCat("there is no column `", name, "`; the header has ", absl::StrJoin(shown, ", "),
                     names_.size() == 1 ? " alone: is `delimiter` the right one?" : ""));
  }
  if (std::find(it + 1, names_.end(), name) != names_.end()) {
    return absl::InvalidArgumentError(absl::StrCat("there are two columns `", name, "`"));
  }
  return static_cast<size_t>(it - names_.begin());
}

bool Header::Has(const std::string& name) const {
  return std::find(names_.begin(), names_.end(), name) != names_.end();
}

absl::StatusOr<BoundSource> Header::Bind(const CellSource& source) const {
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

absl::Status Header::Bind(const std::optional<CellSource>& source,
                          std::optional<BoundSource>* bound) const {
  if (!source.has_value()) return absl::OkStatus();
  PT_ASSIGN_OR_RETURN(*bound, Bind(*source));
  return absl::OkStatus();
}

std::vector<std::string> ColumnsOf(const PushMapping& mapping) {
  std::vector<std::string> columns;
  const auto add = [&](const CellSource& source) {
    if (source.kind == CellSource::Kind::kColumn) columns.push_back(source.text);
    for (const CellSource::Part& part : source.parts) {
      if (!part.column.empty()) columns.push_back(part.column);
    }
  };
  for (const auto* source :
       {&mapping.dataset, &mapping.period, &mapping.value, &mapping.status, &mapping.deleted,
        &mapping.series_break, &mapping.multiplier, &mapping.unit_column}) {
    if (source->has_value()) add(**source);
  }
  for (const auto& [id, source] : mapping.dimensions) add(source);
  for (const auto& [column, values] : mapping.where) columns.push_back(column);
  return columns;
}

}  // namespace policytrack::cli
