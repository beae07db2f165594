// Texts of others as they may be shown: a name or a message from a server or a
// file must not move the cursor, recolour the screen or turn the order of letters.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_CLIENTS_CLI_SAFE_TEXT_H_
#define POLICYTRACK_CLIENTS_CLI_SAFE_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace policytrack::cli {

// The text as one line: line breaks and tabs become spaces; other control
// characters (C0, DEL, C1) and bytes that are not UTF-8 become \x1b, characters
// that override the direction of writing or break lines become \u202e.
std::string OneLine(absl::string_view text);

// The same, but line breaks and tabs stay.
std::string Lines(absl::string_view text);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_SAFE_TEXT_H_
