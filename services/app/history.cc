#include "services/app/history.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/digest.h"
#include "core/error.h"
#include "core/filter.h"
#include "core/page_token.h"
#include "core/resource_name.h"
#include "services/app/document_fields.h"
#include "services/app/plugin_records.h"

namespace policytrack::app {
namespace {

// Commits read from the store at a time.
constexpr int kBatch = 256;
constexpr size_t kMaxPageBytes = 3 << 20;
// A commit of a push into very many datasets stays readable.
constexpr int kMaxChanges = 1000;

// An evaluation says in the records of plugins which versions it took up.
absl::Status AddPluginChanges(storage::ReadTransaction& tx, const storage::Commit& commit,
                              v1::Commit* result) {
  if (commit.kind != storage::CommitKind::kEvaluation) return absl::OkStatus();
  for (const storage::CommitChange& change : commit.changes) {
    if (!change.document || CollectionOf(change.name) != kPlugins) continue;
    PT_ASSIGN_OR_RETURN(const v1::PluginRecord record,
                        LoadPluginRecord(tx, change.name, commit.revision));
    for (std::string& words : ChangeWords(record, commit.revision)) {
      result->add_plugin_changes(std::move(words));
    }
  }
  return absl::OkStatus();
}

}  // namespace

v1::Commit ToProto(const storage::Commit& commit, bool with_changes) {
  v1::Commit result;
  result.set_name(absl::StrCat(kCommits, "/", commit.revision));
  result.set_revision(commit.revision);
  *result.mutable_time() = ToTimestamp(commit.time);
  result.set_principal(commit.principal);
  result.set_request_id(commit.request_id);
  result.set_kind(static_cast<v1::CommitKind>(commit.kind));
  result.set_input_revision(commit.input_revision);
  for (const storage::CommitChange& change : commit.changes) {
    if (!with_changes || result.changes_size() == kMaxChanges) break;
    v1::CommitChange* item = result.add_changes();
    item->set_name(change.name);
    item->set_document(change.document);
    item->set_created_count(change.created);
    item->set_revised_count(change.revised);
    item->set_deleted_count(change.deleted);
  }
  result.set_change_count(static_cast<int32_t>(commit.changes.size()));
  result.set_content_digest(ToHex(commit.content_digest));
  result.set_chain_digest(ToHex(commit.chain_digest));
  return result;
}

absl::StatusOr<v1::Commit> History::Get(const std::string& name) {
  PT_ASSIGN_OR_RETURN(const int64_t revision, ParseCommitName("name", name));
  v1::Commit result;
  PT_RETURN_IF_ERROR(store_->Read([&](storage::ReadTransaction& tx) -> absl::Status {
    PT_ASSIGN_OR_RETURN(auto commit, tx.GetCommit(revision));
    if (!commit.has_value()) {
      return NotFound(
          name, absl::StrCat(name, " does not exist; the present revision is ", tx.revision()));
    }
    result = ToProto(*commit, true);
    return AddPluginChanges(tx, *commit, &result);
  }));
  return result;
}

absl::StatusOr<v1::ListCommitsResponse> History::List(const v1::ListCommitsRequest& request) {
  PT_ASSIGN_OR_RETURN(const int page_size, EffectivePageSize(request.page_size(), 100, 1000));
  PT_ASSIGN_OR_RETURN(const Filter filter,
                      Filter::Parse(request.filter(), v1::Commit::descriptor()));
  const std::string digest = RequestDigest(request);
  int64_t before = storage::kPresent;
  if (!request.page_token().empty()) {
    PT_ASSIGN_OR_RETURN(const PageCursor cursor, ParsePageToken(digest, request.page_token()));
    before = cursor.revision;
  }
  v1::ListCommitsResponse response;
  PT_RETURN_IF_ERROR(store_->Read([&](storage::ReadTransaction& tx) -> absl::Status {
    response.Clear();
    size_t bytes = 0;
    for (bool end = false; !end;) {
      PT_ASSIGN_OR_RETURN(auto batch, tx.ListCommits(before, kBatch));
      end = batch.size() < kBatch;
      for (const storage::Commit& commit : batch) {
        v1::Commit item = ToProto(commit, true);
        PT_RETURN_IF_ERROR(AddPluginChanges(tx, commit, &item));
        before = commit.revision;
        if (!filter.Matches(item)) continue;
        const size_t size = item.ByteSizeLong();
        if (response.commits_size() == page_size ||
            (response.commits_size() > 0 && bytes + size > kMaxPageBytes)) {
          response.set_next_page_token(
              MakePageToken(digest, {response.commits().rbegin()->revision(), "", 0}));
          return absl::OkStatus();
        }
        bytes += size;
        *response.add_commits() = std::move(item);
      }
    }
    return absl::OkStatus();
  }));
  return response;
}

}  // namespace policytrack::app
