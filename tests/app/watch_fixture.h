// Watches read from the commit log of a small world, without streams.
#ifndef POLICYTRACK_TESTS_APP_WATCH_FIXTURE_H_
#define POLICYTRACK_TESTS_APP_WATCH_FIXTURE_H_

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "services/app/watch_log.h"
#include "tests/app/evaluation_plugins.h"
#include "tests/app/evaluation_world.h"
#include "tests/app/held_engine.h"

namespace policytrack::app {

inline v1::WatchEventsRequest After(int64_t revision) {
  v1::WatchEventsRequest request;
  request.set_after_revision(revision);
  return request;
}

class WatchLogTest : public testing::Test {
 protected:
  WatchLogTest() { Limit({}); }

  void Limit(const WatchLog::Limits& limits) {
    log_ = std::make_unique<WatchLog>(&world_.store(), &engine_, limits);
  }

  Watch Begin(const v1::WatchEventsRequest& request) {
    auto watch = log_->Begin(request);
    EXPECT_TRUE(watch.ok()) << watch.status();
    return watch.ok() ? *std::move(watch) : Watch();
  }

  // Judges what `watch` waits for.
  void Judge(const Watch& watch) {
    const absl::Status judged = log_->Judge(watch.told.revision + 1, *watch.selection, stop_);
    ASSERT_TRUE(judged.ok()) << judged;
  }

  // Everything up to the present.
  std::vector<v1::WatchEventsResponse> Rest(Watch* watch) {
    std::vector<v1::WatchEventsResponse> all;
    while (true) {
      const auto step = log_->Next(watch);
      EXPECT_TRUE(step.ok()) << step.status();
      if (!step.ok() || step->state == WatchLog::State::kPresent ||
          step->state == WatchLog::State::kEnd)
        return all;
      if (step->state == WatchLog::State::kJudge) Judge(*watch);
      if (step->state == WatchLog::State::kMessage) {
        EXPECT_TRUE(all.emplace_back().ParseFromString(*step->message));
      }
    }
  }
  std::vector<v1::WatchEventsResponse> All(const v1::WatchEventsRequest& request) {
    Watch watch = Begin(request);
    return Rest(&watch);
  }
  std::vector<std::string> Words(const v1::WatchEventsRequest& request) {
    std::vector<std::string> words;
    for (const auto& response : All(request)) {
      for (const v1::Event& event : response.events()) {
        words.push_back(v1::EventKind_Name(event.kind()).substr(11) + " " + event.name());
      }
    }
    return words;
  }

  void MakeJudged() {
    world_.PutPlan("plans/p");
    world_.Put(MakeDataset("datasets/sales", {"region"}));
    world_.Put(
        MakeIndicator("indicators/x", "plugins/copy", {{"value", "datasets/sales"}}, {"region"}));
    measure_ = MakeMeasure("measures/m", "indicators/x", "value", "2025", 200);
    (*measure_.mutable_targets(0)->mutable_group())["region"] = "east";
    world_.Put(measure_);
  }

  EvaluationWorld world_;
  HeldEngine engine_{&world_.engine()};  // of the log alone
  std::atomic<bool> stop_{false};
  v1::Measure measure_;
  std::unique_ptr<WatchLog> log_;
};

}  // namespace policytrack::app

#endif  // POLICYTRACK_TESTS_APP_WATCH_FIXTURE_H_
