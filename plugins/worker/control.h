// The control socket, as the worker sees it.
//
// Thread rule: one thread.
#ifndef POLICYTRACK_PLUGINS_WORKER_CONTROL_H_
#define POLICYTRACK_PLUGINS_WORKER_CONTROL_H_

#include <stdarg.h>

#include "plugins/wire/wire.h"

namespace policytrack::worker {

// A request with the descriptors that came along; -1 where none did.
struct Received {
  wire::Request request;
  int input_fd;
  int output_fd;
};

// Waits for a request. False when the server is gone or breaks the rules.
bool Receive(Received* received);

// False when the server is gone.
bool Send(const wire::Reply& reply);

// An empty reply to a request.
wire::Reply ReplyTo(const wire::Request& request);

// Sets code and message as printf does, cut to what there is room for.
void SetMessage(wire::Reply* reply, int32_t code, const char* format, ...)
    __attribute__((format(printf, 3, 4)));

}  // namespace policytrack::worker

#endif  // POLICYTRACK_PLUGINS_WORKER_CONTROL_H_
