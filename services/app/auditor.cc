#include "services/app/auditor.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/digest.h"

namespace policytrack::app {
namespace {

std::string PlaceWords(const std::pair<std::string, std::string>& series, int64_t period) {
  return absl::StrCat("output ", series.first, ", period ", period);
}

// The first period at which the two would change something else.
int64_t FirstDifference(const SeriesPatch& a, const SeriesPatch& b) {
  int64_t first = kLastPeriod;
  const auto points = [&](const SeriesPatch& of, const SeriesPatch& other) {
    for (size_t i = 0; i < of.points.size(); ++i) {
      const int64_t at = other.points.Find(of.points.periods[i]);
      if (at >= 0 && of.points.values[i] == other.points.values[at] &&
          of.points.flags[i] == other.points.flags[at]) {
        continue;
      }
      first = std::min(first, of.points.periods[i]);
      break;
    }
    for (const int64_t period : of.deletions) {
      if (std::binary_search(other.deletions.begin(), other.deletions.end(), period)) continue;
      first = std::min(first, period);
      break;
    }
  };
  points(a, b);
  points(b, a);
  return first;
}

}  // namespace

bool Auditor::Chooses(absl::string_view parent, int64_t input_revision) const {
  if (interval_ <= 0) return false;
  const std::string bytes = Digest().Add(parent).AddInt(input_revision).Finish();
  uint64_t number = 0;
  for (size_t i = 0; i < sizeof(number); ++i) {
    number = number << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return number % static_cast<uint64_t>(interval_) == 0;
}

std::string DifferenceWords(const ParentPatch& window, const ParentPatch& whole) {
  const SeriesPatch none;
  const auto of = [&](const ParentPatch& patch,
                      const std::pair<std::string, std::string>& series) -> const SeriesPatch& {
    const auto found = patch.find(series);
    return found == patch.end() ? none : found->second;
  };
  for (const ParentPatch* patch : {&window, &whole}) {
    for (const auto& entry : *patch) {
      const int64_t period = FirstDifference(of(window, entry.first), of(whole, entry.first));
      if (period != kLastPeriod) return PlaceWords(entry.first, period);
    }
  }
  return "";
}

}  // namespace policytrack::app
