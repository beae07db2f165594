// What those who operate a server are told of evaluation: how far behind it is, and
// what failed.
#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/app/evaluator.h"
#include "tests/app/evaluation_plugins.h"
#include "tests/app/evaluation_world.h"

namespace policytrack::app {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(EvaluatorStatsTest, TheLagIsWhatHasNotBeenPassed) {
  EvaluationWorld world;
  EXPECT_EQ(world.evaluator().stats().lag_revisions, 0);
  world.Put(MakeDataset("datasets/sales"));
  const int64_t pushed = world.Push("datasets/sales", {{{}, 2020, 10}});
  EXPECT_EQ(world.evaluator().stats().lag_revisions, pushed);
  world.Evaluate();
  EXPECT_EQ(world.evaluator().stats().lag_revisions, 0);
  EXPECT_EQ(world.evaluator().stats().lag, absl::ZeroDuration());
  EXPECT_GE(world.evaluator().stats().passes, 1);
}

TEST(EvaluatorStatsTest, TheLagInTimeGrowsWhileAPluginComputes) {
  EvaluationWorld world;
  absl::Mutex mutex;
  bool computing = false, go_on = false;
  ASSERT_TRUE(world.engine()
                  .AddPlugin(CalculatorDescriptor("slow", {"value"}, "@value"), {0, 0},
                             [&](const auto&, const auto& inputs, PeriodRange window,
                                 const auto&) -> absl::StatusOr<std::vector<Columns>> {
                               absl::MutexLock lock(&mutex);
                               computing = true;
                               mutex.Await(absl::Condition(&go_on));
                               return std::vector<Columns>{inputs[0]->Slice(window)};
                             })
                  .ok());
  world.Put(MakeDataset("datasets/sales"));
  world.Put(MakeIndicator("indicators/slow", "plugins/slow", {{"value", "datasets/sales"}}));
  world.evaluator().Start();
  const int64_t pushed = world.Push("datasets/sales", {{{}, 2020, 10}});
  {
    absl::MutexLock lock(&mutex);
    ASSERT_TRUE(mutex.AwaitWithTimeout(absl::Condition(&computing), absl::Seconds(60)));
  }
  const Evaluator::Stats first = world.evaluator().stats();
  EXPECT_GT(first.lag_revisions, 0);
  EXPECT_GT(first.lag, absl::ZeroDuration());
  EXPECT_GT(world.evaluator().stats().lag, first.lag);
  {
    absl::MutexLock lock(&mutex);
    go_on = true;
  }
  ASSERT_TRUE(world.evaluator().WaitFor(pushed, absl::Now() + absl::Seconds(60)).ok());
  world.evaluator().Stop();
}

TEST(EvaluatorStatsTest, FailuresAreCountedByPluginAndReasonAlsoWhenTheySayTheSameAgain) {
  EvaluationWorld world;
  ASSERT_TRUE(world.engine()
                  .AddPlugin(CalculatorDescriptor("fails", {"value"}, "@value"), {0, 0},
                             [](const auto&, const auto&, PeriodRange,
                                const auto&) -> absl::StatusOr<std::vector<Columns>> {
                               return Error(absl::StatusCode::kInternal, reason::kPluginFailed,
                                            "no");
                             })
                  .ok());
  world.Put(MakeDataset("datasets/sales"));
  world.Put(MakeIndicator("indicators/fails", "plugins/fails", {{"value", "datasets/sales"}}));
  for (int year = 2020; year < 2023; ++year) {
    world.Push("datasets/sales", {{{}, year, 10}});
    world.Evaluate();
  }
  EXPECT_THAT(world.evaluator().stats().failures,
              ElementsAre(Pair(Pair("plugins/fails", "PLUGIN_FAILED"), 3)));
}

}  // namespace
}  // namespace policytrack::app
