#include "plugins/host/worker_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "core/error.h"
#include "core/utf8.h"

namespace policytrack::plugins {
namespace {

constexpr uint64_t kFirstArenaBytes = 64 << 10;
constexpr uint64_t kPrintedBytes = 16 << 10;
constexpr size_t kPrintedShown = 400;
// A process whose socket is closed ends at once, or is made to.
constexpr int kEndMilliseconds = 1000;

int64_t Now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

bool Readable(int fd, int milliseconds) {
  pollfd entry = {fd, POLLIN, 0};
  int ready;
  do {
    ready = poll(&entry, 1, milliseconds);
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<WorkerProcess>> WorkerProcess::Start(WorkerSpawner* spawner,
                                                                    const WorkerOptions& options,
                                                                    int library_fd) {
  std::unique_ptr<WorkerProcess> worker(new WorkerProcess());
  worker->grace_ = options.grace;
  PT_ASSIGN_OR_RETURN(worker->printed_, MakeOutputFile(kPrintedBytes));
  PT_RETURN_IF_ERROR(worker->Reserve(1, 1));
  worker->new_arenas_ = 0;  // it is born with them
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0) {
    return absl::ResourceExhaustedError(
        absl::StrCat("a socket for a worker cannot be made: ", std::strerror(errno)));
  }
  worker->control_ = Descriptor(sockets[0]);
  const Descriptor theirs(sockets[1]);
  const Descriptor nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
  PT_ASSIGN_OR_RETURN(
      worker->child_,
      spawner->Spawn(options.program,
                     {absl::StrCat(getpid()), absl::StrCat(options.memory_bytes),
                      options.require_sandbox ? "required" : "best_effort"},
                     {nothing.get(), worker->printed_.get(), worker->printed_.get(), theirs.get(),
                      library_fd, worker->input_.fd(), worker->output_.fd()}));
  return worker;
}

WorkerProcess::~WorkerProcess() {
  if (child_.pid < 0 || reaped_) return;
  syscall(SYS_pidfd_send_signal, child_.pidfd.get(), SIGKILL, nullptr, 0);
  Reap();
}

absl::Status WorkerProcess::Reserve(uint64_t input_bytes, uint64_t output_bytes) {
  const auto grow = [](uint64_t bytes, SharedArena::Writers writers, SharedArena* arena) {
    uint64_t size = std::max(arena->size(), kFirstArenaBytes);
    while (size < bytes) size *= 2;
    auto made = SharedArena::Make(size, writers);
    if (made.ok()) *arena = *std::move(made);
    return made.status();
  };
  if (input_.size() < input_bytes) {
    PT_RETURN_IF_ERROR(grow(input_bytes, SharedArena::Writers::kThisProcess, &input_));
    new_arenas_ |= wire::kNewInput;
  }
  if (output_.size() < output_bytes) {
    PT_RETURN_IF_ERROR(grow(output_bytes, SharedArena::Writers::kBoth, &output_));
    new_arenas_ |= wire::kNewOutput;
  }
  return absl::OkStatus();
}

bool WorkerProcess::Send(const wire::Request& request) {
  iovec data = {const_cast<wire::Request*>(&request), sizeof(request)};
  msghdr header = {};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  int descriptors[2];
  size_t count = 0;
  if ((request.arenas & wire::kNewInput) != 0) descriptors[count++] = input_.fd();
  if ((request.arenas & wire::kNewOutput) != 0) descriptors[count++] = output_.fd();
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(descriptors))] = {};
  if (count > 0) {
    header.msg_control = control;
    header.msg_controllen = CMSG_SPACE(count * sizeof(int));
    cmsghdr* part = CMSG_FIRSTHDR(&header);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(count * sizeof(int));
    std::memcpy(CMSG_DATA(part), descriptors, count * sizeof(int));
  }
  ssize_t size;
  do {
    size = sendmsg(control_.get(), &header, MSG_NOSIGNAL);
  } while (size < 0 && errno == EINTR);
  return size == static_cast<ssize_t>(sizeof(request));
}

bool WorkerProcess::ReadReply(const wire::Request& request, wire::Reply* reply, bool* gone) {
  iovec data = {reply, sizeof(*reply)};
  msghdr header = {};
  header.msg_iov = &data;
  header.msg_iovlen = 1;  // and no room for descriptors, which are not wanted
  ssize_t size;
  do {
    size = recvmsg(control_.get(), &header, MSG_DONTWAIT);
  } while (size < 0 && errno == EINTR);
  *gone = size <= 0;
  return size == static_cast<ssize_t>(sizeof(*reply)) &&
         (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 && reply->version == wire::kVersion &&
         reply->kind == request.kind && reply->nonce == request.nonce &&
         reply->count <= request.count && reply->message_length <= sizeof(reply->message);
}

uint64_t WorkerProcess::Current() const {
  const auto* out = reinterpret_cast<const wire::ArenaOut*>(output_.data());
  return __atomic_load_n(&out->current, __ATOMIC_ACQUIRE);
}

Exchanged WorkerProcess::Exchange(wire::Request request, absl::Duration deadline) {
  request.version = wire::kVersion;
  request.arenas = new_arenas_;
  request.call_nanoseconds = absl::ToInt64Nanoseconds(deadline);
  // Not to be guessed, so that what a plugin sends by itself is not taken for a reply.
  if (getrandom(&request.nonce, sizeof(request.nonce), 0) != sizeof(request.nonce)) {
    request.nonce = static_cast<uint64_t>(Now());
  }
  auto* in = reinterpret_cast<wire::ArenaIn*>(input_.data());
  auto* out = reinterpret_cast<wire::ArenaOut*>(output_.data());
  __atomic_store_n(&in->cancel, 0, __ATOMIC_RELAXED);
  __atomic_store_n(&out->current, 0, __ATOMIC_RELAXED);
  __atomic_store_n(&out->started_ns, 0, __ATOMIC_RELAXED);
  if (!Send(request)) return Died({});
  new_arenas_ = 0;
  const int64_t began = Now();
  Exchanged outcome = Await(request, deadline);
  busy_ += absl::Nanoseconds(Now() - began);
  return outcome;
}

Exchanged WorkerProcess::Await(const wire::Request& request, absl::Duration deadline) {
  auto* in = reinterpret_cast<wire::ArenaIn*>(input_.data());
  auto* out = reinterpret_cast<wire::ArenaOut*>(output_.data());
  const int64_t began = Now();
  const int64_t each = absl::ToInt64Nanoseconds(deadline);
  const int64_t most = each * std::max<int64_t>(1, request.count);
  const int64_t grace = absl::ToInt64Nanoseconds(grace_);
  int64_t cancelled = 0;
  while (true) {
    const int64_t now = Now();
    // When the present call began, as far as the worker can be believed.
    const int64_t started = std::clamp(__atomic_load_n(&out->started_ns, __ATOMIC_RELAXED), began,
                                       std::max(began, now));
    const int64_t due = std::min(started + each, began + most);
    if (cancelled == 0 && now >= due) {
      __atomic_store_n(&in->cancel, 1, __ATOMIC_RELAXED);
      cancelled = now;
    }
    if (cancelled != 0 && now >= cancelled + grace) {
      return Killed(Exchanged::Kind::kOverran, "");
    }
    const int64_t next = (cancelled != 0 ? cancelled + grace : due) - now;
    const timespec timeout = {next / 1000000000, next % 1000000000};
    pollfd entries[2] = {{control_.get(), POLLIN, 0}, {child_.pidfd.get(), POLLIN, 0}};
    const int ready = ppoll(entries, 2, &timeout, nullptr);
    if (ready <= 0) continue;
    if (entries[0].revents != 0) {
      Exchanged outcome;
      outcome.kind = Exchanged::Kind::kReplied;
      outcome.cancelled = cancelled != 0;
      bool gone = false;
      if (ReadReply(request, &outcome.reply, &gone)) return outcome;
      if (!gone) {
        return Killed(Exchanged::Kind::kDied,
                      "it wrote to the server by itself, and its process was killed");
      }
    }
    return Died({});
  }
}

Exchanged WorkerProcess::Killed(Exchanged::Kind kind, std::string how) {
  killed_ = true;
  syscall(SYS_pidfd_send_signal, child_.pidfd.get(), SIGKILL, nullptr, 0);
  Exchanged outcome = Died({});
  outcome.kind = kind;
  if (!how.empty()) outcome.how = std::move(how);
  return outcome;
}

Exchanged WorkerProcess::Died(Exchanged outcome) {
  outcome.kind = Exchanged::Kind::kDied;
  outcome.current = Current();
  Reap();
  outcome.killed_from_outside = !killed_ && end_code_ != CLD_EXITED && end_status_ == SIGKILL;
  outcome.how = HowItEnded();
  return outcome;
}

bool WorkerProcess::ended() const { return reaped_ || Readable(child_.pidfd.get(), 0); }

void WorkerProcess::Reap() {
  if (reaped_) return;
  control_.Reset();
  if (!Readable(child_.pidfd.get(), kEndMilliseconds)) {
    killed_ = true;
    syscall(SYS_pidfd_send_signal, child_.pidfd.get(), SIGKILL, nullptr, 0);
  }
  siginfo_t info = {};
  int result;
  do {
    result = waitid(P_PIDFD, static_cast<id_t>(child_.pidfd.get()), &info, WEXITED);
  } while (result != 0 && errno == EINTR);
  reaped_ = true;
  end_code_ = info.si_code;
  end_status_ = info.si_status;
}

std::string WorkerProcess::HowItEnded() {
  const std::string printed = TakePrinted();
  const std::string said = printed.empty() ? "" : absl::StrCat("; it printed: ", printed);
  if (end_code_ == CLD_EXITED) {
    return absl::StrCat("it ended its process with status ", end_status_, said);
  }
  switch (end_status_) {
    case SIGSYS:
      return absl::StrCat(
          "it made a system call that a plugin may not make (processes, network, files), and its "
          "process was killed",
          said);
    case SIGSEGV:
    case SIGBUS:
      return absl::StrCat("it crashed: it touched memory that is not its own (",
                          strsignal(end_status_), ")", said);
    case SIGABRT:
      return absl::StrCat("it aborted its process", said);
    case SIGKILL:
      return absl::StrCat(
          killed_ ? "its process was killed"
                  : "its process was killed from outside, as the kernel does when memory is short",
          said);
    default:
      return absl::StrCat("it crashed: ", strsignal(end_status_), said);
  }
}

std::string WorkerProcess::TakePrinted() {
  const off_t end = lseek(printed_.get(), 0, SEEK_CUR);
  if (end <= 0) return "";
  std::string text(std::min<size_t>(static_cast<size_t>(end), kPrintedShown), '\0');
  const ssize_t size = pread(printed_.get(), text.data(), text.size(), 0);
  lseek(printed_.get(), 0, SEEK_SET);
  text.resize(size < 0 ? 0 : static_cast<size_t>(size));
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  text = absl::StrReplaceAll(text, {{"\n", " | "}});
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ') c = '?';
  }
  return ToUtf8(text);
}

}  // namespace policytrack::plugins
