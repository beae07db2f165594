// policytrackd: reads its settings, runs the server, reads them again on SIGHUP and
// stops on SIGTERM.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <iostream>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "core/clock.h"
#include "google/protobuf/stubs/logging.h"
#include "grpc/support/log.h"
#include "services/server/check_config.h"
#include "services/server/config.h"
#include "services/server/log.h"
#include "services/server/offline.h"
#include "services/server/reload.h"
#include "services/server/server.h"
#include "services/server/version.h"

namespace policytrack::server {
namespace {

// Where the RPC library writes; it takes a function without an argument.
Log* library_log = nullptr;

// Prints what is wrong with the settings and what they name.
int CheckConfig(const ParsedConfig& parsed) {
  std::vector<std::string> problems = parsed.problems;
  for (const NamedProblem& problem : CheckWhatIsNamed(parsed.config)) {
    const auto place = parsed.places.find(problem.setting);
    problems.push_back(absl::StrCat(
        place == parsed.places.end() ? absl::StrCat("--", problem.setting) : place->second, ": ",
        problem.what));
  }
  for (const std::string& problem : problems) std::cerr << "policytrackd: " << problem << "\n";
  if (problems.empty()) std::cout << "policytrackd: the settings are good\n";
  return problems.empty() ? 0 : 2;
}

int Run(int argc, char** argv) {
  ParsedConfig parsed = ParseConfig(argc, argv);
  if (parsed.config.check_only) return CheckConfig(parsed);
  for (const std::string& problem : parsed.problems) {
    std::cerr << "policytrackd: " << problem << "\n";
  }
  if (!parsed.problems.empty()) std::cerr << "Run policytrackd --help for the settings.\n";
  if (!parsed.run) return parsed.exit_code;
  if (IsOffline(parsed.config)) return RunOffline(parsed.config, std::cout, std::cerr);

  // Never destroyed: threads of the RPC library may write until the end.
  Log& log = *new Log(parsed.config.log_format == "json" ? LogFormat::kJson : LogFormat::kText,
                      parsed.config.log_level);
  // The RPC library writes where the rest is written, and in the same form.
  library_log = &log;
  gpr_set_log_function(
      [](gpr_log_func_args* line) { library_log->Debug(absl::StrCat("grpc: ", line->message)); });
  google::protobuf::SetLogHandler(
      [](google::protobuf::LogLevel, const char*, int, const std::string& message) {
        library_log->Debug(absl::StrCat("protobuf: ", message));
      });

  // Figures may be under embargo: nobody else on the machine reads what is written.
  umask(077);

  // Every thread inherits the mask, so that only sigwait below sees these.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  SystemClock clock;
  const rpc::Log lines([&log](rpc::Log::Severity severity, absl::string_view line) {
    switch (severity) {
      case rpc::Log::Severity::kInfo:
        return log.Info(line);
      case rpc::Log::Severity::kWarning:
        return log.Warn(line);
      case rpc::Log::Severity::kError:
        return log.Error(line);
    }
  });
  auto server = Server::Start(parsed.config, &clock, lines, &log);
  if (!server.ok()) {
    log.Error(absl::StrCat("cannot start: ", std::string(server.status().message())));
    return 1;
  }
  if (parsed.config.read_only_salvage) {
    log.Warn("read-only salvage: nothing is written, and what is damaged is not answered");
  }
  log.Info(absl::StrCat("policytrackd ", kVersion, " serves on ", parsed.config.listen, " (port ",
                        (*server)->port(), "), data in ", parsed.config.data_dir));

  int signal = 0;
  while (sigwait(&signals, &signal) == 0 && signal == SIGHUP) {
    ReloadConfig(argc, argv, &parsed, &log, server->get());
  }
  sigdelset(&signals, SIGHUP);
  log.Info(absl::StrCat("stopping: calls in flight have ", parsed.config.drain_seconds, " s"));
  std::thread impatient([&signals] {
    int again = 0;
    sigwait(&signals, &again);
    _exit(1);
  });
  impatient.detach();
  (*server)->Stop(absl::Seconds(parsed.config.drain_seconds));
  server->reset();
  log.Info("stopped");
  // Not through the destructors of statics: a thread still waits for a signal.
  std::cerr.flush();
  _exit(0);
}

}  // namespace
}  // namespace policytrack::server

int main(int argc, char** argv) { return policytrack::server::Run(argc, argv); }
