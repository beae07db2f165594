#include "plugins/checks/golden_vectors.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/error.h"
#include "core/period.h"
#include "google/protobuf/util/json_util.h"
#include "plugins/checks/gate.h"

namespace policytrack::plugins {
namespace {

using google::protobuf::ListValue;
using google::protobuf::Struct;
using google::protobuf::Value;

// One object of the file: its fields by name, each asked for once, and none left.
class Object {
 public:
  Object(std::string path, const Struct& fields) : path_(std::move(path)), fields_(fields) {}

  absl::StatusOr<const Value*> Find(const std::string& name, Value::KindCase kind, bool required) {
    known_.insert(name);
    const auto at = fields_.fields().find(name);
    if (at == fields_.fields().end()) {
      if (required) return Wrong(name, "is missing");
      return nullptr;
    }
    if (at->second.kind_case() != kind) return Wrong(name, "is of another type");
    return &at->second;
  }
  absl::StatusOr<std::string> Text(const std::string& name, bool required) {
    PT_ASSIGN_OR_RETURN(const Value* value, Find(name, Value::kStringValue, required));
    return value == nullptr ? std::string() : value->string_value();
  }
  absl::Status Close() const {
    for (const auto& [name, value] : fields_.fields()) {
      if (known_.count(name) == 0) return Wrong(name, "is not a field of golden vectors");
    }
    return absl::OkStatus();
  }
  absl::Status Wrong(const std::string& name, absl::string_view message) const {
    return FieldInvalid(absl::StrCat(path_, name), absl::StrCat("`", path_, name, "` ", message));
  }
  // A code of an enum of the contract without its prefix; the default when it is
  // not stated.
  template <typename Enum, typename Parse>
  absl::StatusOr<Enum> Code(const std::string& name, absl::string_view prefix, Enum otherwise,
                            bool required, Parse parse) {
    PT_ASSIGN_OR_RETURN(const std::string text, Text(name, required));
    if (text.empty()) return otherwise;
    Enum code;
    if (!parse(absl::StrCat(prefix, text), &code)) {
      return Wrong(name, absl::StrCat("is `", text, "`, which is none"));
    }
    return code;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  const Struct& fields_;
  std::set<std::string> known_;
};

// A mark of a point: a quality, BREAK, JOINT, or why it is missing.
bool AddMark(const std::string& mark, bool missing, Flags* flags) {
  static const std::map<std::string, Flags> kMarks = {
      {"IMPUTED", kImputed},   {"ESTIMATED", kEstimated}, {"PROVISIONAL", kProvisional},
      {"FORECAST", kForecast}, {"BREAK", kBreak},         {"JOINT", kJoint}};
  v1::MissingReason reason;
  if (const auto at = kMarks.find(mark); at != kMarks.end()) {
    *flags = static_cast<Flags>(*flags | at->second);
    return true;
  }
  if (!missing || !v1::MissingReason_Parse("MISSING_REASON_" + mark, &reason)) return false;
  *flags = static_cast<Flags>(*flags | MissingFlags(reason));
  return true;
}

// Points written as [period, value or null, mark...].
absl::StatusOr<std::vector<Point>> ReadPoints(const Object& owner, const std::string& name,
                                              v1::Frequency frequency, const ListValue& list) {
  std::vector<Point> points;
  for (const Value& entry : list.values()) {
    const auto& parts = entry.list_value().values();
    const std::string where = absl::StrCat(name, "[", points.size(), "]");
    if (parts.size() < 2 || parts[0].kind_case() != Value::kStringValue ||
        (parts[1].kind_case() != Value::kNumberValue &&
         parts[1].kind_case() != Value::kNullValue)) {
      return owner.Wrong(where, "must be [period, value or null, mark...]");
    }
    Point point{};
    PT_ASSIGN_OR_RETURN(point.period, ParsePeriod(frequency, parts[0].string_value(),
                                                  absl::StrCat(owner.path(), where)));
    const bool missing = parts[1].kind_case() == Value::kNullValue;
    if (!missing) point.value = parts[1].number_value();
    for (int i = 2; i < parts.size(); ++i) {
      if (!AddMark(parts[i].string_value(), missing, &point.flags)) {
        return owner.Wrong(where, absl::StrCat("has the mark `", parts[i].string_value(),
                                               "`, which does not go with it"));
      }
    }
    if (!points.empty() && points.back().period >= point.period) {
      return owner.Wrong(where, "does not come after the point before it");
    }
    points.push_back(point);
  }
  return points;
}

absl::StatusOr<Feed> ReadFeed(const std::string& path, v1::Frequency frequency,
                              const v1::PluginDescriptor& descriptor, const Struct& fields) {
  Object object(path, fields);
  Feed feed;
  PT_ASSIGN_OR_RETURN(feed.slot, object.Text("slot", true));
  const auto slot = std::find_if(descriptor.inputs().begin(), descriptor.inputs().end(),
                                 [&](const v1::PluginInput& i) { return i.slot() == feed.slot; });
  if (slot == descriptor.inputs().end()) {
    return object.Wrong("slot", absl::StrCat("is `", feed.slot, "`, which the plugin has not"));
  }
  feed.aligned = !slot->unaligned();
  PT_ASSIGN_OR_RETURN(feed.unit, object.Text("unit", true));
  PT_ASSIGN_OR_RETURN(feed.accumulation,
                      object.Code("accumulation", "ACCUMULATION_", v1::ACCUMULATION_FLOW, true,
                                  [](const std::string& t, v1::Accumulation* c) {
                                    return v1::Accumulation_Parse(t, c);
                                  }));
  PT_ASSIGN_OR_RETURN(const Value* start,
                      object.Find("year_start_month", Value::kNumberValue, false));
  if (start != nullptr) {
    const double month = start->number_value();
    if (!(month >= 1 && month <= 12) || month != std::floor(month)) {
      return object.Wrong("year_start_month", "must be a whole number from 1 to 12");
    }
    feed.year_start_month = static_cast<int>(month);
  }
  PT_ASSIGN_OR_RETURN(const Value* points,
                      object.Find("points", Value::kListValue, !slot->spread()));
  if (points != nullptr) {
    PT_ASSIGN_OR_RETURN(feed.points, ReadPoints(object, "points", frequency, points->list_value()));
  }
  PT_ASSIGN_OR_RETURN(const Value* parts,
                      object.Find("parts", Value::kStructValue, slot->spread()));
  if (parts != nullptr) {
    for (const auto& [name, list] : parts->struct_value().fields()) {
      PT_ASSIGN_OR_RETURN(feed.parts[name], ReadPoints(object, absl::StrCat("parts.", name),
                                                       frequency, list.list_value()));
    }
  }
  PT_RETURN_IF_ERROR(object.Close());
  return feed;
}

absl::StatusOr<AssessmentContext> ReadAssessment(const std::string& path, v1::Frequency frequency,
                                                 const Struct& fields) {
  Object object(path, fields);
  AssessmentContext context{};
  PT_ASSIGN_OR_RETURN(context.relation,
                      object.Code("relation", "TARGET_RELATION_", v1::TARGET_RELATION_AT_LEAST,
                                  true, [](const std::string& t, v1::TargetRelation* c) {
                                    return v1::TargetRelation_Parse(t, c);
                                  }));
  const auto period = [&](const char* name, bool* has, int64_t* ordinal) -> absl::Status {
    PT_ASSIGN_OR_RETURN(const std::string text, object.Text(name, false));
    if (text.empty()) return absl::OkStatus();
    PT_ASSIGN_OR_RETURN(*ordinal, ParsePeriod(frequency, text, absl::StrCat(path, name)));
    *has = true;
    return absl::OkStatus();
  };
  PT_RETURN_IF_ERROR(
      period("baseline_period", &context.has_baseline_period, &context.baseline_period));
  PT_RETURN_IF_ERROR(period("target_period", &context.has_target_period, &context.target_period));
  PT_ASSIGN_OR_RETURN(const Value* tolerance,
                      object.Find("tolerance_percent", Value::kNumberValue, false));
  if (tolerance != nullptr) {
    context.has_tolerance_percent = true;
    context.tolerance_percent = tolerance->number_value();
  }
  PT_RETURN_IF_ERROR(object.Close());
  return context;
}

absl::StatusOr<GoldenCase> ReadCase(const std::string& path, const v1::PluginDescriptor& descriptor,
                                    const Struct& fields) {
  Object object(path, fields);
  GoldenCase golden;
  PT_ASSIGN_OR_RETURN(golden.name, object.Text("name", true));
  PT_RETURN_IF_ERROR(object.Text("source", false).status());  // for readers
  PT_ASSIGN_OR_RETURN(golden.frequency,
                      object.Code("frequency", "FREQUENCY_", v1::FREQUENCY_UNSPECIFIED, true,
                                  [](const std::string& t, v1::Frequency* c) {
                                    return v1::Frequency_Parse(t, c);
                                  }));
  PT_ASSIGN_OR_RETURN(const Value* tolerance, object.Find("tolerance", Value::kNumberValue, false));
  if (tolerance != nullptr) golden.tolerance = tolerance->number_value();
  PT_ASSIGN_OR_RETURN(const Value* parameters,
                      object.Find("parameters", Value::kStructValue, false));
  if (parameters != nullptr) golden.parameters = parameters->struct_value();
  const bool judges = descriptor.kind() == v1::PLUGIN_KIND_ASSESSMENT;
  PT_ASSIGN_OR_RETURN(const Value* assessment,
                      object.Find("assessment", Value::kStructValue, judges));
  if (assessment != nullptr) {
    if (!judges) return object.Wrong("assessment", "is for plugins that judge targets");
    PT_ASSIGN_OR_RETURN(golden.assessment,
                        ReadAssessment(absl::StrCat(path, "assessment."), golden.frequency,
                                       assessment->struct_value()));
  }
  PT_ASSIGN_OR_RETURN(const Value* inputs, object.Find("inputs", Value::kListValue, true));
  for (int i = 0; i < inputs->list_value().values_size(); ++i) {
    PT_ASSIGN_OR_RETURN(
        Feed feed, ReadFeed(absl::StrCat(path, "inputs[", i, "]."), golden.frequency, descriptor,
                            inputs->list_value().values(i).struct_value()));
    golden.feeds.push_back(std::move(feed));
  }
  PT_ASSIGN_OR_RETURN(const Value* outputs, object.Find("outputs", Value::kStructValue, true));
  for (const auto& [name, list] : outputs->struct_value().fields()) {
    const bool known = std::any_of(descriptor.outputs().begin(), descriptor.outputs().end(),
                                   [n = name](const v1::PluginOutput& o) { return o.name() == n; });
    if (!known) return object.Wrong("outputs." + name, "is no output of the plugin");
    PT_ASSIGN_OR_RETURN(const std::vector<Point> points,
                        ReadPoints(object, "outputs." + name, golden.frequency, list.list_value()));
    golden.outputs[name] = MakeColumns(points);
  }
  if (golden.outputs.empty()) return object.Wrong("outputs", "names no output");
  PT_RETURN_IF_ERROR(object.Close());
  return golden;
}

std::string PointText(double value, Flags flags) {
  if (IsMissing(flags)) {
    return absl::StrCat("missing as ", v1::MissingReason_Name(ReasonOfFlags(flags)));
  }
  return absl::StrCat(value, flags == 0 ? "" : absl::StrCat(" with flags ", flags));
}

}  // namespace

absl::StatusOr<std::vector<GoldenCase>> ParseGoldenVectors(absl::string_view json,
                                                           const v1::PluginDescriptor& descriptor) {
  Struct file;
  if (json.size() > kMaxGoldenBytes) {
    return FieldInvalid("",
                        absl::StrCat("golden vectors of more than ", kMaxGoldenBytes, " bytes"));
  }
  if (const auto status = google::protobuf::util::JsonStringToMessage(std::string(json), &file);
      !status.ok()) {
    return FieldInvalid("", absl::StrCat("is not JSON: ", std::string(status.message())));
  }
  Object object("", file);
  PT_ASSIGN_OR_RETURN(const Value* cases, object.Find("cases", Value::kListValue, true));
  PT_RETURN_IF_ERROR(object.Close());
  std::vector<GoldenCase> golden;
  for (const Value& entry : cases->list_value().values()) {
    PT_ASSIGN_OR_RETURN(GoldenCase read, ReadCase(absl::StrCat("cases[", golden.size(), "]."),
                                                  descriptor, entry.struct_value()));
    golden.push_back(std::move(read));
  }
  if (golden.empty()) return FieldInvalid("cases", "`cases` is empty");
  return golden;
}

absl::Status CompareWithGolden(const v1::PluginDescriptor& descriptor, const GoldenCase& golden,
                               const std::vector<Columns>& outputs) {
  for (size_t o = 0; o < outputs.size(); ++o) {
    const std::string& name = descriptor.outputs(static_cast<int>(o)).name();
    const auto at = golden.outputs.find(name);
    if (at == golden.outputs.end()) continue;
    const Columns& wanted = at->second;
    const Columns& given = outputs[o];
    const auto wrong = [&](absl::string_view message) {
      return ResultRefused(descriptor.id(), name,
                           absl::StrCat(message, " (golden vector `", golden.name, "`)"));
    };
    if (given.size() != wanted.size()) {
      return wrong(absl::StrCat("has ", given.size(), " points and not ", wanted.size()));
    }
    for (size_t i = 0; i < wanted.size(); ++i) {
      const std::string period = FormatPeriod(golden.frequency, wanted.periods[i]);
      if (given.periods[i] != wanted.periods[i]) {
        return wrong(absl::StrCat("has no point at ", period));
      }
      const double most = golden.tolerance * std::max(1.0, std::fabs(wanted.values[i]));
      if (given.flags[i] != wanted.flags[i] ||
          !(std::fabs(given.values[i] - wanted.values[i]) <= most)) {
        return wrong(absl::StrCat("is ", PointText(given.values[i], given.flags[i]), " at ", period,
                                  ", and not ", PointText(wanted.values[i], wanted.flags[i])));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace policytrack::plugins
