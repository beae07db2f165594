#include "services/app/watch_log.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/digest.h"
#include "core/error.h"

namespace policytrack::app {
namespace {

constexpr int kMaxReadAhead = 64;
constexpr absl::Duration kUsualHeartbeat = absl::Seconds(30);
constexpr absl::Duration kShortestHeartbeat = absl::Seconds(1);
constexpr absl::Duration kLongestHeartbeat = absl::Hours(1);

absl::StatusOr<absl::Duration> HeartbeatOf(const v1::WatchEventsRequest& request) {
  if (!request.has_heartbeat_interval()) return kUsualHeartbeat;
  const auto& interval = request.heartbeat_interval();
  // Far out of bounds stays so; the sum of large parts would not.
  const absl::Duration asked =
      absl::Seconds(interval.seconds()) +
      absl::Nanoseconds(std::clamp(interval.nanos(), -999999999, 999999999));
  if (asked < kShortestHeartbeat || asked > kLongestHeartbeat) {
    return FieldInvalid("heartbeat_interval",
                        absl::StrCat("is ", absl::FormatDuration(asked), "; give one from ",
                                     absl::FormatDuration(kShortestHeartbeat), " to ",
                                     absl::FormatDuration(kLongestHeartbeat)));
  }
  return asked;
}

std::string ChainOf(const std::string& digest) { return digest.substr(0, kResumeChainBytes); }

absl::Status Missing(int64_t revision) {
  return Error(absl::StatusCode::kInternal, reason::kStoreDamaged,
               absl::StrCat("commit ", revision,
                            " is not in the store; restore it from a backup, or watch after it"));
}

}  // namespace

std::shared_ptr<const EventSelection> WatchLog::Share(EventSelection selection) {
  absl::MutexLock lock(&mutex_);
  if (selections_.size() >= sweep_selections_at_) {
    for (auto it = selections_.begin(); it != selections_.end();) {
      it = it->second.expired() ? selections_.erase(it) : std::next(it);
    }
    sweep_selections_at_ = std::max<size_t>(64, 2 * selections_.size());
  }
  std::weak_ptr<const EventSelection>& known = selections_[selection.digest()];
  std::shared_ptr<const EventSelection> shared = known.lock();
  if (shared == nullptr) {
    shared = std::make_shared<const EventSelection>(std::move(selection));
    known = shared;
  }
  return shared;
}

absl::Status WatchLog::CheckHistory(const ResumePoint& point, int64_t present) const {
  if (limits_.history == 0 || present - point.revision <= limits_.history) {
    return absl::OkStatus();
  }
  const int64_t oldest = present - limits_.history;
  return Error(absl::StatusCode::kOutOfRange, reason::kResumeTokenExpired,
               absl::StrCat("the watch would go on after revision ", point.revision, ", ",
                            present - point.revision, " commits behind the present revision ",
                            present, ", and this server tells the last ", limits_.history,
                            "; read the state anew and watch after its revision"),
               {{"oldest_revision", absl::StrCat(oldest)}});
}

absl::StatusOr<ResumePoint> WatchLog::StartOf(storage::ReadTransaction& tx,
                                              const v1::WatchEventsRequest& request,
                                              const EventSelection& selection) const {
  const int64_t present = tx.revision();
  ResumePoint point;
  switch (request.start_case()) {
    case v1::WatchEventsRequest::kResumeToken: {
      PT_ASSIGN_OR_RETURN(point, ParseResumeToken(selection.digest(), request.resume_token()));
      if (point.revision > present) {
        return ResumeTokenInvalid(absl::StrCat(
            "it is from the future: it goes on after revision ", point.revision,
            " and the present one is ", present,
            "; it is of another server, or this one was restored to an earlier state"));
      }
      break;
    }
    case v1::WatchEventsRequest::kAfterRevision:
      if (request.after_revision() < 0 || request.after_revision() > present) {
        return FieldInvalid("after_revision",
                            absl::StrCat(request.after_revision(),
                                         " is not a revision of this store; give one from 0 to ",
                                         present, ", the present one"));
      }
      point.revision = request.after_revision();
      break;
    case v1::WatchEventsRequest::kAfterTime: {
      const auto& time = request.after_time();
      PT_ASSIGN_OR_RETURN(point.revision, tx.RevisionAt(absl::FromUnixSeconds(time.seconds()) +
                                                        absl::Nanoseconds(time.nanos())));
      break;
    }
    case v1::WatchEventsRequest::START_NOT_SET:
      point.revision = present;
      break;
  }
  PT_RETURN_IF_ERROR(CheckHistory(point, present));
  if (point.revision == 0) return point;
  PT_ASSIGN_OR_RETURN(const auto commit, tx.GetCommit(point.revision));
  if (!commit.has_value()) return Missing(point.revision);
  const std::string chain = ChainOf(commit->chain_digest);
  if (!point.chain.empty() && point.chain != chain) {
    return ResumeTokenInvalid(
        absl::StrCat("it is of another server, or of a history that this one does not have: its "
                     "revision ",
                     point.revision, " is another one; begin with after_revision"));
  }
  point.chain = chain;
  return point;
}

absl::StatusOr<Watch> WatchLog::Begin(const v1::WatchEventsRequest& request) {
  Watch watch;
  PT_ASSIGN_OR_RETURN(watch.heartbeat_interval, HeartbeatOf(request));
  PT_ASSIGN_OR_RETURN(EventSelection selection, EventSelection::Parse(request));
  watch.selection = Share(std::move(selection));
  PT_RETURN_IF_ERROR(store_->Read([&](storage::ReadTransaction& tx) -> absl::Status {
    PT_ASSIGN_OR_RETURN(watch.told, StartOf(tx, request, *watch.selection));
    if (request.stop_at_present()) watch.stop_at = tx.revision();
    return absl::OkStatus();
  }));
  return watch;
}

WatchLog::CachedPtr WatchLog::Find(int64_t revision) const {
  absl::MutexLock lock(&mutex_);
  const auto found = cache_.find(revision);
  return found == cache_.end() ? nullptr : found->second;
}

WatchLog::CachedPtr WatchLog::Keep(CommitEvents events) {
  const int64_t revision = events.commit.revision();
  auto entry = std::make_shared<Cached>();
  entry->bytes = sizeof(Cached) + events.commit.SpaceUsedLong();
  for (const v1::Event& event : events.events) entry->bytes += event.SpaceUsedLong();
  for (const std::string& target : events.targets) entry->bytes += sizeof(target) + target.size();
  entry->events = std::move(events);
  // Who reads the past reads it alone.
  const bool recent = revision + static_cast<int64_t>(kMaxCachedCommits) > store_->revision();
  if (!recent || entry->bytes > kMaxCachedBytes) return entry;
  absl::MutexLock lock(&mutex_);
  CachedPtr& place = cache_[revision];
  if (place != nullptr) cached_bytes_ -= place->bytes;
  place = entry;
  cached_bytes_ += entry->bytes;
  while (cache_.size() > kMaxCachedCommits || cached_bytes_ > kMaxCachedBytes) {
    cached_bytes_ -= cache_.begin()->second->bytes;
    cache_.erase(cache_.begin());
  }
  return entry;
}

size_t WatchLog::cached_commits() const {
  absl::MutexLock lock(&mutex_);
  return cache_.size();
}

size_t WatchLog::cached_bytes() const {
  absl::MutexLock lock(&mutex_);
  return cached_bytes_;
}

WatchMessage WatchLog::MakeMessage(const v1::WatchEventsResponse& response) {
  auto text = std::make_unique<const std::string>(response.SerializeAsString());
  const auto size = static_cast<int64_t>(text->size());
  held_bytes_->fetch_add(size, std::memory_order_relaxed);
  return WatchMessage(text.release(), [held = held_bytes_, size](const std::string* held_text) {
    held->fetch_sub(size, std::memory_order_relaxed);
    delete held_text;
  });
}

WatchMessage WatchLog::Heartbeat(const Watch& watch) {
  v1::WatchEventsResponse response;
  response.set_resume_token(MakeResumeToken(watch.selection->digest(), watch.told));
  response.set_revision(watch.told.revision);
  return MakeMessage(response);
}

WatchLog::Step WatchLog::Tell(Cached& commit, Watch* watch) {
  const CommitEvents& all = commit.events;
  const EventSelection& selection = *watch->selection;
  const ResumePoint here = {all.commit.revision(), ChainOf(all.chain_digest)};
  absl::MutexLock lock(&commit.mutex);
  const auto known = commit.messages.find(selection.digest());
  if (known != commit.messages.end()) {
    if (WatchMessage message = known->second.lock(); message != nullptr) {
      watch->told = here;
      return {State::kMessage, std::move(message)};
    }
  }
  const auto statuses = judged_.Find(all, selection);
  if (!statuses.has_value()) return {State::kJudge, nullptr};
  watch->told = here;
  v1::WatchEventsResponse response;
  int64_t selected = 0;
  size_t bytes = 0;
  bool full = false;
  const auto tell = [&](const v1::Event& event) {
    if (!selection.Matches(event)) return;
    ++selected;
    bytes += event.ByteSizeLong();
    full = full || static_cast<size_t>(response.events_size()) == kMaxEvents ||
           (bytes > kMaxEventBytes && response.events_size() > 0);
    if (!full) *response.add_events() = event;
  };
  for (size_t i = 0; i < all.statuses_at; ++i) tell(all.events[i]);
  for (const auto& status : *statuses) tell(*status);
  for (size_t i = all.statuses_at; i < all.events.size(); ++i) tell(all.events[i]);
  if (selected == 0 && !selection.everything()) return {State::kPassed, nullptr};
  *response.mutable_commit() = all.commit;
  response.set_event_count(selected);
  response.set_resume_token(MakeResumeToken(selection.digest(), watch->told));
  response.set_revision(watch->told.revision);
  WatchMessage message = MakeMessage(response);
  // Each entry is one of a message held, or of one let go: as many as there are watches.
  if (commit.messages.size() >= kMaxCachedCommits) commit.messages.clear();
  commit.messages[selection.digest()] = message;
  return {State::kMessage, std::move(message)};
}

WatchLog::Step WatchLog::TellKept(Watch* watch, int64_t upto) {
  Step step{State::kPassed, nullptr};
  while (step.state == State::kPassed && watch->told.revision < upto) {
    const CachedPtr commit = Find(watch->told.revision + 1);
    if (commit == nullptr) break;
    step = Tell(*commit, watch);
  }
  return step;
}

absl::StatusOr<WatchLog::Step> WatchLog::TellStored(Watch* watch, int64_t upto) {
  Step step{State::kPassed, nullptr};
  const ResumePoint start = watch->told;
  const absl::Status read = store_->Read([&](storage::ReadTransaction& tx) -> absl::Status {
    PT_ASSIGN_OR_RETURN(const auto commits,
                        tx.ListCommits(upto + 1, static_cast<int>(upto - start.revision)));
    size_t events_read = 0;
    for (auto it = commits.rbegin(); it != commits.rend() && step.state == State::kPassed; ++it) {
      // Where one is lost, as many as were asked for reach further back.
      if (it->revision <= start.revision) continue;
      if (it->revision != watch->told.revision + 1) return Missing(watch->told.revision + 1);
      if (events_read > kMaxEventsAStep) return absl::OkStatus();
      PT_ASSIGN_OR_RETURN(CommitEvents events, ReadCommitEvents(tx, *it));
      events_read += events.events.size();
      step = Tell(*Keep(std::move(events)), watch);
    }
    return absl::OkStatus();
  });
  if (!read.ok()) {
    // What was not told is not passed.
    watch->told = start;
    return read;
  }
  if (step.state == State::kPassed && watch->told.revision == start.revision) {
    return Missing(start.revision + 1);
  }
  return step;
}

absl::StatusOr<WatchLog::Step> WatchLog::Next(Watch* watch) {
  if (watch->told.revision >= watch->stop_at) return Step{State::kEnd, nullptr};
  const int64_t present = store_->revision();
  if (watch->told.revision >= present) return Step{State::kPresent, nullptr};
  PT_RETURN_IF_ERROR(CheckHistory(watch->told, present));
  const int64_t upto =
      std::min({present, watch->stop_at, watch->told.revision + watch->read_ahead});
  Step step = TellKept(watch, upto);
  if (step.state == State::kPassed && watch->told.revision < upto) {
    PT_ASSIGN_OR_RETURN(step, TellStored(watch, upto));
  }
  watch->read_ahead =
      step.state == State::kPassed ? std::min(2 * watch->read_ahead, kMaxReadAhead) : 1;
  return step;
}

absl::Status WatchLog::Ending(const Watch& watch, const absl::Status& status) {
  if (ReasonOf(status).empty() || watch.selection == nullptr) return status;
  ErrorMetadata metadata = {
      {"resume_token", MakeResumeToken(watch.selection->digest(), watch.told)}};
  const std::string oldest = MetadataOf(status, "oldest_revision");
  if (!oldest.empty()) metadata.emplace_back("oldest_revision", oldest);
  return Error(status.code(), ReasonOf(status), status.message(), std::move(metadata));
}

}  // namespace policytrack::app
