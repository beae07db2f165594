// A SqliteStore in a directory of the test's own, and ways to damage its files.
#ifndef POLICYTRACK_TESTS_STORAGE_SQLITE_STORE_FIXTURE_H_
#define POLICYTRACK_TESTS_STORAGE_SQLITE_STORE_FIXTURE_H_

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/commit_digest.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/storage/temporary_directory.h"

namespace policytrack::storage {

inline std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
inline void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// How often a test repeats itself: the variable of the environment, else `usual`.
inline int RoundsOf(const char* variable, int usual) {
  const char* const value = std::getenv(variable);
  return value == nullptr ? usual : std::atoi(value);
}

class SqliteStoreTest : public testing::Test {
 protected:
  SqliteStoreTest() { options_.data_dir = directory_.path() + "/data"; }

  absl::StatusOr<std::unique_ptr<SqliteStore>> TryOpen() {
    return SqliteStore::Open(options_, &clock_);
  }
  void Open() {
    store_ = nullptr;
    auto opened = TryOpen();
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
  }
  void Close() { store_ = nullptr; }

  absl::StatusOr<int64_t> Push(const std::string& key, double value) {
    return store_->Write({}, PushBody(key, value));
  }
  static Store::WriteBody PushBody(std::string key, double value) {
    return [=](WriteTransaction& t) {
      SeriesWrite write;
      write.key = key;
      write.points.periods = {1};
      write.points.values = {value};
      write.points.flags = {kNormal};
      return t.WriteSeries("datasets/x", {write}).status();
    };
  }
  absl::StatusOr<Columns> ReadSeries(const std::string& key, int64_t as_of = kPresent) {
    absl::StatusOr<Columns> columns = absl::NotFoundError(key);
    const absl::Status status = store_->Read([&](ReadTransaction& t) -> absl::Status {
      PT_ASSIGN_OR_RETURN(const std::optional<SeriesInfo> series,
                          t.FindSeries("datasets/x", "", key));
      if (series.has_value()) columns = t.ReadSeries(series->id, {}, as_of);
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
    return columns;
  }
  absl::Status Verify() {
    return store_->Read([](ReadTransaction& t) { return VerifyChain(t); });
  }

  std::string File(const std::string& name) const { return options_.data_dir + "/" + name; }
  // Every file of the data directory with its bytes.
  std::map<std::string, std::string> Everything() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_.path())) {
      const std::string path = entry.path().string();
      files[path] = entry.is_regular_file() ? ReadFile(path) : "";
    }
    return files;
  }
  // Opening is refused with this in the message, and nothing is touched.
  void ExpectRefused(const std::string& what) {
    const auto before = Everything();
    const auto opened = TryOpen();
    EXPECT_EQ(opened.status().code(), absl::StatusCode::kFailedPrecondition) << opened.status();
    EXPECT_THAT(std::string(opened.status().message()), testing::HasSubstr(what));
    EXPECT_THAT(std::string(opened.status().message()), testing::HasSubstr(options_.data_dir));
    EXPECT_EQ(Everything(), before);
  }
  // Replaces the one place of a text in the closed database.
  void Alter(const std::string& from, const std::string& to) {
    std::string bytes = ReadFile(File("policytrack.db"));
    const size_t at = bytes.find(from);
    ASSERT_NE(at, std::string::npos);
    bytes.replace(at, to.size(), to);
    WriteFile(File("policytrack.db"), bytes);
  }
  // A figure that has no few decimals: it is stored as it lies in memory, so its
  // Bytes are found in the file.
  static double Plain(int i) { return i + 1.0 / 3; }
  static std::string Bytes(double value) {
    return {reinterpret_cast<const char*>(&value), sizeof(value)};
  }

  TemporaryDirectory directory_;
  FakeClock clock_{absl::FromUnixSeconds(1700000000)};
  SqliteOptions options_;
  std::unique_ptr<SqliteStore> store_;
};

}  // namespace policytrack::storage

#endif  // POLICYTRACK_TESTS_STORAGE_SQLITE_STORE_FIXTURE_H_
