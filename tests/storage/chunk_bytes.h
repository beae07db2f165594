// Bytes of points as the tests of the codec put them together and read them.
#ifndef POLICYTRACK_TESTS_STORAGE_CHUNK_BYTES_H_
#define POLICYTRACK_TESTS_STORAGE_CHUNK_BYTES_H_

#include <array>
#include <bit>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "storage/chunk_codec.h"

namespace policytrack::storage {

inline Columns Decoded(const std::string& bytes) {
  Columns columns;
  const absl::Status status = AppendDecoded(bytes, &columns);
  EXPECT_TRUE(status.ok()) << status;
  return columns;
}

// CRC-32 bit by bit, apart from the library that the codec uses.
inline std::string WithChecksum(std::string body) {
  uint32_t crc = 0xffffffff;
  for (const char c : body) {
    crc ^= static_cast<uint8_t>(c);
    for (int i = 0; i < 8; ++i) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320u : 0u);
  }
  crc = ~crc;
  for (int i = 0; i < 4; ++i) body.push_back(static_cast<char>(crc >> (8 * i)));
  return body;
}

inline std::string Value(double value) {
  return std::string(std::bit_cast<std::array<char, sizeof(double)>>(value).data(), sizeof(double));
}

// Of a golden file.
inline std::string ReadHex(const std::string& file) {
  std::ifstream in(std::string(GOLDEN_DIR) + "/" + file);
  std::stringstream text;
  std::string line;
  while (std::getline(in, line)) {
    if (!line.empty() && line[0] != '#') text << line;
  }
  return absl::HexStringToBytes(text.str());
}

}  // namespace policytrack::storage

#endif  // POLICYTRACK_TESTS_STORAGE_CHUNK_BYTES_H_
