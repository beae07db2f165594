// A real server in the test's process: a new data directory, the shipped
// plugins, a port of its own, and stubs for every service.
#ifndef POLICYTRACK_TESTS_RPC_SERVER_FIXTURE_H_
#define POLICYTRACK_TESTS_RPC_SERVER_FIXTURE_H_

#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "google/rpc/error_details.pb.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "policytrack/v1/admin_service.grpc.pb.h"
#include "policytrack/v1/dataset_service.grpc.pb.h"
#include "policytrack/v1/event_service.grpc.pb.h"
#include "policytrack/v1/indicator_service.grpc.pb.h"
#include "policytrack/v1/measure_service.grpc.pb.h"
#include "policytrack/v1/observation_service.grpc.pb.h"
#include "policytrack/v1/plan_service.grpc.pb.h"
#include "policytrack/v1/plugin_service.grpc.pb.h"
#include "policytrack/v1/progress_service.grpc.pb.h"
#include "policytrack/v1/script_service.grpc.pb.h"
#include "services/server/server.h"

namespace policytrack::rpc_test {

// The reason of a refused call, or "" when it has no ErrorInfo.
std::string ReasonOf(const grpc::Status& status);
// A value of the metadata of its ErrorInfo, or "".
std::string MetadataOf(const grpc::Status& status, const std::string& key);

// A message from protobuf text format; a test that passes bad text fails.
template <typename T>
T Text(const std::string& text);

class ServerFixture : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Stops the server and starts another on the same data.
  void Restart();
  // Starts a server; overridden by tests that put something else under it.
  virtual absl::StatusOr<std::unique_ptr<server::Server>> Start(const server::Config& config) {
    return server::Server::Start(config, &clock_, [](absl::string_view) {});
  }

  // Creates a document; `Add` fails the test when it is refused, and gives what is stored.
  grpc::Status TryAdd(const std::string& id, const v1::Dataset& dataset, v1::Dataset* stored);
  grpc::Status TryAdd(const std::string& id, const v1::Indicator& indicator, v1::Indicator* stored);
  grpc::Status TryAdd(const std::string& id, const v1::Measure& measure, v1::Measure* stored);
  template <typename T>
  T Add(const std::string& id, const T& document) {
    T stored;
    const grpc::Status status = TryAdd(id, document, &stored);
    EXPECT_TRUE(status.ok()) << id << ": " << status.error_message();
    return stored;
  }

  // Documents that many tests need; each fails the test when it is refused.
  void MakePlan(const std::string& id = "plan");
  // Monthly, in units of 10^4 vehicles, with dimension `region`.
  void MakeDataset(const std::string& id = "sales");
  // plugins/level over a dataset made by MakeDataset, grouped by region.
  void MakeIndicator(const std::string& id = "level", const std::string& dataset = "sales");
  v1::Measure MeasureOf(const std::string& plan = "plans/plan") const;

  // Pushes one row; returns the revision.
  int64_t PushRow(const std::string& dataset, const std::string& region, const std::string& period,
                  double value);

  grpc::Status Push(const std::vector<v1::PushObservationsRequest>& messages,
                    v1::PushObservationsResponse* response);

  FakeClock clock_{absl::FromUnixSeconds(1731145200)};  // 2024-11-09
  std::string data_dir_;
  std::unique_ptr<server::Server> server_;
  std::unique_ptr<v1::PlanService::Stub> plans_;
  std::unique_ptr<v1::MeasureService::Stub> measures_;
  std::unique_ptr<v1::DatasetService::Stub> datasets_;
  std::unique_ptr<v1::IndicatorService::Stub> indicators_;
  std::unique_ptr<v1::ObservationService::Stub> observations_;
  std::unique_ptr<v1::ProgressService::Stub> progress_;
  std::unique_ptr<v1::PluginService::Stub> plugins_;
  std::unique_ptr<v1::EventService::Stub> events_;
  std::unique_ptr<v1::ScriptService::Stub> scripts_;
  std::unique_ptr<v1::AdminService::Stub> admin_;

 private:
  void StartServer();
};

// The code and reason of a status, as "NOT_FOUND RESOURCE_NOT_FOUND", or "OK".
std::string CodeOf(const grpc::Status& status);

// A method and reasons that a test gets from it. lint_covered reads the words, and
// holds them against what the comment of the method lists; so they are literals.
struct Shown {
  std::string method;
  std::vector<std::string> reasons;
};
#define SHOWS(method, ...)         \
  ::policytrack::rpc_test::Shown { \
    method, { __VA_ARGS__ }        \
  }

// Calls one unary method of a stub.
#define CALL(stub, method, request, response)                                             \
  [&](const auto& pt_request, auto* pt_response) {                                        \
    grpc::ClientContext pt_context;                                                       \
    pt_context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30)); \
    return (stub)->method(&pt_context, pt_request, pt_response);                          \
  }(request, response)

}  // namespace policytrack::rpc_test

#include "google/protobuf/text_format.h"

namespace policytrack::rpc_test {

template <typename T>
T Text(const std::string& text) {
  T message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

}  // namespace policytrack::rpc_test

#endif  // POLICYTRACK_TESTS_RPC_SERVER_FIXTURE_H_
