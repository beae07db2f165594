// Runs the client as from a shell: arguments in; exit code, output and errors out.
//
// Thread rule: one thread at a time.
#ifndef POLICYTRACK_TESTS_CLI_CLI_HARNESS_H_
#define POLICYTRACK_TESTS_CLI_CLI_HARNESS_H_

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "clients/cli/arguments.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cli/fake_server.h"

namespace policytrack::cli {

struct Ran {
  int code = -1;
  std::string out;
  std::string err;
  std::vector<absl::Duration> pauses;  // between attempts
};

inline std::ostream& operator<<(std::ostream& os, const Ran& ran) {
  return os << "exit " << ran.code << "\n--- out\n" << ran.out << "--- err\n" << ran.err;
}

// A server and a directory of its own for each test.
class CliTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string path = testing::TempDir() + "policytrack-cli-XXXXXX";
    ASSERT_NE(mkdtemp(path.data()), nullptr);
    directory_ = path;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  // Writes a file below the directory and gives its path.
  std::string Write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = directory_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }
  std::string Path(const std::string& name) const { return (directory_ / name).string(); }

  Ran Run(std::vector<std::string> arguments, const std::string& in = "") {
    arguments.insert(arguments.begin(), {"--server", server.address()});
    return RunBare(std::move(arguments), in);
  }

  Ran RunBare(std::vector<std::string> arguments, const std::string& in = "") {
    Ran ran;
    std::istringstream input(in);
    std::ostringstream out, err;
    Environment environment;
    environment.in = &input;
    environment.out = &out;
    environment.err = &err;
    environment.variable = [this](const std::string& name) -> std::optional<std::string> {
      const auto it = variables.find(name);
      return it == variables.end() ? std::nullopt : std::optional(it->second);
    };
    environment.sleep = [&](absl::Duration pause) { ran.pauses.push_back(pause); };
    environment.terminal = terminal;
    environment.out_terminal = out_terminal;
    ran.code = policytrack::cli::Run(std::move(arguments), environment);
    ran.out = out.str();
    ran.err = err.str();
    return ran;
  }

  FakeServer server;
  std::map<std::string, std::string> variables;
  bool terminal = false;
  bool out_terminal = false;
  std::filesystem::path directory_;
};

}  // namespace policytrack::cli

#endif  // POLICYTRACK_TESTS_CLI_CLI_HARNESS_H_
