#include "plugins/host/allow_list.h"

#include <filesystem>
#include <fstream>
#include <iterator>

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

absl::StatusOr<AllowList> AllowList::Read(const std::string& path) {
  if (path.empty()) return AllowList();
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return absl::NotFoundError(
        absl::StrCat("the list of trusted plugins ", path, " does not exist or is not a file"));
  }
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in) {
    return absl::InvalidArgumentError(
        absl::StrCat("the list of trusted plugins ", path, " cannot be read"));
  }
  absl::StatusOr<AllowList> list = Parse(text);
  if (!list.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("the list of trusted plugins ", path, ": ",
                                                   std::string(list.status().message())));
  }
  return list;
}

}  // namespace policytrack::plugins
