// A client that begins a push and then says nothing more.
#include <chrono>

#include "gmock/gmock.h"
#include "tests/rpc/server_fixture.h"

namespace policytrack::rpc_test {
namespace {

using testing::HasSubstr;

constexpr int kMonths = 20000;

class SilentPushTest : public ServerFixture {
 protected:
  absl::StatusOr<std::unique_ptr<server::Server>> Start(const server::Config& shipped) override {
    server::Config config = shipped;
    config.push_silence_seconds = 1;
    config.max_push_mib = 1;
    config.max_push_total_mib = 1;
    return ServerFixture::Start(config);
  }
};

TEST_F(SilentPushTest, IsEndedAndFreesWhatItHolds) {
  MakeDataset();
  v1::PushObservationsRequest most;
  most.set_dataset("datasets/sales");
  v1::ObservationColumns& columns = *most.add_columns();
  (*columns.mutable_dimensions())["region"] = "CN-41";
  for (int month = 0; month < kMonths; ++month) {
    columns.add_periods(1200 + month);
    columns.add_values(1);
  }
  const Shown shown = SHOWS("PushObservations", "PUSH_SILENT");
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  v1::PushObservationsResponse response;
  const auto silent = observations_->PushObservations(&context, &response);
  ASSERT_TRUE(silent->Write(most));
  // Comes without the client's doing anything, and nothing was written.
  const grpc::Status ended = silent->Finish();
  EXPECT_EQ(CodeOf(ended), "DEADLINE_EXCEEDED " + shown.reasons[0]);
  EXPECT_THAT(ended.error_message(), HasSubstr("nothing came for 1s"));
  // Two of this size do not fit into what all pushes may hold.
  const grpc::Status next = Push({most}, &response);
  EXPECT_EQ(CodeOf(next), "OK") << next.error_message();
  EXPECT_EQ(response.created_count(), kMonths);
}

}  // namespace
}  // namespace policytrack::rpc_test
