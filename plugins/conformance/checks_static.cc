// What can be said of a plugin before it runs, and that it loads.
#include <locale.h>
#include <signal.h>

#include <filesystem>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "plugins/checks/descriptor.h"
#include "plugins/conformance/check.h"
#include "plugins/host/elf_facts.h"
#include "plugins/host/elf_file.h"

namespace policytrack::plugins {
namespace {

ElfFacts Facts(const Context& context) {
  ElfFacts facts;
  ReadElf(context.files.shared_object, &facts);
  return facts;
}

// What code of a plugin can change of its process, in words.
std::string ProcessState() {
  std::string state;
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action = {};
    if (sigaction(number, nullptr, &action) != 0) continue;
    absl::StrAppend(&state, "signal ", number, ": ", action.sa_handler == SIG_DFL, "\n");
  }
  absl::StrAppend(&state, "locale: ", setlocale(LC_ALL, nullptr), "\n");
  const std::filesystem::directory_iterator threads("/proc/self/task");
  absl::StrAppend(&state, "threads: ", std::distance(begin(threads), end(threads)), "\n");
  absl::StrAppend(&state, "directory: ", std::filesystem::current_path().string(), "\n");
  return state;
}

// The first line that differs.
std::string ChangedLine(const std::string& before, const std::string& after) {
  size_t line = 0;
  for (size_t i = 0; i < before.size() && i < after.size() && before[i] == after[i]; ++i) {
    if (before[i] == '\n') line = i + 1;
  }
  return after.substr(line, after.find('\n', line) - line);
}

}  // namespace

Verdict CheckWholeElf(Context* context) {
  ElfFacts facts;
  const ElfReading reading = ReadElf(context->files.shared_object, &facts);
  const bool stranger = reading == ElfReading::kWhole && !facts.dynamic;
  if (reading == ElfReading::kWhole && !stranger) return Verdict::Passed();
  return Verdict::Of(
      absl::StrCat(context->files.id, ".so ", CheckElf(context->files.shared_object).message));
}

Verdict CheckDescriptorFile(Context* context) {
  const PluginBytes& files = context->files;
  if (!files.descriptor.has_value()) {
    return Verdict::Failed(absl::StrCat(files.descriptor_path,
                                        " is missing; a plugin is a shared object and a "
                                        "descriptor side by side"));
  }
  const auto descriptor = ParseDescriptor(*files.descriptor);
  if (!descriptor.ok()) return Verdict::Failed(std::string(descriptor.status().message()));
  const absl::Status status = CheckDescriptor(*descriptor, files.id);
  if (!status.ok()) return Verdict::Failed(std::string(status.message()));
  if (descriptor->abi_major() != PT_ABI_MAJOR || descriptor->abi_minor() > PT_ABI_MINOR) {
    return Verdict::Failed(absl::StrCat("it needs ABI ", descriptor->abi_major(), ".",
                                        descriptor->abi_minor(), ", but this is for ", PT_ABI_MAJOR,
                                        ".", PT_ABI_MINOR));
  }
  return Verdict::Passed();
}

Verdict CheckOneSymbol(Context* context) {
  std::vector<std::string> others;
  bool entry = false;
  for (const std::string& name : Facts(*context).exports) {
    if (name == PT_ENTRY_SYMBOL) {
      entry = true;
    } else {
      others.push_back(name);
    }
  }
  if (!entry) return Verdict::Failed(absl::StrCat("it does not export ", PT_ENTRY_SYMBOL));
  if (others.empty()) return Verdict::Passed();
  if (others.size() > 5) others.resize(5);
  return Verdict::Failed(
      absl::StrCat("it also exports ", absl::StrJoin(others, ", "),
                   "; hide them, with -fvisibility=hidden or the linker script plugin.map"));
}

Verdict CheckDependencies(Context* context) {
  for (const std::string& library : Facts(*context).needed) {
    if (IsForbiddenLibrary(library)) {
      return Verdict::Failed(
          absl::StrCat("it needs ", library, ", which must not be in a plugin; build it without"));
    }
  }
  return Verdict::Passed();
}

Verdict CheckStack(Context* context) {
  const ElfFacts facts = Facts(*context);
  if (facts.says_stack && !facts.executable_stack) return Verdict::Passed();
  return Verdict::Failed("it asks for an executable stack; link it with -z noexecstack");
}

Verdict CheckTextRelocations(Context* context) {
  if (!Facts(*context).relocates_text) return Verdict::Passed();
  return Verdict::Failed("it relocates its code; compile it with -fPIC");
}

Verdict CheckLoads(Context* context) {
  const LoadResult result = LoadNativeLibrary(context->files.shared_object, context->descriptor);
  if (result.state == v1::PLUGIN_STATE_ACTIVE) return Verdict::Passed();
  return Verdict::Failed(absl::StrCat(context->files.id, ".so ", result.message));
}

Verdict CheckLoadLeavesTheProcess(Context* context) {
  const std::string before = ProcessState();
  LoadNativeLibrary(context->files.shared_object, context->descriptor);
  const std::string after = ProcessState();
  if (before == after) return Verdict::Passed();
  return Verdict::Failed(absl::StrCat("loading it changed the process: ",
                                      ChangedLine(before, after), "; do nothing in constructors"));
}

}  // namespace policytrack::plugins
