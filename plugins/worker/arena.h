// Shared memory, mapped with a page behind it that nobody may touch, and read
// within its bounds.
//
// Thread rule: one thread.
#ifndef POLICYTRACK_PLUGINS_WORKER_ARENA_H_
#define POLICYTRACK_PLUGINS_WORKER_ARENA_H_

#include <stdint.h>

#include "plugins/wire/wire.h"

namespace policytrack::worker {

class Arena {
 public:
  // Maps the whole of a descriptor, which is closed, in place of what was mapped.
  // False when that cannot be done.
  bool Map(int fd, bool writable);

  bool mapped() const { return start_ != nullptr; }
  uint64_t size() const { return size_; }

  // `count` objects at an offset, or null when they do not lie in the first
  // `limit` bytes or not where they may.
  template <typename T>
  T* At(uint64_t offset, uint64_t count, uint64_t limit) const {
    return static_cast<T*>(Bytes(offset, count, sizeof(T), alignof(T), limit));
  }

  // The text at an offset, or null when it does not end before `limit`.
  const char* Text(uint64_t offset, uint64_t limit) const;

 private:
  void* Bytes(uint64_t offset, uint64_t count, uint64_t size, uint64_t alignment,
              uint64_t limit) const;

  char* start_ = nullptr;
  uint64_t size_ = 0;
  uint64_t reserved_ = 0;  // with the page behind
};

}  // namespace policytrack::worker

#endif  // POLICYTRACK_PLUGINS_WORKER_ARENA_H_
