// Documents: get, list, create, update, delete, undelete and revisions of the
// small, many-fielded resources that people edit, written once for every kind.
// What differs between plans, measures, datasets and indicators is a
// DocumentKind. Start here, then kinds.h.
//
// Documents are stored as the deterministic bytes of the very message that
// clients read. A soft-deleted document is a tombstone whose body carries
// delete_time; any other tombstone is gone for good.
//
// Thread rule: safe from any thread. Reads run on the caller's thread; writes
// answer from the writer thread of the store.
#ifndef POLICYTRACK_SERVICES_APP_DOCUMENTS_H_
#define POLICYTRACK_SERVICES_APP_DOCUMENTS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/clock.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/message.h"
#include "policytrack/v1/common.pb.h"
#include "services/app/request_log.h"
#include "storage/store.h"

namespace policytrack::app {

// The strategy of one kind of document. Stateless but for what it is given;
// any thread.
class DocumentKind {
 public:
  virtual ~DocumentKind() = default;

  // "plans", and "plan": the first part of the name and the field of requests.
  virtual std::string collection() const = 0;
  virtual std::string singular() const = 0;
  // An empty message of the kind.
  virtual std::unique_ptr<google::protobuf::Message> New() const = 0;
  // Whether a deletion can be undone.
  virtual bool soft_delete() const { return false; }

  // Completes computed fields of `next` and checks it against the store.
  // `before` is null for a new document. Paths in errors start with singular().
  // Returns the errors that the Create and Update methods document.
  virtual absl::Status Check(storage::ReadTransaction& tx, const google::protobuf::Message* before,
                             google::protobuf::Message* next) const = 0;
  // The names that a document refers to.
  virtual std::vector<std::string> References(const google::protobuf::Message& document) const = 0;
  // Checks what depends on a document after it was changed in `tx`.
  virtual absl::Status CheckDependents(storage::WriteTransaction& tx,
                                       const google::protobuf::Message& document) const {
    return absl::OkStatus();
  }
  // Removes what belongs to a document that is being deleted.
  virtual absl::Status OnDelete(storage::WriteTransaction& tx, const std::string& name) const {
    return absl::OkStatus();
  }
};

using MessagePtr = std::unique_ptr<google::protobuf::Message>;
using DocumentDone = std::function<void(absl::StatusOr<MessagePtr>)>;

struct ListArgs {
  int page_size = 0;
  std::string page_token;
  std::string request_digest;  // core/page_token.h
  std::string filter;
  std::string order_by;
  bool has_as_of = false;
  v1::AsOf as_of;
  bool show_deleted = false;
};

struct ListResult {
  std::vector<MessagePtr> documents;
  std::string next_page_token;
  int64_t revision = 0;
};

struct CreateArgs {
  std::string id;
  const google::protobuf::Message* document = nullptr;  // copied
  std::string request_id;
  bool validate_only = false;
  std::string principal;
};

struct UpdateArgs {
  const google::protobuf::Message* document = nullptr;  // copied; with its name
  google::protobuf::FieldMask mask;
  bool allow_missing = false;
  bool validate_only = false;
  std::string principal;
};

// Of Delete and Undelete.
struct NamedArgs {
  std::string name;
  std::string etag;
  bool validate_only = false;
  std::string principal;
};

struct DocumentRevision {
  int64_t revision = 0;
  MessagePtr snapshot;
  absl::Time time;
  bool deleted = false;
};

class Documents {
 public:
  // None of the pointers is owned; all must outlive this.
  Documents(storage::Store* store, Clock* clock, const DocumentKind* kind,
            const Retention& retention)
      : store_(store), clock_(clock), kind_(kind), retention_(retention) {}

  const DocumentKind& kind() const { return *kind_; }

  // The errors are those that the methods of the services document.
  absl::StatusOr<MessagePtr> Get(const std::string& name, bool has_as_of, const v1::AsOf& as_of);
  absl::StatusOr<ListResult> List(const ListArgs& args);
  absl::StatusOr<std::vector<DocumentRevision>> ListRevisions(const std::string& name,
                                                              int page_size,
                                                              const std::string& page_token,
                                                              const std::string& request_digest,
                                                              std::string* next_page_token);
  void Create(const CreateArgs& args, DocumentDone done);
  void Update(const UpdateArgs& args, DocumentDone done);
  void Delete(const NamedArgs& args, DocumentDone done);
  void Undelete(const NamedArgs& args, DocumentDone done);

  // Ends every softly deleted document whose purge_time has passed, one commit
  // each. Returns how many. Waits for the writes: not for the writer's thread.
  // Returns what the store answers when it will not; those before stay purged.
  absl::StatusOr<int> PurgeExpired();

 private:
  struct Pending;

  static bool IsSoftDeleted(const storage::Document& stored,
                            const google::protobuf::Message& document);
  absl::Status NotThere(const std::string& name) const;
  absl::StatusOr<MessagePtr> Parse(const storage::Document& stored) const;
  absl::Status CreateIn(storage::WriteTransaction& tx, Pending& pending);
  absl::Status UpdateIn(storage::WriteTransaction& tx, Pending& pending);
  absl::Status DeleteIn(storage::WriteTransaction& tx, Pending& pending);
  absl::Status UndeleteIn(storage::WriteTransaction& tx, Pending& pending);
  absl::Status PurgeIn(storage::WriteTransaction& tx, const std::string& name, bool* purged);
  // Stamps and stores `next`; `before` is null for a new document.
  absl::Status Put(storage::WriteTransaction& tx, const google::protobuf::Message* before,
                   MessagePtr next, Pending& pending);
  void Write(std::shared_ptr<Pending> pending,
             absl::Status (Documents::*body)(storage::WriteTransaction&, Pending&));

  storage::Store* const store_;
  Clock* const clock_;
  const DocumentKind* const kind_;
  const Retention retention_;
};

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_DOCUMENTS_H_
