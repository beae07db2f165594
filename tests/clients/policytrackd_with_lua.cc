// policytrackd, but for the plugin `lua`, which it runs in its own process.
#include <signal.h>

#include <iostream>
#include <string>

#include "core/clock.h"
#include "services/server/config.h"
#include "services/server/server.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/plugins/script_runner.h"

namespace policytrack::server {
namespace {

absl::StatusOr<std::unique_ptr<Server>> Start(const Config& config, Clock* clock,
                                              const rpc::Log& log) {
  plugins::HostOptions host;
  host.plugin_dir = config.plugin_dir;
  host.allow_list_file = config.plugin_allow_list;
  host.call_deadline = absl::Seconds(config.plugin_deadline_seconds);
  auto engine = plugins::OpenHostWithLua(host, log);
  if (!engine.ok()) return engine.status();
  storage::SqliteOptions options;
  options.data_dir = config.data_dir;
  auto store = storage::SqliteStore::Open(options, clock);
  if (!store.ok()) return store.status();
  return Server::StartOver(*std::move(store), *std::move(engine), config, clock, log);
}

int Run(int argc, char** argv) {
  const ParsedConfig parsed = ParseConfig(argc, argv);
  if (!parsed.run) return parsed.exit_code;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const auto log = [](absl::string_view line) { std::cerr << std::string(line) + "\n"; };
  SystemClock clock;
  auto server = Start(parsed.config, &clock, log);
  if (!server.ok()) {
    log("cannot start: " + std::string(server.status().message()));
    return 1;
  }
  log("policytrackd serves on " + parsed.config.listen + " (port " +
      std::to_string((*server)->port()) + ")");
  int signal = 0;
  sigwait(&signals, &signal);
  (*server)->Stop(absl::Seconds(parsed.config.drain_seconds));
  return 0;
}

}  // namespace
}  // namespace policytrack::server

int main(int argc, char** argv) { return policytrack::server::Run(argc, argv); }
