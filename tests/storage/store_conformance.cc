#include "tests/storage/store_conformance.h"

#include "core/error.h"

namespace policytrack::storage {

SeriesWrite MakeWrite(std::string output, std::string key, const std::vector<Point>& points,
                      std::vector<int64_t> deletions) {
  SeriesWrite write;
  write.output = std::move(output);
  write.key = std::move(key);
  for (const Point& point : points) {
    write.points.periods.push_back(point.period);
    write.points.values.push_back(point.value);
    write.points.flags.push_back(point.flags);
  }
  write.deletions = std::move(deletions);
  return write;
}

Rows RowsOf(const Columns& columns) {
  Rows rows;
  for (size_t i = 0; i < columns.size(); ++i) {
    rows.emplace_back(columns.periods[i], columns.values[i], columns.revisions[i]);
  }
  return rows;
}

int64_t StoreConformanceTest::Write(const Store::WriteBody& body, WriteOptions options) {
  const absl::StatusOr<int64_t> revision = store().Write(std::move(options), body);
  EXPECT_TRUE(revision.ok()) << revision.status();
  return revision.value_or(-1);
}

int64_t StoreConformanceTest::Put(const std::string& name, const std::string& body, bool deleted,
                                  const std::vector<std::string>& references) {
  return Write([&](WriteTransaction& t) { return t.PutDocument(name, body, deleted, references); });
}

WriteCounts StoreConformanceTest::Push(const std::string& parent, std::vector<SeriesWrite> writes,
                                       CommitKind kind) {
  WriteCounts counts;
  WriteOptions options;
  options.kind = kind;
  Write(
      [&](WriteTransaction& t) -> absl::Status {
        PT_ASSIGN_OR_RETURN(counts, t.WriteSeries(parent, writes));
        return absl::OkStatus();
      },
      options);
  return counts;
}

Rows StoreConformanceTest::ReadRows(const std::string& parent, const std::string& output,
                                    const std::string& key, int64_t as_of, PeriodRange range) {
  Rows rows;
  Read([&](ReadTransaction& t) {
    const auto series = t.FindSeries(parent, output, key);
    ASSERT_TRUE(series.ok()) << series.status();
    if (!series->has_value()) return;
    const auto columns = t.ReadSeries((*series)->id, range, as_of);
    ASSERT_TRUE(columns.ok()) << columns.status();
    rows = RowsOf(*columns);
  });
  return rows;
}

void StoreConformanceTest::Read(const std::function<void(ReadTransaction&)>& body) {
  const absl::Status status = store().Read([&](ReadTransaction& t) {
    body(t);
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StoreConformanceTest);

}  // namespace policytrack::storage
