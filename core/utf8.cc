#include "core/utf8.h"

#include <utf8proc.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/error.h"

namespace policytrack {
namespace {

// The length of the character at the front, or 0 when there is none.
size_t FrontLength(absl::string_view text) {
  if (text.empty()) return 0;
  if (static_cast<unsigned char>(text[0]) < 0x80) return 1;
  utf8proc_int32_t code_point = 0;
  const utf8proc_ssize_t length =
      utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                       static_cast<utf8proc_ssize_t>(text.size()), &code_point);
  return length > 0 ? static_cast<size_t>(length) : 0;
}

}  // namespace

bool IsUtf8(absl::string_view bytes) {
  while (!bytes.empty()) {
    const size_t length = FrontLength(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string ToUtf8(absl::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const size_t length = FrontLength(bytes);
    if (length == 0) {
      text += "\xef\xbf\xbd";
      bytes.remove_prefix(1);
    } else {
      text.append(bytes.data(), length);
      bytes.remove_prefix(length);
    }
  }
  return text;
}

std::string OneLine(absl::string_view text) {
  std::string line;
  line.reserve(text.size());
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text[0]);
    // U+0080 to U+009F are the only characters of this form in UTF-8.
    const bool c1 = byte == 0xc2 && text.size() > 1 && static_cast<unsigned char>(text[1]) < 0xa0;
    if (byte == '\n') {
      line += "\\n";
    } else if (c1 || byte < 0x20 || byte == 0x7f) {
      absl::StrAppendFormat(&line, "\\u%04x", c1 ? static_cast<unsigned char>(text[1]) : byte);
    } else {
      line += text[0];
    }
    text.remove_prefix(c1 ? 2 : 1);
  }
  return line;
}

std::string Quoted(absl::string_view text, size_t max_bytes) {
  const std::string cut = CutText(text, max_bytes);
  return absl::StrCat("\"", IsUtf8(cut) ? absl::Utf8SafeCEscape(cut) : absl::CEscape(cut), "\"");
}

}  // namespace policytrack
