// Columns: a series as parallel arrays, the form in which figures go from the
// wire to the disk to the plugin.
#ifndef POLICYTRACK_CORE_COLUMNS_H_
#define POLICYTRACK_CORE_COLUMNS_H_

#include <cstdint>
#include <limits>
#include <vector>

#include "policytrack/v1/common.pb.h"

namespace policytrack {

// Flags of a point, the same numbers as in the plugin ABI (plugins/sdk), where the
// quality goes to kForecast; core/observation_status.h has those beyond:
// bits 0-3 quality, bit 4 break, bit 5 missing, bit 6 joint, bits 8-15 reason when
// missing.
using Flags = uint16_t;
inline constexpr Flags kQualityMask = 0x000f;
inline constexpr Flags kNormal = 0;
inline constexpr Flags kImputed = 1;
inline constexpr Flags kEstimated = 2;
inline constexpr Flags kProvisional = 3;
inline constexpr Flags kForecast = 4;
inline constexpr Flags kBreak = 0x0010;
inline constexpr Flags kMissing = 0x0020;
// The value covers the period before as well, which is missing (JOINT_PERIOD).
inline constexpr Flags kJoint = 0x0040;
inline constexpr Flags kDefinedFlags = 0xff7f;

inline Flags MissingFlags(v1::MissingReason reason) {
  return static_cast<Flags>(kMissing | (static_cast<Flags>(reason) << 8));
}
inline bool IsMissing(Flags flags) { return (flags & kMissing) != 0; }
inline v1::MissingReason ReasonOfFlags(Flags flags) {
  return static_cast<v1::MissingReason>(flags >> 8);
}

inline constexpr int64_t kFirstPeriod = std::numeric_limits<int64_t>::min();
inline constexpr int64_t kLastPeriod = std::numeric_limits<int64_t>::max();

// A range of periods, both ends inclusive.
struct PeriodRange {
  int64_t first = kFirstPeriod;
  int64_t last = kLastPeriod;
  bool Contains(int64_t period) const { return period >= first && period <= last; }
};

// Invariants: all vectors have the same length (revisions may be empty where
// nobody asked for them); periods strictly increase; a missing point has value
// 0 and kMissing; no value is NaN, infinite or -0.0.
struct Columns {
  std::vector<int64_t> periods;
  std::vector<double> values;
  std::vector<Flags> flags;
  std::vector<int64_t> revisions;  // that wrote each point

  size_t size() const { return periods.size(); }
  bool empty() const { return periods.empty(); }
  void clear();
  void reserve(size_t n);
  void Append(int64_t period, double value, Flags f, int64_t revision = 0);
  // Appends the points [begin, end) of `from`, which must come after all here.
  // REQUIRES: `from` has revisions, and so have these or they are empty.
  void AppendRange(const Columns& from, size_t begin, size_t end);
  // The position of a period, or -1.
  int64_t Find(int64_t period) const;
  // The points in the range.
  Columns Slice(PeriodRange range) const;
};

// Same periods, values bit for bit, and flags; revisions do not count.
bool SameData(const Columns& a, const Columns& b);

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_COLUMNS_H_
