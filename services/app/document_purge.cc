// The end of softly deleted documents.
#include <string>
#include <vector>

#include "core/digest.h"
#include "core/error.h"
#include "services/app/document_fields.h"
#include "services/app/documents.h"

namespace policytrack::app {
namespace {

constexpr char kPrincipal[] = "purger";
constexpr int kBatch = 256;

}  // namespace

absl::StatusOr<int> Documents::PurgeExpired() {
  if (!kind_->soft_delete()) return 0;
  const absl::Time now = clock_->Now();
  std::vector<std::string> expired;
  PT_RETURN_IF_ERROR(store_->Read([&](storage::ReadTransaction& tx) -> absl::Status {
    std::string after;
    for (bool end = false; !end;) {
      PT_ASSIGN_OR_RETURN(auto batch, tx.ListDocuments(kind_->collection(), after, kBatch,
                                                       storage::kPresent, true));
      end = batch.size() < kBatch;
      for (const storage::Document& stored : batch) {
        after = stored.name;
        if (!stored.deleted) continue;
        PT_ASSIGN_OR_RETURN(MessagePtr document, Parse(stored));
        if (IsSoftDeleted(stored, *document) && GetTime(*document, "purge_time") <= now) {
          expired.push_back(stored.name);
        }
      }
    }
    return absl::OkStatus();
  }));
  int count = 0;
  for (const std::string& name : expired) {
    bool purged = false;
    storage::WriteOptions options;
    options.kind = storage::CommitKind::kDocument;
    options.principal = kPrincipal;
    PT_RETURN_IF_ERROR(
        store_
            ->Write(options,
                    [&](storage::WriteTransaction& tx) { return PurgeIn(tx, name, &purged); })
            .status());
    count += purged ? 1 : 0;
  }
  return count;
}

absl::Status Documents::PurgeIn(storage::WriteTransaction& tx, const std::string& name,
                                bool* purged) {
  *purged = false;
  PT_ASSIGN_OR_RETURN(auto stored, tx.GetDocument(name, storage::kPresent));
  if (!stored.has_value()) return absl::OkStatus();
  PT_ASSIGN_OR_RETURN(MessagePtr document, Parse(*stored));
  // It may have been undeleted, and deleted again, since it was listed.
  if (!IsSoftDeleted(*stored, *document) || GetTime(*document, "purge_time") > clock_->Now()) {
    return absl::OkStatus();
  }
  ClearField(document.get(), "delete_time");
  ClearField(document.get(), "purge_time");
  PT_RETURN_IF_ERROR(kind_->OnDelete(tx, name));
  *purged = true;
  return tx.PutDocument(name, DeterministicBytes(*document), /*deleted=*/true, {});
}

}  // namespace policytrack::app
