// What can be known of a shared object before the dynamic linker touches it,
// whose own checks are few and whose way to report damage is SIGBUS.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_PLUGINS_HOST_ELF_FILE_H_
#define POLICYTRACK_PLUGINS_HOST_ELF_FILE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "policytrack/v1/plugin.pb.h"

namespace policytrack::plugins {

// What is wrong with a file, if anything.
struct ElfProblem {
  v1::PluginState state = v1::PLUGIN_STATE_UNSPECIFIED;  // unspecified: nothing is wrong
  std::string message;
};

// BROKEN: not an ELF shared object of this machine, truncated, an executable
// stack, relocated text, the entry symbol not exported or another beside it, or needing a library
// that must not be in a plugin. ABI_MISMATCH: an entry symbol of another major
// version only.
ElfProblem CheckElf(absl::string_view bytes);

// Whether a plugin must not need this library.
bool IsForbiddenLibrary(absl::string_view library);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_HOST_ELF_FILE_H_
