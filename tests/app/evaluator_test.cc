// Evaluation: what is recomputed, what is written, and what stands when
// something fails.
#include "services/app/evaluator.h"

#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/app/evaluation_plugins.h"
#include "tests/app/evaluation_world.h"

namespace policytrack::app {
namespace {

using testing::HasSubstr;

storage::Commit LastCommit(EvaluationWorld& world) {
  storage::Commit last;
  EXPECT_TRUE(world.store()
                  .Read([&](storage::ReadTransaction& tx) -> absl::Status {
                    last = **tx.GetCommit(tx.revision());
                    return absl::OkStatus();
                  })
                  .ok());
  return last;
}

TEST(EvaluatorTest, AnEvaluationIsOneCommitThatNamesItsInputRevision) {
  EvaluationWorld world;
  world.Put(MakeDataset("datasets/sales"));
  world.Put(MakeIndicator("indicators/change", "plugins/change", {{"value", "datasets/sales"}}));
  const int64_t pushed = world.Push("datasets/sales", {{{}, 2020, 10}, {{}, 2021, 15}});
  world.Evaluate();

  const storage::Commit commit = LastCommit(world);
  EXPECT_EQ(commit.kind, storage::CommitKind::kEvaluation);
  EXPECT_EQ(commit.revision, pushed + 1);
  EXPECT_EQ(commit.input_revision, pushed);
  EXPECT_EQ(commit.principal, "evaluator");
  EXPECT_EQ(world.evaluator().evaluated_revision(), pushed + 1);
  EXPECT_EQ(world.Text("indicators/change", "value"), "2020:missing(5) 2021:5");

  const v1::Evaluation record = world.Read("indicators/change").evaluation;
  EXPECT_EQ(record.input_revision(), pushed);
  EXPECT_EQ(record.revision(), pushed + 1);
  EXPECT_EQ(record.definition_revision(), 2);
  EXPECT_EQ(record.plugin(), "plugins/change");
  EXPECT_EQ(record.plugin_version(), "1.0.0");
  EXPECT_EQ(record.plugin_digest(), world.engine().PluginDigest("plugins/change"));
  EXPECT_EQ(record.parameters_digest().size(), 64u);
  EXPECT_EQ(record.input_digest().size(), 64u);
  EXPECT_EQ(record.failure_reason(), "");
}

int64_t StoredCursor(EvaluationWorld& world) {
  int64_t cursor = -1;
  EXPECT_TRUE(world.store()
                  .Read([&](storage::ReadTransaction& tx) -> absl::Status {
                    cursor = *tx.GetCursor(kEvaluatedCursor);
                    return absl::OkStatus();
                  })
                  .ok());
  return cursor;
}

TEST(EvaluatorTest, WhatConcernsNothingMovesTheStoredCursorOnlyNowAndThen) {
  EvaluationWorld world;
  world.Put(MakeDataset("datasets/sales"));
  world.Put(MakeIndicator("indicators/copy", "plugins/copy", {{"value", "datasets/sales"}}));
  world.Evaluate();
  const int64_t stored = StoredCursor(world);
  EXPECT_EQ(stored, world.store().revision());
  int64_t revision = world.PutPlan("plans/a");
  world.Evaluate();
  EXPECT_EQ(world.evaluator().evaluated_revision(), revision);
  EXPECT_EQ(StoredCursor(world), stored);
  // A restart passes again what the stored cursor has not seen.
  world.Restart();
  world.Evaluate();
  EXPECT_EQ(world.evaluator().evaluated_revision(), revision);
  revision = world.Push("datasets/sales", {{{}, 2020, 10}});
  world.Evaluate();
  EXPECT_EQ(StoredCursor(world), revision + 1);
  EXPECT_EQ(world.Text("indicators/copy", "value"), "2020:10");

  for (int i = 0; i < 1001; ++i) revision = world.PutPlan("plans/a");
  world.Evaluate();
  EXPECT_EQ(StoredCursor(world), revision);
}

TEST(EvaluatorTest, NothingToDoMakesNoCommit) {
  EvaluationWorld world;
  world.Put(MakeDataset("datasets/sales"));
  world.Put(MakeDataset("datasets/other"));
  world.Put(MakeIndicator("indicators/copy", "plugins/copy", {{"value", "datasets/sales"}}));
  world.Evaluate();
  const int64_t before = world.store().revision();
  const int64_t pushed = world.Push("datasets/other", {{{}, 2020, 1}});
  world.Evaluate();
  EXPECT_EQ(world.store().revision(), pushed);
  EXPECT_EQ(pushed, before + 1);
  EXPECT_EQ(world.evaluator().evaluated_revision(), pushed);
}

TEST(EvaluatorTest, OnlyTheAffectedGroupAndWindowGetNewRevisions) {
  EvaluationWorld world;
  world.Put(MakeDataset("datasets/sales", {"region"}));
  world.Put(MakeIndicator("indicators/change", "plugins/change", {{"value", "datasets/sales"}},
                          {"region"}));
  std::vector<Figure> figures;
  for (const char* region : {"east", "west"}) {
    for (int64_t year = 2015; year < 2025; ++year) {
      figures.push_back({{region}, year, static_cast<double>(year * year)});
    }
  }
  world.Push("datasets/sales", figures);
  world.Evaluate();
  const int64_t first = world.store().revision();
  world.Push("datasets/sales", {{{"west"}, 2018, 1}});
  world.Evaluate();
  const int64_t second = world.store().revision();
  ASSERT_GT(second, first);

  for (const ComputedSeries& series : world.Read("indicators/change").series) {
    for (size_t i = 0; i < series.columns.size(); ++i) {
      const int64_t period = series.columns.periods[i];
      const bool affected = series.group_values[0] == "west" && (period == 2018 || period == 2019);
      EXPECT_EQ(series.columns.revisions[i], affected ? second : first)
          << series.group_values[0] << " " << period;
    }
  }
}

TEST(EvaluatorTest, AChainIsEvaluatedInOneCommit) {
  EvaluationWorld world;
  world.Put(MakeDataset("datasets/sales"));
  // Named so that the order of names is not the order of evaluation.
  world.Put(MakeIndicator("indicators/z", "plugins/total", {{"value", "datasets/sales"}}));
  world.Put(MakeIndicator("indicators/m", "plugins/change", {{"value", "indicators/z#value"}}));
  world.Put(MakeIndicator("indicators/a", "plugins/copy", {{"value", "indicators/m#value"}}));
  world.Push("datasets/sales", {{{}, 2020, 10}, {{}, 2021, 15}, {{}, 2022, 30}});
  world.Evaluate();
  EXPECT_EQ(world.Text("indicators/z", "value"), "2020:10 2021:25 2022:55");
  EXPECT_EQ(world.Text("indicators/a", "value"), "2020:missing(5) 2021:15 2022:30");
  const int64_t before = world.store().revision();
  world.Push("datasets/sales", {{{}, 2021, 16}});
  world.Evaluate();
  EXPECT_EQ(world.store().revision(), before + 2);
  EXPECT_EQ(world.Text("indicators/a", "value"), "2020:missing(5) 2021:16 2022:30");
}

TEST(EvaluatorTest, ADeletedFigureTakesItsResultsAway) {
  EvaluationWorld world;
  world.Put(MakeDataset("datasets/sales"));
  world.Put(MakeIndicator("indicators/change", "plugins/change", {{"value", "datasets/sales"}}));
  world.Push("datasets/sales", {{{}, 2020, 10}, {{}, 2021, 15}, {{}, 2022, 18}});
  world.Evaluate();
  const int64_t before = world.store().revision();
  world.Push("datasets/sales", {Gone({}, 2021)});
  world.Evaluate();
  EXPECT_EQ(world.Text("indicators/change", "value"), "2020:missing(5) 2022:missing(5)");
  EXPECT_EQ(world.Text("indicators/change", "value", {}, before), "2020:missing(5) 2021:5 2022:3");
  world.Push("datasets/sales", {Gone({}, 2020), Gone({}, 2022)});
  world.Evaluate();
  EXPECT_EQ(world.Text("indicators/change", "value"), "");
}

TEST(EvaluatorTest, AFailingPluginKeepsTheLastGoodPointsAndStopsNoOther) {
  EvaluationWorld world;
  bool fail = false;
  ASSERT_TRUE(world.engine()
                  .AddPlugin(CalculatorDescriptor("moody", {"value"}, "@value"), {0, 0},
                             [&fail](const auto&, const auto& inputs, PeriodRange window,
                                     const auto&) -> absl::StatusOr<std::vector<Columns>> {
                               if (fail) {
                                 return Error(absl::StatusCode::kInternal, reason::kPluginFailed,
                                              "out of sorts");
                               }
                               return std::vector<Columns>{inputs[0]->Slice(window)};
                             })
                  .ok());
  world.Put(MakeDataset("datasets/sales"));
  world.Put(MakeIndicator("indicators/moody", "plugins/moody", {{"value", "datasets/sales"}}));
  world.Put(MakeIndicator("indicators/zeal", "plugins/copy", {{"value", "datasets/sales"}}));
  world.Push("datasets/sales", {{{}, 2020, 10}});
  world.Evaluate();
  const int64_t good = world.store().revision();

  fail = true;
  world.Push("datasets/sales", {{{}, 2020, 11}, {{}, 2021, 12}});
  world.Evaluate();
  const int64_t failed = world.store().revision();
  EXPECT_EQ(world.Text("indicators/moody", "value"), "2020:10");
  EXPECT_EQ(world.Text("indicators/zeal", "value"), "2020:11 2021:12");
  ComputedView view = world.Read("indicators/moody");
  EXPECT_EQ(view.evaluation.failure_reason(), "PLUGIN_FAILED");
  EXPECT_THAT(view.evaluation.failure_message(), HasSubstr("out of sorts"));
  EXPECT_EQ(view.evaluation.input_revision(), good + 1);
  ASSERT_FALSE(world.log().empty());
  EXPECT_THAT(world.log().back(), HasSubstr("indicators/moody"));

  // The next success brings in what was not seen, not only what changed since.
  fail = false;
  world.Push("datasets/sales", {{{}, 2022, 13}});
  world.Evaluate();
  EXPECT_EQ(world.Text("indicators/moody", "value"), "2020:11 2021:12 2022:13");
  EXPECT_EQ(world.Read("indicators/moody").evaluation.failure_reason(), "");
  // History keeps what was said then.
  EXPECT_EQ(world.Text("indicators/moody", "value", {}, failed), "2020:10");
  EXPECT_EQ(world.Read("indicators/moody", failed).evaluation.failure_reason(), "PLUGIN_FAILED");
}

TEST(EvaluatorTest, AnInactivePluginIsSaidAndRecoveredFromAtTheNextStart) {
  EvaluationWorld world;
  world.Put(MakeDataset("datasets/sales"));
  world.Put(MakeIndicator("indicators/copy", "plugins/copy", {{"value", "datasets/sales"}}));
  world.Push("datasets/sales", {{{}, 2020, 10}});
  world.Evaluate();

  world.engine().SetState("plugins/copy", v1::PLUGIN_STATE_NOT_TRUSTED, "its digest is not listed");
  // Said at once, even before evaluation has noticed.
  ComputedView view = world.Read("indicators/copy");
  EXPECT_EQ(view.evaluation.failure_reason(), "PLUGIN_NOT_ACTIVE");
  EXPECT_THAT(view.evaluation.failure_message(), HasSubstr("its digest is not listed"));
  EXPECT_EQ(world.Text("indicators/copy", "value"), "2020:10");

  world.Restart();
  world.Push("datasets/sales", {{{}, 2021, 11}});
  world.Evaluate();
  EXPECT_EQ(world.Text("indicators/copy", "value"), "2020:10");
  EXPECT_EQ(world.Read("indicators/copy").evaluation.failure_reason(), "PLUGIN_NOT_ACTIVE");

  world.engine().SetState("plugins/copy", v1::PLUGIN_STATE_ACTIVE, "");
  world.Restart();
  world.Evaluate();
  EXPECT_EQ(world.Text("indicators/copy", "value"), "2020:10 2021:11");
  EXPECT_EQ(world.Read("indicators/copy").evaluation.failure_reason(), "");
}

TEST(EvaluatorTest, ANewPluginDigestRecomputesAtStart) {
  EvaluationWorld world;
  world.Put(MakeDataset("datasets/sales"));
  world.Put(MakeIndicator("indicators/copy", "plugins/copy", {{"value", "datasets/sales"}}));
  world.Push("datasets/sales", {{{}, 2020, 10}});
  world.Evaluate();
  const int64_t before = world.store().revision();
  world.Restart();
  world.Evaluate();
  EXPECT_EQ(world.store().revision(), before) << "a start alone makes no commit";

  ASSERT_TRUE(world.engine()
                  .AddPlugin(CalculatorDescriptor("copy", {"value"}, "@value"), {0, 0},
                             [](const auto& axis, const auto& inputs, PeriodRange window,
                                const auto&) -> absl::StatusOr<std::vector<Columns>> {
                               Columns out;
                               for (size_t i = 0; i < axis.size(); ++i) {
                                 if (window.Contains(axis[i])) {
                                   out.Append(axis[i], inputs[0]->values[i] + 1, kNormal);
                                 }
                               }
                               return std::vector<Columns>{out};
                             })
                  .ok());
  world.engine().SetDigest("plugins/copy", std::string(64, 'a'));
  world.Restart();
  world.Evaluate();
  EXPECT_EQ(world.Text("indicators/copy", "value"), "2020:11");
  EXPECT_EQ(world.Read("indicators/copy").evaluation.plugin_digest(), std::string(64, 'a'));
  EXPECT_EQ(world.Text("indicators/copy", "value", {}, before), "2020:10");
}

TEST(EvaluatorTest, AChangedDefinitionIsEvaluatedWholeAndADeletedOneHasNoPoints) {
  EvaluationWorld world;
  world.Put(MakeDataset("datasets/sales", {"region"}));
  v1::Indicator indicator =
      MakeIndicator("indicators/x", "plugins/copy", {{"value", "datasets/sales"}}, {"region"});
  world.Put(indicator);
  world.Push("datasets/sales", {{{"east"}, 2020, 1}, {{"west"}, 2020, 2}, {{"_T"}, 2020, 3}});
  world.Evaluate();
  const int64_t grouped = world.store().revision();
  EXPECT_EQ(world.Text("indicators/x", "value", {"west"}), "2020:2");
  EXPECT_EQ(world.Text("indicators/x", "value", {"_T"}), "2020:3");

  indicator.clear_group_by();
  indicator.mutable_inputs(0)->set_aggregation(v1::AGGREGATION_SUM);
  world.Put(indicator);
  world.Evaluate();
  EXPECT_EQ(world.Text("indicators/x", "value"), "2020:3");
  EXPECT_EQ(world.Read("indicators/x").series.size(), 1u);
  EXPECT_EQ(world.Text("indicators/x", "value", {"west"}, grouped), "2020:2");

  world.Delete("indicators/x");
  world.Evaluate();
  const absl::Status gone = world.store().Read([&](storage::ReadTransaction& tx) -> absl::Status {
    const auto series = tx.FindSeries("indicators/x", "value", "");
    EXPECT_TRUE(tx.ReadSeries((*series)->id, {}, storage::kPresent)->empty());
    return ReadComputed(tx, world.engine(), "indicators/x", storage::kPresent, {}).status();
  });
  EXPECT_EQ(gone.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReasonOf(gone), "RESOURCE_NOT_FOUND");
  EXPECT_EQ(world.Text("indicators/x", "value", {"west"}, grouped), "2020:2");
}

TEST(EvaluatorTest, AnOutputThatAPluginNoLongerHasIsTakenAway) {
  EvaluationWorld world;
  world.Put(MakeDataset("datasets/sales"));
  world.Put(MakeIndicator("indicators/x", "plugins/copy", {{"value", "datasets/sales"}}));
  world.Push("datasets/sales", {{{}, 2020, 1}});
  world.Evaluate();
  v1::PluginDescriptor renamed = CalculatorDescriptor("copy", {"value"}, "@value");
  renamed.mutable_outputs(0)->set_name("level");
  ASSERT_TRUE(world.engine()
                  .AddPlugin(renamed, {0, 0},
                             [](const auto&, const auto& inputs, PeriodRange window,
                                const auto&) -> absl::StatusOr<std::vector<Columns>> {
                               return std::vector<Columns>{inputs[0]->Slice(window)};
                             })
                  .ok());
  world.evaluator().RecheckAll();
  world.Evaluate();
  EXPECT_EQ(world.Text("indicators/x", "value"), "");
  EXPECT_EQ(world.Text("indicators/x", "level"), "2020:1");
}

TEST(EvaluatorTest, ACrashBeforeAPassIsResumedFromTheDurableCursor) {
  EvaluationWorld world;
  world.Put(MakeDataset("datasets/sales"));
  world.Put(MakeIndicator("indicators/x", "plugins/copy", {{"value", "datasets/sales"}}));
  world.Push("datasets/sales", {{{}, 2020, 1}});
  world.Evaluate();
  world.Push("datasets/sales", {{{}, 2021, 2}});
  world.Reopen();
  EXPECT_EQ(world.Text("indicators/x", "value"), "2020:1");
  world.Evaluate();
  EXPECT_EQ(world.Text("indicators/x", "value"), "2020:1 2021:2");
  world.Reopen();
  const int64_t before = world.store().revision();
  world.Evaluate();
  EXPECT_EQ(world.store().revision(), before);
}

TEST(EvaluatorTest, TheThreadFollowsTheStoreAndWaitsAreBounded) {
  EvaluationWorld world;
  world.Put(MakeDataset("datasets/sales"));
  world.Put(MakeIndicator("indicators/x", "plugins/copy", {{"value", "datasets/sales"}}));
  const absl::Status behind = world.evaluator().WaitFor(2, absl::Now() - absl::Seconds(1));
  EXPECT_EQ(behind.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(ReasonOf(behind), "EVALUATION_BEHIND");

  world.evaluator().Start();
  const int64_t pushed = world.Push("datasets/sales", {{{}, 2020, 1}});
  const absl::Status caught_up = world.evaluator().WaitFor(pushed, absl::Now() + absl::Minutes(1));
  EXPECT_TRUE(caught_up.ok()) << caught_up;
  EXPECT_EQ(world.Text("indicators/x", "value"), "2020:1");
  world.evaluator().Stop();
  const absl::Status stopped =
      world.evaluator().WaitFor(pushed + 1000, absl::Now() + absl::Minutes(1));
  EXPECT_EQ(ReasonOf(stopped), "SERVER_STOPPING");
}

TEST(EvaluatorTest, OverAStoreThatNobodyWritesItKnowsHowFarItCameAndWaitsForNothing) {
  EvaluationWorld world;
  world.Put(MakeDataset("datasets/sales"));
  world.Put(MakeIndicator("indicators/x", "plugins/copy", {{"value", "datasets/sales"}}));
  const int64_t pushed = world.Push("datasets/sales", {{{}, 2020, 1}});
  world.Evaluate();
  world.Reopen();
  ASSERT_TRUE(world.evaluator().Freeze().ok());
  EXPECT_TRUE(world.evaluator().WaitFor(pushed, absl::InfinitePast()).ok());
  const absl::Status never = world.evaluator().WaitFor(pushed + 1000, absl::InfiniteFuture());
  EXPECT_EQ(never.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(never), "STORE_READ_ONLY");
}

TEST(EvaluatorTest, AnAppendedDimensionLeavesTheFiguresWhereTheyWere) {
  EvaluationWorld world;
  world.Put(MakeDataset("datasets/sales", {"region"}));
  world.Put(
      MakeIndicator("indicators/x", "plugins/copy", {{"value", "datasets/sales"}}, {"region"}));
  world.Push("datasets/sales", {{{"east"}, 2020, 1}});
  world.Evaluate();
  world.Put(MakeDataset("datasets/sales", {"region", "fuel"}));
  world.Push("datasets/sales", {{{"east", "electric"}, 2020, 7}, {{"west", "_T"}, 2020, 2}});
  world.Evaluate();
  EXPECT_EQ(world.Text("indicators/x", "value", {"east"}), "2020:1");
  EXPECT_EQ(world.Text("indicators/x", "value", {"west"}), "2020:2");
}

}  // namespace
}  // namespace policytrack::app
