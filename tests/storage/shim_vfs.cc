#include "tests/storage/shim_vfs.h"

#include <cerrno>
#include <memory>
#include <new>

namespace policytrack::storage {
namespace {

// SQLite allocates this and, right after it, room for the real file.
struct ShimFile {
  sqlite3_file base;
  ShimVfs* shim;
  std::string* path;
  int last_error = 0;

  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

ShimFile* Of(sqlite3_file* file) { return reinterpret_cast<ShimFile*>(file); }
ShimVfs* Of(sqlite3_vfs* vfs) { return static_cast<ShimVfs*>(vfs->pAppData); }

int Before(sqlite3_file* file, IoCall call) {
  const int answer = Of(file)->shim->observer().Before(call, *Of(file)->path);
  if ((answer & 0xff) == SQLITE_IOERR) Of(file)->last_error = EIO;
  return answer;
}

// Asks the observer, then makes the call unless told otherwise.
template <typename Call>
int Through(sqlite3_file* file, IoCall kind, Call&& call) {
  const int answer = Before(file, kind);
  if (answer == IoObserver::kPretend) return SQLITE_OK;
  if (answer != SQLITE_OK) return answer;
  sqlite3_file* const real = Of(file)->real();
  return call(real->pMethods, real);
}

int Close(sqlite3_file* file) {
  sqlite3_file* const real = Of(file)->real();
  const int code = real->pMethods->xClose(real);
  delete Of(file)->path;
  return code;
}

int Read(sqlite3_file* file, void* to, int amount, sqlite3_int64 offset) {
  return Through(file, IoCall::kRead, [&](const sqlite3_io_methods* m, sqlite3_file* real) {
    return m->xRead(real, to, amount, offset);
  });
}

int Write(sqlite3_file* file, const void* from, int amount, sqlite3_int64 offset) {
  IoObserver& observer = Of(file)->shim->observer();
  sqlite3_file* const real = Of(file)->real();
  const int answer = Before(file, IoCall::kWrite);
  if (answer == IoObserver::kPretend) return SQLITE_OK;
  const int written = answer == SQLITE_OK ? amount : amount / 2;
  const int code = real->pMethods->xWrite(real, from, written, offset);
  if (code == SQLITE_OK) {
    observer.Wrote(*Of(file)->path, offset,
                   {static_cast<const char*>(from), static_cast<size_t>(written)});
  }
  return answer == SQLITE_OK ? code : answer;
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  return Through(file, IoCall::kTruncate, [&](const sqlite3_io_methods* m, sqlite3_file* real) {
    const int code = m->xTruncate(real, size);
    if (code == SQLITE_OK) Of(file)->shim->observer().Truncated(*Of(file)->path, size);
    return code;
  });
}

int Sync(sqlite3_file* file, int /*flags*/) {
  return Through(file, IoCall::kSync, [&](const sqlite3_io_methods*, sqlite3_file*) {
    Of(file)->shim->observer().Synced(*Of(file)->path);
    return SQLITE_OK;
  });
}

int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  return Through(file, IoCall::kSize, [&](const sqlite3_io_methods* m, sqlite3_file* real) {
    return m->xFileSize(real, size);
  });
}

int ShmMap(sqlite3_file* file, int page, int size, int extend, void volatile** at) {
  const IoCall kind = page > 0 && extend != 0 ? IoCall::kShmGrow : IoCall::kShmMap;
  return Through(file, kind, [&](const sqlite3_io_methods* m, sqlite3_file* real) {
    return m->xShmMap(real, page, size, extend, at);
  });
}

// Locks and what asks for properties pass as they are.
int Lock(sqlite3_file* file, int level) {
  return Of(file)->real()->pMethods->xLock(Of(file)->real(), level);
}
int Unlock(sqlite3_file* file, int level) {
  return Of(file)->real()->pMethods->xUnlock(Of(file)->real(), level);
}
int CheckReservedLock(sqlite3_file* file, int* out) {
  return Of(file)->real()->pMethods->xCheckReservedLock(Of(file)->real(), out);
}
int FileControl(sqlite3_file* file, int op, void* argument) {
  const int code = Of(file)->real()->pMethods->xFileControl(Of(file)->real(), op, argument);
  // Of a call that was failed here the real file knows nothing.
  if (op == SQLITE_FCNTL_LAST_ERRNO && Of(file)->last_error != 0) {
    *static_cast<int*>(argument) = Of(file)->last_error;
  }
  return code;
}
int SectorSize(sqlite3_file* file) {
  return Of(file)->real()->pMethods->xSectorSize(Of(file)->real());
}
int DeviceCharacteristics(sqlite3_file* file) {
  return Of(file)->real()->pMethods->xDeviceCharacteristics(Of(file)->real());
}
int ShmLock(sqlite3_file* file, int offset, int count, int flags) {
  return Of(file)->real()->pMethods->xShmLock(Of(file)->real(), offset, count, flags);
}
void ShmBarrier(sqlite3_file* file) { Of(file)->real()->pMethods->xShmBarrier(Of(file)->real()); }
int ShmUnmap(sqlite3_file* file, int remove) {
  return Of(file)->real()->pMethods->xShmUnmap(Of(file)->real(), remove);
}

// Version 2: with a shared index of the log, without memory-mapped reads.
constexpr sqlite3_io_methods kMethods = {
    2,
    Close,
    Read,
    Write,
    Truncate,
    Sync,
    FileSize,
    Lock,
    Unlock,
    CheckReservedLock,
    FileControl,
    SectorSize,
    DeviceCharacteristics,
    ShmMap,
    ShmLock,
    ShmBarrier,
    ShmUnmap,
    nullptr,
    nullptr,
};

int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  ShimVfs* const shim = Of(vfs);
  auto path = std::make_unique<std::string>(name == nullptr ? "" : name);
  file->pMethods = nullptr;
  const int answer = shim->observer().Before(IoCall::kOpen, *path);
  if (answer > 0) return answer;
  ShimFile* const own = new (file) ShimFile();
  const int code = shim->real()->xOpen(shim->real(), name, own->real(), flags, out_flags);
  if (own->real()->pMethods == nullptr) return code;
  own->base.pMethods = &kMethods;
  own->shim = shim;
  own->path = path.release();
  return code;
}

int Delete(sqlite3_vfs* vfs, const char* name, int sync_directory) {
  ShimVfs* const shim = Of(vfs);
  const int answer = shim->observer().Before(IoCall::kDelete, name);
  if (answer == IoObserver::kPretend) return SQLITE_OK;
  if (answer != SQLITE_OK) return answer;
  const int code = shim->real()->xDelete(shim->real(), name, sync_directory);
  if (code == SQLITE_OK) shim->observer().Deleted(name);
  return code;
}

}  // namespace

ShimVfs::ShimVfs(IoObserver* observer)
    : observer_(observer), real_(sqlite3_vfs_find(nullptr)), vfs_(*real_) {
  // What is not replaced is the real one's: none of it touches the files.
  vfs_.zName = "shim";
  vfs_.szOsFile = static_cast<int>(sizeof(ShimFile)) + real_->szOsFile;
  vfs_.pAppData = this;
  vfs_.pNext = nullptr;
  vfs_.xOpen = Open;
  vfs_.xDelete = Delete;
  sqlite3_vfs_register(&vfs_, 1);
}

ShimVfs::~ShimVfs() {
  sqlite3_vfs_unregister(&vfs_);
  sqlite3_vfs_register(real_, 1);
}

int IoErrorOf(IoCall call) {
  switch (call) {
    case IoCall::kOpen:
      return SQLITE_CANTOPEN;
    case IoCall::kDelete:
      return SQLITE_IOERR_DELETE;
    case IoCall::kRead:
      return SQLITE_IOERR_READ;
    case IoCall::kWrite:
      return SQLITE_IOERR_WRITE;
    case IoCall::kTruncate:
      return SQLITE_IOERR_TRUNCATE;
    case IoCall::kSync:
      return SQLITE_IOERR_FSYNC;
    case IoCall::kSize:
      return SQLITE_IOERR_FSTAT;
    case IoCall::kShmMap:
      return SQLITE_IOERR_SHMMAP;
    case IoCall::kShmGrow:
      return SQLITE_IOERR_SHMSIZE;
  }
  return SQLITE_IOERR;
}

}  // namespace policytrack::storage
