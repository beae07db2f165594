// Bytes that are no points, of each layout, are refused and never read as numbers.
#include <limits>
#include <vector>

#include "core/error.h"
#include "tests/storage/chunk_bytes.h"

namespace policytrack::storage {
namespace {

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

// Of each layout, and of version 2 with values of both forms.
std::vector<std::string> SoundBytes() {
  return {ReadHex("runs.hex"), ReadHex("v2_runs.hex"), ReadHex("v2_decimals.hex")};
}

TEST(ChunkCodecDamageTest, EveryCutIsNoticed) {
  for (const std::string& bytes : SoundBytes()) {
    for (size_t size = 0; size < bytes.size(); ++size) ExpectDamaged(bytes.substr(0, size));
    ExpectDamaged(bytes + '\0');
  }
}

// Behind a checksum that fits.
TEST(ChunkCodecDamageTest, EveryCutOfTheContentIsNoticed) {
  for (const std::string& bytes : SoundBytes()) {
    for (size_t size = 1; size < bytes.size() - 4; ++size) {
      ExpectDamaged(WithChecksum(bytes.substr(0, size)));
    }
  }
}

TEST(ChunkCodecDamageTest, EveryFlippedBitIsNoticed) {
  for (const std::string& bytes : SoundBytes()) {
    for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      std::string flipped = bytes;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
      ExpectDamaged(flipped);
    }
  }
}

// Of a row that stands in the place of another, though nothing that is wanted of it
// would show that.
TEST(ChunkCodecDamageTest, ABodyOfAnotherChunkIsNoticedWhateverIsWanted) {
  Columns columns;
  for (int i = 0; i < 20; ++i) columns.Append(1020 + i, i * 0.1, kNormal, 1);  // of two chunks
  for (const std::string& bytes : {EncodeColumns(columns), ReadHex("one_point.hex")}) {
    for (const int64_t chunk : {-1, 0, 1, 2, 3}) {
      const PeriodRange all = ChunkRange(chunk);
      for (const PeriodRange& range :
           {PeriodRange(), all, PeriodRange{all.first, all.first}, PeriodRange{all.last, all.last},
            PeriodRange{all.first + 100, all.first + 200}}) {
        Columns found;
        const absl::Status status = AppendDecodedChunk(chunk, bytes, range, &found);
        EXPECT_EQ(ReasonOf(status), reason::kStoreDamaged) << chunk;
        EXPECT_TRUE(found.empty());
      }
    }
  }
  Columns found;
  EXPECT_TRUE(AppendDecodedChunk(ChunkOf(24296), ReadHex("one_point.hex"), {0, 1}, &found).ok());
  EXPECT_TRUE(found.empty());
}

// A chunk has no room for more points than periods, whatever its bytes could hold.
TEST(ChunkCodecDamageTest, MorePointsThanAChunkHasPeriodsAreRefused) {
  Columns columns;
  for (int i = 0; i < 513; ++i) columns.Append(i, 1, kNormal, 1);
  Columns found;
  EXPECT_EQ(ReasonOf(AppendDecodedChunk(0, EncodeColumns(columns), {}, &found)),
            reason::kStoreDamaged);
  EXPECT_EQ(found.periods.capacity(), 0u);
  ASSERT_TRUE(AppendDecoded(EncodeColumns(columns), &found).ok());
}

// With a right checksum the content is still checked.
TEST(ChunkCodecDamageTest, WhatNoEncoderOfVersion1WroteIsRefused) {
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

TEST(ChunkCodecDamageTest, WhatNoEncoderOfVersion2WroteIsRefused) {
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
      WithChecksum(zero + "\x01\x02" + one + rest1),  // version
      WithChecksum("\x03\x01\x02" + one + rest1),
      WithChecksum("\x82\x01\x02" + one + rest1),
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

}  // namespace
}  // namespace policytrack::storage
