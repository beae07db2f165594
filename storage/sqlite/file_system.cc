#include "storage/sqlite/file_system.h"

#include <sys/vfs.h>

#include <filesystem>

namespace policytrack::storage::sqlite {
namespace {

struct Kind {
  uint64_t magic;
  const char* name;
};

// From statfs(2) and the kernel's magic.h. FUSE is in it because nothing tells
// whether sshfs or a local disk is behind it.
constexpr Kind kRemote[] = {
    {0x6969, "NFS"},       {0xff534d42, "CIFS"}, {0xfe534d42, "SMB"},    {0x517b, "SMB"},
    {0x65735546, "FUSE"},  {0x01021997, "9P"},   {0x00c36400, "Ceph"},   {0x5346414f, "AFS"},
    {0x6b414653, "AFS"},   {0x73757245, "Coda"}, {0x0bd00bd0, "Lustre"}, {0x01161970, "GFS2"},
    {0x7461636f, "OCFS2"}, {0x47504653, "GPFS"}, {0x19830326, "BeeGFS"},
};

}  // namespace

uint64_t FileSystemOf(const std::string& path) {
  for (std::filesystem::path place = std::filesystem::path(path).lexically_normal();;
       place = place.parent_path()) {
    const std::string there = place.empty() ? "." : place.string();
    struct statfs found {};
    if (statfs(there.c_str(), &found) == 0) {
      return static_cast<uint64_t>(found.f_type) & 0xffffffff;
    }
    if (there == "." || there == "/") return 0;
  }
}

absl::string_view RemoteFileSystem(uint64_t magic) {
  for (const Kind& kind : kRemote) {
    if (kind.magic == magic) return kind.name;
  }
  return "";
}

}  // namespace policytrack::storage::sqlite
