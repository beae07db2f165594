#include "core/columns.h"

#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace policytrack {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Columns Sample() {
  Columns columns;
  columns.Append(-3, 1.5, kNormal, 10);
  columns.Append(0, 2.5, kProvisional | kBreak, 11);
  columns.Append(7, 99, MissingFlags(v1::MISSING_REASON_ZERO_BASE), 12);
  return columns;
}

TEST(ColumnsTest, AMissingPointHasAReason) {
  const Flags missing = MissingFlags(v1::MISSING_REASON_SERIES_BREAK);
  EXPECT_TRUE(IsMissing(missing));
  EXPECT_EQ(ReasonOfFlags(missing), v1::MISSING_REASON_SERIES_BREAK);
  EXPECT_EQ(missing & ~kDefinedFlags, 0);
}

TEST(ColumnsTest, AppendKeepsTheInvariants) {
  const Columns columns = Sample();
  EXPECT_EQ(columns.size(), 3u);
  EXPECT_FALSE(columns.empty());
  EXPECT_EQ(columns.values[2], 0) << "a missing point has value 0";
  EXPECT_THAT(columns.revisions, ElementsAre(10, 11, 12));
  Columns zero;
  zero.Append(1, -0.0, kNormal);
  EXPECT_FALSE(std::signbit(zero.values[0]));
}

TEST(ColumnsTest, AppendRangeTakesAllOfEachPoint) {
  const Columns sample = Sample();
  Columns columns;
  columns.AppendRange(sample, 0, 0);
  EXPECT_TRUE(columns.empty());
  columns.Append(-9, 4, kNormal, 8);
  columns.AppendRange(sample, 1, 3);
  EXPECT_THAT(columns.periods, ElementsAre(-9, 0, 7));
  EXPECT_THAT(columns.values, ElementsAre(4, 2.5, 0));
  EXPECT_THAT(columns.flags, ElementsAre(kNormal, sample.flags[1], sample.flags[2]));
  EXPECT_THAT(columns.revisions, ElementsAre(8, 11, 12));
}

TEST(ColumnsTest, Find) {
  const Columns columns = Sample();
  EXPECT_EQ(columns.Find(-3), 0);
  EXPECT_EQ(columns.Find(7), 2);
  EXPECT_EQ(columns.Find(1), -1);
  EXPECT_EQ(columns.Find(8), -1);
  EXPECT_EQ(Columns().Find(0), -1);
}

TEST(ColumnsTest, SliceTakesBothEnds) {
  const Columns columns = Sample();
  EXPECT_THAT(columns.Slice({-3, 0}).periods, ElementsAre(-3, 0));
  EXPECT_THAT(columns.Slice({-2, 6}).periods, ElementsAre(0));
  EXPECT_THAT(columns.Slice({-2, 6}).revisions, ElementsAre(11));
  EXPECT_THAT(columns.Slice({1, 6}).periods, IsEmpty());
  EXPECT_THAT(columns.Slice({6, 1}).periods, IsEmpty());
  EXPECT_TRUE(SameData(columns.Slice({}), columns));
  Columns bare = columns;
  bare.revisions.clear();
  EXPECT_EQ(bare.Slice({0, 7}).size(), 2u);
  EXPECT_THAT(bare.Slice({0, 7}).revisions, IsEmpty());
}

TEST(ColumnsTest, SameDataLooksAtAllButRevisions) {
  const Columns columns = Sample();
  Columns other = columns;
  other.revisions = {1, 2, 3};
  EXPECT_TRUE(SameData(columns, other));
  other.flags[0] = kImputed;
  EXPECT_FALSE(SameData(columns, other));
  other = columns;
  other.values[1] = std::nextafter(other.values[1], 10.0);
  EXPECT_FALSE(SameData(columns, other));
  other = columns;
  other.values[2] = -0.0;
  EXPECT_FALSE(SameData(columns, other)) << "bit for bit";
  other = columns;
  other.periods[1] = 1;
  EXPECT_FALSE(SameData(columns, other));
  EXPECT_FALSE(SameData(columns, columns.Slice({-3, 0})));
  EXPECT_TRUE(SameData(Columns(), Columns()));
}

TEST(ColumnsTest, ClearEmptiesAll) {
  Columns columns = Sample();
  columns.clear();
  columns.reserve(10);
  EXPECT_TRUE(columns.empty());
  EXPECT_THAT(columns.values, IsEmpty());
  EXPECT_THAT(columns.flags, IsEmpty());
  EXPECT_THAT(columns.revisions, IsEmpty());
}

}  // namespace
}  // namespace policytrack
