#include <cmath>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "core/filter_path.h"
#include "core/name_suggestion.h"
#include "core/utf8.h"

namespace policytrack {
namespace {

bool IsOrder(FilterComparator comparator) {
  return comparator == FilterComparator::kLess || comparator == FilterComparator::kLessEqual ||
         comparator == FilterComparator::kGreater || comparator == FilterComparator::kGreaterEqual;
}

// Reads one literal for one path.
class LiteralReader {
 public:
  LiteralReader(const FilterScanner& scanner, const FilterPath& path, FilterComparator comparator,
                const FilterToken& token)
      : scanner_(scanner), path_(path), comparator_(comparator), token_(token) {}

  absl::StatusOr<FilterLiteral> Read() {
    if (comparator_ == FilterComparator::kHas && token_.text == "*" && !token_.stars.empty()) {
      literal_.presence = true;
      return literal_;
    }
    PT_RETURN_IF_ERROR(path_.is_map ? ReadPattern() : ReadForLeaf());
    return literal_;
  }

 private:
  absl::Status Wrong(absl::string_view expected) const {
    return scanner_.ErrorAt(token_.position, absl::StrCat(path_.text, " takes ", expected, ", not ",
                                                          Quoted(token_.text)));
  }

  absl::Status ReadPattern() {
    if (IsOrder(comparator_) && !token_.stars.empty()) {
      return scanner_.ErrorAt(token_.position,
                              R"(a wildcard cannot be ordered; write "\*" for a star)");
    }
    PT_ASSIGN_OR_RETURN(literal_.pattern, ReadFilterPattern(scanner_, token_));
    return absl::OkStatus();
  }

  absl::Status ReadForLeaf() {
    switch (path_.leaf) {
      case FilterLeaf::kString:
        return ReadPattern();
      case FilterLeaf::kBytes:
        return scanner_.ErrorAt(token_.position,
                                absl::StrCat(path_.text,
                                             " is bytes, which cannot be compared; only "
                                             "presence can be asked, with ",
                                             path_.text, ":*"));
      case FilterLeaf::kBool:
        if (token_.text != "true" && token_.text != "false") return Wrong("true or false");
        literal_.boolean = token_.text == "true";
        return absl::OkStatus();
      case FilterLeaf::kInteger:
      case FilterLeaf::kDouble:
      case FilterLeaf::kFloat:
        return ReadNumber();
      case FilterLeaf::kEnum:
        return ReadEnum();
      case FilterLeaf::kTimestamp:
      case FilterLeaf::kDate:
      case FilterLeaf::kDuration:
        return ReadTime();
      case FilterLeaf::kMessage:
        return ReadFieldOfMessage();
      case FilterLeaf::kStruct:
      case FilterLeaf::kValue:
      case FilterLeaf::kListValue:
        return ReadDynamic();
    }
    return absl::InternalError("a leaf without a reader");
  }

  absl::Status ReadNumber() {
    const auto number = ParseFilterNumber(token_.text);
    if (!number.has_value()) {
      return Wrong(path_.leaf == FilterLeaf::kInteger ? "a whole number such as 42"
                                                      : "a number such as -1.5 or 2e9");
    }
    literal_.number = number;
    const double value = number->double_value;
    if (path_.leaf == FilterLeaf::kInteger && !IsOrder(comparator_) && !number->whole() &&
        std::floor(value) != value) {
      return Wrong("a whole number");
    }
    if (path_.leaf == FilterLeaf::kFloat && std::abs(value) <= std::numeric_limits<float>::max()) {
      // A float field holds the nearest float, and so must what it is compared with.
      literal_.number->kind = FilterNumber::Kind::kDouble;
      literal_.number->double_value = static_cast<double>(static_cast<float>(value));
    }
    return absl::OkStatus();
  }

  absl::Status ReadEnum() {
    const auto* const type = path_.value_field->enum_type();
    const auto* const value = type->FindValueByName(token_.text);
    if (value == nullptr) {
      return scanner_.ErrorAt(
          token_.position,
          absl::StrCat(std::string(type->name()), " has no value ", Quoted(token_.text), "; ",
                       SuggestEnumValue(type, token_.text)));
    }
    literal_.enum_number = value->number();
    return absl::OkStatus();
  }

  absl::Status ReadTime() {
    if (path_.leaf == FilterLeaf::kDate) {
      const auto days = ParseFilterDays(token_.text);
      if (!days.has_value()) return Wrong("a date such as 2024-09-05, or 2024-09, or 2024");
      literal_.days = *days;
      return absl::OkStatus();
    }
    const bool timestamp = path_.leaf == FilterLeaf::kTimestamp;
    const auto seconds =
        timestamp ? ParseFilterTimestamp(token_.text) : ParseFilterDuration(token_.text);
    if (!seconds.has_value()) {
      return Wrong(timestamp ? "a time with an offset such as \"2024-09-05T08:00:00+08:00\" or "
                               "\"2024-09-05T00:00:00Z\""
                             : "a duration in seconds such as 20s or 1.5s");
    }
    literal_.seconds = *seconds;
    return absl::OkStatus();
  }

  // `baseline:value` asks whether the field is set, as `baseline.value:*` does.
  absl::Status ReadFieldOfMessage() {
    const auto* const type = path_.value_field->message_type();
    const auto* const field = type->FindFieldByName(token_.text);
    if (field == nullptr) {
      return scanner_.ErrorAt(
          token_.position,
          absl::StrCat(path_.text, " has no field ", Quoted(token_.text),
                       " that could be set; to compare a value, write ", path_.text, ".field",
                       path_.is_repeated ? ":" : " = ", Quoted(token_.text), "; ",
                       SuggestField(type, token_.text)));
    }
    literal_.pattern.text = token_.text;
    return absl::OkStatus();
  }

  absl::Status ReadDynamic() {
    PT_RETURN_IF_ERROR(ReadPattern());
    if (token_.quoted) return absl::OkStatus();
    literal_.number = ParseFilterNumber(token_.text);
    if (token_.text == "true" || token_.text == "false") literal_.boolean = token_.text == "true";
    literal_.null = token_.text == "null";
    return absl::OkStatus();
  }

  const FilterScanner& scanner_;
  const FilterPath& path_;
  const FilterComparator comparator_;
  const FilterToken& token_;
  FilterLiteral literal_;
};

}  // namespace

absl::StatusOr<FilterPattern> ReadFilterPattern(const FilterScanner& scanner,
                                                const FilterToken& token) {
  FilterPattern pattern;
  absl::string_view text = token.text;
  size_t stars = token.stars.size();
  if (stars > 0 && token.stars.front() == 0) {
    pattern.open_start = true;
    text.remove_prefix(1);
    --stars;
  }
  if (stars > 0 && token.stars.back() == token.text.size() - 1) {
    pattern.open_end = true;
    text.remove_suffix(1);
    --stars;
  }
  if (stars > 0) {
    return scanner.ErrorAt(token.position,
                           R"(a wildcard * can stand only at the ends; write "\*" for a star)");
  }
  pattern.text = std::string(text);
  return pattern;
}

absl::StatusOr<FilterLiteral> ReadFilterLiteral(const FilterScanner& scanner,
                                                const FilterPath& path, FilterComparator comparator,
                                                const FilterToken& token) {
  return LiteralReader(scanner, path, comparator, token).Read();
}

}  // namespace policytrack
