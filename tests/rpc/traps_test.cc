// The traps that figures set, through the whole service with the shipped plugins:
// what is pushed, computed and judged of them. Those of the formulas alone are in
// tests/plugins.
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/rpc/server_fixture.h"

namespace policytrack::rpc_test {
namespace {

using testing::HasSubstr;

class ServiceTrapsTest : public ServerFixture {
 protected:
  // Yearly flows of vehicles, unless told.
  void AddDataset(const std::string& id, const std::string& fields = "") {
    auto dataset = Text<v1::Dataset>(R"(display_name: "D" unit: "vehicles"
      frequency: FREQUENCY_YEAR accumulation: ACCUMULATION_FLOW)");
    dataset.MergeFrom(Text<v1::Dataset>(fields));
    Add(id, dataset);
  }
  grpc::Status TryIndicator(const std::string& id, const std::string& fields) {
    v1::Indicator unused;
    return TryAdd(id, Text<v1::Indicator>(absl::StrCat("display_name: 'I' ", fields)), &unused);
  }
  void AddIndicator(const std::string& id, const std::string& fields) {
    const grpc::Status status = TryIndicator(id, fields);
    ASSERT_EQ(CodeOf(status), "OK") << status.error_message();
  }
  // A target of at least 200 in 2025 from a baseline in 2020, straight.
  void AddTarget(const std::string& indicator, const std::string& output = "value") {
    MakePlan();
    v1::Target target = Text<v1::Target>(R"(
      id: "t" display_name: "T" relation: TARGET_RELATION_AT_LEAST baseline { period: "2020" }
      final_point { period: "2025" value: 200 } assessment { plugin: "plugins/attainment"
        parameters { fields { key: "method" value { string_value: "linear_pace" } } } })");
    target.set_indicator("indicators/" + indicator);
    target.set_output(output);
    target.set_unit(output == "index" ? "index" : "vehicles");
    v1::Measure measure = MeasureOf();
    *measure.add_targets() = target;
    Add("m", measure);
  }
  // Rows as text; the revision of the push.
  int64_t PushRows(const std::string& dataset, const std::vector<std::string>& rows) {
    v1::PushObservationsRequest message;
    message.set_dataset("datasets/" + dataset);
    for (const std::string& row : rows) *message.add_rows() = Text<v1::Observation>(row);
    const grpc::Status status = Push({message}, &pushed_);
    EXPECT_EQ(CodeOf(status), "OK") << status.error_message();
    last_ = pushed_.revision();
    return last_;
  }
  // One output of an indicator: "2020 5, 2021 missing(INPUT_MISSING)", with the values
  // of the dimensions before the period.
  std::string Read(const std::string& parent, const std::string& output = "", int64_t as_of = 0) {
    v1::ListObservationsRequest request;
    request.set_parent(parent);
    if (!output.empty()) request.set_filter(absl::StrCat("output = \"", output, "\""));
    if (as_of > 0) {
      request.mutable_as_of()->set_revision(as_of);
    } else {
      request.set_at_least_revision(last_);
    }
    v1::ListObservationsResponse response;
    EXPECT_EQ(CodeOf(CALL(observations_, ListObservations, request, &response)), "OK");
    std::string text;
    for (const v1::Observation& row : response.observations()) {
      absl::StrAppend(&text, text.empty() ? "" : ", ");
      for (const auto& [dimension, value] : row.dimensions()) absl::StrAppend(&text, value, " ");
      absl::StrAppend(&text, row.period(), " ",
                      row.has_value() ? absl::StrCat(row.value())
                                      : v1::MissingReason_Name(row.missing_reason()).substr(15));
    }
    return text;
  }
  v1::TargetProgress Progress(int64_t as_of = 0) {
    v1::GetMeasureProgressRequest request;
    request.set_name("measures/m");
    if (as_of > 0) {
      request.mutable_as_of()->set_revision(as_of);
    } else {
      request.set_at_least_revision(last_);
    }
    v1::MeasureProgress response;
    EXPECT_EQ(CodeOf(CALL(progress_, GetMeasureProgress, request, &response)), "OK");
    return response.targets_size() == 1 ? response.targets(0) : v1::TargetProgress();
  }

  v1::PushObservationsResponse pushed_;
  int64_t last_ = 0;
};

constexpr char kLevelOfSales[] =
    R"(plugin: "plugins/level" inputs { slot: "value" source: "datasets/sales" })";

TEST_F(ServiceTrapsTest, NegativeZeroIsZero) {
  AddDataset("sales");
  AddIndicator("level", kLevelOfSales);
  PushRows("sales", {"period: '2020' value: -0.0", "period: '2021' value: 5"});
  EXPECT_EQ(Read("datasets/sales"), "2020 0, 2021 5");
  EXPECT_EQ(Read("indicators/level"), "2020 0, 2021 5");
  PushRows("sales", {"period: '2020' value: 0", "period: '2021' value: 5"});
  EXPECT_EQ(pushed_.unchanged_count(), 2) << "they are one figure";
}

TEST_F(ServiceTrapsTest, ADuplicatePeriodInOnePushIsRefused) {
  AddDataset("sales");
  v1::PushObservationsRequest message;
  message.set_dataset("datasets/sales");
  *message.add_rows() = Text<v1::Observation>("period: '2020' value: 1");
  *message.add_rows() = Text<v1::Observation>("period: '2020' value: 2");
  const grpc::Status status = Push({message}, &pushed_);
  EXPECT_EQ(CodeOf(status), "INVALID_ARGUMENT ROWS_INVALID");
  EXPECT_EQ(Read("datasets/sales"), "");
}

// The same history stands under two scenarios, as in the outlooks of the International
// Energy Agency.
TEST_F(ServiceTrapsTest, HistoryUnderAnotherScenarioIsNotSummed) {
  AddDataset("sales", R"(dimensions { id: "region" }
                         dimensions { id: "scenario" total_codes: "history" total_codes: "steps" })");
  PushRows("sales", {"period: '2020' value: 1 dimensions { key: 'region' value: 'east' }"
                     " dimensions { key: 'scenario' value: 'history' }",
                     "period: '2020' value: 2 dimensions { key: 'region' value: 'west' }"
                     " dimensions { key: 'scenario' value: 'history' }",
                     "period: '2020' value: 1 dimensions { key: 'region' value: 'east' }"
                     " dimensions { key: 'scenario' value: 'steps' }",
                     "period: '2020' value: 2 dimensions { key: 'region' value: 'west' }"
                     " dimensions { key: 'scenario' value: 'steps' }",
                     "period: '2030' value: 9 dimensions { key: 'region' value: 'west' }"
                     " dimensions { key: 'scenario' value: 'steps' }"});
  const std::string input = R"(plugin: "plugins/level" inputs { slot: "value"
      source: "datasets/sales" )";
  // Without a word on the scenario there is no figure, and never the sum of both.
  AddIndicator("silent", input + R"(} group_by: "region")");
  EXPECT_EQ(Read("indicators/silent"), "");
  AddIndicator("sum", input + "aggregation: AGGREGATION_SUM }");
  EXPECT_EQ(Read("indicators/sum"), "");
  // Both at once are refused, summed or not.
  const std::string both = R"(selection { key: "scenario"
      value { values: "history" values: "steps" } } )";
  for (const char* aggregation : {"", "aggregation: AGGREGATION_SUM "}) {
    const grpc::Status refused = TryIndicator("both", input + both + aggregation + "}");
    EXPECT_EQ(CodeOf(refused), "INVALID_ARGUMENT FIELD_INVALID");
    EXPECT_EQ(MetadataOf(refused, "field"), "indicator.inputs[0].selection.scenario");
  }
  AddIndicator("history", input + R"(aggregation: AGGREGATION_SUM
      selection { key: "scenario" value { values: "history" } } })");
  EXPECT_EQ(Read("indicators/history"), "2020 3");
  AddIndicator("each", input + R"(aggregation: AGGREGATION_SUM } group_by: "scenario")");
  EXPECT_EQ(Read("indicators/each"), "history 2020 3, steps 2020 3, steps 2030 PART_MISSING");
}

// Of 100 and 900 cars 50 and 90 are electric: 14 %, and not the mean of 50 % and 10 %.
TEST_F(ServiceTrapsTest, APercentageOfTheWholeIsMadeFromItsParts) {
  AddDataset("electric", "dimensions { id: 'region' }");
  AddDataset("cars", "dimensions { id: 'region' }");
  AddDataset("shares",
             "unit: 'percent' accumulation: ACCUMULATION_LEVEL"
             " dimensions { id: 'region' }");
  const std::string east = " dimensions { key: 'region' value: 'east' }";
  const std::string west = " dimensions { key: 'region' value: 'west' }";
  PushRows("electric", {"period: '2020' value: 50" + east, "period: '2020' value: 90" + west});
  PushRows("cars", {"period: '2020' value: 100" + east, "period: '2020' value: 900" + west});
  PushRows("shares", {"period: '2020' value: 50" + east, "period: '2020' value: 10" + west});
  AddIndicator("share", R"(plugin: "plugins/ratio"
      inputs { slot: "numerator" source: "datasets/electric" aggregation: AGGREGATION_SUM }
      inputs { slot: "denominator" source: "datasets/cars" aggregation: AGGREGATION_SUM })");
  EXPECT_EQ(Read("indicators/share", "share"), "2020 14");
  const std::string mean = R"(plugin: "plugins/level"
      inputs { slot: "value" source: "datasets/shares" aggregation: )";
  for (const char* aggregation : {"AGGREGATION_MEAN", "AGGREGATION_SUM"}) {
    const grpc::Status refused = TryIndicator("mean", absl::StrCat(mean, aggregation, " }"));
    EXPECT_EQ(CodeOf(refused), "INVALID_ARGUMENT FIELD_INVALID");
    EXPECT_THAT(refused.error_message(), HasSubstr("AGGREGATION_WEIGHTED_MEAN"));
  }
  AddIndicator("weighted", mean + R"(AGGREGATION_WEIGHTED_MEAN weight_source: "datasets/cars" })");
  EXPECT_EQ(Read("indicators/weighted"), "2020 14");
  // Weights that sum to nothing have no mean.
  PushRows("cars", {"period: '2020' value: 0" + east, "period: '2020' value: 0" + west});
  EXPECT_EQ(Read("indicators/weighted"), "2020 ZERO_BASE");
}

TEST_F(ServiceTrapsTest, ALateReportForAnEarlierPeriodChangesWhatFollowsFromIt) {
  AddDataset("sales");
  AddIndicator("growth",
               R"(plugin: "plugins/growth" inputs { slot: "value" source: "datasets/sales" })");
  const int64_t then =
      PushRows("sales", {"period: '2020' value: 100", "period: '2022' value: 150"});
  const std::string before = "2020 INPUT_MISSING, 2022 INPUT_MISSING";
  EXPECT_EQ(Read("indicators/growth", "growth"), before);
  const int64_t evaluated = [&] {
    v1::ListCommitsRequest request;
    v1::ListCommitsResponse commits;
    EXPECT_EQ(CodeOf(CALL(events_, ListCommits, request, &commits)), "OK");
    return commits.commits(0).revision();
  }();
  ASSERT_GE(evaluated, then);
  PushRows("sales", {"period: '2021' value: 125"});
  EXPECT_EQ(Read("indicators/growth", "growth"), "2020 INPUT_MISSING, 2021 25, 2022 20");
  EXPECT_EQ(Read("indicators/growth", "growth", evaluated), before);
}

TEST_F(ServiceTrapsTest, ARevisionOfTheBaselineFlipsTheStatus) {
  AddDataset("sales");
  AddIndicator("level", kLevelOfSales);
  AddTarget("level");
  PushRows("sales", {"period: '2020' value: 100", "period: '2022' value: 138"});
  const v1::TargetProgress first = Progress();
  EXPECT_EQ(first.status(), v1::PROGRESS_STATUS_ON_TRACK) << "19 a year where 20 are wanted";
  PushRows("sales", {"period: '2020' value: 125"});
  EXPECT_EQ(Progress().status(), v1::PROGRESS_STATUS_LIMITED) << "6.5 where 15 are wanted";
  const auto then = Progress(first.evaluation().revision());
  EXPECT_EQ(then.status(), v1::PROGRESS_STATUS_ON_TRACK);
  v1::ExplainProgressRequest explain;
  explain.set_target("measures/m/targets/t");
  v1::ExplainProgressResponse explained;
  ASSERT_EQ(CodeOf(CALL(progress_, ExplainProgress, explain, &explained)), "OK");
  EXPECT_EQ(explained.last_change().cause(), v1::STATUS_CHANGE_CAUSE_BASELINE_REVISED);
}

TEST_F(ServiceTrapsTest, ADeletionIsARevision) {
  AddDataset("sales");
  AddIndicator("level", kLevelOfSales);
  AddTarget("level");
  PushRows("sales", {"period: '2020' value: 100", "period: '2022' value: 138"});
  const v1::TargetProgress first = Progress();
  const int64_t deleted = PushRows("sales", {"period: '2022' deleted: true"});
  EXPECT_EQ(pushed_.deleted_count(), 1);
  EXPECT_EQ(Progress().status(), v1::PROGRESS_STATUS_NOT_ASSESSABLE);
  EXPECT_EQ(Progress().period(), "2020");
  EXPECT_EQ(Read("datasets/sales"), "2020 100");
  EXPECT_EQ(Read("datasets/sales", "", deleted - 1), "2020 100, 2022 138");
  EXPECT_EQ(Progress(first.evaluation().revision()).latest_value(), 138);
}

TEST_F(ServiceTrapsTest, WithoutAnyComponentThereIsNoIndexAndNoStatus) {
  AddDataset("a", "unit: 'index' accumulation: ACCUMULATION_LEVEL");
  AddDataset("b", "unit: 'index' accumulation: ACCUMULATION_LEVEL");
  AddIndicator("index", R"(plugin: "plugins/composite"
      inputs { slot: "c1" source: "datasets/a" } inputs { slot: "c2" source: "datasets/b" }
      parameters { fields { key: "missing_components" value { string_value: "zero" } } })");
  AddTarget("index", "index");
  PushRows("a", {"period: '2020' status: OBSERVATION_STATUS_MISSING",
                 "period: '2021' status: OBSERVATION_STATUS_MISSING_SUPPRESSED"});
  PushRows("b", {"period: '2020' status: OBSERVATION_STATUS_MISSING"});
  EXPECT_EQ(Read("indicators/index", "index"), "2020 NOT_AVAILABLE, 2021 SUPPRESSED");
  EXPECT_EQ(Progress().status(), v1::PROGRESS_STATUS_NO_DATA);
  EXPECT_FALSE(Progress().has_latest_value());
  EXPECT_NE(Progress().reason(), "");
}

TEST_F(ServiceTrapsTest, AMissingComponentCountsByTheStatedRule) {
  AddDataset("a", "unit: 'index' accumulation: ACCUMULATION_LEVEL");
  AddDataset("b", "unit: 'index' accumulation: ACCUMULATION_LEVEL");
  PushRows("a", {"period: '2020' value: 30", "period: '2021' value: 50"});
  PushRows("b", {"period: '2020' value: 60", "period: '2021' status: OBSERVATION_STATUS_MISSING"});
  for (const auto& [rule, wanted] :
       std::vector<std::pair<std::string, std::string>>{{"reject", "2020 45, 2021 NOT_AVAILABLE"},
                                                        {"zero", "2020 45, 2021 25"},
                                                        {"reweight", "2020 45, 2021 50"}}) {
    AddIndicator(rule, absl::StrCat(R"(plugin: "plugins/composite"
        inputs { slot: "c1" source: "datasets/a" } inputs { slot: "c2" source: "datasets/b" }
        parameters { fields { key: "missing_components" value { string_value: ")",
                                    rule, R"(" } } })"));
    EXPECT_EQ(Read("indicators/" + rule, "index"), wanted);
  }
}

TEST_F(ServiceTrapsTest, ADimensionValueThatAppearsLaterCountsFromThenOn) {
  AddDataset("sales", "dimensions { id: 'maker' }");
  AddIndicator("sum", R"(plugin: "plugins/level"
      inputs { slot: "value" source: "datasets/sales" aggregation: AGGREGATION_SUM })");
  AddIndicator("hhi", R"(plugin: "plugins/concentration"
      inputs { slot: "value" source: "datasets/sales" spread_by: "maker" })");
  const std::string old = " dimensions { key: 'maker' value: 'old' }";
  const std::string young = " dimensions { key: 'maker' value: 'young' }";
  PushRows("sales", {"period: '2020' value: 4" + old, "period: '2021' value: 4" + old,
                     "period: '2022' value: 4" + old});
  EXPECT_EQ(Read("indicators/sum"), "2020 4, 2021 4, 2022 4");
  PushRows("sales", {"period: '2021' value: 4" + young});
  EXPECT_EQ(Read("indicators/sum"), "2020 4, 2021 8, 2022 PART_MISSING")
      << "one that does not report is not 0";
  EXPECT_EQ(Read("indicators/hhi", "hhi"), "2020 10000, 2021 5000, 2022 PART_MISSING");
}

// April 2024 to March 2025 is the fiscal year 2024; three months of it are no year.
TEST_F(ServiceTrapsTest, AFiscalYearIsFullAfterItsOwnTwelveMonths) {
  AddDataset("sales", "frequency: FREQUENCY_MONTH year_start_month: 4");
  AddIndicator("year", R"(plugin: "plugins/level" frequency: FREQUENCY_YEAR
      inputs { slot: "value" source: "datasets/sales" })");
  std::vector<std::string> rows;
  for (int month = 4; month <= 12; ++month) {
    rows.push_back(absl::StrCat("period: '2024-", month < 10 ? "0" : "", month, "' value: 1"));
  }
  PushRows("sales", rows);
  EXPECT_THAT(Read("indicators/year"), testing::Not(HasSubstr("2024 9")));
  PushRows("sales", {"period: '2025-01' value: 1", "period: '2025-02' value: 1",
                     "period: '2025-03' value: 1"});
  EXPECT_EQ(Read("indicators/year"), "2024 12");
}

TEST_F(ServiceTrapsTest, TotalsToDateBeginAnewInTheMonthOfTheirDataset) {
  AddDataset("sales", R"(frequency: FREQUENCY_MONTH accumulation: ACCUMULATION_YEAR_TO_DATE
      year_start_month: 4)");
  AddIndicator("quarter",
               R"(plugin: "plugins/rolling" inputs { slot: "value" source: "datasets/sales" }
      parameters { fields { key: "method" value { string_value: "sum" } }
                   fields { key: "periods" value { number_value: 3 } } })");
  // Ten a month. Counted from January, April would fall by 110.
  PushRows("sales", {"period: '2024-01' value: 100", "period: '2024-02' value: 110",
                     "period: '2024-03' value: 120", "period: '2024-04' value: 10",
                     "period: '2024-05' value: 20", "period: '2024-06' value: 30"});
  EXPECT_THAT(Read("indicators/quarter"), HasSubstr("2024-04 30, 2024-05 30, 2024-06 30"));
}

TEST_F(ServiceTrapsTest, TheLeapDayIsADayOfItsMonth) {
  AddDataset("sales", "frequency: FREQUENCY_DAY");
  AddIndicator("month", R"(plugin: "plugins/level" frequency: FREQUENCY_MONTH
      inputs { slot: "value" source: "datasets/sales" })");
  std::vector<std::string> rows;
  for (int day = 1; day <= 28; ++day) {
    const std::string of_month = absl::StrCat(day < 10 ? "0" : "", day, "' value: 1");
    rows.push_back("period: '2023-02-" + of_month);
    rows.push_back("period: '2024-02-" + of_month);
  }
  PushRows("sales", rows);
  EXPECT_THAT(Read("indicators/month"), HasSubstr("2023-02 28"));
  EXPECT_THAT(Read("indicators/month"), testing::Not(HasSubstr("2024-02 28")));
  PushRows("sales", {"period: '2024-02-29' value: 1"});
  EXPECT_THAT(Read("indicators/month"), HasSubstr("2024-02 29"));
}

}  // namespace
}  // namespace policytrack::rpc_test
