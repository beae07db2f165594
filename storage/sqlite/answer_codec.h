// The bytes of `digest` of an answered request: the digest itself and, after one of
// 32 bytes, a checksum of it and of the answer. No digest of a commit covers them.
// Answers of before have none (docs/storage-format.md).
//
// Thread rule: pure functions.
#ifndef POLICYTRACK_STORAGE_SQLITE_ANSWER_CODEC_H_
#define POLICYTRACK_STORAGE_SQLITE_ANSWER_CODEC_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/store.h"

namespace policytrack::storage::sqlite {

std::string EncodeAnswerDigest(const ReadTransaction::StoredAnswer& answer);

// INTERNAL / STORE_DAMAGED when the checksum is not that of the two.
absl::StatusOr<ReadTransaction::StoredAnswer> DecodeAnswer(absl::string_view digest,
                                                           absl::string_view response);

}  // namespace policytrack::storage::sqlite

#endif  // POLICYTRACK_STORAGE_SQLITE_ANSWER_CODEC_H_
