#include "storage/chunk_codec.h"

#include <array>
#include <bit>
#include <cmath>
#include <fstream>
#include <limits>
#include <random>
#include <sstream>

#include "absl/strings/escaping.h"
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

std::string ReadHex(const std::string& file) {
  std::ifstream in(std::string(GOLDEN_DIR) + "/" + file);
  std::stringstream text;
  std::string line;
  while (std::getline(in, line)) {
    if (!line.empty() && line[0] != '#') text << line;
  }
  return absl::HexStringToBytes(text.str());
}

// The format is for ever: these files must never change.
TEST(ChunkCodecTest, GoldenFiles) {
  for (const Golden& golden : Goldens()) {
    SCOPED_TRACE(golden.file);
    const std::string bytes = ReadHex(golden.file);
    ASSERT_FALSE(bytes.empty()) << "encoder gives "
                                << absl::BytesToHexString(EncodeColumns(golden.columns));
    EXPECT_EQ(absl::BytesToHexString(EncodeColumns(golden.columns)), absl::BytesToHexString(bytes));
    ExpectSame(Decoded(bytes), golden.columns);
  }
}

// The layout, put together here by hand from docs/storage-format.md.
TEST(ChunkCodecTest, LayoutIsAsDocumented) {
  Columns columns;
  columns.Append(-3, 1.5, kNormal, 300);
  columns.Append(-2, 2.5, kNormal, 300);
  columns.Append(200, -1, kProvisional, 2);
  const std::string body = std::string("\x01\x03\x05\x01\xca\x01", 6) + Value(1.5) + Value(2.5) +
                           Value(-1) + std::string("\x02\x00\x01\x03", 4) +
                           std::string("\x02\xac\x02\x01\x02", 5);
  EXPECT_EQ(absl::BytesToHexString(EncodeColumns(columns)),
            absl::BytesToHexString(WithChecksum(body)));
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

TEST(ChunkCodecTest, EveryCutIsNoticed) {
  const std::string bytes = EncodeColumns(Goldens()[1].columns);
  for (size_t size = 0; size < bytes.size(); ++size) ExpectDamaged(bytes.substr(0, size));
  ExpectDamaged(bytes + '\0');
}

TEST(ChunkCodecTest, EveryFlippedBitIsNoticed) {
  const std::string bytes = EncodeColumns(Goldens()[1].columns);
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    ExpectDamaged(flipped);
  }
}

// With a right checksum the content is still checked.
TEST(ChunkCodecTest, WhatNoEncoderWroteIsRefused) {
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
      chunk("\x02\x01\x02", one + flags1 + revisions1),                            // version
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
  for (int i = 0; i < 512; ++i) columns.Append(24000 + i, i, kNormal, 1);
  EXPECT_LE(EncodeColumns(columns).size(), 512u * 9 + 24);
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
