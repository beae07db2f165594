#include "plugins/worker/control.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

namespace policytrack::worker {
namespace {

constexpr int kMaxDescriptors = 2;

// The descriptors of a packet, or -1 when there are more than there may be.
int TakeDescriptors(msghdr* header, int* descriptors) {
  int count = 0;
  bool good = (header->msg_flags & MSG_CTRUNC) == 0;
  for (cmsghdr* part = CMSG_FIRSTHDR(header); part != nullptr; part = CMSG_NXTHDR(header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const size_t bytes = part->cmsg_len - CMSG_LEN(0);
    for (size_t at = 0; at + sizeof(int) <= bytes; at += sizeof(int)) {
      int descriptor;
      memcpy(&descriptor, CMSG_DATA(part) + at, sizeof(descriptor));
      if (count < kMaxDescriptors) {
        descriptors[count++] = descriptor;
      } else {
        close(descriptor);
        good = false;
      }
    }
  }
  return good ? count : -1;
}

}  // namespace

bool Receive(Received* received) {
  iovec data = {&received->request, sizeof(received->request)};
  alignas(cmsghdr) char control[CMSG_SPACE(kMaxDescriptors * sizeof(int))];
  msghdr header = {};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof(control);
  ssize_t size;
  do {
    size = recvmsg(wire::kControlFd, &header, MSG_CMSG_CLOEXEC);
  } while (size < 0 && errno == EINTR);
  if (size != static_cast<ssize_t>(sizeof(received->request))) return false;
  if ((header.msg_flags & MSG_TRUNC) != 0) return false;
  int descriptors[kMaxDescriptors];
  const int count = TakeDescriptors(&header, descriptors);
  const uint32_t arenas = received->request.arenas;
  const int wanted =
      ((arenas & wire::kNewInput) != 0 ? 1 : 0) + ((arenas & wire::kNewOutput) != 0 ? 1 : 0);
  if (count != wanted || received->request.version != wire::kVersion) return false;
  int next = 0;
  received->input_fd = (arenas & wire::kNewInput) != 0 ? descriptors[next++] : -1;
  received->output_fd = (arenas & wire::kNewOutput) != 0 ? descriptors[next++] : -1;
  return true;
}

bool Send(const wire::Reply& reply) {
  iovec data = {const_cast<wire::Reply*>(&reply), sizeof(reply)};
  msghdr header = {};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  ssize_t size;
  do {
    size = sendmsg(wire::kControlFd, &header, MSG_NOSIGNAL);
  } while (size < 0 && errno == EINTR);
  return size == static_cast<ssize_t>(sizeof(reply));
}

wire::Reply ReplyTo(const wire::Request& request) {
  wire::Reply reply = {};
  reply.version = wire::kVersion;
  reply.kind = request.kind;
  reply.nonce = request.nonce;
  return reply;
}

void SetMessage(wire::Reply* reply, int32_t code, const char* format, ...) {
  reply->code = code;
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(reply->message, sizeof(reply->message), format, arguments);
  va_end(arguments);
  const uint32_t room = sizeof(reply->message) - 1;
  reply->message_length = length < 0 ? 0 : static_cast<uint32_t>(length);
  if (reply->message_length > room) reply->message_length = room;
}

}  // namespace policytrack::worker
