// A worker that breaks the rules of the wire, each by the name that it is started
// under: what the host makes of replies that no honest worker sends.
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <string>

#include "plugins/wire/wire.h"

namespace {

namespace wire = policytrack::wire;

void Send(const void* data, size_t size) {
  if (send(wire::kControlFd, data, size, MSG_NOSIGNAL) < 0) _exit(1);
}

// A reply with a descriptor that nobody asked for.
void SendWithDescriptor(wire::Reply* reply) {
  iovec data = {reply, sizeof(*reply)};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header = {};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof(control);
  cmsghdr* part = CMSG_FIRSTHDR(&header);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(part), &wire::kControlFd, sizeof(int));
  if (sendmsg(wire::kControlFd, &header, MSG_NOSIGNAL) < 0) _exit(1);
}

}  // namespace

int main(int, char** argv) {
  const std::string path = argv[0];
  const std::string lie = path.substr(path.rfind('/') + 1);
  wire::Request request;
  while (recv(wire::kControlFd, &request, sizeof(request), 0) == sizeof(request)) {
    wire::Reply reply = {};
    reply.version = wire::kVersion;
    reply.kind = request.kind;
    reply.nonce = request.nonce;
    if (lie == "version") ++reply.version;
    if (lie == "kind") ++reply.kind;
    if (lie == "nonce") ++reply.nonce;
    if (lie == "count") reply.count = request.count + 1;
    if (lie == "length") reply.message_length = sizeof(reply.message) + 1;
    if (lie == "short") {
      Send(&reply, sizeof(reply) - 1);
    } else if (lie == "long") {
      char longer[sizeof(reply) + 1] = {};
      memcpy(longer, &reply, sizeof(reply));
      Send(longer, sizeof(longer));
    } else if (lie == "descriptor") {
      SendWithDescriptor(&reply);
    } else if (lie != "silent") {
      Send(&reply, sizeof(reply));
      if (lie == "twice") Send(&reply, sizeof(reply));
    }
  }
  return 0;
}
