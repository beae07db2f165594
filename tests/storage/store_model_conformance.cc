// The store against a naive model that keeps a whole copy of every revision.
#include <map>
#include <random>
#include <set>

#include "core/error.h"
#include "tests/storage/store_conformance.h"

namespace policytrack::storage {
namespace {

constexpr char kSet[] = "datasets/x";
constexpr int kRevisions = 300;
constexpr uint32_t kSeed = 20240901;

struct ModelPoint {
  double value = 0;
  Flags flags = 0;
  int64_t revision = 0;
  bool operator==(const ModelPoint&) const = default;
};
using ModelSeries = std::map<int64_t, ModelPoint>;
using Model = std::map<std::string, ModelSeries>;  // by key

class Script {
 public:
  int64_t Number(int64_t first, int64_t last) {
    return std::uniform_int_distribution<int64_t>(first, last)(random_);
  }
  std::string Key() { return std::string(1, static_cast<char>('a' + Number(0, 3))); }

  // A few values only, so that equal ones come often; chunk borders likewise.
  SeriesWrite Next() {
    std::map<int64_t, Point> points;
    std::set<int64_t> deletions;
    const int64_t start = 512 * Number(-2, 2) + Number(-6, 6);
    const int64_t changes = Number(0, 12);
    for (int64_t i = 0; i < changes; ++i) {
      const int64_t period = start + Number(-10, 10);
      if (Number(0, 3) == 0) {
        deletions.insert(period);
        points.erase(period);
      } else {
        deletions.erase(period);
        const bool missing = Number(0, 9) == 0;
        const double value = missing ? 0 : static_cast<double>(Number(-1, 2)) / 3;
        points[period] = {period, value, missing ? kMissing : kNormal};
      }
    }
    std::vector<Point> list;
    for (const auto& [period, point] : points) list.push_back(point);
    return MakeWrite("", Key(), list, {deletions.begin(), deletions.end()});
  }

 private:
  std::mt19937 random_{kSeed};
};

// Applies a write at a revision; whether it changed anything.
bool Apply(const SeriesWrite& write, int64_t revision, Model* model) {
  bool changed = false;
  const auto series = model->find(write.key);
  for (const int64_t period : write.deletions) {
    if (series != model->end() && series->second.erase(period) > 0) changed = true;
  }
  for (size_t i = 0; i < write.points.size(); ++i) {
    ModelPoint& point = (*model)[write.key][write.points.periods[i]];
    const ModelPoint next{write.points.values[i], write.points.flags[i], revision};
    if (point.revision != 0 && point.value == next.value && point.flags == next.flags) continue;
    point = next;
    changed = true;
  }
  return changed;
}

ModelSeries Of(const Columns& columns) {
  ModelSeries series;
  for (size_t i = 0; i < columns.size(); ++i) {
    series[columns.periods[i]] = {columns.values[i], columns.flags[i], columns.revisions[i]};
  }
  return series;
}

ModelSeries Within(const ModelSeries& series, PeriodRange range) {
  ModelSeries within;
  for (const auto& [period, point] : series) {
    if (range.Contains(period)) within[period] = point;
  }
  return within;
}

TEST_P(StoreConformanceTest, EveryRevisionIsThatOfANaiveModel) {
  Script script;
  std::vector<Model> models(1);
  while (static_cast<int>(models.size()) <= kRevisions) {
    const int64_t next = static_cast<int64_t>(models.size());
    Model model = models.back();
    std::vector<SeriesWrite> writes;
    for (int64_t i = script.Number(1, 3); i > 0; --i) writes.push_back(script.Next());
    bool changed = false;
    for (const SeriesWrite& write : writes) changed |= Apply(write, next, &model);
    const bool in_calls_of_one = script.Number(0, 1) == 0;
    const bool fails = script.Number(0, 9) == 0;
    const auto result = store().Write({}, [&](WriteTransaction& t) -> absl::Status {
      if (in_calls_of_one) {
        for (const SeriesWrite& write : writes) {
          PT_RETURN_IF_ERROR(t.WriteSeries(kSet, {write}).status());
        }
      } else {
        PT_RETURN_IF_ERROR(t.WriteSeries(kSet, writes).status());
      }
      return fails ? absl::AbortedError("of the body") : absl::OkStatus();
    });
    ASSERT_EQ(result.ok(), !fails) << result.status();
    if (fails) continue;
    ASSERT_EQ(*result, changed ? next : next - 1);
    if (changed) models.push_back(std::move(model));
    if (changed && script.Number(0, 99) == 0) Reopen();
  }
  Read([&](ReadTransaction& t) {
    ASSERT_EQ(t.revision(), kRevisions);
    const auto all = t.ListSeries(kSet, nullptr, 100);
    ASSERT_TRUE(all.ok()) << all.status();
    for (const SeriesInfo& series : *all) {
      for (int64_t as_of = 0; as_of <= kRevisions; ++as_of) {
        const int64_t first = script.Number(-1200, 1200);
        const PeriodRange part = {first, first + script.Number(0, 600)};
        const auto whole = t.ReadSeries(series.id, {}, as_of);
        const auto some = t.ReadSeries(series.id, part, as_of);
        ASSERT_TRUE(whole.ok() && some.ok()) << whole.status() << some.status();
        const Model& model = models[static_cast<size_t>(as_of)];
        const auto at = model.find(series.key);
        const ModelSeries expected = at == model.end() ? ModelSeries() : at->second;
        ASSERT_EQ(Of(*whole), expected) << series.key << " as of " << as_of;
        ASSERT_EQ(Of(*some), Within(expected, part)) << series.key << " as of " << as_of;
        ASSERT_EQ(whole->size(), expected.size()) << "a period twice";
      }
      ASSERT_EQ(Of(*t.ReadSeries(series.id, {}, kPresent)), models.back()[series.key]);
    }
  });
  ExpectVerified();
}

}  // namespace
}  // namespace policytrack::storage
