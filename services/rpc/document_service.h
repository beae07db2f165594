// The methods that every document service has, written once over the messages
// of its kind. A service class names its messages and forwards each method.
//
// Thread rule: as Edge.
#ifndef POLICYTRACK_SERVICES_RPC_DOCUMENT_SERVICE_H_
#define POLICYTRACK_SERVICES_RPC_DOCUMENT_SERVICE_H_

#include <memory>
#include <string>
#include <utility>

#include "core/page_token.h"
#include "services/app/document_fields.h"
#include "services/app/documents.h"
#include "services/rpc/edge.h"

namespace policytrack::rpc {

template <typename Resource>
class DocumentMethods {
 public:
  // Neither is owned; both must outlive this.
  DocumentMethods(Edge* edge, app::Documents* documents) : edge_(edge), documents_(documents) {}

  template <typename Request>
  grpc::ServerUnaryReactor* Get(grpc::CallbackServerContext* context, const char* method,
                                const Request* request, Resource* response) {
    return edge_->Now(context, method, [&]() -> absl::Status {
      PT_RETURN_IF_ERROR(CheckFields(*request, ""));
      return Take(documents_->Get(request->name(), request->has_as_of(), request->as_of()),
                  response);
    });
  }

  template <typename Request, typename Response, typename Add>
  grpc::ServerUnaryReactor* List(grpc::CallbackServerContext* context, const char* method,
                                 const Request* request, Response* response, bool show_deleted,
                                 Add add) {
    return edge_->Pooled(context, method, [=, this]() -> absl::Status {
      PT_RETURN_IF_ERROR(CheckFields(*request, ""));
      app::ListArgs args;
      args.page_size = request->page_size();
      args.page_token = request->page_token();
      args.request_digest = RequestDigest(*request);
      args.filter = request->filter();
      args.order_by = request->order_by();
      args.has_as_of = request->has_as_of();
      args.as_of = request->as_of();
      args.show_deleted = show_deleted;
      PT_ASSIGN_OR_RETURN(app::ListResult result, documents_->List(args));
      for (app::MessagePtr& document : result.documents) {
        add(response)->Swap(static_cast<Resource*>(document.get()));
      }
      response->set_next_page_token(result.next_page_token);
      response->set_revision(result.revision);
      return absl::OkStatus();
    });
  }

  template <typename Request>
  grpc::ServerUnaryReactor* Create(grpc::CallbackServerContext* context, const char* method,
                                   const Request* request, const std::string& id,
                                   const Resource& resource, bool has_resource,
                                   Resource* response) {
    return edge_->Later(context, method, [&](Edge::Finish finish) {
      const std::string singular = documents_->kind().singular();
      if (!has_resource) return finish(FieldRequired(singular));
      app::CreateArgs args;
      args.id = id;
      args.document = &resource;
      args.request_id = request->request_id();
      args.validate_only = request->validate_only();
      args.principal = PrincipalOf(*context);
      documents_->Create(args, Answer(std::move(finish), response));
    });
  }

  template <typename Request>
  grpc::ServerUnaryReactor* Update(grpc::CallbackServerContext* context, const char* method,
                                   const Request* request, const Resource& resource,
                                   bool has_resource, Resource* response) {
    return edge_->Later(context, method, [&](Edge::Finish finish) {
      if (!has_resource) return finish(FieldRequired(documents_->kind().singular()));
      app::UpdateArgs args;
      args.document = &resource;
      args.mask = request->update_mask();
      args.allow_missing = request->allow_missing();
      args.validate_only = request->validate_only();
      args.principal = PrincipalOf(*context);
      documents_->Update(args, Answer(std::move(finish), response));
    });
  }

  template <typename Request>
  grpc::ServerUnaryReactor* Delete(grpc::CallbackServerContext* context, const char* method,
                                   const Request* request, Resource* response) {
    return edge_->Later(context, method, [&](Edge::Finish finish) {
      documents_->Delete(Named(*context, *request), Answer(std::move(finish), response));
    });
  }

  template <typename Request>
  grpc::ServerUnaryReactor* Undelete(grpc::CallbackServerContext* context, const char* method,
                                     const Request* request, Resource* response) {
    return edge_->Later(context, method, [&](Edge::Finish finish) {
      documents_->Undelete(Named(*context, *request), Answer(std::move(finish), response));
    });
  }

  template <typename Request, typename Response, typename Add>
  grpc::ServerUnaryReactor* ListRevisions(grpc::CallbackServerContext* context, const char* method,
                                          const Request* request, Response* response, Add add) {
    return edge_->Pooled(context, method, [=, this]() -> absl::Status {
      PT_RETURN_IF_ERROR(CheckFields(*request, ""));
      PT_ASSIGN_OR_RETURN(
          auto revisions,
          documents_->ListRevisions(request->name(), request->page_size(), request->page_token(),
                                    RequestDigest(*request), response->mutable_next_page_token()));
      for (app::DocumentRevision& revision : revisions) {
        auto* item = add(response);
        item->set_name(absl::StrCat(request->name(), "/revisions/", revision.revision));
        item->mutable_snapshot()->Swap(static_cast<Resource*>(revision.snapshot.get()));
        *item->mutable_create_time() = app::ToTimestamp(revision.time);
        item->set_deleted(revision.deleted);
      }
      return absl::OkStatus();
    });
  }

  Edge* edge() const { return edge_; }

 private:
  static absl::Status Take(absl::StatusOr<app::MessagePtr> result, Resource* response) {
    if (!result.ok()) return result.status();
    response->Swap(static_cast<Resource*>(result->get()));
    return absl::OkStatus();
  }

  static app::DocumentDone Answer(Edge::Finish finish, Resource* response) {
    return [finish = std::move(finish), response](absl::StatusOr<app::MessagePtr> result) {
      finish(Take(std::move(result), response));
    };
  }

  template <typename Request>
  static app::NamedArgs Named(const grpc::CallbackServerContext& context, const Request& request) {
    return {request.name(), request.etag(), request.validate_only(), PrincipalOf(context)};
  }

  Edge* const edge_;
  app::Documents* const documents_;
};

}  // namespace policytrack::rpc

#endif  // POLICYTRACK_SERVICES_RPC_DOCUMENT_SERVICE_H_
