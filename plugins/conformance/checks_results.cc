// Results: golden vectors, and inputs at the edge of what a host can give.
#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>

#include "absl/strings/str_cat.h"
#include "core/period.h"
#include "plugins/checks/gate.h"
#include "plugins/conformance/check.h"

namespace policytrack::plugins {
namespace {

constexpr int64_t kPeriods = 40;

std::string Problem(const Context& context, const Accepted& accepted,
                    const std::vector<Feed>& feeds, PeriodRange window = {}) {
  const FedInputs inputs(feeds);
  return Judge(context.descriptor, inputs, window, ComputeAnew(context, accepted, inputs, window));
}

// The setup by another frequency, of which its examples have no periods: what has
// periods of its own, as the path of a target has, ends where the figures end.
Setup ByFrequency(const Setup& setup, v1::Frequency frequency) {
  Setup other = setup;
  other.frequency = frequency;
  if (frequency == setup.frequency) return other;
  for (Feed& feed : other.feeds) {
    if (feed.aligned) feed.points.clear();
    for (auto& [name, part] : feed.parts) part.clear();
  }
  const int64_t first = FirstPeriod(other);
  const int64_t last = first + kPeriods - 1;
  for (Feed& feed : other.feeds) {
    const auto count = static_cast<int64_t>(feed.points.size());
    for (int64_t i = 0; i < count; ++i) {
      feed.points[static_cast<size_t>(i)].period = last - count + 1 + i;
    }
  }
  if (other.assessment.has_value()) {
    other.assessment->baseline_period = first;
    other.assessment->target_period = last;
  }
  return other;
}

// Values that cover the period before too, in the slots that declare that they know
// such: each stands for itself and for the point before it.
void Join(const v1::PluginDescriptor& descriptor, Random* random, std::vector<Feed>* feeds) {
  for (Feed& feed : *feeds) {
    const bool knows = std::any_of(
        descriptor.inputs().begin(), descriptor.inputs().end(),
        [&](const v1::PluginInput& input) { return input.joint() && input.slot() == feed.slot; });
    for (size_t i = 1; knows && i < feed.points.size(); ++i) {
      Point& point = feed.points[i];
      if (!point.value.has_value() || !OneIn(random, 5)) continue;
      point.flags = static_cast<Flags>(point.flags | kJoint);
      feed.points[i - 1] = {feed.points[i - 1].period, std::nullopt,
                            MissingFlags(v1::MISSING_REASON_JOINT_PERIOD)};
    }
  }
}

}  // namespace

Verdict CheckGolden(Context* context) {
  const PluginBytes& files = context->files;
  if (!files.golden.has_value()) {
    return Verdict::Failed(absl::StrCat(files.golden_path,
                                        " is missing; give at least one worked example of what "
                                        "the plugin computes"));
  }
  const auto golden = ParseGoldenVectors(*files.golden, context->descriptor);
  if (!golden.ok()) {
    return Verdict::Failed(
        absl::StrCat(files.golden_path, ": ", std::string(golden.status().message())));
  }
  for (const GoldenCase& one : *golden) {
    const Setup setup{one.name, one.frequency, one.parameters, one.assessment, one.feeds};
    const auto bound = Bind(context->descriptor, setup);
    if (!bound.ok()) return Verdict::Failed(std::string(bound.status().message()));
    const FedInputs inputs(one.feeds);
    Outcome outcome = ComputeAnew(*context, {&setup, *bound}, inputs);
    const std::string wrong = Judge(context->descriptor, inputs, {}, outcome);
    if (!wrong.empty()) {
      return Verdict::Failed(absl::StrCat(wrong, " (golden vector `", one.name, "`)"));
    }
    for (int o = 0; o < context->descriptor.outputs_size(); ++o) {  // as they are stored
      CheckResult(context->descriptor, context->descriptor.outputs(o), inputs.axis, {},
                  &outcome.outputs[static_cast<size_t>(o)])
          .IgnoreError();
    }
    const absl::Status status = CompareWithGolden(context->descriptor, one, outcome.outputs);
    if (!status.ok()) return Verdict::Failed(std::string(status.message()));
  }
  return Verdict::Passed();
}

Verdict CheckEmptyAxis(Context* context) {
  return ForEachSetup(context, [&](const Accepted& accepted) {
    const std::vector<Feed> feeds = PlainFeeds(*accepted.setup, &context->random, 0);
    const std::string problem = Problem(*context, accepted, feeds);
    if (!problem.empty()) return problem;
    FedInputs without_parts(feeds);
    for (std::vector<Part>& parts : without_parts.parts) parts.clear();
    return Judge(context->descriptor, without_parts, {},
                 ComputeAnew(*context, accepted, without_parts));
  });
}

Verdict CheckOnePoint(Context* context) {
  return ForEachSetup(context, [&](const Accepted& accepted) {
    return Problem(*context, accepted, PlainFeeds(*accepted.setup, &context->random, 1));
  });
}

Verdict CheckAllMissing(Context* context) {
  return ForEachSetup(context, [&](const Accepted& accepted) {
    const int64_t first = FirstPeriod(*accepted.setup);
    return Problem(*context, accepted, Refill(*accepted.setup, [&](const Figures&) {
      std::vector<Point> points;
      for (int64_t p = 0; p < kPeriods; ++p) {
        points.push_back({first + p, std::nullopt});
      }
      return points;
    }));
  });
}

Verdict CheckExtremes(Context* context) {
  using Limits = std::numeric_limits<double>;
  const double kExtremes[] = {Limits::max(),
                              Limits::lowest(),
                              Limits::min(),
                              0.0,
                              -0.0,
                              Limits::denorm_min(),
                              -Limits::min(),
                              1e300,
                              -1e300,
                              1e-300,
                              1.0,
                              -1.0};
  constexpr int64_t kCount = std::size(kExtremes);
  return ForEachSetup(context, [&](const Accepted& accepted) -> std::string {
    const int64_t first = FirstPeriod(*accepted.setup);
    // Each of them everywhere, then mixtures.
    for (int64_t round = 0; round < 3 * kCount; ++round) {
      const std::string problem =
          Problem(*context, accepted, Refill(*accepted.setup, [&](const Figures&) {
            std::vector<Point> points;
            for (int64_t p = 0; p < kPeriods; ++p) {
              const int64_t which =
                  round < kCount ? round : Between(&context->random, 0, kCount - 1);
              points.push_back({first + p, kExtremes[which]});
            }
            return points;
          }));
      if (!problem.empty()) return problem;
    }
    return "";
  });
}

Verdict CheckGaps(Context* context) {
  return ForEachSetup(context, [&](const Accepted& accepted) -> std::string {
    for (const int64_t step : {2, 7, 40}) {
      std::vector<Feed> feeds = PlainFeeds(*accepted.setup, &context->random, 3 * step);
      for (Feed& feed : feeds) {
        if (!feed.aligned) continue;
        const auto thin = [&](std::vector<Point>* points) {
          std::vector<Point> kept;
          for (size_t i = 0; i < points->size(); ++i) {
            if (i % static_cast<size_t>(step) < 2) kept.push_back((*points)[i]);
          }
          *points = std::move(kept);
        };
        thin(&feed.points);
        for (auto& [name, part] : feed.parts) thin(&part);
      }
      const std::string problem = Problem(*context, accepted, feeds);
      if (!problem.empty()) return problem;
    }
    return "";
  });
}

Verdict CheckFrequencies(Context* context) {
  for (const Setup& setup : context->setups) {
    for (int f = v1::FREQUENCY_DAY; f <= v1::FREQUENCY_YEAR; ++f) {
      const Setup other = ByFrequency(setup, static_cast<v1::Frequency>(f));
      const auto bound = Bind(context->descriptor, other);
      if (!bound.ok()) continue;
      Handle handle(context->library.table, context->descriptor);
      if (handle.Create(*bound).code != PT_OK) continue;
      const std::string problem =
          Problem(*context, {&other, *bound}, PlainFeeds(other, &context->random, kPeriods));
      if (!problem.empty()) {
        return Verdict::Failed(absl::StrCat(problem, " (by ", FrequencyWord(other.frequency),
                                            ", fed as in `", setup.name, "`)"));
      }
    }
  }
  return Verdict::Passed();
}

Verdict CheckStatuses(Context* context) {
  std::vector<Flags> reasons;
  for (int reason = 1; reason < 256; ++reason) {
    if (v1::MissingReason_IsValid(reason) && reason != v1::MISSING_REASON_JOINT_PERIOD) {
      reasons.push_back(MissingFlags(static_cast<v1::MissingReason>(reason)));
    }
  }
  return ForEachSetup(context, [&](const Accepted& accepted) -> std::string {
    const int64_t first = FirstPeriod(*accepted.setup);
    for (int round = 0; round < 5; ++round) {
      std::vector<Feed> feeds = Refill(*accepted.setup, [&](const Figures& figures) {
        std::vector<Point> points;
        for (int64_t p = 0; p < kPeriods; ++p) {
          Point point{first + p, DrawValue(&context->random, figures)};
          point.flags = static_cast<Flags>(Between(&context->random, 0, kForecast));
          if (OneIn(&context->random, 4)) {
            point.value.reset();
            const auto last = static_cast<int64_t>(reasons.size()) - 1;
            point.flags = reasons[static_cast<size_t>(Between(&context->random, 0, last))];
          }
          if (OneIn(&context->random, 6)) point.flags = static_cast<Flags>(point.flags | kBreak);
          points.push_back(point);
        }
        return points;
      });
      Join(context->descriptor, &context->random, &feeds);
      const std::string problem = Problem(*context, accepted, feeds);
      if (!problem.empty()) return problem;
    }
    return "";
  });
}

}  // namespace policytrack::plugins
