// Idempotency: the answers of completed writes, kept under the request_id that
// the caller chose, so that a repetition gives the same answer.
//
// Thread rule: free functions over a transaction.
#ifndef POLICYTRACK_SERVICES_APP_REQUEST_LOG_H_
#define POLICYTRACK_SERVICES_APP_REQUEST_LOG_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/store.h"

namespace policytrack::app {

// How long what has served its purpose is kept.
struct Retention {
  absl::Duration answers = absl::Hours(24);                 // of requests with an id
  absl::Duration deleted_documents = absl::Hours(24 * 30);  // that can be undeleted
};

// Whose request it is, of which method, with which payload.
struct RequestKey {
  std::string principal;
  std::string method;  // "CreatePlan"
  std::string request_id;
  std::string digest;  // of the payload without the id
};

// Ok for "" and for a UUID of any version, written with hyphens.
// Returns INVALID_ARGUMENT / FIELD_INVALID, naming `field`.
absl::Status CheckRequestId(const char* field, const std::string& request_id);

// The answer kept for the request; nullopt when there is none or the id is "".
// Returns INVALID_ARGUMENT / REQUEST_ID_REUSED when the id came with another payload.
absl::StatusOr<std::optional<std::string>> FindAnswer(storage::ReadTransaction& tx,
                                                      const RequestKey& key);

// Keeps an answer for a time; nothing when the id is "".
absl::Status KeepAnswer(storage::WriteTransaction& tx, const RequestKey& key,
                        const std::string& response, const Retention& retention);

// Drops what has expired, a little at a time, so that other writes come between.
// Returns how many, or what the store answers when it will not. Waits for the
// writes: not for the writer's thread. Asks before each part whether to go on.
absl::StatusOr<int64_t> DropExpiredAnswers(storage::Store* store,
                                           const std::function<bool()>& go_on);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_REQUEST_LOG_H_
