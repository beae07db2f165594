#include "storage/chunk_codec.h"

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "gtest/gtest.h"
#include "tests/storage/chunk_bytes.h"

namespace policytrack::storage {
namespace {

void ExpectSame(const Columns& a, const Columns& b) {
  EXPECT_TRUE(SameData(a, b));
  EXPECT_EQ(a.revisions, b.revisions);
}

struct Golden {
  const char* file;
  Columns columns;
};

// A point in each period from `first` on, `step` apart, of revision 7.
Columns Spaced(int64_t first, int64_t step, const std::vector<double>& values) {
  Columns columns;
  for (const double value : values) {
    columns.Append(first, value, kNormal, 7);
    first += step;
  }
  return columns;
}

// In both layouts.
std::vector<Golden> Goldens() {
  Golden one{"one_point.hex", {}};
  one.columns.Append(24296, 61.6, kNormal, 7);

  Golden runs{"runs.hex", {}};
  for (int i = 0; i < 12; ++i) {
    const bool missing = i == 6;
    const Flags flags = missing ? MissingFlags(v1::MissingReason(2))
                                : static_cast<Flags>(i < 4 ? kNormal : kProvisional | kBreak);
    runs.columns.Append(24288 + i + (i > 8 ? 300 : 0), missing ? 0 : i * 0.1, flags,
                        i < 10 ? 300 : 301);
  }

  Golden extremes{"extremes.hex", {}};
  extremes.columns.Append(kFirstPeriod, std::numeric_limits<double>::max(), kNormal, 0);
  extremes.columns.Append(-1, std::numeric_limits<double>::denorm_min(), 0xffff & ~kMissing, 1);
  extremes.columns.Append(0, -std::numeric_limits<double>::max(), kNormal, INT64_MAX);
  extremes.columns.Append(kLastPeriod, 0, kMissing, INT64_MAX);
  return {one, runs, extremes};
}

// In version 2 alone, which tells these apart.
std::vector<Golden> GoldensOfVersion2() {
  Golden decimals{"decimals.hex", Spaced(8100, 1, {-1.05, 103.47, 12.5, 99.99})};
  decimals.columns.Append(8104, 0, MissingFlags(v1::MissingReason(1)), 9);
  decimals.columns.Append(8106, -0.01, kEstimated, 8);

  Golden all_periods{"all_periods.hex", {}};
  for (int i = 0; i < 8; ++i) {
    all_periods.columns.Append(kFirstPeriod + i * (int64_t{1} << 61), i, kNormal, 1);
  }
  all_periods.columns.Append(kLastPeriod, 8, kNormal, 0);

  constexpr double kBound = 2251799813685248;  // 2^51
  Golden span{"first_and_last_period.hex", {}};
  span.columns.Append(kFirstPeriod, 0, kNormal, 1);
  span.columns.Append(kLastPeriod, 0, kNormal, 1);
  return {
      decimals,
      all_periods,
      span,
      {"constant.hex", Spaced(24000, 3, {2.5, 2.5, 2.5, 2.5, 2.5, 2.5, 2.5, 2.5, 2.5})},
      {"widest.hex", Spaced(0, 1, {1 - kBound, kBound - 1, 0, -1})},
      {"at_the_bound.hex", Spaced(0, 1, {kBound, 0.5})},
      {"most_decimals.hex", Spaced(-2, 1, {1e-15, -0.1, (kBound - 1) / 1e15})},
      {"too_many_decimals.hex", Spaced(-2, 1, {1e-16, -0.1})},
      {"no_common_power.hex", Spaced(0, 1, {1e-15, 3})},
      {"nearly_a_decimal.hex", Spaced(0, 1, {0.1, std::nextafter(0.1, 1)})},
  };
}

// What is decoded from a file.
void ExpectDecoded(const std::string& file, const Columns& columns) {
  SCOPED_TRACE(file);
  const std::string bytes = ReadHex(file);
  ASSERT_FALSE(bytes.empty());
  ExpectSame(Decoded(bytes), columns);
}

// And that it is what the encoder gives.
void ExpectWritten(const std::string& file, const Columns& columns) {
  ExpectDecoded(file, columns);
  EXPECT_EQ(absl::BytesToHexString(EncodeColumns(columns)), absl::BytesToHexString(ReadHex(file)))
      << file;
}

// The format is for ever: these files must never change.
TEST(ChunkCodecTest, GoldenFilesOfVersion1AreRead) {
  for (const Golden& golden : Goldens()) ExpectDecoded(golden.file, golden.columns);
}

TEST(ChunkCodecTest, GoldenFilesOfVersion2AreWrittenAndRead) {
  for (const Golden& golden : Goldens()) {
    ExpectWritten(absl::StrCat("v2_", golden.file), golden.columns);
  }
  for (const Golden& golden : GoldensOfVersion2()) {
    ExpectWritten(absl::StrCat("v2_", golden.file), golden.columns);
  }
}

// The layouts, put together here by hand from docs/storage-format.md.
Columns ThreePoints(double first) {
  Columns columns;
  columns.Append(-3, first, kNormal, 300);
  columns.Append(-2, 2.5, kNormal, 300);
  columns.Append(200, -1, kProvisional, 2);
  return columns;
}

TEST(ChunkCodecTest, LayoutIsAsDocumented) {
  const std::string head("\x02\x03\x05\x01\x01\x01\xca\x01", 8);
  const std::string tail("\x02\x00\x01\x03\x02\xd8\x04\x01\xd3\x04", 10);
  // 15, 25 and -10 tenths: 25, 35 and 0 over the least, of six bits each.
  EXPECT_EQ(absl::BytesToHexString(EncodeColumns(ThreePoints(1.5))),
            absl::BytesToHexString(
                WithChecksum(head + std::string("\x01\x13\x06\xd9\x08\x00", 6) + tail)));
  const double third = 1.0 / 3;
  EXPECT_EQ(absl::BytesToHexString(EncodeColumns(ThreePoints(third))),
            absl::BytesToHexString(
                WithChecksum(head + "\x7f" + Value(third) + Value(2.5) + Value(-1) + tail)));
}

TEST(ChunkCodecTest, LayoutOfVersion1IsAsDocumented) {
  const std::string body = std::string("\x01\x03\x05\x01\xca\x01", 6) + Value(1.5) + Value(2.5) +
                           Value(-1) + std::string("\x02\x00\x01\x03", 4) +
                           std::string("\x02\xac\x02\x01\x02", 5);
  ExpectSame(Decoded(WithChecksum(body)), ThreePoints(1.5));
}

// Figures of a chunk with up to `decimals` decimals.
double Decimal(int decimals, std::mt19937_64* random) {
  const auto integer = static_cast<int64_t>((*random)() % 2000001) - 1000000;
  return std::strtod(absl::StrCat(integer, "e-", decimals).c_str(), nullptr) + 0.0;
}

TEST(ChunkCodecTest, DecimalsComeBack) {
  std::mt19937_64 random(20240902);
  for (int decimals = 0; decimals <= 17; ++decimals) {
    for (int round = 0; round < 40; ++round) {
      Columns columns;
      const size_t count = 1 + random() % 600;
      for (size_t i = 0; i < count; ++i) {
        // Mixed, in every other round.
        const int with = round % 2 == 0 ? decimals : static_cast<int>(random() % (decimals + 1));
        const bool missing = random() % 50 == 0;
        columns.Append(24000 + static_cast<int64_t>(i), missing ? 0 : Decimal(with, &random),
                       missing ? kMissing : kNormal, static_cast<int64_t>(random() % 4));
      }
      ExpectSame(Decoded(EncodeColumns(columns)), columns);
    }
  }
}

TEST(ChunkCodecTest, RandomColumnsComeBack) {
  std::mt19937_64 random(20240901);
  for (int round = 0; round < 300; ++round) {
    Columns columns;
    int64_t period = static_cast<int64_t>(random() % 100000) - 50000;
    const size_t count = 1 + random() % 600;
    for (size_t i = 0; i < count; ++i) {
      double value = std::bit_cast<double>(random());
      if (!std::isfinite(value)) value = 0.25;
      const Flags flags = static_cast<Flags>(random() % 3 == 0 ? random() & 0xff1f : 0);
      columns.Append(period, value, flags, static_cast<int64_t>(random() % 4));
      period += 1 + static_cast<int64_t>(random() % 3 == 0 ? random() % 1000 : 0);
    }
    ExpectSame(Decoded(EncodeColumns(columns)), columns);
  }
}

// Every range of what is decoded whole, in both versions.
TEST(ChunkCodecTest, APartIsWhatTheWholeSaysThere) {
  std::mt19937_64 random(20261127);
  for (int round = 0; round < 400; ++round) {
    Columns columns;
    int64_t period = static_cast<int64_t>(random() % 1000) - 500;
    const size_t count = 1 + random() % 60;
    const bool decimal = random() % 2 == 0;
    for (size_t i = 0; i < count; ++i) {
      const Flags flags = random() % 4 == 0 ? kMissing : static_cast<Flags>(random() % 5);
      const double value = static_cast<double>(random() % 100000) / (decimal ? 100 : 7);
      columns.Append(period, value, flags, static_cast<int64_t>(random() % 4));
      period += 1 + static_cast<int64_t>(random() % 5 == 0 ? random() % 20 : random() % 2);
    }
    const std::string bytes = EncodeColumns(columns);
    for (int part = 0; part < 20; ++part) {
      PeriodRange range;
      range.first = columns.periods[0] - 3 + static_cast<int64_t>(random() % 80);
      range.last = range.first + static_cast<int64_t>(random() % 60) - 1;
      if (part == 0) range.first = kFirstPeriod;
      if (part == 1) range.last = kLastPeriod;
      Columns found;
      ASSERT_TRUE(AppendDecoded(bytes, range, &found).ok());
      ExpectSame(found, columns.Slice(range));
    }
  }
  for (const char* file : {"runs.hex", "extremes.hex", "v2_extremes.hex"}) {
    const std::string bytes = ReadHex(file);
    const Columns columns = Decoded(bytes);
    for (const int64_t first : columns.periods) {
      for (const int64_t last : columns.periods) {
        Columns found;
        ASSERT_TRUE(AppendDecoded(bytes, {first, last}, &found).ok());
        ExpectSame(found, columns.Slice({first, last}));
      }
    }
  }
}

TEST(ChunkCodecTest, AppendsToWhatEndsBefore) {
  const Golden golden = Goldens()[0];
  Columns columns;
  columns.Append(24295, 1, kNormal, 1);
  ASSERT_TRUE(AppendDecoded(EncodeColumns(golden.columns), &columns).ok());
  EXPECT_EQ(columns.periods, (std::vector<int64_t>{24295, 24296}));
  EXPECT_FALSE(AppendDecoded(EncodeColumns(golden.columns), &columns).ok());
  EXPECT_EQ(columns.size(), 2u);
}

TEST(ChunkCodecTest, ChunksAreFloors) {
  EXPECT_EQ(ChunkOf(0), 0);
  EXPECT_EQ(ChunkOf(511), 0);
  EXPECT_EQ(ChunkOf(512), 1);
  EXPECT_EQ(ChunkOf(-1), -1);
  EXPECT_EQ(ChunkOf(-512), -1);
  EXPECT_EQ(ChunkOf(-513), -2);
}

TEST(ChunkCodecTest, MonthlyPointsTakeLittleMoreThanTheirValues) {
  Columns columns;
  for (int i = 0; i < 512; ++i) columns.Append(24000 + i, std::sqrt(i), kNormal, 1);
  EXPECT_LE(EncodeColumns(columns).size(), 512u * 8 + 24);
}

// Of an index between 50 and 150.
TEST(ChunkCodecTest, PublishedFiguresTakeAQuarterOfTheirValues) {
  std::mt19937_64 random(20240903);
  Columns columns;
  for (int i = 0; i < 512; ++i) {
    columns.Append(24000 + i, static_cast<double>(5000 + random() % 10000) / 100, kNormal, 1);
  }
  EXPECT_LE(EncodeColumns(columns).size(), 512u * 2);
}

TEST(ChunkCodecTest, CheckPointsNamesTheField) {
  Columns uneven;
  uneven.periods = {1, 2};
  uneven.values = {1};
  uneven.flags = {0, 0};
  const absl::Status status = CheckPoints(uneven);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(MetadataOf(status, "field"), "points");
}

}  // namespace
}  // namespace policytrack::storage
