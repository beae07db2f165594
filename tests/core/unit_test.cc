#include "core/unit.h"

#include <cmath>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace policytrack {
namespace {

using ::testing::HasSubstr;

// The rows of the table of units, cell by cell.
std::vector<std::vector<std::string>> DocumentRows() {
  std::ifstream file(POLICYTRACK_UNITS_DOCUMENT);
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("| `", 0) != 0) continue;
    std::vector<std::string> cells;
    for (const absl::string_view cell : absl::StrSplit(line, '|')) {
      cells.emplace_back(absl::StripAsciiWhitespace(cell));
    }
    if (cells.size() == 7) rows.push_back({cells.begin() + 1, cells.end() - 1});
  }
  return rows;
}

TEST(UnitTest, TheDocumentIsTheList) {
  const auto rows = DocumentRows();
  ASSERT_EQ(rows.size(), AllUnits().size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const Unit& unit = AllUnits()[i];
    EXPECT_EQ(rows[i][0], absl::StrCat("`", unit.code, "`"));
    EXPECT_EQ(rows[i][1], std::string(unit.kind)) << unit.code;
    EXPECT_EQ(rows[i][2], absl::StrCat(static_cast<int64_t>(unit.factor))) << unit.code;
    EXPECT_EQ(rows[i][3], unit.additive ? "yes" : "no") << unit.code;
    EXPECT_EQ(rows[i][4], std::string(unit.summary)) << unit.code;
  }
}

TEST(UnitTest, TheListIsConsistent) {
  std::set<std::string> codes;
  std::set<std::string> bases;
  for (const Unit& unit : AllUnits()) {
    EXPECT_TRUE(codes.insert(std::string(unit.code)).second) << unit.code;
    EXPECT_EQ(FindUnit(unit.code)->code, unit.code);
    EXPECT_TRUE(CheckUnit("unit", unit.code).ok());
    EXPECT_GE(unit.factor, 1);
    EXPECT_EQ(unit.factor, std::floor(unit.factor)) << "factors must be exact";
    if (unit.factor == 1) {
      EXPECT_TRUE(bases.insert(std::string(unit.kind)).second) << unit.kind;
    }
  }
  for (const Unit& unit : AllUnits()) {
    EXPECT_EQ(bases.count(std::string(unit.kind)), 1u) << unit.kind << " has no base";
  }
  for (const char* code : {"vehicles", "pieces", "stations", "enterprises", "persons",
                           "yuan",     "usd",    "eur",      "percent",     "percentage_points",
                           "ratio",    "index",  "score",    "code",        "tonnes",
                           "km",       "kw",     "kwh",      "days",        "years",
                           "places"}) {
    EXPECT_NE(FindUnit(code), nullptr) << code;
  }
}

TEST(UnitTest, WhatMayBeAddedAndCompared) {
  for (const char* code :
       {"percent", "percentage_points", "ratio", "index", "score", "code", "period"}) {
    EXPECT_FALSE(FindUnit(code)->additive) << code;
    for (const Unit& other : AllUnits()) {
      EXPECT_EQ(other.kind == FindUnit(code)->kind, other.code == code) << code;
    }
  }
  EXPECT_EQ(FindUnit("tonnes")->kind, FindUnit("kg")->kind);
  EXPECT_EQ(FindUnit("tonnes")->factor / FindUnit("kg")->factor, 1000);
  EXPECT_EQ(FindUnit("gwh")->factor / FindUnit("mwh")->factor, 1000);
  EXPECT_EQ(FindUnit("mw")->factor / FindUnit("kw")->factor, 1000);
  EXPECT_EQ(FindUnit("km")->factor / FindUnit("m")->factor, 1000);
  EXPECT_NE(FindUnit("yuan")->kind, FindUnit("usd")->kind);
  EXPECT_NE(FindUnit("vehicles")->kind, FindUnit("pieces")->kind);
  EXPECT_NE(FindUnit("kw")->kind, FindUnit("kwh")->kind);
}

TEST(UnitTest, UnknownCodesAreRefusedWithTheNearest) {
  EXPECT_EQ(FindUnit("vehicle"), nullptr);
  EXPECT_EQ(FindUnit(""), nullptr);
  EXPECT_EQ(FindUnit("Vehicles"), nullptr);
  const absl::Status required = CheckUnit("dataset.unit", "");
  EXPECT_EQ(ReasonOf(required), reason::kFieldRequired);
  const absl::Status invalid = CheckUnit("dataset.unit", "vehicle");
  EXPECT_EQ(invalid.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(invalid), reason::kFieldInvalid);
  EXPECT_EQ(MetadataOf(invalid, "field"), "dataset.unit");
  EXPECT_THAT(std::string(invalid.message()), HasSubstr("the nearest are vehicles"));
  EXPECT_THAT(std::string(CheckUnit("unit", "亿元").message()),
              HasSubstr("write \"yuan\" with multiplier 8"));
  EXPECT_EQ(std::string(CheckUnit("unit", "万").message()),
            "unit: \"万\" is a multiplier and says not of what; write a code of the unit list "
            "(docs/units.md) with multiplier 4");
  EXPECT_FALSE(CheckUnit("unit", std::string(1 << 20, 'v')).ok());
  EXPECT_FALSE(CheckUnit("unit", "\xff\xfe").ok());
}

TEST(UnitTest, Multipliers) {
  for (int m = kMinUnitMultiplier; m <= kMaxUnitMultiplier; ++m) {
    EXPECT_TRUE(CheckUnitMultiplier("unit_multiplier", m).ok());
    EXPECT_EQ(ScaleToBase(1, m), std::strtod(absl::StrCat("1e", m).c_str(), nullptr)) << m;
    EXPECT_EQ(ScaleFromBase(1, m), std::strtod(absl::StrCat("1e", -m).c_str(), nullptr)) << m;
  }
  for (const int m : {-13, 16, std::numeric_limits<int>::min(), std::numeric_limits<int>::max()}) {
    const absl::Status status = CheckUnitMultiplier("dataset.unit_multiplier", m);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ReasonOf(status), reason::kFieldInvalid);
    EXPECT_EQ(MetadataOf(status, "field"), "dataset.unit_multiplier");
    EXPECT_TRUE(std::isnan(ScaleToBase(1, m)));
    EXPECT_TRUE(std::isnan(ScaleFromBase(1, m)));
  }
}

TEST(UnitTest, PublishedFiguresRoundTrip) {
  struct Case {
    double value;
    int multiplier;
    double base;
  };
  for (const Case& c :
       {Case{102.4, 4, 1024000}, Case{1669.6, 4, 16696000}, Case{10.19, 4, 101900},
        Case{102.4, 8, 10240000000}, Case{1669.6, 8, 166960000000}, Case{10.19, 8, 1019000000},
        Case{27298.3, 8, 2729830000000}, Case{27298.3, 4, 272983000}, Case{4.35, 4, 43500},
        Case{-4.35, 4, -43500}, Case{0.07, 4, 700}, Case{0, 8, 0}}) {
    EXPECT_EQ(ScaleToBase(c.value, c.multiplier), c.base) << c.value;
    EXPECT_EQ(ScaleFromBase(c.base, c.multiplier), c.value) << c.base;
    EXPECT_EQ(ScaleFromBase(c.base / 1e15, 0), c.base / 1e15);
  }
}

TEST(UnitTest, DecimalFiguresComeToExactlyTheWholeNumberMeant) {
  for (int64_t hundredths = 1; hundredths < 300000; hundredths += 7) {
    const double value = static_cast<double>(hundredths) / 100;
    for (const int multiplier : {4, 8}) {
      const double base = ScaleToBase(value, multiplier);
      const int64_t meant = hundredths * (multiplier == 4 ? 100 : 1000000);
      ASSERT_EQ(base, static_cast<double>(meant)) << value;
      ASSERT_EQ(ScaleFromBase(base, multiplier), value);
    }
    const double thousandths = ScaleToBase(static_cast<double>(hundredths), -3);
    ASSERT_EQ(ScaleFromBase(thousandths, -3), static_cast<double>(hundredths));
  }
}

TEST(UnitTest, FiguresThatAreNoWholeNumberInOnesAreExactToo) {
  EXPECT_EQ(ScaleFromBase(35604.4, 4), 3.56044);
  EXPECT_EQ(ScaleFromBase(72254.37, 4), 7.225437);
  for (int64_t digits = 1; digits < 100000000; digits += 9973) {
    const double value = std::strtod(absl::StrCat(digits, "e-6").c_str(), nullptr);
    const double base = ScaleToBase(value, 4);
    ASSERT_EQ(base, std::strtod(absl::StrCat(digits, "e-2").c_str(), nullptr)) << digits;
    ASSERT_EQ(ScaleFromBase(base, 4), value) << digits;
  }
}

TEST(UnitTest, ScalingKeepsOrder) {
  for (double value = 0.01; value < 1e6; value *= 1.37) {
    double last = ScaleToBase(value, 4);
    double next = value;
    for (int i = 0; i < 200; ++i) {
      next = std::nextafter(next, 1e300);
      const double scaled = ScaleToBase(next, 4);
      ASSERT_LE(last, scaled);
      last = scaled;
    }
  }
}

TEST(UnitTest, BeyondDoublesIsInfiniteAndNotWrong) {
  EXPECT_TRUE(std::isinf(ScaleToBase(1e300, 15)));
  EXPECT_TRUE(std::isnan(ScaleToBase(std::nan(""), 4)));
}

TEST(UnitTest, AChangeOfPercentagesIsInPoints) {
  EXPECT_EQ(UnitOfChange("percent"), "percentage_points");
  EXPECT_EQ(UnitOfChange("percentage_points"), "percentage_points");
  EXPECT_EQ(UnitOfChange("vehicles"), "vehicles");
  EXPECT_EQ(ParseUnitOfSlot("@value")->Of("percent"), "percent");
  EXPECT_EQ(ParseUnitOfSlot("@value:change")->Of("percent"), "percentage_points");
  EXPECT_EQ(ParseUnitOfSlot("@value:change")->slot, "value");
  EXPECT_FALSE(ParseUnitOfSlot("percent").has_value());
}

TEST(UnitTest, Labels) {
  EXPECT_EQ(UnitLabel("vehicles", 4), "万辆");
  EXPECT_EQ(UnitLabel("yuan", 8), "亿元");
  EXPECT_EQ(UnitLabel("yuan", 4), "万元");
  EXPECT_EQ(UnitLabel("pieces", 4), "万个");
  EXPECT_EQ(UnitLabel("stations", 0), "座");
  EXPECT_EQ(UnitLabel("vehicles", 0), "vehicles");
  EXPECT_EQ(UnitLabel("vehicles", 3), "10^3 vehicles");
  EXPECT_EQ(UnitLabel("tonnes", -3), "10^-3 tonnes");
  EXPECT_EQ(UnitLabel("percent", 0), "percent");
}

}  // namespace
}  // namespace policytrack
