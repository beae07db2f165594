#include "storage/value_codec.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "storage/varint.h"

namespace policytrack::storage {
namespace {

constexpr char kPlain = '\x7f';
constexpr int64_t kBound = int64_t{1} << 51;

std::string Plain(double value) {
  return std::string(std::bit_cast<std::array<char, sizeof(double)>>(value).data(), sizeof(double));
}

std::string Put(const std::vector<double>& values) {
  std::string out;
  PutValues(values, &out);
  return out;
}

// Of integers over a power of ten, but for the integers.
std::string Head(int decimals, int64_t least, int bits) {
  std::string out(1, static_cast<char>(decimals));
  PutVarint(&out, Zigzag(least));
  out.push_back(static_cast<char>(bits));
  return out;
}

bool SameBits(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::bit_cast<uint64_t>(a[i]) != std::bit_cast<uint64_t>(b[i])) return false;
  }
  return true;
}

// They come back bit for bit, behind what was there, and what follows is left.
void ExpectComesBack(const std::vector<double>& values) {
  const std::string bytes = Put(values) + "rest";
  absl::string_view in = bytes;
  std::vector<double> back = {-1};
  ASSERT_TRUE(TakeValues(&in, values.size(), 0, values.size(), &back))
      << absl::BytesToHexString(bytes);
  EXPECT_EQ(in, "rest");
  EXPECT_EQ(back[0], -1);
  back.erase(back.begin());
  EXPECT_TRUE(SameBits(back, values)) << absl::BytesToHexString(bytes);
}

// The form is told by the first byte: the number of decimals, or kPlain.
void ExpectForm(int form, const std::vector<double>& values) {
  EXPECT_EQ(static_cast<int>(Put(values)[0]), form) << absl::BytesToHexString(Put(values));
  ExpectComesBack(values);
}

double Decimal(int64_t integer, int decimals) {
  return std::strtod(absl::StrCat(integer, "e-", decimals).c_str(), nullptr) + 0.0;
}

TEST(ValueCodecTest, BytesAreAsDocumented) {
  // 125, 375 and -50 hundredths: 175, 425 and 0 over the least, of nine bits each.
  EXPECT_EQ(absl::BytesToHexString(Put({1.25, 3.75, -0.5})),
            absl::BytesToHexString(Head(2, -50, 9) + std::string("\xaf\x52\x03\x00", 4)));
  EXPECT_EQ(absl::BytesToHexString(Put({1.0 / 3, 2})),
            absl::BytesToHexString(kPlain + Plain(1.0 / 3) + Plain(2)));
  // Of one bit each, as all values take one at least.
  EXPECT_EQ(absl::BytesToHexString(Put(std::vector<double>(9, 7))),
            absl::BytesToHexString(Head(0, 7, 1) + std::string(2, '\0')));
}

TEST(ValueCodecTest, TheFewestDecimalsAreTaken) {
  for (int decimals = 0; decimals <= 15; ++decimals) {
    ExpectForm(decimals, {Decimal(1, decimals)});
    ExpectForm(decimals, {0, Decimal(-3, decimals), 2});
    // Found in any place, also where earlier ones need fewer.
    for (size_t place = 0; place < 70; ++place) {
      std::vector<double> values(70, 1);
      values[place] = Decimal(11, decimals);
      ExpectForm(decimals, values);
    }
  }
}

TEST(ValueCodecTest, WhatIsNoQuotientIsPlain) {
  const double bound = static_cast<double>(kBound);
  ExpectForm(0, {bound - 1, 1 - bound});
  ExpectForm(kPlain, {bound});
  ExpectForm(kPlain, {-bound});
  ExpectForm(kPlain, {bound - 0.25});
  ExpectForm(1, {(bound - 1) / 10});
  ExpectForm(15, {(bound - 1) / 1e15});
  ExpectForm(kPlain, {bound / 1e15});
  ExpectForm(kPlain, {1e-16});
  ExpectForm(kPlain, {std::numeric_limits<double>::denorm_min()});
  ExpectForm(kPlain, {std::numeric_limits<double>::max()});
  ExpectForm(kPlain, {-std::numeric_limits<double>::max(), 0});
  ExpectForm(kPlain, {0.1 + 0.2});
  ExpectForm(1, {0.3});
  for (const double value : {0.1, 61.6, 1e3 + 0.01}) {
    ExpectForm(kPlain, {std::nextafter(value, 0)});
    ExpectForm(kPlain, {std::nextafter(value, 1e6)});
  }
  // Each is one, and not all over the same power.
  ExpectForm(kPlain, {1e-15, 3});
  ExpectForm(kPlain, {3, 1e-15});
  std::vector<double> far_apart(70, 3);
  far_apart.back() = 1e-15;
  ExpectForm(kPlain, far_apart);
}

TEST(ValueCodecTest, DecimalsComeBack) {
  std::mt19937_64 random(20240901);
  for (int decimals = 0; decimals <= 17; ++decimals) {
    for (int round = 0; round < 60; ++round) {
      const int bits = 1 + static_cast<int>(random() % 53);
      std::vector<double> values(1 + random() % 100);
      for (double& value : values) {
        value = Decimal(static_cast<int64_t>(random()) >> (64 - bits), decimals);
      }
      ExpectComesBack(values);
    }
  }
}

TEST(ValueCodecTest, EveryWidthAndNumberComesBack) {
  std::mt19937_64 random(20240902);
  for (int bits = 1; bits <= 52; ++bits) {
    for (size_t count = 2; count <= 40; ++count) {
      const int64_t most = (int64_t{1} << bits) - 1 - (bits == 52 ? 1 : 0);
      const int64_t least = bits == 52 ? 1 - kBound : -(most / 2);
      std::vector<double> values = {static_cast<double>(least), static_cast<double>(least + most)};
      while (values.size() < count) {
        const uint64_t offset = random() % (static_cast<uint64_t>(most) + 1);
        values.push_back(static_cast<double>(least + static_cast<int64_t>(offset)));
      }
      EXPECT_EQ(Put(values).substr(0, Head(0, least, bits).size()), Head(0, least, bits));
      EXPECT_EQ(Put(values).size(), Head(0, least, bits).size() + (count * bits + 7) / 8);
      ExpectComesBack(values);
    }
  }
}

TEST(ValueCodecTest, AnyNumbersComeBack) {
  std::mt19937_64 random(20240903);
  for (int round = 0; round < 2000; ++round) {
    std::vector<double> values(1 + random() % 40);
    for (double& value : values) {
      value = std::bit_cast<double>(random());
      if (!std::isfinite(value) || random() % 2 == 0) value = Decimal(round, round % 18);
    }
    ExpectComesBack(values);
  }
}

TEST(ValueCodecTest, WhatIsNeverWrittenIsRefused) {
  const std::string zero(1, '\0');
  // Two values each.
  const std::string good[] = {
      Head(15, 5, 1) + zero,
      Head(0, kBound - 1, 1) + zero,
      Head(0, kBound - 2, 1) + "\x03",
      Head(0, 1 - kBound, 52) + std::string(13, '\0'),
      // The greatest difference, and then none.
      Head(0, 1 - kBound, 52) + "\xfe\xff\xff\xff\xff\xff\x0f" + std::string(6, '\0'),
      kPlain + Plain(1) + Plain(2),
  };
  for (const std::string& bytes : good) {
    absl::string_view in = bytes;
    std::vector<double> values;
    EXPECT_TRUE(TakeValues(&in, 2, 0, 2, &values)) << absl::BytesToHexString(bytes);
    EXPECT_TRUE(in.empty());
    EXPECT_EQ(values.size(), 2u);
  }
  const double infinite = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::string bad[] = {
      "",
      // Forms that there are not.
      Head(16, 5, 1) + zero,
      Head(0x7e, 5, 1) + zero,
      Head(0x80, 5, 1) + zero,
      Head(0xff, 5, 1) + std::string(16, '\0'),
      // Cut off in each part.
      zero,
      zero + "\x0a",
      zero + "\x8a",
      Head(0, 5, 1),
      Head(0, 5, 9) + std::string(2, '\0'),
      Head(0, 5, 52) + std::string(12, '\0'),
      zero + "\x8a" + zero + "\x01" + zero,  // a long varint
      Head(0, 5, 0),                         // no bits
      Head(0, 5, 0) + std::string(16, '\0'),
      Head(0, 5, 53) + std::string(14, '\0'),  // too many
      Head(0, 5, 64) + std::string(16, '\0'),
      Head(0, 5, 0xff) + std::string(64, '\0'),
      // The least is no integer that is written, or another is not.
      Head(0, -kBound, 1) + "\x03",
      Head(0, kBound, 1) + zero,
      Head(0, std::numeric_limits<int64_t>::min(), 1) + zero,
      Head(0, std::numeric_limits<int64_t>::max(), 1) + zero,
      Head(0, std::numeric_limits<int64_t>::max(), 52) + std::string(13, '\xff'),
      Head(0, kBound - 1, 1) + "\x01",
      Head(0, kBound - 1, 1) + "\x02",
      Head(0, 1 - kBound, 52) + "\xff\xff\xff\xff\xff\xff\x0f" + std::string(6, '\0'),
      // Bits to spare that are set.
      Head(0, 5, 1) + "\x04",
      Head(0, 5, 1) + "\x80",
      Head(0, 5, 9) + std::string(2, '\0') + "\x04",
      std::string(1, kPlain),
      kPlain + Plain(1) + Plain(2).substr(1),
      kPlain + Plain(1) + Plain(infinite),
      kPlain + Plain(-infinite) + Plain(1),
      kPlain + Plain(1) + Plain(nan),
      kPlain + Plain(-0.0) + Plain(1),
  };
  for (const std::string& bytes : bad) {
    absl::string_view in = bytes;
    std::vector<double> values;
    EXPECT_FALSE(TakeValues(&in, 2, 0, 2, &values)) << absl::BytesToHexString(bytes);
  }
}

// Whatever the number that a damaged body states, no memory is taken for it.
TEST(ValueCodecTest, MoreValuesThanBytesCanHoldAreRefused) {
  for (const uint64_t count : {uint64_t{129}, uint64_t{1} << 40, uint64_t{1} << 61, UINT64_MAX}) {
    for (const std::string& bytes :
         {Head(0, 5, 1) + std::string(16, '\0'), std::string(1, kPlain) + std::string(16, '\0')}) {
      absl::string_view in = bytes;
      std::vector<double> values;
      EXPECT_FALSE(TakeValues(&in, count, 0, count, &values)) << count;
      EXPECT_EQ(values.capacity(), 0u);
    }
  }
}

}  // namespace
}  // namespace policytrack::storage
