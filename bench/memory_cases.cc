// How much memory the server takes: after its start, at most in a bulk push, and at
// most when many write and one reads everything. Of its own process: plugins run in
// it, those that no list pins and scripts do not.
#include <thread>

#include "absl/strings/str_cat.h"
#include "bench/case.h"
#include "bench/client.h"
#include "bench/fail.h"
#include "bench/many_clients.h"
#include "bench/scratch.h"
#include "bench/server_process.h"

namespace policytrack::bench {
namespace {

constexpr double kBytesInMib = 1024 * 1024;
// A period and a value.
constexpr int kBytesOfPoint = 16;
constexpr char kAsPoints[] = "the data set as 16 bytes a point";

double DataSetMib(const Figures& figures) {
  return static_cast<double>(figures.size()) * kBytesOfPoint / kBytesInMib;
}

// A store with the data set and the growth of all of it.
void FillStore(const Setting& setting, const std::string& directory) {
  ServerProcess server(setting.server, {"--listen", "127.0.0.1:0", "--data-dir", directory});
  Client client(server.address());
  client.CreateDataset();
  client.PushAll(*setting.figures);
  client.CreatePlan();
  client.ProgressAfter(client.CreateGrowth());
}

// Reads all series, page by page. Gives how many points there are.
int64_t ReadAll(Client* client) {
  v1::ReadSeriesRequest request;
  request.set_parent(absl::StrCat("datasets/", kDataset));
  int64_t points = 0;
  do {
    const v1::ReadSeriesResponse page = client->ReadSeries(request);
    for (const v1::Series& series : page.series()) points += series.values_size();
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return points;
}

}  // namespace

CaseResult MemoryAtRest(const Setting& setting) {
  const Figures& figures = *setting.figures;
  const Scratch data(setting.scratch);
  FillStore(setting, data.path());
  CaseResult result;
  result.name = "memory-rest";
  result.what = "resident memory of the server started over the data set and growth over all of it";
  result.unit = "MiB";
  result.baseline = "a bare gRPC server at rest";
  Fill(InTurns(
           setting.Pick(5, 1),
           [&] {
             ServerProcess server(setting.server,
                                  {"--listen", "127.0.0.1:0", "--data-dir", data.path()});
             const double bytes = server.ResidentBytes();
             ExpectSeries(Client(server.address()).ReadSeries(OneSeries(figures.region(0))),
                          figures, 0, figures.periods());
             return bytes / kBytesInMib;
           },
           [&] { return ServerProcess(setting.bare_server, {}).ResidentBytes() / kBytesInMib; }),
       &result);
  return result;
}

CaseResult MemoryOfPush(const Setting& setting) {
  const Figures& figures = *setting.figures;
  CaseResult result;
  result.name = "memory-push";
  result.what = "the most resident memory of the server in a bulk push as columns into a new store";
  result.unit = "MiB";
  result.baseline = kAsPoints;
  Paired paired;
  for (int round = 0; round < setting.Pick(5, 1); ++round) {
    const Scratch data(setting.scratch);
    ServerProcess server(setting.server, {"--listen", "127.0.0.1:0", "--data-dir", data.path()});
    Client client(server.address());
    client.CreateDataset();
    client.PushAll(figures);
    paired.Add(server.PeakBytes() / kBytesInMib, DataSetMib(figures));
  }
  Fill(paired, &result);
  return result;
}

CaseResult MemoryUnderLoad(const Setting& setting) {
  const Figures& figures = *setting.figures;
  const int clients = setting.Pick(64, 8);
  const int pushes = setting.Pick(50, 3);
  const int reads = setting.Pick(5, 1);
  const Scratch data(setting.scratch);
  FillStore(setting, data.path());
  CaseResult result;
  result.name = "memory-load";
  result.what = absl::StrCat("the most resident memory of a started server while ", clients,
                             " clients push one observation after the other, growth follows, and "
                             "one reads all series again and again");
  result.unit = "MiB";
  result.baseline = kAsPoints;
  Paired paired;
  int month = figures.periods();
  for (int round = 0; round < setting.Pick(5, 1); ++round, month += pushes) {
    ServerProcess server(setting.server, {"--listen", "127.0.0.1:0", "--data-dir", data.path()});
    std::thread reader([&] {
      Client client(server.address());
      for (int i = 0; i < reads; ++i) {
        Must(ReadAll(&client) >= figures.size(), "a read of all series did not give them all");
      }
    });
    ManyClients(server.address(), clients, month).Push(figures, pushes);
    reader.join();
    paired.Add(server.PeakBytes() / kBytesInMib, DataSetMib(figures));
    const int end = month + pushes;
    Client client(server.address());
    ExpectSeries(client.ReadSeries(OneSeries(figures.region(clients - 1))), figures, clients - 1,
                 end);
  }
  Fill(paired, &result);
  return result;
}

}  // namespace policytrack::bench
