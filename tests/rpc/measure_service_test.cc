// Measures: lifecycle, references, soft deletion, and what is checked of them.
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/rpc/server_fixture.h"

namespace policytrack::rpc_test {
namespace {

class MeasureServiceTest : public ServerFixture {
 protected:
  grpc::Status Create(const std::string& id, const v1::Measure& measure, v1::Measure* response) {
    v1::CreateMeasureRequest request;
    request.set_measure_id(id);
    *request.mutable_measure() = measure;
    return CALL(measures_, CreateMeasure, request, response);
  }
  grpc::Status Update(const v1::Measure& measure, v1::Measure* response) {
    v1::UpdateMeasureRequest request;
    *request.mutable_measure() = measure;
    request.mutable_update_mask()->add_paths("*");
    return CALL(measures_, UpdateMeasure, request, response);
  }
  grpc::Status Delete(const std::string& name, v1::Measure* response) {
    v1::DeleteMeasureRequest request;
    request.set_name(name);
    return CALL(measures_, DeleteMeasure, request, response);
  }
  grpc::Status Undelete(const std::string& name, v1::Measure* response,
                        const std::string& etag = "") {
    v1::UndeleteMeasureRequest request;
    request.set_name(name);
    request.set_etag(etag);
    return CALL(measures_, UndeleteMeasure, request, response);
  }
  // The code and the field of a refused create.
  std::string Refused(const v1::Measure& measure) {
    v1::Measure response;
    const grpc::Status status = Create("refused", measure, &response);
    return CodeOf(status) + " " + MetadataOf(status, "field");
  }
};

v1::StageEntry Stage(v1::MeasureStage stage, int month) {
  v1::StageEntry entry;
  entry.set_stage(stage);
  entry.mutable_effective_date()->set_year(2025);
  entry.mutable_effective_date()->set_month(month);
  entry.mutable_effective_date()->set_day(1);
  return entry;
}

TEST_F(MeasureServiceTest, StageFollowsTheLifecycle) {
  MakePlan();
  v1::Measure measure;
  ASSERT_EQ(CodeOf(Create("m", MeasureOf(), &measure)), "OK");
  EXPECT_EQ(measure.stage(), v1::MEASURE_STAGE_ADOPTED);
  *measure.add_lifecycle() = Stage(v1::MEASURE_STAGE_IN_FORCE, 3);
  ASSERT_EQ(CodeOf(Update(measure, &measure)), "OK");
  EXPECT_EQ(measure.stage(), v1::MEASURE_STAGE_IN_FORCE);

  v1::Measure next = measure, response;
  *next.add_lifecycle() = Stage(v1::MEASURE_STAGE_PROPOSED, 4);
  EXPECT_EQ(CodeOf(Update(next, &response)), "INVALID_ARGUMENT FIELD_INVALID");  // illegal
  next = measure;
  *next.add_lifecycle() = Stage(v1::MEASURE_STAGE_COMPLETED, 2);
  EXPECT_EQ(CodeOf(Update(next, &response)), "INVALID_ARGUMENT FIELD_INVALID");  // goes back
  next = measure;
  next.mutable_lifecycle()->RemoveLast();
  EXPECT_EQ(CodeOf(Update(next, &response)), "INVALID_ARGUMENT FIELD_INVALID");  // rewrites
}

TEST_F(MeasureServiceTest, RefusesWhatCannotBe) {
  MakePlan();
  v1::Measure measure = MeasureOf("plans/none");
  EXPECT_EQ(Refused(measure), "NOT_FOUND RESOURCE_NOT_FOUND ");
  measure = MeasureOf("plan");
  EXPECT_EQ(Refused(measure), "INVALID_ARGUMENT NAME_INVALID measure.plan");
  measure = MeasureOf();
  measure.clear_lifecycle();
  EXPECT_EQ(Refused(measure), "INVALID_ARGUMENT FIELD_REQUIRED measure.lifecycle");
  measure = MeasureOf();
  measure.add_regions("CN-HA");
  measure.add_regions("CN-HA");
  EXPECT_EQ(Refused(measure), "INVALID_ARGUMENT FIELD_INVALID measure.regions[1]");
  measure = MeasureOf();
  *measure.add_agencies() = Text<v1::Agency>(R"(display_name: "A" translations { value: "B" })");
  EXPECT_EQ(Refused(measure), "INVALID_ARGUMENT FIELD_INVALID measure.agencies[0].translations");
  measure = MeasureOf();
  *measure.add_milestones() = Text<v1::Milestone>(R"(id: "a" display_name: "A")");
  *measure.add_milestones() = Text<v1::Milestone>(R"(id: "a" display_name: "B")");
  EXPECT_EQ(Refused(measure), "INVALID_ARGUMENT FIELD_INVALID measure.milestones[1].id");
  measure = MeasureOf();
  *measure.add_milestones() =
      Text<v1::Milestone>(R"(id: "a" display_name: "A" evidence { title: "Photo" })");
  EXPECT_EQ(Refused(measure), "INVALID_ARGUMENT FIELD_INVALID measure.milestones[0].evidence");
  measure = MeasureOf();
  *measure.add_parameters() = Text<v1::MeasureParameter>(
      R"(id: "amount" number: 10000 unit: "yuan" valid_from { year: 2024 month: 1 day: 1 })");
  *measure.add_parameters() = Text<v1::MeasureParameter>(
      R"(id: "amount" number: 20000 unit: "yuan" valid_from { year: 2024 month: 8 day: 1 })");
  EXPECT_EQ(Refused(measure), "INVALID_ARGUMENT FIELD_INVALID measure.parameters[1]");
  measure.mutable_parameters(0)->mutable_valid_to()->CopyFrom(
      Text<google::type::Date>("year: 2024 month: 7 day: 31"));
  measure.mutable_parameters(1)->set_unit("bananas");
  EXPECT_EQ(Refused(measure), "INVALID_ARGUMENT FIELD_INVALID measure.parameters[1].unit");
  measure.mutable_parameters(1)->set_unit("yuan");
  v1::Measure response;
  EXPECT_EQ(CodeOf(Create("good", measure, &response)), "OK");
}

TEST_F(MeasureServiceTest, ParametersOfOneIdShareNoDay) {
  MakePlan();
  // Days of 2024, from 1; 0 is an open end.
  const auto refused = [&](const std::vector<std::pair<int, int>>& spans) {
    v1::Measure measure = MeasureOf();
    for (const auto& [from, to] : spans) {
      for (const char* id : {"a", "b"}) {
        auto* parameter = measure.add_parameters();
        parameter->set_id(id);
        parameter->set_text("x");
        for (const auto& [day, date] : {std::make_pair(from, parameter->mutable_valid_from()),
                                        std::make_pair(to, parameter->mutable_valid_to())}) {
          date->set_year(2024);
          date->set_month(1);
          date->set_day(day);
        }
        if (from == 0) parameter->clear_valid_from();
        if (to == 0) parameter->clear_valid_to();
      }
    }
    v1::CreateMeasureRequest request;
    request.set_measure_id("m");
    request.set_validate_only(true);
    *request.mutable_measure() = measure;
    v1::Measure response;
    const grpc::Status status = CALL(measures_, CreateMeasure, request, &response);
    return CodeOf(status) + " " + MetadataOf(status, "field");
  };
  EXPECT_EQ(refused({{1, 5}, {6, 10}, {11, 0}}), "OK ");
  EXPECT_EQ(refused({{11, 0}, {6, 10}, {0, 5}}), "OK ");
  EXPECT_EQ(refused({{6, 6}, {5, 5}, {7, 7}}), "OK ");
  const std::string second = "INVALID_ARGUMENT FIELD_INVALID measure.parameters[2]";
  EXPECT_EQ(refused({{1, 5}, {5, 10}}), second);
  EXPECT_EQ(refused({{5, 10}, {1, 5}}), second);
  EXPECT_EQ(refused({{1, 10}, {4, 5}}), second);
  EXPECT_EQ(refused({{4, 5}, {1, 10}}), second);
  EXPECT_EQ(refused({{4, 5}, {4, 5}}), second);
  EXPECT_EQ(refused({{0, 0}, {4, 5}}), second);
  EXPECT_EQ(refused({{4, 0}, {0, 4}}), second);
  EXPECT_EQ(refused({{1, 2}, {8, 9}, {3, 8}}),
            "INVALID_ARGUMENT FIELD_INVALID measure.parameters[4]");
  EXPECT_EQ(refused({{8, 9}, {1, 3}, {3, 7}}),
            "INVALID_ARGUMENT FIELD_INVALID measure.parameters[4]");
}

TEST_F(MeasureServiceTest, ChecksTargets) {
  MakePlan();
  MakeDataset();
  MakeIndicator();
  const auto target = Text<v1::Target>(R"(
    id: "t" display_name: "T" indicator: "indicators/level" output: "value"
    group { key: "region" value: "CN-HA" } relation: TARGET_RELATION_AT_LEAST
    final_point { period: "2025-12" value: 150 } unit: "vehicles" unit_multiplier: 4
    assessment { plugin: "plugins/attainment" })");
  v1::Measure measure = MeasureOf();
  *measure.add_targets() = target;
  v1::Measure response;
  ASSERT_EQ(CodeOf(Create("good", measure, &response)), "OK");

  measure.mutable_targets(0)->set_indicator("indicators/none");
  EXPECT_EQ(Refused(measure), "NOT_FOUND RESOURCE_NOT_FOUND ");
  *measure.mutable_targets(0) = target;
  measure.mutable_targets(0)->mutable_assessment()->set_plugin("plugins/none");
  EXPECT_EQ(Refused(measure), "NOT_FOUND RESOURCE_NOT_FOUND ");
  *measure.mutable_targets(0) = target;
  measure.mutable_targets(0)->set_output("none");
  EXPECT_EQ(Refused(measure), "INVALID_ARGUMENT FIELD_INVALID measure.targets[0].output");
  *measure.mutable_targets(0) = target;
  measure.mutable_targets(0)->set_unit("percent");
  EXPECT_EQ(Refused(measure), "INVALID_ARGUMENT FIELD_INVALID measure.targets[0].unit");
  *measure.mutable_targets(0) = target;
  measure.mutable_targets(0)->mutable_final_point()->set_period("2025");
  EXPECT_EQ(Refused(measure),
            "INVALID_ARGUMENT FIELD_INVALID measure.targets[0].final_point.period");
  *measure.mutable_targets(0) = target;
  auto& fields = *measure.mutable_targets(0)->mutable_assessment()->mutable_parameters();
  (*fields.mutable_fields())["no_such"].set_number_value(1);
  v1::Measure unused;
  EXPECT_EQ(CodeOf(Create("refused", measure, &unused)), "INVALID_ARGUMENT PARAMETERS_INVALID");
  *measure.mutable_targets(0) = target;
  v1::Assessment& further = *measure.mutable_targets(0)->add_further_assessments();
  EXPECT_EQ(Refused(measure),
            "INVALID_ARGUMENT FIELD_REQUIRED measure.targets[0].further_assessments[0].plugin");
  further.set_plugin("plugins/level");
  EXPECT_EQ(Refused(measure),
            "INVALID_ARGUMENT FIELD_INVALID measure.targets[0].further_assessments[0].plugin");
  *measure.mutable_targets(0) = target;
  for (int i = 0; i < 9; ++i) {
    *measure.mutable_targets(0)->add_further_assessments() = target.assessment();
  }
  EXPECT_EQ(Refused(measure),
            "INVALID_ARGUMENT FIELD_INVALID measure.targets[0].further_assessments");
  *measure.mutable_targets(0) = target;
  *measure.add_targets() = target;
  EXPECT_EQ(Refused(measure), "INVALID_ARGUMENT FIELD_INVALID measure.targets[1].id");
}

TEST_F(MeasureServiceTest, DeletionIsSoft) {
  MakePlan();
  v1::Measure measure, response;
  ASSERT_EQ(CodeOf(Create("m", MeasureOf(), &measure)), "OK");
  EXPECT_EQ(CodeOf(Undelete("measures/m", &response)), "ALREADY_EXISTS RESOURCE_EXISTS");
  ASSERT_EQ(CodeOf(Delete("measures/m", &response)), "OK");
  EXPECT_TRUE(response.has_delete_time());
  EXPECT_EQ(response.purge_time().seconds() - response.delete_time().seconds(), 30 * 86400);

  v1::GetMeasureRequest get;
  get.set_name("measures/m");
  ASSERT_EQ(CodeOf(CALL(measures_, GetMeasure, get, &response)), "OK");
  EXPECT_TRUE(response.has_delete_time());
  v1::ListMeasuresRequest list;
  v1::ListMeasuresResponse listed;
  ASSERT_EQ(CodeOf(CALL(measures_, ListMeasures, list, &listed)), "OK");
  EXPECT_EQ(listed.measures_size(), 0);
  list.set_show_deleted(true);
  ASSERT_EQ(CodeOf(CALL(measures_, ListMeasures, list, &listed)), "OK");
  EXPECT_EQ(listed.measures_size(), 1);

  EXPECT_EQ(CodeOf(Update(measure, &response)), "FAILED_PRECONDITION RESOURCE_DELETED");
  EXPECT_EQ(CodeOf(Create("m", MeasureOf(), &response)), "ALREADY_EXISTS RESOURCE_EXISTS");
  // A deleted measure still refers to its plan.
  v1::DeletePlanRequest plan;
  plan.set_name("plans/plan");
  v1::Plan deleted;
  EXPECT_EQ(CodeOf(CALL(plans_, DeletePlan, plan, &deleted)),
            "FAILED_PRECONDITION RESOURCE_IN_USE");

  EXPECT_EQ(CodeOf(Undelete("measures/m", &response, "\"r1\"")), "ABORTED ETAG_MISMATCH");
  ASSERT_EQ(CodeOf(Undelete("measures/m", &response)), "OK");
  EXPECT_FALSE(response.has_delete_time());
  EXPECT_FALSE(response.has_purge_time());
  EXPECT_EQ(CodeOf(Undelete("measures/none", &response)), "NOT_FOUND RESOURCE_NOT_FOUND");
}

TEST_F(MeasureServiceTest, ADeletedMeasureIsPurgedInTime) {
  MakePlan();
  v1::Measure first, deleted, response;
  ASSERT_EQ(CodeOf(Create("m", MeasureOf(), &first)), "OK");
  ASSERT_EQ(CodeOf(Create("young", MeasureOf(), &response)), "OK");
  ASSERT_EQ(CodeOf(Create("back", MeasureOf(), &response)), "OK");
  ASSERT_EQ(CodeOf(Delete("measures/m", &deleted)), "OK");
  ASSERT_EQ(CodeOf(Delete("measures/back", &response)), "OK");
  ASSERT_EQ(CodeOf(Undelete("measures/back", &response)), "OK");
  clock_.Advance(absl::Hours(24));
  ASSERT_EQ(CodeOf(Delete("measures/young", &response)), "OK");
  clock_.Advance(absl::Hours(24 * 29));
  // Another look at once, not in an hour.
  Restart();

  v1::GetMeasureRequest get;
  get.set_name("measures/m");
  const absl::Time patience = absl::Now() + absl::Seconds(30);
  while (CALL(measures_, GetMeasure, get, &response).ok() && absl::Now() < patience) {
  }
  EXPECT_EQ(CodeOf(CALL(measures_, GetMeasure, get, &response)), "NOT_FOUND RESOURCE_NOT_FOUND");
  EXPECT_EQ(CodeOf(Undelete("measures/m", &response)), "NOT_FOUND RESOURCE_NOT_FOUND");
  EXPECT_EQ(CodeOf(Delete("measures/m", &response)), "NOT_FOUND RESOURCE_NOT_FOUND");
  get.set_name("measures/young");
  ASSERT_EQ(CodeOf(CALL(measures_, GetMeasure, get, &response)), "OK");
  EXPECT_TRUE(response.has_delete_time());
  get.set_name("measures/back");
  ASSERT_EQ(CodeOf(CALL(measures_, GetMeasure, get, &response)), "OK");
  EXPECT_FALSE(response.has_delete_time());
  v1::ListMeasuresRequest list;
  list.set_show_deleted(true);
  v1::ListMeasuresResponse listed;
  ASSERT_EQ(CodeOf(CALL(measures_, ListMeasures, list, &listed)), "OK");
  EXPECT_EQ(listed.measures_size(), 2);

  // The past is what it was, byte for byte.
  get.set_name("measures/m");
  get.mutable_as_of()->set_revision(first.revision());
  ASSERT_EQ(CodeOf(CALL(measures_, GetMeasure, get, &response)), "OK");
  EXPECT_EQ(response.SerializeAsString(), first.SerializeAsString());
  get.mutable_as_of()->set_revision(deleted.revision());
  ASSERT_EQ(CodeOf(CALL(measures_, GetMeasure, get, &response)), "OK");
  EXPECT_EQ(response.SerializeAsString(), deleted.SerializeAsString());

  // The id is free again, and the purge is in the history.
  ASSERT_EQ(CodeOf(Create("m", MeasureOf(), &response)), "OK");
  v1::ListMeasureRevisionsRequest revisions;
  revisions.set_name("measures/m");
  v1::ListMeasureRevisionsResponse history;
  ASSERT_EQ(CodeOf(CALL(measures_, ListMeasureRevisions, revisions, &history)), "OK");
  ASSERT_EQ(history.measure_revisions_size(), 4);
  EXPECT_TRUE(history.measure_revisions(1).deleted());
  EXPECT_FALSE(history.measure_revisions(1).snapshot().has_delete_time());
  v1::GetCommitRequest commit;
  commit.set_name(absl::StrCat("commits/", response.revision() - 1));
  v1::Commit purge;
  ASSERT_EQ(CodeOf(CALL(events_, GetCommit, commit, &purge)), "OK");
  EXPECT_EQ(purge.principal(), "purger");
}

TEST_F(MeasureServiceTest, TextsOfEveryLanguageComeBackByteForByte) {
  MakePlan();
  v1::Measure measure = MeasureOf();
  measure.set_language_code("en");
  (*measure.mutable_translations())["zh-Hans"].set_display_name("扩大整车生产 🚗");
  (*measure.mutable_translations())["ar"].set_display_name("توسيع إنتاج المركبات");
  v1::Measure response;
  ASSERT_EQ(CodeOf(Create("m", measure, &response)), "OK");
  v1::GetMeasureRequest get;
  get.set_name("measures/m");
  ASSERT_EQ(CodeOf(CALL(measures_, GetMeasure, get, &response)), "OK");
  EXPECT_EQ(response.translations().at("zh-Hans").display_name(), "扩大整车生产 🚗");
  EXPECT_EQ(response.translations().at("ar").display_name(), "توسيع إنتاج المركبات");
}

}  // namespace
}  // namespace policytrack::rpc_test
