// What every implementation of Store must do, as tests over a factory. An
// implementation instantiates StoreConformanceTest with its own.
#ifndef POLICYTRACK_TESTS_STORAGE_STORE_CONFORMANCE_H_
#define POLICYTRACK_TESTS_STORAGE_STORE_CONFORMANCE_H_

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/clock.h"
#include "gtest/gtest.h"
#include "storage/store.h"

namespace policytrack::storage {

// A store on data of its own, which it removes at the end.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual Store& store() = 0;
  // Closes it and opens it again on the same data.
  virtual void Reopen() = 0;
  // The implementation's own check of everything stored.
  virtual absl::Status Verify() = 0;
};

struct StoreFactory {
  std::string name;
  std::function<std::unique_ptr<StoreUnderTest>(Clock*)> make;
};
inline void PrintTo(const StoreFactory& factory, std::ostream* out) { *out << factory.name; }

// One point, for literals.
struct Point {
  int64_t period = 0;
  double value = 0;
  Flags flags = kNormal;
};
SeriesWrite MakeWrite(std::string output, std::string key, const std::vector<Point>& points,
                      std::vector<int64_t> deletions = {});
// (period, value, revision) of each point.
using Rows = std::vector<std::tuple<int64_t, double, int64_t>>;
Rows RowsOf(const Columns& columns);

class StoreConformanceTest : public testing::TestWithParam<StoreFactory> {
 protected:
  StoreConformanceTest()
      : clock_(absl::FromUnixSeconds(1700000000)), under_test_(GetParam().make(&clock_)) {}

  Store& store() { return under_test_->store(); }
  void Reopen() { under_test_->Reopen(); }
  void ExpectVerified() {
    const absl::Status status = under_test_->Verify();
    EXPECT_TRUE(status.ok()) << status;
  }

  // Each expects success.
  int64_t Write(const Store::WriteBody& body, WriteOptions options = {});
  int64_t Put(const std::string& name, const std::string& body, bool deleted = false,
              const std::vector<std::string>& references = {});
  WriteCounts Push(const std::string& parent, std::vector<SeriesWrite> writes,
                   CommitKind kind = CommitKind::kPush);
  // Points of a series as of a revision; none where the series is not there.
  Rows ReadRows(const std::string& parent, const std::string& output, const std::string& key,
                int64_t as_of = kPresent, PeriodRange range = {});
  void Read(const std::function<void(ReadTransaction&)>& body);

  FakeClock clock_;

 private:
  std::unique_ptr<StoreUnderTest> under_test_;
};

}  // namespace policytrack::storage

#endif  // POLICYTRACK_TESTS_STORAGE_STORE_CONFORMANCE_H_
