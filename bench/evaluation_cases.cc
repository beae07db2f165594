// Evaluation: everything at once after a definition is new, and what one new
// period of every series sets off.
#include <cmath>

#include "absl/strings/str_cat.h"
#include "bench/case.h"
#include "bench/client.h"
#include "bench/fail.h"
#include "bench/scratch.h"
#include "bench/server_process.h"
#include "bench/subjects.h"

namespace policytrack::bench {
namespace {

constexpr int kMonthsInYear = 12;
// Of the size of the plan in catalog/: measures, and targets of each.
constexpr int kMeasures = 10;
constexpr int kTargets = 3;

// Ends the benchmark unless the growth of a series is that of the data set.
void ExpectGrowth(const Figures& figures, int series, int month, Client* client) {
  v1::ReadSeriesRequest request;
  request.set_parent(absl::StrCat("indicators/", kIndicator));
  request.set_filter(
      absl::StrCat("output = growth AND dimensions.region = \"", figures.region(series), "\""));
  request.set_start_period(figures.period_text(month));
  request.set_end_period(figures.period_text(month));
  const v1::ReadSeriesResponse answer = client->ReadSeries(request);
  Must(answer.series_size() == 1 && answer.series(0).values_size() == 1,
       "the growth of a series was not computed");
  const double before = figures.value(series, month - kMonthsInYear);
  const double growth = (figures.value(series, month) - before) / before * 100;
  Must(std::fabs(answer.series(0).values(0) - growth) < 1e-6,
       absl::StrCat("growth is ", answer.series(0).values(0), " and not ", growth));
}

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

Evaluated EvaluateInNewStore(const Setting& setting, const PushMessages& messages) {
  const Figures& figures = *setting.figures;
  const Scratch data(setting.scratch);
  ServerProcess server(setting.server, {"--listen", "127.0.0.1:0", "--data-dir", data.path()});
  Client client(server.address());
  client.CreateDataset();
  client.CreatePlan();
  Evaluated seconds;
  seconds.push = SecondsOf([&] { client.Push(messages); });
  seconds.evaluation = SecondsOf([&] { client.ProgressAfter(client.CreateGrowth()); });
  ExpectGrowth(figures, figures.series() / 2, figures.periods() - 1, &client);
  return seconds;
}

CaseResult EvaluateAll(const Setting& setting) {
  const PushMessages messages = AsColumns(*setting.figures, 0, setting.figures->periods());
  Paired paired;
  for (int round = 0; round < setting.Pick(5, 1); ++round) {
    const Evaluated seconds = EvaluateInNewStore(setting, messages);
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
    if (round >= 0) paired.Add((push + visible) * 1e3, push * 1e3);
  }
  ExpectGrowth(figures, figures.series() / 2, month - 1, &client);
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

}  // namespace policytrack::bench
