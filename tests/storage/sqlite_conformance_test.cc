// The conformance suite over SqliteStore.
#include "storage/sqlite/sqlite_store.h"
#include "tests/storage/store_conformance.h"
#include "tests/storage/temporary_directory.h"

namespace policytrack::storage {
namespace {

class SqliteUnderTest : public StoreUnderTest {
 public:
  explicit SqliteUnderTest(Clock* clock) : clock_(clock) { Open(); }
  Store& store() override { return *store_; }
  void Reopen() override {
    store_ = nullptr;
    Open();
  }

  absl::Status Verify() override { return store_->Verify(); }

 private:
  void Open() {
    SqliteOptions options;
    options.data_dir = directory_.path();
    auto opened = SqliteStore::Open(options, clock_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
  }

  TemporaryDirectory directory_;
  Clock* const clock_;
  std::unique_ptr<SqliteStore> store_;
};

INSTANTIATE_TEST_SUITE_P(
    Sqlite, StoreConformanceTest,
    testing::Values(StoreFactory{
        "Sqlite", [](Clock* clock) { return std::make_unique<SqliteUnderTest>(clock); }}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace policytrack::storage
