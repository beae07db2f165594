// What a shared object says of itself, read from its bytes with bounds checked;
// nothing is judged.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_PLUGINS_HOST_ELF_FACTS_H_
#define POLICYTRACK_PLUGINS_HOST_ELF_FACTS_H_

#include <elf.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace policytrack::plugins {

struct ElfFacts {
  Elf64_Ehdr header = {};
  bool says_stack = false;  // whether its stack is executable
  bool executable_stack = false;
  bool dynamic = false;  // has a dynamic section
  bool relocates_text = false;
  std::vector<std::string> needed;  // libraries
  bool has_symbols = false;         // has a table of them; without, the dynamic linker knows
  std::vector<std::string> exports;
};

// How reading ended.
enum class ElfReading {
  kWhole,
  kNotElf,
  kShort,             // ends within its header
  kTablesCut,         // its tables end after the end of the file
  kSegmentCut,        // so does a segment
  kSymbolsUnreadable  // or its symbols
};

// Reads what can be read; `facts` has what comes before the fault. A file of
// another class or machine is not read beyond its header.
ElfReading ReadElf(absl::string_view bytes, ElfFacts* facts);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_HOST_ELF_FACTS_H_
