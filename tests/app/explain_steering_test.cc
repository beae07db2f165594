// What steers, in sentences: which are said, and which are not.
#include "services/app/explain_steering.h"

#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace policytrack::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

v1::TargetProgress Judged() {
  v1::TargetProgress progress;
  progress.set_period("2023");
  progress.set_unit("vehicles");
  progress.set_latest_status(v1::OBSERVATION_STATUS_NORMAL);
  return progress;
}

std::vector<std::string> Sentences(const v1::TargetProgress& progress) {
  v1::ExplainProgressResponse response;
  AddSteeringSentences(progress, &response);
  return {response.sentences().begin(), response.sentences().end()};
}

TEST(ExplainSteeringTest, NothingIsSaidOfWhatIsNotKnown) {
  EXPECT_THAT(Sentences(Judged()), IsEmpty());
  v1::TargetProgress half = Judged();
  half.set_best_pace(4);    // without a period from which it is too slow
  half.set_flip_change(2);  // without the status that follows
  EXPECT_THAT(Sentences(half), IsEmpty());
}

TEST(ExplainSteeringTest, OutOfReachFromAPeriodOnOrAlready) {
  v1::TargetProgress progress = Judged();
  progress.set_best_pace(12.5);
  progress.set_out_of_reach_period("2025");
  EXPECT_THAT(Sentences(progress),
              ElementsAre("The best pace seen is 12.5 vehicles a year; at that pace the target is "
                          "out of reach from 2025 on."));
  progress.set_out_of_reach_period("2023");
  progress.set_best_pace(-3);
  EXPECT_THAT(Sentences(progress),
              ElementsAre("The best pace seen is -3 vehicles a year; at that pace the target is "
                          "out of reach already."));
}

TEST(ExplainSteeringTest, TheSmallestChangeThatFlipsUpAndDown) {
  v1::TargetProgress progress = Judged();
  progress.set_flip_change(7);
  progress.set_flip_status(v1::PROGRESS_STATUS_ON_TRACK);
  EXPECT_THAT(
      Sentences(progress),
      ElementsAre(
          "If the value for 2023 were 7 vehicles higher, the judgement would be on track."));
  progress.set_flip_change(-0.5);
  progress.set_flip_status(v1::PROGRESS_STATUS_DETERIORATING);
  progress.set_unit("percent");
  EXPECT_THAT(Sentences(progress),
              ElementsAre("If the value for 2023 were 0.5 percentage points lower, the judgement "
                          "would be deteriorating."));
}

// The number as it is printed must flip: a threshold that must be passed lies a
// double beyond it, and what is rounded down does not reach it.
TEST(ExplainSteeringTest, AFlipIsTrueOfTheNumberThatIsPrinted) {
  v1::TargetProgress progress = Judged();
  progress.set_latest_value(110);
  progress.set_flip_status(v1::PROGRESS_STATUS_ON_TRACK);
  for (const double change : {std::nextafter(3.0, 4.0), 3.0000001}) {
    progress.set_flip_change(change);
    EXPECT_THAT(Sentences(progress),
                ElementsAre("If the value for 2023 were more than 3 vehicles higher, the judgement "
                            "would be on track."));
  }
  progress.set_flip_change(2.99999999);
  EXPECT_THAT(Sentences(progress), ElementsAre("If the value for 2023 were 3 vehicles higher, the "
                                               "judgement would be on track."));
  for (const double change : {-1.000000082740371e-08, -7.10543e-15, 0.0}) {
    progress.set_flip_change(change);
    EXPECT_THAT(Sentences(progress),
                ElementsAre(absl::StrCat("The value for 2023 is on the threshold: were it any ",
                                         change < 0 ? "lower" : "higher",
                                         ", the judgement would be on track.")));
  }
  // A small value is not a rounded one.
  progress.set_latest_value(1e-9);
  progress.set_flip_change(1e-9);
  EXPECT_THAT(Sentences(progress), ElementsAre("If the value for 2023 were 1e-09 vehicles higher, "
                                               "the judgement would be on track."));
}

// Of the value itself it has been said what it is; of others that the judgement rests
// on it has not.
TEST(ExplainSteeringTest, AJudgementThatRestsOnProvisionalInput) {
  v1::TargetProgress progress = Judged();
  progress.set_rests_on_provisional(true);
  const std::pair<v1::ObservationStatus, const char*> cases[] = {
      {v1::OBSERVATION_STATUS_PROVISIONAL, "provisional"},
      {v1::OBSERVATION_STATUS_ESTIMATED, "estimated"},
      {v1::OBSERVATION_STATUS_IMPUTED, "imputed"},
      {v1::OBSERVATION_STATUS_FORECAST, "a forecast"}};
  for (const auto& [status, word] : cases) {
    progress.set_worst_input_status(status);
    EXPECT_THAT(Sentences(progress),
                ElementsAre(std::string("The judgement rests on figures that are not final; the "
                                        "worst of them is ") +
                            word + "."));
  }
  progress.set_latest_status(v1::OBSERVATION_STATUS_FORECAST);
  EXPECT_THAT(Sentences(progress), IsEmpty());
}

}  // namespace
}  // namespace policytrack::app
