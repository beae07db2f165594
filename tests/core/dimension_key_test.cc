#include "core/dimension_key.h"

#include <string>
#include <vector>

#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace policytrack {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(DimensionKeyTest, TrailingTotalsAreLeftOut) {
  EXPECT_EQ(EncodeDimensionKey({}), "");
  EXPECT_EQ(EncodeDimensionKey({"_T"}), "");
  EXPECT_EQ(EncodeDimensionKey({"_T", "_T"}), "");
  EXPECT_EQ(EncodeDimensionKey({"a"}), "a");
  EXPECT_EQ(EncodeDimensionKey({"a", "_T"}), "a");
  EXPECT_EQ(EncodeDimensionKey({"_T", "b"}),
            "_T\x1f"
            "b");
  EXPECT_EQ(EncodeDimensionKey({"a", "_T", "c", "_T"}),
            "a\x1f_T\x1f"
            "c");
}

TEST(DimensionKeyTest, RoundTrips) {
  const std::vector<std::string> choices = {"_T", "a", "河南", "T_"};
  for (const auto& x : choices) {
    for (const auto& y : choices) {
      for (const auto& z : choices) {
        const std::vector<std::string> values = {x, y, z};
        EXPECT_EQ(DecodeDimensionKey(EncodeDimensionKey(values), 3), values);
      }
    }
  }
  EXPECT_THAT(DecodeDimensionKey("", 0), IsEmpty());
  EXPECT_THAT(DecodeDimensionKey("", 2), ElementsAre("_T", "_T"));
}

TEST(DimensionKeyTest, SplitGivesWhatStandsInTheKey) {
  using Views = std::vector<absl::string_view>;
  EXPECT_THAT(SplitDimensionKey<Views>(""), IsEmpty());
  EXPECT_THAT(SplitDimensionKey<Views>("a"), ElementsAre("a"));
  const std::string key = EncodeDimensionKey({"_T", "河南", "_T"});
  EXPECT_THAT(SplitDimensionKey<Views>(key), ElementsAre("_T", "河南"));
}

TEST(DimensionKeyTest, ADimensionAppendedLaterIsTheTotalForOldRows) {
  const std::string key = EncodeDimensionKey({"a", "b"});
  EXPECT_THAT(DecodeDimensionKey(key, 3), ElementsAre("a", "b", "_T"));
  EXPECT_EQ(EncodeDimensionKey({"a", "b", "_T"}), key);
}

TEST(DimensionValueTest, IsPutIntoNfc) {
  EXPECT_EQ(NormalizeDimensionValue("v", "BEV").value(), "BEV");
  EXPECT_EQ(NormalizeDimensionValue("v", "_T").value(), "_T");
  EXPECT_EQ(NormalizeDimensionValue("v", "河南省").value(), "河南省");
  EXPECT_EQ(NormalizeDimensionValue("v", "e\xcc\x81").value(), "\xc3\xa9");
  EXPECT_EQ(NormalizeDimensionValue("v", "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab").value(),
            "\xed\x95\x9c");  // Hangul
  EXPECT_EQ(NormalizeDimensionValue("v", "New York").value(), "New York");
  // NFC leaves compatibility characters alone: full-width digits stay.
  EXPECT_EQ(NormalizeDimensionValue("v", "\xef\xbc\x91").value(), "\xef\xbc\x91");
}

TEST(DimensionValueTest, LengthCountsAfterNormalizing) {
  EXPECT_TRUE(NormalizeDimensionValue("v", std::string(256, 'x')).ok());
  EXPECT_FALSE(NormalizeDimensionValue("v", std::string(257, 'x')).ok());
  std::string decomposed;
  for (int i = 0; i < 100; ++i) decomposed += "e\xcc\x81";  // 300 bytes, 200 composed
  EXPECT_EQ(NormalizeDimensionValue("v", decomposed).value().size(), 200u);
  EXPECT_FALSE(NormalizeDimensionValue("v", std::string(1 << 20, 'x')).ok());
  // U+1D15E grows from 4 bytes to 8 in NFC.
  std::string growing;
  for (int i = 0; i < 40; ++i) growing += "\xf0\x9d\x85\x9e";
  EXPECT_FALSE(NormalizeDimensionValue("v", growing).ok());
}

TEST(DimensionValueTest, BadValuesAreRefused) {
  const std::vector<std::string> bad = {
      "",
      " a",
      "a ",
      " ",
      "\xe3\x80\x80"
      "a",          // U+3000
      "a\xc2\xa0",  // no-break space
      "a\tb",
      "a\nb",
      std::string("a\0b", 3),
      "a\x7f",
      "a\x1f"
      "b",              // the separator itself
      "a\xc2\x85",      // U+0085
      "a\xe2\x80\xa8",  // line separator
      "\xef\xbb\xbf"
      "a",  // byte order mark
      "\xff",
      "a\xc3",
      "\xed\xa0\x80",
  };
  for (const std::string& value : bad) {
    const auto normalized = NormalizeDimensionValue("dimensions.region", value);
    ASSERT_FALSE(normalized.ok()) << value;
    EXPECT_EQ(normalized.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ReasonOf(normalized.status()), reason::kFieldInvalid);
    EXPECT_EQ(MetadataOf(normalized.status(), "field"), "dimensions.region");
  }
}

TEST(DimensionIdTest, Form) {
  for (const std::string& id : {std::string("a"), std::string("region_1"), std::string(63, 'a')}) {
    EXPECT_TRUE(IsDimensionId(id)) << id;
  }
  for (const std::string& id :
       {std::string(), std::string("_a"), std::string("1a"), std::string("A"), std::string("a-b"),
        std::string("a b"), std::string(64, 'a')}) {
    EXPECT_FALSE(IsDimensionId(id)) << id;
  }
}

}  // namespace
}  // namespace policytrack
