#include "clients/cli/watch.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "clients/cli/safe_text.h"
#include "clients/cli/token_file.h"
#include "clients/cli/words.h"
#include "nlohmann/json.hpp"
#include "policytrack/v1/event_service.grpc.pb.h"

namespace policytrack::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kKindPrefix[] = "EVENT_KIND_";
// A server that is silent for so long beyond its heartbeat is not there any more.
constexpr absl::Duration kPatience = absl::Seconds(15);

std::string KindName(const std::string& word) {
  return absl::StrCat(kKindPrefix, absl::StrReplaceAll(absl::AsciiStrToUpper(word), {{"-", "_"}}));
}

std::string Counts(const v1::Event& event) {
  std::vector<std::string> parts;
  if (event.created_count() > 0) parts.push_back(absl::StrCat(event.created_count(), " created"));
  if (event.revised_count() > 0) parts.push_back(absl::StrCat(event.revised_count(), " revised"));
  if (event.deleted_count() > 0) parts.push_back(absl::StrCat(event.deleted_count(), " deleted"));
  std::string text = absl::StrJoin(parts, ", ");
  if (event.start_period().empty()) return text;
  absl::StrAppend(&text, ", ", event.start_period());
  if (event.end_period() != event.start_period()) {
    absl::StrAppend(&text, " to ", event.end_period());
  }
  return text;
}

std::string EventWords(const v1::Event& event) {
  switch (event.kind()) {
    case v1::EVENT_KIND_OBSERVATIONS_CHANGED:
      return absl::StrCat(event.name(), ": ", Counts(event));
    case v1::EVENT_KIND_EVALUATED:
      return absl::StrCat("evaluated up to revision ", event.input_revision());
    case v1::EVENT_KIND_STATUS_CHANGED:
      return absl::StrCat(event.name(), ": ", StatusWord(event.status_change().from_status()),
                          " -> ", StatusWord(event.status_change().to_status()), ": ",
                          event.status_change().reason());
    case v1::EVENT_KIND_DOCUMENT_CREATED:
      return absl::StrCat(event.name(), ": created");
    case v1::EVENT_KIND_DOCUMENT_UPDATED:
      return absl::StrCat(event.name(), ": updated");
    case v1::EVENT_KIND_DOCUMENT_DELETED:
      return absl::StrCat(event.name(), ": deleted");
    case v1::EVENT_KIND_DOCUMENT_UNDELETED:
      return absl::StrCat(event.name(), ": undeleted");
    default:
      // A server newer than this program.
      return absl::StrCat(event.name(), ": event of kind ", static_cast<int>(event.kind()));
  }
}

// One stream after another until the end; the request goes on where the last one ended.
class Follower {
 public:
  Follower(Context& context, const WatchOptions& options, v1::WatchEventsRequest request)
      : context_(context),
        options_(options),
        request_(std::move(request)),
        stub_(v1::EventService::NewStub(context.connection.channel())) {}

  int Run() {
    const absl::Status status = context_.connection.Call(
        [this](grpc::ClientContext& call) { return Stream(call); }, absl::InfiniteDuration(),
        [this] { return std::exchange(went_on_, false); });
    if (problem_.has_value()) {
      context_.err() << "error: " << OneLine(problem_->second) << "\n";
      return problem_->first;
    }
    return status.ok() ? kDone : Fail(context_, status);
  }

 private:
  // Waits for the one operation that runs. False when it failed or did not end in time;
  // it has then been cancelled and has ended.
  bool Await(grpc::CompletionQueue& queue, grpc::ClientContext& call, absl::Duration patience,
             bool* late) {
    void* tag = nullptr;
    bool ok = false;
    *late =
        queue.AsyncNext(&tag, &ok,
                        std::chrono::system_clock::now() + absl::ToChronoMilliseconds(patience)) ==
        grpc::CompletionQueue::TIMEOUT;
    if (!*late) return ok;
    call.TryCancel();
    queue.Next(&tag, &ok);
    return false;
  }

  grpc::Status Stream(grpc::ClientContext& call) {
    const absl::Duration patience = absl::Seconds(options_.heartbeat_seconds) + kPatience;
    grpc::CompletionQueue queue;
    bool late = false;
    auto reader = stub_->AsyncWatchEvents(&call, request_, &queue, nullptr);
    bool more = Await(queue, call, context_.connection.options().timeout, &late);
    v1::WatchEventsResponse response;
    for (bool first = true; more && !problem_.has_value(); first = false) {
      reader->Read(&response, nullptr);
      more = Await(queue, call, patience, &late);
      if (more) Take(response, first);
    }
    if (problem_.has_value()) call.TryCancel();
    grpc::Status status;
    reader->Finish(&status, nullptr);
    bool ignored = false;
    Await(queue, call, patience, &ignored);
    queue.Shutdown();
    if (problem_.has_value()) return grpc::Status::OK;
    if (late) {
      return grpc::Status(grpc::StatusCode::UNAVAILABLE,
                          "the server has given no sign of life for too long");
    }
    // Nobody here cancels: it was the server, or a proxy, and the watch can go on.
    if (status.error_code() == grpc::StatusCode::CANCELLED) {
      return grpc::Status(grpc::StatusCode::UNAVAILABLE, "the stream was cut off");
    }
    return status;
  }

  void Take(const v1::WatchEventsResponse& response, bool first) {
    if (response.has_commit()) Write(response);
    context_.out() << std::flush;
    if (!context_.out()) {
      problem_ = {kUsage, "the output could not be written"};
      return;
    }
    // Every stream begins with a sign of life, also one that cannot get further.
    const bool moved = response.resume_token() != request_.resume_token();
    if (moved || !first) went_on_ = true;
    if (!moved) return;
    request_.set_resume_token(response.resume_token());
    if (options_.token_file.empty()) return;
    const absl::Status written = WriteTokenFile(options_.token_file, response.resume_token());
    if (!written.ok()) problem_ = {kUsage, std::string(written.message())};
  }

  void Write(const v1::WatchEventsResponse& response) {
    const int64_t left_out = response.event_count() - response.events_size();
    if (context_.json) {
      for (int i = 0; i < response.events_size(); ++i) {
        Json line = Json::parse(ToJson(response.events(i)));
        // Who has dealt with the last event of a commit goes on after it.
        if (i + 1 == response.events_size()) {
          if (left_out > 0) line["left_out"] = left_out;
          line["resume_token"] = response.resume_token();
        }
        context_.out() << line.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
      }
      return;
    }
    const v1::Commit& commit = response.commit();
    const std::string start =
        absl::StrCat(commit.revision(), " ", TimeWord(commit.time()), " ", commit.principal(), " ");
    for (const v1::Event& event : response.events()) {
      context_.out() << OneLine(absl::StrCat(start, EventWords(event))) << "\n";
    }
    if (left_out > 0) {
      context_.out() << OneLine(absl::StrCat(start, "and ", left_out, " events more")) << "\n";
    }
  }

  Context& context_;
  const WatchOptions& options_;
  v1::WatchEventsRequest request_;
  const std::unique_ptr<v1::EventService::Stub> stub_;
  // It got further since the last failure: the count of attempts begins anew.
  bool went_on_ = false;
  // What ends it from this side: the exit code and the words.
  std::optional<std::pair<ExitCode, std::string>> problem_;
};

}  // namespace

std::vector<std::string> EventKindWords() {
  std::vector<std::string> words;
  const auto* kinds = v1::EventKind_descriptor();
  for (int i = 0; i < kinds->value_count(); ++i) {
    if (kinds->value(i)->number() == v1::EVENT_KIND_UNSPECIFIED) continue;
    words.push_back(
        absl::StrReplaceAll(EnumWord(kinds->value(i)->name(), kKindPrefix), {{" ", "-"}}));
  }
  return words;
}

int RunWatch(Context& context, const WatchOptions& options) {
  v1::WatchEventsRequest request;
  std::string token = options.resume_token;
  if (!options.token_file.empty()) {
    auto stored = ReadTokenFile(options.token_file);
    if (!stored.ok()) return FailUsage(context, stored.status().message());
    token = *std::move(stored);
  }
  if (!token.empty()) {
    request.set_resume_token(token);
  } else if (options.from == "0") {
    request.set_after_revision(0);
  } else if (!options.from.empty()) {
    const auto from = ParseAsOf(options.from);
    if (!from.ok()) return FailUsage(context, absl::StrCat("--from: ", from.status().message()));
    if (from->has_time()) {
      *request.mutable_after_time() = from->time();
    } else {
      request.set_after_revision(from->revision());
    }
  }
  for (const std::string& name : options.names) request.add_names(name);
  for (const std::string& word : options.kinds) {
    v1::EventKind kind = v1::EVENT_KIND_UNSPECIFIED;
    v1::EventKind_Parse(KindName(word), &kind);
    request.add_kinds(kind);
  }
  request.set_filter(options.filter);
  request.set_stop_at_present(options.stop_at_present);
  request.mutable_heartbeat_interval()->set_seconds(options.heartbeat_seconds);
  return Follower(context, options, std::move(request)).Run();
}

}  // namespace policytrack::cli
