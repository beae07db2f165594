#include "core/resource_name.h"

#include <string>

#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace policytrack {
namespace {

using ::testing::HasSubstr;

TEST(ResourceNameTest, Ids) {
  for (const std::string& id : {std::string("a"), std::string("henan-auto-2024"), std::string("a0"),
                                std::string("a--b"), std::string(63, 'x')}) {
    EXPECT_TRUE(IsResourceId(id)) << id;
    EXPECT_TRUE(CheckResourceId("plan_id", id).ok()) << id;
  }
  for (const std::string& id :
       {std::string(), std::string("-a"), std::string("a-"), std::string("0a"), std::string("A"),
        std::string("aB"), std::string("a_b"), std::string("a b"), std::string("a/b"),
        std::string("a."), std::string("é"), std::string("a\0b", 3), std::string("a\n"),
        std::string(64, 'x')}) {
    EXPECT_FALSE(IsResourceId(id)) << id;
    const absl::Status status = CheckResourceId("plan_id", id);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ReasonOf(status), reason::kNameInvalid);
    EXPECT_EQ(MetadataOf(status, "field"), "plan_id");
  }
}

TEST(ResourceNameTest, NamesGoTogetherAndApart) {
  EXPECT_EQ(ResourceName(kPlans, "x"), "plans/x");
  EXPECT_EQ(ParseResourceName("name", kPlans, "plans/x").value(), "x");
  EXPECT_EQ(CollectionOf("measures/a/targets/b"), "measures");
  EXPECT_EQ(CollectionOf("measures"), "");
  EXPECT_EQ(CollectionOf(""), "");
}

TEST(ResourceNameTest, AnEmptyNameIsRequired) {
  for (const absl::Status& status :
       {ParseResourceName("name", kPlans, "").status(), ParseTargetName("name", "").status(),
        ParseCommitName("name", "").status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ReasonOf(status), reason::kFieldRequired);
    EXPECT_EQ(MetadataOf(status, "field"), "name");
  }
}

TEST(ResourceNameTest, OtherFormsAreRefused) {
  for (const char* name : {"plans", "plans/", "x", "/x", "plan/x", "plansx", "measures/x",
                           "plans/X", "plans/x/", "plans/x/y", " plans/x", "plans//x"}) {
    const auto id = ParseResourceName("measure.plan", kPlans, name);
    ASSERT_FALSE(id.ok()) << name;
    EXPECT_EQ(ReasonOf(id.status()), reason::kNameInvalid);
    EXPECT_EQ(MetadataOf(id.status(), "field"), "measure.plan");
    EXPECT_THAT(std::string(id.status().message()), HasSubstr("plans/{id}"));
  }
}

TEST(ResourceNameTest, Targets) {
  EXPECT_EQ(MakeTargetName("measures/m", "t"), "measures/m/targets/t");
  const auto name = ParseTargetName("target", "measures/m-1/targets/t-2");
  ASSERT_TRUE(name.ok()) << name.status();
  EXPECT_EQ(name->measure, "measures/m-1");
  EXPECT_EQ(name->target, "t-2");
  for (const char* bad :
       {"measures/m", "measures/m/targets", "measures/m/targets/", "measures//targets/t",
        "plans/m/targets/t", "measures/m/targets/t/targets/u", "measures/m/targets/T", "/targets/t",
        "measuresm/targets/t"}) {
    const auto refused = ParseTargetName("target", bad);
    ASSERT_FALSE(refused.ok()) << bad;
    EXPECT_EQ(ReasonOf(refused.status()), reason::kNameInvalid);
  }
}

TEST(ResourceNameTest, Commits) {
  EXPECT_EQ(ParseCommitName("name", "commits/1").value(), 1);
  EXPECT_EQ(ParseCommitName("name", "commits/9223372036854775807").value(), 9223372036854775807);
  for (const char* bad :
       {"commits/", "commits/0", "commits/-1", "commits/+1", "commits/01", "commits/1 ",
        "commits/ 1", "commits/1.0", "commits/x", "commit/1", "commits/9223372036854775808"}) {
    const auto refused = ParseCommitName("name", bad);
    ASSERT_FALSE(refused.ok()) << bad;
    EXPECT_EQ(ReasonOf(refused.status()), reason::kNameInvalid);
  }
}

}  // namespace
}  // namespace policytrack
