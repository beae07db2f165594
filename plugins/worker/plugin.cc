#include "plugins/worker/plugin.h"

#include <dlfcn.h>
#include <locale.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#if !defined(__x86_64__) && !defined(__aarch64__)
#include <fenv.h>
#endif

#include "plugins/worker/control.h"

namespace policytrack::worker {
namespace {

bool Negotiate(pt_entry_v1 entry, const char* id, const char* version, pt_plugin_v1* table,
               wire::Reply* reply) {
  const pt_host_v1 host = {sizeof(pt_host_v1), PT_ABI_MINOR};
  ResetEnvironment();
  const pt_plugin_v1* theirs = entry(&host);
  if (theirs == nullptr) {
    SetMessage(reply, wire::kAbiMismatch,
               "says that it cannot work with ABI %d.%d; build it against the SDK of this server",
               PT_ABI_MAJOR, PT_ABI_MINOR);
    return false;
  }
  // All up to compute is there since 1.0.
  constexpr size_t kSmallest = offsetof(pt_plugin_v1, compute) + sizeof(pt_plugin_v1::compute);
  const size_t size = theirs->struct_size;
  if (size < kSmallest) {
    SetMessage(reply, wire::kAbiMismatch,
               "its function table has %zu bytes, fewer than the %zu of ABI 1.0; build it against "
               "the SDK of this server",
               size, kSmallest);
    return false;
  }
  memset(table, 0, sizeof(*table));
  memcpy(table, theirs, size < sizeof(*table) ? size : sizeof(*table));
  if (table->create == nullptr || table->destroy == nullptr || table->compute == nullptr ||
      table->id == nullptr || table->version == nullptr) {
    SetMessage(reply, wire::kBroken,
               "its function table lacks its id, version, create, destroy or compute");
    return false;
  }
  if (strcmp(table->id, id) != 0 || strcmp(table->version, version) != 0) {
    SetMessage(reply, wire::kBroken,
               "calls itself %.100s %.100s, its descriptor says %.100s %.100s; install the two "
               "that belong together",
               table->id, table->version, id, version);
    return false;
  }
  return true;
}

}  // namespace

bool LoadPlugin(int library_fd, const char* id, const char* version, pt_plugin_v1* table,
                wire::Reply* reply) {
  char path[64];
  snprintf(path, sizeof(path), "/proc/self/fd/%d", library_fd);
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* error = dlerror();
    if (error == nullptr) error = "unknown error";
    const size_t prefix = strlen(path);
    if (strncmp(error, path, prefix) == 0 && strncmp(error + prefix, ": ", 2) == 0) {
      error += prefix + 2;
    }
    SetMessage(reply, wire::kBroken,
               "cannot be loaded: %s. Libraries that it needs must be in the directories of the "
               "system",
               error);
    return false;
  }
  void* symbol = dlsym(library, PT_ENTRY_SYMBOL);
  if (symbol == nullptr) {
    SetMessage(reply, wire::kBroken, "does not export %s", PT_ENTRY_SYMBOL);
    return false;
  }
  pt_entry_v1 entry;
  memcpy(&entry, &symbol, sizeof(entry));
  return Negotiate(entry, id, version, table, reply);
}

void ResetEnvironment() {
  uselocale(LC_GLOBAL_LOCALE);
  setlocale(LC_ALL, "C");
#if defined(__x86_64__)
  // The C library's own way needs its library of mathematics.
  const uint32_t control = 0x1f80;
  __asm__ volatile("fninit\n\tldmxcsr %0" : : "m"(control));
#elif defined(__aarch64__)
  const uint64_t zero = 0;
  __asm__ volatile("msr fpcr, %0\n\tmsr fpsr, %0" : : "r"(zero));
#else
  fesetenv(FE_DFL_ENV);
#endif
}

}  // namespace policytrack::worker
