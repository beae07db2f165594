#include "plugins/host/elf_file.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "plugins/host/elf_facts.h"
#include "plugins/sdk/policytrack_plugin.h"

namespace policytrack::plugins {
namespace {

#if defined(__x86_64__)
constexpr uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t kMachine = EM_AARCH64;
#elif defined(__riscv)
constexpr uint16_t kMachine = EM_RISCV;
#elif defined(__powerpc64__)
constexpr uint16_t kMachine = EM_PPC64;
#elif defined(__s390x__)
constexpr uint16_t kMachine = EM_S390;
#else
#error "add the ELF machine number of this processor"
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
constexpr unsigned char kByteOrder = ELFDATA2LSB;
#else
constexpr unsigned char kByteOrder = ELFDATA2MSB;
#endif

// Host and plugin that both bring one of these abort the process when their
// registries meet.
constexpr absl::string_view kForbidden[] = {"libprotobuf", "libabsl_", "libgrpc"};
constexpr absl::string_view kEntryPrefix = "policytrack_plugin_v";

ElfProblem Broken(absl::string_view message) {
  return {v1::PLUGIN_STATE_BROKEN, std::string(message)};
}

ElfProblem CheckHeader(const Elf64_Ehdr& header) {
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != kByteOrder ||
      header.e_machine != kMachine) {
    return Broken("is built for another kind of machine; build it for this one");
  }
  if (header.e_type != ET_DYN) {
    return Broken("is an ELF file but not a shared object; link it with -shared");
  }
  return {};
}

ElfProblem CheckReading(ElfReading reading) {
  switch (reading) {
    case ElfReading::kNotElf:
      return Broken("is not an ELF shared object; remove it or build the plugin anew");
    case ElfReading::kShort:
      return Broken("is truncated; copy it again");
    case ElfReading::kTablesCut:
      return Broken("is truncated: its tables end after the end of the file; copy it again");
    case ElfReading::kSegmentCut:
      return Broken("is truncated: a segment ends after the end of the file; copy it again");
    case ElfReading::kSymbolsUnreadable:
      return Broken("is damaged: its symbols cannot be read; copy it again");
    case ElfReading::kWhole:
      break;
  }
  return {};
}

ElfProblem CheckFacts(const ElfFacts& facts) {
  if (facts.executable_stack) {
    return Broken("asks for an executable stack; link it with -z noexecstack");
  }
  if (!facts.says_stack) {
    return Broken("does not say that its stack is not executable; link it with -z noexecstack");
  }
  if (!facts.dynamic) return Broken("has no dynamic section; link it with -shared");
  if (facts.relocates_text) return Broken("relocates its code; compile it with -fPIC");
  for (const std::string& library : facts.needed) {
    if (IsForbiddenLibrary(library)) {
      return Broken(
          absl::StrCat("needs ", library, ", which must not be in a plugin; build it without"));
    }
  }
  return {};
}

ElfProblem CheckExports(const ElfFacts& facts) {
  if (!facts.has_symbols) return {};  // the dynamic linker is asked
  std::string other;
  bool entry = false;
  for (const std::string& name : facts.exports) {
    if (name == PT_ENTRY_SYMBOL) {
      entry = true;
    } else if (absl::StartsWith(name, kEntryPrefix)) {
      other = name;
    }
  }
  if (entry && !other.empty()) {
    return Broken(absl::StrCat("exports ", PT_ENTRY_SYMBOL, " and ", other,
                               ", two entries; build a plugin for each of them"));
  }
  if (entry) return {};
  if (!other.empty()) {
    return {v1::PLUGIN_STATE_ABI_MISMATCH,
            absl::StrCat("exports ", other, ", but this server speaks ", PT_ENTRY_SYMBOL,
                         "; build it against the SDK of this server")};
  }
  return Broken(absl::StrCat("does not export ", PT_ENTRY_SYMBOL,
                             "; it is not a plugin, or was linked without its export"));
}

}  // namespace

bool IsForbiddenLibrary(absl::string_view library) {
  return std::any_of(std::begin(kForbidden), std::end(kForbidden),
                     [&](absl::string_view name) { return absl::StartsWith(library, name); });
}

ElfProblem CheckElf(absl::string_view bytes) {
  ElfFacts facts;
  const ElfReading reading = ReadElf(bytes, &facts);
  ElfProblem problem;
  if (reading != ElfReading::kNotElf && reading != ElfReading::kShort) {
    problem = CheckHeader(facts.header);
  }
  if (problem.state == v1::PLUGIN_STATE_UNSPECIFIED) problem = CheckReading(reading);
  if (problem.state == v1::PLUGIN_STATE_UNSPECIFIED) problem = CheckFacts(facts);
  if (problem.state == v1::PLUGIN_STATE_UNSPECIFIED) problem = CheckExports(facts);
  return problem;
}

}  // namespace policytrack::plugins
