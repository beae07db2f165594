// policytrack-worker: runs one plugin for the server that started it. It gives up
// its rights, loads the library from a sealed descriptor, and computes what the
// server asks for until the server is gone. Not to be started by hand.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugins/sdk/policytrack_plugin.h"
#include "plugins/wire/wire.h"
#include "plugins/worker/arena.h"
#include "plugins/worker/calls.h"
#include "plugins/worker/control.h"
#include "plugins/worker/plugin.h"
#include "plugins/worker/sandbox.h"
#include "plugins/worker/system_calls.h"

namespace policytrack::worker {
namespace {

constexpr int kCannotStart = 3;

// Answers the first request. False when the worker is of no use.
bool Load(const wire::Request& request, const Arena& input, SystemCalls* calls, uint32_t lacks,
          bool required, pt_plugin_v1* table, wire::Reply* reply) {
  const auto* record = input.At<wire::LoadRecord>(wire::kArenaStart, 1, request.input_size);
  const char* id = record == nullptr ? nullptr : input.Text(record->id, request.input_size);
  const char* version =
      record == nullptr ? nullptr : input.Text(record->version, request.input_size);
  if (id == nullptr || version == nullptr) {
    SetMessage(reply, wire::kBadRequest, "the request does not say what to load");
    return false;
  }
  if (!calls->EnterLoading()) lacks |= wire::kSeccomp;
  reply->sandbox_lacks = lacks;
  if (required && lacks != 0) {
    reply->code = wire::kNoSandbox;
    return false;
  }
  if (!LoadPlugin(wire::kLibraryFd, id, version, table, reply)) return false;
  close(wire::kLibraryFd);
  if ((lacks & wire::kSeccomp) == 0 && !calls->EnterRunning()) {
    reply->sandbox_lacks |= wire::kSeccomp;
    if (required) {
      reply->code = wire::kNoSandbox;
      return false;
    }
  }
  return true;
}

int Run(int64_t parent, uint64_t memory_bytes, bool required) {
  uint32_t lacks = 0;
  if (!GiveUpRights(parent, memory_bytes, &lacks)) return kCannotStart;
  Arena input;
  Arena output;
  if (!input.Map(wire::kInputFd, false) || !output.Map(wire::kOutputFd, true)) return kCannotStart;
  if (!RestrictFiles()) lacks |= wire::kLandlock;
  SystemCalls system_calls;

  pt_plugin_v1 table = {};
  Received received;
  if (!Receive(&received) || received.request.kind != wire::kLoad) return kCannotStart;
  {
    wire::Reply reply = ReplyTo(received.request);
    const bool loaded =
        Load(received.request, input, &system_calls, lacks, required, &table, &reply);
    if (!Send(reply) || !loaded) return 0;
  }
  Calls calls(&table, &input, &output);
  while (Receive(&received)) {
    const wire::Request& request = received.request;
    wire::Reply reply = ReplyTo(request);
    if (received.input_fd >= 0 && !input.Map(received.input_fd, false))
      reply.code = wire::kNoMemory;
    if (received.output_fd >= 0 && !output.Map(received.output_fd, true)) {
      reply.code = wire::kNoMemory;
    }
    if (!input.mapped() || !output.mapped()) {
      SetMessage(&reply, wire::kNoMemory, "its process has no room for the figures");
    } else if (request.kind == wire::kCreate) {
      calls.Create(request, &reply);
    } else if (request.kind == wire::kDestroy) {
      calls.Destroy(request, &reply);
    } else if (request.kind == wire::kCompute) {
      calls.Compute(request, &reply);
    } else {
      reply.code = wire::kBadRequest;
    }
    // What it printed is the server's to read, now.
    fflush(stdout);
    if (!Send(reply)) break;
  }
  return 0;
}

}  // namespace
}  // namespace policytrack::worker

int main(int argc, char** argv) {
  namespace wire = policytrack::wire;
  if (argc != wire::kArgCount) {
    fputs("policytrack-worker is started by policytrackd, with arguments of its own\n", stderr);
    return 2;
  }
  const int status = policytrack::worker::Run(strtoll(argv[wire::kArgParent], nullptr, 10),
                                              strtoull(argv[wire::kArgMemory], nullptr, 10),
                                              strcmp(argv[wire::kArgSandbox], "required") == 0);
  // Not through the destructors of the plugin.
  _exit(status);
}
