// Variable-length integers of the stored formats: seven bits a byte, lowest
// first, the top bit set on all but the last. Signed numbers are zigzagged.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_STORAGE_VARINT_H_
#define POLICYTRACK_STORAGE_VARINT_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace policytrack::storage {

// The most bytes that a number takes.
inline constexpr size_t kMaxVarintBytes = 10;

// Writes one number to where there is room for it; gives what comes after it.
inline char* PutVarintAt(char* to, uint64_t value) {
  while (value >= 0x80) {
    *to++ = static_cast<char>((value & 0x7f) | 0x80);
    value >>= 7;
  }
  *to++ = static_cast<char>(value);
  return to;
}

inline void PutVarint(std::string* out, uint64_t value) {
  char bytes[kMaxVarintBytes];
  out->append(bytes, static_cast<size_t>(PutVarintAt(bytes, value) - bytes));
}

// Writes many numbers to the end of a string, which has them when this ends.
class VarintWriter {
 public:
  explicit VarintWriter(std::string* out) : out_(*out) {}
  ~VarintWriter() { Flush(); }
  VarintWriter(const VarintWriter&) = delete;
  VarintWriter& operator=(const VarintWriter&) = delete;

  void Put(uint64_t value) {
    if (buffer_ + sizeof(buffer_) - at_ < static_cast<ptrdiff_t>(kMaxVarintBytes)) Flush();
    at_ = PutVarintAt(at_, value);
  }

 private:
  void Flush() {
    out_.append(buffer_, static_cast<size_t>(at_ - buffer_));
    at_ = buffer_;
  }

  std::string& out_;
  char buffer_[256];
  char* at_ = buffer_;
};

// Takes one number off the front of `*in`. False when it is cut off, does not
// fit 64 bits or is longer than it need be: each number has one form.
inline bool TakeVarint(absl::string_view* in, uint64_t* value) {
  // Most are one byte: the steps of a series without gaps.
  if (!in->empty() && static_cast<uint8_t>(in->front()) < 0x80) {
    *value = static_cast<uint8_t>(in->front());
    in->remove_prefix(1);
    return true;
  }
  uint64_t result = 0;
  for (size_t i = 0; i < in->size() && i < 10; ++i) {
    const uint8_t byte = static_cast<uint8_t>((*in)[i]);
    if (i == 9 && byte > 1) return false;
    result |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if ((byte & 0x80) == 0) {
      if (byte == 0 && i > 0) return false;
      in->remove_prefix(i + 1);
      *value = result;
      return true;
    }
  }
  return false;
}

inline uint64_t Zigzag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}
inline int64_t Unzigzag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

}  // namespace policytrack::storage

#endif  // POLICYTRACK_STORAGE_VARINT_H_
