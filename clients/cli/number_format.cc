#include "clients/cli/number_format.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"

namespace policytrack::cli {
namespace {

constexpr absl::string_view kNoBreakSpace = "\u00a0";
constexpr absl::string_view kNarrowNoBreakSpace = "\u202f";
constexpr absl::string_view kMinusSign = "\u2212";

// Separators with the words that stand for what nobody can see in a file.
constexpr std::array<std::pair<absl::string_view, absl::string_view>, 7> kSeparators = {{
    {"comma", ","},
    {"point", "."},
    {"apostrophe", "'"},
    {"right single quote", "\u2019"},
    {"space", " "},
    {"no-break space", kNoBreakSpace},
    {"narrow no-break space", kNarrowNoBreakSpace},
}};

// The digits of a script and what is written with them.
struct Script {
  Digits digits;
  absl::string_view word;
  absl::string_view zero;  // the last byte of the other digits is this one's plus 1 to 9
  absl::string_view decimal;
  absl::string_view thousands;
  absl::string_view minus;
  absl::string_view percent;
};
constexpr std::array kScripts = {
    Script{Digits::kFullWidth, "full-width", "\uff10", "\uff0e", "\uff0c", "\uff0d", "\uff05"},
    Script{Digits::kArabicIndic, "arabic-indic", "\u0660", "\u066b", "\u066c", "\u2212", "\u066a"},
    Script{Digits::kExtendedArabicIndic, "extended-arabic-indic", "\u06f0", "\u066b", "\u066c",
           "\u2212", "\u066a"},
};

// Marks of direction around a sign; they show nothing.
constexpr std::array<absl::string_view, 3> kDirectionMarks = {"\u200e", "\u200f", "\u061c"};

const Script* FindScript(Digits digits) {
  const auto* it = std::find_if(kScripts.begin(), kScripts.end(),
                                [&](const Script& script) { return script.digits == digits; });
  return it == kScripts.end() ? nullptr : it;
}

class Reader {
 public:
  Reader(absl::string_view text, const NumberFormat& format)
      : rest_(text), format_(format), script_(FindScript(format.digits)) {}

  std::optional<std::string> Read() {
    StripPercent();
    StripMarks();
    if (Take("-") || Take(kMinusSign) || (script_ != nullptr && Take(script_->minus))) {
      plain_ = "-";
    } else {
      Take("+");
    }
    StripMarks();
    if (!ReadWhole()) return std::nullopt;
    if (TakeDecimal()) {
      plain_ += '.';
      if (ReadDigits() == 0) return std::nullopt;
    }
    if (ascii_ && other_) return std::nullopt;
    // An exponent stays as it is; the reader of plain numbers checks it. None is written
    // where digits are in groups.
    const bool exponent = !rest_.empty() && (rest_[0] == 'e' || rest_[0] == 'E');
    if (!rest_.empty() && (!exponent || other_ || grouped_)) return std::nullopt;
    return absl::StrCat(plain_, rest_);
  }

 private:
  bool Take(absl::string_view text) { return absl::ConsumePrefix(&rest_, text); }

  void StripMarks() {
    if (script_ == nullptr || script_->digits == Digits::kFullWidth) return;
    for (const absl::string_view mark : kDirectionMarks) Take(mark);
  }

  void StripPercent() {
    if (!format_.percent) return;
    if (!absl::ConsumeSuffix(&rest_, "%") &&
        (script_ == nullptr || !absl::ConsumeSuffix(&rest_, script_->percent))) {
      return;
    }
    for (const absl::string_view space :
         {absl::string_view(" "), kNoBreakSpace, kNarrowNoBreakSpace}) {
      if (absl::ConsumeSuffix(&rest_, space)) return;
    }
  }

  bool TakeDecimal() {
    return Take(absl::string_view(&format_.decimal, 1)) ||
           (script_ != nullptr && Take(script_->decimal));
  }

  // A separator that may stand between groups; "" when there is none.
  absl::string_view TakeSeparator() {
    if (script_ != nullptr && Take(script_->thousands)) return script_->thousands;
    for (const std::string& separator : format_.thousands) {
      if (Take(separator)) return separator;
    }
    return "";
  }

  bool ReadWhole() {
    size_t digits = ReadDigits();
    if (digits == 0) return false;
    absl::string_view first;
    while (true) {
      const absl::string_view separator = TakeSeparator();
      if (separator.empty()) return true;
      if (first.empty()) {
        first = separator;
        grouped_ = true;
        if (digits > 3) return false;
      }
      if (separator != first) return false;
      digits = ReadDigits();
      if (digits != 3) return false;
    }
  }

  size_t ReadDigits() {
    size_t count = 0;
    while (!rest_.empty()) {
      if (rest_[0] >= '0' && rest_[0] <= '9') {
        ascii_ = true;
        plain_ += rest_[0];
        rest_.remove_prefix(1);
      } else if (const int digit = OtherDigit(); digit >= 0) {
        other_ = true;
        plain_ += static_cast<char>('0' + digit);
        rest_.remove_prefix(script_->zero.size());
      } else {
        break;
      }
      ++count;
    }
    return count;
  }

  int OtherDigit() const {
    if (script_ == nullptr || rest_.size() < script_->zero.size()) return -1;
    const size_t last = script_->zero.size() - 1;
    if (rest_.substr(0, last) != script_->zero.substr(0, last)) return -1;
    const int digit =
        static_cast<unsigned char>(rest_[last]) - static_cast<unsigned char>(script_->zero[last]);
    return digit <= 9 ? digit : -1;
  }

  absl::string_view rest_;
  const NumberFormat& format_;
  const Script* script_;
  std::string plain_;
  bool ascii_ = false;
  bool other_ = false;
  bool grouped_ = false;
};

// A sign as a plain number has it: `+` says nothing, and U+2212 is a minus.
std::string PlainSign(absl::string_view text) {
  absl::string_view rest = text;
  if (absl::ConsumePrefix(&rest, kMinusSign)) return absl::StrCat("-", rest);
  if (rest.size() > 1 && rest[0] == '+' && rest[1] != '-') rest.remove_prefix(1);
  return std::string(rest);
}

}  // namespace

std::optional<std::string> PlainNumber(absl::string_view text, const NumberFormat& format) {
  if (format.plain()) return PlainSign(text);
  return Reader(text, format).Read();
}

std::string ThousandsSeparator(absl::string_view text) {
  for (const auto& [word, separator] : kSeparators) {
    if (text == word || text == separator) return std::string(separator);
  }
  return "";
}

std::optional<Digits> ParseDigits(absl::string_view word) {
  if (word == "ascii") return Digits::kAscii;
  for (const Script& script : kScripts) {
    if (script.word == word) return script.digits;
  }
  return std::nullopt;
}

std::string DescribeFormat(const NumberFormat& format) {
  if (format.plain()) {
    return "write digits with a point and without separators, or say in a mapping how the file "
           "has them (`decimal`, `thousands`, `digits`, `percent`)";
  }
  std::vector<absl::string_view> words;
  for (const std::string& separator : format.thousands) {
    for (const auto& [word, text] : kSeparators) {
      if (text == separator) words.push_back(word);
    }
  }
  const Script* script = FindScript(format.digits);
  return absl::StrCat("the mapping says decimal `", absl::string_view(&format.decimal, 1),
                      "`, thousands `", words.empty() ? "none" : absl::StrJoin(words, ", "), "`",
                      script == nullptr ? "" : absl::StrCat(", digits `", script->word, "`"),
                      format.percent ? ", percent `true`" : "");
}

}  // namespace policytrack::cli
