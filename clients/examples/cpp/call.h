// Calls with a deadline, and what a failed one says. Copy it into a client of your own.
#ifndef CLIENTS_EXAMPLES_CPP_CALL_H_
#define CLIENTS_EXAMPLES_CPP_CALL_H_

#include <google/protobuf/text_format.h>
#include <google/rpc/code.pb.h>
#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <string>

// A call that failed. Programs decide by the reason in `info`, which never changes its meaning; the
// message is for people. The server sends both as a google.rpc.Status in the trailer
// grpc-status-details-bin, which gRPC gives as error_details(). `info` is empty when the failure is
// not the server's own: when it could not be reached, say.
struct Failure {
  explicit Failure(const grpc::Status& failed) : status(failed) {
    google::rpc::Status details;
    if (!details.ParseFromString(status.error_details())) return;
    for (const google::protobuf::Any& detail : details.details()) {
      if (detail.UnpackTo(&info)) return;
    }
  }

  std::string Text() const {
    std::string text = google::rpc::Code_Name(static_cast<int>(status.error_code()));
    if (!info.reason().empty()) text += " " + info.reason();
    return text + ": " + status.error_message();
  }

  grpc::Status status;
  google::rpc::ErrorInfo info;
};

inline void ThrowUnlessOk(const grpc::Status& status) {
  if (!status.ok()) throw Failure(status);
}

// Without a deadline a call waits for as long as it takes.
inline void SetDeadline(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
}

// Calls a method with one request and one response: Call(plans, &PlanService::Stub::GetPlan,
// request).
template <typename Stub, typename Request, typename Response>
Response Call(const std::unique_ptr<Stub>& stub,
              grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
              const Request& request) {
  grpc::ClientContext context;
  SetDeadline(context);
  Response response;
  ThrowUnlessOk(((*stub).*method)(&context, request, &response));
  return response;
}

// Creates a document with a request in protobuf's text format, and gives a line that says so. That
// one of an earlier run is there already is no failure.
template <typename Stub, typename Request, typename Response>
std::string CreateOrFind(const std::unique_ptr<Stub>& stub,
                         grpc::Status (Stub::*create)(grpc::ClientContext*, const Request&,
                                                      Response*),
                         const char* text) {
  Request request;
  if (!google::protobuf::TextFormat::ParseFromString(text, &request)) {
    throw Failure({grpc::INVALID_ARGUMENT, std::string("not of the contract: ") + text});
  }
  try {
    return Call(stub, create, request).name() + ": created\n";
  } catch (const Failure& failure) {
    if (failure.info.reason() != "RESOURCE_EXISTS") throw;
    return failure.info.metadata().at("resource") + ": found\n";
  }
}

#endif  // CLIENTS_EXAMPLES_CPP_CALL_H_
