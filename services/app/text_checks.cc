#include "services/app/text_checks.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/error.h"

namespace policytrack::app {
namespace {

bool IsAlnum(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); });
}

bool IsLanguageTag(const std::string& code) {
  const std::vector<std::string> parts = absl::StrSplit(code, '-');
  if (parts[0].size() < 2 || parts[0].size() > 8) return false;
  for (char c : parts[0]) {
    if (!absl::ascii_isalpha(static_cast<unsigned char>(c))) return false;
  }
  return std::all_of(parts.begin(), parts.end(), [](const std::string& part) {
    return !part.empty() && part.size() <= 8 && IsAlnum(part);
  });
}

}  // namespace

absl::Status CheckLanguage(const std::string& field, const std::string& code) {
  return code.empty() ? absl::OkStatus() : CheckLanguageKey(field, code);
}

absl::Status CheckLanguageKey(const std::string& field, const std::string& code) {
  if (IsLanguageTag(code)) return absl::OkStatus();
  return FieldInvalid(field,
                      absl::StrCat("\"", CutText(code, 40),
                                   "\" is not a BCP-47 language tag such as en, zh-Hans or ar"));
}

absl::Status CheckTranslations(
    const std::string& prefix, const std::string& language_code,
    const google::protobuf::Map<std::string, v1::Translation>& translations) {
  // In the order of the keys, so that the same document gets the same answer.
  std::vector<std::string> keys;
  for (const auto& [key, translation] : translations) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  for (const std::string& key : keys) {
    const std::string field = absl::StrCat(prefix, ".", CutText(key, 40));
    if (!IsLanguageTag(key)) {
      return FieldInvalid(field, "the key must be a BCP-47 language tag such as en, zh-Hans or ar");
    }
    if (key == language_code) {
      return FieldInvalid(field,
                          "is the language_code of the texts themselves; a translation must be "
                          "into another language");
    }
    const v1::Translation& translation = translations.at(key);
    if (translation.display_name().empty() && translation.description().empty()) {
      return FieldInvalid(field, "has neither display_name nor description; leave the entry out");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckReferences(const std::string& prefix,
                             const google::protobuf::RepeatedPtrField<v1::Reference>& references) {
  for (int i = 0; i < references.size(); ++i) {
    const v1::Reference& reference = references[i];
    const std::string field = absl::StrCat(prefix, "[", i, "]");
    const std::string& uri = reference.uri();
    if (!uri.empty() && !absl::StartsWith(uri, "https://") && !absl::StartsWith(uri, "http://")) {
      return FieldInvalid(field + ".uri", "must start with https:// or http://");
    }
    PT_RETURN_IF_ERROR(CheckLanguage(field + ".language_code", reference.language_code()));
  }
  return absl::OkStatus();
}

absl::Status CheckIndicatorTexts(const v1::Indicator& indicator) {
  PT_RETURN_IF_ERROR(CheckLanguage("indicator.language_code", indicator.language_code()));
  PT_RETURN_IF_ERROR(CheckTranslations("indicator.translations", indicator.language_code(),
                                       indicator.translations()));
  return CheckReferences("indicator.references", indicator.references());
}

absl::Status CheckRegion(const std::string& field, const std::string& region) {
  const bool good =
      !region.empty() && region.size() <= 32 &&
      std::all_of(region.begin(), region.end(), [](char c) {
        return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
      });
  if (good) return absl::OkStatus();
  return FieldInvalid(field, absl::StrCat("\"", CutText(region, 40),
                                          "\" is not a region code such as CN-HA or CN-4101"));
}

int DateNumber(const google::type::Date& date) {
  return date.year() * 10000 + date.month() * 100 + date.day();
}

absl::Status CheckFullDate(const std::string& field, const google::type::Date& date) {
  if (date.year() > 0 && date.month() > 0 && date.day() > 0) return absl::OkStatus();
  return FieldInvalid(field, "must be a full date: year, month and day");
}

absl::Status CheckDateOrder(const std::string& field, const google::type::Date& first,
                            const google::type::Date& second, const std::string& message) {
  if (first.day() == 0 || second.day() == 0 || DateNumber(first) <= DateNumber(second)) {
    return absl::OkStatus();
  }
  return FieldInvalid(field, message);
}

}  // namespace policytrack::app
