// Memory that a plugin must not write to: filled, then sealed, so that a write is
// a crash and not a silent change.
//
// Thread rule: fill from one thread; sealed, read from any.
#ifndef POLICYTRACK_PLUGINS_CONFORMANCE_ARENA_H_
#define POLICYTRACK_PLUGINS_CONFORMANCE_ARENA_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace policytrack::plugins {

// What lies where nothing was put.
inline constexpr unsigned char kCanary = 0xa5;

class Arena {
 public:
  Arena() = default;
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Room for this many bytes with at least `kGap` canaries on either side, all
  // canaries themselves. Lives as long as the arena.
  void* Room(size_t bytes);
  // The first `size` bytes of a struct of the border, with canaries from there to
  // its end and beyond; its first word says `size`. A larger size is that of a
  // later version: the same fields, then canaries.
  template <typename T>
  T* Place(T value, size_t size) {
    void* at = Room(std::max(size, sizeof(T)));
    const auto stated = static_cast<uint32_t>(size);
    std::memcpy(&value, &stated, sizeof(stated));
    std::memcpy(at, &value, std::min(size, sizeof(T)));
    return static_cast<T*>(at);
  }
  template <typename T>
  T* Copy(const std::vector<T>& values) {
    void* at = Room(values.size() * sizeof(T));
    if (!values.empty()) std::memcpy(at, values.data(), values.size() * sizeof(T));
    return static_cast<T*>(at);
  }
  const char* Text(const char* text);

  // From here on nothing can be written.
  void Seal();

  static constexpr size_t kGap = 64;

 private:
  struct Chunk {
    char* begin;
    size_t size;
    size_t used;
  };
  std::vector<Chunk> chunks_;
};

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_CONFORMANCE_ARENA_H_
