// Errors that cross the border to clients: an absl::Status whose one ErrorInfo
// payload carries a stable reason. Everything below the gRPC edge makes them
// with Error(); the edge passes them on. A status without ErrorInfo is internal
// and is shown to clients only as INTERNAL_ERROR with a request id.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_CORE_ERROR_H_
#define POLICYTRACK_CORE_ERROR_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace policytrack {

// The domain of every ErrorInfo.
inline constexpr char kErrorDomain[] = "policytrack.dev";

// Stable reasons. Documented in docs/errors.md with the code that each comes
// with; never reused for anything else.
namespace reason {
inline constexpr char kFieldRequired[] = "FIELD_REQUIRED";
inline constexpr char kFieldInvalid[] = "FIELD_INVALID";
inline constexpr char kNameInvalid[] = "NAME_INVALID";
inline constexpr char kFilterInvalid[] = "FILTER_INVALID";
inline constexpr char kOrderByInvalid[] = "ORDER_BY_INVALID";
inline constexpr char kPageTokenInvalid[] = "PAGE_TOKEN_INVALID";
inline constexpr char kResumeTokenInvalid[] = "RESUME_TOKEN_INVALID";
inline constexpr char kResumeTokenExpired[] = "RESUME_TOKEN_EXPIRED";
inline constexpr char kRowsInvalid[] = "ROWS_INVALID";
inline constexpr char kRequestIdReused[] = "REQUEST_ID_REUSED";
inline constexpr char kResourceNotFound[] = "RESOURCE_NOT_FOUND";
inline constexpr char kResourceExists[] = "RESOURCE_EXISTS";
inline constexpr char kResourceDeleted[] = "RESOURCE_DELETED";
inline constexpr char kEtagMismatch[] = "ETAG_MISMATCH";
inline constexpr char kResourceInUse[] = "RESOURCE_IN_USE";
inline constexpr char kPluginNotActive[] = "PLUGIN_NOT_ACTIVE";
inline constexpr char kPluginsUnreadable[] = "PLUGINS_UNREADABLE";
inline constexpr char kIndicatorCycle[] = "INDICATOR_CYCLE";
inline constexpr char kParametersInvalid[] = "PARAMETERS_INVALID";
inline constexpr char kPluginFailed[] = "PLUGIN_FAILED";
inline constexpr char kPluginTimeout[] = "PLUGIN_TIMEOUT";
inline constexpr char kResultRefused[] = "RESULT_REFUSED";
inline constexpr char kEvaluationBehind[] = "EVALUATION_BEHIND";
inline constexpr char kBackupDirUnset[] = "BACKUP_DIR_UNSET";
inline constexpr char kRequestTooLarge[] = "REQUEST_TOO_LARGE";
inline constexpr char kTooManyWatchers[] = "TOO_MANY_WATCHERS";
inline constexpr char kStoreBusy[] = "STORE_BUSY";
inline constexpr char kStoreFull[] = "STORE_FULL";
inline constexpr char kStoreDamaged[] = "STORE_DAMAGED";
inline constexpr char kStoreReadOnly[] = "STORE_READ_ONLY";
inline constexpr char kPushSilent[] = "PUSH_SILENT";
inline constexpr char kServerStopping[] = "SERVER_STOPPING";
inline constexpr char kInternalError[] = "INTERNAL_ERROR";
}  // namespace reason

using ErrorMetadata = std::vector<std::pair<std::string, std::string>>;

// A status with an ErrorInfo of this reason. `message` must stand alone: what
// is wrong, where, and what to do. `metadata` names the field, resource or
// position, for programs. The message is kept to one line: control characters in
// it are escaped. The whole is kept under 4 KiB: longer texts are cut.
absl::Status Error(absl::StatusCode code, absl::string_view reason, absl::string_view message,
                   ErrorMetadata metadata = {});

// INVALID_ARGUMENT / FIELD_INVALID and FIELD_REQUIRED with metadata `field`.
// The message is prefixed with the field path.
absl::Status FieldInvalid(absl::string_view field, absl::string_view message);
absl::Status FieldRequired(absl::string_view field, absl::string_view message = "must be set");

// NOT_FOUND / RESOURCE_NOT_FOUND with metadata `resource`.
absl::Status NotFound(absl::string_view resource, absl::string_view message);

// The reason of a status made by Error(), or "" when it has none.
std::string ReasonOf(const absl::Status& status);
// A value of its metadata, or "".
std::string MetadataOf(const absl::Status& status, absl::string_view key);
// The same error with `prefix` in front of its message and, when metadata
// `field` is present, in front of the field path, joined by a dot.
absl::Status WithFieldPrefix(const absl::Status& status, absl::string_view prefix);

// Cuts to at most `max_bytes` at a UTF-8 boundary; a cut text ends in "...".
std::string CutText(absl::string_view text, size_t max_bytes);

#define PT_RETURN_IF_ERROR(expr)             \
  do {                                       \
    ::absl::Status pt_status_ = (expr);      \
    if (!pt_status_.ok()) return pt_status_; \
  } while (false)

#define PT_CONCAT_INNER_(a, b) a##b
#define PT_CONCAT_(a, b) PT_CONCAT_INNER_(a, b)
#define PT_ASSIGN_OR_RETURN(lhs, expr)                \
  auto PT_CONCAT_(pt_result_, __LINE__) = (expr);     \
  if (!PT_CONCAT_(pt_result_, __LINE__).ok()) {       \
    return PT_CONCAT_(pt_result_, __LINE__).status(); \
  }                                                   \
  lhs = *std::move(PT_CONCAT_(pt_result_, __LINE__))

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_ERROR_H_
