// Targets: the part of resolve.h that binds an indicator's output and a path of
// target points to an assessment.
#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/dimension_key.h"
#include "core/error.h"
#include "core/period.h"
#include "core/resource_name.h"
#include "core/unit.h"
#include "core/utf8.h"
#include "services/app/resolve.h"

namespace policytrack::app {
namespace {

constexpr char kValueSlot[] = "value";
constexpr char kPathSlot[] = "path";
constexpr char kUpperPathSlot[] = "path_upper";

bool HasSlot(const v1::PluginDescriptor& descriptor, absl::string_view slot) {
  return std::any_of(
      descriptor.inputs().begin(), descriptor.inputs().end(),
      [slot](const v1::PluginInput& input) { return absl::string_view(input.slot()) == slot; });
}

bool IsUnaligned(const v1::PluginDescriptor& descriptor, absl::string_view slot) {
  for (const v1::PluginInput& input : descriptor.inputs()) {
    if (absl::string_view(input.slot()) == slot) return input.unaligned();
  }
  return false;
}

// A point of the path with its period as an ordinal.
struct PathPoint {
  const v1::TargetPoint* point = nullptr;
  std::string field;
  int64_t period = 0;
  bool baseline = false;
};

absl::Status CheckPoint(const v1::Target& target, const PathPoint& at) {
  const v1::TargetPoint& point = *at.point;
  if (point.has_value() && !std::isfinite(point.value())) {
    return FieldInvalid(absl::StrCat(at.field, ".value"), "must be a finite number");
  }
  if (at.baseline) {
    if (point.has_upper_value()) {
      return FieldInvalid(absl::StrCat(at.field, ".upper_value"),
                          "is not for a baseline, which is one value");
    }
    return absl::OkStatus();
  }
  if (!point.has_value()) return FieldRequired(absl::StrCat(at.field, ".value"));
  if (target.relation() != v1::TARGET_RELATION_WITHIN) {
    if (point.has_upper_value()) {
      return FieldInvalid(absl::StrCat(at.field, ".upper_value"),
                          "is only for relation TARGET_RELATION_WITHIN");
    }
    return absl::OkStatus();
  }
  if (!point.has_upper_value()) {
    return FieldRequired(absl::StrCat(at.field, ".upper_value"),
                         "must be set: relation TARGET_RELATION_WITHIN needs both ends");
  }
  if (!std::isfinite(point.upper_value()) || point.upper_value() <= point.value()) {
    return FieldInvalid(absl::StrCat(at.field, ".upper_value"), "must be above value");
  }
  return absl::OkStatus();
}

// The points in order, checked.
absl::StatusOr<std::vector<PathPoint>> PathOf(const v1::Target& target, v1::Frequency frequency,
                                              absl::string_view prefix) {
  std::vector<PathPoint> path;
  if (target.has_baseline()) {
    path.push_back({&target.baseline(), absl::StrCat(prefix, ".baseline"), 0, true});
  }
  for (int i = 0; i < target.interim_points_size(); ++i) {
    path.push_back(
        {&target.interim_points(i), absl::StrCat(prefix, ".interim_points[", i, "]"), 0, false});
  }
  if (target.has_final_point()) {
    path.push_back({&target.final_point(), absl::StrCat(prefix, ".final_point"), 0, false});
  }
  for (size_t i = 0; i < path.size(); ++i) {
    const std::string field = absl::StrCat(path[i].field, ".period");
    const auto period = ParsePeriod(frequency, path[i].point->period());
    if (!period.ok()) return WithFieldPrefix(period.status(), path[i].field);
    path[i].period = *period;
    if (i > 0 && path[i - 1].period >= *period) {
      return FieldInvalid(field,
                          absl::StrCat(path[i].point->period(), " does not come after ",
                                       path[i - 1].point->period(), " of ", path[i - 1].field,
                                       "; baseline, interim points and final point must "
                                       "follow one another"));
    }
    PT_RETURN_IF_ERROR(CheckPoint(target, path[i]));
  }
  return path;
}

std::string GroupWord(const std::vector<SourceShape::Dimension>& dimensions) {
  if (dimensions.empty()) return "no dimension";
  return absl::StrJoin(dimensions, ", ", [](std::string* out, const SourceShape::Dimension& d) {
    absl::StrAppend(out, d.id);
  });
}

// The value slot: one series of the indicator.
absl::StatusOr<ResolvedInput> ValueInput(const v1::Target& target, const SourceShape& shape,
                                         const ResolvedOutput& output, absl::string_view prefix) {
  ResolvedInput value;
  value.meta.slot = kValueSlot;
  value.meta.frequency = shape.frequency;
  value.meta.accumulation = output.accumulation;
  value.meta.year_start_month = shape.year_start_month;
  value.periods = {shape.frequency,     shape.frequency,        output.accumulation,
                   output.accumulation, shape.year_start_month, false};
  value.meta.unit = output.unit;
  value.source = target.indicator();
  value.output = target.output();
  value.source_unit = output.unit;
  // Of several the first by id: a map has no order that stays.
  const std::string* unknown = nullptr;
  for (const auto& [dimension, text] : target.group()) {
    if (std::none_of(shape.dimensions.begin(), shape.dimensions.end(),
                     [&id = dimension](const auto& known) { return known.id == id; }) &&
        (unknown == nullptr || dimension < *unknown)) {
      unknown = &dimension;
    }
  }
  if (unknown != nullptr) {
    return FieldInvalid(absl::StrCat(prefix, ".group.", *unknown),
                        absl::StrCat("is not a dimension that ", target.indicator(),
                                     " is grouped by, which are ", GroupWord(shape.dimensions)));
  }
  for (const SourceShape::Dimension& dimension : shape.dimensions) {
    const std::string field = absl::StrCat(prefix, ".group.", dimension.id);
    const auto found = target.group().find(dimension.id);
    if (found == target.group().end()) {
      return FieldInvalid(field, absl::StrCat("must be set: ", target.indicator(),
                                              " is grouped by ", GroupWord(shape.dimensions)));
    }
    PT_ASSIGN_OR_RETURN(std::string text, NormalizeDimensionValue(field, found->second));
    DimensionRule& rule = value.rules.emplace_back();
    rule.dimension = dimension.id;
    rule.allowed = {std::move(text)};
  }
  return value;
}

}  // namespace

absl::StatusOr<Calculation> Resolver::Target(const v1::Target& target, absl::string_view parent,
                                             int64_t measure_revision, absl::string_view prefix) {
  return TargetBy(target, target.assessment(), absl::StrCat(prefix, ".assessment"), parent,
                  measure_revision, prefix);
}

absl::StatusOr<Calculation> Resolver::TargetBy(const v1::Target& target,
                                               const v1::Assessment& assessment,
                                               absl::string_view assessment_field,
                                               absl::string_view parent, int64_t measure_revision,
                                               absl::string_view prefix) {
  const std::string path(prefix);
  PT_RETURN_IF_ERROR(
      ParseResourceName(absl::StrCat(path, ".indicator"), kIndicators, target.indicator())
          .status());
  PT_ASSIGN_OR_RETURN(const SourceShape* shape,
                      Shape(target.indicator(), absl::StrCat(path, ".indicator")));
  const ResolvedOutput* output = shape->FindOutput(target.output());
  if (output == nullptr) {
    std::vector<std::string> names;
    for (const ResolvedOutput& known : shape->outputs) names.push_back(known.name);
    return FieldInvalid(absl::StrCat(path, ".output"),
                        absl::StrCat(target.indicator(), " has no output ", Quoted(target.output()),
                                     "; it has ", absl::StrJoin(names, ", ")));
  }
  PT_RETURN_IF_ERROR(CheckUnit(absl::StrCat(path, ".unit"), target.unit()));
  PT_RETURN_IF_ERROR(
      CheckUnitMultiplier(absl::StrCat(path, ".unit_multiplier"), target.unit_multiplier()));
  if (!SameKind(target.unit(), output->unit)) {
    return FieldInvalid(
        absl::StrCat(path, ".unit"),
        absl::StrCat(target.unit(), " is not of the kind of ", output->unit,
                     ", the unit of output ", target.output(), " of ", target.indicator()));
  }
  if (target.has_tolerance_percent()) {
    const std::string field = absl::StrCat(path, ".tolerance_percent");
    if (target.relation() != v1::TARGET_RELATION_ABOUT) {
      return FieldInvalid(field, "is only for relation TARGET_RELATION_ABOUT");
    }
    if (!std::isfinite(target.tolerance_percent()) || target.tolerance_percent() < 0) {
      return FieldInvalid(field, "must be a number from 0 on");
    }
  }
  PT_ASSIGN_OR_RETURN(ResolvedInput value, ValueInput(target, *shape, *output, path));
  PT_ASSIGN_OR_RETURN(const std::vector<PathPoint> points, PathOf(target, shape->frequency, path));

  const std::string plugin_field = absl::StrCat(assessment_field, ".plugin");
  PT_ASSIGN_OR_RETURN(std::shared_ptr<const plugins::Build> build,
                      FindBuild(assessment.plugin(), assessment.plugin_version(),
                                v1::PLUGIN_KIND_ASSESSMENT, plugin_field));
  const v1::PluginDescriptor& descriptor = build->plugin().plugin_descriptor();
  if (!HasSlot(descriptor, kValueSlot)) {
    return FieldInvalid(plugin_field,
                        absl::StrCat(assessment.plugin(), " has no slot \"value\" to judge"));
  }
  if (!points.empty() && !HasSlot(descriptor, kPathSlot)) {
    return FieldInvalid(plugin_field, absl::StrCat(assessment.plugin(),
                                                   " takes no target points; take the baseline, "
                                                   "interim and final points away"));
  }
  const bool within = target.relation() == v1::TARGET_RELATION_WITHIN;
  if (within && !HasSlot(descriptor, kUpperPathSlot)) {
    return FieldInvalid(plugin_field, absl::StrCat(assessment.plugin(),
                                                   " does not judge relation "
                                                   "TARGET_RELATION_WITHIN"));
  }

  Calculation calculation;
  calculation.parent = std::string(parent);
  calculation.display_name = target.display_name();
  calculation.definition_revision = measure_revision;
  calculation.frequency = shape->frequency;
  calculation.year_start_month = shape->year_start_month;
  calculation.plugin = assessment.plugin();
  calculation.plugin_version = descriptor.version();
  calculation.plugin_digest = build->digest();
  calculation.build = build;
  calculation.parameters = assessment.parameters();

  plugins::AssessmentContext context;
  context.relation = target.relation();
  if (target.has_tolerance_percent()) {
    context.has_tolerance_percent = true;
    context.tolerance_percent = target.tolerance_percent();
  }

  // The path in the unit of the value: scaled to no multiplier, then converted.
  const UnitConversion conversion = ConversionBetween(target.unit(), output->unit);
  const auto to_value_unit = [&](double number) {
    return conversion.Apply(ScaleToBase(number, target.unit_multiplier())) + 0.0;
  };
  ResolvedInput lower = value;
  lower.meta.slot = kPathSlot;
  lower.unaligned = IsUnaligned(descriptor, kPathSlot);
  lower.optional = true;
  lower.source.clear();
  lower.output.clear();
  lower.rules.clear();
  ResolvedInput upper = lower;
  upper.meta.slot = kUpperPathSlot;
  upper.unaligned = IsUnaligned(descriptor, kUpperPathSlot);
  for (const PathPoint& at : points) {
    if (at.baseline) {
      context.has_baseline_period = true;
      context.baseline_period = at.period;
      if (!at.point->has_value()) {
        lower.filled_period = at.period;
        upper.filled_period = at.period;
        continue;
      }
    }
    const double low = to_value_unit(at.point->value());
    const double high = at.point->has_upper_value() ? to_value_unit(at.point->upper_value()) : low;
    if (!std::isfinite(low) || !std::isfinite(high)) {
      return FieldInvalid(absl::StrCat(at.field, ".value"), "is too large with its multiplier");
    }
    lower.constant.Append(at.period, low, kNormal);
    upper.constant.Append(at.period, high, kNormal);
  }
  if (target.has_final_point()) {
    context.has_target_period = true;
    context.target_period = points.back().period;
  }
  calculation.assessment = context;

  for (const v1::PluginInput& slot : descriptor.inputs()) {
    if (slot.slot() == kValueSlot) {
      value.unaligned = slot.unaligned();
      value.joint = slot.joint();
      calculation.inputs.insert(calculation.inputs.begin(), value);
    } else if (slot.slot() == kPathSlot) {
      calculation.inputs.push_back(lower);
    } else if (slot.slot() == kUpperPathSlot) {
      if (within) calculation.inputs.push_back(upper);
    } else if (!slot.optional()) {
      return FieldInvalid(plugin_field,
                          absl::StrCat(calculation.plugin, " needs slot \"", slot.slot(),
                                       "\", which a target does not have"));
    }
  }
  for (const v1::PluginOutput& declared : descriptor.outputs()) {
    ResolvedOutput& to = calculation.outputs.emplace_back();
    to.name = declared.name();
    // Values and path are in the same unit.
    const auto of = ParseUnitOfSlot(declared.unit());
    to.unit = of.has_value() ? of->Of(output->unit) : declared.unit();
    to.accumulation = declared.accumulation() != v1::ACCUMULATION_UNSPECIFIED
                          ? declared.accumulation()
                          : output->accumulation;
  }
  return calculation;
}

absl::Status CheckTarget(storage::ReadTransaction& tx, int64_t as_of, plugins::Engine& engine,
                         const v1::Target& target, absl::string_view prefix) {
  Resolver resolver(&tx, as_of, &engine);
  PT_ASSIGN_OR_RETURN(Calculation calculation, resolver.Target(target, "", 0, prefix));
  PT_RETURN_IF_ERROR(BindPlugin(absl::StrCat(prefix, ".assessment"), &calculation));
  if (target.further_assessments_size() > kMaxFurtherAssessments) {
    return FieldInvalid(absl::StrCat(prefix, ".further_assessments"),
                        absl::StrCat("has ", target.further_assessments_size(),
                                     " entries; at most ", kMaxFurtherAssessments, " are judged"));
  }
  for (int i = 0; i < target.further_assessments_size(); ++i) {
    const std::string field = absl::StrCat(prefix, ".further_assessments[", i, "]");
    PT_ASSIGN_OR_RETURN(
        Calculation further,
        resolver.TargetBy(target, target.further_assessments(i), field, "", 0, prefix));
    PT_RETURN_IF_ERROR(BindPlugin(field, &further));
  }
  return absl::OkStatus();
}

}  // namespace policytrack::app
