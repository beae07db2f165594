#include "storage/value_codec.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "storage/varint.h"

namespace policytrack::storage {
namespace {

static_assert(std::endian::native == std::endian::little,
              "Numbers are copied as they lie in memory; a big-endian machine needs a swap here.");

constexpr char kPlain = '\x7f';
constexpr size_t kMostDecimals = 15;
// Each an exact double.
constexpr double kPowersOfTen[kMostDecimals + 1] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
// Integers below this in size are exact as doubles, and so is the trick of Nearest.
constexpr double kBound = 2251799813685248;  // 2^51
constexpr int64_t kIntegerBound = int64_t{1} << 51;
// Of the difference of two of them.
constexpr uint64_t kMostBits = 52;

constexpr uint64_t kExponentBits = 0x7ff0000000000000;
constexpr uint64_t kNegativeZero = 0x8000000000000000;

// The integer nearest to a number below kBound in size: what is added has no room
// for a fraction. std::nearbyint without the call.
double Nearest(double value) {
  constexpr double kNoFraction = 3 * kBound;
  return value + kNoFraction - kNoFraction;
}

// The integer over a power of ten that is `value`, or false.
bool IsQuotient(double value, double power, double* integer) {
  const double nearest = Nearest(value * power);
  *integer = nearest;
  return std::abs(nearest) < kBound && nearest / power == value;
}

// The fewest decimals with which all values are quotients, and the integers; more
// than kMostDecimals when there are none. What is a quotient with some decimals is
// one with more as well, as long as its integer is below the bound, so one pass
// finds them.
size_t FindDecimals(const std::vector<double>& values, std::vector<double>* integers) {
  size_t decimals = 0;
  integers->resize(values.size());
  const auto all_are = [&](size_t begin, size_t end, size_t with) {
    const double power = kPowersOfTen[with];
    bool good = true;
    for (size_t i = begin; i < end; ++i) good &= IsQuotient(values[i], power, &(*integers)[i]);
    return good;
  };
  // In steps, so that values that are no quotients are given up early.
  constexpr size_t kStep = 16;
  for (size_t at = 0; at < values.size(); at += kStep) {
    const size_t end = std::min(at + kStep, values.size());
    if (all_are(at, end, decimals)) continue;
    do {
      if (++decimals > kMostDecimals) return decimals;
    } while (!all_are(at, end, decimals));
    if (at > 0 && !all_are(0, at, decimals)) return kMostDecimals + 1;
  }
  return decimals;
}

// Appends the low bits of each number, the first in the lowest bits.
void PutBits(const std::vector<double>& integers, double least, uint64_t bits, std::string* out) {
  const size_t start = out->size();
  const size_t size = (integers.size() * bits + 7) / 8;
  // Whole words are written, and what is too much is cut off.
  out->resize(start + size + sizeof(uint64_t));
  char* at = out->data() + start;
  uint64_t word = 0;
  uint64_t filled = 0;
  for (const double integer : integers) {
    const auto offset = static_cast<uint64_t>(static_cast<int64_t>(integer - least));
    word |= offset << filled;
    filled += bits;
    if (filled < 64) continue;
    std::memcpy(at, &word, sizeof(word));
    at += sizeof(word);
    filled -= 64;
    word = filled > 0 ? offset >> (bits - filled) : 0;
  }
  std::memcpy(at, &word, sizeof(word));
  out->resize(start + size);
}

// The eight bytes at a place, zeros past the end.
uint64_t WordAt(absl::string_view bytes, size_t at) {
  uint64_t word = 0;
  std::memcpy(&word, bytes.data() + at, std::min(sizeof(word), bytes.size() - at));
  return word;
}

bool TakeQuotients(absl::string_view* in, size_t decimals, size_t count, size_t begin, size_t end,
                   std::vector<double>* values) {
  uint64_t raw = 0;
  if (!TakeVarint(in, &raw) || in->empty()) return false;
  const int64_t least = Unzigzag(raw);
  const auto bits = static_cast<uint8_t>(in->front());
  in->remove_prefix(1);
  if (least <= -kIntegerBound || least >= kIntegerBound) return false;
  // Every value takes a bit at least, so that few bytes never stand for many values.
  if (bits == 0 || bits > kMostBits || count > in->size() * 8 / bits) return false;
  const size_t size = (count * bits + 7) / 8;
  const absl::string_view packed = in->substr(0, size);
  in->remove_prefix(size);
  if (const size_t used = count * bits % 8;
      used > 0 && static_cast<uint8_t>(packed.back()) >> used != 0) {
    return false;
  }
  const double power = kPowersOfTen[decimals];
  const uint64_t mask = (uint64_t{1} << bits) - 1;
  const size_t start = values->size();
  values->resize(start + (end - begin));
  double* to = values->data() + start;
  bool good = true;
  const auto take = [&](uint64_t word, size_t bit) {
    const int64_t integer = least + static_cast<int64_t>((word >> (bit % 8)) & mask);
    good &= integer < kIntegerBound;
    *to++ = static_cast<double>(integer) / power;
  };
  size_t left = end - begin;
  size_t bit = begin * bits;
  // A number of up to 52 bits that begins within a byte ends within eight.
  for (; left > 0 && bit / 8 + sizeof(uint64_t) <= size; --left, bit += bits) {
    uint64_t word = 0;
    std::memcpy(&word, packed.data() + bit / 8, sizeof(word));
    take(word, bit);
  }
  for (; left > 0; --left, bit += bits) take(WordAt(packed, bit / 8), bit);
  return good;
}

}  // namespace

void PutValues(const std::vector<double>& values, std::string* out) {
  std::vector<double> integers;
  const size_t decimals = FindDecimals(values, &integers);
  if (decimals > kMostDecimals) {
    out->push_back(kPlain);
    out->append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(double));
    return;
  }
  double least = integers[0];
  double greatest = integers[0];
  for (const double integer : integers) {
    least = std::min(least, integer);
    greatest = std::max(greatest, integer);
  }
  const auto bits = std::max<uint64_t>(1, std::bit_width(static_cast<uint64_t>(greatest - least)));
  out->push_back(static_cast<char>(decimals));
  PutVarint(out, Zigzag(static_cast<int64_t>(least)));
  out->push_back(static_cast<char>(bits));
  PutBits(integers, least, bits, out);
}

bool TakeValues(absl::string_view* in, size_t count, size_t begin, size_t end,
                std::vector<double>* values) {
  if (in->empty()) return false;
  const char form = in->front();
  in->remove_prefix(1);
  if (form == kPlain) return TakePlainValues(in, count, begin, end, values);
  const auto decimals = static_cast<uint8_t>(form);
  return decimals <= kMostDecimals && TakeQuotients(in, decimals, count, begin, end, values);
}

bool TakePlainValues(absl::string_view* in, size_t count, size_t begin, size_t end,
                     std::vector<double>* values) {
  if (in->size() / sizeof(double) < count) return false;
  const size_t start = values->size();
  values->resize(start + (end - begin));
  // A null pointer is none to copy to.
  if (begin < end) {
    std::memcpy(values->data() + start, in->data() + begin * sizeof(double),
                (end - begin) * sizeof(double));
  }
  in->remove_prefix(count * sizeof(double));
  bool good = true;
  for (size_t i = start; i < values->size(); ++i) {
    const uint64_t bits = std::bit_cast<uint64_t>((*values)[i]);
    good &= (bits & kExponentBits) != kExponentBits && bits != kNegativeZero;
  }
  return good;
}

}  // namespace policytrack::storage
