#include "plugins/worker/arena.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace policytrack::worker {

bool Arena::Map(int fd, bool writable) {
  if (start_ != nullptr) munmap(start_, reserved_);
  start_ = nullptr;
  size_ = 0;
  struct stat status;
  const bool known = fstat(fd, &status) == 0;
  const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const uint64_t size = known ? static_cast<uint64_t>(status.st_size) : 0;
  if (size < wire::kArenaStart || size % page != 0) {
    close(fd);
    return false;
  }
  // The place for both first, so that nothing else comes to lie behind.
  void* place = mmap(nullptr, size + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  void* at = MAP_FAILED;
  if (place != MAP_FAILED) {
    at = mmap(place, size, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED | MAP_FIXED,
              fd, 0);
  }
  close(fd);
  if (at == MAP_FAILED) {
    if (place != MAP_FAILED) munmap(place, size + page);
    return false;
  }
  start_ = static_cast<char*>(at);
  size_ = size;
  reserved_ = size + page;
  return true;
}

void* Arena::Bytes(uint64_t offset, uint64_t count, uint64_t size, uint64_t alignment,
                   uint64_t limit) const {
  if (limit > size_) limit = size_;
  if (offset % alignment != 0 || offset > limit || count > (limit - offset) / size) return nullptr;
  return start_ + offset;
}

const char* Arena::Text(uint64_t offset, uint64_t limit) const {
  if (limit > size_) limit = size_;
  if (offset >= limit || memchr(start_ + offset, 0, limit - offset) == nullptr) return nullptr;
  return start_ + offset;
}

}  // namespace policytrack::worker
