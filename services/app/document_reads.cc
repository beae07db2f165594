// The reads of Documents: get, list and revisions.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "core/filter.h"
#include "core/order_by.h"
#include "core/page_token.h"
#include "core/resource_name.h"
#include "services/app/as_of.h"
#include "services/app/definitions.h"
#include "services/app/document_fields.h"
#include "services/app/documents.h"

namespace policytrack::app {
namespace {

using google::protobuf::Message;
using storage::Document;
using storage::ReadTransaction;

// Documents read from the store at a time while listing.
constexpr int kBatch = 256;
// A page ends when it would grow beyond this, well below a client's usual
// limit of 4 MiB for a message.
constexpr size_t kMaxPageBytes = 3 << 20;

}  // namespace

bool Documents::IsSoftDeleted(const Document& stored, const Message& document) {
  return stored.deleted && HasField(document, "delete_time");
}

absl::Status Documents::NotThere(const std::string& name) const {
  return NotFound(
      name, absl::StrCat(name, " does not exist; list ", kind_->collection(), " to see which do"));
}

absl::StatusOr<MessagePtr> Documents::Parse(const Document& stored) const {
  MessagePtr document = kind_->New();
  if (!document->ParseFromString(stored.body)) return DamagedState(stored);
  return document;
}

absl::StatusOr<MessagePtr> Documents::Get(const std::string& name, bool has_as_of,
                                          const v1::AsOf& as_of) {
  PT_RETURN_IF_ERROR(ParseResourceName("name", kind_->collection(), name).status());
  MessagePtr result;
  PT_RETURN_IF_ERROR(store_->Read([&](ReadTransaction& tx) -> absl::Status {
    PT_ASSIGN_OR_RETURN(const int64_t revision, ResolveAsOf(tx, has_as_of, as_of));
    PT_ASSIGN_OR_RETURN(auto stored, tx.GetDocument(name, revision));
    if (stored.has_value()) {
      PT_ASSIGN_OR_RETURN(result, Parse(*stored));
      if (!stored->deleted || IsSoftDeleted(*stored, *result)) return absl::OkStatus();
    }
    if (revision == storage::kPresent) return NotThere(name);
    return NotFound(name, absl::StrCat(name, " does not exist as of revision ", revision,
                                       "; list its revisions to see when it did"));
  }));
  return result;
}

absl::StatusOr<ListResult> Documents::List(const ListArgs& args) {
  PT_ASSIGN_OR_RETURN(const int page_size, EffectivePageSize(args.page_size, 100, 1000));
  const MessagePtr prototype = kind_->New();
  PT_ASSIGN_OR_RETURN(const Filter filter, Filter::Parse(args.filter, prototype->GetDescriptor()));
  PT_ASSIGN_OR_RETURN(const OrderBy order,
                      OrderBy::Parse(args.order_by, prototype->GetDescriptor()));
  PageCursor cursor;
  if (!args.page_token.empty()) {
    PT_ASSIGN_OR_RETURN(cursor, ParsePageToken(args.request_digest, args.page_token));
  }

  ListResult result;
  std::string last_key;
  bool more = false;
  PT_RETURN_IF_ERROR(store_->Read([&](ReadTransaction& tx) -> absl::Status {
    int64_t as_of = cursor.revision;
    if (args.page_token.empty()) {
      PT_ASSIGN_OR_RETURN(as_of, ResolveAsOf(tx, args.has_as_of, args.as_of));
    }
    result.revision = std::min(as_of, tx.revision());

    std::vector<std::pair<std::string, MessagePtr>> found;  // by sort key
    size_t bytes = 0;
    const auto full = [&](size_t next_bytes) {
      return static_cast<int>(found.size()) >= page_size ||
             (!found.empty() && bytes + next_bytes > kMaxPageBytes);
    };
    std::string after = order.by_name() ? cursor.key : "";
    for (bool end = false; !end && !more;) {
      PT_ASSIGN_OR_RETURN(auto batch, tx.ListDocuments(kind_->collection(), after, kBatch,
                                                       result.revision, args.show_deleted));
      end = batch.size() < kBatch;
      for (const Document& stored : batch) {
        after = stored.name;
        PT_ASSIGN_OR_RETURN(MessagePtr document, Parse(stored));
        if (stored.deleted && !IsSoftDeleted(stored, *document)) continue;
        if (!filter.Matches(*document)) continue;
        if (order.by_name()) {
          if (full(stored.body.size())) {
            more = true;
            break;
          }
          bytes += stored.body.size();
          found.emplace_back(stored.name, std::move(document));
          continue;
        }
        std::string key = order.SortKey(*document);
        if (cursor.key.empty() || key > cursor.key) {
          found.emplace_back(std::move(key), std::move(document));
        }
      }
    }
    if (!order.by_name()) {
      std::sort(found.begin(), found.end(),
                [](const auto& a, const auto& b) { return a.first < b.first; });
      size_t keep = 0;
      for (; keep < found.size() && static_cast<int>(keep) < page_size; ++keep) {
        const size_t size = found[keep].second->ByteSizeLong();
        if (keep > 0 && bytes + size > kMaxPageBytes) break;
        bytes += size;
      }
      more = keep < found.size();
      found.resize(keep);
    }
    if (!found.empty()) last_key = found.back().first;
    for (auto& [key, document] : found) result.documents.push_back(std::move(document));
    return absl::OkStatus();
  }));
  if (more) {
    result.next_page_token = MakePageToken(args.request_digest, {result.revision, last_key, 0});
  }
  return result;
}

absl::StatusOr<std::vector<DocumentRevision>> Documents::ListRevisions(
    const std::string& name, int page_size, const std::string& page_token,
    const std::string& request_digest, std::string* next_page_token) {
  PT_RETURN_IF_ERROR(ParseResourceName("name", kind_->collection(), name).status());
  PT_ASSIGN_OR_RETURN(const int limit, EffectivePageSize(page_size, 100, 1000));
  int64_t before = storage::kPresent;
  if (!page_token.empty()) {
    PT_ASSIGN_OR_RETURN(const PageCursor cursor, ParsePageToken(request_digest, page_token));
    before = cursor.revision;
  }
  std::vector<DocumentRevision> result;
  PT_RETURN_IF_ERROR(store_->Read([&](ReadTransaction& tx) -> absl::Status {
    PT_ASSIGN_OR_RETURN(auto stored, tx.ListDocumentRevisions(name, before, limit + 1));
    if (stored.empty() && page_token.empty()) return NotThere(name);
    size_t bytes = 0;
    for (const Document& document : stored) {
      bytes += document.body.size();
      if (static_cast<int>(result.size()) == limit || (!result.empty() && bytes > kMaxPageBytes)) {
        *next_page_token = MakePageToken(request_digest, {result.back().revision, "", 0});
        break;
      }
      PT_ASSIGN_OR_RETURN(auto commit, tx.GetCommit(document.revision));
      if (!commit.has_value()) {
        return absl::InternalError(absl::StrCat("commit ", document.revision, " is missing"));
      }
      DocumentRevision revision;
      revision.revision = document.revision;
      revision.time = commit->time;
      revision.deleted = document.deleted;
      PT_ASSIGN_OR_RETURN(revision.snapshot, Parse(document));
      result.push_back(std::move(revision));
    }
    return absl::OkStatus();
  }));
  return result;
}

}  // namespace policytrack::app
