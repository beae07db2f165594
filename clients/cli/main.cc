// `policytrack`: the client of PolicyTrack.
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "clients/cli/arguments.h"

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  policytrack::cli::Environment environment;
  environment.in = &std::cin;
  environment.out = &std::cout;
  environment.err = &std::cerr;
  environment.variable = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
  environment.sleep = [](absl::Duration duration) { absl::SleepFor(duration); };
  environment.terminal = isatty(STDERR_FILENO) == 1;
  environment.out_terminal = isatty(STDOUT_FILENO) == 1;
  const int code =
      policytrack::cli::Run(std::vector<std::string>(argv + 1, argv + argc), environment);
  std::cout.flush();
  // A report that could not be written, to a full disk for one, is not done.
  if (code == policytrack::cli::kDone && !std::cout) {
    std::cerr << "error: the output could not be written\n";
    return policytrack::cli::kUsage;
  }
  return code;
}
