// A directory of a test's own, removed at its end.
#ifndef POLICYTRACK_TESTS_STORAGE_TEMPORARY_DIRECTORY_H_
#define POLICYTRACK_TESTS_STORAGE_TEMPORARY_DIRECTORY_H_

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "gtest/gtest.h"

namespace policytrack::storage {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    path_ = testing::TempDir() + "policytrack-XXXXXX";
    if (mkdtemp(path_.data()) == nullptr) ADD_FAILURE() << "no temporary directory at " << path_;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace policytrack::storage

#endif  // POLICYTRACK_TESTS_STORAGE_TEMPORARY_DIRECTORY_H_
