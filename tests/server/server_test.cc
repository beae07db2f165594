// What a server refuses at its start, and that nothing is changed by it.
#include "services/server/server.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "policytrack/v1/plan_service.grpc.pb.h"

namespace policytrack::server {
namespace {

using testing::HasSubstr;

class ServerTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "policytrack-server-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    config_.listen = "127.0.0.1:0";
    config_.data_dir = directory_ + "/data";
    config_.plugin_dir = POLICYTRACK_PLUGIN_DIR;
    config_.plugin_allow_list = POLICYTRACK_PLUGIN_ALLOW_LIST;
  }
  void TearDown() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  absl::StatusOr<std::unique_ptr<Server>> Start() {
    return Server::Start(config_, &clock_, [](absl::string_view) {});
  }
  // The message with which the server refuses to start.
  std::string Refusal() {
    const auto server = Start();
    return server.ok() ? "started" : std::string(server.status().message());
  }

  FakeClock clock_{absl::FromUnixSeconds(1731145200)};
  std::string directory_;
  Config config_;
};

TEST_F(ServerTest, StartsAndStops) {
  auto server = Start();
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_GT((*server)->port(), 0);
  (*server)->Stop(absl::Seconds(1));
  (*server)->Stop(absl::Seconds(1));
}

TEST_F(ServerTest, ATakenPortIsSaid) {
  auto first = Start();
  ASSERT_TRUE(first.ok()) << first.status();
  config_.listen = "127.0.0.1:" + std::to_string((*first)->port());
  config_.data_dir = directory_ + "/other";
  EXPECT_THAT(Refusal(), HasSubstr(config_.listen));
  EXPECT_THAT(Refusal(), HasSubstr("taken"));
  EXPECT_FALSE(std::filesystem::exists(config_.data_dir));
}

TEST_F(ServerTest, ASecondServerOnTheSameDataIsRefused) {
  auto first = Start();
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_NE(Refusal(), "started");
}

TEST_F(ServerTest, ADirectoryOfSomethingElseIsRefusedAndLeftAlone) {
  std::filesystem::create_directories(config_.data_dir);
  std::ofstream(config_.data_dir + "/letters.txt") << "dear all";
  EXPECT_NE(Refusal(), "started");
  int files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(config_.data_dir)) {
    ++files;
  }
  EXPECT_EQ(files, 1);
}

TEST_F(ServerTest, OtherMachinesAreRefusedUnlessAskedFor) {
  config_.listen = "0.0.0.0:0";
  EXPECT_THAT(Refusal(), HasSubstr("--allow-unauthenticated-clients-from-any-network"));
  EXPECT_FALSE(std::filesystem::exists(config_.data_dir));
  config_.listen = "127.example.org:0";
  EXPECT_THAT(Refusal(), HasSubstr("--allow-unauthenticated-clients-from-any-network"));
  config_.listen = "0.0.0.0:0";
  config_.allow_unauthenticated_clients_from_any_network = true;
  EXPECT_EQ(Refusal(), "started");
  for (const char* bad : {"nonsense", ":7443", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:x"}) {
    config_.listen = bad;
    EXPECT_THAT(Refusal(), HasSubstr("not an address and port")) << bad;
  }
}

TEST_F(ServerTest, AMissingPluginDirectoryIsNamed) {
  config_.plugin_dir = directory_ + "/no-plugins";
  EXPECT_THAT(Refusal(), HasSubstr("no-plugins"));
}

TEST_F(ServerTest, CallsAfterAStopGetUnavailable) {
  auto server = Start();
  ASSERT_TRUE(server.ok()) << server.status();
  auto stub = v1::PlanService::NewStub(grpc::CreateChannel(
      "127.0.0.1:" + std::to_string((*server)->port()), grpc::InsecureChannelCredentials()));
  (*server)->Stop(absl::ZeroDuration());
  grpc::ClientContext context;
  v1::ListPlansResponse response;
  EXPECT_EQ(stub->ListPlans(&context, v1::ListPlansRequest(), &response).error_code(),
            grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace policytrack::server
