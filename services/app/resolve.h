// Resolving: a definition of an indicator or a target is checked against what it
// names, as of a revision, and becomes a Calculation.
//
// Errors, for all of these: INVALID_ARGUMENT FIELD_REQUIRED, NAME_INVALID or
// FIELD_INVALID with the path of the field; INVALID_ARGUMENT PARAMETERS_INVALID
// from the plugin; NOT_FOUND RESOURCE_NOT_FOUND for a dataset, indicator,
// script or plugin that does not exist; FAILED_PRECONDITION PLUGIN_NOT_ACTIVE for a plugin
// that cannot be used, INDICATOR_CYCLE for an indicator that feeds itself; and
// what the store returns. `prefix` is the first part of field paths.
//
// Thread rule: free functions, any thread; a Resolver belongs to the thread of
// its transaction and must not outlive it.
#ifndef POLICYTRACK_SERVICES_APP_RESOLVE_H_
#define POLICYTRACK_SERVICES_APP_RESOLVE_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "plugins/engine.h"
#include "policytrack/v1/dataset.pb.h"
#include "policytrack/v1/indicator.pb.h"
#include "policytrack/v1/measure.pb.h"
#include "services/app/calculation.h"
#include "services/app/definitions.h"
#include "services/app/scripts.h"
#include "storage/store.h"

namespace policytrack::app {

// What an input or a target needs to know of a dataset or an indicator.
struct SourceShape {
  struct Dimension {
    std::string id;
    std::vector<std::string> values;  // the allowed ones, sorted; empty means any
    std::vector<std::string> totals;  // those that are totals beside `_T`, sorted
  };
  std::string name;
  std::string display_name;
  v1::Frequency frequency = v1::FREQUENCY_UNSPECIFIED;
  int year_start_month = 1;
  bool january_february_joint = false;
  int unit_multiplier = 0;
  std::vector<Dimension> dimensions;
  std::vector<ResolvedOutput> outputs;  // of a dataset: one, with the name ""

  // Null when there is none of this name.
  const ResolvedOutput* FindOutput(absl::string_view output) const;
  // The output that `field` names; else INVALID_ARGUMENT / FIELD_INVALID with those
  // that there are.
  absl::StatusOr<const ResolvedOutput*> RequireOutput(absl::string_view output,
                                                      absl::string_view field) const;
  // For messages: "region, fuel", or "none".
  std::string DimensionIds() const;
};

// Resolves definitions over one view of the store, remembering the shapes of
// sources. The calculations that it makes have no instance yet, so it also
// works for plugins that are not active but whose descriptor can be read.
class Resolver {
 public:
  Resolver(storage::ReadTransaction* tx, int64_t as_of, const plugins::Engine* engine)
      : tx_(tx), as_of_(as_of), engine_(engine) {}
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  absl::StatusOr<Calculation> Indicator(const v1::Indicator& definition, absl::string_view prefix);
  // `parent` is the full name of the target, `measure_revision` that of its
  // measure's state.
  absl::StatusOr<Calculation> Target(const v1::Target& target, absl::string_view parent,
                                     int64_t measure_revision, absl::string_view prefix);
  // The same as judged by another assessment; `assessment_field` is its path of fields.
  absl::StatusOr<Calculation> TargetBy(const v1::Target& target, const v1::Assessment& assessment,
                                       absl::string_view assessment_field, absl::string_view parent,
                                       int64_t measure_revision, absl::string_view prefix);
  // The shape of `datasets/x` or `indicators/x`; `field` is what names it.
  absl::StatusOr<const SourceShape*> Shape(const std::string& name, absl::string_view field);

 private:
  // The build of a plugin that fits what is asked of its version; `field` names the
  // plugin.
  absl::StatusOr<std::shared_ptr<const plugins::Build>> FindBuild(const std::string& name,
                                                                  const std::string& version,
                                                                  v1::PluginKind kind,
                                                                  absl::string_view field) const;
  // How an indicator is computed; `path` is the first part of its fields.
  absl::StatusOr<Method> MethodOf(const v1::Indicator& definition, const std::string& path) const;
  absl::StatusOr<ResolvedInput> Input(const v1::IndicatorInput& input, const v1::PluginInput& slot,
                                      const std::vector<std::string>& group_by,
                                      v1::Frequency frequency, absl::string_view field);
  // The weights of an input; `value` is what they weigh.
  absl::StatusOr<WeightSource> Weights(const v1::IndicatorInput& input, const SourceShape& source,
                                       const ResolvedOutput& value, absl::string_view field);

  storage::ReadTransaction* const tx_;
  const int64_t as_of_;
  const plugins::Engine* const engine_;
  std::map<std::string, SourceShape> shapes_;
  std::set<std::string> open_;  // shapes being found, to stop at a cycle
};

// Makes the instance: checks the parameters and that the plugin is active.
absl::Status BindPlugin(absl::string_view prefix, Calculation* calculation);

// A Calculation with its instance.
absl::StatusOr<Calculation> ResolveIndicator(storage::ReadTransaction& tx, int64_t as_of,
                                             plugins::Engine& engine,
                                             const v1::Indicator& definition,
                                             absl::string_view prefix);

// The most further assessments that a target may have.
inline constexpr int kMaxFurtherAssessments = 8;

// Checks a target against the indicator and the plugins that it names.
absl::Status CheckTarget(storage::ReadTransaction& tx, int64_t as_of, plugins::Engine& engine,
                         const v1::Target& target, absl::string_view prefix);

// FAILED_PRECONDITION / INDICATOR_CYCLE, naming the cycle, when the indicator of
// this name and definition would feed itself through present indicators.
absl::Status CheckNoCycle(storage::ReadTransaction& tx, const v1::Indicator& definition);

// Units may be converted into one another: they are of one kind.
bool SameKind(absl::string_view unit, absl::string_view other);
// REQUIRES: SameKind(from, to).
UnitConversion ConversionBetween(absl::string_view from, absl::string_view to);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_RESOLVE_H_
