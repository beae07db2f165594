#include "plugins/conformance/arena.h"

#include <sys/mman.h>

#include <new>

namespace policytrack::plugins {
namespace {

constexpr size_t kChunk = 1 << 20;

}  // namespace

Arena::~Arena() {
  for (const Chunk& chunk : chunks_) munmap(chunk.begin, chunk.size);
}

void* Arena::Room(size_t bytes) {
  const size_t needed = (bytes + 2 * kGap + 63) / 64 * 64;
  if (chunks_.empty() || chunks_.back().size - chunks_.back().used < needed) {
    const size_t size = (std::max(needed, kChunk) + 4095) / 4096 * 4096;
    void* begin = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (begin == MAP_FAILED) throw std::bad_alloc();
    chunks_.push_back({static_cast<char*>(begin), size, 0});
  }
  Chunk& chunk = chunks_.back();
  char* at = chunk.begin + chunk.used;
  chunk.used += needed;
  std::memset(at, kCanary, needed);
  return at + kGap;
}

const char* Arena::Text(const char* text) {
  const size_t size = std::strlen(text) + 1;
  void* at = Room(size);
  std::memcpy(at, text, size);
  return static_cast<const char*>(at);
}

void Arena::Seal() {
  for (const Chunk& chunk : chunks_) mprotect(chunk.begin, chunk.size, PROT_READ);
}

}  // namespace policytrack::plugins
