// How long a server takes to start over a store that holds much: until it answers,
// and until a push that is its first has been evaluated.
#include <memory>

#include "absl/strings/str_cat.h"
#include "bench/case.h"
#include "bench/client.h"
#include "bench/fail.h"
#include "bench/many_measures.h"
#include "bench/scratch.h"
#include "bench/server_process.h"

namespace policytrack::bench {
namespace {

// A server over a directory, with its first client.
struct Started {
  std::unique_ptr<ServerProcess> server;
  std::unique_ptr<Client> client;
};

Started StartOver(const Setting& setting, const std::string& directory) {
  Started started;
  started.server = std::make_unique<ServerProcess>(
      setting.server, std::vector<std::string>{"--listen", "127.0.0.1:0", "--data-dir", directory});
  started.client = std::make_unique<Client>(started.server->address());
  return started;
}

// A store with all figures and growth over them, and measures with a target each on
// the growth of one series after the other.
void FillStore(const Setting& setting, const std::string& directory, const Figures& figures,
               int measures) {
  const Started started = StartOver(setting, directory);
  started.client->CreateDataset();
  started.client->CreatePlan();
  started.client->PushAll(figures);
  started.client->ProgressAfter(started.client->CreateGrowth());
  CreateManyMeasures(started.server->address(), measures,
                     [&](int number) { return MakeMeasure(figures, {number % figures.series()}); });
}

std::string Holding(int measures, const Figures& figures) {
  return absl::StrCat(measures, " measures with a target each and ", figures.series(),
                      " series of ", figures.periods(), " points");
}

// Seconds from nothing to the first answer.
double SecondsToAnswer(const Setting& setting, const std::string& directory, int on_page) {
  v1::ListMeasuresRequest request;
  request.set_page_size(1);
  Started started;
  v1::ListMeasuresResponse answer;
  const double seconds = SecondsOf([&] {
    started = StartOver(setting, directory);
    answer = started.client->ListMeasures(request);
  });
  Must(answer.measures_size() == on_page, "a started server does not have its measures");
  return seconds;
}

// Ends the benchmark unless a started server has the last measure and series.
void ExpectHolding(const Setting& setting, const std::string& directory, int measures,
                   const Figures& figures) {
  const Started started = StartOver(setting, directory);
  v1::GetMeasureRequest last;
  last.set_name(absl::StrCat("measures/", ManyMeasureId(measures - 1)));
  Must(started.client->GetMeasure(last).targets_size() == 1, "a measure is not as it was created");
  const int series = figures.series() - 1;
  ExpectSeries(started.client->ReadSeries(OneSeries(figures.region(series))), figures, series,
               figures.periods());
}

// Seconds from nothing until the growth of a first push can be read.
double SecondsToGrowth(const Setting& setting, const std::string& directory, const Figures& figures,
                       int month) {
  const v1::PushObservationsRequest message = OneRow(figures, 0, month);
  v1::ReadSeriesRequest request = OneGrowth(figures, 0, month);
  Started started;
  v1::PushObservationsResponse answer;
  v1::ReadSeriesResponse growth;
  const double seconds = SecondsOf([&] {
    started = StartOver(setting, directory);
    answer = started.client->Push(message);
    request.set_at_least_revision(answer.revision());
    growth = started.client->ReadSeries(request);
  });
  ExpectCreated(answer, 1);
  ExpectGrowth(growth, figures, 0, month);
  return seconds;
}

}  // namespace

CaseResult Start(const Setting& setting) {
  const int measures = setting.Pick(100000, 200);
  const Figures figures(setting.Pick(1000000, 500), 2, 0);
  const Scratch full(setting.scratch);
  const Scratch empty(setting.scratch);
  FillStore(setting, full.path(), figures, measures);
  StartOver(setting, empty.path());  // makes the store
  CaseResult result;
  result.name = "start";
  result.what = absl::StrCat("start of the server over ", Holding(measures, figures),
                             ", from the start of the process to its first answer");
  result.unit = "s";
  result.baseline = "the start over an empty store";
  result.target = {Relation::kAtMost, 1, true};
  Fill(InTurns(
           setting.Pick(9, 2), [&] { return SecondsToAnswer(setting, full.path(), 1); },
           [&] { return SecondsToAnswer(setting, empty.path(), 0); }),
       &result);
  ExpectHolding(setting, full.path(), measures, figures);
  return result;
}

CaseResult StartEvaluated(const Setting& setting) {
  const int rounds = setting.Pick(5, 2);
  const int measures = setting.Pick(10000, 50);
  const int months = 24;
  const Figures figures(setting.Pick(100000, 50), months, rounds);
  const Figures one(1, months, rounds);
  const Scratch full(setting.scratch);
  const Scratch little(setting.scratch);
  FillStore(setting, full.path(), figures, measures);
  FillStore(setting, little.path(), one, 1);
  CaseResult result;
  result.name = "start-evaluated";
  result.what = absl::StrCat("start of the server over ", Holding(measures, figures),
                             ", from the start of the process until the growth of a first push of "
                             "one month can be read");
  result.unit = "s";
  result.baseline = absl::StrCat("the same over ", Holding(1, one));
  int month = months;
  int month_of_one = months;
  Fill(InTurns(
           rounds, [&] { return SecondsToGrowth(setting, full.path(), figures, month++); },
           [&] { return SecondsToGrowth(setting, little.path(), one, month_of_one++); }),
       &result);
  return result;
}

}  // namespace policytrack::bench
