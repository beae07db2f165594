#include "tests/plugins/plugin_runner.h"

#include <cmath>
#include <limits>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/period.h"
#include "core/unit.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "plugins/host/host.h"
#include "tests/plugins/script_runner.h"

namespace policytrack::plugins {
namespace {

Columns Align(const Columns& columns, const std::vector<int64_t>& axis) {
  Columns aligned;
  for (int64_t period : axis) {
    const int64_t at = columns.Find(period);
    if (at < 0) {
      aligned.Append(period, 0, MissingFlags(v1::MISSING_REASON_INPUT_MISSING));
    } else {
      aligned.Append(period, columns.values[static_cast<size_t>(at)],
                     columns.flags[static_cast<size_t>(at)]);
    }
  }
  return aligned;
}

// A part on an axis, as the host gives it: what is missing is a gap once there
// has been a value.
Part MakePart(const std::string& name, const std::vector<Point>& points,
              const std::vector<int64_t>& axis) {
  Part part{name, Align(MakeColumns(points), axis)};
  bool counts = false;
  for (Flags& flags : part.columns.flags) {
    counts = counts || !IsMissing(flags);
    if (IsMissing(flags) && counts) flags = MissingFlags(v1::MISSING_REASON_PART_MISSING);
  }
  return part;
}

// The column of a spread slot.
Columns SumOf(const std::vector<Part>& parts, const std::vector<int64_t>& axis, bool additive) {
  Columns sum;
  for (size_t i = 0; i < axis.size(); ++i) {
    double total = 0;
    bool gap = false;
    bool any = false;
    for (const Part& part : parts) {
      const Flags flags = part.columns.flags[i];
      any = any || !IsMissing(flags);
      gap = gap || flags == MissingFlags(v1::MISSING_REASON_PART_MISSING);
      total += part.columns.values[i];
    }
    if (!additive || !std::isfinite(total)) {
      sum.Append(axis[i], 0, MissingFlags(v1::MISSING_REASON_UNDEFINED));
    } else if (gap || !any) {
      sum.Append(axis[i], 0, MissingFlags(v1::MISSING_REASON_PART_MISSING));
    } else {
      sum.Append(axis[i], total, kNormal);
    }
  }
  return sum;
}

// The shipped plugins, opened once; null when they cannot be.
Engine* Shipped() {
  static Engine* const engine = OpenShippedWithLua().release();  // lives as long as the program
  return engine;
}

absl::StatusOr<std::unique_ptr<Instance>> MakeInstance(const std::string& plugin,
                                                       v1::Frequency frequency,
                                                       const google::protobuf::Struct& parameters,
                                                       const std::vector<Feed>& feeds,
                                                       const AssessmentContext* assessment) {
  if (Shipped() == nullptr) return absl::InternalError("the shipped plugins are not there");
  std::vector<InputMeta> metas;
  for (const Feed& feed : feeds) {
    metas.push_back({feed.slot, frequency, feed.accumulation, feed.unit, !feed.parts.empty()});
  }
  return Shipped()->MakeInstance(absl::StrCat("plugins/", plugin), parameters, metas, assessment);
}

std::vector<int64_t> PeriodsOf(const Feed& feed) {
  std::set<int64_t> periods;
  for (const Point& point : feed.points) periods.insert(point.period);
  for (const auto& [name, points] : feed.parts) {
    for (const Point& point : points) periods.insert(point.period);
  }
  return {periods.begin(), periods.end()};
}

}  // namespace

Columns MakeColumns(const std::vector<Point>& points) {
  Columns columns;
  for (const Point& point : points) {
    const Flags flags =
        point.value.has_value()
            ? point.flags
            : static_cast<Flags>(point.flags | MissingFlags(v1::MISSING_REASON_INPUT_MISSING));
    columns.Append(point.period, point.value.value_or(0), flags);
  }
  return columns;
}

google::protobuf::Struct Parameters(const std::string& json) {
  google::protobuf::Struct parameters;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &parameters);
  EXPECT_TRUE(status.ok()) << json;
  return parameters;
}

int64_t Ordinal(v1::Frequency frequency, const std::string& text) {
  const auto period = ParsePeriod(frequency, text);
  EXPECT_TRUE(period.ok()) << period.status();
  return period.value_or(0);
}

std::unique_ptr<Engine> OpenShipped() {
  HostOptions options;
  options.plugin_dir = SHIPPED_PLUGIN_DIR;
  options.allow_list_file = SHIPPED_ALLOW_LIST;
  auto engine = OpenHost(options, [](absl::string_view line) {
    if (!absl::StartsWith(line, "plugins/lua cannot be used")) ADD_FAILURE() << line;
  });
  EXPECT_TRUE(engine.ok()) << engine.status();
  return engine.ok() ? *std::move(engine) : nullptr;
}

double Run::Value(const std::string& output, int64_t period) const {
  const Columns& columns = outputs.at(output);
  const int64_t at = columns.Find(period);
  if (at < 0 || IsMissing(columns.flags[static_cast<size_t>(at)])) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return columns.values[static_cast<size_t>(at)];
}

Flags Run::FlagsAt(const std::string& output, int64_t period) const {
  const Columns& columns = outputs.at(output);
  const int64_t at = columns.Find(period);
  return at < 0 ? Flags{0xffff} : columns.flags[static_cast<size_t>(at)];
}

v1::MissingReason Run::Reason(const std::string& output, int64_t period) const {
  const Flags flags = FlagsAt(output, period);
  EXPECT_TRUE(flags != 0xffff && IsMissing(flags)) << output << " at " << period << " is there";
  return ReasonOfFlags(flags);
}

absl::StatusOr<Run> RunPlugin(const std::string& plugin, v1::Frequency frequency,
                              const std::string& parameters, const std::vector<Feed>& feeds,
                              const AssessmentContext* assessment, PeriodRange window) {
  return RunPlugin(plugin, frequency, Parameters(parameters), feeds, assessment, window);
}

absl::StatusOr<Run> RunPlugin(const std::string& plugin, v1::Frequency frequency,
                              const google::protobuf::Struct& parameters,
                              const std::vector<Feed>& feeds, const AssessmentContext* assessment,
                              PeriodRange window) {
  std::set<int64_t> periods;
  for (const Feed& feed : feeds) {
    if (!feed.aligned) continue;
    for (const int64_t period : PeriodsOf(feed)) periods.insert(period);
  }
  const std::vector<int64_t> axis(periods.begin(), periods.end());
  std::vector<Columns> columns;
  std::vector<std::vector<Part>> parts(feeds.size());
  for (size_t f = 0; f < feeds.size(); ++f) {
    const Feed& feed = feeds[f];
    const std::vector<int64_t> own = feed.aligned ? axis : PeriodsOf(feed);
    for (const auto& [part, points] : feed.parts) {
      parts[f].push_back(MakePart(part, points, own));
    }
    columns.push_back(feed.parts.empty() ? Align(MakeColumns(feed.points), own)
                                         : SumOf(parts[f], own, FindUnit(feed.unit)->additive));
  }
  std::vector<InputView> inputs;
  for (size_t f = 0; f < feeds.size(); ++f) inputs.emplace_back(&columns[f], &parts[f]);
  auto instance = MakeInstance(plugin, frequency, parameters, feeds, assessment);
  if (!instance.ok()) return instance.status();
  auto outputs = (*instance)->Compute(axis, inputs, window);
  if (!outputs.ok()) return outputs.status();
  const v1::Plugin described = *Shipped()->GetPlugin(absl::StrCat("plugins/", plugin));
  Run run;
  for (size_t i = 0; i < outputs->size(); ++i) {
    run.outputs[described.plugin_descriptor().outputs(static_cast<int>(i)).name()] =
        std::move((*outputs)[i]);
  }
  return run;
}

absl::StatusOr<Window> WindowOf(const std::string& plugin, v1::Frequency frequency,
                                const std::string& parameters, const std::vector<Feed>& feeds) {
  auto instance = MakeInstance(plugin, frequency, Parameters(parameters), feeds, nullptr);
  if (!instance.ok()) return instance.status();
  return (*instance)->window();
}

}  // namespace policytrack::plugins
