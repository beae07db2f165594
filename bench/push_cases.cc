// Pushes: in bulk as columns and as rows against rows written into bare SQLite,
// one observation a push against a server that discards it, and the order of arrival.
#include "absl/strings/str_cat.h"
#include "bench/case.h"
#include "bench/client.h"
#include "bench/fail.h"
#include "bench/many_clients.h"
#include "bench/scratch.h"
#include "bench/server_process.h"
#include "bench/sqlite_rows.h"
#include "bench/subjects.h"

namespace policytrack::bench {
namespace {

constexpr char kRowUpsert[] = "SQLite row upsert";

// Rows a second of the same figures into a new table.
double UpsertIntoNewTable(const Setting& setting) {
  const Figures& figures = *setting.figures;
  const Scratch data(setting.scratch);
  SqliteRows rows(data.path(), SqliteRows::Keep::kPresent);
  const double seconds = SecondsOf([&] { rows.Upsert(figures, 1); });
  Must(rows.CountRows() == figures.size(), "bare SQLite does not hold what was written");
  return static_cast<double>(figures.size()) / seconds;
}

CaseResult PushInBulk(const Setting& setting, const PushMessages& messages) {
  CaseResult result;
  result.unit = "observations/s";
  result.baseline = kRowUpsert;
  Fill(InTurns(
           setting.Pick(9, 2), [&] { return PushIntoNewStore(setting, messages); },
           [&] { return UpsertIntoNewTable(setting); }),
       &result);
  return result;
}

// Observations a second of pushes into a new store, one after the other by one client.
double PushesASecond(const Setting& setting, const PushMessages& pushes) {
  const Figures& figures = *setting.figures;
  const Scratch data(setting.scratch);
  ServerProcess server(setting.server, {"--listen", "127.0.0.1:0", "--data-dir", data.path()});
  Client client(server.address());
  client.CreateDataset();
  const auto points = figures.size() / static_cast<int64_t>(pushes.size());
  const double seconds = SecondsOf([&] {
    for (const auto& message : pushes) ExpectCreated(client.Push(message), points);
  });
  for (const int series : {0, figures.series() - 1}) {
    ExpectSeries(client.ReadSeries(OneSeries(figures.region(series))), figures, series,
                 figures.periods());
  }
  return static_cast<double>(figures.size()) / seconds;
}

CaseResult PushSingleBy(const Setting& setting, int clients, int pushes) {
  const Figures& figures = *setting.figures;
  const Scratch data(setting.scratch);
  ServerProcess server(setting.server, {"--listen", "127.0.0.1:0", "--data-dir", data.path()});
  ServerProcess bare(setting.bare_server, {});
  Client client(server.address());
  client.CreateDataset();
  ManyClients pushing(server.address(), clients);
  ManyClients discarded(bare.address(), clients);
  // Connections and threads are there from the second push on.
  pushing.Push(figures, 1);
  discarded.Push(figures, 1);

  CaseResult result;
  result.what = absl::StrCat("pushes of one observation each as a row, ", clients,
                             clients == 1 ? " client" : " clients",
                             " with a connection each, every push durable");
  result.unit = "pushes/s";
  result.baseline = "bare gRPC server discarding the same client streams";
  Fill(InTurns(
           setting.Pick(9, 2), [&] { return pushing.Push(figures, pushes); },
           [&] { return discarded.Push(figures, pushes); }),
       &result);
  for (int c = 0; c < clients; ++c) {
    ExpectSeries(client.ReadSeries(OneSeries(figures.region(c))), figures, c,
                 1 + pushes * result.rounds);
  }
  return result;
}

}  // namespace

double PushIntoNewStore(const Setting& setting, const PushMessages& messages) {
  const Figures& figures = *setting.figures;
  const Scratch data(setting.scratch);
  ServerProcess server(setting.server, {"--listen", "127.0.0.1:0", "--data-dir", data.path()});
  Client client(server.address());
  client.CreateDataset();
  v1::PushObservationsResponse answer;
  const double seconds = SecondsOf([&] { answer = client.Push(messages); });
  ExpectCreated(answer, figures.size());
  const int series = figures.series() / 2;
  ExpectSeries(client.ReadSeries(OneSeries(figures.region(series))), figures, series,
               figures.periods());
  return static_cast<double>(figures.size()) / seconds;
}

CaseResult PushColumns(const Setting& setting) {
  CaseResult result =
      PushInBulk(setting, AsColumns(*setting.figures, 0, setting.figures->periods()));
  result.name = "push-columns";
  result.what = "bulk push as columns into a new store, one stream, one commit";
  result.target = {Relation::kAtLeast, 3};
  return result;
}

CaseResult PushRows(const Setting& setting) {
  CaseResult result = PushInBulk(setting, AsRows(*setting.figures, 0, setting.figures->periods()));
  result.name = "push-rows";
  result.what = "bulk push as rows with names into a new store, one stream, one commit";
  result.target = {Relation::kAtLeast, 1};
  return result;
}

CaseResult PushPeriods(const Setting& setting) {
  const Figures& figures = *setting.figures;
  PushMessages by_period;
  for (int month = 0; month < figures.periods(); ++month) {
    by_period.push_back(AsColumns(figures, month, month + 1).front());
  }
  PushMessages by_series;
  for (int s = 0; s < figures.series(); ++s) {
    by_series.push_back(AsColumns(figures, s, s + 1, 0, figures.periods()).front());
  }
  CaseResult result;
  result.name = "push-periods";
  result.what =
      absl::StrCat("the data set period by period, ", by_period.size(), " pushes of ",
                   figures.series(), " points as columns, every push durable, one client");
  result.unit = "observations/s";
  result.baseline = absl::StrCat("the same figures series by series, ", by_series.size(),
                                 " pushes of ", figures.periods(), " points");
  Fill(InTurns(
           setting.Pick(3, 1), [&] { return PushesASecond(setting, by_period); },
           [&] { return PushesASecond(setting, by_series); }),
       &result);
  return result;
}

CaseResult PushSingleByOne(const Setting& setting) {
  CaseResult result = PushSingleBy(setting, 1, setting.Pick(100, 5));
  result.name = "push-single-1";
  return result;
}

CaseResult PushSingleByEight(const Setting& setting) {
  CaseResult result = PushSingleBy(setting, 8, setting.Pick(100, 5));
  result.name = "push-single-8";
  return result;
}

CaseResult PushSingle(const Setting& setting) {
  CaseResult result = PushSingleBy(setting, setting.Pick(64, 8), setting.Pick(100, 5));
  result.name = "push-single";
  result.target = {Relation::kAtLeast, 0.8};
  return result;
}

}  // namespace policytrack::bench
