// UTF-8: what may be shown, stored and compared. Free functions, any thread.
#ifndef POLICYTRACK_CORE_UTF8_H_
#define POLICYTRACK_CORE_UTF8_H_

#include <string>

#include "absl/strings/string_view.h"

namespace policytrack {

// Whether the bytes are UTF-8: no overlong forms, no surrogates.
bool IsUtf8(absl::string_view bytes);

// The text with U+FFFD for every byte that is not part of UTF-8.
std::string ToUtf8(absl::string_view bytes);

// UTF-8 as one line: control characters (U+0000 to U+001F, U+007F to U+009F) as
// escapes such as \n and \u001b, all else as it is.
std::string OneLine(absl::string_view text);

// The text in double quotes for a message: cut to `max_bytes`, with control
// characters, quotes and bytes that are not UTF-8 escaped.
std::string Quoted(absl::string_view text, size_t max_bytes = 80);

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_UTF8_H_
