// The bounds of WatchEvents: how many may watch, what becomes of those who do not read,
// what all may hold, and a store that cannot be read.
#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "core/error.h"
#include "google/rpc/status.pb.h"
#include "plugins/host/host.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/rpc/faulty_store.h"
#include "tests/rpc/server_fixture.h"
#include "tests/rpc/watch_stream.h"

namespace policytrack::rpc_test {
namespace {

class WatchLimitsTest : public ServerFixture {
 protected:
  absl::StatusOr<std::unique_ptr<server::Server>> Start(const server::Config& config) override {
    server::Config changed = config;
    changed.max_watchers = max_watchers_;
    changed.watch_stall_seconds = stall_seconds_;
    return ServerFixture::Start(changed);
  }

  v1::WatchEventsRequest After(int64_t revision) const {
    v1::WatchEventsRequest request;
    request.set_after_revision(revision);
    return request;
  }

  // Writes until a stream has more to tell than one that is not read can take, and has
  // `other` read all of it. REQUIRES: one commit, plans/plan, which was read.
  void Fill(Stream* other) {
    int64_t bytes = 0;
    for (int64_t revision = 2; bytes < 200 << 10; ++revision) {
      v1::UpdatePlanRequest update;
      update.mutable_plan()->set_name("plans/plan");
      update.mutable_plan()->set_display_name("Plan " + std::to_string(revision));
      v1::Plan plan;
      ASSERT_TRUE(CALL(plans_, UpdatePlan, update, &plan).ok());
      ASSERT_TRUE(other->ReadCommit());
      ASSERT_EQ(other->message.revision(), revision);
      bytes += static_cast<int64_t>(other->message.ByteSizeLong());
    }
  }

  int max_watchers_ = 20000;
  int stall_seconds_ = 300;
};

TEST_F(WatchLimitsTest, MoreThanMayWatchAreToldToComeAgain) {
  SHOWS("WatchEvents", "TOO_MANY_WATCHERS");
  max_watchers_ = 2;
  Restart();
  auto first = std::make_unique<Stream>(events_.get(), v1::WatchEventsRequest());
  Stream second(events_.get(), {});
  ASSERT_TRUE(first->Read());
  ASSERT_TRUE(second.Read());
  const grpc::Status status = Stream(events_.get(), {}).End();
  EXPECT_EQ(CodeOf(status), "RESOURCE_EXHAUSTED TOO_MANY_WATCHERS");
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  EXPECT_TRUE(std::any_of(details.details().begin(), details.details().end(), [](const auto& any) {
    return any.template Is<google::rpc::RetryInfo>();
  }));
  // When one leaves there is room again.
  first = nullptr;
  while (true) {
    Stream third(events_.get(), {});
    if (third.Read()) break;
    ASSERT_EQ(CodeOf(third.Finish()), "RESOURCE_EXHAUSTED TOO_MANY_WATCHERS");
  }
}

// One who reads nothing: others are told everything meanwhile, and in the end he is
// cut off, and gets what was on its way.
TEST_F(WatchLimitsTest, WhoReadsNothingStallsHimselfAlone) {
  stall_seconds_ = 2;
  Restart();
  MakePlan();
  const auto slow_stub = NewStubOf(*server_);
  Stream slow(slow_stub.get(), After(0));
  v1::WatchEventsRequest request = After(0);
  request.mutable_heartbeat_interval()->set_seconds(1);
  Stream other(events_.get(), request);
  ASSERT_TRUE(other.ReadCommit());
  Fill(&other);
  // Longer than it is waited for him.
  for (int heartbeats = 0; heartbeats < 8; ++heartbeats) {
    ASSERT_TRUE(other.Read());
    EXPECT_FALSE(other.message.has_commit());
  }
  const grpc::Status end = slow.End();
  EXPECT_EQ(end.error_code(), grpc::StatusCode::CANCELLED) << end.error_message();
  MakePlan("second");
  EXPECT_TRUE(other.ReadCommit());
}

// Nor does a stop wait for him.
TEST_F(WatchLimitsTest, AStopDoesNotWaitForWhoReadsNothing) {
  MakePlan();
  const auto slow_stub = NewStubOf(*server_);
  Stream slow(slow_stub.get(), After(0));
  Stream other(events_.get(), After(0));
  ASSERT_TRUE(other.ReadCommit());
  Fill(&other);
  const absl::Time begin = absl::Now();
  server_->Stop(absl::Seconds(60));
  EXPECT_LT(absl::Now() - begin, absl::Seconds(20));
  EXPECT_EQ(CodeOf(other.End()), "UNAVAILABLE SERVER_STOPPING");
  EXPECT_EQ(slow.End().error_code(), grpc::StatusCode::CANCELLED);
}

// Five hundred idle streams hold no thread each, all are woken, and all go.
TEST_F(WatchLimitsTest, ManyIdleWatchesAreWokenAndGo) {
  constexpr int kStreams = 500;
  std::vector<std::unique_ptr<v1::EventService::Stub>> stubs;
  std::vector<std::unique_ptr<Stream>> streams;
  const auto threads = [] {
    std::ifstream status("/proc/self/status");
    std::string line;
    while (std::getline(status, line)) {
      if (line.rfind("Threads:", 0) == 0) return std::stoi(line.substr(8));
    }
    return 0;
  };
  for (int i = 0; i < kStreams; ++i) {
    if (i % 100 == 0) stubs.push_back(NewStubOf(*server_));
    streams.push_back(std::make_unique<Stream>(stubs.back().get(), v1::WatchEventsRequest()));
    ASSERT_TRUE(streams.back()->Read());
  }
  // Client and server are one process here: both together are far from one each.
  EXPECT_LT(threads(), 100);
  MakePlan();
  for (auto& stream : streams) {
    ASSERT_TRUE(stream->ReadCommit());
    EXPECT_EQ(stream->message.revision(), 1);
  }
}

class WatchOverFaultyStoreTest : public ServerFixture {
 protected:
  absl::StatusOr<std::unique_ptr<server::Server>> Start(const server::Config& config) override {
    storage::SqliteOptions options;
    options.data_dir = config.data_dir;
    auto store = storage::SqliteStore::Open(options, &clock_);
    if (!store.ok()) return store.status();
    plugins::HostOptions host;
    host.plugin_dir = config.plugin_dir;
    host.allow_list_file = config.plugin_allow_list;
    server::Config changed = config;
    changed.max_watch_mib = 1;
    auto engine = plugins::OpenHost(host, [](absl::string_view) {});
    if (!engine.ok()) return engine.status();
    auto faulty = std::make_unique<FaultyStore>(*std::move(store));
    store_ = faulty.get();
    return server::Server::StartOver(std::move(faulty), *std::move(engine), changed, &clock_,
                                     [](absl::string_view) {});
  }

  // One commit that is told in more than half a MiB.
  void WriteWide() {
    const auto written =
        store_->Write({}, [](storage::WriteTransaction& transaction) -> absl::Status {
          for (int i = 0; i < 8000; ++i) {
            PT_RETURN_IF_ERROR(transaction.PutDocument(
                "plans/one-of-very-many-plans-with-a-name-that-takes-its-room-" + std::to_string(i),
                "", false, {}));
          }
          return absl::OkStatus();
        });
    ASSERT_TRUE(written.ok()) << written.status();
  }

  FaultyStore* store_ = nullptr;
};

// Who reads nothing of messages that together take all that watchers may hold: the one
// who reads is told everything, as the others are cut off.
TEST_F(WatchOverFaultyStoreTest, WhatIsOnItsWayIsBounded) {
  const auto stub = NewStubOf(*server_);
  std::vector<std::unique_ptr<Stream>> slow;
  for (int i = 0; i < 6; ++i) {
    // Each selects in its own words, so that no two share a message.
    v1::WatchEventsRequest request;
    request.set_filter("name != x" + std::to_string(i));
    slow.push_back(std::make_unique<Stream>(stub.get(), request));
    ASSERT_TRUE(slow.back()->Read());
  }
  v1::WatchEventsRequest request;
  request.mutable_heartbeat_interval()->set_seconds(1);
  Stream other(events_.get(), request);
  ASSERT_TRUE(other.Read());
  for (int64_t revision = 1; revision <= 3; ++revision) {
    WriteWide();
    ASSERT_TRUE(other.ReadCommit());
    EXPECT_EQ(other.message.revision(), revision);
    EXPECT_EQ(other.message.events_size(), 8000);
  }
  for (int heartbeats = 0; heartbeats < 3; ++heartbeats) ASSERT_TRUE(other.Read());
  // Some of those whose messages were in the way; nobody else would wait for them here.
  int cut_off = 0;
  for (auto& stream : slow) {
    bool more = true;
    while ((more = stream->Read()) && stream->message.revision() < 3) {
    }
    if (!more && stream->Finish().error_code() == grpc::StatusCode::CANCELLED) ++cut_off;
  }
  EXPECT_GE(cut_off, 2);
}

// Nobody else waits for room: he who does leaves his place every second for a heartbeat.
TEST_F(WatchOverFaultyStoreTest, WhoWaitsForRoomAloneGetsIt) {
  const auto stub = NewStubOf(*server_);
  std::vector<std::unique_ptr<Stream>> slow;
  for (int i = 0; i < 2; ++i) {
    v1::WatchEventsRequest request;
    request.set_filter("name != x" + std::to_string(i));
    slow.push_back(std::make_unique<Stream>(stub.get(), request));
    ASSERT_TRUE(slow.back()->Read());
  }
  v1::WatchEventsRequest request;
  request.mutable_heartbeat_interval()->set_seconds(1);
  Stream other(events_.get(), request);
  ASSERT_TRUE(other.Read());
  for (int64_t revision = 1; revision <= 3; ++revision) {
    WriteWide();
    ASSERT_TRUE(other.ReadCommit());
    EXPECT_EQ(other.message.revision(), revision);
  }
}

TEST_F(WatchOverFaultyStoreTest, AStoreThatIsBusyEndsTheWatchWithItsToken) {
  SHOWS("WatchEvents", "STORE_BUSY");
  MakePlan();
  Stream stream(events_.get(), {});
  ASSERT_TRUE(stream.Read());
  store_->FailReads(Error(absl::StatusCode::kUnavailable, reason::kStoreBusy, "it is busy"));
  EXPECT_EQ(CodeOf(Stream(events_.get(), {}).End()), "UNAVAILABLE STORE_BUSY");
  MakePlan("second");
  const grpc::Status end = stream.End();
  EXPECT_EQ(CodeOf(end), "UNAVAILABLE STORE_BUSY");
  store_->FailReads(absl::OkStatus());
  v1::WatchEventsRequest request;
  request.set_resume_token(MetadataOf(end, "resume_token"));
  Stream rest(events_.get(), request);
  ASSERT_TRUE(rest.ReadCommit());
  EXPECT_EQ(rest.message.revision(), 2);
}

}  // namespace
}  // namespace policytrack::rpc_test
