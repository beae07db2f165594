#include "core/digest.h"

#include <openssl/evp.h>

#include <array>
#include <cstdlib>
#include <utility>

#include "absl/strings/escaping.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace policytrack {
namespace {

constexpr size_t kSha256Bytes = 32;

// OpenSSL fails here only without memory or without SHA-256, and then no
// digest can be trusted.
void Must(bool done) {
  if (!done) std::abort();
}

// Looked up once: by EVP_sha256() OpenSSL 3 looks it up for every digest, which
// takes longer than to digest a short text. Never freed, as a static must be.
const EVP_MD* Sha256Method() {
  static const EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  Must(method != nullptr);
  return method;
}

std::array<unsigned char, 8> LittleEndian(uint64_t value) {
  std::array<unsigned char, 8> bytes;
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<unsigned char>(value >> (8 * i));
  }
  return bytes;
}

}  // namespace

struct Digest::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() { Must(context != nullptr && EVP_DigestInit_ex(context, Sha256Method(), nullptr) == 1); }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

Digest::Digest() : state_(std::make_unique<State>()) {}
Digest::~Digest() = default;
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;

Digest& Digest::Add(absl::string_view bytes) {
  AddInt(static_cast<int64_t>(bytes.size()));
  return AddRaw(bytes.data(), bytes.size());
}

Digest& Digest::AddInt(int64_t value) {
  const auto bytes = LittleEndian(static_cast<uint64_t>(value));
  return AddRaw(bytes.data(), bytes.size());
}

Digest& Digest::AddRaw(const void* data, size_t size) {
  Must(state_ != nullptr);
  if (size > 0) Must(EVP_DigestUpdate(state_->context, data, size) == 1);
  return *this;
}

std::string Digest::Finish() {
  Must(state_ != nullptr);
  std::array<unsigned char, kSha256Bytes> bytes;
  unsigned int size = 0;
  Must(EVP_DigestFinal_ex(state_->context, bytes.data(), &size) == 1 && size == bytes.size());
  state_.reset();
  return std::string(bytes.begin(), bytes.end());
}

std::string Sha256(absl::string_view bytes) {
  Digest digest;
  digest.AddRaw(bytes.data(), bytes.size());
  return digest.Finish();
}

std::string Sha256Hex(absl::string_view bytes) { return ToHex(Sha256(bytes)); }

std::string ToHex(absl::string_view bytes) { return absl::BytesToHexString(bytes); }

std::string DeterministicBytes(const google::protobuf::Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    // Fails only when the stream does, and a string does not.
    Must(message.SerializePartialToCodedStream(&coded));
  }
  return bytes;
}

}  // namespace policytrack
