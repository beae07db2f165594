// Linked into test programs of the thread-sanitizer build only. The
// distribution's abseil is not built with the sanitizer, so the sanitizer does
// not see what absl::Mutex orders and would report every guarded access as a
// race. The definitions here take the place of abseil's, tell the sanitizer and
// call abseil's own.
//
// Abseil evaluates the conditions of waiting threads in whichever thread lets
// the mutex go, while it is still held but after the sanitizer was told: reads
// within abseil are therefore not looked at.
#include <dlfcn.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

extern "C" {
void __tsan_acquire(void* address);
void __tsan_release(void* address);
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
}

namespace {

// A pointer to a member function that is not virtual, in the C++ ABI of Linux.
struct MemberFunction {
  void* code;
  ptrdiff_t adjustment;
};

// Abseil's function of the name that `own`, the one defined here, has.
template <typename Function, typename Member>
Function* Next(Member own) {
  static_assert(sizeof(Member) == sizeof(MemberFunction));
  MemberFunction function;
  std::memcpy(&function, &own, sizeof(function));
  Dl_info info;
  void* next = nullptr;
  if (dladdr(function.code, &info) != 0 && info.dli_sname != nullptr) {
    next = dlsym(RTLD_NEXT, info.dli_sname);
  }
  if (next == nullptr) {
    std::fputs("tsan_abseil_mutex: abseil's own function is not found\n", stderr);
    std::abort();
  }
  return reinterpret_cast<Function*>(next);
}

class IgnoreReads {
 public:
  IgnoreReads() { AnnotateIgnoreReadsBegin(__FILE__, __LINE__); }
  ~IgnoreReads() { AnnotateIgnoreReadsEnd(__FILE__, __LINE__); }
};

}  // namespace

namespace absl {
ABSL_NAMESPACE_BEGIN

void Mutex::Lock() {
  static auto* const real = Next<void(Mutex*)>(&Mutex::Lock);
  {
    IgnoreReads ignore;
    real(this);
  }
  __tsan_acquire(this);
}

bool Mutex::TryLock() {
  static auto* const real = Next<bool(Mutex*)>(&Mutex::TryLock);
  const bool locked = real(this);
  if (locked) __tsan_acquire(this);
  return locked;
}

void Mutex::Unlock() {
  static auto* const real = Next<void(Mutex*)>(&Mutex::Unlock);
  __tsan_release(this);
  IgnoreReads ignore;
  real(this);
}

void Mutex::ReaderLock() {
  static auto* const real = Next<void(Mutex*)>(&Mutex::ReaderLock);
  {
    IgnoreReads ignore;
    real(this);
  }
  __tsan_acquire(this);
}

void Mutex::ReaderUnlock() {
  static auto* const real = Next<void(Mutex*)>(&Mutex::ReaderUnlock);
  __tsan_release(this);
  IgnoreReads ignore;
  real(this);
}

void Mutex::Await(const Condition& condition) {
  static auto* const real = Next<void(Mutex*, const Condition&)>(&Mutex::Await);
  __tsan_release(this);
  {
    IgnoreReads ignore;
    real(this, condition);
  }
  __tsan_acquire(this);
}

bool Mutex::AwaitWithTimeout(const Condition& condition, absl::Duration timeout) {
  static auto* const real =
      Next<bool(Mutex*, const Condition&, absl::Duration)>(&Mutex::AwaitWithTimeout);
  __tsan_release(this);
  bool met;
  {
    IgnoreReads ignore;
    met = real(this, condition, timeout);
  }
  __tsan_acquire(this);
  return met;
}

bool Mutex::AwaitWithDeadline(const Condition& condition, absl::Time deadline) {
  static auto* const real =
      Next<bool(Mutex*, const Condition&, absl::Time)>(&Mutex::AwaitWithDeadline);
  __tsan_release(this);
  bool met;
  {
    IgnoreReads ignore;
    met = real(this, condition, deadline);
  }
  __tsan_acquire(this);
  return met;
}

void Mutex::LockWhen(const Condition& condition) {
  static auto* const real = Next<void(Mutex*, const Condition&)>(&Mutex::LockWhen);
  {
    IgnoreReads ignore;
    real(this, condition);
  }
  __tsan_acquire(this);
}

ABSL_NAMESPACE_END
}  // namespace absl
