#include "services/app/request_log.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/error.h"

namespace policytrack::app {
namespace {

// A write of this many takes milliseconds.
constexpr int kDroppedAtATime = 1000;

}  // namespace

absl::Status CheckRequestId(const char* field, const std::string& request_id) {
  if (request_id.empty()) return absl::OkStatus();
  bool good = request_id.size() == 36;
  for (size_t i = 0; good && i < request_id.size(); ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    good = hyphen ? request_id[i] == '-'
                  : absl::ascii_isxdigit(static_cast<unsigned char>(request_id[i]));
  }
  if (good) return absl::OkStatus();
  return FieldInvalid(field,
                      "must be a UUID such as 6fa459ea-ee8a-4ca4-894e-db77e160355e; choose a new "
                      "one for every call that is not a repetition");
}

absl::StatusOr<std::optional<std::string>> FindAnswer(storage::ReadTransaction& tx,
                                                      const RequestKey& key) {
  if (key.request_id.empty()) return std::optional<std::string>();
  PT_ASSIGN_OR_RETURN(auto answer, tx.FindAnswer(key.principal, key.method, key.request_id));
  if (!answer.has_value()) return std::optional<std::string>();
  if (answer->digest != key.digest) {
    return Error(absl::StatusCode::kInvalidArgument, reason::kRequestIdReused,
                 absl::StrCat("request_id ", key.request_id, " was used for another ", key.method,
                              " with another payload a while ago; choose a new UUID"),
                 {{"request_id", key.request_id}});
  }
  return std::optional<std::string>(std::move(answer->response));
}

absl::Status KeepAnswer(storage::WriteTransaction& tx, const RequestKey& key,
                        const std::string& response, const Retention& retention) {
  if (key.request_id.empty()) return absl::OkStatus();
  return tx.PutAnswer(key.principal, key.method, key.request_id, {key.digest, response},
                      tx.time() + retention.answers);
}

absl::StatusOr<int64_t> DropExpiredAnswers(storage::Store* store,
                                           const std::function<bool()>& go_on) {
  int64_t all = 0;
  for (int64_t dropped = kDroppedAtATime; dropped == kDroppedAtATime && go_on(); all += dropped) {
    PT_RETURN_IF_ERROR(store
                           ->Write({},
                                   [&](storage::WriteTransaction& tx) -> absl::Status {
                                     PT_ASSIGN_OR_RETURN(dropped,
                                                         tx.DropExpiredAnswers(kDroppedAtATime));
                                     return absl::OkStatus();
                                   })
                           .status());
  }
  return all;
}

}  // namespace policytrack::app
