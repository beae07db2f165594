#include "plugins/host/allow_list.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace policytrack::plugins {

absl::StatusOr<AllowList> AllowList::Parse(absl::string_view text) {
  constexpr size_t kDigits = 64;
  AllowList list;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    absl::ConsumeSuffix(&line, "\r");
    if (line.empty() || line[0] == '#') continue;
    bool good = line.size() > kDigits + 2 && line[kDigits] == ' ' &&
                (line[kDigits + 1] == ' ' || line[kDigits + 1] == '*');
    for (size_t i = 0; good && i < kDigits; ++i) good = absl::ascii_isxdigit(line[i]);
    const absl::string_view name = good ? line.substr(kDigits + 2) : "";
    if (!good || name.find('/') != absl::string_view::npos) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", number,
                       " is not `<sha256>  <file name>`, as sha256sum prints it in the plugin "
                       "directory"));
    }
    list.entries_.emplace(std::string(name), absl::AsciiStrToLower(line.substr(0, kDigits)));
  }
  return list;
}

}  // namespace policytrack::plugins
