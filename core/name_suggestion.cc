#include "core/name_suggestion.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/error.h"

namespace policytrack {
namespace {

// Number of single-character edits between two short names.
size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

// How far a name is from what was written; the smaller, the nearer.
size_t Distance(const std::string& name, const std::string& wrong) {
  const std::string lower = absl::AsciiStrToLower(name);
  // A part at the end, such as ADOPTED of MEASURE_STAGE_ADOPTED.
  if (wrong.size() >= 3 && absl::EndsWith(lower, absl::StrCat("_", wrong))) return 0;
  // camelCase of a name with underscores.
  std::string joined = lower;
  joined.erase(std::remove(joined.begin(), joined.end(), '_'), joined.end());
  if (joined == wrong) return 0;
  return EditDistance(lower, wrong);
}

}  // namespace

std::string SuggestName(const std::vector<std::string>& names, absl::string_view wrong) {
  constexpr size_t kMaxCompared = 64;
  constexpr size_t kMaxListed = 600;
  const std::string list = CutText(absl::StrJoin(names, ", "), kMaxListed);
  if (wrong.size() <= kMaxCompared) {
    const std::string lower = absl::AsciiStrToLower(wrong);
    const std::string* nearest = nullptr;
    size_t least = std::max<size_t>(1, lower.size() / 3) + 1;
    for (const std::string& name : names) {
      const size_t distance = Distance(name, lower);
      if (distance < least) {
        least = distance;
        nearest = &name;
      }
    }
    if (nearest != nullptr) return absl::StrCat("did you mean ", *nearest, "? It has ", list);
  }
  return absl::StrCat("it has ", list);
}

std::string SuggestField(const google::protobuf::Descriptor* type, absl::string_view wrong) {
  std::vector<std::string> names;
  for (int i = 0; i < type->field_count(); ++i)
    names.push_back(std::string(type->field(i)->name()));
  return SuggestName(names, wrong);
}

std::string SuggestEnumValue(const google::protobuf::EnumDescriptor* type,
                             absl::string_view wrong) {
  std::vector<std::string> names;
  for (int i = 0; i < type->value_count(); ++i)
    names.push_back(std::string(type->value(i)->name()));
  return SuggestName(names, wrong);
}

}  // namespace policytrack
