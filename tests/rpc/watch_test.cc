// WatchEvents over a socket: streams that follow, go on, are refused, stall and end.
#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/error.h"
#include "google/rpc/status.pb.h"
#include "plugins/host/host.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/rpc/faulty_store.h"
#include "tests/rpc/server_fixture.h"

namespace policytrack::rpc_test {
namespace {

// One watch from the side of the client.
class Stream {
 public:
  Stream(v1::EventService::Stub* stub, const v1::WatchEventsRequest& request) {
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    reader_ = stub->WatchEvents(&context_, request);
  }
  ~Stream() {
    context_.TryCancel();
    if (!finished_) reader_->Finish();
  }

  // The next message; false at the end.
  bool Read() {
    message.Clear();
    return reader_->Read(&message);
  }
  // The next one with a commit.
  bool ReadCommit() {
    while (Read()) {
      if (message.has_commit()) return true;
    }
    return false;
  }
  grpc::Status Finish() {
    finished_ = true;
    return reader_->Finish();
  }
  // What it ends with, after all that is still to come.
  grpc::Status End() {
    while (Read()) {
    }
    return Finish();
  }

  v1::WatchEventsResponse message;

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::WatchEventsResponse>> reader_;
  bool finished_ = false;
};

class WatchTest : public ServerFixture {
 protected:
  absl::StatusOr<std::unique_ptr<server::Server>> Start(const server::Config& config) override {
    server::Config changed = config;
    changed.max_watchers = max_watchers_;
    changed.watch_history = watch_history_;
    changed.watch_stall_seconds = stall_seconds_;
    return ServerFixture::Start(changed);
  }

  v1::WatchEventsRequest After(int64_t revision) const {
    v1::WatchEventsRequest request;
    request.set_after_revision(revision);
    return request;
  }
  v1::WatchEventsRequest Poll(int64_t revision) const {
    v1::WatchEventsRequest request = After(revision);
    request.set_stop_at_present(true);
    return request;
  }
  std::vector<v1::Commit> Commits() {
    v1::ListCommitsRequest request;
    request.set_page_size(1000);
    v1::ListCommitsResponse response;
    EXPECT_TRUE(CALL(events_, ListCommits, request, &response).ok());
    std::vector<v1::Commit> commits(response.commits().rbegin(), response.commits().rend());
    for (v1::Commit& commit : commits) commit.clear_changes();
    return commits;
  }
  std::string Refusal(const v1::WatchEventsRequest& request) {
    return CodeOf(Stream(events_.get(), request).End());
  }
  // A token for what is told after a revision.
  std::string TokenAt(int64_t revision) {
    Stream stream(events_.get(), After(revision));
    EXPECT_TRUE(stream.Read());
    return stream.message.resume_token();
  }
  // A channel of its own: a connection carries a hundred streams.
  std::unique_ptr<v1::EventService::Stub> NewStub() {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return v1::EventService::NewStub(
        grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(server_->port()),
                                  grpc::InsecureChannelCredentials(), arguments));
  }

  int max_watchers_ = 20000;
  int64_t watch_history_ = 0;
  int stall_seconds_ = 300;
};

TEST_F(WatchTest, BeginsWithAHeartbeatThatHasAToken) {
  MakePlan();
  Stream stream(events_.get(), {});
  ASSERT_TRUE(stream.Read());
  EXPECT_FALSE(stream.message.has_commit());
  EXPECT_EQ(stream.message.events_size(), 0);
  EXPECT_EQ(stream.message.revision(), 1);
  EXPECT_NE(stream.message.resume_token(), "");
  // From the present: what was before is not told, what comes is.
  MakePlan("second");
  ASSERT_TRUE(stream.Read());
  EXPECT_EQ(stream.message.commit().revision(), 2);
  ASSERT_EQ(stream.message.events_size(), 1);
  EXPECT_EQ(stream.message.events(0).kind(), v1::EVENT_KIND_DOCUMENT_CREATED);
  EXPECT_EQ(stream.message.events(0).name(), "plans/second");
}

TEST_F(WatchTest, AHeartbeatComesInTimeAndItsTokenGoesOn) {
  MakePlan();
  v1::WatchEventsRequest request;
  request.mutable_heartbeat_interval()->set_seconds(1);
  request.add_names("plans/none");
  Stream stream(events_.get(), request);
  ASSERT_TRUE(stream.Read());
  const std::string first = stream.message.resume_token();
  MakePlan("second");
  // Nothing is selected, so that only heartbeats come; soon one that has passed it.
  const absl::Time begin = absl::Now();
  do {
    ASSERT_TRUE(stream.Read());
    EXPECT_FALSE(stream.message.has_commit());
  } while (stream.message.revision() < 2);
  EXPECT_LT(absl::Now() - begin, absl::Seconds(20));
  EXPECT_NE(stream.message.resume_token(), first);
}

TEST_F(WatchTest, APollTellsTheWholeLogAndEnds) {
  MakePlan();
  MakeDataset();
  PushRow("sales", "CN-HA", "2024-09", 7);
  Stream stream(events_.get(), Poll(0));
  std::vector<std::string> told;
  while (stream.ReadCommit()) told.push_back(stream.message.commit().SerializeAsString());
  EXPECT_EQ(stream.Finish().error_code(), grpc::StatusCode::OK);
  std::vector<std::string> logged;
  for (const v1::Commit& commit : Commits()) logged.push_back(commit.SerializeAsString());
  EXPECT_EQ(told, logged);
}

TEST_F(WatchTest, APollOfNothingSelectedEndsWithATokenOfThePresent) {
  MakePlan();
  MakePlan("second");
  v1::WatchEventsRequest request = Poll(0);
  request.add_names("measures");
  Stream stream(events_.get(), request);
  std::string token;
  while (stream.Read()) {
    EXPECT_FALSE(stream.message.has_commit());
    token = stream.message.resume_token();
  }
  EXPECT_TRUE(stream.Finish().ok());
  MakePlan("third");
  v1::WatchEventsRequest again = request;
  again.set_resume_token(token);
  Stream rest(events_.get(), again);
  ASSERT_TRUE(rest.Read());
  EXPECT_EQ(rest.message.revision(), 2);
}

TEST_F(WatchTest, EveryTokenGoesOnAfterItsCommit) {
  for (const char* id : {"a", "b", "c", "d"}) MakePlan(id);
  Stream stream(events_.get(), Poll(0));
  std::vector<std::pair<int64_t, std::string>> tokens;
  while (stream.Read()) {
    tokens.emplace_back(stream.message.revision(), stream.message.resume_token());
  }
  EXPECT_EQ(tokens.size(), 5u);
  Restart();
  for (const auto& [revision, token] : tokens) {
    v1::WatchEventsRequest request;
    request.set_resume_token(token);
    request.set_stop_at_present(true);
    Stream rest(events_.get(), request);
    for (int64_t next = revision + 1; next <= 4; ++next) {
      ASSERT_TRUE(rest.ReadCommit());
      EXPECT_EQ(rest.message.revision(), next);
    }
    EXPECT_FALSE(rest.ReadCommit());
  }
}

TEST_F(WatchTest, ErrorsOfRequests) {
  MakePlan();
  SHOWS("WatchEvents", "FIELD_INVALID", "NAME_INVALID", "FILTER_INVALID", "RESUME_TOKEN_INVALID");
  EXPECT_EQ(Refusal(After(2)), "INVALID_ARGUMENT FIELD_INVALID");
  v1::WatchEventsRequest request;
  request.add_names("plans/Bad_Id");
  EXPECT_EQ(Refusal(request), "INVALID_ARGUMENT NAME_INVALID");
  request.Clear();
  request.set_filter("no_such = 1");
  EXPECT_EQ(Refusal(request), "INVALID_ARGUMENT FILTER_INVALID");
  request.Clear();
  request.set_resume_token("made-up");
  EXPECT_EQ(Refusal(request), "INVALID_ARGUMENT RESUME_TOKEN_INVALID");
  request.set_resume_token("");
  EXPECT_EQ(Refusal(request), "INVALID_ARGUMENT RESUME_TOKEN_INVALID");
  // Good for what it was made for, and for nothing else.
  request.set_resume_token(TokenAt(1));
  request.set_stop_at_present(true);
  EXPECT_EQ(Refusal(request), "OK");
  request.add_kinds(v1::EVENT_KIND_EVALUATED);
  EXPECT_EQ(Refusal(request), "INVALID_ARGUMENT RESUME_TOKEN_INVALID");
}

TEST_F(WatchTest, ATokenOlderThanTheHistoryHasExpired) {
  SHOWS("WatchEvents", "RESUME_TOKEN_EXPIRED");
  MakePlan();
  v1::WatchEventsRequest request;
  request.set_resume_token(TokenAt(1));
  for (const char* id : {"b", "c", "d"}) MakePlan(id);
  watch_history_ = 2;
  Restart();
  const grpc::Status status = Stream(events_.get(), request).End();
  EXPECT_EQ(CodeOf(status), "OUT_OF_RANGE RESUME_TOKEN_EXPIRED");
  EXPECT_EQ(MetadataOf(status, "oldest_revision"), "2");
}

TEST_F(WatchTest, MoreThanMayWatchAreToldToComeAgain) {
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

// A stop does not wait for those who only watch, and tells them where to go on.
TEST_F(WatchTest, AStopEndsWatchesAtOnceWithTheirToken) {
  SHOWS("WatchEvents", "SERVER_STOPPING");
  MakePlan();
  std::vector<std::unique_ptr<Stream>> streams;
  for (int i = 0; i < 20; ++i) {
    streams.push_back(std::make_unique<Stream>(events_.get(), v1::WatchEventsRequest()));
    ASSERT_TRUE(streams.back()->Read());
  }
  const absl::Time begin = absl::Now();
  std::thread stop([this] { server_->Stop(absl::Seconds(60)); });
  std::vector<grpc::Status> ends;
  for (auto& stream : streams) ends.push_back(stream->End());
  stop.join();
  EXPECT_LT(absl::Now() - begin, absl::Seconds(30));
  Restart();
  MakePlan("second");
  for (const grpc::Status& end : ends) {
    ASSERT_EQ(CodeOf(end), "UNAVAILABLE SERVER_STOPPING");
    v1::WatchEventsRequest request;
    request.set_resume_token(MetadataOf(end, "resume_token"));
    Stream rest(events_.get(), request);
    ASSERT_TRUE(rest.ReadCommit());
    EXPECT_EQ(rest.message.revision(), 2);
  }
}

// One who reads nothing: others are told everything meanwhile, and in the end he is
// cut off, and gets what was on its way.
TEST_F(WatchTest, WhoReadsNothingStallsHimselfAlone) {
  stall_seconds_ = 2;
  Restart();
  MakePlan();
  const auto slow_stub = NewStub();
  Stream slow(slow_stub.get(), After(0));
  v1::WatchEventsRequest request = After(0);
  request.mutable_heartbeat_interval()->set_seconds(1);
  Stream other(events_.get(), request);
  ASSERT_TRUE(other.ReadCommit());
  // More than the window of a stream holds.
  int64_t bytes = 0;
  for (int64_t revision = 2; bytes < 200 << 10; ++revision) {
    v1::UpdatePlanRequest update;
    update.mutable_plan()->set_name("plans/plan");
    update.mutable_plan()->set_display_name("Plan " + std::to_string(revision));
    v1::Plan plan;
    ASSERT_TRUE(CALL(plans_, UpdatePlan, update, &plan).ok());
    ASSERT_TRUE(other.ReadCommit());
    ASSERT_EQ(other.message.revision(), revision);
    bytes += static_cast<int64_t>(other.message.ByteSizeLong());
  }
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

// Five hundred idle streams hold no thread each, all are woken, and all go.
TEST_F(WatchTest, ManyIdleWatchesAreWokenAndGo) {
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
    if (i % 100 == 0) stubs.push_back(NewStub());
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
    auto engine = plugins::OpenHost(host, [](absl::string_view) {});
    if (!engine.ok()) return engine.status();
    auto faulty = std::make_unique<FaultyStore>(*std::move(store));
    store_ = faulty.get();
    return server::Server::StartOver(std::move(faulty), *std::move(engine), config, &clock_,
                                     [](absl::string_view) {});
  }
  FaultyStore* store_ = nullptr;
};

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
