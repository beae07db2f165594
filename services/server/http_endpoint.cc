#include "services/server/http_endpoint.h"

#include <civetweb.h>

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace policytrack::server {
namespace {

struct Reply {
  const char* status = "200 OK";
  const char* type = "text/plain; charset=utf-8";
  std::string body;
};

void Send(mg_connection* connection, const Reply& reply, bool with_body) {
  mg_printf(connection,
            "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
            "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
            reply.status, reply.type, reply.body.size());
  if (with_body) mg_write(connection, reply.body.data(), reply.body.size());
}

// The library would write to standard error by itself.
int SayNothing(const mg_connection*, const char*) { return 1; }

}  // namespace

absl::StatusOr<std::unique_ptr<HttpEndpoint>> HttpEndpoint::Start(const std::string& address,
                                                                  const Metrics* metrics,
                                                                  const Health* health) {
  std::unique_ptr<HttpEndpoint> endpoint(new HttpEndpoint(metrics, health));
  const std::string ports = absl::StartsWith(address, "localhost:")
                                ? absl::StrCat("127.0.0.1:", address.substr(10))
                                : address;
  std::vector<const char*> options;
  const auto set = [&](const char* name, const char* value) {
    options.insert(options.end(), {name, value});
  };
  set("listening_ports", ports.c_str());
  // Who is slow, or silent, holds one thread for a second.
  set("num_threads", "16");
  set("request_timeout_ms", "1000");
  set("enable_keep_alive", "no");
  options.push_back(nullptr);
  mg_callbacks callbacks = {};
  callbacks.log_message = SayNothing;
  endpoint->context_ = mg_start(&callbacks, nullptr, options.data());
  if (endpoint->context_ == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot listen on ", address,
                     " for metrics: the port is taken by another program or the address is not of "
                     "this machine; choose another with --metrics-listen"));
  }
  mg_set_request_handler(endpoint->context_, "**", &HttpEndpoint::Answer, endpoint.get());
  return endpoint;
}

HttpEndpoint::~HttpEndpoint() {
  if (context_ != nullptr) mg_stop(context_);
}

int HttpEndpoint::port() const {
  mg_server_port ports[4] = {};
  return mg_get_server_ports(context_, 4, ports) > 0 ? ports[0].port : 0;
}

int HttpEndpoint::Answer(mg_connection* connection, void* endpoint) {
  const auto* self = static_cast<const HttpEndpoint*>(endpoint);
  const mg_request_info* request = mg_get_request_info(connection);
  const absl::string_view method = request->request_method;
  const absl::string_view path = request->local_uri;
  Reply reply;
  if (method != "GET" && method != "HEAD") {
    reply.status = "405 Method Not Allowed";
    reply.body = "only GET\n";
  } else if (path == "/metrics") {
    reply.type = "text/plain; version=0.0.4; charset=utf-8";
    reply.body = self->metrics_->Text();
  } else if (path == "/healthz" || path == "/readyz") {
    const Health::State state = self->health_->Get();
    const bool good = path == "/healthz" ? state.live : state.ready;
    if (!good) reply.status = "503 Service Unavailable";
    reply.body = good ? "ok\n" : absl::StrCat(state.why, "\n");
  } else {
    reply.status = "404 Not Found";
    reply.body = "there is /metrics, /healthz and /readyz\n";
  }
  Send(connection, reply, method != "HEAD");
  return 200;
}

}  // namespace policytrack::server
