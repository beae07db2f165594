#include "core/dimension_key.h"

#include <utf8proc.h>

#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/error.h"
#include "core/utf8.h"

namespace policytrack {
namespace {

constexpr size_t kMaxIdBytes = 63;

// What is wrong with a code point inside a value, or null.
const char* FaultOf(utf8proc_int32_t code_point) {
  // A byte order mark comes from the head of a file and cannot be seen.
  if (code_point == 0xfeff) return "must not hold a byte order mark (U+FEFF)";
  switch (utf8proc_category(code_point)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return "must not hold control characters or line separators";
    default:
      return nullptr;
  }
}

bool IsSpace(utf8proc_int32_t code_point) {
  return utf8proc_category(code_point) == UTF8PROC_CATEGORY_ZS;
}

absl::StatusOr<std::string> ToNfc(absl::string_view field, absl::string_view value) {
  utf8proc_uint8_t* mapped = nullptr;
  const utf8proc_ssize_t size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(value.data()),
                   static_cast<utf8proc_ssize_t>(value.size()), &mapped,
                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  if (size < 0) return FieldInvalid(field, absl::StrCat(Quoted(value), " cannot be put into NFC"));
  std::string normalized(reinterpret_cast<const char*>(mapped), static_cast<size_t>(size));
  std::free(mapped);  // utf8proc allocates with malloc
  return normalized;
}

}  // namespace

std::string EncodeDimensionKey(const std::vector<std::string>& values) {
  auto end = values.end();
  while (end != values.begin() && *(end - 1) == kTotal) --end;
  return absl::StrJoin(values.begin(), end, std::string(1, kDimensionSeparator));
}

std::vector<std::string> DecodeDimensionKey(absl::string_view key, size_t dimension_count) {
  auto values = SplitDimensionKey<std::vector<std::string>>(key);
  values.resize(dimension_count, kTotal);
  return values;
}

absl::StatusOr<std::string> NormalizeDimensionValue(absl::string_view field,
                                                    absl::string_view value) {
  const std::string too_long =
      absl::StrCat("must not be longer than ", kMaxDimensionValueBytes, " bytes");
  if (value.empty()) return FieldInvalid(field, "must not be empty");
  // Composing can make a value shorter, but not by more than this.
  if (value.size() > 4 * kMaxDimensionValueBytes) return FieldInvalid(field, too_long);

  bool ascii = true;
  bool first = true;
  bool ends_with_space = false;
  absl::string_view rest = value;
  while (!rest.empty()) {
    utf8proc_int32_t code_point = 0;
    const utf8proc_ssize_t length =
        utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(rest.data()),
                         static_cast<utf8proc_ssize_t>(rest.size()), &code_point);
    if (length <= 0) return FieldInvalid(field, absl::StrCat(Quoted(value), " is not UTF-8"));
    if (const char* fault = FaultOf(code_point)) {
      return FieldInvalid(field, absl::StrCat(Quoted(value), " ", fault));
    }
    ends_with_space = IsSpace(code_point);
    if (first && ends_with_space) break;
    first = false;
    ascii = ascii && code_point < 0x80;
    rest.remove_prefix(static_cast<size_t>(length));
  }
  if (ends_with_space) {
    return FieldInvalid(field, absl::StrCat(Quoted(value), " must not start or end with a space"));
  }
  std::string normalized(value);
  if (!ascii) {
    PT_ASSIGN_OR_RETURN(normalized, ToNfc(field, value));
  }
  if (normalized.size() > kMaxDimensionValueBytes) return FieldInvalid(field, too_long);
  return normalized;
}

bool IsDimensionId(absl::string_view id) {
  if (id.empty() || id.size() > kMaxIdBytes) return false;
  if (!absl::ascii_islower(static_cast<unsigned char>(id.front()))) return false;
  for (const char c : id) {
    const auto u = static_cast<unsigned char>(c);
    if (!absl::ascii_islower(u) && !absl::ascii_isdigit(u) && c != '_') return false;
  }
  return true;
}

}  // namespace policytrack
