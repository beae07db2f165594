// The small HTTP server for those who watch: /metrics, /healthz and /readyz, and
// nothing else.
//
// Thread rule: Start and the end from one thread.
#ifndef POLICYTRACK_SERVICES_SERVER_HTTP_ENDPOINT_H_
#define POLICYTRACK_SERVICES_SERVER_HTTP_ENDPOINT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/server/health.h"
#include "services/server/metrics.h"

struct mg_context;
struct mg_connection;

namespace policytrack::server {

class HttpEndpoint {
 public:
  // Listens on an address and port as --metrics-listen has it. Neither pointer is
  // owned; both must outlive it.
  // Returns FAILED_PRECONDITION when the port cannot be had.
  static absl::StatusOr<std::unique_ptr<HttpEndpoint>> Start(const std::string& address,
                                                             const Metrics* metrics,
                                                             const Health* health);
  // Finishes what is being answered.
  ~HttpEndpoint();

  int port() const;

 private:
  HttpEndpoint(const Metrics* metrics, const Health* health) : metrics_(metrics), health_(health) {}
  static int Answer(mg_connection* connection, void* endpoint);

  const Metrics* const metrics_;
  const Health* const health_;
  mg_context* context_ = nullptr;
};

}  // namespace policytrack::server

#endif  // POLICYTRACK_SERVICES_SERVER_HTTP_ENDPOINT_H_
