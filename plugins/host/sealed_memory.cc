#include "plugins/host/sealed_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

namespace policytrack::plugins {
namespace {

// `use` says whether code may be mapped from it; a kernel that does not know is
// not told.
int MemoryFile(const char* name, unsigned use) {
  const int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | use);
  if (fd >= 0 || errno != EINVAL) return fd;
  return memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

absl::Status NoMemory(absl::string_view what) {
  return absl::ResourceExhaustedError(
      absl::StrCat(what, " cannot be made: ", std::strerror(errno)));
}

}  // namespace

void Descriptor::Reset() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

int SealedCopy(absl::string_view bytes, const std::string& name) {
  const int fd = MemoryFile(name.c_str(), MFD_EXEC);
  if (fd < 0) return -1;
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      close(fd);
      return -1;
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

absl::StatusOr<SharedArena> SharedArena::Make(uint64_t bytes, Writers writers) {
  const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  SharedArena arena;
  arena.size_ = (bytes + page - 1) / page * page;
  arena.fd_ = Descriptor(MemoryFile("policytrack-figures", MFD_NOEXEC_SEAL));
  if (arena.fd() < 0 || ftruncate(arena.fd(), static_cast<off_t>(arena.size_)) != 0) {
    return NoMemory("memory shared with a worker");
  }
  void* data = mmap(nullptr, arena.size_, PROT_READ | PROT_WRITE, MAP_SHARED, arena.fd(), 0);
  if (data == MAP_FAILED) return NoMemory("memory shared with a worker");
  arena.data_ = static_cast<char*>(data);
  // The mapping above goes on being written; no other can be made that writes, and
  // the descriptor cannot be written either.
  const int write_seal = writers == Writers::kThisProcess ? F_SEAL_FUTURE_WRITE : 0;
  if (fcntl(arena.fd(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | write_seal | F_SEAL_SEAL) != 0) {
    return absl::UnimplementedError(
        absl::StrCat("memory shared with a worker cannot be sealed: ", std::strerror(errno)));
  }
  return arena;
}

SharedArena::~SharedArena() {
  if (data_ != nullptr) munmap(data_, size_);
}

SharedArena::SharedArena(SharedArena&& other) noexcept
    : fd_(std::move(other.fd_)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

SharedArena& SharedArena::operator=(SharedArena&& other) noexcept {
  if (this != &other) {
    if (data_ != nullptr) munmap(data_, size_);
    fd_ = std::move(other.fd_);
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

absl::StatusOr<Descriptor> MakeOutputFile(uint64_t bytes) {
  Descriptor file(MemoryFile("policytrack-output", MFD_NOEXEC_SEAL));
  if (file.get() < 0 || ftruncate(file.get(), static_cast<off_t>(bytes)) != 0 ||
      fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return NoMemory("a file for what a worker prints");
  }
  return file;
}

}  // namespace policytrack::plugins
