// Evaluation: everything at once after a definition is new, and what one new
// period of every series sets off.
#include "absl/strings/str_cat.h"
#include "bench/case.h"
#include "bench/client.h"
#include "bench/fail.h"
#include "bench/scratch.h"
#include "bench/server_process.h"
#include "bench/subjects.h"

namespace policytrack::bench {
namespace {

// Of the size of the plan in catalog/: measures, and targets of each.
constexpr int kMeasures = 10;
constexpr int kTargets = 3;
constexpr double kMilliseconds = 1e3;

// Ends the benchmark unless every target is judged at a month.
void ExpectJudged(const v1::PlanProgress& progress, const std::string& period) {
  Must(progress.judged_target_count() == kMeasures * kTargets,
       absl::StrCat(progress.judged_target_count(), " targets have a status"));
  for (const v1::MeasureProgress& measure : progress.measures()) {
    for (const v1::TargetProgress& target : measure.targets()) {
      Must(target.period() == period,
           absl::StrCat(target.target(), " is judged at ", target.period(), ", not ", period));
    }
  }
}

}  // namespace

Evaluated EvaluateInNewStore(const Setting& setting, const Figures& figures, int indicators) {
  const Scratch data(setting.scratch);
  ServerProcess server(setting.server, {"--listen", "127.0.0.1:0", "--data-dir", data.path()});
  Client client(server.address());
  client.CreateDataset();
  client.CreatePlan();
  Evaluated found;
  found.push = client.PushAll(figures);
  std::string last;
  found.evaluation = SecondsOf([&] {
    int64_t revision = 0;
    for (int i = 0; i < indicators; ++i) {
      last = i == 0 ? kIndicator : absl::StrCat(kIndicator, "-", i);
      revision = client.CreateGrowth(last);
    }
    client.ProgressAfter(revision);
  });
  found.peak_bytes = server.PeakBytes();
  const int series = figures.series() / 2;
  const int month = figures.periods() - 1;
  for (const std::string& indicator : {std::string(kIndicator), last}) {
    ExpectGrowth(client.ReadSeries(OneGrowth(figures, series, month, indicator)), figures, series,
                 month);
  }
  return found;
}

CaseResult EvaluateAll(const Setting& setting) {
  Paired paired;
  for (int round = 0; round < setting.Pick(5, 1); ++round) {
    const Evaluated seconds = EvaluateInNewStore(setting, *setting.figures);
    const auto size = static_cast<double>(setting.figures->size());
    paired.Add(size / seconds.evaluation, size / seconds.push);
  }
  CaseResult result;
  result.name = "evaluate-all";
  result.what =
      "growth on the year before over all series by the plugin: read, computed, checked, stored "
      "with provenance";
  result.unit = "observations/s";
  result.baseline = "the bulk push of the same figures as columns";
  Fill(paired, &result);
  return result;
}

CaseResult NewPeriod(const Setting& setting) {
  const Figures& figures = *setting.figures;
  const Scratch data(setting.scratch);
  ServerProcess server(setting.server, {"--listen", "127.0.0.1:0", "--data-dir", data.path()});
  Client client(server.address());
  client.CreateDataset();
  ExpectCreated(client.Push(AsColumns(figures, 0, figures.periods())), figures.size());
  client.CreatePlan();
  client.CreateGrowth();
  for (int m = 0; m < kMeasures; ++m) {
    std::vector<int> series;
    for (int t = 0; t < kTargets; ++t) {
      series.push_back((m * kTargets + t) * figures.series() / (kMeasures * kTargets));
    }
    client.CreateMeasure(absl::StrCat("measure-", m), MakeMeasure(figures, series));
  }

  Paired paired;
  const int rounds = setting.Pick(21, 2);
  int month = figures.periods();
  for (int round = -1; round < rounds; ++round, ++month) {
    const PushMessages messages = AsColumns(figures, month, month + 1);
    // A write that changes nothing waits for what the round before left to be done
    // after its answers, which else the push would wait for.
    v1::PushObservationsRequest nothing = OneRow(figures, 0, month);
    nothing.mutable_options()->set_validate_only(true);
    client.Push(nothing);
    v1::PushObservationsResponse answer;
    v1::PlanProgress progress;
    const double push = SecondsOf([&] { answer = client.Push(messages); });
    const double visible = SecondsOf([&] { progress = client.ProgressAfter(answer.revision()); });
    ExpectCreated(answer, figures.series());
    ExpectJudged(progress, figures.period_text(month));
    // The first round also waits for the definitions to be evaluated.
    if (round >= 0) paired.Add((push + visible) * kMilliseconds, push * kMilliseconds);
  }
  const int series = figures.series() / 2;
  ExpectGrowth(client.ReadSeries(OneGrowth(figures, series, month - 1)), figures, series,
               month - 1);
  CaseResult result;
  result.name = "new-period";
  result.what = absl::StrCat("push of one new month for ", figures.series(),
                             " series until growth is evaluated and ", kMeasures * kTargets,
                             " targets of ", kMeasures, " measures show their status");
  result.unit = "ms";
  result.baseline = "the push itself";
  result.target = {Relation::kAtMost, 3};
  Fill(paired, &result);
  return result;
}

std::vector<OneMonth> PushOneMonths(const Setting& setting, const Figures& figures, int pushes) {
  const Scratch data(setting.scratch);
  ServerProcess server(setting.server, {"--listen", "127.0.0.1:0", "--data-dir", data.path()});
  Client client(server.address());
  client.CreateDataset();
  client.CreatePlan();
  client.PushAll(figures);
  client.ProgressAfter(client.CreateGrowth());
  std::vector<OneMonth> found;
  for (int i = -1; i < pushes; ++i) {
    // One series after the other, each its next month.
    const int series = (i + 1) % figures.series();
    const int month = figures.periods() + (i + 1) / figures.series();
    const v1::PushObservationsRequest message = OneRow(figures, series, month);
    v1::ReadSeriesRequest request = OneGrowth(figures, series, month);
    v1::PushObservationsResponse answer;
    v1::ReadSeriesResponse growth;
    const double push = SecondsOf([&] { answer = client.Push(message); });
    const double evaluation = SecondsOf([&] {
      request.set_at_least_revision(answer.revision());
      growth = client.ReadSeries(request);
    });
    ExpectCreated(answer, 1);
    ExpectGrowth(growth, figures, series, month);
    const double read = SecondsOf([&] { growth = client.ReadSeries(request); });
    ExpectGrowth(growth, figures, series, month);
    // Connections, threads and caches are there from the second push on.
    if (i >= 0) {
      found.push_back(
          {push * kMilliseconds, (push + evaluation) * kMilliseconds, read * kMilliseconds});
    }
  }
  return found;
}

CaseResult EvaluateOne(const Setting& setting) {
  const Figures& figures = *setting.figures;
  Paired paired;
  for (const OneMonth& month : PushOneMonths(setting, figures, setting.Pick(51, 3))) {
    paired.Add(month.visible, month.push);
  }
  CaseResult result;
  result.name = "evaluate-one";
  result.what = absl::StrCat("push of one new month of one of ", figures.series(), " series of ",
                             figures.periods(), " points until its growth can be read");
  result.unit = "ms";
  result.baseline = "the push itself";
  Fill(paired, &result);
  return result;
}

}  // namespace policytrack::bench
