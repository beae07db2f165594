#include "storage/series_merge.h"

#include "gtest/gtest.h"

namespace policytrack::storage {
namespace {

Columns Make(const std::vector<std::tuple<int64_t, double, int64_t>>& points) {
  Columns columns;
  for (const auto& [period, value, revision] : points) {
    columns.Append(period, value, kNormal, revision);
  }
  return columns;
}

SeriesWrite MakeWrite(const std::vector<std::pair<int64_t, double>>& points,
                      std::vector<int64_t> deletions) {
  SeriesWrite write;
  for (const auto& [period, value] : points) {
    write.points.periods.push_back(period);
    write.points.values.push_back(value);
    write.points.flags.push_back(kNormal);
  }
  write.deletions = std::move(deletions);
  return write;
}

WriteSlice Whole(const SeriesWrite& write) {
  return {0, write.points.size(), 0, write.deletions.size()};
}

void ExpectSame(const Columns& a, const Columns& b) {
  EXPECT_TRUE(SameData(a, b));
  EXPECT_EQ(a.revisions, b.revisions);
}

TEST(SeriesMergeTest, TellsWhatItDid) {
  const SeriesWrite write = MakeWrite({{1, 1}, {2, 22}, {5, 5}}, {3, 4});
  SeriesDelta delta;
  const Columns merged = MergeSlice(Make({{1, 1, 1}, {2, 2, 2}, {3, 3, 3}, {9, 9, 1}}), write,
                                    Whole(write), 7, &delta);
  ExpectSame(merged, Make({{1, 1, 1}, {2, 22, 7}, {5, 5, 7}, {9, 9, 1}}));
  ExpectSame(delta.superseded, Make({{2, 2, 2}, {3, 3, 3}}));
  EXPECT_EQ(delta.written.periods, (std::vector<int64_t>{2, 5}));
  EXPECT_EQ(delta.deleted, (std::vector<int64_t>{3}));
  EXPECT_EQ(delta.counts.created, 1);
  EXPECT_EQ(delta.counts.revised, 1);
  EXPECT_EQ(delta.counts.unchanged, 2);
  EXPECT_EQ(delta.counts.deleted, 1);
  EXPECT_EQ(delta.range.first, 2);
  EXPECT_EQ(delta.range.last, 5);
}

TEST(SeriesMergeTest, NothingChangedHasNoRange) {
  const SeriesWrite write = MakeWrite({{1, 1}}, {2});
  SeriesDelta delta;
  MergeSlice(Make({{1, 1, 1}}), write, Whole(write), 7, &delta);
  EXPECT_FALSE(delta.changed());
}

TEST(SeriesMergeTest, WhatTheSameRevisionWroteLeavesNoHistory) {
  const SeriesWrite write = MakeWrite({{1, 2}}, {2});
  SeriesDelta delta;
  const Columns merged = MergeSlice(Make({{1, 1, 7}, {2, 2, 7}}), write, Whole(write), 7, &delta);
  ExpectSame(merged, Make({{1, 2, 7}}));
  EXPECT_TRUE(delta.superseded.empty());
  EXPECT_TRUE(delta.changed());
}

TEST(SeriesMergeTest, FoldTakesOneOfEachPeriod) {
  const Columns present = Make({{1, 13, 9}, {2, 2, 1}, {4, 4, 5}});
  const std::vector<Columns> history = {
      Make({{1, 10, 1}, {3, 3, 2}}),  // superseded later than the revision asked
      Make({{1, 12, 4}, {5, 5, 8}}),
  };
  ExpectSame(FoldAsOf(present, history, {}, 5),
             Make({{1, 12, 4}, {2, 2, 1}, {3, 3, 2}, {4, 4, 5}}));
  ExpectSame(FoldAsOf(present, history, {2, 4}, 5), Make({{2, 2, 1}, {3, 3, 2}, {4, 4, 5}}));
  ExpectSame(FoldAsOf(present, history, {}, 0), Columns());
  ExpectSame(FoldAsOf(Columns(), history, {}, 8), Make({{1, 12, 4}, {3, 3, 2}, {5, 5, 8}}));
}

TEST(SeriesMergeTest, NetChangeIsFoundInWhatIsStored) {
  const NetChange net =
      NetChangeOf(Make({{1, 1, 1}, {2, 22, 7}, {5, 5, 7}}), Make({{2, 2, 2}, {3, 3, 3}}), 7);
  EXPECT_EQ(net.written.periods, (std::vector<int64_t>{2, 5}));
  EXPECT_EQ(net.deleted, (std::vector<int64_t>{3}));
  EXPECT_EQ(net.counts.created, 1);
  EXPECT_EQ(net.counts.revised, 1);
  EXPECT_EQ(net.counts.deleted, 1);
  EXPECT_TRUE(NetChangeOf(Make({{1, 1, 1}}), Columns(), 7).empty());
}

TEST(SeriesMergeTest, UnionIsByPeriod) {
  ExpectSame(UnionOf(Make({{1, 1, 1}, {4, 4, 1}}), Make({{2, 2, 2}, {9, 9, 2}})),
             Make({{1, 1, 1}, {2, 2, 2}, {4, 4, 1}, {9, 9, 2}}));
  ExpectSame(UnionOf(Columns(), Make({{2, 2, 2}})), Make({{2, 2, 2}}));
}

}  // namespace
}  // namespace policytrack::storage
