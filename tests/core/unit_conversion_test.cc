#include "core/unit_conversion.h"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "core/unit.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace policytrack {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

double Convert(double value, const ScaledUnit& from, const ScaledUnit& to) {
  const auto ratio = RatioBetween(from, to);
  EXPECT_TRUE(ratio.has_value()) << from.unit << " to " << to.unit;
  return ratio.has_value() ? ratio->Apply(value).value_or(std::nan("")) : std::nan("");
}

TEST(UnitConversionTest, EveryPairOfOneKindConvertsAndNoOther) {
  for (const Unit& a : AllUnits()) {
    for (const Unit& b : AllUnits()) {
      const auto ratio = RatioBetween({std::string(a.code), 0}, {std::string(b.code), 0});
      ASSERT_EQ(ratio.has_value(), a.kind == b.kind) << a.code << " to " << b.code;
      if (!ratio.has_value()) continue;
      // 5040 has the factors of every whole ratio that is none of ten.
      EXPECT_EQ(*ratio->Apply(5040), 5040 * a.factor / b.factor) << a.code << " to " << b.code;
    }
  }
  EXPECT_FALSE(RatioBetween({"no-unit", 0}, {"no-unit", 0}).has_value());
  EXPECT_FALSE(RatioBetween({"percent", 0}, {"percentage_points", 0}).has_value());
  EXPECT_FALSE(RatioBetween({"percent", 0}, {"ratio", 0}).has_value());
  EXPECT_FALSE(RatioBetween({"yuan", 8}, {"usd", 8}).has_value());
}

// The words of plans and of statistical offices: each is on the list, or stands for
// an entry of it with a multiplier.
TEST(UnitConversionTest, TheListHasWhatPlansSpeakOf) {
  struct Case {
    const char* word;
    const char* kind;
    double base;  // one of it, in the base unit of its kind
  };
  for (const Case& c :
       {Case{"vehicles", "count of vehicles", 1}, Case{"万辆", "count of vehicles", 1e4},
        Case{"yuan", "money in CNY", 1}, Case{"亿元", "money in CNY", 1e8},
        Case{"万元", "money in CNY", 1e4}, Case{"percent", "percent", 1},
        Case{"percentage_points", "percentage points", 1}, Case{"pieces", "count of pieces", 1},
        Case{"stations", "count of stations", 1}, Case{"kw", "power", 1}, Case{"km", "length", 1e3},
        Case{"days", "time", 24}, Case{"tonnes", "mass", 1e3},
        Case{"persons", "count of persons", 1}, Case{"index", "index", 1}}) {
    const auto unit = ParseUnitText(c.word);
    ASSERT_TRUE(unit.has_value()) << c.word;
    const Unit* of = FindUnit(unit->unit);
    EXPECT_EQ(std::string(of->kind), c.kind) << c.word;
    EXPECT_EQ(ScaleToBase(of->factor, unit->multiplier), c.base) << c.word;
  }
}

TEST(UnitConversionTest, WhatWasPublishedComesBack) {
  // 4.35 of ten thousands, kept as vehicles, and kept as it was published.
  EXPECT_EQ(Convert(4.35, {"vehicles", 4}, {"vehicles", 0}), 43500);
  EXPECT_EQ(Convert(43500, {"vehicles", 0}, {"vehicles", 4}), 4.35);
  EXPECT_EQ(Convert(4.35, {"vehicles", 4}, {"vehicles", 4}), 4.35);
  EXPECT_EQ(Convert(272983.5, {"yuan", 4}, {"yuan", 8}), 27.29835);
  EXPECT_EQ(Convert(27.29835, {"yuan", 8}, {"yuan", 4}), 272983.5);
  EXPECT_EQ(Convert(0.07, {"tonnes", 4}, {"kg", 0}), 700000);
  EXPECT_EQ(Convert(1.1, {"gwh", 0}, {"kwh", 8}), 0.011);
  EXPECT_EQ(Convert(1.5, {"days", 0}, {"hours", 0}), 36);
  EXPECT_EQ(Convert(18, {"months", 0}, {"years", 0}), 1.5);
}

// Not only of whole numbers: dividing the double nearest to 27298.35 would give
// 2.7298349999999996 or its like for some of these.
TEST(UnitConversionTest, FiguresOfFifteenDigitsAreExactBothWays) {
  std::mt19937_64 random(20261126);
  for (int i = 0; i < 20000; ++i) {
    const uint64_t digits = random() % 1000000000000000;
    const int places = static_cast<int>(random() % 12);
    const int shift = static_cast<int>(random() % 27) - 13;
    const double value = std::strtod(absl::StrCat(digits, "e-", places).c_str(), nullptr);
    const double meant = std::strtod(absl::StrCat(digits, "e", shift - places).c_str(), nullptr);
    const auto shifted = ShiftDecimal(value, shift);
    ASSERT_TRUE(shifted.has_value()) << digits << " " << places << " " << shift;
    ASSERT_EQ(*shifted, meant) << digits << " " << places << " " << shift;
    ASSERT_EQ(ShiftDecimal(*shifted, -shift), value) << digits << " " << places << " " << shift;
    ASSERT_EQ(ShiftDecimal(-value, shift), -meant + 0.0);
  }
}

TEST(UnitConversionTest, WhatADoubleCannotHoldIsNothing) {
  EXPECT_FALSE(ShiftDecimal(1e300, 15).has_value());
  EXPECT_FALSE(ShiftDecimal(-1e300, 15).has_value());
  EXPECT_FALSE(ShiftDecimal(1e-320, -15).has_value());
  EXPECT_FALSE(ShiftDecimal(std::nan(""), 0).has_value());
  EXPECT_FALSE(ShiftDecimal(std::numeric_limits<double>::infinity(), -4).has_value());
  EXPECT_EQ(ShiftDecimal(0, 15), 0);
  EXPECT_FALSE(std::signbit(*ShiftDecimal(-0.0, -4)));
  EXPECT_EQ(ShiftDecimal(1e300, -15), 1e285);
  EXPECT_EQ(ShiftDecimal(5, 27), 5e27);
}

TEST(UnitConversionTest, WhatAReadMayAskFor) {
  EXPECT_TRUE(CheckAskedUnit("", 0).ok());
  EXPECT_TRUE(CheckAskedUnit("vehicles", 4).ok());
  EXPECT_TRUE(CheckAskedUnit("period", 0).ok());
  const auto refused = [](absl::string_view unit, int multiplier) {
    const absl::Status status = CheckAskedUnit(unit, multiplier);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return absl::StrCat(ReasonOf(status), " ", MetadataOf(status, "field"));
  };
  EXPECT_EQ(refused("", 4), "FIELD_REQUIRED unit");
  EXPECT_EQ(refused("vehicle", 0), "FIELD_INVALID unit");
  EXPECT_EQ(refused("万辆", 0), "FIELD_INVALID unit");
  EXPECT_EQ(refused("vehicles", 16), "FIELD_INVALID unit_multiplier");
  EXPECT_EQ(refused("period", 1), "FIELD_INVALID unit_multiplier");
  EXPECT_EQ(refused("code", 4), "FIELD_INVALID unit_multiplier");
}

TEST(UnitConversionTest, RefusalsSayWhatWouldDo) {
  const absl::Status status = NotConvertible("datasets/x", {"tonnes"}, "km");
  EXPECT_EQ(ReasonOf(status), reason::kFieldInvalid);
  EXPECT_EQ(MetadataOf(status, "field"), "unit");
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("datasets/x is in tonnes"), HasSubstr("km (length)"),
                    HasSubstr("it can be read in kg, tonnes")));
  EXPECT_THAT(std::string(BeyondDoubles("2024-01", {"yuan", -12}).message()),
              HasSubstr("the value of 2024-01 is beyond what a double holds in 10^-12 yuan"));
}

TEST(UnitConversionTest, LabelsAreReadAsTheyAreWritten) {
  for (const Unit& unit : AllUnits()) {
    for (int m = kMinUnitMultiplier; m <= kMaxUnitMultiplier; ++m) {
      const auto read = ParseUnitText(UnitLabel(unit.code, m));
      ASSERT_TRUE(read.has_value()) << UnitLabel(unit.code, m);
      EXPECT_EQ(read->unit, std::string(unit.code));
      EXPECT_EQ(read->multiplier, m);
    }
  }
  EXPECT_EQ(ParseUnitText("万辆")->unit, "vehicles");
  EXPECT_EQ(ParseUnitText("亿元")->multiplier, 8);
  for (const char* text : {"", "vehicle", "10^4", "10^16 yuan", "10^x yuan", "10^4 万辆", "CNY"}) {
    EXPECT_FALSE(ParseUnitText(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace policytrack
