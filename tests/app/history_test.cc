// The list of commits: a commit of very many changes is cut, and says so.
#include "services/app/history.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/app/evaluation_world.h"

namespace policytrack::app {
namespace {

TEST(HistoryTest, ACommitOfManyChangesSaysHowManyThereAre) {
  EvaluationWorld world;
  world.PutPlan("plans/a");
  const auto revision = world.store().Write({}, [](storage::WriteTransaction& tx) -> absl::Status {
    for (int i = 0; i < 1001; ++i) {
      const absl::Status put = tx.PutDocument(absl::StrCat("plans/p-", i), "", false, {});
      if (!put.ok()) return put;
    }
    return absl::OkStatus();
  });
  ASSERT_TRUE(revision.ok()) << revision.status();
  History history(&world.store());
  const auto list = history.List({});
  ASSERT_TRUE(list.ok()) << list.status();
  ASSERT_EQ(list->commits_size(), 2);
  EXPECT_EQ(list->commits(0).changes_size(), 1000);
  EXPECT_EQ(list->commits(0).change_count(), 1001);
  EXPECT_EQ(list->commits(1).change_count(), 1);
  const auto one = history.Get(absl::StrCat("commits/", *revision));
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_EQ(one->change_count(), 1001);
}

}  // namespace
}  // namespace policytrack::app
