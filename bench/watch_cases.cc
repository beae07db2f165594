// Watchers that wait: what each takes of the server's memory, and how long it takes
// until all have heard of a commit.
#include "absl/strings/str_cat.h"
#include "bench/case.h"
#include "bench/client.h"
#include "bench/fail.h"
#include "bench/many_watchers.h"
#include "bench/scratch.h"
#include "bench/server_process.h"

namespace policytrack::bench {
namespace {

constexpr double kMilliseconds = 1e3;

int Watchers(const Setting& setting) { return setting.Pick(10000, 300); }

double BytesOfWatcher(const ServerProcess& server, int count) {
  // What the first streams make for all is there before.
  { ManyWatchers first(server.address(), 100); }
  const double before = server.ResidentBytes();
  const ManyWatchers watchers(server.address(), count);
  return (server.ResidentBytes() - before) / count;
}

// One that tells its watchers of each write, without a store.
ServerProcess BareServer(const Setting& setting) { return ServerProcess(setting.bare_server, {}); }

}  // namespace

CaseResult IdleWatchers(const Setting& setting) {
  const int count = Watchers(setting);
  CaseResult result;
  result.name = "idle-watchers";
  result.what = absl::StrCat("resident memory of the server for each of ", count,
                             " streams of WatchEvents that wait, ", 100, " on a connection");
  result.unit = "bytes";
  result.baseline = "bare gRPC server with as many streams of the same messages";
  result.target = {Relation::kAtMost, 20000, true};
  Fill(InTurns(
           setting.Pick(5, 1),
           [&] {
             const Scratch data(setting.scratch);
             ServerProcess server(setting.server,
                                  {"--listen", "127.0.0.1:0", "--data-dir", data.path()});
             Client(server.address()).CreateDataset();
             return BytesOfWatcher(server, count);
           },
           [&] { return BytesOfWatcher(BareServer(setting), count); }),
       &result);
  return result;
}

CaseResult WokenWatchers(const Setting& setting) {
  const int count = Watchers(setting);
  const Figures& figures = *setting.figures;
  const Scratch data(setting.scratch);
  ServerProcess server(setting.server, {"--listen", "127.0.0.1:0", "--data-dir", data.path()});
  Client client(server.address());
  client.CreateDataset();
  ManyWatchers watchers(server.address(), count);
  const ServerProcess bare = BareServer(setting);
  Client bare_client(bare.address());
  ManyWatchers bare_watchers(bare.address(), count);
  int month = 0;
  CaseResult result;
  result.name = "woken-watchers";
  result.what = absl::StrCat("a push of one observation until each of ", count,
                             " streams of WatchEvents that waited has its events");
  result.unit = "ms";
  result.baseline = "bare gRPC server that sends each of as many streams a message of that size";
  Fill(InTurns(
           setting.Pick(11, 1),
           [&] {
             return kMilliseconds * SecondsOf([&] {
                      ExpectCreated(client.Push(OneRow(figures, 0, month++)), 1);
                      watchers.AwaitOneEach();
                    });
           },
           [&] {
             return kMilliseconds * SecondsOf([&] {
                      bare_client.Push(OneRow(figures, 0, 0));
                      bare_watchers.AwaitOneEach();
                    });
           }),
       &result);
  return result;
}

}  // namespace policytrack::bench
