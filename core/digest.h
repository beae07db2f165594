// SHA-256.
#ifndef POLICYTRACK_CORE_DIGEST_H_
#define POLICYTRACK_CORE_DIGEST_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace policytrack {

// A running SHA-256. Fields are added with their length, so that no two
// sequences of fields give the same bytes. Not thread-safe.
class Digest {
 public:
  Digest();
  ~Digest();
  Digest(Digest&&) noexcept;
  Digest& operator=(Digest&&) noexcept;

  // Adds an 8-byte little-endian length and the bytes.
  Digest& Add(absl::string_view bytes);
  // Adds 8 bytes, little-endian.
  Digest& AddInt(int64_t value);
  // Adds raw bytes without a length.
  Digest& AddRaw(const void* data, size_t size);
  // The 32 bytes; the object is spent.
  std::string Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// SHA-256 of the bytes: 32 raw bytes, and 64 hexadecimal digits.
std::string Sha256(absl::string_view bytes);
std::string Sha256Hex(absl::string_view bytes);
std::string ToHex(absl::string_view bytes);

// The one serialization that is stored and digested: map entries in key order.
std::string DeterministicBytes(const google::protobuf::Message& message);

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_DIGEST_H_
