// PolicyTrack beside other systems, each through a client of its own and with the
// durability that it has by default: loads, one series, single writes, growth.
#include "absl/strings/str_cat.h"
#include "bench/case.h"
#include "bench/client.h"
#include "bench/etcd_clients.h"
#include "bench/fail.h"
#include "bench/many_clients.h"
#include "bench/peer_process.h"
#include "bench/scratch.h"
#include "bench/server_process.h"
#include "bench/subjects.h"

namespace policytrack::bench {
namespace {

constexpr double kMilliseconds = 1e3;
constexpr double kMicroseconds = 1e6;
constexpr char kPostgreSql[] = "postgresql.py";
constexpr char kInfluxDb[] = "influxdb.py";
constexpr char kVictoriaMetrics[] = "victoriametrics.py";

// A bulk push as columns, against a load by the peer of the first `rows` figures.
CaseResult PushBeside(const Setting& setting, const std::string& script, const std::string& load,
                      int64_t rows, const std::string& baseline) {
  const PushMessages messages = AsColumns(*setting.figures, 0, setting.figures->periods());
  PeerProcess peer(setting, script);
  CaseResult result;
  result.what = "bulk push as columns into a new store, one stream, one commit";
  result.unit = "observations/s";
  result.baseline = baseline;
  Fill(InTurns(
           setting.Pick(5, 1), [&] { return PushIntoNewStore(setting, messages); },
           [&] { return static_cast<double>(rows) / peer.Ask(load); }),
       &result);
  return result;
}

// One series among all, read as columns, against the peer's way.
CaseResult ReadBeside(const Setting& setting, const std::string& script, const std::string& fill,
                      const std::string& baseline) {
  const Figures& figures = *setting.figures;
  const int calls = setting.Pick(200, 3);
  const int series = figures.series() * 2 / 3;
  const Scratch data(setting.scratch);
  ServerProcess server(setting.server, {"--listen", "127.0.0.1:0", "--data-dir", data.path()});
  Client client(server.address());
  client.CreateDataset();
  ExpectCreated(client.Push(AsColumns(figures, 0, figures.periods())), figures.size());
  const v1::ReadSeriesRequest request = OneSeries(figures.region(series));
  ExpectSeries(client.ReadSeries(request), figures, series, figures.periods());
  PeerProcess peer(setting, script);
  if (fill == "fill") {
    peer.Do(fill);
  } else {
    peer.Ask(fill);
  }
  const std::string command = absl::StrCat("read ", series, " ", calls);
  CaseResult result;
  result.what = absl::StrCat("ReadSeries of one series of ", figures.periods(), " points among ",
                             figures.series(), ", one client");
  result.unit = "us, p50";
  result.baseline = baseline;
  Fill(InTurns(
           setting.Pick(9, 1),
           [&] {
             return kMicroseconds * MedianSecondsOf(calls, [&] { client.ReadSeries(request); });
           },
           [&] { return kMicroseconds * peer.Ask(command); }),
       &result);
  return result;
}

// Growth over all series, evaluated and stored, against what the peer does for it.
CaseResult GrowthBeside(const Setting& setting, const std::string& script, const std::string& fill,
                        const std::string& command, const std::string& baseline) {
  PeerProcess peer(setting, script);
  if (fill == "fill") {
    peer.Do(fill);
  } else if (!fill.empty()) {
    peer.Ask(fill);
  }
  CaseResult result;
  result.what =
      "growth on the year before over all series by the plugin: read, computed, checked, stored "
      "with provenance";
  result.unit = "ms";
  result.baseline = baseline;
  Fill(InTurns(
           setting.Pick(5, 1),
           [&] { return kMilliseconds * EvaluateInNewStore(setting, *setting.figures).evaluation; },
           [&] { return kMilliseconds * peer.Ask(command); }),
       &result);
  return result;
}

CaseResult Named(const std::string& name, CaseResult result,
                 std::optional<CaseResult::Target> target = std::nullopt) {
  result.name = name;
  result.target = target;
  return result;
}

}  // namespace

CaseResult PushBesidePostgreSql(const Setting& setting) {
  return Named("push-columns-postgresql",
               PushBeside(setting, kPostgreSql, "copy", setting.figures->size(),
                          "PostgreSQL COPY of all in one transaction"),
               CaseResult::Target{Relation::kAtLeast, 8});
}

CaseResult PushBesideUpserts(const Setting& setting) {
  const int rows = setting.Pick(100'000, 1000);
  return Named("push-columns-postgresql-upsert",
               PushBeside(setting, kPostgreSql, absl::StrCat("upsert ", rows), rows,
                          "PostgreSQL upsert, 1 000 rows a statement and transaction"));
}

CaseResult PushBesideInfluxDb(const Setting& setting) {
  return Named("push-columns-influxdb",
               PushBeside(setting, kInfluxDb, "load", setting.figures->size(),
                          "InfluxDB line protocol, 10 000 a call, one shard"),
               CaseResult::Target{Relation::kAtLeast, 5});
}

CaseResult PushBesideVictoriaMetrics(const Setting& setting) {
  return Named("push-columns-victoriametrics",
               PushBeside(setting, kVictoriaMetrics, "load", setting.figures->size(),
                          "VictoriaMetrics import of JSON lines, ten series a call, not durable"));
}

CaseResult PushSingleBesideEtcd(const Setting& setting) {
  const Figures& figures = *setting.figures;
  const int clients = setting.Pick(64, 8);
  const int pushes = setting.Pick(100, 5);
  const Scratch data(setting.scratch);
  ServerProcess server(setting.server, {"--listen", "127.0.0.1:0", "--data-dir", data.path()});
  Client client(server.address());
  client.CreateDataset();
  PeerProcess etcd(setting, "etcd.py");
  ManyClients pushing(server.address(), clients);
  EtcdClients putting(etcd.detail(), clients);
  // Connections and threads are there from the second one on.
  pushing.Push(figures, 1);
  putting.Put(figures, 1);
  CaseResult result;
  result.what =
      "pushes of one observation each as a row, 64 clients with a connection each, every push "
      "durable";
  result.unit = "pushes/s";
  result.baseline = "etcd, one value a put, 64 clients likewise, every put durable";
  Fill(InTurns(
           setting.Pick(7, 1), [&] { return pushing.Push(figures, pushes); },
           [&] { return putting.Put(figures, pushes); }),
       &result);
  return Named("push-single-etcd", std::move(result), CaseResult::Target{Relation::kAtLeast, 1.5});
}

CaseResult ReadBesidePostgreSql(const Setting& setting) {
  return Named("read-series-postgresql",
               ReadBeside(setting, kPostgreSql, "fill", "PostgreSQL, a prepared range query"),
               CaseResult::Target{Relation::kAtMost, 0.6});
}

CaseResult ReadBesideInfluxDb(const Setting& setting) {
  return Named("read-series-influxdb",
               ReadBeside(setting, kInfluxDb, "load", "InfluxDB, a query over HTTP"));
}

CaseResult ReadBesideVictoriaMetrics(const Setting& setting) {
  return Named("read-series-victoriametrics",
               ReadBeside(setting, kVictoriaMetrics, "load", "VictoriaMetrics, export over HTTP"));
}

CaseResult GrowthBesidePostgreSql(const Setting& setting) {
  return Named("evaluate-all-postgresql",
               GrowthBeside(setting, kPostgreSql, "fill", "growth",
                            "PostgreSQL, a window query whose sum alone is kept"),
               CaseResult::Target{Relation::kAtMost, 0.25});
}

CaseResult GrowthBesideStored(const Setting& setting) {
  return Named("evaluate-all-postgresql-stored",
               GrowthBeside(setting, kPostgreSql, "fill", "growth_stored",
                            "PostgreSQL, the same window query into a table"));
}

CaseResult GrowthBesideInfluxDb(const Setting& setting) {
  return Named(
      "evaluate-all-influxdb",
      GrowthBeside(setting, kInfluxDb, "load", "growth",
                   "InfluxDB, which has no such query: all fetched, computed by a script"));
}

CaseResult GrowthBesideVictoriaMetrics(const Setting& setting) {
  return Named("evaluate-all-victoriametrics",
               GrowthBeside(setting, kVictoriaMetrics, "load", "growth",
                            "VictoriaMetrics, a query whose sum alone is kept"));
}

CaseResult GrowthBesideAnalyst(const Setting& setting) {
  return Named("evaluate-all-pandas",
               GrowthBeside(setting, "analyst.py", "", "growth",
                            "a pandas script: read CSV, growth and attainment, write CSV"));
}

}  // namespace policytrack::bench
