#include <algorithm>

#include "google/rpc/status.pb.h"
#include "policytrack/v1/dataset_service.grpc.pb.h"
#include "policytrack/v1/indicator_service.grpc.pb.h"
#include "policytrack/v1/measure_service.grpc.pb.h"
#include "policytrack/v1/plan_service.grpc.pb.h"
#include "policytrack/v1/script_service.grpc.pb.h"
#include "tests/cli/fake_state.h"

namespace policytrack::cli {

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  google::rpc::Status details;
  details.set_code(static_cast<int>(status.code()));
  details.set_message(std::string(status.message()));
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) {
    google::protobuf::Any* any = details.add_details();
    any->set_type_url(std::string(url));
    any->set_value(std::string(payload));
  });
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()),
                      details.SerializeAsString());
}

namespace {

// The methods of one kind of documents over State. The macro is for the names
// that protoc makes up per kind.
#define FAKE_DOCUMENT_SERVICE(Kind, Plural, kind, plural)                                         \
  class Fake##Kind##s final : public v1::Kind##Service::Service {                                 \
   public:                                                                                        \
    explicit Fake##Kind##s(FakeServer::State* state) : state_(state) {}                           \
    grpc::Status Get##Kind(grpc::ServerContext*, const v1::Get##Kind##Request* request,           \
                           v1::Kind* answer) override {                                           \
      return state_->Do("Get" #Kind, request->name(),                                             \
                        [&] { return state_->Get(request->name(), answer); });                    \
    }                                                                                             \
    grpc::Status List##Plural(grpc::ServerContext*, const v1::List##Plural##Request* request,     \
                              v1::List##Plural##Response* answer) override {                      \
      return state_->Do("List" #Plural, request->filter(), [&] {                                  \
        /* One a page, so that paging is always in play. */                                       \
        for (const auto& [name, document] : state_->documents) {                                  \
          const auto* resource = dynamic_cast<const v1::Kind*>(document.get());                   \
          if (resource == nullptr || name <= request->page_token()) continue;                     \
          if (!answer->plural().empty()) {                                                        \
            answer->set_next_page_token(answer->plural(0).name());                                \
            break;                                                                                \
          }                                                                                       \
          *answer->add_##plural() = *resource;                                                    \
        }                                                                                         \
        answer->set_revision(state_->revision);                                                   \
        return absl::OkStatus();                                                                  \
      });                                                                                         \
    }                                                                                             \
    grpc::Status Create##Kind(grpc::ServerContext*, const v1::Create##Kind##Request* request,     \
                              v1::Kind* answer) override {                                        \
      const std::string name = #plural "/" + request->kind##_id();                                \
      return state_->Do("Create" #Kind, name, [&]() -> absl::Status {                             \
        const bool replay = std::count(state_->request_ids.begin(), state_->request_ids.end(),    \
                                       request->request_id()) > 0;                                \
        state_->request_ids.push_back(request->request_id());                                     \
        if (replay) return state_->Get(name, answer);                                             \
        if (state_->documents.count(name) > 0) {                                                  \
          return Error(absl::StatusCode::kAlreadyExists, reason::kResourceExists,                 \
                       name + " exists");                                                         \
        }                                                                                         \
        return state_->Store(name, request->kind(), request->validate_only(), answer);            \
      });                                                                                         \
    }                                                                                             \
    grpc::Status Update##Kind(grpc::ServerContext*, const v1::Update##Kind##Request* request,     \
                              v1::Kind* answer) override {                                        \
      const std::string& name = request->kind().name();                                           \
      return state_->Do("Update" #Kind, name, [&]() -> absl::Status {                             \
        if (request->update_mask().paths_size() != 1 || request->update_mask().paths(0) != "*") { \
          return FieldInvalid("update_mask", "the test expects `*`");                             \
        }                                                                                         \
        absl::Status status = state_->CheckEtag(name, request->kind().etag());                    \
        if (!status.ok()) return status;                                                          \
        return state_->Store(name, request->kind(), request->validate_only(), answer);            \
      });                                                                                         \
    }                                                                                             \
    grpc::Status Delete##Kind(grpc::ServerContext*, const v1::Delete##Kind##Request* request,     \
                              v1::Kind* answer) override {                                        \
      return state_->Do("Delete" #Kind, request->name(), [&]() -> absl::Status {                  \
        absl::Status status = state_->Get(request->name(), answer);                               \
        if (status.ok()) status = state_->CheckEtag(request->name(), request->etag());            \
        if (status.ok() && !request->validate_only()) state_->documents.erase(request->name());   \
        return status;                                                                            \
      });                                                                                         \
    }                                                                                             \
    FAKE_EXTRA_##Kind                                                                             \
                                                                                                  \
        private : FakeServer::State* state_;                                                      \
  }

#define FAKE_EXTRA_Plan
#define FAKE_EXTRA_Dataset
#define FAKE_EXTRA_Indicator
#define FAKE_EXTRA_Script
#define FAKE_EXTRA_Measure                                                                      \
  grpc::Status UndeleteMeasure(grpc::ServerContext*, const v1::UndeleteMeasureRequest* request, \
                               v1::Measure* answer) override {                                  \
    return state_->Do("UndeleteMeasure", request->name(), [&]() -> absl::Status {               \
      absl::Status status = state_->Get(request->name(), answer);                               \
      if (!status.ok()) return status;                                                          \
      answer->clear_delete_time();                                                              \
      return state_->Store(request->name(), v1::Measure(*answer), request->validate_only(),     \
                           answer);                                                             \
    });                                                                                         \
  }

FAKE_DOCUMENT_SERVICE(Plan, Plans, plan, plans);
FAKE_DOCUMENT_SERVICE(Dataset, Datasets, dataset, datasets);
FAKE_DOCUMENT_SERVICE(Indicator, Indicators, indicator, indicators);
FAKE_DOCUMENT_SERVICE(Script, Scripts, script, scripts);
FAKE_DOCUMENT_SERVICE(Measure, Measures, measure, measures);

}  // namespace

std::vector<std::unique_ptr<grpc::Service>> MakeFakeDocumentServices(FakeServer::State* state) {
  std::vector<std::unique_ptr<grpc::Service>> services;
  services.push_back(std::make_unique<FakePlans>(state));
  services.push_back(std::make_unique<FakeDatasets>(state));
  services.push_back(std::make_unique<FakeIndicators>(state));
  services.push_back(std::make_unique<FakeScripts>(state));
  services.push_back(std::make_unique<FakeMeasures>(state));
  return services;
}

}  // namespace policytrack::cli
