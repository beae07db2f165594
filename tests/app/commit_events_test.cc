// What a commit did, as events of each kind.
#include <map>
#include <random>
#include <string>
#include <vector>

#include "core/digest.h"
#include "core/error.h"
#include "gmock/gmock.h"
#include "tests/app/watch_fixture.h"

namespace policytrack::app {
namespace {

using testing::ElementsAre;
using CommitEventsTest = WatchLogTest;

TEST_F(CommitEventsTest, EachKindOfEventOfADocument) {
  world_.PutPlan("plans/p");  // 1
  world_.PutPlan("plans/p");  // 2
  world_.Delete("plans/p");   // 3
  world_.PutPlan("plans/p");  // 4: anew, under an old name
  const auto put = [&](bool deleted, bool soft) {
    v1::Measure measure;
    measure.set_name("measures/m");
    if (soft) measure.mutable_delete_time()->set_seconds(1);
    EXPECT_TRUE(world_.store()
                    .Write({},
                           [&](storage::WriteTransaction& tx) {
                             return tx.PutDocument("measures/m", DeterministicBytes(measure),
                                                   deleted, {});
                           })
                    .ok());
  };
  put(false, false);  // 5
  put(true, true);    // 6
  put(false, false);  // 7: brought back
  put(true, true);    // 8
  put(true, false);   // 9: purged
  put(false, false);  // 10: anew
  EXPECT_THAT(Words(After(0)),
              ElementsAre("DOCUMENT_CREATED plans/p", "DOCUMENT_UPDATED plans/p",
                          "DOCUMENT_DELETED plans/p", "DOCUMENT_CREATED plans/p",
                          "DOCUMENT_CREATED measures/m", "DOCUMENT_DELETED measures/m",
                          "DOCUMENT_UNDELETED measures/m", "DOCUMENT_DELETED measures/m",
                          "DOCUMENT_DELETED measures/m", "DOCUMENT_CREATED measures/m"));
}

TEST_F(CommitEventsTest, WhatChangedInObservations) {
  world_.Put(MakeDataset("datasets/sales", {"region"}));
  world_.Push("datasets/sales", {{{"east"}, 2020, 1}, {{"west"}, 2024, 1}});
  world_.Push("datasets/sales", {{{"east"}, 2020, 2}, {{"east"}, 2021, 2}, Gone({"west"}, 2024)});
  const auto told = All(After(1));
  ASSERT_EQ(told.size(), 2u);
  const v1::Event& first = told[0].events(0);
  EXPECT_EQ(first.kind(), v1::EVENT_KIND_OBSERVATIONS_CHANGED);
  EXPECT_EQ(first.name(), "datasets/sales");
  EXPECT_EQ(first.revision(), 2);
  EXPECT_EQ(first.created_count(), 2);
  EXPECT_EQ(first.series_count(), 2);
  EXPECT_EQ(first.start_period() + " " + first.end_period(), "2020 2024");
  const v1::Event& second = told[1].events(0);
  EXPECT_EQ(second.created_count(), 1);
  EXPECT_EQ(second.revised_count(), 1);
  EXPECT_EQ(second.deleted_count(), 1);
  // The figures of a dataset that goes with them still have their periods.
  EXPECT_TRUE(world_.store()
                  .Write({},
                         [](storage::WriteTransaction& tx) {
                           PT_RETURN_IF_ERROR(tx.DeleteAllSeries("datasets/sales").status());
                           return tx.PutDocument("datasets/sales", "", true, {});
                         })
                  .ok());
  const auto gone = All(After(3));
  ASSERT_EQ(gone.size(), 1u);
  ASSERT_EQ(gone[0].events_size(), 2);
  EXPECT_EQ(gone[0].events(0).kind(), v1::EVENT_KIND_DOCUMENT_DELETED);
  EXPECT_EQ(gone[0].events(1).start_period() + " " + gone[0].events(1).end_period(), "2020 2021");
}

// The events tell every change of status that Explain tells, at the commit of the
// evaluation that found it, each going on from the one before.
TEST_F(CommitEventsTest, ChangesOfStatusAreThoseOfExplain) {
  MakeJudged();
  std::map<int64_t, std::string> explained;  // by revision of the evaluation
  std::string last;
  const auto evaluate = [&] {
    world_.Evaluate();
    const auto answer = world_.Explain("measures/m/targets/t");
    const std::string change = answer.last_change().SerializeAsString();
    if (answer.has_last_change() && change != last) {
      explained[world_.store().revision()] = last = change;
    }
  };
  evaluate();
  std::mt19937 random(7);
  for (int i = 0; i < 40; ++i) {
    const auto year = static_cast<int64_t>(2020 + random() % 4);
    const double value = static_cast<double>(100 + random() % 100);
    world_.Push("datasets/sales", {{{"east"}, year, value}, {{"west"}, year, value}});
    evaluate();
  }
  ASSERT_GT(explained.size(), 3u);
  v1::WatchEventsRequest request = After(0);
  request.add_kinds(v1::EVENT_KIND_STATUS_CHANGED);
  std::map<int64_t, std::string> told;
  v1::ProgressStatus status = v1::PROGRESS_STATUS_UNSPECIFIED;
  for (const auto& response : All(request)) {
    ASSERT_EQ(response.events_size(), 1);
    const v1::StatusChange& change = response.events(0).status_change();
    EXPECT_EQ(response.events(0).name(), "measures/m/targets/t");
    if (status != v1::PROGRESS_STATUS_UNSPECIFIED) {
      EXPECT_EQ(change.from_status(), status);
    }
    status = change.to_status();
    told[response.revision()] = change.SerializeAsString();
  }
  EXPECT_EQ(told, explained);
}

TEST_F(CommitEventsTest, AnEvaluationIsOneEventAndItsOutputsOthers) {
  MakeJudged();
  world_.Push("datasets/sales", {{{"east"}, 2020, 100}, {{"east"}, 2021, 119}});
  const int64_t pushed = world_.store().revision();
  world_.Evaluate();
  const auto told = All(After(pushed));
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told[0].commit().kind(), v1::COMMIT_KIND_EVALUATION);
  EXPECT_EQ(told[0].events(0).kind(), v1::EVENT_KIND_EVALUATED);
  EXPECT_EQ(told[0].events(0).name(), told[0].commit().name());
  EXPECT_EQ(told[0].events(0).input_revision(), pushed);
  std::vector<std::string> names;
  for (const v1::Event& event : told[0].events()) {
    if (event.kind() == v1::EVENT_KIND_OBSERVATIONS_CHANGED) names.push_back(event.name());
  }
  EXPECT_THAT(names, ElementsAre("indicators/x", "measures/m/targets/t"));
}

}  // namespace
}  // namespace policytrack::app
