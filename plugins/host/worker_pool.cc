#include "plugins/host/worker_pool.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/error.h"
#include "core/utf8.h"
#include "plugins/host/failures.h"
#include "plugins/host/worker_messages.h"

namespace policytrack::plugins {
namespace {

// A worker that was given more than this is not kept, so that one large computation
// does not hold memory for ever.
constexpr uint64_t kKeptArenaBytes = 16 << 20;
// Of the request to load, which has to fit into what a worker is born with.
constexpr size_t kMostLoadBytes = 4096;
// What plugins print is for their authors; more than this is no help to anybody.
constexpr int kMostLines = 100;

LoadResult Problem(v1::PluginState state, std::string message) {
  LoadResult result;
  result.state = state;
  result.message = std::move(message);
  return result;
}

LoadResult ResultOf(const wire::Reply& reply) {
  const std::string message = ToUtf8(absl::string_view(reply.message, reply.message_length));
  switch (reply.code) {
    case PT_OK:
      return {};
    case wire::kAbiMismatch:
      return Problem(v1::PLUGIN_STATE_ABI_MISMATCH, message);
    case wire::kNoSandbox:
      return Problem(v1::PLUGIN_STATE_NOT_TRUSTED,
                     absl::StrCat("is not run in a worker, since there is no ",
                                  SandboxParts(reply.sandbox_lacks),
                                  " and the server is told to require the whole sandbox; use "
                                  "another kernel, or set worker-sandbox to best_effort"));
    default:
      return Problem(v1::PLUGIN_STATE_BROKEN, message);
  }
}

}  // namespace

std::string SandboxParts(uint32_t parts) {
  std::vector<std::string> names;
  if ((parts & wire::kSeccomp) != 0) names.push_back("filter for system calls (seccomp)");
  if ((parts & wire::kLandlock) != 0) names.push_back("restriction of files (Landlock)");
  if ((parts & wire::kUser) != 0) names.push_back("right to be another user than root (setuid)");
  return absl::StrJoin(names, " and no ");
}

absl::StatusOr<std::unique_ptr<WorkerProcess>> WorkerPool::StartWorker(LoadResult* result,
                                                                       uint32_t* lacks,
                                                                       std::string* how) {
  auto started = WorkerProcess::Start(setup_.spawner.get(), setup_.options, setup_.library.get());
  if (!started.ok()) {
    *result = Problem(
        v1::PLUGIN_STATE_BROKEN,
        absl::StrCat("cannot be run in a worker: ", std::string(started.status().message())));
    return PluginFailed(setup_.descriptor, started.status().message());
  }
  std::unique_ptr<WorkerProcess> worker = *std::move(started);
  wire::Request request = {};
  request.kind = wire::kLoad;
  const std::string texts = LoadMessage(setup_.descriptor);
  if (texts.size() > kMostLoadBytes) {
    *result = Problem(v1::PLUGIN_STATE_BROKEN, "has a version that is too long; shorten it");
    return PluginFailed(setup_.descriptor, result->message);
  }
  std::copy(texts.begin(), texts.end(), worker->input() + wire::kArenaStart);
  request.input_size = wire::kArenaStart + texts.size();
  const Exchanged outcome = worker->Exchange(request, setup_.options.load_deadline);
  LogPrinted(worker.get());
  if (outcome.kind == Exchanged::Kind::kReplied) {
    *result = ResultOf(outcome.reply);
    *lacks = outcome.reply.sandbox_lacks;
    if (result->state == v1::PLUGIN_STATE_ACTIVE) return worker;
  } else {
    *how = outcome.kind == Exchanged::Kind::kOverran
               ? absl::StrCat("it took longer than the ",
                              absl::FormatDuration(setup_.options.load_deadline),
                              " that it may take, and its process was killed")
               : outcome.how;
    *result = Problem(
        v1::PLUGIN_STATE_BROKEN,
        absl::StrCat("cannot be loaded: while its constructors ran, ", *how, "; correct it"));
  }
  return PluginFailed(setup_.descriptor, result->message);
}

LoadResult WorkerPool::Load(uint32_t* lacks) {
  LoadResult result;
  std::string how;
  auto worker = StartWorker(&result, lacks, &how);
  if (worker.ok()) {
    std::unique_lock<std::mutex> lock(mutex_);
    ++started_;
    idle_.push_back(*std::move(worker));
  }
  return result;
}

absl::Status WorkerPool::CheckQuarantine() const {
  const auto reason = setup_.options.quarantine->Reason(setup_.digest);
  if (!reason.has_value()) return absl::OkStatus();
  const std::string name = absl::StrCat("plugins/", setup_.descriptor.id());
  return Error(absl::StatusCode::kFailedPrecondition, reason::kPluginNotActive,
               absl::StrCat(name, " cannot be used (",
                            v1::PluginState_Name(v1::PLUGIN_STATE_QUARANTINED), "): ", *reason),
               {{"plugin", name}});
}

absl::StatusOr<std::unique_ptr<WorkerProcess>> WorkerPool::Take() {
  const Time deadline =
      std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(setup_.call_deadline);
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    PT_RETURN_IF_ERROR(CheckQuarantine());
    const Time now = std::chrono::steady_clock::now();
    if (!idle_.empty()) {
      std::unique_ptr<WorkerProcess> worker = std::move(idle_.back());
      idle_.pop_back();
      lock.unlock();
      std::string how = "its process ended while it had nothing to do";
      if (!worker->ended() && Tidy(worker.get(), &how)) return worker;
      Lost(std::move(worker), how, true);
      lock.lock();
      continue;
    }
    const bool room = started_ < setup_.options.most_per_plugin;
    if (room && now >= not_before_) {
      ++started_;
      lock.unlock();
      LoadResult result;
      uint32_t lacks = 0;
      std::string how;
      auto worker = StartWorker(&result, &lacks, &how);
      if (worker.ok()) return worker;
      lock.lock();
      --started_;
      Pause();
      changed_.notify_all();
      lock.unlock();
      if (!how.empty()) setup_.options.quarantine->Crashed(setup_.digest, how);
      return worker.status();
    }
    if (room && not_before_ > deadline) {
      return PluginFailed(setup_.descriptor,
                          absl::StrCat("its processes ended ", failures_,
                                       " times in a row, and no other is started yet"));
    }
    if (now >= deadline) return PluginOverran(setup_.descriptor, setup_.call_deadline);
    changed_.wait_until(lock, room ? std::min(not_before_, deadline) : deadline);
  }
}

bool WorkerPool::Tidy(WorkerProcess* worker, std::string* how) {
  std::vector<uint64_t> unused;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    for (const uint64_t instance : worker->instances()) {
      if (instances_.count(instance) == 0) unused.push_back(instance);
    }
  }
  for (const uint64_t instance : unused) {
    wire::Request request = {};
    request.kind = wire::kDestroy;
    request.instance = instance;
    const Exchanged outcome = worker->Exchange(request, setup_.call_deadline);
    if (outcome.kind != Exchanged::Kind::kReplied) {
      *how = absl::StrCat(
          "while an instance was destroyed, ",
          outcome.kind == Exchanged::Kind::kOverran ? "it did not come back" : outcome.how);
      return false;
    }
    worker->instances().erase(instance);
  }
  return true;
}

void WorkerPool::Return(std::unique_ptr<WorkerProcess> worker, bool computed) {
  LogPrinted(worker.get());
  const bool keep =
      worker->arena_bytes() <= kKeptArenaBytes && worker->busy() <= setup_.options.most_busy;
  if (!keep) worker.reset();
  std::unique_lock<std::mutex> lock(mutex_);
  if (computed) {
    failures_ = 0;
    not_before_ = Time::min();
  }
  if (keep) {
    idle_.push_back(std::move(worker));
  } else {
    --started_;
  }
  changed_.notify_one();
}

void WorkerPool::Lost(std::unique_ptr<WorkerProcess> worker, absl::string_view how, bool counts) {
  const std::string name = absl::StrCat("plugins/", setup_.descriptor.id());
  Log(absl::StrCat(name, ": its worker (process ", worker->pid(), ") is lost: ", how));
  worker.reset();
  {
    std::unique_lock<std::mutex> lock(mutex_);
    --started_;
    if (counts) Pause();
    changed_.notify_all();
  }
  if (counts) setup_.options.quarantine->Crashed(setup_.digest, how);
}

void WorkerPool::Pause() {
  absl::Duration pause = setup_.options.pause;
  for (int i = 0; i < failures_ && pause < WorkerOptions::kLongestPause; ++i) pause *= 2;
  pause = std::min(pause, WorkerOptions::kLongestPause);
  // The first one is replaced at once.
  if (failures_ == 0) pause = absl::ZeroDuration();
  ++failures_;
  not_before_ = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(pause);
}

uint64_t WorkerPool::AddInstance() {
  std::unique_lock<std::mutex> lock(mutex_);
  instances_.insert(++last_instance_);
  return last_instance_;
}

void WorkerPool::RemoveInstance(uint64_t instance) {
  std::unique_lock<std::mutex> lock(mutex_);
  instances_.erase(instance);
}

void WorkerPool::Log(absl::string_view line) const {
  if (setup_.options.log) setup_.options.log(line);
}

void WorkerPool::LogPrinted(WorkerProcess* worker) {
  const std::string text = worker->TakePrinted();
  if (text.empty()) return;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    if (lines_ >= kMostLines) return;
    ++lines_;
  }
  Log(absl::StrCat("plugins/", setup_.descriptor.id(), " printed: ", text));
}

}  // namespace policytrack::plugins
