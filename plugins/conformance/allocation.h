// What a plugin allocates, by taking the place of the C library's allocator for
// the whole process: counts what is alive, and makes one allocation fail.
//
// Thread rule: a scope belongs to its thread; the counts are those of all threads.
#ifndef POLICYTRACK_PLUGINS_CONFORMANCE_ALLOCATION_H_
#define POLICYTRACK_PLUGINS_CONFORMANCE_ALLOCATION_H_

#include <cstdint>

namespace policytrack::plugins {

// Whether this build can watch allocations; a sanitizer brings its own allocator.
bool WatchesAllocations();

// Calls of a plugin: what this thread allocates and frees meanwhile is counted.
class AllocationScope {
 public:
  AllocationScope();
  ~AllocationScope();
  AllocationScope(const AllocationScope&) = delete;
  AllocationScope& operator=(const AllocationScope&) = delete;
};

// Bytes allocated in scopes less bytes freed in scopes, since the start.
int64_t LiveBytes();
// Allocations made in scopes, since the start.
int64_t Allocations();
// Makes the n-th allocation in a scope from here on fail, and no other; 0 for none.
void FailAllocation(int64_t nth);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_CONFORMANCE_ALLOCATION_H_
