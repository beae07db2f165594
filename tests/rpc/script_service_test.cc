// Scripts as documents, with Lua in the server's process: what is refused at
// create, what an indicator makes of one, and what a change of one changes.
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/plugins/script_runner.h"
#include "tests/rpc/server_fixture.h"

namespace policytrack::rpc_test {
namespace {

using testing::HasSubstr;

class ScriptServiceTest : public ServerFixture {
 protected:
  absl::StatusOr<std::unique_ptr<server::Server>> Start(const server::Config& config) override {
    storage::SqliteOptions options;
    options.data_dir = config.data_dir;
    auto store = storage::SqliteStore::Open(options, &clock_);
    if (!store.ok()) return store.status();
    auto engine = with_lua_ ? plugins::OpenShippedWithLua() : plugins::OpenShipped();
    if (engine == nullptr) return absl::InternalError("the shipped plugins are not there");
    return server::Server::StartOver(*std::move(store), std::move(engine), config, &clock_,
                                     [](absl::string_view) {});
  }

  static v1::Script ShareOf(const std::string& expression) {
    auto script = Text<v1::Script>(R"(
      display_name: "Share" unit: "percent" accumulation: ACCUMULATION_LEVEL
      inputs { slot: "part" same_unit_as: "whole" } inputs { slot: "whole" })");
    script.set_expression(expression);
    return script;
  }
  grpc::Status Create(const std::string& id, const v1::Script& script, v1::Script* made = nullptr) {
    v1::CreateScriptRequest request;
    request.set_script_id(id);
    *request.mutable_script() = script;
    v1::Script response;
    return CALL(scripts_, CreateScript, request, made == nullptr ? &response : made);
  }
  grpc::Status Update(const v1::Script& script, const std::vector<std::string>& paths) {
    v1::UpdateScriptRequest request;
    *request.mutable_script() = script;
    for (const std::string& path : paths) request.mutable_update_mask()->add_paths(path);
    v1::Script response;
    return CALL(scripts_, UpdateScript, request, &response);
  }
  grpc::Status Delete(const std::string& name) {
    v1::DeleteScriptRequest request;
    request.set_name(name);
    v1::Script response;
    return CALL(scripts_, DeleteScript, request, &response);
  }
  // Part of a whole, by region, computed by `plugin`.
  grpc::Status MakeShare(const std::string& plugin) {
    auto request = Text<v1::CreateIndicatorRequest>(R"(
      indicator_id: "share"
      indicator {
        display_name: "Share" group_by: "region"
        inputs { slot: "part" source: "datasets/electric" }
        inputs { slot: "whole" source: "datasets/sales" }
      })");
    request.mutable_indicator()->set_plugin(plugin);
    v1::Indicator response;
    return CALL(indicators_, CreateIndicator, request, &response);
  }
  v1::ListObservationsResponse List(const std::string& parent, int64_t at_least,
                                    int64_t as_of = 0) {
    v1::ListObservationsRequest request;
    request.set_parent(parent);
    request.set_at_least_revision(at_least);
    if (as_of > 0) request.mutable_as_of()->set_revision(as_of);
    v1::ListObservationsResponse response;
    const grpc::Status status = CALL(observations_, ListObservations, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  // The one value of an indicator, or -1.
  double ValueOf(const std::string& parent, int64_t at_least, int64_t as_of = 0) {
    const auto list = List(parent, at_least, as_of);
    EXPECT_EQ(list.observations_size(), 1) << list.DebugString();
    return list.observations_size() == 1 ? list.observations(0).value() : -1;
  }
  int64_t Revision() {
    v1::ListScriptsRequest request;
    v1::ListScriptsResponse response;
    EXPECT_TRUE(CALL(scripts_, ListScripts, request, &response).ok());
    return response.revision();
  }

  bool with_lua_ = true;
};

TEST_F(ScriptServiceTest, AScriptIsADocumentLikeTheOthers) {
  v1::Script made;
  ASSERT_EQ(CodeOf(Create("share", ShareOf("100 * part / whole"), &made)), "OK");
  EXPECT_EQ(made.name(), "scripts/share");
  EXPECT_FALSE(made.etag().empty());
  v1::Script changed = made;
  changed.set_description("Of all.");
  ASSERT_EQ(CodeOf(Update(changed, {"description"})), "OK");
  EXPECT_EQ(CodeOf(Update(changed, {"description"})), "ABORTED ETAG_MISMATCH");

  v1::GetScriptRequest get;
  get.set_name("scripts/share");
  v1::Script now;
  ASSERT_EQ(CodeOf(CALL(scripts_, GetScript, get, &now)), "OK");
  EXPECT_EQ(now.description(), "Of all.");
  get.mutable_as_of()->set_revision(made.revision());
  ASSERT_EQ(CodeOf(CALL(scripts_, GetScript, get, &now)), "OK");
  EXPECT_EQ(now.description(), "");

  v1::ListScriptRevisionsRequest revisions;
  revisions.set_name("scripts/share");
  v1::ListScriptRevisionsResponse listed;
  ASSERT_EQ(CodeOf(CALL(scripts_, ListScriptRevisions, revisions, &listed)), "OK");
  EXPECT_EQ(listed.script_revisions_size(), 2);

  v1::CreateScriptRequest trial;
  trial.set_script_id("trial");
  *trial.mutable_script() = ShareOf("part");
  trial.set_validate_only(true);
  ASSERT_EQ(CodeOf(CALL(scripts_, CreateScript, trial, &now)), "OK");
  EXPECT_EQ(CodeOf(Delete("scripts/trial")), "NOT_FOUND RESOURCE_NOT_FOUND");
  EXPECT_EQ(CodeOf(Delete("scripts/share")), "OK");
}

TEST_F(ScriptServiceTest, WhatCannotRunIsRefusedWithItsLine) {
  const auto refused = [&](const std::string& expression) {
    const grpc::Status status = Create("bad", ShareOf(expression));
    EXPECT_EQ(CodeOf(status), "INVALID_ARGUMENT FIELD_INVALID") << expression;
    EXPECT_EQ(MetadataOf(status, "field"), "script.expression") << expression;
    return status.error_message();
  };
  EXPECT_THAT(refused("100 * (part"), HasSubstr("script.expression: line 1: ')' expected"));
  EXPECT_THAT(refused("100 * part / totl"), HasSubstr("line 1: `totl` is not there"));
  EXPECT_THAT(refused("os.time()"), HasSubstr("`os` is not there"));
  EXPECT_THAT(refused("'text'"), HasSubstr("gives a string, not a number"));
  EXPECT_THAT(refused("(function() while true do end end)()"),
              HasSubstr("more than 1000000 steps"));
  EXPECT_THAT(refused("string.rep('x', 1e9)"), HasSubstr("string.rep"));
  EXPECT_THAT(refused("lag('part', 1)"), HasSubstr("look_back"));
  EXPECT_THAT(refused("or_else(part, 0)"), HasSubstr("handles_missing"));

  v1::Script code = ShareOf("");
  code.set_code("function compute(part, whole)\n  return part / wole\nend");
  const grpc::Status status = Create("bad", code);
  EXPECT_EQ(MetadataOf(status, "field"), "script.code");
  EXPECT_THAT(status.error_message(), HasSubstr("line 2: `wole` is not there"));
}

TEST_F(ScriptServiceTest, FieldsAreChecked) {
  const auto field_of = [&](v1::Script script) {
    const grpc::Status status = Create("bad", script);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << script.DebugString();
    return MetadataOf(status, "field");
  };
  v1::Script script = ShareOf("part");
  script.set_code("function compute() return 1 end");
  EXPECT_EQ(field_of(script), "script.code");
  EXPECT_EQ(field_of(ShareOf("")), "script.expression");
  script = ShareOf("part");
  script.mutable_inputs(0)->set_slot("Part");
  EXPECT_EQ(field_of(script), "script.inputs[0].slot");
  script = ShareOf("part");
  script.mutable_inputs(0)->clear_same_unit_as();
  script.mutable_inputs(1)->set_slot("part");
  EXPECT_EQ(field_of(script), "script.inputs[1].slot");
  script = ShareOf("part");
  script.mutable_inputs(0)->set_same_unit_as("other");
  EXPECT_EQ(field_of(script), "script.inputs[0].same_unit_as");
  script = ShareOf("part");
  script.mutable_inputs(0)->set_optional(true);
  EXPECT_EQ(field_of(script), "script.inputs[0].optional");
  script = ShareOf("part");
  script.set_unit("percents");
  EXPECT_EQ(field_of(script), "script.unit");
  script.set_unit("@other");
  EXPECT_EQ(field_of(script), "script.unit");
  script = ShareOf("part");
  script.set_look_back(1201);
  EXPECT_EQ(field_of(script), "script.look_back");
  script = ShareOf("part");
  script.clear_accumulation();
  EXPECT_EQ(field_of(script), "script.accumulation");
  script = ShareOf("part");
  script.clear_inputs();
  EXPECT_EQ(field_of(script), "script.inputs");
  script = ShareOf("part");
  script.mutable_inputs(0)->set_slot("lag");
  EXPECT_EQ(field_of(script), "script.expression");
}

TEST_F(ScriptServiceTest, AnIndicatorComputesByAScript) {
  MakeDataset("sales");
  MakeDataset("electric");
  ASSERT_EQ(CodeOf(MakeShare("scripts/share")), "NOT_FOUND RESOURCE_NOT_FOUND");
  ASSERT_EQ(CodeOf(Create("share", ShareOf("100 * part / whole"))), "OK");
  EXPECT_EQ(CodeOf(MakeShare("plugins/lua")), "INVALID_ARGUMENT FIELD_INVALID");
  ASSERT_EQ(CodeOf(MakeShare("scripts/share")), "OK");
  PushRow("sales", "CN-HA", "2024-01", 80);
  const int64_t pushed = PushRow("electric", "CN-HA", "2024-01", 20);
  const auto list = List("indicators/share", pushed);
  ASSERT_EQ(list.observations_size(), 1);
  EXPECT_EQ(list.observations(0).value(), 25);
  EXPECT_EQ(list.evaluation().plugin(), "scripts/share");
  EXPECT_EQ(list.evaluation().plugin_version(), "1.0.0");
  EXPECT_EQ(list.evaluation().plugin_digest().size(), 64u);

  // It keeps the script from deletion.
  const grpc::Status deleted = Delete("scripts/share");
  EXPECT_EQ(CodeOf(deleted), "FAILED_PRECONDITION RESOURCE_IN_USE");
  EXPECT_THAT(deleted.error_message(), HasSubstr("indicators/share"));

  v1::PreviewIndicatorRequest preview;
  v1::GetIndicatorRequest get;
  get.set_name("indicators/share");
  ASSERT_EQ(CodeOf(CALL(indicators_, GetIndicator, get, preview.mutable_indicator())), "OK");
  v1::PreviewIndicatorResponse previewed;
  ASSERT_EQ(CodeOf(CALL(indicators_, PreviewIndicator, preview, &previewed)), "OK");
  ASSERT_EQ(previewed.series_size(), 1);
  EXPECT_EQ(previewed.series(0).values(0), 25);
  EXPECT_EQ(previewed.evaluation().plugin_digest(), list.evaluation().plugin_digest());
}

TEST_F(ScriptServiceTest, AChangedScriptEvaluatesItsIndicatorsAgain) {
  MakeDataset("sales");
  MakeDataset("electric");
  ASSERT_EQ(CodeOf(Create("share", ShareOf("100 * part / whole"))), "OK");
  ASSERT_EQ(CodeOf(MakeShare("scripts/share")), "OK");
  PushRow("sales", "CN-HA", "2024-01", 80);
  const int64_t pushed = PushRow("electric", "CN-HA", "2024-01", 20);
  ASSERT_EQ(ValueOf("indicators/share", pushed), 25);
  const std::string digest = List("indicators/share", pushed).evaluation().plugin_digest();

  auto changed = Text<v1::Script>(R"(name: "scripts/share" description: "Of all.")");
  ASSERT_EQ(CodeOf(Update(changed, {"description"})), "OK");
  EXPECT_EQ(List("indicators/share", Revision()).evaluation().plugin_digest(), digest);
  const int64_t before = Revision();

  changed.set_expression("1000 * part / whole");
  ASSERT_EQ(CodeOf(Update(changed, {"expression"})), "OK");
  const int64_t after = Revision();
  EXPECT_EQ(ValueOf("indicators/share", after), 250);
  EXPECT_NE(List("indicators/share", after).evaluation().plugin_digest(), digest);
  // The past is as it was.
  EXPECT_EQ(ValueOf("indicators/share", 0, before), 25);

  // What it is used by must still fit it.
  changed.clear_expression();
  changed.add_inputs()->set_slot("whole");
  changed.set_expression("whole");
  const grpc::Status status = Update(changed, {"inputs", "expression"});
  EXPECT_EQ(CodeOf(status), "FAILED_PRECONDITION RESOURCE_IN_USE");
  EXPECT_EQ(MetadataOf(status, "referrer"), "indicators/share");
}

TEST_F(ScriptServiceTest, AStatusThatAScriptChangedHasAChangedMethodForItsCause) {
  MakePlan();
  MakeDataset("sales");
  MakeDataset("electric");
  ASSERT_EQ(CodeOf(Create("share", ShareOf("100 * part / whole"))), "OK");
  ASSERT_EQ(CodeOf(MakeShare("scripts/share")), "OK");
  v1::CreateMeasureRequest create;
  create.set_measure_id("m");
  *create.mutable_measure() = MeasureOf();
  *create.mutable_measure()->add_targets() = Text<v1::Target>(R"(
    id: "t" display_name: "T" indicator: "indicators/share" output: "value" unit: "percent"
    group { key: "region" value: "CN-HA" } relation: TARGET_RELATION_AT_LEAST
    baseline { period: "2023-01" value: 10 } final_point { period: "2024-12" value: 50 }
    assessment { plugin: "plugins/attainment" })");
  v1::Measure measure;
  ASSERT_EQ(CodeOf(CALL(measures_, CreateMeasure, create, &measure)), "OK");
  PushRow("sales", "CN-HA", "2024-01", 80);
  const int64_t pushed = PushRow("electric", "CN-HA", "2024-01", 20);
  v1::ExplainProgressRequest request;
  request.set_target("measures/m/targets/t");
  request.set_at_least_revision(pushed);
  v1::ExplainProgressResponse explained;
  ASSERT_EQ(CodeOf(CALL(progress_, ExplainProgress, request, &explained)), "OK");
  const auto before = explained.progress().status();
  ASSERT_NE(before, v1::PROGRESS_STATUS_ACHIEVED);
  bool shown = false;
  for (const auto& step : explained.steps()) {
    for (const auto& text : step.parameters()) shown |= text == "expression = 100 * part / whole";
  }
  EXPECT_TRUE(shown) << explained.DebugString();

  auto changed = Text<v1::Script>(R"(name: "scripts/share" expression: "1000 * part / whole")");
  ASSERT_EQ(CodeOf(Update(changed, {"expression"})), "OK");
  request.set_at_least_revision(Revision());
  ASSERT_EQ(CodeOf(CALL(progress_, ExplainProgress, request, &explained)), "OK");
  EXPECT_EQ(explained.progress().status(), v1::PROGRESS_STATUS_ACHIEVED);
  EXPECT_EQ(explained.last_change().from_status(), before);
  EXPECT_EQ(explained.last_change().cause(), v1::STATUS_CHANGE_CAUSE_METHOD_CHANGED);
}

TEST_F(ScriptServiceTest, AScriptThatFailsOnRealFiguresLeavesTheLastGoodOnes) {
  MakeDataset("sales");
  MakeDataset("electric");
  ASSERT_EQ(
      CodeOf(Create("share", ShareOf("part < 5e5 and 100 * part / whole or error('too large')"))),
      "OK");
  ASSERT_EQ(CodeOf(MakeShare("scripts/share")), "OK");
  PushRow("sales", "CN-HA", "2024-01", 80);
  ASSERT_EQ(ValueOf("indicators/share", PushRow("electric", "CN-HA", "2024-01", 20)), 25);
  const auto list = List("indicators/share", PushRow("electric", "CN-HA", "2024-01", 70));
  ASSERT_EQ(list.observations_size(), 1);
  EXPECT_EQ(list.observations(0).value(), 25);
  EXPECT_EQ(list.evaluation().failure_reason(), "PLUGIN_FAILED");
  EXPECT_THAT(list.evaluation().failure_message(),
              HasSubstr("scripts/share: plugins/lua failed: at 2024-01, line 1: too large"));
}

TEST_F(ScriptServiceTest, WithoutWhatRunsScriptsNoneIsMadeOrChanged) {
  ASSERT_EQ(CodeOf(Create("share", ShareOf("100 * part / whole"))), "OK");
  with_lua_ = false;
  Restart();
  const Shown kShown[] = {SHOWS("CreateScript", "PLUGIN_NOT_ACTIVE"),
                          SHOWS("UpdateScript", "PLUGIN_NOT_ACTIVE")};
  auto changed = Text<v1::Script>(R"(name: "scripts/share" expression: "part" description: "D")");
  const grpc::Status statuses[] = {Create("new", ShareOf("part")), Update(changed, {"expression"})};
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(CodeOf(statuses[i]), "FAILED_PRECONDITION " + kShown[i].reasons[0]);
    EXPECT_THAT(statuses[i].error_message(), HasSubstr("worker"));
  }
  // What does not change what it computes needs no trial.
  EXPECT_EQ(CodeOf(Update(changed, {"description"})), "OK");
}

TEST_F(ScriptServiceTest, AnIndicatorByAScriptIsStaleWhileNothingRunsScripts) {
  MakeDataset("sales");
  MakeDataset("electric");
  ASSERT_EQ(CodeOf(Create("share", ShareOf("100 * part / whole"))), "OK");
  ASSERT_EQ(CodeOf(MakeShare("scripts/share")), "OK");
  PushRow("sales", "CN-HA", "2024-01", 80);
  const int64_t pushed = PushRow("electric", "CN-HA", "2024-01", 20);
  ASSERT_EQ(ValueOf("indicators/share", pushed), 25);
  with_lua_ = false;
  Restart();
  const auto list = List("indicators/share", pushed);
  ASSERT_EQ(list.observations_size(), 1);
  EXPECT_EQ(list.observations(0).value(), 25);
  EXPECT_EQ(list.evaluation().failure_reason(), "PLUGIN_NOT_ACTIVE");
}

}  // namespace
}  // namespace policytrack::rpc_test
