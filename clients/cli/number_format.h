// Numbers as files write them, in the format that the mapping states, as the plain
// decimal text that number_text.h reads.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_CLIENTS_CLI_NUMBER_FORMAT_H_
#define POLICYTRACK_CLIENTS_CLI_NUMBER_FORMAT_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "clients/cli/file_format.h"

namespace policytrack::cli {

// "1.234,5 %" as "1234.5". Nothing when the text is no number in this format:
// separators must stand between groups of three digits, all the same, and then there
// is no exponent; digits of two scripts in one number are refused. A sign may be `+`,
// `-` or U+2212. A text that is returned may still be
// none that ParseDouble reads.
std::optional<std::string> PlainNumber(absl::string_view text, const NumberFormat& format);

// The separator of a word or of the character itself; "" when it is none.
std::string ThousandsSeparator(absl::string_view text);
// Nothing for a word that is none.
std::optional<Digits> ParseDigits(absl::string_view word);

// How numbers are to be written, for messages.
std::string DescribeFormat(const NumberFormat& format);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_NUMBER_FORMAT_H_
