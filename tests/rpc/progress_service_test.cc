// The main job through the RPCs: figures pushed, indicators computed, progress
// told, commits and plugins listed.
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/rpc/server_fixture.h"

namespace policytrack::rpc_test {
namespace {

using testing::HasSubstr;

class ProgressServiceTest : public ServerFixture {
 protected:
  void SetUp() override {
    ServerFixture::SetUp();
    MakePlan();
    AddOutput("output", "frequency: FREQUENCY_YEAR accumulation: ACCUMULATION_FLOW");
    v1::Measure measure = MeasureOf();
    *measure.add_targets() = Text<v1::Target>(R"(
      id: "t" display_name: "T" indicator: "indicators/output" output: "value"
      relation: TARGET_RELATION_AT_LEAST baseline { period: "2020" }
      final_point { period: "2025" value: 150 } unit: "vehicles" unit_multiplier: 4
      assessment { plugin: "plugins/attainment"
        parameters { fields { key: "method" value { string_value: "linear_pace" } } } })");
    *measure.add_milestones() = Text<v1::Milestone>(
        R"(id: "late" display_name: "Late" due_date { year: 2024 month: 11 day: 8 })");
    Add("m", measure);
  }

  // A dataset of vehicles in ten thousands, and its indicator.
  void AddOutput(const std::string& id, const std::string& convention) {
    Add(id, Text<v1::Dataset>(absl::StrCat(R"(
      display_name: "Output" unit: "vehicles" unit_multiplier: 4 producer: "Bureau" )",
                                           convention)));
    Add(id, Text<v1::Indicator>(absl::StrCat(R"(
      display_name: "Output" plugin: "plugins/level" inputs { slot: "value" source: "datasets/)",
                                             id, "\" }")));
  }
  int64_t PushYear(const std::string& year, double value) {
    v1::PushObservationsRequest message;
    message.set_dataset("datasets/output");
    auto* row = message.add_rows();
    row->set_period(year);
    row->set_value(value);
    v1::PushObservationsResponse response;
    EXPECT_EQ(CodeOf(Push({message}, &response)), "OK");
    return response.revision();
  }
  v1::MeasureProgress Progress(int64_t at_least) {
    v1::GetMeasureProgressRequest request;
    request.set_name("measures/m");
    request.set_at_least_revision(at_least);
    v1::MeasureProgress response;
    const grpc::Status status = CALL(progress_, GetMeasureProgress, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
};

TEST_F(ProgressServiceTest, NoDataIsAnAnswer) {
  const auto progress = Progress(4);
  ASSERT_EQ(progress.targets_size(), 1);
  EXPECT_EQ(progress.targets(0).status(), v1::PROGRESS_STATUS_NO_DATA);
  EXPECT_NE(progress.targets(0).reason(), "");
  EXPECT_EQ(progress.status(), v1::PROGRESS_STATUS_NO_DATA);
  EXPECT_EQ(progress.counts().no_data(), 1);
  EXPECT_FALSE(progress.has_score());
  EXPECT_FALSE(progress.missing().empty());
  EXPECT_EQ(progress.milestones(0).state(), v1::MILESTONE_STATE_OVERDUE);
  EXPECT_EQ(progress.milestone_date().day(), 9);
}

TEST_F(ProgressServiceTest, FiguresBecomeAStatus) {
  PushYear("2020", 50);
  const int64_t revision = PushYear("2023", 115);
  const auto progress = Progress(revision);
  const auto& target = progress.targets(0);
  // 65 of 100 in three of five years: 21.7 a year against 20.
  EXPECT_EQ(target.status(), v1::PROGRESS_STATUS_ON_TRACK);
  EXPECT_EQ(target.period(), "2023");
  EXPECT_DOUBLE_EQ(target.latest_value(), 115);
  EXPECT_DOUBLE_EQ(target.expected_value(), 110);
  EXPECT_DOUBLE_EQ(target.required_pace(), 17.5);
  EXPECT_DOUBLE_EQ(target.baseline().value(), 50);
  EXPECT_EQ(target.latest_revision(), revision);
  EXPECT_EQ(target.unit_multiplier(), 4);
  EXPECT_NE(target.evaluation().plugin_digest(), "");

  // A revised baseline flips the status; the past answer stays.
  const int64_t revised = PushYear("2020", 100);
  EXPECT_EQ(Progress(revised).targets(0).status(), v1::PROGRESS_STATUS_MODERATE);
  v1::GetMeasureProgressRequest past;
  past.set_name("measures/m");
  past.mutable_as_of()->set_revision(revision);
  v1::MeasureProgress then;
  ASSERT_EQ(CodeOf(CALL(progress_, GetMeasureProgress, past, &then)), "OK");
  EXPECT_EQ(then.targets(0).status(), v1::PROGRESS_STATUS_ON_TRACK);

  v1::GetPlanProgressRequest plan_request;
  plan_request.set_name("plans/plan");
  v1::PlanProgress plan;
  ASSERT_EQ(CodeOf(CALL(progress_, GetPlanProgress, plan_request, &plan)), "OK");
  EXPECT_EQ(plan.status(), v1::PROGRESS_STATUS_MODERATE);
  EXPECT_NE(plan.rollup_rule(), "");

  v1::ExplainProgressRequest explain;
  explain.set_target("measures/m/targets/t");
  v1::ExplainProgressResponse explained;
  ASSERT_EQ(CodeOf(CALL(progress_, ExplainProgress, explain, &explained)), "OK");
  EXPECT_EQ(explained.progress().status(), v1::PROGRESS_STATUS_MODERATE);
  EXPECT_GE(explained.steps_size(), 2);
  EXPECT_FALSE(explained.sentences().empty());

  // Results are observations, with the same reads.
  v1::ListObservationsRequest list;
  list.set_parent("measures/m/targets/t");
  list.set_filter("output = \"status\"");
  list.set_start_period("2023");
  v1::ListObservationsResponse rows;
  ASSERT_EQ(CodeOf(CALL(observations_, ListObservations, list, &rows)), "OK");
  ASSERT_EQ(rows.observations_size(), 1);
  EXPECT_EQ(rows.observations(0).value(), 3);
  EXPECT_EQ(rows.evaluation().parent(), "measures/m/targets/t");
}

// Output rose fast at first: by percent a year it is behind, straight it is not.
TEST_F(ProgressServiceTest, MethodsSideBySideAndWhatSteers) {
  v1::GetMeasureRequest get;
  get.set_name("measures/m");
  v1::Measure measure;
  ASSERT_EQ(CodeOf(CALL(measures_, GetMeasure, get, &measure)), "OK");
  for (const char* method : {"open_sdg", "un_progress_chart", "weather", "escap_anticipated"}) {
    v1::Assessment& further = *measure.mutable_targets(0)->add_further_assessments();
    further.set_plugin("plugins/attainment");
    (*further.mutable_parameters()->mutable_fields())["method"].set_string_value(method);
  }
  v1::UpdateMeasureRequest update;
  *update.mutable_measure() = measure;
  ASSERT_EQ(CodeOf(CALL(measures_, UpdateMeasure, update, &measure)), "OK");
  EXPECT_EQ(measure.targets(0).further_assessments_size(), 4);
  PushYear("2020", 50);
  PushYear("2021", 75);
  const int64_t revision = PushYear("2023", 104);
  const auto target = Progress(revision).targets(0);
  EXPECT_EQ(target.status(), v1::PROGRESS_STATUS_MODERATE);  // 18 a year against 20: 0.9
  ASSERT_EQ(target.further_judgements_size(), 4);
  // 27.6 % a year against 24.6 %.
  EXPECT_EQ(target.further_judgements(0).status(), v1::PROGRESS_STATUS_ON_TRACK);
  EXPECT_EQ(target.further_judgements(1).status(), v1::PROGRESS_STATUS_ON_TRACK);
  EXPECT_EQ(target.further_judgements(2).status(), v1::PROGRESS_STATUS_NOT_ASSESSABLE);
  EXPECT_EQ(target.further_judgements(2).reason(),
            "cannot be judged at 2023 because there are not enough points, or not enough time "
            "between them");
  EXPECT_EQ(target.further_judgements(3).status(), v1::PROGRESS_STATUS_MODERATE);
  EXPECT_TRUE(target.methods_disagree());
  EXPECT_NE(target.further_judgements(0).parameters_size(), 0);
  // The best step was 25 a year; 46 remain, which takes 1.84 of the two years left.
  EXPECT_DOUBLE_EQ(target.best_pace(), 25);
  EXPECT_EQ(target.out_of_reach_period(), "2024");
  EXPECT_NEAR(target.flip_change(), 0, 1e-6);
  EXPECT_EQ(target.flip_status(), v1::PROGRESS_STATUS_ON_TRACK);
  EXPECT_TRUE(target.has_rests_on_provisional());
  EXPECT_FALSE(target.rests_on_provisional());
  EXPECT_EQ(target.worst_input_status(), v1::OBSERVATION_STATUS_NORMAL);

  // What was said then is said of then, after a figure in between has come late.
  const int64_t late = PushYear("2022", 60);
  const auto now = Progress(late).targets(0);
  // The mean change of 18 a year closes 36 of the 46 that are left.
  EXPECT_EQ(now.further_judgements(2).status(), v1::PROGRESS_STATUS_LIMITED);
  EXPECT_DOUBLE_EQ(now.best_pace(), 44);
  v1::GetMeasureProgressRequest past;
  past.set_name("measures/m");
  past.mutable_as_of()->set_revision(revision);
  v1::MeasureProgress then;
  ASSERT_EQ(CodeOf(CALL(progress_, GetMeasureProgress, past, &then)), "OK");
  EXPECT_EQ(then.targets(0).further_judgements(2).status(), v1::PROGRESS_STATUS_NOT_ASSESSABLE);
  EXPECT_DOUBLE_EQ(then.targets(0).best_pace(), 25);

  // What steers stands beside the judgement, as observations.
  v1::ListObservationsRequest list;
  list.set_parent("measures/m/targets/t");
  list.set_filter("output = \"out_of_reach\"");
  list.set_start_period("2023");
  v1::ListObservationsResponse rows;
  ASSERT_EQ(CodeOf(CALL(observations_, ListObservations, list, &rows)), "OK");
  ASSERT_EQ(rows.observations_size(), 1);
  EXPECT_EQ(rows.observations(0).value(), 2024);
}

// A year's target against totals to date, which have no baseline.
TEST_F(ProgressServiceTest, ProRata) {
  AddOutput("to-date", "frequency: FREQUENCY_MONTH accumulation: ACCUMULATION_YEAR_TO_DATE");
  v1::Measure measure = MeasureOf();
  *measure.add_targets() = Text<v1::Target>(R"(
    id: "t" display_name: "T" indicator: "indicators/to-date" output: "value"
    relation: TARGET_RELATION_AT_LEAST final_point { period: "2025-12" value: 150 }
    unit: "vehicles" unit_multiplier: 4
    assessment { plugin: "plugins/attainment"
      parameters { fields { key: "method" value { string_value: "pro_rata" } } } }
    further_assessments { plugin: "plugins/attainment" })");
  Add("year", measure);
  v1::PushObservationsRequest message;
  message.set_dataset("datasets/to-date");
  auto* row = message.add_rows();
  row->set_period("2025-02");
  row->set_value(10.19);
  v1::PushObservationsResponse pushed;
  ASSERT_EQ(CodeOf(Push({message}, &pushed)), "OK");
  v1::GetMeasureProgressRequest request;
  request.set_name("measures/year");
  request.set_at_least_revision(pushed.revision());
  v1::MeasureProgress response;
  ASSERT_EQ(CodeOf(CALL(progress_, GetMeasureProgress, request, &response)), "OK");
  const auto& target = response.targets(0);
  EXPECT_EQ(target.status(), v1::PROGRESS_STATUS_LIMITED);
  EXPECT_NEAR(target.ratio(), 10.19 / 25, 1e-12);
  EXPECT_NEAR(target.expected_value(), 25, 1e-12);
  EXPECT_FALSE(target.has_baseline());
  EXPECT_EQ(target.out_of_reach_period(), "2025-02");
  EXPECT_EQ(target.further_judgements(0).status(), v1::PROGRESS_STATUS_NOT_ASSESSABLE);
  EXPECT_FALSE(target.methods_disagree()) << "one of two can judge";
}

TEST_F(ProgressServiceTest, EvaluationGoesOnAfterARestart) {
  PushYear("2020", 50);
  const int64_t revision = PushYear("2023", 115);
  Restart();
  EXPECT_EQ(Progress(revision).targets(0).status(), v1::PROGRESS_STATUS_ON_TRACK);
}

TEST_F(ProgressServiceTest, RefusesBadArguments) {
  v1::GetMeasureProgressRequest request;
  v1::MeasureProgress response;
  const auto code = [&] { return CodeOf(CALL(progress_, GetMeasureProgress, request, &response)); };
  EXPECT_EQ(code(), "INVALID_ARGUMENT FIELD_REQUIRED");
  request.set_name("plans/x");
  EXPECT_EQ(code(), "INVALID_ARGUMENT NAME_INVALID");
  request.set_name("measures/none");
  EXPECT_EQ(code(), "NOT_FOUND RESOURCE_NOT_FOUND");
  request.set_name("measures/m");
  request.set_at_least_revision(999);
  EXPECT_EQ(code(), "INVALID_ARGUMENT FIELD_INVALID");
  request.set_at_least_revision(-1);
  EXPECT_EQ(code(), "INVALID_ARGUMENT FIELD_INVALID");
  request.clear_at_least_revision();
  request.mutable_as_of()->set_revision(999);
  EXPECT_EQ(code(), "INVALID_ARGUMENT FIELD_INVALID");
  request.clear_as_of();
  request.set_period("soon");
  PushYear("2020", 50);
  EXPECT_EQ(code(), "INVALID_ARGUMENT FIELD_INVALID");
  v1::GetPlanProgressRequest plan;
  v1::PlanProgress plan_response;
  plan.set_name("plans/none");
  EXPECT_EQ(CodeOf(CALL(progress_, GetPlanProgress, plan, &plan_response)),
            "NOT_FOUND RESOURCE_NOT_FOUND");
  v1::ExplainProgressRequest explain;
  v1::ExplainProgressResponse explained;
  explain.set_target("measures/m/targets/none");
  EXPECT_EQ(CodeOf(CALL(progress_, ExplainProgress, explain, &explained)),
            "NOT_FOUND RESOURCE_NOT_FOUND");
  explain.set_target("measures/m");
  EXPECT_EQ(CodeOf(CALL(progress_, ExplainProgress, explain, &explained)),
            "INVALID_ARGUMENT NAME_INVALID");
}

TEST_F(ProgressServiceTest, CommitsAreListedWithTheirChain) {
  PushYear("2020", 50);
  Progress(PushYear("2023", 115));
  v1::ListCommitsRequest request;
  v1::ListCommitsResponse list;
  ASSERT_EQ(CodeOf(CALL(events_, ListCommits, request, &list)), "OK");
  ASSERT_GE(list.commits_size(), 6);
  EXPECT_EQ(list.commits().rbegin()->revision(), 1);
  for (int i = 0; i < list.commits_size(); ++i) {
    EXPECT_EQ(list.commits(i).revision(), list.commits_size() - i);
    EXPECT_EQ(list.commits(i).chain_digest().size(), 64u);
  }
  request.set_filter("kind = COMMIT_KIND_PUSH");
  request.set_page_size(1);
  ASSERT_EQ(CodeOf(CALL(events_, ListCommits, request, &list)), "OK");
  ASSERT_EQ(list.commits_size(), 1);
  EXPECT_EQ(list.commits(0).changes(0).name(), "datasets/output");
  EXPECT_EQ(list.commits(0).changes(0).created_count(), 1);
  request.set_page_token(list.next_page_token());
  ASSERT_EQ(CodeOf(CALL(events_, ListCommits, request, &list)), "OK");
  ASSERT_EQ(list.commits_size(), 1);
  request.set_filter("kind = NO_SUCH");
  request.clear_page_token();
  EXPECT_EQ(CodeOf(CALL(events_, ListCommits, request, &list)), "INVALID_ARGUMENT FILTER_INVALID");
  request.clear_filter();
  request.set_page_token("?");
  EXPECT_EQ(CodeOf(CALL(events_, ListCommits, request, &list)),
            "INVALID_ARGUMENT PAGE_TOKEN_INVALID");
  request.clear_page_token();
  request.set_page_size(-1);
  EXPECT_EQ(CodeOf(CALL(events_, ListCommits, request, &list)), "INVALID_ARGUMENT FIELD_INVALID");

  v1::GetCommitRequest get;
  v1::Commit commit;
  get.set_name("commits/1");
  ASSERT_EQ(CodeOf(CALL(events_, GetCommit, get, &commit)), "OK");
  EXPECT_EQ(commit.changes(0).name(), "plans/plan");
  EXPECT_TRUE(commit.changes(0).document());
  get.set_name("commits/9999");
  EXPECT_EQ(CodeOf(CALL(events_, GetCommit, get, &commit)), "NOT_FOUND RESOURCE_NOT_FOUND");
  get.set_name("commits/x");
  EXPECT_EQ(CodeOf(CALL(events_, GetCommit, get, &commit)), "INVALID_ARGUMENT NAME_INVALID");
  get.set_name("");
  EXPECT_EQ(CodeOf(CALL(events_, GetCommit, get, &commit)), "INVALID_ARGUMENT FIELD_REQUIRED");
}

TEST_F(ProgressServiceTest, PluginsAreListed) {
  v1::ListPluginsRequest request;
  v1::ListPluginsResponse list;
  ASSERT_EQ(CodeOf(CALL(plugins_, ListPlugins, request, &list)), "OK");
  std::vector<std::string> names;
  for (const auto& plugin : list.plugins()) {
    names.push_back(plugin.name());
    // It runs in workers alone, and this server has none.
    const bool worker_only = plugin.name() == "plugins/lua";
    EXPECT_EQ(plugin.state(), worker_only ? v1::PLUGIN_STATE_NOT_TRUSTED : v1::PLUGIN_STATE_ACTIVE)
        << plugin.state_message();
  }
  EXPECT_EQ(names, (std::vector<std::string>{"plugins/arithmetic", "plugins/attainment",
                                             "plugins/composite", "plugins/concentration",
                                             "plugins/growth", "plugins/level", "plugins/lua",
                                             "plugins/ratio", "plugins/rolling", "plugins/trend"}));
  request.set_filter("state != PLUGIN_STATE_ACTIVE");
  ASSERT_EQ(CodeOf(CALL(plugins_, ListPlugins, request, &list)), "OK");
  ASSERT_EQ(list.plugins_size(), 1);
  EXPECT_EQ(list.plugins(0).name(), "plugins/lua");
  request.set_filter("(");
  EXPECT_EQ(CodeOf(CALL(plugins_, ListPlugins, request, &list)), "INVALID_ARGUMENT FILTER_INVALID");
  request.clear_filter();
  request.set_page_size(-1);
  EXPECT_EQ(CodeOf(CALL(plugins_, ListPlugins, request, &list)), "INVALID_ARGUMENT FIELD_INVALID");
  request.clear_page_size();
  request.set_page_token("x");
  EXPECT_EQ(CodeOf(CALL(plugins_, ListPlugins, request, &list)),
            "INVALID_ARGUMENT PAGE_TOKEN_INVALID");
  v1::GetPluginRequest get;
  v1::Plugin plugin;
  get.set_name("plugins/growth");
  ASSERT_EQ(CodeOf(CALL(plugins_, GetPlugin, get, &plugin)), "OK");
  EXPECT_EQ(plugin.plugin_descriptor().id(), "growth");
  get.set_name("plugins/none");
  EXPECT_EQ(CodeOf(CALL(plugins_, GetPlugin, get, &plugin)), "NOT_FOUND RESOURCE_NOT_FOUND");
  get.set_name("none");
  EXPECT_EQ(CodeOf(CALL(plugins_, GetPlugin, get, &plugin)), "INVALID_ARGUMENT NAME_INVALID");
  get.set_name("");
  EXPECT_EQ(CodeOf(CALL(plugins_, GetPlugin, get, &plugin)), "INVALID_ARGUMENT FIELD_REQUIRED");
}

}  // namespace
}  // namespace policytrack::rpc_test
