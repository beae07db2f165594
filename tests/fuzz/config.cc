// services/server/config.h: the settings file.
#include "services/server/config.h"

#include <sys/mman.h>
#include <unistd.h>

#include <iostream>
#include <sstream>

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace policytrack;
  const int fd = memfd_create("config", 0);
  fuzz::Require(fd >= 0 && write(fd, data, size) == static_cast<ssize_t>(size), "a file in memory");
  std::string program = "policytrackd";
  std::string flag = "--config";
  std::string file = "/proc/self/fd/" + std::to_string(fd);
  char* argv[] = {program.data(), flag.data(), file.data(), nullptr};
  std::ostringstream told;
  std::streambuf* const out = std::cout.rdbuf(told.rdbuf());
  std::streambuf* const err = std::cerr.rdbuf(told.rdbuf());
  const server::ParsedConfig parsed = server::ParseConfig(3, argv);
  std::cout.rdbuf(out);
  std::cerr.rdbuf(err);
  close(fd);
  if (parsed.run) {
    const server::Config& config = parsed.config;
    fuzz::Require(!config.data_dir.empty(), "a data directory");
    fuzz::Require(config.readers >= 1 && config.readers <= 64 && config.workers >= 1 &&
                      config.max_push_mib >= 1 && config.max_push_total_mib >= config.max_push_mib,
                  "settings in their ranges");
  } else {
    fuzz::Require(!parsed.problems.empty(), "a refusal says why");
  }
  return 0;
}
