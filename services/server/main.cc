// policytrackd: reads its settings, runs the server, stops it on a signal.
#include <signal.h>
#include <unistd.h>

#include <iostream>
#include <string>
#include <thread>

#include "core/clock.h"
#include "grpc/support/log.h"
#include "services/server/config.h"
#include "services/server/offline.h"
#include "services/server/server.h"
#include "services/server/version.h"
#include "spdlog/sinks/stdout_color_sinks.h"
#include "spdlog/spdlog.h"

namespace policytrack::server {
namespace {

int Run(int argc, char** argv) {
  const ParsedConfig parsed = ParseConfig(argc, argv);
  if (!parsed.run) return parsed.exit_code;
  if (IsOffline(parsed.config)) return RunOffline(parsed.config, std::cout, std::cerr);

  auto logger = spdlog::stderr_color_mt("policytrackd");
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  logger->set_level(spdlog::level::from_str(parsed.config.log_level));
  logger->flush_on(spdlog::level::info);
  // The RPC library writes where the rest is written, and in the same form.
  gpr_set_log_function([](gpr_log_func_args* line) {
    if (const auto log = spdlog::get("policytrackd")) log->debug("grpc: {}", line->message);
  });

  // Every thread inherits the mask, so that only sigwait below sees these.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  SystemClock clock;
  auto server = Server::Start(parsed.config, &clock, [logger](absl::string_view line) {
    logger->info("{}", std::string(line));
  });
  if (!server.ok()) {
    logger->error("cannot start: {}", std::string(server.status().message()));
    return 1;
  }
  if (parsed.config.read_only_salvage) {
    logger->warn("read-only salvage: nothing is written, and what is damaged is not answered");
  }
  logger->info("policytrackd {} serves on {} (port {}), data in {}", kVersion, parsed.config.listen,
               (*server)->port(), parsed.config.data_dir);

  int signal = 0;
  while (sigwait(&signals, &signal) == 0 && signal == SIGHUP) {
    const absl::Status reloaded = (*server)->ReloadPlugins();
    if (reloaded.ok()) {
      logger->info("plugins reloaded");
    } else {
      logger->error("plugins not reloaded: {}", std::string(reloaded.message()));
    }
  }
  sigdelset(&signals, SIGHUP);
  logger->info("stopping: calls in flight have {} s", parsed.config.drain_seconds);
  std::thread impatient([&signals] {
    int again = 0;
    sigwait(&signals, &again);
    _exit(1);
  });
  impatient.detach();
  (*server)->Stop(absl::Seconds(parsed.config.drain_seconds));
  server->reset();
  logger->info("stopped");
  // Not through the destructors of statics: a thread still waits for a signal.
  std::cerr.flush();
  _exit(0);
}

}  // namespace
}  // namespace policytrack::server

int main(int argc, char** argv) { return policytrack::server::Run(argc, argv); }
