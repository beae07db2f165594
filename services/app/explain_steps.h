// The steps of an explanation, from the assessment back to the datasets.
//
// Thread rule: on the thread of the HistoryFigures.
#ifndef POLICYTRACK_SERVICES_APP_EXPLAIN_STEPS_H_
#define POLICYTRACK_SERVICES_APP_EXPLAIN_STEPS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/columns.h"
#include "policytrack/v1/measure.pb.h"
#include "policytrack/v1/progress.pb.h"
#include "services/app/calculation.h"
#include "services/app/computed_reader.h"
#include "services/app/groups.h"

namespace policytrack::app {

class StepExplainer {
 public:
  // Not owned; must outlive this.
  explicit StepExplainer(HistoryFigures* figures) : figures_(figures) {}

  // The steps of a target, with points up to `period` where it is set.
  absl::StatusOr<std::vector<v1::ExplainedStep>> Explain(const v1::Target& target,
                                                         const std::string& parent,
                                                         std::optional<int64_t> period);

  // Of what is computed with, what its author has stated: what is left at its default
  // is beside it in the step.
  const std::vector<std::string>& StatedParameters(const std::string& parent) {
    return stated_[parent];
  }

  // A commit, read once. nullptr when there is none of this revision.
  absl::StatusOr<const storage::Commit*> CommitOf(int64_t revision);

 private:
  // A group of an indicator that is still to be explained, up to a period of its
  // own frequency.
  struct Open {
    std::string indicator;
    std::string key;
    std::optional<int64_t> period;
  };

  absl::StatusOr<v1::ExplainedStep> Step(const std::string& parent,
                                         const std::vector<std::string>& group,
                                         std::optional<int64_t> period, std::vector<Open>* next);
  absl::Status AddPoints(const Columns& columns, v1::Frequency frequency,
                         std::optional<int64_t> upto, v1::ExplainedInput* input);
  absl::Status AddSource(const ResolvedInput& resolved, const FeedingSeries& series,
                         v1::ExplainedInput* input);

  HistoryFigures* const figures_;
  std::map<int64_t, std::optional<storage::Commit>> commits_;
  std::map<std::string, std::vector<std::string>> stated_;  // by parent
};

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_EXPLAIN_STEPS_H_
