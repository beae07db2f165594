#include "core/unit.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "core/error.h"
#include "core/utf8.h"

namespace policytrack {
namespace {

// Factors are whole numbers, so that they are exact: the base of a kind is its
// smallest unit.
constexpr std::array kUnits = {
    Unit{"vehicles", "count of vehicles", 1, true, "Vehicles"},
    Unit{"pieces", "count of pieces", 1, true, "Charging points, batteries and other devices"},
    Unit{"stations", "count of stations", 1, true,
         "Charging, battery-swap, hydrogen and other stations"},
    Unit{"places", "count of places", 1, true, "Places, such as parking places and work places"},
    Unit{"enterprises", "count of enterprises", 1, true, "Enterprises"},
    Unit{"institutions", "count of institutions", 1, true, "Institutions, such as laboratories"},
    Unit{"projects", "count of projects", 1, true, "Projects"},
    Unit{"patents", "count of patents", 1, true, "Patents"},
    Unit{"persons", "count of persons", 1, true, "Persons"},
    Unit{"households", "count of households", 1, true, "Households"},
    Unit{"yuan", "money in CNY", 1, true, "Yuan renminbi (ISO 4217 CNY), at current prices"},
    Unit{"usd", "money in USD", 1, true, "United States dollars, at current prices"},
    Unit{"eur", "money in EUR", 1, true, "Euros, at current prices"},
    Unit{"percent", "percent", 1, false, "Per cent: a share or a rate times 100"},
    Unit{"percentage_points", "percentage points", 1, false, "Difference of two percentages"},
    Unit{"ratio", "ratio", 1, false, "Plain number: a quotient"},
    Unit{"index", "index", 1, false, "Index number; its base is stated by the dataset"},
    Unit{"score", "score", 1, false, "Points on a scale that the dataset or plugin states"},
    Unit{"code", "code", 1, false, "Code number of a state; only its equality means something"},
    Unit{kPeriodUnit, "period", 1, false,
         "Period by its number in the frequency of the figures it stands among"},
    Unit{"kg", "mass", 1, true, "Kilograms"},
    Unit{"tonnes", "mass", 1e3, true, "Tonnes (1000 kg)"},
    Unit{"tonnes_co2e", "greenhouse gas", 1, true, "Tonnes of carbon dioxide equivalent"},
    Unit{"m", "length", 1, true, "Metres"},
    Unit{"km", "length", 1e3, true, "Kilometres"},
    Unit{"m2", "area", 1, true, "Square metres"},
    Unit{"hectares", "area", 1e4, true, "Hectares"},
    Unit{"km2", "area", 1e6, true, "Square kilometres"},
    Unit{"litres", "volume", 1, true, "Litres"},
    Unit{"m3", "volume", 1e3, true, "Cubic metres"},
    Unit{"kw", "power", 1, true, "Kilowatts"},
    Unit{"mw", "power", 1e3, true, "Megawatts"},
    Unit{"gw", "power", 1e6, true, "Gigawatts"},
    Unit{"kwh", "energy", 1, true, "Kilowatt-hours"},
    Unit{"mwh", "energy", 1e3, true, "Megawatt-hours"},
    Unit{"gwh", "energy", 1e6, true, "Gigawatt-hours"},
    Unit{"hours", "time", 1, true, "Hours"},
    Unit{"days", "time", 24, true, "Days of 24 hours"},
    Unit{"months", "calendar time", 1, true, "Calendar months"},
    Unit{"years", "calendar time", 12, true, "Calendar years"},
};

// Words that are customary for a unit with a multiplier.
struct CustomaryWord {
  absl::string_view code;
  int multiplier;
  absl::string_view word;
};
constexpr std::array kCustomaryWords = {
    CustomaryWord{"vehicles", 4, "万辆"}, CustomaryWord{"yuan", 4, "万元"},
    CustomaryWord{"yuan", 8, "亿元"},     CustomaryWord{"pieces", 4, "万个"},
    CustomaryWord{"stations", 0, "座"},
};

// Every one of these is a double exactly; 10^23 is none.
constexpr std::array kPowersOfTen = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                     1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                     1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

bool IsMultiplier(int multiplier) {
  return multiplier >= kMinUnitMultiplier && multiplier <= kMaxUnitMultiplier;
}

// Nothing where the product or quotient of whole numbers is not the decimal that is
// meant, so that its text must be moved.
std::optional<double> ShiftWhole(double value, int exponent) {
  if (std::abs(exponent) >= static_cast<int>(kPowersOfTen.size())) return std::nullopt;
  constexpr double kExactIntegers = 9007199254740992;  // 2^53
  constexpr double kFifteenDigits = 1e15;
  const double power = kPowersOfTen[static_cast<size_t>(std::abs(exponent))];
  // A whole number is the decimal that it stands for, and one operation on two exact
  // numbers is rounded once.
  if (value == std::trunc(value) && std::fabs(value) < kExactIntegers) {
    return exponent > 0 ? value * power : value / power;
  }
  if (exponent < 0) return std::nullopt;
  // 4.35 is not a double, and 10^4 times the one next to it rounds to
  // 43499.99999999999. The whole number that divides back to the value is what was
  // meant, and no other of so few digits does.
  const double whole = std::nearbyint(value * power);
  if (std::fabs(whole) < kFifteenDigits && whole / power == value) return whole;
  return std::nullopt;
}

double Scale(double value, int exponent) {
  if (!std::isfinite(value)) return value;
  const std::optional<double> shifted = ShiftDecimal(value, exponent);
  if (shifted.has_value()) return *shifted;
  return exponent > 0 ? std::copysign(std::numeric_limits<double>::infinity(), value) : 0;
}

size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

// Words of a power of ten that are taken for a unit.
constexpr std::array<std::pair<absl::string_view, int>, 6> kMultiplierWords = {
    {{"千", 3}, {"万", 4}, {"百万", 6}, {"千万", 7}, {"亿", 8}, {"万亿", 12}}};

std::string NearestCodes(absl::string_view code) {
  constexpr size_t kHowMany = 3;
  constexpr size_t kCompared = 32;  // no code is longer
  std::vector<std::pair<size_t, absl::string_view>> ranked;
  for (const Unit& unit : kUnits) {
    ranked.emplace_back(EditDistance(code.substr(0, kCompared), unit.code), unit.code);
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  ranked.resize(kHowMany);
  return absl::StrJoin(ranked, ", ", [](std::string* out, const auto& entry) {
    absl::StrAppend(out, entry.second);
  });
}

}  // namespace

bool HasMeanOverTime(const Unit& unit) {
  return unit.additive || unit.kind == "index" || unit.kind == "score";
}

const Unit* FindUnit(absl::string_view code) {
  const auto it = std::find_if(kUnits.begin(), kUnits.end(),
                               [code](const Unit& unit) { return unit.code == code; });
  return it == kUnits.end() ? nullptr : &*it;
}

std::string UnitOfChange(absl::string_view code) {
  return code == "percent" ? "percentage_points" : std::string(code);
}

std::optional<UnitOfSlot> ParseUnitOfSlot(absl::string_view declared) {
  if (!absl::ConsumePrefix(&declared, "@")) return std::nullopt;
  UnitOfSlot result;
  result.of_change = absl::ConsumeSuffix(&declared, ":change");
  result.slot = std::string(declared);
  return result;
}

const std::vector<Unit>& AllUnits() {
  static const auto* const units = new std::vector<Unit>(kUnits.begin(), kUnits.end());
  return *units;
}

absl::Status CheckUnit(absl::string_view field, absl::string_view code) {
  if (code.empty()) return FieldRequired(field, "must be a code of the unit list (docs/units.md)");
  if (FindUnit(code) != nullptr) return absl::OkStatus();
  if (const auto customary = FindCustomaryWord(code); customary.has_value()) {
    return FieldInvalid(field,
                        absl::StrCat(Quoted(code), " is not a code of the unit list; write \"",
                                     customary->first, "\" with multiplier ", customary->second));
  }
  for (const auto& [word, multiplier] : kMultiplierWords) {
    if (code != word) continue;
    return FieldInvalid(field,
                        absl::StrCat(Quoted(code),
                                     " is a multiplier and says not of what; write a code of "
                                     "the unit list (docs/units.md) with multiplier ",
                                     multiplier));
  }
  return FieldInvalid(field, absl::StrCat(Quoted(code),
                                          " is not a code of the unit list (docs/units.md); the "
                                          "nearest are ",
                                          NearestCodes(code)));
}

absl::Status CheckUnitMultiplier(absl::string_view field, int multiplier) {
  if (IsMultiplier(multiplier)) return absl::OkStatus();
  return FieldInvalid(field, absl::StrCat(multiplier, " is not a power of ten from ",
                                          kMinUnitMultiplier, " to ", kMaxUnitMultiplier,
                                          "; write 4 for ten thousands, 8 for hundred millions"));
}

std::optional<double> ShiftDecimal(double value, int exponent) {
  if (!std::isfinite(value)) return std::nullopt;
  if (exponent == 0 || value == 0) return value + 0.0;
  std::optional<double> result = ShiftWhole(value, exponent);
  if (!result.has_value()) {
    char text[64];
    const auto written =
        std::to_chars(text, text + sizeof(text), value, std::chars_format::scientific);
    char* mark = text;
    while (*mark != 'e') ++mark;
    // from_chars takes no plus sign.
    const char* digits = mark[1] == '+' ? mark + 2 : mark + 1;
    int own = 0;
    std::from_chars(digits, written.ptr, own);
    const auto shifted = std::to_chars(mark + 1, text + sizeof(text), own + exponent);
    double parsed = 0;
    if (std::from_chars(text, shifted.ptr, parsed).ec != std::errc()) return std::nullopt;
    result = parsed;
  }
  if (!std::isfinite(*result) || *result == 0) return std::nullopt;
  return result;
}

double ScaleToBase(double value, int multiplier) {
  if (!IsMultiplier(multiplier)) return std::numeric_limits<double>::quiet_NaN();
  return Scale(value, multiplier);
}

double ScaleFromBase(double value, int multiplier) {
  if (!IsMultiplier(multiplier)) return std::numeric_limits<double>::quiet_NaN();
  return Scale(value, -multiplier);
}

std::string UnitLabel(absl::string_view code, int multiplier) {
  for (const CustomaryWord& customary : kCustomaryWords) {
    if (customary.code == code && customary.multiplier == multiplier) {
      return std::string(customary.word);
    }
  }
  if (multiplier == 0) return std::string(code);
  return absl::StrCat("10^", multiplier, " ", code);
}

std::optional<std::pair<absl::string_view, int>> FindCustomaryWord(absl::string_view word) {
  for (const CustomaryWord& customary : kCustomaryWords) {
    if (customary.word == word) return std::make_pair(customary.code, customary.multiplier);
  }
  return std::nullopt;
}

}  // namespace policytrack
