// WatchEvents over a socket: streams that follow, go on, are refused and end.
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "tests/rpc/server_fixture.h"
#include "tests/rpc/watch_stream.h"

namespace policytrack::rpc_test {
namespace {

class WatchTest : public ServerFixture {
 protected:
  absl::StatusOr<std::unique_ptr<server::Server>> Start(const server::Config& config) override {
    server::Config changed = config;
    changed.watch_history = watch_history_;
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
  int64_t watch_history_ = 0;
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

}  // namespace
}  // namespace policytrack::rpc_test
