#include "storage/chunk_codec.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <random>
#include <sstream>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "gtest/gtest.h"

namespace policytrack::storage {
namespace {

Columns Decoded(const std::string& bytes) {
  Columns columns;
  const absl::Status status = AppendDecoded(bytes, &columns);
  EXPECT_TRUE(status.ok()) << status;
  return columns;
}

void ExpectSame(const Columns& a, const Columns& b) {
  EXPECT_TRUE(SameData(a, b));
  EXPECT_EQ(a.revisions, b.revisions);
}

// Refused as damage, and nothing was appended.
void ExpectDamaged(const std::string& bytes) {
  Columns columns;
  columns.Append(std::numeric_limits<int64_t>::min(), 1, kNormal, 1);
  const absl::Status status = AppendDecoded(bytes, &columns);
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << absl::BytesToHexString(bytes);
  EXPECT_EQ(ReasonOf(status), reason::kStoreDamaged);
  EXPECT_EQ(columns.periods.size(), 1u);
  EXPECT_EQ(columns.values.size(), 1u);
  EXPECT_EQ(columns.flags.size(), 1u);
  EXPECT_EQ(columns.revisions.size(), 1u);
}

// CRC-32 bit by bit, apart from the library that the codec uses.
std::string WithChecksum(std::string body) {
  uint32_t crc = 0xffffffff;
  for (const char c : body) {
    crc ^= static_cast<uint8_t>(c);
    for (int i = 0; i < 8; ++i) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320u : 0u);
  }
  crc = ~crc;
  for (int i = 0; i < 4; ++i) body.push_back(static_cast<char>(crc >> (8 * i)));
  return body;
}

std::string Value(double value) {
  return std::string(std::bit_cast<std::array<char, sizeof(double)>>(value).data(), sizeof(double));
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

std::string ReadHex(const std::string& file) {
  std::ifstream in(std::string(GOLDEN_DIR) + "/" + file);
  std::stringstream text;
  std::string line;
  while (std::getline(in, line)) {
    if (!line.empty() && line[0] != '#') text << line;
  }
  return absl::HexStringToBytes(text.str());
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

TEST(ChunkCodecTest, AppendsToWhatEndsBefore) {
  const Golden golden = Goldens()[0];
  Columns columns;
  columns.Append(24295, 1, kNormal, 1);
  ASSERT_TRUE(AppendDecoded(EncodeColumns(golden.columns), &columns).ok());
  EXPECT_EQ(columns.periods, (std::vector<int64_t>{24295, 24296}));
  EXPECT_FALSE(AppendDecoded(EncodeColumns(golden.columns), &columns).ok());
  EXPECT_EQ(columns.size(), 2u);
}

// Of each layout, and of version 2 with values of both forms.
std::vector<std::string> SoundBytes() {
  return {ReadHex("runs.hex"), ReadHex("v2_runs.hex"), ReadHex("v2_decimals.hex")};
}

TEST(ChunkCodecTest, EveryCutIsNoticed) {
  for (const std::string& bytes : SoundBytes()) {
    for (size_t size = 0; size < bytes.size(); ++size) ExpectDamaged(bytes.substr(0, size));
    ExpectDamaged(bytes + '\0');
  }
}

// Behind a checksum that fits.
TEST(ChunkCodecTest, EveryCutOfTheContentIsNoticed) {
  for (const std::string& bytes : SoundBytes()) {
    for (size_t size = 1; size < bytes.size() - 4; ++size) {
      ExpectDamaged(WithChecksum(bytes.substr(0, size)));
    }
  }
}

TEST(ChunkCodecTest, EveryFlippedBitIsNoticed) {
  for (const std::string& bytes : SoundBytes()) {
    for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      std::string flipped = bytes;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
      ExpectDamaged(flipped);
    }
  }
}

// With a right checksum the content is still checked.
TEST(ChunkCodecTest, WhatNoEncoderOfVersion1WroteIsRefused) {
  const std::string one = Value(1);
  const std::string flags1("\x01\x00", 2), revisions1("\x01\x05", 2);
  const std::string flags2("\x02\x00", 2), revisions2("\x02\x05", 2);
  const auto chunk = [](const std::string& head, const std::string& rest) {
    return WithChecksum(head + rest);
  };
  // A good one first: these tests can tell.
  ASSERT_TRUE([&] {
    Columns columns;
    return AppendDecoded(chunk("\x01\x01\x02", one + flags1 + revisions1), &columns).ok();
  }());
  const double infinite = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<std::string> bad = {
      chunk("\x03\x01\x02", one + flags1 + revisions1),                            // version
      chunk(std::string("\x00\x01\x02", 3), one + flags1 + revisions1),            // version
      chunk(std::string("\x01\x00", 2), ""),                                       // no points
      chunk("\x01\xff\xff\xff\xff\x7f\x02", one + flags1 + revisions1),            // too many
      chunk(std::string("\x01\x02\x02\x00", 4), one + one + flags2 + revisions2),  // same period
      // The second period is past the last that there is.
      chunk("\x01\x02\x02\xff\xff\xff\xff\xff\xff\xff\xff\x7f", one + one + flags2 + revisions2),
      chunk("\x01\x01\x02", Value(infinite) + flags1 + revisions1),
      chunk("\x01\x01\x02", Value(-infinite) + flags1 + revisions1),
      chunk("\x01\x01\x02", Value(nan) + flags1 + revisions1),
      chunk("\x01\x01\x02", Value(-0.0) + flags1 + revisions1),
      chunk("\x01\x01\x02", one + std::string("\x01\x20", 2) + revisions1),  // missing with value
      chunk("\x01\x01\x02", one + flags2 + revisions1),                      // run too long
      chunk("\x01\x01\x02", one + std::string("\x00\x00", 2) + flags1 + revisions1),  // empty run
      chunk("\x01\x01\x02", one + "\x01\x80\x80\x04" + revisions1),  // flags over 16 bits
      // Revision over 63 bits.
      chunk("\x01\x01\x02", one + flags1 + "\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
      chunk("\x01\x01\x02", one + flags1 + revisions1 + "\x01"),  // bytes after the end
      chunk("\x01\x01\x82" + std::string(1, '\0'), one + flags1 + revisions1),  // long varint
  };
  for (size_t i = 0; i < bad.size(); ++i) {
    SCOPED_TRACE(i);
    ExpectDamaged(bad[i]);
  }
}

TEST(ChunkCodecTest, WhatNoEncoderOfVersion2WroteIsRefused) {
  // No decimals, least 1, of one bit: the value 1, and the values 1 and 2.
  const std::string one("\x00\x02\x01\x00", 4), two("\x00\x02\x01\x02", 4);
  const std::string flags1("\x01\x00", 2), revisions1("\x01\x0a", 2);
  const std::string rest1 = flags1 + revisions1;
  const std::string rest2 = two + std::string("\x02\x00\x02\x0a", 4);
  const auto chunk = [](const std::string& head, const std::string& rest) {
    return WithChecksum("\x02" + head + rest);
  };
  const std::string last("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10);
  // 2^62 and 2^63, as steps.
  const std::string quarter("\x80\x80\x80\x80\x80\x80\x80\x80\x40", 9);
  const std::string half("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 10);
  const std::string zero(1, '\0');
  const std::string good[] = {
      chunk("\x01\x02", one + rest1),
      chunk("\x02\x02\x01\x01", rest2),
      chunk("\x01" + last, one + rest1),
      chunk("\x02" + zero + "\x01" + quarter, rest2),
      chunk("\x01\x02", one + flags1 + "\x01" + last),
      chunk("\x02\x02\x01\x01", two + std::string("\x02\x00\x01\x0a\x01\x09", 6)),
  };
  for (const std::string& bytes : good) EXPECT_FALSE(Decoded(bytes).empty());
  const std::vector<std::string> bad = {
      chunk(zero, ""),                                               // no points
      chunk(std::string("\x80\x00\x02", 3), one + rest1),            // long varint
      chunk("\x40\x02", one + rest1),                                // more than there are bits
      chunk("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02", rest1),  // too many
      chunk("\x02\x02" + zero + "\x01", rest2),                      // an empty run of periods
      chunk("\x02\x02" + zero + "\x01\x01\x01", rest2),              // and then another
      chunk("\x02\x02\x02\x01", rest2),                              // one run too long
      chunk("\x02\x02\x01" + zero, rest2),                           // the same period twice
      chunk("\x02\x02\x01\x81" + zero, rest2),                       // long varint
      chunk("\x02" + last + "\x01\x01", rest2),                      // past the last period
      chunk("\x02" + zero + "\x01" + half, rest2),
      chunk("\x03" + zero + "\x02" + quarter, std::string("\x00\x02\x01\x02\x03\x00\x03\x0a", 8)),
      chunk("\x03" + zero + "\x01\x01\x01" + half,
            std::string("\x00\x02\x01\x02\x03\x00\x03\x0a", 8)),
      chunk("\x01\x02", "\x10" + one.substr(1) + rest1),                 // a form of values
      chunk("\x01\x02", "\x7f" + Value(-0.0) + rest1),                   // a negative zero
      chunk("\x01\x02", one + std::string("\x01\x20", 2) + revisions1),  // missing with value
      chunk("\x01\x02", one + "\x01\x80\x80\x04" + revisions1),          // flags over 16 bits
      chunk("\x01\x02", one + std::string("\x02\x00", 2) + revisions1),  // run too long
      chunk("\x01\x02", one + std::string("\x00\x00", 2) + rest1),       // empty run
      chunk("\x01\x02", one + flags1 + std::string("\x00\x0a", 2) + revisions1),
      chunk("\x01\x02", one + flags1 + "\x02\x0a"),
      chunk("\x01\x02", one + flags1 + "\x01\x01"),                                 // revision -1
      chunk("\x02\x02\x01\x01", two + std::string("\x02\x00\x01\x0a\x01\x0b", 6)),  // 5, then -1
      chunk("\x02\x02\x01\x01", two + std::string("\x02\x00\x01", 3) + last + "\x01\x02"),  // 2^63
      chunk("\x01\x02", one + rest1 + "\x01"),  // bytes after the end
      chunk("\x01\x82" + zero, one + rest1),    // long varint
  };
  for (size_t i = 0; i < bad.size(); ++i) {
    SCOPED_TRACE(i);
    ExpectDamaged(bad[i]);
  }
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
