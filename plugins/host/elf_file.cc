#include "plugins/host/elf_file.h"

#include <elf.h>

#include <cstdint>
#include <cstring>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
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

// Bounds-checked reads of a file image.
class Image {
 public:
  explicit Image(absl::string_view bytes) : bytes_(bytes) {}

  bool Holds(uint64_t offset, uint64_t size) const {
    return offset <= bytes_.size() && size <= bytes_.size() - offset;
  }
  template <typename T>
  bool Read(uint64_t offset, T* value) const {
    if (!Holds(offset, sizeof(T))) return false;
    std::memcpy(value, bytes_.data() + offset, sizeof(T));
    return true;
  }
  template <typename T>
  bool ReadTable(uint64_t offset, uint64_t count, uint64_t stride, std::vector<T>* table) const {
    if (count == 0) return true;
    if (stride < sizeof(T) || count > bytes_.size() / stride || !Holds(offset, count * stride)) {
      return false;
    }
    table->resize(count);
    for (uint64_t i = 0; i < count; ++i) Read(offset + i * stride, &(*table)[i]);
    return true;
  }
  // The text that starts there, or "" when it does not end in the file.
  absl::string_view Text(uint64_t offset) const {
    if (offset >= bytes_.size()) return "";
    const size_t end = bytes_.find('\0', offset);
    return end == absl::string_view::npos ? "" : bytes_.substr(offset, end - offset);
  }

 private:
  absl::string_view bytes_;
};

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

ElfProblem CheckSegments(const Image& image, const std::vector<Elf64_Phdr>& segments) {
  bool stack = false;
  for (const Elf64_Phdr& segment : segments) {
    if (!image.Holds(segment.p_offset, segment.p_filesz)) {
      return Broken("is truncated: a segment ends after the end of the file; copy it again");
    }
    if (segment.p_type == PT_GNU_STACK) {
      stack = true;
      if ((segment.p_flags & PF_X) != 0) {
        return Broken("asks for an executable stack; link it with -z noexecstack");
      }
    }
  }
  if (!stack) {
    return Broken("does not say that its stack is not executable; link it with -z noexecstack");
  }
  return {};
}

// The place in the file of an address, or an offset beyond it.
uint64_t OffsetOf(const std::vector<Elf64_Phdr>& segments, uint64_t address) {
  for (const Elf64_Phdr& segment : segments) {
    if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
        address - segment.p_vaddr < segment.p_filesz) {
      return segment.p_offset + (address - segment.p_vaddr);
    }
  }
  return UINT64_MAX;
}

ElfProblem CheckDynamic(const Image& image, const std::vector<Elf64_Phdr>& segments) {
  std::vector<Elf64_Dyn> entries;
  for (const Elf64_Phdr& segment : segments) {
    if (segment.p_type != PT_DYNAMIC) continue;
    image.ReadTable(segment.p_offset, segment.p_filesz / sizeof(Elf64_Dyn), sizeof(Elf64_Dyn),
                    &entries);
  }
  if (entries.empty()) return Broken("has no dynamic section; link it with -shared");
  uint64_t texts = UINT64_MAX;
  for (const Elf64_Dyn& entry : entries) {
    if (entry.d_tag == DT_NULL) break;
    if (entry.d_tag == DT_STRTAB) texts = OffsetOf(segments, entry.d_un.d_ptr);
    if (entry.d_tag == DT_TEXTREL) return Broken("relocates its code; compile it with -fPIC");
  }
  for (const Elf64_Dyn& entry : entries) {
    if (entry.d_tag == DT_NULL) break;
    if (entry.d_tag != DT_NEEDED || texts == UINT64_MAX) continue;
    const absl::string_view library = image.Text(texts + entry.d_un.d_val);
    for (absl::string_view forbidden : kForbidden) {
      if (absl::StartsWith(library, forbidden)) {
        return Broken(
            absl::StrCat("needs ", library, ", which must not be in a plugin; build it without"));
      }
    }
  }
  return {};
}

ElfProblem CheckSymbols(const Image& image, const std::vector<Elf64_Shdr>& sections) {
  for (const Elf64_Shdr& section : sections) {
    if (section.sh_type != SHT_DYNSYM || section.sh_link >= sections.size()) continue;
    std::vector<Elf64_Sym> symbols;
    if (section.sh_entsize == 0 ||
        !image.ReadTable(section.sh_offset, section.sh_size / section.sh_entsize,
                         section.sh_entsize, &symbols)) {
      return Broken("is damaged: its symbols cannot be read; copy it again");
    }
    std::string other;
    bool entry = false;
    for (const Elf64_Sym& symbol : symbols) {
      if (symbol.st_shndx == SHN_UNDEF) continue;
      const absl::string_view name =
          image.Text(sections[section.sh_link].sh_offset + symbol.st_name);
      if (name == absl::string_view(PT_ENTRY_SYMBOL)) {
        entry = true;
      } else if (absl::StartsWith(name, kEntryPrefix)) {
        other = std::string(name);
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
  return {};  // without sections the dynamic linker is asked
}

}  // namespace

ElfProblem CheckElf(absl::string_view bytes) {
  const Image image(bytes);
  Elf64_Ehdr header;
  if (!absl::StartsWith(bytes, ELFMAG)) {
    return Broken("is not an ELF shared object; remove it or build the plugin anew");
  }
  if (!image.Read(0, &header)) return Broken("is truncated; copy it again");
  ElfProblem problem = CheckHeader(header);
  if (problem.state != v1::PLUGIN_STATE_UNSPECIFIED) return problem;
  std::vector<Elf64_Phdr> segments;
  std::vector<Elf64_Shdr> sections;
  if (!image.ReadTable(header.e_phoff, header.e_phnum, header.e_phentsize, &segments) ||
      !image.ReadTable(header.e_shoff, header.e_shnum, header.e_shentsize, &sections)) {
    return Broken("is truncated: its tables end after the end of the file; copy it again");
  }
  problem = CheckSegments(image, segments);
  if (problem.state == v1::PLUGIN_STATE_UNSPECIFIED) problem = CheckDynamic(image, segments);
  if (problem.state == v1::PLUGIN_STATE_UNSPECIFIED) problem = CheckSymbols(image, sections);
  return problem;
}

}  // namespace policytrack::plugins
