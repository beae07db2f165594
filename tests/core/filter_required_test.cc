// What a filter says that every match must have.
#include "core/filter.h"
#include "gtest/gtest.h"
#include "policytrack/v1/observation.pb.h"

namespace policytrack {
namespace {

// The value of `region` that the filter requires, or "-".
std::string Region(absl::string_view text) {
  const auto filter = Filter::Parse(text, v1::Series::descriptor());
  EXPECT_TRUE(filter.ok()) << filter.status();
  return filter.ok() ? filter->RequiredValue("dimensions", "region").value_or("-") : "";
}

TEST(FilterRequiredTest, AnEqualityThatAllMatchesFulfil) {
  EXPECT_EQ(Region(R"(dimensions.region = "CN")"), "CN");
  EXPECT_EQ(Region(R"(dimensions.region : "CN")"), "CN");
  EXPECT_EQ(Region(R"((dimensions.region = "CN"))"), "CN");
  EXPECT_EQ(Region(R"(output = "growth" AND dimensions.region = CN)"), "CN");
  EXPECT_EQ(Region(R"(output = "growth" (dimensions.kind = "x" dimensions.region = CN))"), "CN");
  EXPECT_EQ(Region(R"(dimensions."region" = "a\*b")"), "a*b");
  EXPECT_EQ(Region(R"(dimensions.region = "")"), "");
}

TEST(FilterRequiredTest, AnythingElseLeavesItOpen) {
  for (const char* text :
       {"", R"(dimensions.region = "CN" OR output = "growth")", R"(NOT dimensions.region = "CN")",
        R"(dimensions.region != "CN")", R"(dimensions.region = "CN*")",
        R"(dimensions.region = "*CN")", "dimensions.region = *", "dimensions.region:*",
        R"(dimensions.region >= "CN")", "dimensions:region", R"(dimensions.kind = "CN")",
        R"(output = "region")", "region", R"(NOT (dimensions.region = "CN"))"}) {
    EXPECT_EQ(Region(text), "-") << text;
  }
}

TEST(FilterRequiredTest, OfAContradictionOneSideIsGiven) {
  const auto filter = Filter::Parse(R"(dimensions.region = "A" AND dimensions.region = "B")",
                                    v1::Series::descriptor());
  ASSERT_TRUE(filter.ok());
  const auto required = filter->RequiredValue("dimensions", "region");
  ASSERT_TRUE(required.has_value());
  v1::Series series;
  (*series.mutable_dimensions())["region"] = *required;
  EXPECT_FALSE(filter->Matches(series));
}

}  // namespace
}  // namespace policytrack
