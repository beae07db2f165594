// A call that works long and tells its caller about it in a stream: the work runs on
// a pool of its own and waits for the caller at each message, one of which is on its
// way at a time. A caller who takes nothing for a minute is cut off.
//
// Thread rule: Start from any thread; the job deletes itself.
#ifndef POLICYTRACK_SERVICES_RPC_STREAM_JOB_H_
#define POLICYTRACK_SERVICES_RPC_STREAM_JOB_H_

#include <functional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "services/rpc/edge.h"
#include "services/rpc/executor.h"

namespace policytrack::rpc {

inline constexpr absl::Duration kStreamStall = absl::Minutes(1);

template <typename Response>
class StreamJob final : public grpc::ServerWriteReactor<Response> {
 public:
  // Sends a message and waits until it is taken; false when the caller takes no more.
  using Send = std::function<bool(const Response& message)>;
  // Whether the caller has gone.
  using Gone = std::function<bool()>;
  using Work = std::function<absl::Status(const Send& send, const Gone& gone)>;

  // Neither edge nor executor is owned; both must outlive the call.
  static grpc::ServerWriteReactor<Response>* Start(Edge* edge, Executor* executor,
                                                   grpc::CallbackServerContext* context,
                                                   const char* method, Work work) {
    auto* job = new StreamJob(edge, context, method, std::move(work));
    if (!executor->Run([job] { job->Run(); })) {
      job->End(Error(absl::StatusCode::kUnavailable, reason::kStoreBusy,
                     "too many of such calls wait already; try again later"));
    }
    return job;
  }

  void OnWriteDone(bool ok) override {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    taken_ = ok;
  }

  void OnDone() override { delete this; }

 private:
  StreamJob(Edge* edge, grpc::CallbackServerContext* context, const char* method, Work work)
      : edge_(edge), context_(context), method_(method), work_(std::move(work)) {}

  void Run() {
    if (context_->IsCancelled()) {
      End(Error(absl::StatusCode::kUnavailable, reason::kStoreBusy,
                "the call was cancelled before it was run"));
      return;
    }
    End(work_([this](const Response& message) { return Write(message); },
              [this] { return context_->IsCancelled(); }));
  }

  bool Write(const Response& message) {
    {
      absl::MutexLock lock(&mutex_);
      writing_ = true;
      taken_ = false;
    }
    // Not under the lock: the library may say at once that it is done.
    this->StartWrite(&message);
    absl::MutexLock lock(&mutex_);
    const auto done = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return !writing_; };
    if (!mutex_.AwaitWithTimeout(absl::Condition(&done), kStreamStall)) {
      context_->TryCancel();
      // The message belongs to the library until it says so.
      mutex_.Await(absl::Condition(&done));
      return false;
    }
    return taken_;
  }

  // The last thing that is done here: the job may be gone when it returns.
  void End(const absl::Status& status) { this->Finish(edge_->Convert(context_, method_, status)); }

  Edge* const edge_;
  grpc::CallbackServerContext* const context_;
  const char* const method_;
  const Work work_;
  absl::Mutex mutex_;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool taken_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace policytrack::rpc

#endif  // POLICYTRACK_SERVICES_RPC_STREAM_JOB_H_
