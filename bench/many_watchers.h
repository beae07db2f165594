// Very many streams of WatchEvents that wait, a hundred on a connection, all served by
// one thread of the client.
//
// Thread rule: one thread.
#ifndef POLICYTRACK_BENCH_MANY_WATCHERS_H_
#define POLICYTRACK_BENCH_MANY_WATCHERS_H_

#include <memory>
#include <string>
#include <vector>

#include "grpcpp/grpcpp.h"
#include "policytrack/v1/event_service.grpc.pb.h"

namespace policytrack::bench {

class ManyWatchers {
 public:
  // Opens `count` streams and waits for the first message of each.
  ManyWatchers(const std::string& address, int count);
  ~ManyWatchers();
  ManyWatchers(const ManyWatchers&) = delete;
  ManyWatchers& operator=(const ManyWatchers&) = delete;

  // Waits until each has got one message more.
  void AwaitOneEach();

  int count() const { return static_cast<int>(streams_.size()); }

 private:
  struct Stream {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientAsyncReader<v1::WatchEventsResponse>> reader;
    v1::WatchEventsResponse message;
  };

  // Waits for one operation of each stream and starts the next read.
  void AwaitAndRead();

  grpc::CompletionQueue queue_;
  std::vector<std::unique_ptr<v1::EventService::Stub>> stubs_;
  std::vector<std::unique_ptr<Stream>> streams_;
};

}  // namespace policytrack::bench

#endif  // POLICYTRACK_BENCH_MANY_WATCHERS_H_
