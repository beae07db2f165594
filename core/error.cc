#include "core/error.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "core/utf8.h"
#include "google/rpc/error_details.pb.h"

namespace policytrack {
namespace {

constexpr char kErrorInfoUrl[] = "type.googleapis.com/google.rpc.ErrorInfo";
constexpr char kFieldKey[] = "field";

// A status travels in HTTP/2 trailers, where 8 KB is the usual limit for all of
// them, and details are encoded in base64. These keep the whole under 4 KiB.
constexpr size_t kMaxMessageBytes = 2048;
constexpr size_t kMaxMetadataValueBytes = 256;
constexpr size_t kMaxMetadataKeyBytes = 64;
constexpr size_t kMaxMetadataBytes = 1024;

bool IsContinuationByte(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

absl::optional<google::rpc::ErrorInfo> InfoOf(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kErrorInfoUrl);
  google::rpc::ErrorInfo info;
  if (!payload.has_value() || !info.ParseFromString(std::string(*payload))) return absl::nullopt;
  return info;
}

// What may be shown in a log or a terminal: short, UTF-8 and of one line, whatever
// of the caller's it quotes.
std::string MessageText(absl::string_view message) {
  return CutText(OneLine(ToUtf8(CutText(message, kMaxMessageBytes))), kMaxMessageBytes);
}

// A path ends in whatever key the caller has sent; what is wrong comes after it.
std::string ShownPath(absl::string_view field) { return CutText(field, kMaxMetadataValueBytes); }

}  // namespace

std::string CutText(absl::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return std::string(text);
  constexpr absl::string_view kEllipsis = "...";
  const absl::string_view tail = kEllipsis.substr(0, std::min(kEllipsis.size(), max_bytes));
  size_t end = max_bytes - tail.size();
  // A UTF-8 character has at most three continuation bytes; in bytes that are
  // not UTF-8 there is no boundary to look for.
  for (int back = 0; back < 4 && end > 0 && IsContinuationByte(text[end]); ++back) --end;
  return absl::StrCat(text.substr(0, end), tail);
}

absl::Status Error(absl::StatusCode code, absl::string_view reason, absl::string_view message,
                   ErrorMetadata metadata) {
  google::rpc::ErrorInfo info;
  // Fields of proto3 must be UTF-8, or the payload cannot be parsed again.
  info.set_reason(ToUtf8(reason));
  info.set_domain(kErrorDomain);
  size_t used = 0;
  for (const auto& [key, value] : metadata) {
    const std::string short_key = CutText(ToUtf8(key), kMaxMetadataKeyBytes);
    const std::string short_value = CutText(ToUtf8(value), kMaxMetadataValueBytes);
    used += short_key.size() + short_value.size();
    if (used > kMaxMetadataBytes) break;
    (*info.mutable_metadata())[short_key] = short_value;
  }
  absl::Status status(code, MessageText(message));
  status.SetPayload(kErrorInfoUrl, absl::Cord(info.SerializeAsString()));
  return status;
}

absl::Status FieldInvalid(absl::string_view field, absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, reason::kFieldInvalid,
               absl::StrCat(ShownPath(field), ": ", message), {{kFieldKey, std::string(field)}});
}

absl::Status FieldRequired(absl::string_view field, absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, reason::kFieldRequired,
               absl::StrCat(ShownPath(field), ": ", message), {{kFieldKey, std::string(field)}});
}

absl::Status NotFound(absl::string_view resource, absl::string_view message) {
  return Error(absl::StatusCode::kNotFound, reason::kResourceNotFound, message,
               {{"resource", std::string(resource)}});
}

std::string ReasonOf(const absl::Status& status) {
  const auto info = InfoOf(status);
  return info.has_value() ? info->reason() : "";
}

std::string MetadataOf(const absl::Status& status, absl::string_view key) {
  const auto info = InfoOf(status);
  if (!info.has_value()) return "";
  const auto it = info->metadata().find(std::string(key));
  return it == info->metadata().end() ? "" : it->second;
}

absl::Status WithFieldPrefix(const absl::Status& status, absl::string_view prefix) {
  if (status.ok() || prefix.empty()) return status;
  auto info = InfoOf(status);
  const bool has_field = info.has_value() && info->metadata().contains(kFieldKey);
  const absl::string_view joint = has_field ? "." : ": ";
  absl::Status result(status.code(), MessageText(absl::StrCat(prefix, joint, status.message())));
  status.ForEachPayload(
      [&](absl::string_view url, const absl::Cord& payload) { result.SetPayload(url, payload); });
  if (has_field) {
    std::string& field = (*info->mutable_metadata())[kFieldKey];
    field = CutText(ToUtf8(absl::StrCat(prefix, ".", field)), kMaxMetadataValueBytes);
    result.SetPayload(kErrorInfoUrl, absl::Cord(info->SerializeAsString()));
  }
  return result;
}

}  // namespace policytrack
