// What an assessment says of a target at one period: its outputs there, read from
// what evaluation stored or computed on demand, and in the unit of the target.
//
// Thread rule: free functions, on the thread of the HistoryFigures.
#ifndef POLICYTRACK_SERVICES_APP_JUDGEMENT_H_
#define POLICYTRACK_SERVICES_APP_JUDGEMENT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/columns.h"
#include "core/unit_conversion.h"
#include "policytrack/v1/measure.pb.h"
#include "policytrack/v1/progress.pb.h"
#include "services/app/computed_reader.h"

namespace policytrack::app {

// The names that the outputs of assessments have.
inline constexpr char kStatusOutput[] = "status";
inline constexpr char kScoreOutput[] = "score";
inline constexpr char kRatioOutput[] = "ratio";
inline constexpr char kExpectedOutput[] = "expected";
inline constexpr char kProjectedOutput[] = "projected";
inline constexpr char kRequiredPaceOutput[] = "required_pace";
inline constexpr char kBaselineOutput[] = "baseline";
inline constexpr char kBestPaceOutput[] = "best_pace";
inline constexpr char kOutOfReachOutput[] = "out_of_reach";
inline constexpr char kFlipChangeOutput[] = "flip_change";
inline constexpr char kFlipStatusOutput[] = "flip_status";
inline constexpr char kRestsOnProvisionalOutput[] = "rests_on_provisional";

// From the unit of an output to that of a target.
class UnitOfTarget {
 public:
  UnitOfTarget(absl::string_view from, const v1::Target& target);
  bool known() const { return ratio_.has_value(); }
  // Infinite, or 0, where a double cannot hold it. REQUIRES: known().
  double Convert(double value) const;

 private:
  std::optional<UnitRatio> ratio_;
};

// The outputs of an assessment at a period.
class Judgement {
 public:
  struct Output {
    std::string unit;  // "" where it is not known
    double value = 0;
    Flags flags = kNormal;
  };

  void Add(const std::string& name, Output output) { outputs_[name] = std::move(output); }

  // Null when there is no point.
  const Output* Find(const std::string& name) const;
  // None when there is no point or it is missing.
  std::optional<double> Value(const std::string& name) const;
  // In the unit of the target; none where that of the output is not of its kind.
  std::optional<double> ValueOf(const std::string& name, const v1::Target& target) const;
  // The same for an output that is a difference of values, such as a pace.
  std::optional<double> ChangeOf(const std::string& name, const v1::Target& target) const;
  // From DETERIORATING to ACHIEVED; none when there is no such status.
  std::optional<v1::ProgressStatus> Status(const std::string& name = kStatusOutput) const;

 private:
  std::map<std::string, Output> outputs_;
};

// What stands for a target's own assessment. Returns what the store returns.
absl::StatusOr<Judgement> ReadJudgement(HistoryFigures& figures, const std::string& parent,
                                        int64_t period);

// What a further assessment of a target says, computed by the same function as
// evaluation, for the one period. Returns what the store returns, and the errors of
// resolving and computing, which are not of the store (IsStoreError).
absl::StatusOr<Judgement> ComputeJudgement(HistoryFigures& figures, const v1::Target& target,
                                           const v1::Assessment& assessment,
                                           const std::string& parent, int64_t period);

// Why an assessment of a target gives no status for a period.
std::string WhyNotJudged(const Judgement& judgement, const v1::Target& target,
                         const std::string& plugin, const std::string& period);

// A missing reason in words that follow "because".
std::string MissingWords(v1::MissingReason reason);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_JUDGEMENT_H_
