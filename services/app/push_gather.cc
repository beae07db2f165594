#include "services/app/push_gather.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "core/digest.h"
#include "core/dimension_key.h"
#include "core/error.h"
#include "core/period.h"

namespace policytrack::app {

size_t Push::Series::bytes() const {
  return periods.capacity() * sizeof(periods[0]) + values.capacity() * sizeof(values[0]) +
         flags.capacity() * sizeof(flags[0]) + rows.capacity() * sizeof(rows[0]);
}

void Push::Series::Reserve(size_t more) {
  const size_t need = periods.size() + more;
  if (need <= periods.capacity()) return;
  const size_t room = std::max(need, periods.size() + periods.size() / 2 + 2);
  periods.reserve(room);
  values.reserve(room);
  flags.reserve(room);
  rows.reserve(room);
}

void Push::Series::Append(int64_t period, double value, Flags f, int64_t row) {
  periods.push_back(period);
  values.push_back(value);
  flags.push_back(f);
  rows.push_back(row);
}

Push::DatasetRows::DatasetRows(v1::Dataset d) : definition(std::move(d)) {
  allowed.resize(definition.dimensions_size());
  for (int i = 0; i < definition.dimensions_size(); ++i) {
    positions[definition.dimensions(i).id()] = i;
    for (const auto& value : definition.dimensions(i).values()) allowed[i].insert(value.code());
  }
}

absl::Status Push::DatasetRows::ReadValue(const std::string& id, const std::string& value,
                                          std::vector<std::string>* values) const {
  const auto position = positions.find(id);
  const std::string field = absl::StrCat("dimensions.", CutText(id, 64));
  if (position == positions.end()) {
    return FieldInvalid(field, absl::StrCat("is not a dimension of ", definition.name()));
  }
  PT_ASSIGN_OR_RETURN(std::string normal, NormalizeDimensionValue(field, value));
  const auto& codes = allowed[position->second];
  if (!codes.empty() && normal != kTotal && codes.count(normal) == 0) {
    return FieldInvalid(field, absl::StrCat("\"", CutText(normal, 64), "\" is not a value that ",
                                            definition.name(), " lists for it"));
  }
  (*values)[position->second] = std::move(normal);
  return absl::OkStatus();
}

absl::StatusOr<std::string> Push::DatasetRows::KeyOf(
    const google::protobuf::Map<std::string, std::string>& dimensions) const {
  if (dimensions.empty() && positions.empty()) return std::string();
  std::vector<std::string> values(positions.size());
  // Of several bad ones the first by id is named: a map has no order that would
  // be the same in the next run.
  const std::string* bad = nullptr;
  absl::Status status;
  for (const auto& [id, value] : dimensions) {
    absl::Status read = ReadValue(id, value, &values);
    if (read.ok() || (bad != nullptr && *bad < id)) continue;
    bad = &id;
    status = std::move(read);
  }
  PT_RETURN_IF_ERROR(status);
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i].empty()) {
      return FieldRequired(absl::StrCat("dimensions.", definition.dimensions(i).id()),
                           "must be given; _T is the total");
    }
  }
  return EncodeDimensionKey(values);
}

absl::Status Push::DatasetRows::CheckPeriod(int64_t period) const {
  if (!definition.january_february_joint() || period % 12 != 0) return absl::OkStatus();
  return FieldInvalid(
      "period",
      absl::StrCat(FormatPeriod(definition.frequency(), period), " has no value in ",
                   definition.name(), ", which has January and February as one; give it for ",
                   FormatPeriod(definition.frequency(), period + 1)));
}

absl::Status Push::DatasetRows::CheckValue(double value) const {
  if (!std::isfinite(value)) return FieldInvalid("value", "must be a finite number");
  const v1::ValueRange& range = definition.allowed_range();
  if (range.has_minimum() && value < range.minimum()) {
    return FieldInvalid("value",
                        absl::StrCat(value, " is below ", range.minimum(), ", the smallest that ",
                                     definition.name(), " allows"));
  }
  if (range.has_maximum() && value > range.maximum()) {
    return FieldInvalid("value", absl::StrCat(value, " is above ", range.maximum(),
                                              ", the largest that ", definition.name(), " allows"));
  }
  return absl::OkStatus();
}

void Push::Gathered::Settle(int64_t* repeated,
                            const std::function<void(const Contradiction&)>& contradicted) {
  for (auto& [name, dataset] : datasets) {
    for (auto& [key, series] : dataset->series) {
      const size_t n = series->periods.size();
      bool sorted = true;
      for (size_t i = 1; i < n && sorted; ++i) {
        sorted = series->periods[i - 1] < series->periods[i];
      }
      if (sorted) continue;
      std::vector<size_t> order(n);
      std::iota(order.begin(), order.end(), 0);
      // Rows came in order, so a stable sort keeps the first of a period first.
      std::stable_sort(order.begin(), order.end(),
                       [&](size_t a, size_t b) { return series->periods[a] < series->periods[b]; });
      Series settled;
      settled.Reserve(n);
      for (const size_t i : order) {
        if (!settled.periods.empty() && settled.periods.back() == series->periods[i]) {
          const bool same = settled.flags.back() == series->flags[i] &&
                            settled.values.back() == series->values[i];
          if (same) {
            ++*repeated;
          } else {
            contradicted({series->rows[i], settled.rows.back(), series->periods[i],
                          dataset->definition.frequency()});
          }
          continue;
        }
        settled.Append(series->periods[i], series->values[i], series->flags[i], series->rows[i]);
      }
      *series = std::move(settled);
    }
  }
}

namespace {

std::vector<const std::string*> SortedKeys(
    const absl::flat_hash_map<std::string, std::unique_ptr<Push::Series>>& series) {
  std::vector<const std::string*> keys;
  keys.reserve(series.size());
  for (const auto& [key, points] : series) keys.push_back(&key);
  std::sort(keys.begin(), keys.end(),
            [](const std::string* a, const std::string* b) { return *a < *b; });
  return keys;
}

}  // namespace

std::string Push::Gathered::CanonicalDigest() const {
  Digest digest;
  for (const auto& [name, dataset] : datasets) {
    digest.Add(name);
    for (const std::string* key : SortedKeys(dataset->series)) {
      const Series& series = *dataset->series.at(*key);
      digest.Add(*key);
      for (size_t i = 0; i < series.periods.size(); ++i) {
        int64_t bits = 0;
        std::memcpy(&bits, &series.values[i], sizeof(bits));
        digest.AddInt(series.periods[i]).AddInt(bits).AddInt(series.flags[i]);
      }
    }
  }
  return digest.Finish();
}

std::vector<storage::SeriesWrite> Push::Gathered::TakeWrites(DatasetRows* rows) {
  std::vector<storage::SeriesWrite> writes;
  writes.reserve(rows->series.size());
  for (const std::string* key : SortedKeys(rows->series)) {
    // One series at a time is there twice at the most.
    const std::unique_ptr<Series> series = std::move(rows->series.at(*key));
    storage::SeriesWrite write;
    write.key = *key;
    if (std::find(series->flags.begin(), series->flags.end(), kDeletion) == series->flags.end()) {
      write.points.periods = std::move(series->periods);
      write.points.values = std::move(series->values);
      write.points.flags = std::move(series->flags);
    } else {
      for (size_t i = 0; i < series->periods.size(); ++i) {
        if (series->flags[i] == kDeletion) {
          write.deletions.push_back(series->periods[i]);
        } else {
          write.points.periods.push_back(series->periods[i]);
          write.points.values.push_back(series->values[i]);
          write.points.flags.push_back(series->flags[i]);
        }
      }
    }
    writes.push_back(std::move(write));
  }
  rows->series.clear();
  return writes;
}

}  // namespace policytrack::app
