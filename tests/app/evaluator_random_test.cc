// Evaluation under random histories: incremental equals full, the past answers
// as it did, and no order of rows matters.
#include <algorithm>
#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "core/observation_status.h"
#include "gtest/gtest.h"
#include "tests/app/evaluation_plugins.h"
#include "tests/app/evaluation_world.h"

namespace policytrack::app {
namespace {

v1::Indicator Spread(v1::Indicator indicator, const std::string& dimension,
                     v1::Aggregation aggregation = v1::AGGREGATION_UNSPECIFIED) {
  v1::IndicatorInput& input = *indicator.mutable_inputs(indicator.inputs_size() - 1);
  input.set_spread_by(dimension);
  input.set_aggregation(aggregation);
  return indicator;
}

v1::Indicator Weighted(v1::Indicator indicator, const std::string& weights) {
  v1::IndicatorInput& input = *indicator.mutable_inputs(0);
  input.set_aggregation(v1::AGGREGATION_WEIGHTED_MEAN);
  input.set_weight_source(weights);
  return indicator;
}

// Indicators over parts of datasets/a by region and fuel, datasets/b by region,
// and outputs; what they see of their parts shows in their outputs.
std::vector<v1::Indicator> PartIndicators() {
  const std::vector<std::string> region = {"region"};
  std::vector<v1::Indicator> all;
  all.push_back(
      Spread(MakeIndicator("indicators/fuels", "plugins/parts", {{"value", "datasets/a"}}, region),
             "fuel"));
  all.push_back(
      Spread(MakeIndicator("indicators/regions", "plugins/parts", {{"value", "datasets/a"}}),
             "region", v1::AGGREGATION_SUM));
  all.push_back(Spread(
      MakeIndicator("indicators/of-outputs", "plugins/parts", {{"value", "indicators/sum#value"}}),
      "region"));
  all.push_back(Spread(MakeIndicator("indicators/place", "plugins/place",
                                     {{"value", "datasets/b"}, {"set", "datasets/b"}}, region),
                       "region"));
  all.push_back(
      Spread(MakeIndicator("indicators/place-of-outputs", "plugins/place",
                           {{"value", "datasets/b"}, {"set", "indicators/sum#value"}}, region),
             "region"));
  all.push_back(
      Spread(MakeIndicator("indicators/place-by-both", "plugins/place",
                           {{"value", "datasets/a"}, {"set", "datasets/a"}}, {"region", "fuel"}),
             "region"));
  all.push_back(MakeIndicator("indicators/either", "plugins/either",
                              {{"a", "datasets/b"}, {"b", "indicators/sum#value"}}, region));
  all.push_back(Weighted(MakeIndicator("indicators/weighted-mean", "plugins/change",
                                       {{"value", "datasets/a"}}, region),
                         "datasets/w"));
  all.push_back(Spread(Weighted(MakeIndicator("indicators/weighted-parts", "plugins/parts",
                                              {{"value", "datasets/a"}}),
                                "datasets/w"),
                       "fuel", v1::AGGREGATION_WEIGHTED_MEAN));
  return all;
}

// Random pushes, revisions, deletions and changes of definitions; evaluated now
// and then. What is stored is always what the pure function gives.
class RandomHistoryTest : public testing::TestWithParam<int> {};

TEST_P(RandomHistoryTest, IncrementalEqualsFullAtEveryRevision) {
  EvaluationWorld world;
  // Every second history is audited at every step: these plugins are true to their
  // windows, and so is what finds the work.
  if (GetParam() % 2 == 0) {
    world.SetAuditor(Auditor(1));
    world.Restart();
  }
  std::mt19937 random(GetParam());
  const auto pick = [&](int n) { return static_cast<int>(random() % n); };
  v1::Dataset dataset = MakeDataset("datasets/a", {"region", "fuel"});
  dataset.mutable_dimensions(0)->add_total_codes("r3");
  world.Put(dataset);
  world.Put(MakeDataset("datasets/b", {"region"}));
  // Weights of a, in another order of dimensions.
  world.Put(MakeDataset("datasets/w", {"fuel", "region"}));
  world.Put(
      MakeIndicator("indicators/copy", "plugins/copy", {{"value", "datasets/b"}}, {"region"}));
  world.Put(
      MakeIndicator("indicators/change", "plugins/change", {{"value", "datasets/b"}}, {"region"}));
  world.Put(MakeIndicator("indicators/ahead", "plugins/ahead", {{"value", "indicators/copy#value"}},
                          {"region"}));
  world.Put(
      MakeIndicator("indicators/total", "plugins/total", {{"value", "datasets/b"}}, {"region"}));
  v1::Indicator sum =
      MakeIndicator("indicators/sum", "plugins/copy", {{"value", "datasets/a"}}, {"region"});
  sum.mutable_inputs(0)->set_aggregation(v1::AGGREGATION_SUM);
  world.Put(sum);
  v1::Indicator mean =
      MakeIndicator("indicators/mean", "plugins/change", {{"value", "datasets/a"}});
  mean.mutable_inputs(0)->set_aggregation(v1::AGGREGATION_MEAN);
  world.Put(mean);
  v1::Indicator of_sums =
      MakeIndicator("indicators/of-sums", "plugins/copy", {{"value", "indicators/sum#value"}});
  of_sums.mutable_inputs(0)->set_aggregation(v1::AGGREGATION_MAXIMUM);
  world.Put(of_sums);
  world.Put(MakeIndicator("indicators/share", "plugins/share",
                          {{"part", "indicators/sum#value"}, {"whole", "datasets/b"}}, {"region"}));
  world.Put(MakeIndicator("indicators/weighted", "plugins/weighted",
                          {{"value", "datasets/b"}, {"weight", "indicators/sum#value"}},
                          {"region"}));
  v1::Measure measure = MakeMeasure("measures/m", "indicators/total", "value", "2012", 500);
  (*measure.mutable_targets(0)->mutable_group())["region"] = "r1";
  measure.mutable_targets(0)->mutable_baseline()->set_period("2003");
  world.Put(measure);
  // Totals to date by month, January and February as one, in other forms.
  v1::Dataset running = MakeDataset("datasets/c", {"region"});
  running.set_frequency(v1::FREQUENCY_MONTH);
  running.set_accumulation(v1::ACCUMULATION_YEAR_TO_DATE);
  running.set_january_february_joint(true);
  world.Put(running);
  const auto converted = [](const std::string& name, const std::string& plugin,
                            const std::string& source, v1::Frequency frequency,
                            v1::Accumulation accumulation) {
    v1::Indicator indicator = MakeIndicator(name, plugin, {{"value", source}});
    indicator.set_frequency(frequency);
    indicator.mutable_inputs(0)->set_accumulation(accumulation);
    indicator.mutable_inputs(0)->set_aggregation(v1::AGGREGATION_SUM);
    return indicator;
  };
  v1::Indicator months = converted("indicators/months", "plugins/copy", "datasets/c",
                                   v1::FREQUENCY_MONTH, v1::ACCUMULATION_FLOW);
  months.add_group_by("region");
  months.mutable_inputs(0)->clear_aggregation();
  world.Put(months);
  world.Put(converted("indicators/quarters", "plugins/change", "datasets/c", v1::FREQUENCY_QUARTER,
                      v1::ACCUMULATION_FLOW));
  world.Put(converted("indicators/halves", "plugins/copy", "indicators/months#value",
                      v1::FREQUENCY_HALF_YEAR, v1::ACCUMULATION_YEAR_TO_DATE));
  world.Put(converted("indicators/years", "plugins/total", "indicators/months#value",
                      v1::FREQUENCY_YEAR, v1::ACCUMULATION_UNSPECIFIED));
  std::vector<std::string> parents = {
      "indicators/copy",     "indicators/change",    "indicators/ahead",   "indicators/total",
      "indicators/sum",      "indicators/mean",      "indicators/of-sums", "indicators/share",
      "indicators/weighted", "measures/m/targets/t", "indicators/months",  "indicators/quarters",
      "indicators/halves",   "indicators/years"};
  for (const v1::Indicator& indicator : PartIndicators()) {
    world.Put(indicator);
    parents.push_back(indicator.name());
  }

  world.Evaluate();
  std::vector<std::pair<int64_t, std::vector<std::string>>> answers;
  const int64_t first = world.store().revision();
  for (int step = 0; step < 60; ++step) {
    std::vector<Figure> a;
    std::vector<Figure> b;
    std::vector<Figure> w;
    const int rows = 1 + pick(4);
    for (int row = 0; row < rows; ++row) {
      Figure figure;
      figure.dimensions = {absl::StrCat("r", pick(4))};
      figure.period = 2000 + pick(10);
      figure.value = pick(50) * 0.1;
      figure.flags = static_cast<Flags>(pick(6) == 0 ? kProvisional : kNormal);
      static constexpr v1::ObservationStatus kStatuses[] = {
          v1::OBSERVATION_STATUS_MISSING_SUPPRESSED, v1::OBSERVATION_STATUS_MISSING_CANNOT_EXIST,
          v1::OBSERVATION_STATUS_UNVALIDATED};
      if (pick(5) == 0) figure.flags = FlagsOfStatus(kStatuses[pick(3)]);
      if (IsMissing(figure.flags)) figure.value = 0;
      figure.deleted = pick(3) == 0;
      if (pick(2) == 0) {
        figure.dimensions.push_back(pick(8) == 0 ? "_T" : absl::StrCat("f", pick(2)));
        a.push_back(figure);
      } else {
        b.push_back(figure);
      }
    }
    std::vector<Figure> c;
    for (int row = pick(4); row > 0; --row) {
      Figure figure;
      figure.dimensions = {absl::StrCat("r", pick(2))};
      figure.period = 2000 * 12 + pick(30);
      if (figure.period % 12 == 0) continue;
      figure.value = pick(500) * 0.1;
      figure.deleted = pick(6) == 0;
      c.push_back(figure);
    }
    for (int row = 0; row < rows; ++row) {
      Figure weight;
      weight.dimensions = {absl::StrCat("f", pick(2)), absl::StrCat("r", pick(4))};
      weight.period = 2000 + pick(10);
      weight.value = pick(4);
      weight.deleted = pick(5) == 0;
      w.push_back(weight);
    }
    if (!a.empty()) world.Push("datasets/a", a);
    if (!c.empty()) world.Push("datasets/c", c);
    if (!b.empty()) world.Push("datasets/b", b);
    if (pick(2) == 0) world.Push("datasets/w", w);
    if (pick(15) == 0) {
      mean.mutable_inputs(0)->set_aggregation(pick(2) == 0 ? v1::AGGREGATION_MEAN
                                                           : v1::AGGREGATION_MINIMUM);
      world.Put(mean);
    }
    if (pick(20) == 0) {
      dataset.mutable_dimensions(1)->clear_total_codes();
      if (pick(2) == 0) dataset.mutable_dimensions(1)->add_total_codes("f1");
      world.Put(dataset);
    }
    if (pick(12) == 0) world.Restart();
    if (pick(3) != 0) continue;
    world.Evaluate();
    std::vector<std::string> now;
    for (const std::string& parent : parents) now.push_back(Describe(world.Read(parent)));
    answers.emplace_back(world.store().revision(), std::move(now));
  }
  ASSERT_GT(answers.size(), 5u);
  for (const std::string& line : world.log()) {
    EXPECT_EQ(line.find("an audit of"), std::string::npos) << line;
  }

  // What was the present answer then is the answer as of then.
  for (const auto& [revision, texts] : answers) {
    for (size_t p = 0; p < parents.size(); ++p) {
      EXPECT_EQ(Describe(world.Read(parents[p], revision)), texts[p])
          << parents[p] << " as of " << revision;
    }
  }
  // At every revision, evaluated or not, it is what the pure function gives.
  for (int64_t revision = first; revision <= world.store().revision(); ++revision) {
    for (const std::string& parent : parents) {
      const absl::Status status =
          world.store().Read([&](storage::ReadTransaction& tx) -> absl::Status {
            HistoryFigures figures(&tx, &world.engine(), revision);
            PT_ASSIGN_OR_RETURN(Calculation calculation, figures.Resolve(parent));
            PT_RETURN_IF_ERROR(BindPlugin(parent, &calculation));
            PT_ASSIGN_OR_RETURN(const ComputedOutputs whole, ComputeAll(calculation, figures));
            PT_ASSIGN_OR_RETURN(const ComputedView view,
                                ReadComputed(tx, world.engine(), parent, revision, {}));
            EXPECT_EQ(view.series.size(), whole.series.size()) << parent << " at " << revision;
            size_t i = 0;
            for (const auto& [series, columns] : whole.series) {
              if (i >= view.series.size()) break;
              EXPECT_EQ(view.series[i].output, series.first);
              EXPECT_TRUE(SameData(view.series[i].columns, columns))
                  << parent << " " << series.second << " at " << revision;
              ++i;
            }
            return absl::OkStatus();
          });
      ASSERT_TRUE(status.ok()) << status;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomHistoryTest, testing::Values(1, 2, 3, 4));

TEST(RandomOrderTest, TheOrderInWhichRowsCameDoesNotMatter) {
  std::vector<Figure> figures;
  std::mt19937 random(7);
  for (const char* region : {"east", "north", "west"}) {
    for (int64_t year = 2010; year < 2020; ++year) {
      figures.push_back({{region}, year, static_cast<double>(random() % 1000) / 7.0});
    }
  }
  std::set<std::string> results;
  for (int order = 0; order < 5; ++order) {
    EvaluationWorld world;
    world.Put(MakeDataset("datasets/sales", {"region"}));
    v1::Indicator indicator =
        MakeIndicator("indicators/x", "plugins/total", {{"value", "datasets/sales"}});
    indicator.mutable_inputs(0)->set_aggregation(v1::AGGREGATION_SUM);
    world.Put(indicator);
    world.Evaluate();
    std::shuffle(figures.begin(), figures.end(), random);
    for (size_t i = 0; i < figures.size(); i += 4) {
      world.Push("datasets/sales",
                 {figures.begin() + i, figures.begin() + std::min(i + 4, figures.size())});
      if (order % 2 == 0) world.Evaluate();
    }
    world.Evaluate();
    results.insert(Describe(world.Read("indicators/x")));
  }
  EXPECT_EQ(results.size(), 1u);
}

}  // namespace
}  // namespace policytrack::app
