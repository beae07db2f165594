// Memory with a descriptor (memfd) whose size, or whose bytes, nobody can change.
//
// Thread rule: free functions from any thread; an arena from one at a time.
#ifndef POLICYTRACK_PLUGINS_HOST_SEALED_MEMORY_H_
#define POLICYTRACK_PLUGINS_HOST_SEALED_MEMORY_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace policytrack::plugins {

// Owns a descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { Reset(); }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      Reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }

  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }
  void Reset();

 private:
  int fd_ = -1;
};

// A descriptor of an executable copy of the bytes that nobody can change, or -1
// with errno.
int SealedCopy(absl::string_view bytes, const std::string& name);

// Memory of a fixed size that is written here and mapped by a worker too.
class SharedArena {
 public:
  // Who writes it beside this process.
  enum class Writers { kThisProcess, kBoth };

  // At least `bytes`, in whole pages, zeroed.
  // Returns RESOURCE_EXHAUSTED when there is no memory or no descriptor left, and
  // UNIMPLEMENTED when the kernel cannot seal it.
  static absl::StatusOr<SharedArena> Make(uint64_t bytes, Writers writers);

  SharedArena() = default;
  ~SharedArena();
  SharedArena(SharedArena&& other) noexcept;
  SharedArena& operator=(SharedArena&& other) noexcept;

  char* data() const { return data_; }
  uint64_t size() const { return size_; }
  int fd() const { return fd_.get(); }

 private:
  Descriptor fd_;
  char* data_ = nullptr;
  uint64_t size_ = 0;
};

// What a worker may print into: it is full after `bytes`.
absl::StatusOr<Descriptor> MakeOutputFile(uint64_t bytes);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_HOST_SEALED_MEMORY_H_
