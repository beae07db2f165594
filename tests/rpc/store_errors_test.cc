// What the store says reaches the caller: every method that writes, with every
// reason not to, methods that read, and those that wait for evaluation in vain.
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/error.h"
#include "google/rpc/status.pb.h"
#include "plugins/host/host.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/plugins/script_runner.h"
#include "tests/rpc/faulty_store.h"
#include "tests/rpc/server_fixture.h"

namespace policytrack::rpc_test {
namespace {

using Send = std::function<grpc::Status()>;

class StoreErrorsTest : public ServerFixture {
 protected:
  absl::StatusOr<std::unique_ptr<server::Server>> Start(const server::Config& config) override {
    storage::SqliteOptions options;
    options.data_dir = config.data_dir;
    auto store = storage::SqliteStore::Open(options, &clock_);
    if (!store.ok()) return store.status();
    plugins::HostOptions host;
    host.plugin_dir = config.plugin_dir;
    host.allow_list_file = config.plugin_allow_list;
    auto engine = plugins::OpenHostWithLua(host, [](absl::string_view) {});
    if (!engine.ok()) return engine.status();
    auto faulty = std::make_unique<FaultyStore>(*std::move(store));
    store_ = faulty.get();
    return server::Server::StartOver(std::move(faulty), *std::move(engine), config, &clock_,
                                     [](absl::string_view) {});
  }

  void SetUp() override {
    ServerFixture::SetUp();
    MakePlan();
    MakePlan("unused");
    MakeDataset();
    MakeDataset("unused");
    MakeIndicator();
    v1::Measure measure = MeasureOf();
    *measure.add_targets() = Text<v1::Target>(R"(
      id: "t" display_name: "T" indicator: "indicators/level" output: "value"
      group { key: "region" value: "CN-HA" } relation: TARGET_RELATION_AT_LEAST unit: "vehicles"
      assessment { plugin: "plugins/attainment" })");
    for (const char* id : {"m", "gone"}) Add(id, measure);
    MakeIndicator("unused");
    v1::Measure response;
    const auto script = Text<v1::CreateScriptRequest>(R"(script_id: "unused"
      script { display_name: "S" expression: "a" inputs { slot: "a" } unit: "@a"
               accumulation: ACCUMULATION_FLOW })");
    v1::Script made;
    ASSERT_EQ(CodeOf(CALL(scripts_, CreateScript, script, &made)), "OK");
    v1::DeleteMeasureRequest remove;
    remove.set_name("measures/gone");
    ASSERT_EQ(CodeOf(CALL(measures_, DeleteMeasure, remove, &response)), "OK");
  }

  // A call of a unary method with a request in text format.
  template <typename Stub, typename Request, typename Response>
  static Send Of(const std::unique_ptr<Stub>& stub,
                 grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                 const std::string& text) {
    return [stub = stub.get(), method, request = Text<Request>(text)] {
      grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
      Response response;
      return (stub->*method)(&context, request, &response);
    };
  }

  FaultyStore* store_ = nullptr;  // of the server
};

bool SaysWhenToTryAgain(const grpc::Status& status) {
  google::rpc::Status details;
  google::rpc::RetryInfo retry;
  if (!details.ParseFromString(status.error_details())) return false;
  for (const auto& any : details.details()) {
    if (any.UnpackTo(&retry)) return retry.has_retry_delay();
  }
  return false;
}

TEST_F(StoreErrorsTest, EveryWriteTellsWhyItWasNotDone) {
  const std::string dataset = R"(
    unit: "km" frequency: FREQUENCY_YEAR accumulation: ACCUMULATION_STOCK display_name: "D")";
  const std::string indicator = R"(
    display_name: "I" plugin: "plugins/level" group_by: "region"
    inputs { slot: "value" source: "datasets/sales" })";
  const std::string measure = R"(
    plan: "plans/plan" display_name: "M" lifecycle { stage: MEASURE_STAGE_ADOPTED
    effective_date { year: 2024 month: 11 day: 9 } })";
  struct Write {
    Shown shown;
    Send send;
  };
  // Only checked, so that each is good again after it was refused.
  const std::vector<Write> writes = {
      {SHOWS("CreatePlan", "STORE_BUSY", "STORE_FULL", "SERVER_STOPPING"),
       Of(plans_, &v1::PlanService::Stub::CreatePlan,
          R"(plan_id: "new" plan { display_name: "P" } validate_only: true)")},
      {SHOWS("UpdatePlan", "STORE_BUSY", "STORE_FULL", "SERVER_STOPPING"),
       Of(plans_, &v1::PlanService::Stub::UpdatePlan,
          R"(plan { name: "plans/plan" display_name: "P" } validate_only: true)")},
      {SHOWS("DeletePlan", "STORE_BUSY", "STORE_FULL", "SERVER_STOPPING"),
       Of(plans_, &v1::PlanService::Stub::DeletePlan,
          R"(name: "plans/unused" validate_only: true)")},
      {SHOWS("CreateDataset", "STORE_BUSY", "STORE_FULL", "SERVER_STOPPING"),
       Of(datasets_, &v1::DatasetService::Stub::CreateDataset,
          absl::StrCat("dataset_id: 'new' validate_only: true dataset {", dataset, "}"))},
      {SHOWS("UpdateDataset", "STORE_BUSY", "STORE_FULL", "SERVER_STOPPING"),
       Of(datasets_, &v1::DatasetService::Stub::UpdateDataset,
          R"(dataset { name: "datasets/sales" display_name: "D" } validate_only: true)")},
      {SHOWS("DeleteDataset", "STORE_BUSY", "STORE_FULL", "SERVER_STOPPING"),
       Of(datasets_, &v1::DatasetService::Stub::DeleteDataset,
          R"(name: "datasets/unused" validate_only: true)")},
      {SHOWS("CreateIndicator", "STORE_BUSY", "STORE_FULL", "SERVER_STOPPING"),
       Of(indicators_, &v1::IndicatorService::Stub::CreateIndicator,
          absl::StrCat("indicator_id: 'new' validate_only: true indicator {", indicator, "}"))},
      {SHOWS("UpdateIndicator", "STORE_BUSY", "STORE_FULL", "SERVER_STOPPING"),
       Of(indicators_, &v1::IndicatorService::Stub::UpdateIndicator,
          R"(indicator { name: "indicators/level" display_name: "I" } validate_only: true)")},
      {SHOWS("DeleteIndicator", "STORE_BUSY", "STORE_FULL", "SERVER_STOPPING"),
       Of(indicators_, &v1::IndicatorService::Stub::DeleteIndicator,
          R"(name: "indicators/unused" validate_only: true)")},
      {SHOWS("CreateScript", "STORE_BUSY", "STORE_FULL", "SERVER_STOPPING"),
       Of(scripts_, &v1::ScriptService::Stub::CreateScript, R"(script_id: "new" validate_only: true
         script { display_name: "S" expression: "a" inputs { slot: "a" } unit: "@a"
                  accumulation: ACCUMULATION_FLOW })")},
      {SHOWS("UpdateScript", "STORE_BUSY", "STORE_FULL", "SERVER_STOPPING"),
       Of(scripts_, &v1::ScriptService::Stub::UpdateScript,
          R"(script { name: "scripts/unused" display_name: "S" } validate_only: true)")},
      {SHOWS("DeleteScript", "STORE_BUSY", "STORE_FULL", "SERVER_STOPPING"),
       Of(scripts_, &v1::ScriptService::Stub::DeleteScript,
          R"(name: "scripts/unused" validate_only: true)")},
      {SHOWS("CreateMeasure", "STORE_BUSY", "STORE_FULL", "SERVER_STOPPING"),
       Of(measures_, &v1::MeasureService::Stub::CreateMeasure,
          absl::StrCat("measure_id: 'new' validate_only: true measure {", measure, "}"))},
      {SHOWS("UpdateMeasure", "STORE_BUSY", "STORE_FULL", "SERVER_STOPPING"),
       Of(measures_, &v1::MeasureService::Stub::UpdateMeasure,
          R"(measure { name: "measures/m" display_name: "M" } validate_only: true)")},
      {SHOWS("DeleteMeasure", "STORE_BUSY", "STORE_FULL", "SERVER_STOPPING"),
       Of(measures_, &v1::MeasureService::Stub::DeleteMeasure,
          R"(name: "measures/m" validate_only: true)")},
      {SHOWS("UndeleteMeasure", "STORE_BUSY", "STORE_FULL", "SERVER_STOPPING"),
       Of(measures_, &v1::MeasureService::Stub::UndeleteMeasure,
          R"(name: "measures/gone" validate_only: true)")},
      {SHOWS("QuarantinePlugin", "STORE_BUSY", "STORE_FULL", "SERVER_STOPPING"),
       Of(plugins_, &v1::PluginService::Stub::QuarantinePlugin,
          R"(name: "plugins/level" reason: "x" validate_only: true)")},
      {SHOWS("ReleasePlugin", "STORE_BUSY", "STORE_FULL", "SERVER_STOPPING"),
       Of(plugins_, &v1::PluginService::Stub::ReleasePlugin,
          R"(name: "plugins/level" validate_only: true)")},
      {SHOWS("SelectPluginVersion", "STORE_BUSY", "STORE_FULL", "SERVER_STOPPING"),
       Of(plugins_, &v1::PluginService::Stub::SelectPluginVersion,
          R"(name: "plugins/level" validate_only: true)")},
      {SHOWS("PushObservations", "STORE_BUSY", "STORE_FULL", "SERVER_STOPPING"),
       [this] {
         v1::PushObservationsResponse response;
         return Push({Text<v1::PushObservationsRequest>(R"(
                       options { validate_only: true } dataset: "datasets/sales"
                       rows { period: "2024-01" value: 1
                              dimensions { key: "region" value: "CN-HA" } })")},
                     &response);
       }},
  };
  for (const Write& write : writes) {
    for (const std::string& reason : write.shown.reasons) {
      store_->FailWrites(Error(absl::StatusCode::kUnavailable, reason, "not now, try again"));
      const grpc::Status status = write.send();
      EXPECT_EQ(CodeOf(status), "UNAVAILABLE " + reason) << write.shown.method;
      EXPECT_TRUE(SaysWhenToTryAgain(status)) << write.shown.method;
    }
    store_->FailWrites(absl::OkStatus());
    const grpc::Status status = write.send();
    EXPECT_EQ(CodeOf(status), "OK") << write.shown.method << ": " << status.error_message();
  }
}

TEST_F(StoreErrorsTest, ReadsOfADamagedOrBusyStoreSaySo) {
  const std::vector<Send> reads = {
      Of(plans_, &v1::PlanService::Stub::GetPlan, R"(name: "plans/plan")"),
      Of(measures_, &v1::MeasureService::Stub::ListMeasures, ""),
      Of(datasets_, &v1::DatasetService::Stub::ListDatasetRevisions, R"(name: "datasets/sales")"),
      Of(indicators_, &v1::IndicatorService::Stub::PreviewIndicator, R"(indicator {
           display_name: "I" plugin: "plugins/level"
           inputs { slot: "value" source: "datasets/sales" } })"),
      Of(observations_, &v1::ObservationService::Stub::ListObservations,
         R"(parent: "datasets/sales")"),
      Of(observations_, &v1::ObservationService::Stub::ReadSeries, R"(parent: "datasets/sales")"),
      Of(progress_, &v1::ProgressService::Stub::GetPlanProgress, R"(name: "plans/plan")"),
      Of(events_, &v1::EventService::Stub::ListCommits, ""),
  };
  for (const Send& send : reads) {
    EXPECT_EQ(CodeOf(send()), "OK");
    store_->FailReads(Error(absl::StatusCode::kInternal, reason::kStoreDamaged, "it is damaged"));
    EXPECT_EQ(CodeOf(send()), "INTERNAL STORE_DAMAGED");
    store_->FailReads(Error(absl::StatusCode::kUnavailable, reason::kStoreBusy, "it is busy"));
    EXPECT_EQ(CodeOf(send()), "UNAVAILABLE STORE_BUSY");
    store_->FailReads(absl::OkStatus());
  }
}

// As evaluation that cannot write: the revision that is waited for is never passed.
TEST_F(StoreErrorsTest, EvaluationThatStaysBehindIsWaitedForTenSeconds) {
  store_->FailEvaluations(Error(absl::StatusCode::kUnavailable, reason::kStoreBusy, "busy"));
  const int64_t revision = PushRow("sales", "CN-HA", "2024-01", 1);
  const auto with_revision = [&](const std::string& text) {
    return absl::StrCat(text, " at_least_revision: ", revision);
  };
  struct Wait {
    Shown shown;
    Send send;
  };
  const std::vector<Wait> waits = {
      {SHOWS("ListObservations", "EVALUATION_BEHIND"),
       Of(observations_, &v1::ObservationService::Stub::ListObservations,
          with_revision(R"(parent: "indicators/level")"))},
      {SHOWS("ReadSeries", "EVALUATION_BEHIND"),
       Of(observations_, &v1::ObservationService::Stub::ReadSeries,
          with_revision(R"(parent: "indicators/level")"))},
      {SHOWS("GetMeasureProgress", "EVALUATION_BEHIND"),
       Of(progress_, &v1::ProgressService::Stub::GetMeasureProgress,
          with_revision(R"(name: "measures/m")"))},
      {SHOWS("GetPlanProgress", "EVALUATION_BEHIND"),
       Of(progress_, &v1::ProgressService::Stub::GetPlanProgress,
          with_revision(R"(name: "plans/plan")"))},
      {SHOWS("ExplainProgress", "EVALUATION_BEHIND"),
       Of(progress_, &v1::ProgressService::Stub::ExplainProgress,
          with_revision(R"(target: "measures/m/targets/t")"))},
  };
  const absl::Time start = absl::Now();
  std::vector<std::thread> threads;
  std::vector<std::string> codes(waits.size());
  for (size_t i = 0; i < waits.size(); ++i) {
    threads.emplace_back([&, i] { codes[i] = CodeOf(waits[i].send()); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(absl::Now() - start, absl::Seconds(9));
  for (size_t i = 0; i < waits.size(); ++i) {
    EXPECT_EQ(codes[i], "DEADLINE_EXCEEDED " + waits[i].shown.reasons[0]) << waits[i].shown.method;
  }
  // Once it can write it catches up.
  store_->FailEvaluations(absl::OkStatus());
  EXPECT_EQ(CodeOf(waits[0].send()), "OK");
}

}  // namespace
}  // namespace policytrack::rpc_test
