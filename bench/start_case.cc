// How long a server takes to start over a store that holds much.
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

constexpr int kPointsOfSeries = 2;

// A server over a directory, with its first client.
struct Started {
  std::unique_ptr<ServerProcess> server;
  std::unique_ptr<Client> client;
  double seconds = 0;  // from nothing to the first answer
};

Started StartOver(const Setting& setting, const std::string& directory, int measures_on_page) {
  v1::ListMeasuresRequest request;
  request.set_page_size(1);
  Started started;
  v1::ListMeasuresResponse answer;
  started.seconds = SecondsOf([&] {
    started.server = std::make_unique<ServerProcess>(
        setting.server,
        std::vector<std::string>{"--listen", "127.0.0.1:0", "--data-dir", directory});
    started.client = std::make_unique<Client>(started.server->address());
    answer = started.client->ListMeasures(request);
  });
  Must(answer.measures_size() == measures_on_page, "a started server does not have its measures");
  return started;
}

void FillStore(const Setting& setting, const std::string& directory, const Figures& figures,
               int measures) {
  ServerProcess server(setting.server, {"--listen", "127.0.0.1:0", "--data-dir", directory});
  Client client(server.address());
  client.CreateDataset();
  client.PushAll(figures);
  client.CreatePlan();
  const v1::Measure measure = MakeMeasure(figures, {});
  CreateManyMeasures(server.address(), measures, [&](int) { return measure; });
}

}  // namespace

CaseResult Start(const Setting& setting) {
  const int measures = setting.Pick(100000, 200);
  const Figures figures(setting.Pick(1000000, 500), kPointsOfSeries, 0);
  const Scratch full(setting.scratch);
  const Scratch empty(setting.scratch);
  FillStore(setting, full.path(), figures, measures);
  StartOver(setting, empty.path(), 0);  // makes the store

  CaseResult result;
  result.name = "start";
  result.what = absl::StrCat("start of the server over ", measures, " measures and ",
                             figures.series(), " series of ", kPointsOfSeries,
                             " points, from the start of the process to its first answer");
  result.unit = "s";
  result.baseline = "the start over an empty store";
  result.target = {Relation::kAtMost, 1, true};
  Fill(InTurns(
           setting.Pick(9, 2),
           [&] {
             const Started started = StartOver(setting, full.path(), 1);
             v1::GetMeasureRequest last;
             last.set_name(absl::StrCat("measures/", ManyMeasureId(measures - 1)));
             started.client->GetMeasure(last);
             const int series = figures.series() - 1;
             ExpectSeries(started.client->ReadSeries(OneSeries(figures.region(series))), figures,
                          series, kPointsOfSeries);
             return started.seconds;
           },
           [&] { return StartOver(setting, empty.path(), 0).seconds; }),
       &result);
  return result;
}

}  // namespace policytrack::bench
