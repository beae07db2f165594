#include "plugins/host/elf_facts.h"

#include <cstdint>
#include <cstring>

#include "absl/strings/match.h"

namespace policytrack::plugins {
namespace {

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

bool ReadSegments(const Image& image, const std::vector<Elf64_Phdr>& segments, ElfFacts* facts) {
  for (const Elf64_Phdr& segment : segments) {
    if (!image.Holds(segment.p_offset, segment.p_filesz)) return false;
    if (segment.p_type != PT_GNU_STACK) continue;
    facts->says_stack = true;
    if ((segment.p_flags & PF_X) != 0) facts->executable_stack = true;
  }
  return true;
}

void ReadDynamic(const Image& image, const std::vector<Elf64_Phdr>& segments, ElfFacts* facts) {
  std::vector<Elf64_Dyn> entries;
  for (const Elf64_Phdr& segment : segments) {
    if (segment.p_type != PT_DYNAMIC) continue;
    image.ReadTable(segment.p_offset, segment.p_filesz / sizeof(Elf64_Dyn), sizeof(Elf64_Dyn),
                    &entries);
  }
  facts->dynamic = !entries.empty();
  uint64_t texts = UINT64_MAX;
  for (const Elf64_Dyn& entry : entries) {
    if (entry.d_tag == DT_NULL) break;
    if (entry.d_tag == DT_STRTAB) texts = OffsetOf(segments, entry.d_un.d_ptr);
    if (entry.d_tag == DT_TEXTREL) facts->relocates_text = true;
    if (entry.d_tag == DT_FLAGS && (entry.d_un.d_val & DF_TEXTREL) != 0) {
      facts->relocates_text = true;
    }
  }
  for (const Elf64_Dyn& entry : entries) {
    if (entry.d_tag == DT_NULL) break;
    if (entry.d_tag != DT_NEEDED || texts == UINT64_MAX) continue;
    facts->needed.emplace_back(image.Text(texts + entry.d_un.d_val));
  }
}

bool ReadSymbols(const Image& image, const std::vector<Elf64_Shdr>& sections, ElfFacts* facts) {
  for (const Elf64_Shdr& section : sections) {
    if (section.sh_type != SHT_DYNSYM || section.sh_link >= sections.size()) continue;
    std::vector<Elf64_Sym> symbols;
    if (section.sh_entsize == 0 ||
        !image.ReadTable(section.sh_offset, section.sh_size / section.sh_entsize,
                         section.sh_entsize, &symbols)) {
      return false;
    }
    facts->has_symbols = true;
    for (const Elf64_Sym& symbol : symbols) {
      if (symbol.st_shndx == SHN_UNDEF || symbol.st_name == 0) continue;
      facts->exports.emplace_back(image.Text(sections[section.sh_link].sh_offset + symbol.st_name));
    }
    return true;
  }
  return true;
}

}  // namespace

ElfReading ReadElf(absl::string_view bytes, ElfFacts* facts) {
  const Image image(bytes);
  if (!absl::StartsWith(bytes, ELFMAG)) return ElfReading::kNotElf;
  if (!image.Read(0, &facts->header)) return ElfReading::kShort;
  const Elf64_Ehdr& header = facts->header;
  if (header.e_ident[EI_CLASS] != ELFCLASS64) return ElfReading::kWhole;
  std::vector<Elf64_Phdr> segments;
  std::vector<Elf64_Shdr> sections;
  if (!image.ReadTable(header.e_phoff, header.e_phnum, header.e_phentsize, &segments) ||
      !image.ReadTable(header.e_shoff, header.e_shnum, header.e_shentsize, &sections)) {
    return ElfReading::kTablesCut;
  }
  if (!ReadSegments(image, segments, facts)) return ElfReading::kSegmentCut;
  ReadDynamic(image, segments, facts);
  return ReadSymbols(image, sections, facts) ? ElfReading::kWhole : ElfReading::kSymbolsUnreadable;
}

}  // namespace policytrack::plugins
