// The roll-up: what targets say of a measure and measures of a plan; and where
// milestones stand on a day.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_SERVICES_APP_ROLLUP_H_
#define POLICYTRACK_SERVICES_APP_ROLLUP_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/time/civil_time.h"
#include "google/type/date.pb.h"
#include "policytrack/v1/measure.pb.h"
#include "policytrack/v1/progress.pb.h"

namespace policytrack::app {

inline constexpr char kMeasureRule[] =
    "The status is that of the worst target, from deteriorating over limited, moderate and on "
    "track to achieved; the score is the mean of the targets' scores. Both rest only on the "
    "targets "
    "that could be judged: those without data and those that cannot be assessed are counted and "
    "listed and move neither.";
inline constexpr char kPlanRule[] =
    "The status is that of the worst measure, from deteriorating over limited, moderate and on "
    "track to achieved; the score is the mean of the measures' scores, each the mean of its "
    "targets' scores. Both rest only on the targets that could be judged: targets and measures "
    "without data or assessment are listed and move neither. Cancelled and deleted measures are "
    "left out.";

// All counts set, most to 0.
v1::StatusCounts NoCounts();
void CountStatus(v1::ProgressStatus status, v1::StatusCounts* counts);
void AddCounts(const v1::StatusCounts& from, v1::StatusCounts* to);
// How many have a status from DETERIORATING to ACHIEVED, and how many there are.
int32_t JudgedCount(const v1::StatusCounts& counts);
int32_t AllCount(const v1::StatusCounts& counts);

// The worst of those from DETERIORATING to ACHIEVED; where there is none,
// NOT_ASSESSABLE if any is, else NO_DATA.
v1::ProgressStatus WorstStatus(const std::vector<v1::ProgressStatus>& statuses);
// nullopt of nothing.
std::optional<double> MeanScore(const std::vector<double>& scores);

// A due date without day or month is due at the end of its month or year. A
// milestone that is due on `today` is not overdue yet.
v1::MilestoneProgress JudgeMilestone(const v1::Milestone& milestone, absl::CivilDay today);

google::type::Date ToDate(absl::CivilDay day);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_ROLLUP_H_
