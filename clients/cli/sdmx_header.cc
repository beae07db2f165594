#include "clients/cli/sdmx_header.h"

#include <algorithm>
#include <array>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/error.h"

namespace policytrack::cli {
namespace {

constexpr size_t kMaxShownBytes = 60;
constexpr char kLabel[] = ": ";

absl::Status Refuse(absl::string_view text) { return absl::InvalidArgumentError(text); }

// The id of `A: Annual`. No id has a space in it.
absl::string_view IdOf(absl::string_view text) {
  const absl::string_view id = text.substr(0, text.find(kLabel));
  return id.empty() || absl::StrContains(id, ' ') ? text : id;
}

bool IsComponent(absl::string_view name) {
  constexpr std::array kComponents = {"TIME_PERIOD", "OBS_VALUE",    "OBS_STATUS", "OBS_STATUS[]",
                                      "UNIT_MULT",   "UNIT_MEASURE", "FREQ"};
  return std::find(kComponents.begin(), kComponents.end(), name) != kComponents.end();
}

absl::Status NotSdmx(const std::vector<std::string>& names) {
  const std::string& first = names.front();
  const bool other =
      (absl::StartsWith(first, "STRUCTURE") || absl::StartsWith(first, "DATAFLOW")) &&
      absl::StrContains(first, ';');
  return Refuse(absl::StrCat(
      "this is not SDMX-CSV: its first column is DATAFLOW, or STRUCTURE followed by STRUCTURE_ID "
      "and ACTION, and here it is `",
      CutText(first, kMaxShownBytes), "`; ",
      other               ? "say `delimiter: ;` in a mapping file"
      : names.size() == 1 ? "is `delimiter` the right one?"
                          : "plain CSV is `format: csv`"));
}

}  // namespace

absl::StatusOr<SdmxHeader> SdmxHeader::Read(std::vector<std::string>* names) {
  SdmxHeader header;
  header.kinds_.resize(names->size());
  absl::string_view first = names->front();
  size_t next = 1;
  bool named = false;
  if (absl::ConsumePrefix(&first, "STRUCTURE") &&
      (first.empty() || (first.size() == 3 && first[0] == '[' && first[2] == ']'))) {
    if (!first.empty()) header.separator_ = std::string(1, first[1]);
    const auto is = [&](absl::string_view name) {
      return next < names->size() && (*names)[next] == name;
    };
    if (!is("STRUCTURE_ID")) {
      return Refuse("this is not SDMX-CSV 2.0: after STRUCTURE comes the column STRUCTURE_ID");
    }
    header.structure_ = next++;
    if (is("STRUCTURE_NAME")) {
      named = true;
      header.kinds_[next++] = Kind::kRepeats;
    }
    if (is("ACTION")) header.action_ = next++;
    for (const char* key : {"SERIES_KEY", "OBS_KEY"}) {
      if (is(key)) header.kinds_[next++] = Kind::kRepeats;
    }
  } else if (names->front() != "DATAFLOW") {
    return NotSdmx(*names);
  }
  for (size_t i = next; i < names->size(); ++i) {
    std::string& name = (*names)[i];
    // Not where it belongs, but nobody can mean anything else by it.
    if (header.structure_ > 0 && !header.action_.has_value() && name == "ACTION")
      header.action_ = i;
    const absl::string_view id = IdOf(name);
    if (id.size() == name.size()) continue;
    header.kinds_[i] = absl::EndsWith(id, "[]") ? Kind::kManyLabelled : Kind::kLabelled;
    name = std::string(id);
  }
  if (named) header.FindNames(names, next);
  return header;
}

void SdmxHeader::FindNames(std::vector<std::string>* names, size_t first) {
  for (size_t i = first; i + 1 < names->size(); ++i) {
    std::string& name = (*names)[i + 1];
    // A column without name, as custom ones may be, has the next column behind it.
    if ((IsComponent(name) && name != (*names)[i]) || i + 1 == action_ || i == action_) continue;
    name.clear();
    kinds_[++i] = Kind::kRepeats;
  }
}

void SdmxHeader::TakeLabels(std::vector<std::string>* fields) const {
  std::string& structure = (*fields)[structure_];
  structure = structure.substr(0, structure.find(kLabel));
  for (size_t i = 0; i < fields->size(); ++i) {
    std::string& field = (*fields)[i];
    if (kinds_[i] == Kind::kLabelled) {
      field = std::string(IdOf(field));
    } else if (kinds_[i] == Kind::kManyLabelled) {
      std::vector<absl::string_view> ids = absl::StrSplit(field, separator_);
      for (absl::string_view& id : ids) id = IdOf(id);
      field = absl::StrJoin(ids, separator_);
    }
  }
}

}  // namespace policytrack::cli
