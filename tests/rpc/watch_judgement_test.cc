// Watches of changes of status while what judges them takes as long as it likes: nobody
// else waits for it.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "core/error.h"
#include "plugins/host/host.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/app/held_engine.h"
#include "tests/rpc/faulty_store.h"
#include "tests/rpc/server_fixture.h"
#include "tests/rpc/watch_stream.h"

namespace policytrack::rpc_test {
namespace {

class WatchJudgementTest : public ServerFixture {
 protected:
  absl::StatusOr<std::unique_ptr<server::Server>> Start(const server::Config& config) override {
    storage::SqliteOptions options;
    options.data_dir = config.data_dir;
    auto store = storage::SqliteStore::Open(options, &clock_);
    if (!store.ok()) return store.status();
    auto faulty = std::make_unique<FaultyStore>(*std::move(store));
    store_ = faulty.get();
    plugins::HostOptions host;
    host.plugin_dir = config.plugin_dir;
    host.allow_list_file = config.plugin_allow_list;
    auto real = plugins::OpenHost(host, [](absl::string_view) {});
    if (!real.ok()) return real.status();
    auto held = std::make_unique<app::HeldEngine>(*std::move(real));
    engine_ = held.get();
    return server::Server::StartOver(std::move(faulty), std::move(held), config, &clock_,
                                     [](absl::string_view) {});
  }

  // A target whose status changes once, evaluated up to the last commit.
  void SetUp() override {
    ServerFixture::SetUp();
    MakePlan();
    MakeDataset();
    MakeIndicator();
    v1::Measure measure = MeasureOf();
    *measure.add_targets() = Text<v1::Target>(R"(
      id: "t" display_name: "T" indicator: "indicators/level" output: "value"
      group { key: "region" value: "CN-HA" }
      relation: TARGET_RELATION_AT_LEAST baseline { period: "2024-01" value: 10 }
      final_point { period: "2024-12" value: 120 } unit: "vehicles" unit_multiplier: 4
      assessment { plugin: "plugins/attainment"
        parameters { fields { key: "method" value { string_value: "linear_pace" } } } })");
    Add("m", measure);
    AwaitEvaluation(PushRow("sales", "CN-HA", "2024-06", 60));
    AwaitEvaluation(PushRow("sales", "CN-HA", "2024-07", 20));
  }
  void TearDown() override {
    engine_->Hold(false);
    ServerFixture::TearDown();
  }

  void AwaitEvaluation(int64_t revision) {
    v1::GetMeasureProgressRequest request;
    request.set_name("measures/m");
    request.set_at_least_revision(revision);
    v1::MeasureProgress progress;
    EXPECT_EQ(CodeOf(CALL(progress_, GetMeasureProgress, request, &progress)), "OK");
  }

  // Changes of status of the whole history. `words` tell apart what selects the same.
  static v1::WatchEventsRequest Statuses(const std::string& words) {
    v1::WatchEventsRequest request;
    request.set_after_revision(0);
    request.add_kinds(v1::EVENT_KIND_STATUS_CHANGED);
    request.set_filter("name != " + words);
    request.mutable_heartbeat_interval()->set_seconds(1);
    return request;
  }

  app::HeldEngine* engine_ = nullptr;
  FaultyStore* store_ = nullptr;
};

TEST_F(WatchJudgementTest, OthersDoNotWaitForAJudgement) {
  engine_->Hold(true);
  std::vector<std::unique_ptr<Stream>> judged;
  for (const char* words : {"a", "b", "c", "c"}) {
    judged.push_back(std::make_unique<Stream>(events_.get(), Statuses(words)));
    ASSERT_TRUE(judged.back()->Read());
  }
  engine_->AwaitWaiting(1);
  // Another watch has its heartbeats and its messages.
  v1::WatchEventsRequest request;
  request.add_kinds(v1::EVENT_KIND_DOCUMENT_CREATED);
  request.mutable_heartbeat_interval()->set_seconds(1);
  Stream other(events_.get(), request);
  for (int heartbeats = 0; heartbeats < 3; ++heartbeats) {
    ASSERT_TRUE(other.Read());
    EXPECT_FALSE(other.message.has_commit());
  }
  MakePlan("second");
  ASSERT_TRUE(other.ReadCommit());
  EXPECT_EQ(other.message.events(0).name(), "plans/second");
  // So have those that wait their heartbeats, and one of them can go.
  for (auto& stream : judged) {
    ASSERT_TRUE(stream->Read());
    EXPECT_FALSE(stream->message.has_commit());
  }
  judged.pop_back();
  // In the end each is told what it waited for.
  engine_->Hold(false);
  for (auto& stream : judged) {
    ASSERT_TRUE(stream->ReadCommit());
    ASSERT_EQ(stream->message.events_size(), 1);
    EXPECT_EQ(stream->message.events(0).name(), "measures/m/targets/t");
    EXPECT_TRUE(stream->message.events(0).has_status_change());
  }
}

TEST_F(WatchJudgementTest, AStopDoesNotWaitForAJudgement) {
  engine_->Hold(true);
  std::vector<std::unique_ptr<Stream>> judged;
  for (const char* words : {"a", "b"}) {
    judged.push_back(std::make_unique<Stream>(events_.get(), Statuses(words)));
    ASSERT_TRUE(judged.back()->Read());
  }
  engine_->AwaitWaiting(1);
  const absl::Time begin = absl::Now();
  server_->Stop(absl::Seconds(60));
  EXPECT_LT(absl::Now() - begin, absl::Seconds(20));
  for (auto& stream : judged) EXPECT_EQ(CodeOf(stream->End()), "UNAVAILABLE SERVER_STOPPING");
}

// A store that fails while it is judged ends those that wait, with their place.
TEST_F(WatchJudgementTest, AJudgementThatCannotReadEndsTheWatchWithItsToken) {
  engine_->Hold(true);
  Stream stream(events_.get(), Statuses("a"));
  ASSERT_TRUE(stream.Read());
  engine_->AwaitWaiting(1);
  store_->FailReads(Error(absl::StatusCode::kUnavailable, reason::kStoreBusy, "it is busy"));
  engine_->Hold(false);
  const grpc::Status end = stream.End();
  EXPECT_EQ(CodeOf(end), "UNAVAILABLE STORE_BUSY");
  store_->FailReads(absl::OkStatus());
  v1::WatchEventsRequest request = Statuses("a");
  request.set_resume_token(MetadataOf(end, "resume_token"));
  Stream rest(events_.get(), request);
  ASSERT_TRUE(rest.ReadCommit());
  EXPECT_EQ(rest.message.events(0).name(), "measures/m/targets/t");
}

}  // namespace
}  // namespace policytrack::rpc_test
