// A new directory that goes with the object.
#ifndef POLICYTRACK_BENCH_SCRATCH_H_
#define POLICYTRACK_BENCH_SCRATCH_H_

#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "bench/fail.h"

namespace policytrack::bench {

class Scratch {
 public:
  explicit Scratch(const std::string& below) : path_(below + "/case-XXXXXX") {
    Must(mkdtemp(path_.data()) != nullptr, "no directory can be made in " + below);
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::string& path() const { return path_; }

  // The bytes of all files in it.
  int64_t Bytes() const {
    int64_t bytes = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path_)) {
      if (entry.is_regular_file()) bytes += static_cast<int64_t>(entry.file_size());
    }
    return bytes;
  }

 private:
  std::string path_;
};

}  // namespace policytrack::bench

#endif  // POLICYTRACK_BENCH_SCRATCH_H_
