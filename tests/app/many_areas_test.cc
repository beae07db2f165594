// One definition serves a thousand areas: the work grows with the areas, and a
// change in one is work for one. Counted, not timed.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/app/counting_store.h"
#include "tests/app/evaluation_plugins.h"
#include "tests/app/evaluation_world.h"

namespace policytrack::app {
namespace {

constexpr int64_t kFirstYear = 2000;
constexpr int64_t kYears = 20;

std::string Area(int i) { return absl::StrCat("area-", 1000 + i); }

// What one pass of evaluation took.
struct Work {
  int64_t calls = 0;  // of the plugin
  int64_t asked = 0;  // periods that it was asked for
  ReadCounts reads;
};

// A share by area of what two fuels sell in a dataset of areas and fuels.
class Areas {
 public:
  explicit Areas(int count) : count_(count), store_(&world_.store()) {
    v1::PluginDescriptor descriptor = CalculatorDescriptor("counted", {"value"}, "@value");
    EXPECT_TRUE(world_.engine()
                    .AddPlugin(descriptor, {1, 0},
                               [this](const std::vector<int64_t>& axis,
                                      const std::vector<plugins::InputView>& inputs,
                                      PeriodRange window, const google::protobuf::Struct&) {
                                 return Compute(axis, inputs, window);
                               })
                    .ok());
    world_.Put(MakeDataset("datasets/sales", {"area", "fuel"}));
    v1::Indicator indicator =
        MakeIndicator("indicators/x", "plugins/counted", {{"value", "datasets/sales"}}, {"area"});
    indicator.mutable_inputs(0)->set_aggregation(v1::AGGREGATION_SUM);
    world_.Put(indicator);
    // By area again, from what was computed by area.
    world_.Put(MakeIndicator("indicators/y", "plugins/counted", {{"value", "indicators/x#value"}},
                             {"area"}));
    std::vector<Figure> figures;
    for (int i = 0; i < count; ++i) {
      for (int64_t year = kFirstYear; year < kFirstYear + kYears; ++year) {
        for (const char* fuel : {"electric", "petrol"}) {
          figures.push_back({{Area(i), fuel}, year, static_cast<double>(i + year)});
        }
      }
    }
    world_.Push("datasets/sales", figures);
    evaluator_ = std::make_unique<Evaluator>(&store_, &world_.engine(), [](absl::string_view) {});
  }

  Work Evaluate() {
    calls_ = 0;
    asked_ = 0;
    store_.Take();
    while (true) {
      const auto did = evaluator_->EvaluateOnce();
      EXPECT_TRUE(did.ok()) << did.status();
      if (!did.ok() || !*did) break;
    }
    return {calls_, asked_, store_.Take()};
  }

  int count() const { return count_; }
  EvaluationWorld& world() { return world_; }

 private:
  std::vector<Columns> Compute(const std::vector<int64_t>& axis,
                               const std::vector<plugins::InputView>& inputs, PeriodRange window) {
    ++calls_;
    std::vector<Columns> outputs(1);
    for (size_t i = 0; i < axis.size(); ++i) {
      if (!window.Contains(axis[i])) continue;
      ++asked_;
      outputs[0].Append(axis[i], inputs[0]->values[i], kNormal);
    }
    return outputs;
  }

  const int count_;
  int64_t calls_ = 0;
  int64_t asked_ = 0;
  EvaluationWorld world_;
  CountingStore store_;
  std::unique_ptr<Evaluator> evaluator_;
};

TEST(ManyAreasTest, AThousandAreasAreATenfoldOfAHundred) {
  Areas few(100);
  Areas many(1000);
  const Work some = few.Evaluate();
  const Work all = many.Evaluate();
  EXPECT_EQ(all.calls, 2 * 1000) << "each indicator once for each area";
  EXPECT_EQ(all.asked, 2 * 1000 * kYears);
  EXPECT_EQ(all.reads.series, 10 * some.reads.series);
  EXPECT_EQ(all.reads.points, 10 * some.reads.points);
  EXPECT_LE(all.reads.points, 4 * 2 * 1000 * kYears) << "each figure is read a few times";
  EXPECT_LE(all.reads.found, 10 * some.reads.found + 10);
  EXPECT_LE(all.reads.listings, 10 * some.reads.listings);
  EXPECT_EQ(many.world().Read("indicators/y").series.size(), 1000u);
  EXPECT_EQ(many.world().Text("indicators/y", "value", {Area(999)}).substr(0, 9), "2000:5998");
}

TEST(ManyAreasTest, AChangeInOneAreaIsWorkForOne) {
  Areas few(10);
  Areas many(1000);
  few.Evaluate();
  many.Evaluate();
  std::vector<Work> work;
  for (Areas* areas : {&few, &many}) {
    const int64_t before = areas->world().store().revision();
    areas->world().Push("datasets/sales", {{{Area(7), "petrol"}, 2010, 1}});
    work.push_back(areas->Evaluate());
    int changed = 0;
    for (const char* parent : {"indicators/x", "indicators/y"}) {
      for (const ComputedSeries& series : areas->world().Read(parent).series) {
        for (size_t i = 0; i < series.columns.size(); ++i) {
          if (series.columns.revisions[i] <= before) continue;
          EXPECT_EQ(series.group_values[0], Area(7));
          EXPECT_EQ(series.columns.periods[i], 2010);
          ++changed;
        }
      }
    }
    EXPECT_EQ(changed, 2) << "2010 of one area, in each indicator";
  }
  for (const Work& one : work) {
    EXPECT_EQ(one.calls, 2);
    EXPECT_EQ(one.asked, 2 * 2) << "2010, and 2011, which looks back at it";
  }
  // However many other areas there are.
  EXPECT_EQ(work[1].reads.series, work[0].reads.series);
  EXPECT_EQ(work[1].reads.points, work[0].reads.points);
}

TEST(ManyAreasTest, AnAreaThatIsNewIsWorkForOne) {
  Areas many(1000);
  many.Evaluate();
  many.world().Push("datasets/sales", {{{"area-new", "petrol"}, 2010, 1}});
  const Work work = many.Evaluate();
  EXPECT_EQ(work.calls, 2);
  EXPECT_EQ(many.world().Read("indicators/y").series.size(), 1001u);
  EXPECT_EQ(many.world().Text("indicators/y", "value", {"area-new"}), "2010:1");
  many.world().Push("datasets/sales", {Gone({"area-new", "petrol"}, 2010)});
  EXPECT_EQ(many.Evaluate().calls, 0) << "of what is gone there is nothing to compute";
  EXPECT_EQ(many.world().Read("indicators/y").series.size(), 1000u);
}

}  // namespace
}  // namespace policytrack::app
