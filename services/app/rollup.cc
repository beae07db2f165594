#include "services/app/rollup.h"

namespace policytrack::app {
namespace {

// Last day of a date that may leave out day or month.
absl::CivilDay LastDayOf(const google::type::Date& date) {
  if (date.month() == 0) return absl::CivilDay(date.year(), 12, 31);
  if (date.day() == 0) {
    return absl::CivilDay(absl::CivilMonth(date.year(), date.month()) + 1) - 1;
  }
  return absl::CivilDay(date.year(), date.month(), date.day());
}

absl::CivilDay FirstDayOf(const google::type::Date& date) {
  return absl::CivilDay(date.year(), date.month() == 0 ? 1 : date.month(),
                        date.day() == 0 ? 1 : date.day());
}

}  // namespace

v1::StatusCounts NoCounts() {
  v1::StatusCounts counts;
  counts.set_achieved(0);
  counts.set_on_track(0);
  counts.set_moderate(0);
  counts.set_limited(0);
  counts.set_deteriorating(0);
  counts.set_no_data(0);
  counts.set_not_assessable(0);
  return counts;
}

void CountStatus(v1::ProgressStatus status, v1::StatusCounts* counts) {
  switch (status) {
    case v1::PROGRESS_STATUS_ACHIEVED:
      counts->set_achieved(counts->achieved() + 1);
      break;
    case v1::PROGRESS_STATUS_ON_TRACK:
      counts->set_on_track(counts->on_track() + 1);
      break;
    case v1::PROGRESS_STATUS_MODERATE:
      counts->set_moderate(counts->moderate() + 1);
      break;
    case v1::PROGRESS_STATUS_LIMITED:
      counts->set_limited(counts->limited() + 1);
      break;
    case v1::PROGRESS_STATUS_DETERIORATING:
      counts->set_deteriorating(counts->deteriorating() + 1);
      break;
    case v1::PROGRESS_STATUS_NO_DATA:
      counts->set_no_data(counts->no_data() + 1);
      break;
    default:
      counts->set_not_assessable(counts->not_assessable() + 1);
      break;
  }
}

void AddCounts(const v1::StatusCounts& from, v1::StatusCounts* to) {
  to->set_achieved(to->achieved() + from.achieved());
  to->set_on_track(to->on_track() + from.on_track());
  to->set_moderate(to->moderate() + from.moderate());
  to->set_limited(to->limited() + from.limited());
  to->set_deteriorating(to->deteriorating() + from.deteriorating());
  to->set_no_data(to->no_data() + from.no_data());
  to->set_not_assessable(to->not_assessable() + from.not_assessable());
}

int32_t JudgedCount(const v1::StatusCounts& counts) {
  return counts.achieved() + counts.on_track() + counts.moderate() + counts.limited() +
         counts.deteriorating();
}

int32_t AllCount(const v1::StatusCounts& counts) {
  return JudgedCount(counts) + counts.no_data() + counts.not_assessable();
}

v1::ProgressStatus WorstStatus(const std::vector<v1::ProgressStatus>& statuses) {
  std::optional<v1::ProgressStatus> worst;
  v1::ProgressStatus without = v1::PROGRESS_STATUS_NO_DATA;
  for (const v1::ProgressStatus status : statuses) {
    if (status >= v1::PROGRESS_STATUS_DETERIORATING && status <= v1::PROGRESS_STATUS_ACHIEVED) {
      if (!worst.has_value() || status < *worst) worst = status;
    } else if (status == v1::PROGRESS_STATUS_NOT_ASSESSABLE) {
      without = status;
    }
  }
  return worst.value_or(without);
}

std::optional<double> MeanScore(const std::vector<double>& scores) {
  if (scores.empty()) return std::nullopt;
  double sum = 0;
  for (const double score : scores) sum += score;
  return sum / static_cast<double>(scores.size());
}

v1::MilestoneProgress JudgeMilestone(const v1::Milestone& milestone, absl::CivilDay today) {
  v1::MilestoneProgress progress;
  progress.set_id(milestone.id());
  progress.set_display_name(milestone.display_name());
  if (milestone.has_due_date()) *progress.mutable_due_date() = milestone.due_date();
  if (milestone.has_done_date()) {
    *progress.mutable_done_date() = milestone.done_date();
    const bool late = milestone.has_due_date() &&
                      FirstDayOf(milestone.done_date()) > LastDayOf(milestone.due_date());
    progress.set_state(late ? v1::MILESTONE_STATE_DONE_LATE : v1::MILESTONE_STATE_DONE);
  } else if (milestone.has_due_date() && LastDayOf(milestone.due_date()) < today) {
    progress.set_state(v1::MILESTONE_STATE_OVERDUE);
  } else {
    progress.set_state(v1::MILESTONE_STATE_PENDING);
  }
  return progress;
}

google::type::Date ToDate(absl::CivilDay day) {
  google::type::Date date;
  date.set_year(static_cast<int32_t>(day.year()));
  date.set_month(day.month());
  date.set_day(day.day());
  return date;
}

}  // namespace policytrack::app
