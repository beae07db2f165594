// Modules that attack the process that they run in, one behaviour each, chosen by
// the macro BEHAVIOUR for a computation and others for other calls. They give their
// input, or its half where there is something to see of the floating-point
// environment. Written against the C header, as a stranger would.
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cfenv>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include "policytrack_plugin.h"

#define HARMLESS 0
#define NULL_WRITE 1
#define ENDLESS 2
#define ALLOCATES 3
#define OVERFLOWS_STACK 4
#define ABORTS 5
#define EXITS 6
#define FORKS 7
#define EXECS 8
#define OPENS_SOCKET 9
#define READS_FILE 10
#define WRITES_FILE 11
#define STARTS_THREAD 12
#define KILLS_PARENT 13
#define WRITES_INPUT 14
#define WRITES_BEYOND 15
#define RESIZES 16
#define FORGES_REPLY 17
#define CHANGES_LOCALE 18
#define FLUSHES_TO_ZERO 19
#define ROUNDS_UP 20
#define PRINTS 21
#define KILLED_FOR_MEMORY 22
#define POISON 23
#define MAPS_CODE 24

#ifndef CONSTRUCTOR
#define CONSTRUCTOR HARMLESS
#endif
#ifndef CREATION
#define CREATION HARMLESS
#endif
#ifndef WINDOW
#define WINDOW HARMLESS
#endif
#ifndef DESTRUCTION
#define DESTRUCTION HARMLESS
#endif

namespace {

int instance;
bool constructor_failed = true;
// Opaque to the compiler, so that it finds no undefined behaviour to act upon.
volatile int* volatile null_pointer = nullptr;
volatile double one_half = 0.5;

int Recurse(volatile char* above) {
  volatile char here[4096];
  here[0] = above[0];
  return Recurse(here) + here[0];
}

void Allocate() {
  while (true) {
    void* block = std::malloc(16 << 20);
    if (block == nullptr) {
      *null_pointer = 1;
    } else {
      std::memset(block, 1, 16 << 20);
    }
  }
}

void* Nothing(void* argument) { return argument; }

// Whether the attack failed without an end of the process.
bool Attack(int what) {
  switch (what) {
    case NULL_WRITE:
      *null_pointer = 1;
      return true;
    case ENDLESS:
      while (*&one_half < 1) {
      }
      return true;
    case ALLOCATES:
      Allocate();
      return true;
    case OVERFLOWS_STACK: {
      volatile char start = 0;
      return Recurse(&start) != 1;
    }
    case ABORTS:
      std::abort();
    case EXITS:
      std::exit(0);
    case FORKS:
      return fork() < 0;
    case EXECS:
      return execl("/bin/true", "true", nullptr) != 0;
    case OPENS_SOCKET:
      return socket(AF_INET, SOCK_STREAM, 0) < 0;
    case READS_FILE: {
      const int fd = open("/etc/passwd", O_RDONLY);
      return fd < 0;
    }
    case WRITES_FILE:
      return open("policytrack-was-here", O_WRONLY | O_CREAT, 0600) < 0;
    case STARTS_THREAD: {
      pthread_t thread;
      return pthread_create(&thread, nullptr, Nothing, nullptr) != 0;
    }
    case KILLS_PARENT:
      return kill(getppid(), SIGKILL) != 0;
    case RESIZES: {
      bool failed = true;
      for (int fd = 0; fd < 16; ++fd) failed = failed && ftruncate(fd, 1 << 20) != 0;
      return failed;
    }
    case FORGES_REPLY: {
      // One that looks like a reply, on every descriptor.
      static char reply[1072];
      reply[0] = 1;
      reply[4] = 4;
      iovec data = {reply, sizeof(reply)};
      msghdr header = {};
      header.msg_iov = &data;
      header.msg_iovlen = 1;
      for (int fd = 0; fd < 16; ++fd) sendmsg(fd, &header, 0);
      return true;
    }
    case CHANGES_LOCALE:
      std::setlocale(LC_ALL, "de_DE.UTF-8");
      std::setlocale(LC_ALL, "C.UTF-8");
      return true;
    case FLUSHES_TO_ZERO:
#if defined(__x86_64__)
      _mm_setcsr(_mm_getcsr() | 0x8040);
#endif
      return true;
    case ROUNDS_UP:
      return std::fesetround(FE_UPWARD) == 0;
    case PRINTS:
      for (int i = 0; i < 100000; ++i) std::printf("line %d of what nobody asked for\n", i);
      std::fflush(stdout);
      std::fprintf(stderr, "and this\n");
      return true;
    case KILLED_FOR_MEMORY:
      return raise(SIGKILL) != 0;
    case MAPS_CODE:
      return mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
             MAP_FAILED;
    default:
      return true;
  }
}

__attribute__((constructor)) void Construct() {
  if (CONSTRUCTOR != HARMLESS) constructor_failed = Attack(CONSTRUCTOR);
}

int32_t Create(const pt_setup_v1*, void** out, pt_message_v1*) {
  *out = &instance;
  Attack(CREATION);
  return PT_OK;
}

void Destroy(void*) { Attack(DESTRUCTION); }

int32_t GetWindow(void*, pt_window_v1* window) {
  Attack(WINDOW);
  window->look_back = 0;
  window->look_ahead = 0;
  return PT_OK;
}

int32_t Say(const char* text, pt_message_v1* message) {
  message->length = static_cast<uint32_t>(std::strlen(text));
  std::memcpy(message->text, text, message->length);
  return PT_FAILED;
}

int32_t Compute(void*, const pt_call_v1* call, pt_message_v1* message) {
  const pt_column_v1* in = call->inputs[0];
  pt_output_v1* out = call->outputs[0];
  if (BEHAVIOUR == CHANGES_LOCALE && std::strcmp(std::setlocale(LC_ALL, nullptr), "C") != 0) {
    return Say("the locale is not C", message);
  }
  if (!constructor_failed) return Say("the attack of the constructor succeeded", message);
  const bool halves =
      BEHAVIOUR == FLUSHES_TO_ZERO || BEHAVIOUR == ROUNDS_UP || CONSTRUCTOR == FLUSHES_TO_ZERO;
  for (uint64_t i = 0; i < in->count; ++i) {
    if (in->periods[i] < call->window_first || in->periods[i] > call->window_last) continue;
    out->periods[out->count] = in->periods[i];
    out->values[out->count] = halves ? in->values[i] * one_half : in->values[i];
    out->flags[out->count] = in->flags[i];
    ++out->count;
    if (BEHAVIOUR == POISON && in->values[i] == 13) *null_pointer = 1;
    if (BEHAVIOUR == POISON && in->values[i] == 14) Attack(ENDLESS);
  }
  if (BEHAVIOUR == WRITES_INPUT) const_cast<double*>(in->values)[0] = 42;
  if (BEHAVIOUR == WRITES_BEYOND) std::memset(out->values, 1, 1 << 20);
  return Attack(BEHAVIOUR) ? PT_OK : Say("the attack succeeded", message);
}

const pt_plugin_v1 table = {
    sizeof(pt_plugin_v1), PT_ABI_MINOR, PLUGIN_NAME, "1.0.0", Create, Destroy, Compute, GetWindow};

}  // namespace

const pt_plugin_v1* policytrack_plugin_v1(const pt_host_v1*) { return &table; }
