// What changes follows, and only that; the old answer stays, byte for byte: for each
// kind of change by itself.
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/digest.h"
#include "gtest/gtest.h"
#include "services/app/explain.h"
#include "services/app/progress.h"
#include "tests/app/evaluation_plugins.h"
#include "tests/app/evaluation_world.h"

namespace policytrack::app {
namespace {

constexpr char kEast[] = "measures/east";
constexpr char kWest[] = "measures/west";

class VintagesTest : public testing::Test {
 protected:
  VintagesTest() {
    world_.PutPlan("plans/p");
    world_.Put(MakeDataset("datasets/sales", {"region"}));
    indicator_ =
        MakeIndicator("indicators/x", "plugins/change", {{"value", "datasets/sales"}}, {"region"});
    world_.Put(indicator_);
    for (const char* name : {kEast, kWest}) {
      v1::Measure measure = MakeMeasure(name, "indicators/x", "value", "2025", 30);
      (*measure.mutable_targets(0)->mutable_group())["region"] = name == kEast ? "east" : "west";
      world_.Put(measure);
    }
    std::vector<Figure> figures;
    for (const char* region : {"east", "west"}) {
      for (const int64_t year : {2018, 2019, 2020, 2021, 2023}) {
        figures.push_back({{region}, year, 10.0 * static_cast<double>((year - 2010) % 7)});
      }
    }
    world_.Push("datasets/sales", figures);
    world_.Evaluate();
  }

  std::string Explained(const std::string& measure, int64_t as_of) {
    return DeterministicBytes(world_.Explain(absl::StrCat(measure, "/targets/t"), as_of));
  }

  // Values, marks and revisions of what was computed for one region.
  std::string Computed(const std::string& parent, const std::string& region, int64_t as_of) {
    std::string text;
    for (const ComputedSeries& series : world_.Read(parent, as_of).series) {
      if (!series.group_values.empty() && series.group_values[0] != region) continue;
      absl::StrAppend(&text, series.output, " ", absl::StrJoin(series.columns.periods, ","), " ",
                      absl::StrJoin(series.columns.values, ","), " ",
                      absl::StrJoin(series.columns.flags, ","), " ",
                      absl::StrJoin(series.columns.revisions, ","), "\n");
    }
    return text;
  }

  std::string Of(const std::string& measure, const std::string& region, int64_t as_of) {
    return absl::StrCat(Computed("indicators/x", region, as_of),
                        Computed(absl::StrCat(measure, "/targets/t"), region, as_of));
  }

  std::string All(int64_t as_of) {
    return absl::StrCat(Explained(kEast, as_of), Explained(kWest, as_of), Of(kEast, "east", as_of),
                        Of(kWest, "west", as_of));
  }

  // Makes a change that concerns the east, evaluates, and sees what has become of
  // the past, of the east and of the west.
  void ExpectFollowed(const std::function<void()>& change, bool west_stays) {
    const int64_t then = world_.store().revision();
    const std::string all = All(then);
    const std::string east = Of(kEast, "east", storage::kPresent);
    const std::string west = Of(kWest, "west", storage::kPresent);
    ASSERT_FALSE(east.empty());
    change();
    // Before evaluation has followed and after it.
    EXPECT_TRUE(All(then) == all) << "the past has changed";
    world_.Evaluate();
    EXPECT_TRUE(All(then) == all) << "the past has changed";
    EXPECT_NE(Of(kEast, "east", storage::kPresent), east);
    if (west_stays) {
      EXPECT_EQ(Of(kWest, "west", storage::kPresent), west);
    } else {
      EXPECT_NE(Of(kWest, "west", storage::kPresent), west);
    }
    // What was computed anew is what a fresh start computes.
    const std::string present = Of(kEast, "east", storage::kPresent);
    world_.Reopen();
    world_.Evaluate();
    EXPECT_EQ(Of(kEast, "east", storage::kPresent), present);
    EXPECT_TRUE(All(then) == all) << "the past has changed";
  }

  EvaluationWorld world_;
  v1::Indicator indicator_;
};

TEST_F(VintagesTest, ARevisedBaseline) {
  ExpectFollowed([&] { world_.Push("datasets/sales", {{{"east"}, 2019, 23}}); }, true);
}

TEST_F(VintagesTest, ADeletion) {
  ExpectFollowed([&] { world_.Push("datasets/sales", {Gone({"east"}, 2021)}); }, true);
}

TEST_F(VintagesTest, ALateReportForAnEarlierPeriod) {
  ExpectFollowed([&] { world_.Push("datasets/sales", {{{"east"}, 2022, 50}}); }, true);
}

TEST_F(VintagesTest, AnotherStatusOfTheSameFigure) {
  ExpectFollowed(
      [&] {
        world_.Push("datasets/sales", {{{"east"}, 2021, 40, kProvisional}});
      },
      true);
}

TEST_F(VintagesTest, AChangedTarget) {
  ExpectFollowed(
      [&] {
        v1::Measure measure = MakeMeasure(kEast, "indicators/x", "value", "2025", 300);
        (*measure.mutable_targets(0)->mutable_group())["region"] = "east";
        world_.Put(measure);
      },
      true);
}

TEST_F(VintagesTest, AChangedIndicator) {
  ExpectFollowed(
      [&] {
        indicator_.set_plugin("plugins/copy");
        world_.Put(indicator_);
      },
      false);
}

TEST_F(VintagesTest, ANewVersionOfAPlugin) {
  ExpectFollowed(
      [&] {
        v1::PluginDescriptor change = CalculatorDescriptor("change", {"value"}, "@value");
        change.set_version("1.1.0");
        ASSERT_TRUE(world_.engine()
                        .AddPlugin(change, {1, 0},
                                   [](const std::vector<int64_t>& axis,
                                      const std::vector<plugins::InputView>&, PeriodRange window,
                                      const google::protobuf::Struct&) {
                                     std::vector<Columns> outputs(1);
                                     for (const int64_t period : axis) {
                                       if (window.Contains(period))
                                         outputs[0].Append(period, 7, kNormal);
                                     }
                                     return outputs;
                                   })
                        .ok());
        world_.evaluator().RecheckAll();
      },
      false);
}

}  // namespace
}  // namespace policytrack::app
