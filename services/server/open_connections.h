// How many of the connections that were given away are still open. The RPC library
// does not say when it closes one; but a descriptor that is open again, or is no
// more, or is another socket, tells.
//
// Thread rule: one call at a time.
#ifndef POLICYTRACK_SERVICES_SERVER_OPEN_CONNECTIONS_H_
#define POLICYTRACK_SERVICES_SERVER_OPEN_CONNECTIONS_H_

#include <sys/stat.h>

#include <cstdint>
#include <iterator>
#include <unordered_map>

namespace policytrack::server {

class OpenConnections {
 public:
  // To be called while the descriptor is surely open.
  void Add(int descriptor) { inodes_[descriptor] = InodeOf(descriptor); }

  void Forget(int descriptor) { inodes_.erase(descriptor); }

  // Forgets those that are closed. Takes well under a microsecond for each.
  void Sweep() {
    for (auto it = inodes_.begin(); it != inodes_.end();) {
      it = InodeOf(it->first) == it->second ? std::next(it) : inodes_.erase(it);
    }
  }

  // Some of them may be closed since the last Sweep.
  int64_t size() const { return static_cast<int64_t>(inodes_.size()); }

 private:
  // The inode of an open socket is its own; 0 when it is none.
  static ino_t InodeOf(int descriptor) {
    struct stat status;
    if (fstat(descriptor, &status) != 0 || !S_ISSOCK(status.st_mode)) return 0;
    return status.st_ino;
  }

  std::unordered_map<int, ino_t> inodes_;
};

}  // namespace policytrack::server

#endif  // POLICYTRACK_SERVICES_SERVER_OPEN_CONNECTIONS_H_
