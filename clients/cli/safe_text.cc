#include "clients/cli/safe_text.h"

#include <utf8proc.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace policytrack::cli {
namespace {

// Overrides and isolates of direction, and the two breaks that only Unicode has.
bool Turns(utf8proc_int32_t code) {
  return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
         code == 0x2028 || code == 0x2029;
}

std::string Safe(absl::string_view text, bool keep_lines) {
  std::string safe;
  safe.reserve(text.size());
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  for (size_t at = 0; at < text.size();) {
    utf8proc_int32_t code = 0;
    const utf8proc_ssize_t size =
        utf8proc_iterate(bytes + at, static_cast<utf8proc_ssize_t>(text.size() - at), &code);
    const size_t step = size > 0 ? static_cast<size_t>(size) : 1;
    if (size <= 0) {
      absl::StrAppendFormat(&safe, "\\x%02x", bytes[at]);
    } else if (code == '\r' && at + 1 < text.size() && text[at + 1] == '\n') {
      // One line break, which the next byte is.
    } else if (code == '\n' || code == '\r' || code == '\t') {
      // A carriage return alone would write over the line.
      safe += !keep_lines ? ' ' : code == '\r' ? '\n' : static_cast<char>(code);
    } else if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
      absl::StrAppendFormat(&safe, "\\x%02x", code);
    } else if (Turns(code)) {
      absl::StrAppendFormat(&safe, "\\u%04x", code);
    } else {
      absl::StrAppend(&safe, text.substr(at, step));
    }
    at += step;
  }
  return safe;
}

}  // namespace

std::string OneLine(absl::string_view text) { return Safe(text, false); }
std::string Lines(absl::string_view text) { return Safe(text, true); }

}  // namespace policytrack::cli
