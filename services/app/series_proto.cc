#include "services/app/series_proto.h"

#include "core/observation_status.h"
#include "core/period.h"

namespace policytrack::app {

void DescribeSeries(const std::vector<std::string>& dimension_ids,
                    const std::vector<std::string>& values, const std::string& output,
                    v1::Frequency frequency, v1::Series* series) {
  for (size_t i = 0; i < dimension_ids.size(); ++i) {
    (*series->mutable_dimensions())[dimension_ids[i]] = values[i];
  }
  series->set_output(output);
  series->set_frequency(frequency);
}

void AppendPoints(const Columns& columns, size_t begin, size_t end, v1::Series* series) {
  int position = series->periods_size();
  const auto append = [begin, end](const auto& from, auto* to) {
    to->Add(from.begin() + static_cast<ptrdiff_t>(begin),
            from.begin() + static_cast<ptrdiff_t>(end));
  };
  append(columns.periods, series->mutable_periods());
  append(columns.values, series->mutable_values());
  if (!columns.revisions.empty()) append(columns.revisions, series->mutable_revisions());
  for (size_t i = begin; i < end; ++i, ++position) {
    const Flags flags = columns.flags[i];
    // Nothing is to be said of most points.
    if (flags == kNormal && series->statuses_size() == 0) continue;
    const v1::ObservationStatus status = StatusOfFlags(flags);
    if (status != v1::OBSERVATION_STATUS_NORMAL && series->statuses_size() < position) {
      while (series->statuses_size() < position) {
        series->add_statuses(v1::OBSERVATION_STATUS_NORMAL);
      }
    }
    if (status != v1::OBSERVATION_STATUS_NORMAL || series->statuses_size() > 0) {
      series->add_statuses(status);
    }
    if ((flags & kBreak) != 0) series->add_break_indexes(position);
    if ((flags & kJoint) != 0) series->add_joint_indexes(position);
    if (IsMissing(flags)) {
      series->add_missing_indexes(position);
      series->add_missing_reasons(ReasonOfFlags(flags));
    }
  }
}

v1::Observation ToObservation(const std::vector<std::string>& dimension_ids,
                              const std::vector<std::string>& values, const std::string& output,
                              v1::Frequency frequency, const Columns& columns, size_t index) {
  v1::Observation row;
  row.set_period(FormatPeriod(frequency, columns.periods[index]));
  for (size_t i = 0; i < dimension_ids.size(); ++i) {
    (*row.mutable_dimensions())[dimension_ids[i]] = values[i];
  }
  row.set_output(output);
  const Flags flags = columns.flags[index];
  if (IsMissing(flags)) {
    row.set_missing_reason(ReasonOfFlags(flags));
  } else {
    row.set_value(columns.values[index]);
  }
  row.set_status(StatusOfFlags(flags));
  row.set_series_break((flags & kBreak) != 0);
  row.set_joint((flags & kJoint) != 0);
  if (!columns.revisions.empty()) row.set_revision(columns.revisions[index]);
  return row;
}

}  // namespace policytrack::app
