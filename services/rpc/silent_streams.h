// Ends streams whose client sends nothing for too long, so that what they hold goes
// to those who do send.
//
// Thread rule: any thread.
#ifndef POLICYTRACK_SERVICES_RPC_SILENT_STREAMS_H_
#define POLICYTRACK_SERVICES_RPC_SILENT_STREAMS_H_

#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace policytrack::rpc {

class SilentStreams {
 public:
  // Of a clock that never jumps.
  using Time = std::chrono::steady_clock::time_point;

  class Stream {
   public:
    virtual ~Stream() = default;
    // Ends the stream if it waits for its client since before `since`. Called from
    // one thread, at any time.
    virtual void EndIfSilentSince(Time since) = 0;
  };

  // Streams are ended after `limit` and at the latest a second more.
  explicit SilentStreams(absl::Duration limit);
  // REQUIRES: no stream is open.
  ~SilentStreams();

  absl::Duration limit() const { return limit_; }
  // Looks after `stream` for as long as somebody else owns it.
  void Add(const std::shared_ptr<Stream>& stream);

 private:
  void Look();

  const absl::Duration limit_;
  absl::Mutex mutex_;
  std::vector<std::weak_ptr<Stream>> streams_ ABSL_GUARDED_BY(mutex_);
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace policytrack::rpc

#endif  // POLICYTRACK_SERVICES_RPC_SILENT_STREAMS_H_
