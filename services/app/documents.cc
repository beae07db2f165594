#include "services/app/documents.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/digest.h"
#include "core/error.h"
#include "core/field_behavior.h"
#include "core/resource_name.h"
#include "services/app/document_fields.h"
#include "services/app/request_log.h"

namespace policytrack::app {
namespace {

using google::protobuf::Message;
using storage::Document;
using storage::WriteTransaction;

// Three of the largest fit on a page, which must fit into a message.
constexpr size_t kMaxDocumentBytes = 1 << 20;

absl::Status CheckSize(const std::string& name, const Message& document) {
  const size_t bytes = document.ByteSizeLong();
  if (bytes <= kMaxDocumentBytes) return absl::OkStatus();
  return Error(absl::StatusCode::kResourceExhausted, reason::kRequestTooLarge,
               absl::StrCat(name, " would take ", bytes, " bytes; a document may take ",
                            kMaxDocumentBytes, ": shorten its texts or lists"),
               {{"resource", name}, {"max_bytes", absl::StrCat(kMaxDocumentBytes)}});
}

absl::Status CheckEtag(const std::string& wanted, const Message& present) {
  if (wanted.empty() || wanted == GetText(present, "etag")) return absl::OkStatus();
  return Error(absl::StatusCode::kAborted, reason::kEtagMismatch,
               absl::StrCat(GetText(present, "name"), " has etag ", GetText(present, "etag"),
                            ", not ", wanted,
                            ": it was changed since it was read; read it again and repeat the "
                            "change on its present state"),
               {{"resource", GetText(present, "name")}, {"etag", GetText(present, "etag")}});
}

std::string MethodName(const char* verb, const DocumentKind& kind) {
  std::string noun = kind.singular();
  noun[0] = static_cast<char>(noun[0] - 'a' + 'A');
  return verb + noun;
}

}  // namespace

// A write on its way: its arguments, and the answer once the body has run.
struct Documents::Pending {
  std::string name;
  MessagePtr document;  // of create and update
  google::protobuf::FieldMask mask;
  bool allow_missing = false;
  std::string etag;
  RequestKey request;
  storage::WriteOptions options;
  DocumentDone done;
  MessagePtr answer;
};

void Documents::Write(std::shared_ptr<Pending> pending,
                      absl::Status (Documents::*body)(WriteTransaction&, Pending&)) {
  store_->WriteAsync(
      pending->options,
      [this, pending, body](WriteTransaction& tx) {
        pending->answer.reset();
        return (this->*body)(tx, *pending);
      },
      [pending](absl::StatusOr<int64_t> revision) {
        if (!revision.ok()) {
          pending->done(revision.status());
        } else {
          pending->done(std::move(pending->answer));
        }
      });
}

absl::Status Documents::Put(WriteTransaction& tx, const Message* before, MessagePtr next,
                            Pending& pending) {
  if (before != nullptr && DeterministicBytes(*before) == DeterministicBytes(*next)) {
    pending.answer = std::move(next);
    return absl::OkStatus();
  }
  const bool deleted = HasField(*next, "delete_time");
  SetTime(next.get(), "update_time", tx.time());
  if (!HasField(*next, "create_time")) SetTime(next.get(), "create_time", tx.time());
  SetInt(next.get(), "revision", tx.next_revision());
  SetText(next.get(), "etag", EtagOf(tx.next_revision()));
  PT_RETURN_IF_ERROR(tx.PutDocument(GetText(*next, "name"), DeterministicBytes(*next), deleted,
                                    kind_->References(*next)));
  pending.answer = std::move(next);
  return absl::OkStatus();
}

void Documents::Create(const CreateArgs& args, DocumentDone done) {
  const std::string id_field = kind_->singular() + "_id";
  absl::Status status = args.id.empty() ? FieldRequired(id_field,
                                                        "must be set: the last part of "
                                                        "the name to create")
                                        : CheckResourceId(id_field, args.id);
  if (status.ok()) status = CheckRequestId("request_id", args.request_id);
  if (!status.ok()) return done(status);

  auto pending = std::make_shared<Pending>();
  pending->name = ResourceName(kind_->collection(), args.id);
  pending->document.reset(args.document->New());
  pending->document->CopyFrom(*args.document);
  pending->document->DiscardUnknownFields();
  ClearOutputOnly(pending->document.get());
  SetText(pending->document.get(), "name", pending->name);
  ClearField(pending->document.get(), "etag");
  pending->request = {args.principal, MethodName("Create", *kind_), args.request_id,
                      Digest()
                          .Add(pending->name)
                          .Add(DeterministicBytes(*pending->document))
                          .AddInt(args.validate_only ? 1 : 0)
                          .Finish()};
  pending->options = {storage::CommitKind::kDocument, args.principal, args.request_id, 0,
                      args.validate_only};
  pending->done = std::move(done);
  Write(std::move(pending), &Documents::CreateIn);
}

absl::Status Documents::CreateIn(WriteTransaction& tx, Pending& pending) {
  PT_ASSIGN_OR_RETURN(auto kept, FindAnswer(tx, pending.request));
  if (kept.has_value()) {
    PT_ASSIGN_OR_RETURN(pending.answer, Parse(Document{pending.name, 0, false, *kept}));
    return absl::OkStatus();
  }
  PT_ASSIGN_OR_RETURN(auto stored, tx.GetDocument(pending.name, storage::kPresent));
  if (stored.has_value()) {
    PT_ASSIGN_OR_RETURN(MessagePtr present, Parse(*stored));
    const bool soft_deleted = IsSoftDeleted(*stored, *present);
    if (!stored->deleted || soft_deleted) {
      return Error(absl::StatusCode::kAlreadyExists, reason::kResourceExists,
                   absl::StrCat(pending.name, " exists already",
                                soft_deleted ? " and is deleted; undelete it or choose another id"
                                             : "; update it or choose another id"),
                   {{"resource", pending.name}});
    }
  }
  MessagePtr next(pending.document->New());
  next->CopyFrom(*pending.document);
  PT_RETURN_IF_ERROR(CheckFields(*next, kind_->singular()));
  PT_RETURN_IF_ERROR(CheckSize(pending.name, *next));
  PT_RETURN_IF_ERROR(kind_->Check(tx, nullptr, next.get()));
  PT_RETURN_IF_ERROR(Put(tx, nullptr, std::move(next), pending));
  return KeepAnswer(tx, pending.request, DeterministicBytes(*pending.answer), retention_);
}

void Documents::Update(const UpdateArgs& args, DocumentDone done) {
  auto pending = std::make_shared<Pending>();
  pending->name = GetText(*args.document, "name");
  const auto id =
      ParseResourceName(kind_->singular() + ".name", kind_->collection(), pending->name);
  if (!id.ok()) return done(id.status());
  pending->document.reset(args.document->New());
  pending->document->CopyFrom(*args.document);
  pending->document->DiscardUnknownFields();
  pending->mask = args.mask;
  pending->allow_missing = args.allow_missing;
  pending->etag = GetText(*args.document, "etag");
  pending->options = {storage::CommitKind::kDocument, args.principal, "", 0, args.validate_only};
  pending->done = std::move(done);
  Write(std::move(pending), &Documents::UpdateIn);
}

absl::Status Documents::UpdateIn(WriteTransaction& tx, Pending& pending) {
  PT_ASSIGN_OR_RETURN(auto stored, tx.GetDocument(pending.name, storage::kPresent));
  MessagePtr present;
  if (stored.has_value()) {
    PT_ASSIGN_OR_RETURN(present, Parse(*stored));
    if (IsSoftDeleted(*stored, *present)) {
      return Error(absl::StatusCode::kFailedPrecondition, reason::kResourceDeleted,
                   absl::StrCat(pending.name, " is deleted; undelete it before changing it"),
                   {{"resource", pending.name}});
    }
    if (stored->deleted) present.reset();
  }
  MessagePtr next = kind_->New();
  if (present == nullptr) {
    if (!pending.allow_missing) return NotThere(pending.name);
    if (!pending.etag.empty()) {
      return Error(absl::StatusCode::kAborted, reason::kEtagMismatch,
                   absl::StrCat(pending.name, " does not exist, but etag ", pending.etag,
                                " asks for a state of it; leave the etag out to create it"),
                   {{"resource", pending.name}});
    }
    next->CopyFrom(*pending.document);
    ClearOutputOnly(next.get());
    ClearField(next.get(), "etag");
    // A mask that names a field that does not exist is refused here too.
    MessagePtr scratch = kind_->New();
    SetText(scratch.get(), "name", pending.name);
    google::protobuf::FieldMask mask = pending.mask;
    PT_RETURN_IF_ERROR(ApplyUpdate(*scratch, mask, scratch.get()));
  } else {
    PT_RETURN_IF_ERROR(CheckEtag(pending.etag, *present));
    next->CopyFrom(*present);
    const absl::Status applied = ApplyUpdate(*pending.document, pending.mask, next.get());
    // A path of the mask is told as such, a field that cannot change as a field.
    if (MetadataOf(applied, "field") == "update_mask") return applied;
    PT_RETURN_IF_ERROR(WithFieldPrefix(applied, kind_->singular()));
  }
  PT_RETURN_IF_ERROR(CheckFields(*next, kind_->singular()));
  PT_RETURN_IF_ERROR(CheckSize(pending.name, *next));
  PT_RETURN_IF_ERROR(kind_->Check(tx, present.get(), next.get()));
  PT_RETURN_IF_ERROR(Put(tx, present.get(), std::move(next), pending));
  if (present == nullptr) return absl::OkStatus();
  return kind_->CheckDependents(tx, *pending.answer);
}

void Documents::Delete(const NamedArgs& args, DocumentDone done) {
  const auto id = ParseResourceName("name", kind_->collection(), args.name);
  if (!id.ok()) return done(id.status());
  auto pending = std::make_shared<Pending>();
  pending->name = args.name;
  pending->etag = args.etag;
  pending->options = {storage::CommitKind::kDocument, args.principal, "", 0, args.validate_only};
  pending->done = std::move(done);
  Write(std::move(pending), &Documents::DeleteIn);
}

absl::Status Documents::DeleteIn(WriteTransaction& tx, Pending& pending) {
  PT_ASSIGN_OR_RETURN(auto stored, tx.GetDocument(pending.name, storage::kPresent));
  if (!stored.has_value()) return NotThere(pending.name);
  PT_ASSIGN_OR_RETURN(MessagePtr present, Parse(*stored));
  if (IsSoftDeleted(*stored, *present)) {
    return NotFound(pending.name, absl::StrCat(pending.name, " is deleted already"));
  }
  if (stored->deleted) return NotThere(pending.name);
  PT_RETURN_IF_ERROR(CheckEtag(pending.etag, *present));
  if (kind_->soft_delete()) {
    SetTime(present.get(), "delete_time", tx.time());
    SetTime(present.get(), "purge_time", tx.time() + retention_.deleted_documents);
    return Put(tx, nullptr, std::move(present), pending);
  }
  PT_ASSIGN_OR_RETURN(const auto referrers, tx.ListReferrers(pending.name, 4));
  if (!referrers.empty()) {
    std::vector<std::string> shown(referrers.begin(),
                                   referrers.begin() + std::min<size_t>(referrers.size(), 3));
    return Error(absl::StatusCode::kFailedPrecondition, reason::kResourceInUse,
                 absl::StrCat(pending.name, " is used by ", absl::StrJoin(shown, ", "),
                              referrers.size() > 3 ? " and others" : "",
                              "; change or delete those first. A deleted measure can come back and "
                              "keeps its references: undelete and change it first"),
                 {{"resource", pending.name}, {"referrer", referrers.front()}});
  }
  PT_RETURN_IF_ERROR(kind_->OnDelete(tx, pending.name));
  PT_RETURN_IF_ERROR(tx.PutDocument(pending.name, stored->body, /*deleted=*/true, {}));
  pending.answer = std::move(present);
  return absl::OkStatus();
}

void Documents::Undelete(const NamedArgs& args, DocumentDone done) {
  const auto id = ParseResourceName("name", kind_->collection(), args.name);
  if (!id.ok()) return done(id.status());
  auto pending = std::make_shared<Pending>();
  pending->name = args.name;
  pending->etag = args.etag;
  pending->options = {storage::CommitKind::kDocument, args.principal, "", 0, args.validate_only};
  pending->done = std::move(done);
  Write(std::move(pending), &Documents::UndeleteIn);
}

absl::Status Documents::UndeleteIn(WriteTransaction& tx, Pending& pending) {
  PT_ASSIGN_OR_RETURN(auto stored, tx.GetDocument(pending.name, storage::kPresent));
  if (!stored.has_value()) return NotThere(pending.name);
  PT_ASSIGN_OR_RETURN(MessagePtr present, Parse(*stored));
  if (!stored->deleted) {
    return Error(absl::StatusCode::kAlreadyExists, reason::kResourceExists,
                 absl::StrCat(pending.name, " is not deleted"), {{"resource", pending.name}});
  }
  if (!IsSoftDeleted(*stored, *present)) return NotThere(pending.name);
  PT_RETURN_IF_ERROR(CheckEtag(pending.etag, *present));
  ClearField(present.get(), "delete_time");
  ClearField(present.get(), "purge_time");
  // What it refers to may have changed meanwhile.
  PT_RETURN_IF_ERROR(kind_->Check(tx, nullptr, present.get()));
  return Put(tx, nullptr, std::move(present), pending);
}

}  // namespace policytrack::app
