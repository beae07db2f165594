#include "storage/sqlite/guard.h"

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace policytrack::storage::sqlite {
namespace {

void ExpectError(int code, absl::StatusCode expected, const std::string& expected_reason) {
  const absl::Status status = StatusOfCode(code);
  EXPECT_EQ(status.code(), expected) << code;
  EXPECT_EQ(ReasonOf(status), expected_reason) << code;
}

TEST(SqliteGuardTest, CodesAreMappedWithTheirExtensions) {
  for (const int code : {SQLITE_BUSY, SQLITE_BUSY_SNAPSHOT, SQLITE_LOCKED}) {
    ExpectError(code, absl::StatusCode::kUnavailable, reason::kStoreBusy);
  }
  ExpectError(SQLITE_FULL, absl::StatusCode::kUnavailable, reason::kStoreFull);
  for (const int code : {SQLITE_CORRUPT, SQLITE_CORRUPT_INDEX, SQLITE_NOTADB}) {
    ExpectError(code, absl::StatusCode::kInternal, reason::kStoreDamaged);
  }
  ExpectError(SQLITE_IOERR_SHMSIZE, absl::StatusCode::kUnavailable, reason::kStoreFull);
  for (const int code : {SQLITE_NOMEM, SQLITE_ERROR, -1}) {
    ExpectError(code, absl::StatusCode::kInternal, "");
  }
}

TEST(SqliteGuardTest, IoErrorsAreToldFromABusyDatabase) {
  for (const int code : {SQLITE_IOERR, SQLITE_IOERR_FSYNC, SQLITE_CANTOPEN, SQLITE_READONLY}) {
    ExpectError(code, absl::StatusCode::kUnavailable, reason::kStoreBusy);
    EXPECT_TRUE(IsIoError(StatusOfCode(code))) << code;
    EXPECT_EQ(IsOpenError(StatusOfCode(code)), code == SQLITE_CANTOPEN) << code;
  }
  for (const int code : {SQLITE_BUSY, SQLITE_FULL, SQLITE_CORRUPT, SQLITE_NOMEM}) {
    EXPECT_FALSE(IsIoError(StatusOfCode(code))) << code;
  }
  EXPECT_FALSE(IsIoError(absl::OkStatus()));
}

// The commit may be there: nobody is to be told that it is not.
TEST(SqliteGuardTest, ACommitThatIsNotIndexedIsAnIoError) {
  const auto status_of = [](int code) {
    return GuardCommit([&]() -> absl::Status { throw SQLite::Exception("", code); });
  };
  for (const int code : {SQLITE_IOERR_SHMSIZE, SQLITE_NOMEM, SQLITE_IOERR_FSYNC}) {
    EXPECT_TRUE(IsIoError(status_of(code))) << code;
    EXPECT_THAT(std::string(status_of(code).message()), testing::HasSubstr("stored or not"));
  }
  EXPECT_EQ(ReasonOf(status_of(SQLITE_FULL)), reason::kStoreFull);
  EXPECT_EQ(ReasonOf(status_of(SQLITE_CORRUPT)), reason::kStoreDamaged);
  EXPECT_FALSE(IsIoError(status_of(SQLITE_BUSY)));
}

TEST(SqliteGuardTest, ExceptionsBecomeStatusesWithoutTheirText) {
  const absl::Status status = Guard(
      []() -> absl::Status { throw SQLite::Exception("near \"SELECT\": secret.db", SQLITE_BUSY); });
  EXPECT_EQ(ReasonOf(status), reason::kStoreBusy);
  EXPECT_THAT(std::string(status.message()), testing::Not(testing::HasSubstr("SELECT")));
  const absl::Status other = Guard([]() -> absl::Status { throw std::runtime_error("secret.db"); });
  EXPECT_EQ(other.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(other.message()), testing::Not(testing::HasSubstr("secret")));
}

}  // namespace
}  // namespace policytrack::storage::sqlite
