#include "core/observation_status.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace policytrack {
namespace {

constexpr v1::MissingReason kNone = v1::MISSING_REASON_UNSPECIFIED;

// What an official source calls uncertain, though it does not say estimated or
// provisional, is estimated or provisional for what rests on it.
constexpr std::array kStatuses = {
    StatusInfo{'A', v1::OBSERVATION_STATUS_NORMAL, kNormal, kNone, false},
    StatusInfo{'I', v1::OBSERVATION_STATUS_IMPUTED, kImputed, kNone, false},
    StatusInfo{'E', v1::OBSERVATION_STATUS_ESTIMATED, kEstimated, kNone, false},
    StatusInfo{'P', v1::OBSERVATION_STATUS_PROVISIONAL, kProvisional, kNone, false},
    StatusInfo{'F', v1::OBSERVATION_STATUS_FORECAST, kForecast, kNone, false},
    StatusInfo{'D', v1::OBSERVATION_STATUS_DEFINITION_DIFFERS, kEstimated, kNone, false},
    StatusInfo{'G', v1::OBSERVATION_STATUS_EXPERIMENTAL, kEstimated, kNone, false},
    StatusInfo{'N', v1::OBSERVATION_STATUS_NOT_SIGNIFICANT, kEstimated, kNone, false},
    StatusInfo{'S', v1::OBSERVATION_STATUS_SPECIAL_EVENT, kNormal, kNone, false},
    StatusInfo{'U', v1::OBSERVATION_STATUS_LOW_RELIABILITY, kEstimated, kNone, false},
    StatusInfo{'V', v1::OBSERVATION_STATUS_UNVALIDATED, kProvisional, kNone, false},
    StatusInfo{'W', v1::OBSERVATION_STATUS_INCLUDES_OTHER, kNormal, kNone, false},
    StatusInfo{'O', v1::OBSERVATION_STATUS_MISSING, kNormal, v1::MISSING_REASON_NOT_AVAILABLE,
               false},
    StatusInfo{'M', v1::OBSERVATION_STATUS_MISSING_CANNOT_EXIST, kNormal,
               v1::MISSING_REASON_CANNOT_EXIST, true},
    StatusInfo{'L', v1::OBSERVATION_STATUS_MISSING_NOT_COLLECTED, kNormal,
               v1::MISSING_REASON_NOT_COLLECTED, false},
    StatusInfo{'H', v1::OBSERVATION_STATUS_MISSING_HOLIDAY, kNormal, v1::MISSING_REASON_HOLIDAY,
               true},
    StatusInfo{'Q', v1::OBSERVATION_STATUS_MISSING_SUPPRESSED, kNormal,
               v1::MISSING_REASON_SUPPRESSED, false},
    StatusInfo{'K', v1::OBSERVATION_STATUS_MISSING_INCLUDED_ELSEWHERE, kNormal,
               v1::MISSING_REASON_INCLUDED_ELSEWHERE, true},
    StatusInfo{'J', v1::OBSERVATION_STATUS_MISSING_DEROGATION, kNormal,
               v1::MISSING_REASON_DEROGATION, false},
};

// Asked for every point of a push: a look into a table, by the number of the status.
const StatusInfo* Find(v1::ObservationStatus status) {
  static constexpr auto kAt = [] {
    std::array<const StatusInfo*, v1::ObservationStatus_ARRAYSIZE> at{};
    for (const StatusInfo& info : kStatuses) at[static_cast<size_t>(info.status)] = &info;
    return at;
  }();
  const auto number = static_cast<size_t>(status);
  return number < kAt.size() ? kAt[number] : nullptr;
}

const StatusInfo* OfReason(v1::MissingReason reason) {
  for (const StatusInfo& info : kStatuses) {
    if (info.reason != kNone && info.reason == reason) return &info;
  }
  return nullptr;
}

// The first 12 are values; their flags are their place in the contract.
v1::ObservationStatus OfQuality(Flags quality) {
  return static_cast<v1::ObservationStatus>(quality + 1);
}

}  // namespace

const std::vector<StatusInfo>& AllStatuses() {
  static const auto* const all = new std::vector<StatusInfo>(kStatuses.begin(), kStatuses.end());
  return *all;
}

bool IsStatus(v1::ObservationStatus status) { return Find(status) != nullptr; }

bool IsMissingStatus(v1::ObservationStatus status) {
  const StatusInfo* info = Find(status);
  return info != nullptr && info->reason != kNone;
}

bool ParseStatus(absl::string_view text, v1::ObservationStatus* status) {
  const std::string name =
      absl::StrCat("OBSERVATION_STATUS_", absl::StripPrefix(text, "OBSERVATION_STATUS_"));
  for (const StatusInfo& info : kStatuses) {
    if (text == absl::string_view(&info.letter, 1) ||
        name == v1::ObservationStatus_Name(info.status)) {
      *status = info.status;
      return true;
    }
  }
  return false;
}

char LetterOf(v1::ObservationStatus status) {
  const StatusInfo* info = Find(status);
  return info == nullptr ? 'A' : info->letter;
}

Flags FlagsOfStatus(v1::ObservationStatus status) {
  const StatusInfo* info = Find(status);
  if (info == nullptr) return kNormal;
  return info->reason != kNone ? MissingFlags(info->reason) : static_cast<Flags>(status - 1);
}

v1::ObservationStatus StatusOfFlags(Flags flags) {
  if (!IsMissing(flags)) return OfQuality(flags & kQualityMask);
  const StatusInfo* info = OfReason(ReasonOfFlags(flags));
  return info == nullptr ? v1::OBSERVATION_STATUS_NORMAL : info->status;
}

Flags PropagatedQuality(Flags flags) {
  const Flags quality = flags & kQualityMask;
  if (quality <= kForecast) return quality;
  const StatusInfo* info = Find(OfQuality(quality));
  return info == nullptr ? kForecast : info->propagated;
}

bool IsNothing(Flags flags) {
  const StatusInfo* info = IsMissing(flags) ? OfReason(ReasonOfFlags(flags)) : nullptr;
  return info != nullptr && info->nothing;
}

bool IsMissingAtSource(Flags flags) {
  return IsMissing(flags) && OfReason(ReasonOfFlags(flags)) != nullptr;
}

}  // namespace policytrack
