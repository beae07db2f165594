// One watch from the side of the client.
#ifndef POLICYTRACK_TESTS_RPC_WATCH_STREAM_H_
#define POLICYTRACK_TESTS_RPC_WATCH_STREAM_H_

#include <memory>
#include <string>

#include "grpcpp/grpcpp.h"
#include "policytrack/v1/event_service.grpc.pb.h"
#include "services/server/server.h"

namespace policytrack::rpc_test {

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

// A channel of its own: a connection carries a hundred streams. The client takes 64 KiB
// of a stream that is not read, however fast the connection is.
inline std::unique_ptr<v1::EventService::Stub> NewStubOf(const server::Server& server) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return v1::EventService::NewStub(grpc::CreateCustomChannel(
      "127.0.0.1:" + std::to_string(server.port()), grpc::InsecureChannelCredentials(), arguments));
}

}  // namespace policytrack::rpc_test

#endif  // POLICYTRACK_TESTS_RPC_WATCH_STREAM_H_
