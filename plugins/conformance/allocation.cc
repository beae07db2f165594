#include "plugins/conformance/allocation.h"

#include <errno.h>
#include <malloc.h>
#include <stddef.h>

#include <atomic>

// The build says whether a sanitizer brings an allocator of its own.
#ifndef POLICYTRACK_OWN_ALLOCATOR
#define POLICYTRACK_OWN_ALLOCATOR 1
#endif

namespace policytrack::plugins {
namespace {

// Before anything is constructed, and without allocating.
thread_local int depth __attribute__((tls_model("initial-exec"))) = 0;
std::atomic<int64_t> live{0};
std::atomic<int64_t> made{0};
std::atomic<int64_t> until_failure{0};

#if POLICYTRACK_OWN_ALLOCATOR

// Whether this allocation is the one to fail.
bool Fails() {
  if (depth == 0) return false;
  made.fetch_add(1, std::memory_order_relaxed);
  if (until_failure.load(std::memory_order_relaxed) == 0) return false;
  if (until_failure.fetch_sub(1, std::memory_order_relaxed) != 1) return false;
  errno = ENOMEM;
  return true;
}

void* Made(void* memory) {
  if (depth != 0 && memory != nullptr) {
    live.fetch_add(static_cast<int64_t>(malloc_usable_size(memory)), std::memory_order_relaxed);
  }
  return memory;
}

void Freed(void* memory) {
  if (depth != 0 && memory != nullptr) {
    live.fetch_sub(static_cast<int64_t>(malloc_usable_size(memory)), std::memory_order_relaxed);
  }
}

#endif

}  // namespace

bool WatchesAllocations() { return POLICYTRACK_OWN_ALLOCATOR != 0; }
AllocationScope::AllocationScope() { ++depth; }
AllocationScope::~AllocationScope() { --depth; }
int64_t LiveBytes() { return live.load(); }
int64_t Allocations() { return made.load(); }
void FailAllocation(int64_t nth) { until_failure.store(nth); }

}  // namespace policytrack::plugins

#if POLICYTRACK_OWN_ALLOCATOR

namespace own = policytrack::plugins;

// The C library's own, under the names by which it lets itself be replaced.
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
void __libc_free(void* memory);

void* malloc(size_t size) noexcept {
  return own::Fails() ? nullptr : own::Made(__libc_malloc(size));
}

void* calloc(size_t count, size_t size) noexcept {
  return own::Fails() ? nullptr : own::Made(__libc_calloc(count, size));
}

void* realloc(void* memory, size_t size) noexcept {
  if (own::Fails()) return nullptr;
  own::Freed(memory);
  void* moved = __libc_realloc(memory, size);
  if (moved == nullptr && size != 0) {
    own::Made(memory);  // it is still there
    return nullptr;
  }
  return own::Made(moved);
}

void* memalign(size_t alignment, size_t size) noexcept {
  return own::Fails() ? nullptr : own::Made(__libc_memalign(alignment, size));
}

void* aligned_alloc(size_t alignment, size_t size) noexcept { return memalign(alignment, size); }

int posix_memalign(void** out, size_t alignment, size_t size) noexcept {
  void* memory = memalign(alignment, size);
  if (memory == nullptr) return ENOMEM;
  *out = memory;
  return 0;
}

void free(void* memory) noexcept {
  own::Freed(memory);
  __libc_free(memory);
}
}

#endif
