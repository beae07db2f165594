#include "tests/rpc/server_fixture.h"

#include <cstdlib>
#include <filesystem>

#include "google/rpc/status.pb.h"

namespace policytrack::rpc_test {
namespace {

const char* CodeName(grpc::StatusCode code) {
  static constexpr const char* kNames[] = {"OK",
                                           "CANCELLED",
                                           "UNKNOWN",
                                           "INVALID_ARGUMENT",
                                           "DEADLINE_EXCEEDED",
                                           "NOT_FOUND",
                                           "ALREADY_EXISTS",
                                           "PERMISSION_DENIED",
                                           "RESOURCE_EXHAUSTED",
                                           "FAILED_PRECONDITION",
                                           "ABORTED",
                                           "OUT_OF_RANGE",
                                           "UNIMPLEMENTED",
                                           "INTERNAL",
                                           "UNAVAILABLE",
                                           "DATA_LOSS",
                                           "UNAUTHENTICATED"};
  return kNames[static_cast<int>(code)];
}

google::rpc::ErrorInfo InfoOf(const grpc::Status& status) {
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  if (!details.ParseFromString(status.error_details())) return info;
  for (const auto& any : details.details()) {
    if (any.UnpackTo(&info)) return info;
  }
  return {};
}

}  // namespace

std::string ReasonOf(const grpc::Status& status) { return InfoOf(status).reason(); }

std::string MetadataOf(const grpc::Status& status, const std::string& key) {
  const auto info = InfoOf(status);
  const auto found = info.metadata().find(key);
  return found == info.metadata().end() ? "" : found->second;
}

std::string CodeOf(const grpc::Status& status) {
  if (status.ok()) return "OK";
  return std::string(CodeName(status.error_code())) + " " + ReasonOf(status);
}

void ServerFixture::SetUp() {
  std::string pattern = testing::TempDir() + "policytrack-rpc-XXXXXX";
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  data_dir_ = pattern;
  StartServer();
}

void ServerFixture::TearDown() {
  server_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(data_dir_, ignored);
}

void ServerFixture::StartServer() {
  server::Config config;
  config.listen = "127.0.0.1:0";
  config.data_dir = data_dir_;
  config.plugin_dir = POLICYTRACK_PLUGIN_DIR;
  config.plugin_allow_list = POLICYTRACK_PLUGIN_ALLOW_LIST;
  config.max_push_mib = 4;
  auto started = Start(config);
  ASSERT_TRUE(started.ok()) << started.status();
  server_ = *std::move(started);
  auto channel = grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->port()),
                                     grpc::InsecureChannelCredentials());
  plans_ = v1::PlanService::NewStub(channel);
  measures_ = v1::MeasureService::NewStub(channel);
  datasets_ = v1::DatasetService::NewStub(channel);
  indicators_ = v1::IndicatorService::NewStub(channel);
  observations_ = v1::ObservationService::NewStub(channel);
  progress_ = v1::ProgressService::NewStub(channel);
  plugins_ = v1::PluginService::NewStub(channel);
  events_ = v1::EventService::NewStub(channel);
  scripts_ = v1::ScriptService::NewStub(channel);
  admin_ = v1::AdminService::NewStub(channel);
}

void ServerFixture::Restart() {
  server_.reset();
  StartServer();
}

grpc::Status ServerFixture::TryAdd(const std::string& id, const v1::Dataset& dataset,
                                   v1::Dataset* stored) {
  v1::CreateDatasetRequest request;
  request.set_dataset_id(id);
  *request.mutable_dataset() = dataset;
  return CALL(datasets_, CreateDataset, request, stored);
}

grpc::Status ServerFixture::TryAdd(const std::string& id, const v1::Indicator& indicator,
                                   v1::Indicator* stored) {
  v1::CreateIndicatorRequest request;
  request.set_indicator_id(id);
  *request.mutable_indicator() = indicator;
  return CALL(indicators_, CreateIndicator, request, stored);
}

grpc::Status ServerFixture::TryAdd(const std::string& id, const v1::Measure& measure,
                                   v1::Measure* stored) {
  v1::CreateMeasureRequest request;
  request.set_measure_id(id);
  *request.mutable_measure() = measure;
  return CALL(measures_, CreateMeasure, request, stored);
}

void ServerFixture::MakePlan(const std::string& id) {
  auto request = Text<v1::CreatePlanRequest>(R"(plan { display_name: "A plan" })");
  request.set_plan_id(id);
  v1::Plan response;
  const grpc::Status status = CALL(plans_, CreatePlan, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
}

void ServerFixture::MakeDataset(const std::string& id) {
  Add(id, Text<v1::Dataset>(R"(
    display_name: "Sales" unit: "vehicles" unit_multiplier: 4
    frequency: FREQUENCY_MONTH accumulation: ACCUMULATION_FLOW
    dimensions { id: "region" }
    allowed_range { minimum: 0 })"));
}

void ServerFixture::MakeIndicator(const std::string& id, const std::string& dataset) {
  auto indicator = Text<v1::Indicator>(R"(
    display_name: "Level" plugin: "plugins/level" group_by: "region"
    inputs { slot: "value" })");
  indicator.mutable_inputs(0)->set_source("datasets/" + dataset);
  Add(id, indicator);
}

v1::Measure ServerFixture::MeasureOf(const std::string& plan) const {
  auto measure = Text<v1::Measure>(R"(
    display_name: "A measure"
    lifecycle { stage: MEASURE_STAGE_ADOPTED effective_date { year: 2024 month: 11 day: 9 } })");
  measure.set_plan(plan);
  return measure;
}

int64_t ServerFixture::PushRow(const std::string& dataset, const std::string& region,
                               const std::string& period, double value) {
  v1::PushObservationsRequest message;
  message.set_dataset("datasets/" + dataset);
  v1::Observation* row = message.add_rows();
  row->set_period(period);
  (*row->mutable_dimensions())["region"] = region;
  row->set_value(value);
  v1::PushObservationsResponse response;
  const grpc::Status status = Push({message}, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response.revision();
}

grpc::Status ServerFixture::Push(const std::vector<v1::PushObservationsRequest>& messages,
                                 v1::PushObservationsResponse* response) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  auto writer = observations_->PushObservations(&context, response);
  for (const auto& message : messages) {
    if (!writer->Write(message)) break;
  }
  writer->WritesDone();
  return writer->Finish();
}

}  // namespace policytrack::rpc_test
