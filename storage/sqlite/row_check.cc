#include "storage/sqlite/row_check.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "core/utf8.h"

namespace policytrack::storage::sqlite {

absl::Status DamagedIn(absl::string_view resource, absl::string_view what) {
  return Error(
      absl::StatusCode::kInternal, reason::kStoreDamaged,
      absl::StrCat(resource, ": ", what, "; the store was damaged or altered, restore a backup"),
      {{"resource", std::string(resource)}});
}

absl::Status NameDamage(const absl::Status& status, absl::string_view resource) {
  if (ReasonOf(status) != reason::kStoreDamaged || !MetadataOf(status, "resource").empty()) {
    return status;
  }
  // What to do about it stands after the semicolon.
  return DamagedIn(resource, status.message().substr(0, status.message().find("; ")));
}

absl::Status CheckCommit(const Commit& commit) {
  const auto damaged = [&](absl::string_view what) {
    return DamagedIn(absl::StrCat("commits/", commit.revision), what);
  };
  const bool texts = IsUtf8(commit.principal) && IsUtf8(commit.request_id) &&
                     std::all_of(commit.changes.begin(), commit.changes.end(),
                                 [](const CommitChange& change) { return IsUtf8(change.name); });
  if (!texts) return damaged("a text in it is no UTF-8");
  switch (commit.kind) {
    case CommitKind::kDocument:
    case CommitKind::kPush:
    case CommitKind::kEvaluation:
      return absl::OkStatus();
  }
  return damaged("it is of no known kind");
}

}  // namespace policytrack::storage::sqlite
