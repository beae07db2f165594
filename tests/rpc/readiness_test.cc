// Readiness over the wire: it goes with the store, and liveness does not.
#include <chrono>
#include <string>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "core/error.h"
#include "grpc/health/v1/health.pb.h"
#include "grpcpp/generic/generic_stub.h"
#include "plugins/host/host.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/rpc/faulty_store.h"
#include "tests/rpc/server_fixture.h"

namespace policytrack::rpc_test {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

class ReadinessTest : public ServerFixture {
 protected:
  absl::StatusOr<std::unique_ptr<server::Server>> Start(const server::Config& config) override {
    storage::SqliteOptions options;
    options.data_dir = config.data_dir;
    auto store = storage::SqliteStore::Open(options, &clock_);
    if (!store.ok()) return store.status();
    plugins::HostOptions host;
    host.plugin_dir = config.plugin_dir;
    host.allow_list_file = config.plugin_allow_list;
    auto engine = plugins::OpenHost(host, [](absl::string_view) {});
    if (!engine.ok()) return engine.status();
    auto faulty = std::make_unique<FaultyStore>(*std::move(store));
    store_ = faulty.get();
    return server::Server::StartOver(std::move(faulty), *std::move(engine), config, &clock_,
                                     [](absl::string_view) {});
  }

  HealthCheckResponse::ServingStatus Ask(const std::string& service) {
    if (health_ == nullptr) {
      health_ = std::make_unique<HealthStub>(grpc::CreateChannel(
          "127.0.0.1:" + std::to_string(server_->port()), grpc::InsecureChannelCredentials()));
    }
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    HealthCheckRequest request;
    request.set_service(service);
    HealthCheckResponse response;
    grpc::Status status;
    absl::Notification done;
    health_->UnaryCall(&context, "/grpc.health.v1.Health/Check", grpc::StubOptions(), &request,
                       &response, [&](grpc::Status result) {
                         status = std::move(result);
                         done.Notify();
                       });
    done.WaitForNotification();
    EXPECT_TRUE(status.ok()) << service << ": " << status.error_message();
    return response.status();
  }

  // Whether it comes to be so within a minute.
  bool Becomes(const std::string& service, HealthCheckResponse::ServingStatus wanted) {
    const absl::Time until = absl::Now() + absl::Seconds(60);
    while (absl::Now() < until) {
      if (Ask(service) == wanted) return true;
    }
    return false;
  }

  FaultyStore* store_ = nullptr;  // of the server

 private:
  using HealthStub = grpc::TemplatedGenericStub<HealthCheckRequest, HealthCheckResponse>;
  std::unique_ptr<HealthStub> health_;
};

TEST_F(ReadinessTest, AStoreThatFailsMakesItUnreadyAndOneThatIsMendedReady) {
  EXPECT_TRUE(Becomes("", HealthCheckResponse::SERVING));
  EXPECT_TRUE(Becomes("policytrack.liveness", HealthCheckResponse::SERVING));
  store_->FailReads(absl::InternalError("disk I/O error"));
  EXPECT_TRUE(Becomes("", HealthCheckResponse::NOT_SERVING));
  EXPECT_TRUE(Becomes("policytrack.v1.PlanService", HealthCheckResponse::NOT_SERVING));
  EXPECT_EQ(Ask("policytrack.liveness"), HealthCheckResponse::SERVING);
  store_->FailReads(absl::OkStatus());
  EXPECT_TRUE(Becomes("", HealthCheckResponse::SERVING));
  EXPECT_TRUE(Becomes("policytrack.v1.PlanService", HealthCheckResponse::SERVING));
}

}  // namespace
}  // namespace policytrack::rpc_test
