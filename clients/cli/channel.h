// The connection to the server: deadlines, retries, and errors decoded into
// absl::Status with the server's ErrorInfo kept (core/error.h reads it).
//
// Retried are UNAVAILABLE, and RESOURCE_EXHAUSTED where the server says with
// RetryInfo when to come again; nothing else, because everything else either
// was done or would be refused again.
//
// Thread rule: one thread at a time.
#ifndef POLICYTRACK_CLIENTS_CLI_CHANNEL_H_
#define POLICYTRACK_CLIENTS_CLI_CHANNEL_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "clients/cli/exit_code.h"
#include "grpcpp/grpcpp.h"

namespace policytrack::cli {

struct ConnectionOptions {
  std::string server = "127.0.0.1:7443";
  // Of one attempt of one call.
  absl::Duration timeout = absl::Seconds(30);
  // Further attempts after the first.
  int retries = 4;
  // Names the program and its version to the server.
  std::string user_agent;
};

class Connection {
 public:
  using Sleeper = std::function<void(absl::Duration)>;
  using Attempt = std::function<grpc::Status(grpc::ClientContext& context)>;

  // `sleep` waits between attempts. `notice` is told, in a sentence, that an
  // attempt failed and when the next one comes; may be null.
  Connection(ConnectionOptions options, Sleeper sleep,
             std::function<void(const std::string&)> notice);

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  const ConnectionOptions& options() const { return options_; }

  // Runs `attempt` until it does not fail with something retryable, each time
  // with a fresh context that has a deadline, unless it is infinite. After a failure
  // `went_on` says whether the attempt had got further: the count of attempts and the
  // pauses then begin anew. Returns the last status.
  absl::Status Call(const Attempt& attempt, std::optional<absl::Duration> timeout = std::nullopt,
                    const std::function<bool()>& went_on = nullptr);

  // One unary call of a generated stub.
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Unary(Stub& stub,
                                 grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                              Response*),
                                 const Request& request) {
    Response response;
    absl::Status status = Call([&](grpc::ClientContext& context) {
      response.Clear();
      return (stub.*method)(&context, request, &response);
    });
    if (!status.ok()) return status;
    return response;
  }

 private:
  // An error of the network says which server it is about.
  absl::Status NameServer(const absl::Status& status) const;

  ConnectionOptions options_;
  Sleeper sleep_;
  std::function<void(const std::string&)> notice_;
  std::shared_ptr<grpc::Channel> channel_;
};

// A status of gRPC with the details of grpc-status-details-bin as payloads.
absl::Status DecodeStatus(const grpc::Status& status);

// The reason of an error, or the name of its code where there is none:
// UNAVAILABLE when nobody answered.
std::string ReasonOrCode(const absl::Status& status);

// A text of the service with the commands of this program in place of methods of
// the API: `ListPlans` is `policytrack list plans`.
std::string InCommands(absl::string_view text);

// What `error: ` is followed by: the message, and the reason in brackets.
std::string DescribeError(const absl::Status& status);

// A random UUID, version 4.
std::string NewRequestId();

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_CHANNEL_H_
