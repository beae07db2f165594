#include "core/filter_scanner.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/error.h"
#include "core/utf8.h"

namespace policytrack {
namespace {

constexpr std::array<absl::string_view, 3> kKeywords = {"AND", "OR", "NOT"};

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool IsWordByte(char c) {
  const unsigned char byte = static_cast<unsigned char>(c);
  if (byte <= 0x20 || byte == 0x7f) return false;
  switch (c) {
    case '.':
    case ',':
    case '(':
    case ')':
    case '"':
    case '\'':
    case '=':
    case '<':
    case '>':
    case '!':
    case ':':
    case '\\':
      return false;
    default:
      return true;
  }
}

// The code point at the front of valid UTF-8.
char32_t FirstCodePoint(absl::string_view text, size_t* size) {
  const unsigned char lead = static_cast<unsigned char>(text[0]);
  *size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  char32_t result = lead & (*size == 1 ? 0x7f : 0xff >> (*size + 1));
  for (size_t i = 1; i < *size; ++i) {
    result = (result << 6) | (static_cast<unsigned char>(text[i]) & 0x3f);
  }
  return result;
}

// Characters that look like ones with a meaning in filters, as typographic
// quotes and full-width signs do, and spaces other than those of ASCII. In a
// word they would make a filter mean something other than what it looks like.
bool IsLookAlike(char32_t c) {
  static constexpr char32_t kSigns[] = {
      0x2018, 0x2019, 0x201a, 0x201c, 0x201d, 0x201e, 0x00ab, 0x00bb, 0xff02, 0xff07, 0xff08,
      0xff09, 0xff0c, 0xff1a, 0xff1c, 0xff1d, 0xff1e, 0x2212, 0x2260, 0x2264, 0x2265, 0x060c};
  if (std::find(std::begin(kSigns), std::end(kSigns), c) != std::end(kSigns)) return true;
  return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200b) || c == 0x2028 ||
         c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000 || c == 0xfeff;
}

// A date and the hour, after which a colon belongs to a time of day.
bool IsTimePrefix(absl::string_view text) {
  static constexpr absl::string_view kForm = "dddd-dd-ddTdd";
  if (text.size() < kForm.size()) return false;
  for (size_t i = 0; i < kForm.size(); ++i) {
    const char c = absl::ascii_toupper(static_cast<unsigned char>(text[i]));
    if (kForm[i] == 'd' ? !absl::ascii_isdigit(static_cast<unsigned char>(c)) : c != kForm[i]) {
      return false;
    }
  }
  return true;
}

void AppendUtf8(char32_t c, std::string* out) {
  if (c < 0x80) {
    out->push_back(static_cast<char>(c));
    return;
  }
  const int tail = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  static constexpr unsigned char kLead[] = {0, 0xc0, 0xe0, 0xf0};
  out->push_back(static_cast<char>(kLead[tail] | (c >> (6 * tail))));
  for (int i = tail - 1; i >= 0; --i) {
    out->push_back(static_cast<char>(0x80 | ((c >> (6 * i)) & 0x3f)));
  }
}

}  // namespace

void FilterScanner::SkipSpace() {
  while (!AtEnd() && IsSpace(text_[position_])) ++position_;
}

bool FilterScanner::Take(char c) {
  if (AtEnd() || text_[position_] != c) return false;
  ++position_;
  return true;
}

bool FilterScanner::PeekKeyword(absl::string_view keyword) const {
  const absl::string_view rest = text_.substr(position_);
  return rest.substr(0, keyword.size()) == keyword &&
         (rest.size() == keyword.size() || !IsWordByte(rest[keyword.size()]));
}

bool FilterScanner::PeekKeyword() const {
  return std::any_of(kKeywords.begin(), kKeywords.end(),
                     [this](absl::string_view keyword) { return PeekKeyword(keyword); });
}

bool FilterScanner::TakeComparator(FilterComparator* comparator) {
  const bool followed = position_ + 1 < text_.size() && text_[position_ + 1] == '=';
  switch (Peek()) {
    case '=':
      *comparator = FilterComparator::kEqual;
      ++position_;
      return true;
    case ':':
      *comparator = FilterComparator::kHas;
      ++position_;
      return true;
    case '!':
      if (!followed) return false;
      *comparator = FilterComparator::kNotEqual;
      position_ += 2;
      return true;
    case '<':
      *comparator = followed ? FilterComparator::kLessEqual : FilterComparator::kLess;
      position_ += followed ? 2 : 1;
      return true;
    case '>':
      *comparator = followed ? FilterComparator::kGreaterEqual : FilterComparator::kGreater;
      position_ += followed ? 2 : 1;
      return true;
    default:
      return false;
  }
}

absl::StatusOr<FilterToken> FilterScanner::Name() {
  return Peek() == '"' || Peek() == '\'' ? QuotedString() : Word(/*value=*/false);
}

absl::StatusOr<FilterToken> FilterScanner::Value() {
  return Peek() == '"' || Peek() == '\'' ? QuotedString() : Word(/*value=*/true);
}

absl::StatusOr<FilterToken> FilterScanner::Word(bool value) {
  FilterToken token;
  token.position = position_;
  while (!AtEnd()) {
    const char c = text_[position_];
    if (!IsWordByte(c) && !(value && (c == '.' || (c == ':' && IsTimePrefix(token.text))))) break;
    size_t size = 1;
    const char32_t code_point = FirstCodePoint(text_.substr(position_), &size);
    if (IsLookAlike(code_point)) {
      return ErrorAt(position_, absl::StrFormat("the character U+%04X is not an operator, quote or "
                                                "space here; use the ASCII one, or put the text "
                                                "that it belongs to into \"quotes\"",
                                                static_cast<uint32_t>(code_point)));
    }
    if (c == '*') token.stars.push_back(token.text.size());
    token.text.append(text_.data() + position_, size);
    position_ += size;
  }
  if (token.text.empty()) {
    return ErrorAt(position_,
                   absl::StrCat("expected a word or a string in quotes, found ", Found()));
  }
  return token;
}

absl::StatusOr<FilterToken> FilterScanner::QuotedString() {
  FilterToken token;
  token.quoted = true;
  token.position = position_;
  const char quote = text_[position_++];
  while (!AtEnd()) {
    const char c = text_[position_++];
    if (c == quote) return token;
    if (c == '\\') {
      PT_RETURN_IF_ERROR(Escape(&token));
      continue;
    }
    if (c == '*') token.stars.push_back(token.text.size());
    token.text.push_back(c);
  }
  return ErrorAt(token.position, "this quote is not closed");
}

absl::Status FilterScanner::Escape(FilterToken* token) {
  const size_t start = position_ - 1;
  switch (const char c = Peek()) {
    case '\\':
    case '"':
    case '\'':
    case '*':
      token->text.push_back(c);
      break;
    case 'n':
      token->text.push_back('\n');
      break;
    case 'r':
      token->text.push_back('\r');
      break;
    case 't':
      token->text.push_back('\t');
      break;
    case 'u': {
      PT_ASSIGN_OR_RETURN(char32_t code_point, HexUnit());
      if (code_point >= 0xd800 && code_point < 0xdc00 && text_.substr(position_, 2) == "\\u") {
        ++position_;
        PT_ASSIGN_OR_RETURN(const char32_t low, HexUnit());
        if (low < 0xdc00 || low > 0xdfff) return ErrorAt(start, "half of a surrogate pair");
        code_point = 0x10000 + ((code_point - 0xd800) << 10) + (low - 0xdc00);
      } else if (code_point >= 0xd800 && code_point <= 0xdfff) {
        return ErrorAt(start, "half of a surrogate pair");
      }
      AppendUtf8(code_point, &token->text);
      return absl::OkStatus();
    }
    default:
      return ErrorAt(start, R"(unknown escape; those known are \\ \" \' \* \n \r \t \uXXXX)");
  }
  ++position_;
  return absl::OkStatus();
}

absl::StatusOr<char32_t> FilterScanner::HexUnit() {
  const size_t start = position_;
  ++position_;  // the u
  char32_t result = 0;
  for (int i = 0; i < 4; ++i, ++position_) {
    const unsigned char c = static_cast<unsigned char>(Peek());
    if (!absl::ascii_isxdigit(c))
      return ErrorAt(start, "expected four hexadecimal digits after \\u");
    const char32_t digit = absl::ascii_isdigit(c) ? c - '0' : absl::ascii_tolower(c) - 'a' + 10u;
    result = result * 16 + digit;
  }
  return result;
}

absl::Status FilterScanner::CheckBoundary() const {
  const char c = Peek();
  if (AtEnd() || IsSpace(c) || c == ')') return absl::OkStatus();
  if (c == '(') return ErrorAt(position_, "functions are not supported");
  return ErrorAt(position_, absl::StrCat("expected a space after the value, found ", Found(),
                                         "; a value with other characters than letters, digits and "
                                         "-_+/* needs \"quotes\""));
}

absl::Status FilterScanner::ErrorAt(size_t position, absl::string_view message) const {
  return FilterErrorAt(text_, position, message);
}

std::string FilterScanner::Found() const {
  if (AtEnd()) return "the end";
  size_t size = 1;
  FirstCodePoint(text_.substr(position_), &size);
  return Quoted(text_.substr(position_, size));
}

absl::Status FilterErrorAt(absl::string_view text, size_t position, absl::string_view message) {
  position = std::min(position, text.size());
  const auto before = text.substr(0, position);
  const auto characters = 1 + std::count_if(before.begin(), before.end(), [](char c) {
                            return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
                          });
  return Error(absl::StatusCode::kInvalidArgument, reason::kFilterInvalid,
               absl::StrCat("filter, character ", characters, ": ", message),
               {{"field", "filter"}, {"position", absl::StrCat(characters)}});
}

}  // namespace policytrack
