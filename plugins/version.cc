#include "plugins/version.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/error.h"
#include "core/utf8.h"

namespace policytrack::plugins {
namespace {

// Below 2^63 whatever the digits.
constexpr size_t kMaxDigits = 18;

bool IsNumber(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxDigits &&
         std::all_of(text.begin(), text.end(), absl::ascii_isdigit) &&
         (text.size() == 1 || text[0] != '0');
}

int64_t ToNumber(absl::string_view text) {
  int64_t number = 0;
  return absl::SimpleAtoi(text, &number) ? number : 0;
}

bool IsIdentifier(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '-';
  });
}

int Compare(int64_t a, int64_t b) { return a < b ? -1 : a > b ? 1 : 0; }

// Numbers before words, numbers by value, words by their bytes.
int CompareIdentifiers(const std::string& a, const std::string& b) {
  if (IsNumber(a) && IsNumber(b)) return Compare(ToNumber(a), ToNumber(b));
  if (IsNumber(a) != IsNumber(b)) return IsNumber(a) ? -1 : 1;
  return Compare(a.compare(b), 0);
}

}  // namespace

std::optional<Version> ParseVersion(absl::string_view text) {
  Version version;
  absl::string_view rest = text;
  if (const size_t plus = rest.find('+'); plus != absl::string_view::npos) {
    for (absl::string_view part : absl::StrSplit(rest.substr(plus + 1), '.')) {
      if (!IsIdentifier(part)) return std::nullopt;
    }
    rest = rest.substr(0, plus);
  }
  if (const size_t minus = rest.find('-'); minus != absl::string_view::npos) {
    for (absl::string_view part : absl::StrSplit(rest.substr(minus + 1), '.')) {
      if (!IsIdentifier(part)) return std::nullopt;
      version.pre_release.emplace_back(part);
    }
    rest = rest.substr(0, minus);
  }
  for (absl::string_view part : absl::StrSplit(rest, '.')) {
    if (!IsNumber(part)) return std::nullopt;
    version.numbers.push_back(ToNumber(part));
  }
  if (version.numbers.size() != 3) return std::nullopt;
  return version;
}

int CompareVersions(const Version& a, const Version& b) {
  for (size_t i = 0; i < a.numbers.size(); ++i) {
    if (const int order = Compare(a.numbers[i], b.numbers[i]); order != 0) return order;
  }
  if (a.released() != b.released()) return a.released() ? 1 : -1;
  const size_t common = std::min(a.pre_release.size(), b.pre_release.size());
  for (size_t i = 0; i < common; ++i) {
    const int order = CompareIdentifiers(a.pre_release[i], b.pre_release[i]);
    if (order != 0) return order;
  }
  return Compare(static_cast<int64_t>(a.pre_release.size()),
                 static_cast<int64_t>(b.pre_release.size()));
}

absl::StatusOr<VersionRequest> VersionRequest::Parse(absl::string_view text) {
  VersionRequest request;
  if (text.empty()) return request;
  if (IsNumber(text)) {
    request.major_ = ToNumber(text);
    return request;
  }
  request.pinned_ = ParseVersion(text);
  if (!request.pinned_.has_value()) {
    return FieldInvalid("plugin_version",
                        absl::StrCat(Quoted(CutText(text, 100)),
                                     " is neither a version such as 1.2.0, which pins it, nor a "
                                     "major version such as 1, which follows it; leave it empty "
                                     "for the newest"));
  }
  return request;
}

bool VersionRequest::Fits(const Version& version) const {
  if (pinned_.has_value()) return CompareVersions(*pinned_, version) == 0;
  return !major_.has_value() || version.numbers[0] == *major_;
}

}  // namespace policytrack::plugins
