// Points: merging, history, as-of, what commits say of series.
#include <cmath>
#include <limits>

#include "core/error.h"
#include "gmock/gmock.h"
#include "tests/storage/store_conformance.h"

namespace policytrack::storage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr char kSet[] = "datasets/x";

std::vector<int64_t> Numbers(const WriteCounts& counts) {
  return {counts.created, counts.revised, counts.unchanged, counts.deleted};
}

TEST_P(StoreConformanceTest, PointsAreCreatedRevisedLeftAndDeleted) {
  EXPECT_THAT(Numbers(Push(kSet, {MakeWrite("", "k", {{1, 10}, {2, 20}, {3, 30}})})),
              ElementsAre(3, 0, 0, 0));
  EXPECT_THAT(Numbers(Push(kSet, {MakeWrite("", "k", {{2, 20}, {3, 31}, {4, 40}}, {1, 9})})),
              ElementsAre(1, 1, 2, 1));
  EXPECT_EQ(ReadRows(kSet, "", "k"), (Rows{{2, 20, 1}, {3, 31, 2}, {4, 40, 2}}));
  EXPECT_EQ(ReadRows(kSet, "", "k", 2), (Rows{{2, 20, 1}, {3, 31, 2}, {4, 40, 2}}));
  EXPECT_EQ(ReadRows(kSet, "", "k", 1), (Rows{{1, 10, 1}, {2, 20, 1}, {3, 30, 1}}));
  EXPECT_EQ(ReadRows(kSet, "", "k", 0), Rows());
  Read([](ReadTransaction& t) {
    const auto commit = t.GetCommit(2);
    ASSERT_EQ((*commit)->changes.size(), 1u);
    const CommitChange& change = (*commit)->changes[0];
    EXPECT_EQ(change.name, kSet);
    EXPECT_FALSE(change.document);
    EXPECT_EQ(change.created, 1);
    EXPECT_EQ(change.revised, 1);
    EXPECT_EQ(change.deleted, 1);
  });
}

TEST_P(StoreConformanceTest, EqualPointsMakeNoCommit) {
  Push(kSet, {MakeWrite("", "k", {{1, 0.1}, {2, 0, kMissing}, {3, 0.0}})});
  EXPECT_THAT(Numbers(Push(kSet, {MakeWrite("", "k", {{1, 0.1}, {2, 0, kMissing}, {3, -0.0}})})),
              ElementsAre(0, 0, 3, 0));
  EXPECT_THAT(Numbers(Push(kSet, {MakeWrite("", "none", {}, {1, 2})})), ElementsAre(0, 0, 2, 0));
  EXPECT_EQ(store().revision(), 1);
  Read([](ReadTransaction& t) { EXPECT_FALSE(t.FindSeries(kSet, "", "none")->has_value()); });
  // Other flags make another point, and so does the least other value.
  Push(kSet, {MakeWrite("", "k", {{1, 0.1, kProvisional}})});
  Push(kSet, {MakeWrite("", "k", {{1, std::nextafter(0.1, 1), kProvisional}})});
  EXPECT_EQ(store().revision(), 3);
}

// So many that a second thread prepares what the writer is not yet at: new series and
// old ones, whole and in part changed, unchanged and deleted from.
TEST_P(StoreConformanceTest, ManyAtOnceAreAsOneByOne) {
  constexpr int kSeries = 160;
  constexpr int kPoints = 600;  // of two chunks
  const auto value = [](int series, int period, int commit) {
    return period % 7 == 3 ? -0.0 : series + period / 100.0 + 1000 * commit;
  };
  const auto key = [](int series) { return "k" + std::to_string(1000 + series); };
  std::vector<SeriesWrite> first;
  for (int s = 0; s < kSeries; ++s) {
    SeriesWrite& write = first.emplace_back(MakeWrite("", key(s), {}));
    for (int p = 0; p < kPoints; ++p) write.points.Append(p, value(s, p, 1), kNormal);
    write.points.revisions.clear();
  }
  EXPECT_THAT(Numbers(Push(kSet, first)), ElementsAre(kSeries * kPoints, 0, 0, 0));
  ExpectVerified();

  std::vector<SeriesWrite> second;
  WriteCounts expected;
  for (int s = 0; s < 2 * kSeries; ++s) {
    SeriesWrite& write = second.emplace_back(MakeWrite("", key(s), {}));
    const bool is_new = s >= kSeries;
    for (int p = 0; p < kPoints; ++p) {
      // Of three old series one is changed, one half, one not; the last loses a point.
      const bool changed = is_new || s % 3 == 0 || (s % 3 == 1 && p >= kPoints / 2);
      if (p == 0 && s % 3 == 2) {
        write.deletions.push_back(p);
        ++(is_new ? expected.unchanged : expected.deleted);
        continue;
      }
      const double now = value(s, p, changed ? 2 : 1);
      write.points.Append(p, now, kNormal);
      ++(is_new ? expected.created : now == value(s, p, 1) ? expected.unchanged : expected.revised);
    }
    write.points.revisions.clear();
  }
  EXPECT_EQ(Numbers(Push(kSet, second)), Numbers(expected));
  ExpectVerified();
  for (const int s : {0, 1, 2, 79, kSeries - 1, kSeries, kSeries + 2, 2 * kSeries - 1}) {
    const Rows rows = ReadRows(kSet, "", key(s));
    ASSERT_EQ(rows.size(), second[s].points.size()) << s;
    for (size_t i = 0; i < rows.size(); ++i) {
      ASSERT_EQ(std::get<1>(rows[i]), second[s].points.values[i]) << s << " " << i;
    }
    EXPECT_EQ(ReadRows(kSet, "", key(s), 1).size(), s < kSeries ? kPoints : 0u);
  }
}

TEST_P(StoreConformanceTest, NegativeZeroIsStoredAsZero) {
  Push(kSet, {MakeWrite("", "k", {{1, -0.0}})});
  const Rows rows = ReadRows(kSet, "", "k");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_FALSE(std::signbit(std::get<1>(rows[0])));
}

TEST_P(StoreConformanceTest, WhatIsNoNumberIsRefusedAndNothingIsWritten) {
  const double infinite = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<SeriesWrite> bad = {
      MakeWrite("", "k", {{1, nan}}),       MakeWrite("", "k", {{1, infinite}}),
      MakeWrite("", "k", {{1, -infinite}}), MakeWrite("", "k", {{1, 5, kMissing}}),
      MakeWrite("", "k", {{2, 1}, {1, 1}}), MakeWrite("", "k", {{1, 1}, {1, 1}}),
      MakeWrite("", "k", {{1, 1}}, {2, 2}), MakeWrite("", "k", {{1, 1}}, {1}),
  };
  for (size_t i = 0; i < bad.size(); ++i) {
    // A good series before it in the same call, and a body that goes on.
    absl::Status refused;
    Write([&](WriteTransaction& t) {
      refused = t.WriteSeries(kSet, {MakeWrite("", "good", {{1, 1}}), bad[i]}).status();
      return absl::OkStatus();
    });
    EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument) << i;
    EXPECT_EQ(ReasonOf(refused), reason::kFieldInvalid) << i;
  }
  EXPECT_EQ(store().revision(), 0);
  Read([](ReadTransaction& t) { EXPECT_TRUE(t.ListSeries(kSet, nullptr, 10)->empty()); });
}

TEST_P(StoreConformanceTest, PeriodsOfAllSizes) {
  const std::vector<int64_t> periods = {kFirstPeriod, -1025, -513, -512, -1,         0,
                                        511,          512,   1023, 1024, kLastPeriod};
  std::vector<Point> points;
  for (size_t i = 0; i < periods.size(); ++i) points.push_back({periods[i], 1.0 + i});
  Push(kSet, {MakeWrite("", "k", points)});
  Rows expected;
  for (const Point& point : points) expected.emplace_back(point.period, point.value, 1);
  EXPECT_EQ(ReadRows(kSet, "", "k"), expected);
  EXPECT_EQ(ReadRows(kSet, "", "k", kPresent, {-513, -1}),
            Rows(expected.begin() + 2, expected.begin() + 5));
  EXPECT_EQ(ReadRows(kSet, "", "k", kPresent, {512, 512}),
            Rows(expected.begin() + 7, expected.begin() + 8));
  EXPECT_EQ(ReadRows(kSet, "", "k", kPresent, {5, 4}), Rows());
  Push(kSet, {MakeWrite("", "k", {{0, 100}}, {-1, 1024})});
  EXPECT_EQ(ReadRows(kSet, "", "k", 1), expected);
  EXPECT_EQ(ReadRows(kSet, "", "k", 1, {-1, 0}), Rows(expected.begin() + 4, expected.begin() + 6));
}

TEST_P(StoreConformanceTest, DeletedAndWrittenAgain) {
  Push(kSet, {MakeWrite("", "k", {{1, 1}})});
  Push(kSet, {MakeWrite("", "k", {}, {1})});
  EXPECT_EQ(ReadRows(kSet, "", "k"), Rows());
  Push(kSet, {MakeWrite("", "k", {{1, 1}})});
  EXPECT_EQ(ReadRows(kSet, "", "k", 1), (Rows{{1, 1, 1}}));
  EXPECT_EQ(ReadRows(kSet, "", "k", 2), Rows());
  EXPECT_EQ(ReadRows(kSet, "", "k", 3), (Rows{{1, 1, 3}}));
  Read([](ReadTransaction& t) { EXPECT_TRUE(t.FindSeries(kSet, "", "k")->has_value()); });
}

TEST_P(StoreConformanceTest, SeveralCallsForOneSeriesInOneWrite) {
  Push(kSet, {MakeWrite("", "k", {{1, 1}, {2, 2}, {3, 3}})});
  Write([](WriteTransaction& t) -> absl::Status {
    PT_RETURN_IF_ERROR(t.WriteSeries(kSet, {MakeWrite("", "k", {{1, 10}, {9, 9}}, {3})}).status());
    const int64_t id = (*t.FindSeries(kSet, "", "k"))->id;
    EXPECT_EQ(RowsOf(*t.ReadSeries(id, {}, kPresent)), (Rows{{1, 10, 2}, {2, 2, 1}, {9, 9, 2}}));
    EXPECT_EQ(RowsOf(*t.ReadSeries(id, {}, 1)), (Rows{{1, 1, 1}, {2, 2, 1}, {3, 3, 1}}));
    PT_RETURN_IF_ERROR(
        t.WriteSeries(kSet, {MakeWrite("", "k", {{1, 11}, {3, 33}, {600, 6}}, {2, 9})}).status());
    EXPECT_EQ(RowsOf(*t.ReadSeries(id, {}, 1)), (Rows{{1, 1, 1}, {2, 2, 1}, {3, 3, 1}}));
    return absl::OkStatus();
  });
  EXPECT_EQ(ReadRows(kSet, "", "k"), (Rows{{1, 11, 2}, {3, 33, 2}, {600, 6, 2}}));
  EXPECT_EQ(ReadRows(kSet, "", "k", 1), (Rows{{1, 1, 1}, {2, 2, 1}, {3, 3, 1}}));
  Read([](ReadTransaction& t) {
    const auto changed = t.ChangedSeries(kSet, 1, 2, true);
    ASSERT_EQ(changed->size(), 1u);
    EXPECT_EQ((*changed)[0].range.first, 1);
    EXPECT_EQ((*changed)[0].range.last, 600);
    // Counted by what became of the points in the end.
    const auto commit = t.GetCommit(2);
    EXPECT_EQ((*commit)->changes[0].created, 1);
    EXPECT_EQ((*commit)->changes[0].revised, 2);
    EXPECT_EQ((*commit)->changes[0].deleted, 1);
  });
  ExpectVerified();
}

// However a commit was put together, what it did is digested the same.
TEST_P(StoreConformanceTest, ContentDigestIsOfTheNetChange) {
  const auto digest = [&](int64_t revision) {
    std::string found;
    Read([&](ReadTransaction& t) { found = (*t.GetCommit(revision))->content_digest; });
    return found;
  };
  const auto reset = [&] {
    Write([](WriteTransaction& t) { return t.DeleteAllSeries(kSet).status(); });
    Push(kSet, {MakeWrite("", "k", {{1, 1}, {2, 2}, {3, 3}})});
  };
  reset();
  Push(kSet, {MakeWrite("", "k", {{1, 5}, {700, 7}}, {2})});
  const std::string at_once = digest(store().revision());
  reset();
  Write([](WriteTransaction& t) -> absl::Status {
    PT_RETURN_IF_ERROR(t.WriteSeries(kSet, {MakeWrite("", "k", {{700, 1}, {800, 8}})}).status());
    PT_RETURN_IF_ERROR(t.WriteSeries(kSet, {MakeWrite("", "k", {{1, 4}}, {2, 800})}).status());
    return t.WriteSeries(kSet, {MakeWrite("", "k", {{1, 5}, {700, 7}})}).status();
  });
  EXPECT_EQ(digest(store().revision()), at_once);
  reset();
  Push(kSet, {MakeWrite("", "k", {{1, 5}, {700, 7, kProvisional}}, {2})});
  EXPECT_NE(digest(store().revision()), at_once);
}

TEST_P(StoreConformanceTest, ListSeriesByOutputAndKey) {
  Push("indicators/x", {MakeWrite("b", "k", {{1, 1}}), MakeWrite("a", "z", {{1, 1}}),
                        MakeWrite("a", "", {{1, 1}}), MakeWrite("b", "", {{1, 1}})});
  Push("indicators/y", {MakeWrite("a", "", {{1, 1}})});
  Push("indicators/x", {MakeWrite("b", "", {}, {1})});
  Read([](ReadTransaction& t) {
    const auto names = [&](const SeriesInfo* after, int limit) {
      std::vector<std::string> found;
      const auto all = t.ListSeries("indicators/x", after, limit);
      for (const SeriesInfo& series : *all) found.push_back(series.output + "/" + series.key);
      return found;
    };
    EXPECT_THAT(names(nullptr, 10), ElementsAre("a/", "a/z", "b/", "b/k"));
    EXPECT_THAT(names(nullptr, 1), ElementsAre("a/"));
    const SeriesInfo after{0, "indicators/x", "a", "z"};
    EXPECT_THAT(names(&after, 1), ElementsAre("b/"));
    const SeriesInfo between{0, "indicators/x", "a", "\x1f"};
    EXPECT_THAT(names(&between, 10), ElementsAre("a/z", "b/", "b/k"));
    EXPECT_THAT(names(nullptr, 0), IsEmpty());
    const auto one = t.FindSeries("indicators/x", "a", "z");
    EXPECT_EQ((*one)->parent, "indicators/x");
    EXPECT_EQ((*one)->output, "a");
    EXPECT_EQ((*one)->key, "z");
  });
}

TEST_P(StoreConformanceTest, DeleteAllSeriesKeepsThePast) {
  Push(kSet, {MakeWrite("", "a", {{1, 1}, {600, 2}}), MakeWrite("", "b", {{1, 3}})});
  Push("datasets/y", {MakeWrite("", "a", {{1, 1}})});
  int64_t deleted = 0;
  Write([&](WriteTransaction& t) -> absl::Status {
    PT_ASSIGN_OR_RETURN(deleted, t.DeleteAllSeries(kSet));
    return absl::OkStatus();
  });
  EXPECT_EQ(deleted, 3);
  EXPECT_EQ(ReadRows(kSet, "", "a"), Rows());
  EXPECT_EQ(ReadRows(kSet, "", "a", 2), (Rows{{1, 1, 1}, {600, 2, 1}}));
  EXPECT_EQ(ReadRows("datasets/y", "", "a").size(), 1u);
  Read([](ReadTransaction& t) { EXPECT_EQ((*t.GetCommit(3))->changes[0].deleted, 3); });
  // Nothing is left to delete.
  Write([&](WriteTransaction& t) { return t.DeleteAllSeries(kSet).status(); });
  EXPECT_EQ(store().revision(), 3);
}

TEST_P(StoreConformanceTest, ChangedSeriesUnitesRanges) {
  Push(kSet, {MakeWrite("", "a", {{1, 1}, {5, 5}}), MakeWrite("", "b", {{3, 3}})});  // 1
  Push(kSet, {MakeWrite("", "a", {{5, 5}, {6, 6}})});                                // 2
  Push(kSet, {MakeWrite("", "a", {{20, 1}}, {1})}, CommitKind::kEvaluation);         // 3
  Push("datasets/y", {MakeWrite("", "a", {{1, 1}})});                                // 4
  Read([](ReadTransaction& t) {
    const auto changed = [&](int64_t after, int64_t upto, bool evaluations) {
      std::vector<std::tuple<std::string, int64_t, int64_t>> found;
      const auto all = t.ChangedSeries(kSet, after, upto, evaluations);
      for (const SeriesChange& change : *all) {
        found.emplace_back(change.series.key, change.range.first, change.range.last);
      }
      return found;
    };
    using Found = std::tuple<std::string, int64_t, int64_t>;
    EXPECT_THAT(changed(0, 4, false), ElementsAre(Found("a", 1, 6), Found("b", 3, 3)));
    EXPECT_THAT(changed(1, kPresent, false), ElementsAre(Found("a", 6, 6)));
    EXPECT_THAT(changed(1, kPresent, true), ElementsAre(Found("a", 1, 20)));
    EXPECT_THAT(changed(0, 1, true), ElementsAre(Found("a", 1, 5), Found("b", 3, 3)));
    EXPECT_THAT(changed(3, 4, true), IsEmpty());
    const auto extent = [&](int64_t revision) {
      const ChangeExtent found = *t.ExtentOfChange(kSet, revision);
      return found.series == 0
                 ? Found("0", 0, 0)
                 : Found(std::to_string(found.series), found.range.first, found.range.last);
    };
    EXPECT_EQ(extent(1), Found("2", 1, 5));
    EXPECT_EQ(extent(3), Found("1", 1, 20));
    EXPECT_EQ(extent(4), Found("0", 0, 0));
  });
}

TEST_P(StoreConformanceTest, ChangedNamesLeavesEvaluationsOut) {
  Put("plans/b", "1");                                                            // 1
  Push(kSet, {MakeWrite("", "a", {{1, 1}})});                                     // 2
  Push("indicators/i", {MakeWrite("", "a", {{1, 1}})}, CommitKind::kEvaluation);  // 3
  Write([](WriteTransaction& t) -> absl::Status {                                 // 4
    PT_RETURN_IF_ERROR(t.PutDocument(kSet, "", true, {}));
    return t.DeleteAllSeries(kSet).status();
  });
  Read([](ReadTransaction& t) {
    EXPECT_THAT(*t.ChangedNames(0, kPresent), ElementsAre(kSet, "plans/b"));
    EXPECT_THAT(*t.ChangedNames(1, 2), ElementsAre(kSet));
    EXPECT_THAT(*t.ChangedNames(2, 3), IsEmpty());
    EXPECT_THAT(*t.ChangedNames(3, 4), ElementsAre(kSet));
    // A document and a parent of series under one name are two changes.
    const auto commit = t.GetCommit(4);
    ASSERT_EQ((*commit)->changes.size(), 2u);
    EXPECT_TRUE((*commit)->changes[0].document);
    EXPECT_FALSE((*commit)->changes[1].document);
  });
}

TEST_P(StoreConformanceTest, UndoneWriteLeavesNoTraceInTheHistory) {
  Push(kSet, {MakeWrite("", "k", {{1, 1}, {2, 2}})});
  const auto undone = store().Write({}, [](WriteTransaction& t) -> absl::Status {
    PT_RETURN_IF_ERROR(t.WriteSeries(kSet, {MakeWrite("", "k", {{1, 9}}, {2})}).status());
    return absl::AbortedError("of the body");
  });
  ASSERT_FALSE(undone.ok());
  Push(kSet, {MakeWrite("", "k", {{1, 3}})});
  EXPECT_EQ(ReadRows(kSet, "", "k", 1), (Rows{{1, 1, 1}, {2, 2, 1}}));
  EXPECT_EQ(ReadRows(kSet, "", "k", 2), (Rows{{1, 3, 2}, {2, 2, 1}}));
}

}  // namespace
}  // namespace policytrack::storage
