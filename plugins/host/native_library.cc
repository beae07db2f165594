#include "plugins/host/native_library.h"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "core/utf8.h"
#include "plugins/host/float_environment.h"
#include "plugins/host/sealed_memory.h"

namespace policytrack::plugins {
namespace {

LoadResult Problem(v1::PluginState state, std::string message) {
  LoadResult result;
  result.state = state;
  result.message = std::move(message);
  return result;
}

}  // namespace

LoadResult LoadNativeLibrary(absl::string_view bytes, const v1::PluginDescriptor& descriptor) {
  const int fd = SealedCopy(bytes, absl::StrCat("policytrack-plugin-", descriptor.id()));
  if (fd < 0) {
    return Problem(
        v1::PLUGIN_STATE_BROKEN,
        absl::StrCat("a sealed copy of it cannot be made in memory: ", std::strerror(errno)));
  }
  // The descriptor stays open: the dynamic linker knows libraries by path, and a
  // number used again would give the library that was loaded before.
  const std::string path = absl::StrCat("/proc/self/fd/", fd);
  ScopedFloatEnvironment environment;  // what constructors change ends here
  void* handle = nullptr;
  try {
    handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  } catch (...) {
    return Problem(v1::PLUGIN_STATE_BROKEN, "its constructors threw an exception");
  }
  if (handle == nullptr) {
    const char* error = dlerror();
    std::string text = ToUtf8(error == nullptr ? "unknown error" : error);
    if (text.rfind(path + ": ", 0) == 0) text = text.substr(path.size() + 2);
    close(fd);
    return Problem(v1::PLUGIN_STATE_BROKEN, absl::StrCat("cannot be loaded: ", text));
  }
  void* symbol = dlsym(handle, PT_ENTRY_SYMBOL);
  if (symbol == nullptr) {
    return Problem(v1::PLUGIN_STATE_BROKEN, absl::StrCat("does not export ", PT_ENTRY_SYMBOL));
  }
  return NegotiateTable(reinterpret_cast<pt_entry_v1>(symbol), descriptor);
}

LoadResult NegotiateTable(pt_entry_v1 entry, const v1::PluginDescriptor& descriptor) {
  const pt_host_v1 host = {sizeof(pt_host_v1), PT_ABI_MINOR};
  const pt_plugin_v1* table = nullptr;
  try {
    table = entry(&host);
  } catch (...) {
    return Problem(v1::PLUGIN_STATE_BROKEN, "its entry function threw an exception");
  }
  if (table == nullptr) {
    return Problem(v1::PLUGIN_STATE_ABI_MISMATCH,
                   absl::StrCat("says that it cannot work with ABI ", PT_ABI_MAJOR, ".",
                                PT_ABI_MINOR, "; build it against the SDK of this server"));
  }
  // All up to compute is there since 1.0.
  constexpr size_t kSmallest = offsetof(pt_plugin_v1, compute) + sizeof(pt_plugin_v1::compute);
  if (table->struct_size < kSmallest) {
    return Problem(
        v1::PLUGIN_STATE_ABI_MISMATCH,
        absl::StrCat("its function table has ", table->struct_size, " bytes, fewer than the ",
                     kSmallest, " of ABI 1.0; build it against the SDK of this server"));
  }
  LoadResult result;
  std::memcpy(&result.library.table, table,
              std::min<size_t>(table->struct_size, sizeof(pt_plugin_v1)));
  const pt_plugin_v1& copy = result.library.table;
  if (copy.create == nullptr || copy.destroy == nullptr || copy.compute == nullptr ||
      copy.id == nullptr || copy.version == nullptr) {
    return Problem(v1::PLUGIN_STATE_BROKEN,
                   "its function table lacks its id, version, create, destroy or compute");
  }
  if (descriptor.id() != copy.id || descriptor.version() != copy.version) {
    return Problem(v1::PLUGIN_STATE_BROKEN,
                   absl::StrCat("calls itself ", ToUtf8(copy.id), " ", ToUtf8(copy.version),
                                ", its descriptor says ", descriptor.id(), " ",
                                descriptor.version(), "; install the two that belong together"));
  }
  return result;
}

}  // namespace policytrack::plugins
