#include "services/server/config.h"

#include <sys/stat.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace policytrack::server {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
using testing::UnorderedElementsAre;

ParsedConfig Parse(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "policytrackd");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  return ParseConfig(static_cast<int>(argv.size()), argv.data());
}

std::string WriteFile(const std::string& name, const std::string& text) {
  const std::string path = testing::TempDir() + name;
  std::ofstream(path) << text;
  return path;
}

TEST(ConfigTest, DefaultsAreSafe) {
  const ParsedConfig parsed = Parse({"--data-dir", "d"});
  ASSERT_TRUE(parsed.run);
  EXPECT_EQ(parsed.config.listen, "127.0.0.1:7443");
  EXPECT_FALSE(parsed.config.allow_unauthenticated_clients_from_any_network);
  EXPECT_NE(parsed.config.plugin_dir, "");
  EXPECT_NE(parsed.config.plugin_allow_list, "");
}

TEST(ConfigTest, WhatPushesMayHoldIsBounded) {
  const ParsedConfig usual = Parse({"--data-dir", "d"});
  EXPECT_EQ(usual.config.max_push_mib, 256);
  EXPECT_EQ(usual.config.max_push_total_mib, 1024);
  const ParsedConfig set =
      Parse({"--data-dir", "d", "--max-push-mib", "16", "--max-push-total-mib", "64"});
  EXPECT_EQ(set.config.max_push_mib, 16);
  EXPECT_EQ(set.config.max_push_total_mib, 64);
  const ParsedConfig none_fits =
      Parse({"--data-dir", "d", "--max-push-mib", "64", "--max-push-total-mib", "16"});
  EXPECT_FALSE(none_fits.run);
  EXPECT_EQ(none_fits.exit_code, 2);
}

TEST(ConfigTest, PluginsThatNobodyPinnedRunInWorkersUnlessTold) {
  const ParsedConfig usual = Parse({"--data-dir", "d"});
  EXPECT_EQ(
      usual.config.plugin_worker_program.substr(usual.config.plugin_worker_program.rfind('/') + 1),
      "policytrack-worker");
  EXPECT_FALSE(usual.config.require_worker_sandbox);
  const ParsedConfig off = Parse({"--data-dir", "d", "--plugin-workers", "off"});
  EXPECT_EQ(off.config.plugin_worker_program, "");
  const ParsedConfig required = Parse({"--data-dir", "d", "--worker-sandbox", "required"});
  EXPECT_TRUE(required.config.require_worker_sandbox);
  EXPECT_EQ(Parse({"--data-dir", "d", "--worker-sandbox", "some"}).exit_code, 2);
}

TEST(ConfigTest, OneInAThousandEvaluationsIsAuditedUnlessTold) {
  EXPECT_EQ(Parse({"--data-dir", "d"}).config.plugin_audit_interval, 1000);
  EXPECT_EQ(Parse({"--data-dir", "d", "--plugin-audit-interval", "0"}).config.plugin_audit_interval,
            0);
  EXPECT_EQ(Parse({"--data-dir", "d", "--plugin-audit-interval", "-1"}).exit_code, 2);
}

TEST(ConfigTest, WhatIsKeptHowLongIsBounded) {
  const ParsedConfig usual = Parse({"--data-dir", "d"});
  EXPECT_EQ(usual.config.request_id_hours, 24);
  EXPECT_EQ(usual.config.deleted_measure_days, 30);
  const ParsedConfig set =
      Parse({"--data-dir", "d", "--request-id-hours", "48", "--deleted-measure-days", "7"});
  EXPECT_EQ(set.config.request_id_hours, 48);
  EXPECT_EQ(set.config.deleted_measure_days, 7);
  for (const char* hours : {"0", "-1", "8761", "x"}) {
    EXPECT_EQ(Parse({"--data-dir", "d", "--request-id-hours", hours}).exit_code, 2) << hours;
  }
  EXPECT_EQ(Parse({"--data-dir", "d", "--deleted-measure-days", "0"}).exit_code, 2);
}

TEST(ConfigTest, TheBackupDirectoryMustBeThere) {
  EXPECT_EQ(Parse({"--data-dir", "d"}).config.backup_dir, "");
  EXPECT_EQ(Parse({"--data-dir", "d", "--backup-dir", testing::TempDir()}).config.backup_dir,
            testing::TempDir());
  EXPECT_EQ(Parse({"--data-dir", "d", "--backup-dir", "/no/such/folder"}).exit_code, 2);
}

TEST(ConfigTest, WhatEndsTheServerStandsInNoFile) {
  EXPECT_TRUE(Parse({"--data-dir", "d", "--verify"}).config.verify);
  EXPECT_EQ(Parse({"--data-dir", "d", "--restore-from", "b"}).config.restore_from, "b");
  EXPECT_EQ(Parse({"--data-dir", "d", "--restore-from", "b", "--verify"}).exit_code, 2);
  EXPECT_EQ(Parse({"--data-dir", "d", "--expect-chain", "0123abcd"}).exit_code, 2);
  for (const char* chain : {"0123abc", "0123ABCD", ""}) {
    EXPECT_EQ(Parse({"--data-dir", "d", "--restore-from", "b", "--expect-chain", chain}).exit_code,
              2)
        << chain;
  }
  for (const char* line : {"verify: true\n", "restore-from: b\n"}) {
    const std::string file = WriteFile("ends.yaml", line);
    EXPECT_EQ(Parse({"--data-dir", "d", "--config", file}).exit_code, 2) << line;
  }
  const std::string file = WriteFile("salvage.yaml", "read-only-salvage: true\n");
  EXPECT_TRUE(Parse({"--data-dir", "d", "--config", file}).config.read_only_salvage);
}

TEST(ConfigTest, WatchersAreBounded) {
  const ParsedConfig usual = Parse({"--data-dir", "d"});
  EXPECT_EQ(usual.config.max_watchers, 20000);
  EXPECT_EQ(usual.config.max_watch_mib, 64);
  EXPECT_EQ(usual.config.watch_stall_seconds, 300);
  EXPECT_EQ(usual.config.watch_history, 0);
  const ParsedConfig set = Parse({"--data-dir", "d", "--max-watchers", "7", "--max-watch-mib", "8",
                                  "--watch-stall-seconds", "9", "--watch-history", "10"});
  EXPECT_EQ(set.config.max_watchers, 7);
  EXPECT_EQ(set.config.max_watch_mib, 8);
  EXPECT_EQ(set.config.watch_stall_seconds, 9);
  EXPECT_EQ(set.config.watch_history, 10);
  EXPECT_EQ(Parse({"--data-dir", "d", "--watch-history", "-1"}).exit_code, 2);
}

TEST(ConfigTest, TheDataDirectoryMustBeNamed) {
  const ParsedConfig parsed = Parse({});
  EXPECT_FALSE(parsed.run);
  EXPECT_EQ(parsed.exit_code, 2);
}

TEST(ConfigTest, HelpAndVersionAreNoErrors) {
  EXPECT_EQ(Parse({"--help"}).exit_code, 0);
  EXPECT_EQ(Parse({"--version"}).exit_code, 0);
  EXPECT_FALSE(Parse({"--version"}).run);
}

TEST(ConfigTest, AFileSetsWhatFlagsDoNot) {
  const std::string path =
      WriteFile("good.yaml", "data-dir: from-file\nworkers: 3\nlisten: 127.0.0.1:1234\n");
  const ParsedConfig parsed = Parse({"--config", path, "--listen", "127.0.0.1:99"});
  ASSERT_TRUE(parsed.run);
  EXPECT_EQ(parsed.config.data_dir, "from-file");
  EXPECT_EQ(parsed.config.workers, 3);
  EXPECT_EQ(parsed.config.listen, "127.0.0.1:99");
}

TEST(ConfigTest, WhatIsWrongIsRefused) {
  EXPECT_EQ(Parse({"--data-dir", "d", "--no-such"}).exit_code, 2);
  EXPECT_EQ(Parse({"--data-dir", "d", "--workers", "0"}).exit_code, 2);
  EXPECT_EQ(Parse({"--data-dir", "d", "--workers", "many"}).exit_code, 2);
  EXPECT_EQ(Parse({"--data-dir", "d", "--log-level", "loud"}).exit_code, 2);
  EXPECT_EQ(Parse({"--data-dir", "d", "--config", "/no/such/file"}).exit_code, 2);
  EXPECT_EQ(Parse({"--config", WriteFile("u.yaml", "data-dir: d\nno-such: 1\n")}).exit_code, 2);
  EXPECT_EQ(Parse({"--config", WriteFile("b.yaml", "data-dir: [d\n")}).exit_code, 2);
  EXPECT_EQ(Parse({"--config", WriteFile("l.yaml", "- data-dir\n")}).exit_code, 2);
}

TEST(ConfigTest, AFileIsOneDocumentAndARegularFile) {
  const std::string two = WriteFile("two.yaml", "data-dir: d\n---\nworkers: 5\n");
  EXPECT_THAT(Parse({"--config", two}).problems,
              UnorderedElementsAre(HasSubstr("begins a second document; settings are one"),
                                   HasSubstr("--data-dir")));
  // It would wait for ever for somebody to write.
  const std::string pipe = testing::TempDir() + "pipe.yaml";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(Parse({"--config", pipe, "--data-dir", "d"}).problems,
              UnorderedElementsAre(HasSubstr("is not a regular file")));
  std::remove(pipe.c_str());
}

TEST(ConfigTest, EveryProblemIsSaidWithItsPlace) {
  const std::string path = WriteFile("p.yaml",
                                     "workers: 0\n"
                                     "nonsense: 1\n"
                                     "listen: 0.0.0.0:1\n"
                                     "log-level: [info]\n"
                                     "readers: 3\n"
                                     "readers: 4\n");
  const ParsedConfig parsed = Parse({"--config", path, "--log-format", "xml", "--no-such", "7"});
  EXPECT_EQ(parsed.exit_code, 2);
  EXPECT_THAT(
      parsed.problems,
      UnorderedElementsAre(HasSubstr("\"--no-such\""), StartsWith(path + ":1: workers: "),
                           AllOf(StartsWith(path + ":2: "), HasSubstr("nonsense")),
                           AllOf(StartsWith(path + ":3: "),
                                 HasSubstr("--allow-unauthenticated-clients-from-any-network")),
                           StartsWith(path + ":4: log-level "),
                           AllOf(StartsWith(path + ":6: readers "), HasSubstr("line 5")),
                           StartsWith("--log-format: "), HasSubstr("--data-dir")));
}

TEST(ConfigTest, WhatAFileSaysIsReplacedByAFlagAndBothAreLookedAt) {
  const std::string path = WriteFile("r.yaml", "data-dir: d\nworkers: 0\n");
  EXPECT_EQ(Parse({"--config", path, "--workers", "3"}).exit_code, 2);
  const std::string flag =
      WriteFile("f.yaml", "data-dir: d\nallow-unauthenticated-clients-from-any-network: true\n");
  EXPECT_TRUE(Parse({"--config", flag}).config.allow_unauthenticated_clients_from_any_network);
  EXPECT_TRUE(Parse({"--config", WriteFile("e.yaml", ""), "--data-dir=d"}).run);
  EXPECT_EQ(Parse({"--config", testing::TempDir(), "--data-dir=d"}).exit_code, 2);
  EXPECT_EQ(Parse({"--data-dir", "d", "--data-dir", "e"}).exit_code, 2);
  EXPECT_EQ(Parse({"--data-dir"}).exit_code, 2);
  EXPECT_EQ(Parse({"--config", WriteFile("c.yaml", "config: x\n")}).exit_code, 2);
}

TEST(ConfigTest, MetricsStayOnThisMachineUnlessAskedFor) {
  EXPECT_EQ(Parse({"--data-dir", "d"}).config.metrics_listen, "");
  EXPECT_TRUE(Parse({"--data-dir", "d", "--metrics-listen", "127.0.0.1:9464"}).run);
  EXPECT_EQ(Parse({"--data-dir", "d", "--metrics-listen", "0.0.0.0:9464"}).exit_code, 2);
  EXPECT_EQ(Parse({"--data-dir", "d", "--metrics-listen", "9464"}).exit_code, 2);
  for (const char* list : {"localhost:0,0.0.0.0:9464", "127.0.0.1:0,0.0.0.0:9464"}) {
    EXPECT_EQ(Parse({"--data-dir", "d", "--metrics-listen", list}).exit_code, 2) << list;
    EXPECT_EQ(Parse({"--data-dir", "d", "--listen", list}).exit_code, 2) << list;
    // No flag makes a list an address.
    EXPECT_EQ(
        Parse({"--data-dir", "d", "--metrics-listen", list, "--allow-metrics-from-any-network"})
            .exit_code,
        2)
        << list;
  }
  EXPECT_TRUE(Parse({"--data-dir", "d", "--metrics-listen", "localhost:9464"}).run);
  EXPECT_TRUE(Parse({"--data-dir", "d", "--metrics-listen", "0.0.0.0:9464",
                     "--allow-metrics-from-any-network"})
                  .run);
}

}  // namespace
}  // namespace policytrack::server
