// What the border of plugins costs: a computation in a worker against the same in the
// process of the server, how long a worker takes to be ready, and a script against a
// plugin that gives the same. Of the host itself, without service and store.
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/case.h"
#include "bench/fail.h"
#include "core/columns.h"
#include "plugins/engine.h"
#include "plugins/host/host.h"

namespace policytrack::bench {
namespace {

using plugins::BatchCall;
using plugins::Engine;
using plugins::InputMeta;
using plugins::InputView;
using plugins::Instance;

constexpr double kMicroseconds = 1e6;
constexpr double kMilliseconds = 1e3;
constexpr int kBatchSeries = 100;
constexpr int kBatchPoints = 120;

// The plugins of the build: those on its list in this process, the others in workers;
// or all in workers.
std::unique_ptr<Engine> OpenEngine(const Setting& setting, bool pinned) {
  const std::filesystem::path bin = std::filesystem::path(setting.server).parent_path();
  const std::filesystem::path lib = bin.parent_path() / "lib" / "policytrack";
  plugins::HostOptions options;
  options.plugin_dir = (lib / "plugins").string();
  if (pinned) options.allow_list_file = (lib / "plugins.sha256").string();
  options.workers.program = (bin / "policytrack-worker").string();
  auto engine = plugins::OpenHost(options, [](absl::string_view) {});
  Must(engine.ok(), std::string(engine.status().message()));
  return *std::move(engine);
}

Columns Days(int points, double first) {
  Columns columns;
  for (int i = 0; i < points; ++i) columns.Append(i, first + i % 17, kNormal);
  return columns;
}

InputMeta Fed(const char* slot) {
  return {slot, v1::FREQUENCY_DAY, v1::ACCUMULATION_FLOW, "vehicles"};
}

std::unique_ptr<Instance> Make(Engine* engine, const std::string& plugin,
                               const google::protobuf::Struct& parameters,
                               const std::vector<InputMeta>& inputs) {
  auto instance = engine->MakeInstance(plugin, parameters, inputs, nullptr);
  Must(instance.ok(), std::string(instance.status().message()));
  return *std::move(instance);
}

// A share of two series, in both hosts.
class Share {
 public:
  Share(Engine* engine, int points, int series)
      : part_(Days(points, 1)), whole_(Days(points, 20)), calls_(series) {
    instance_ = Make(engine, "plugins/ratio", {}, {Fed("numerator"), Fed("denominator")});
    for (BatchCall& call : calls_) call = {&part_.periods, {&part_, &whole_}, {}};
  }

  // Seconds of all series in one batch.
  double Seconds() {
    std::vector<absl::StatusOr<std::vector<Columns>>> results;
    const double seconds = SecondsOf([&] { results = instance_->ComputeBatch(calls_); });
    for (const auto& result : results) {
      Must(result.ok(), std::string(result.status().message()));
      Must((*result)[0].size() == part_.size(), "a share was not computed for every day");
    }
    return seconds;
  }

 private:
  const Columns part_;
  const Columns whole_;
  std::vector<BatchCall> calls_;
  std::unique_ptr<Instance> instance_;
};

CaseResult InWorker(const Setting& setting, int points, int series, const std::string& name) {
  const auto in_process = OpenEngine(setting, true);
  const auto in_workers = OpenEngine(setting, false);
  Share pinned(in_process.get(), points, series);
  Share strange(in_workers.get(), points, series);
  const int calls = setting.Pick(50, 2);
  const auto median = [calls](Share* share) {
    std::vector<double> seconds;
    for (int i = 0; i < calls; ++i) seconds.push_back(share->Seconds());
    return kMicroseconds * SpreadOf(std::move(seconds)).median;
  };
  CaseResult result;
  result.name = name;
  result.what = series == 1 ? absl::StrCat("a share of ", points, " points computed in a worker")
                            : absl::StrCat("shares of ", series, " series of ", points,
                                           " points computed in a worker, in one batch");
  result.unit = "us, p50";
  result.baseline = "the same in the process of the server";
  Fill(InTurns(
           setting.Pick(15, 2), [&] { return median(&strange); }, [&] { return median(&pinned); }),
       &result);
  return result;
}

}  // namespace

CaseResult WorkerSmall(const Setting& setting) { return InWorker(setting, 1000, 1, "worker-1000"); }

CaseResult WorkerMiddle(const Setting& setting) {
  CaseResult result = InWorker(setting, 10'000, 1, "worker-10000");
  result.target = {Relation::kAtMost, 3};
  return result;
}

CaseResult WorkerLarge(const Setting& setting) {
  return InWorker(setting, 100'000, 1, "worker-100000");
}

CaseResult WorkerBatch(const Setting& setting) {
  CaseResult result = InWorker(setting, kBatchPoints, kBatchSeries, "worker-batch");
  result.target = {Relation::kAtMost, 3};
  return result;
}

CaseResult WorkerStart(const Setting& setting) {
  CaseResult result;
  result.name = "worker-start";
  result.what = "all shipped plugins opened in workers, by plugin: read, checked, started, ready";
  result.unit = "ms a plugin";
  result.baseline = "all but one of them opened in the process of the server";
  result.target = {Relation::kAtMost, 20, true};
  const auto open = [&](bool pinned) {
    std::unique_ptr<Engine> engine;
    const double seconds = SecondsOf([&] { engine = OpenEngine(setting, pinned); });
    return kMilliseconds * seconds / static_cast<double>(engine->ListPlugins().size());
  };
  Fill(InTurns(
           setting.Pick(9, 1), [&] { return open(false); }, [&] { return open(true); }),
       &result);
  return result;
}

CaseResult Script(const Setting& setting) {
  constexpr int kPoints = 10'000;
  const auto engine = OpenEngine(setting, true);
  Share share(engine.get(), kPoints, 1);
  google::protobuf::Struct parameters;
  auto& fields = *parameters.mutable_fields();
  fields["inputs"].set_string_value("part,whole");
  fields["expression"].set_string_value("100 * part / whole");
  const auto script = Make(engine.get(), "plugins/lua", parameters, {Fed("part"), Fed("whole")});
  const Columns part = Days(kPoints, 1);
  const Columns whole = Days(kPoints, 20);
  CaseResult result;
  result.name = "script";
  result.what = absl::StrCat("a share of ", kPoints, " points by an expression, in a worker");
  result.unit = "us";
  result.baseline = "the same by a plugin in the process of the server";
  result.target = {Relation::kAtMost, 150};
  Fill(InTurns(
           setting.Pick(15, 2),
           [&] {
             return kMicroseconds * SecondsOf([&] {
                      const auto outputs = script->Compute(part.periods, {&part, &whole}, {});
                      Must(outputs.ok(), std::string(outputs.status().message()));
                    });
           },
           [&] { return kMicroseconds * share.Seconds(); }),
       &result);
  return result;
}

}  // namespace policytrack::bench
