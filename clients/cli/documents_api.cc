#include "clients/cli/documents_api.h"

#include <utility>

#include "core/resource_name.h"
#include "policytrack/v1/dataset_service.grpc.pb.h"
#include "policytrack/v1/indicator_service.grpc.pb.h"
#include "policytrack/v1/measure_service.grpc.pb.h"
#include "policytrack/v1/plan_service.grpc.pb.h"
#include "policytrack/v1/script_service.grpc.pb.h"

namespace policytrack::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const FieldDescriptor* Field(const Message& message, const std::string& name) {
  return message.GetDescriptor()->FindFieldByName(name);
}

// What differs between the kinds: types, methods and the name of the field that
// holds the resource. The rest goes by descriptor.
struct PlanTraits {
  using Resource = v1::Plan;
  using Service = v1::PlanService;
  using GetRequest = v1::GetPlanRequest;
  using ListRequest = v1::ListPlansRequest;
  using ListResponse = v1::ListPlansResponse;
  using CreateRequest = v1::CreatePlanRequest;
  using UpdateRequest = v1::UpdatePlanRequest;
  using DeleteRequest = v1::DeletePlanRequest;
  static constexpr auto kGet = &Service::Stub::GetPlan;
  static constexpr auto kList = &Service::Stub::ListPlans;
  static constexpr auto kCreate = &Service::Stub::CreatePlan;
  static constexpr auto kUpdate = &Service::Stub::UpdatePlan;
  static constexpr auto kDelete = &Service::Stub::DeletePlan;
  static constexpr char kField[] = "plan";
  static constexpr char kItems[] = "plans";
};

struct DatasetTraits {
  using Resource = v1::Dataset;
  using Service = v1::DatasetService;
  using GetRequest = v1::GetDatasetRequest;
  using ListRequest = v1::ListDatasetsRequest;
  using ListResponse = v1::ListDatasetsResponse;
  using CreateRequest = v1::CreateDatasetRequest;
  using UpdateRequest = v1::UpdateDatasetRequest;
  using DeleteRequest = v1::DeleteDatasetRequest;
  static constexpr auto kGet = &Service::Stub::GetDataset;
  static constexpr auto kList = &Service::Stub::ListDatasets;
  static constexpr auto kCreate = &Service::Stub::CreateDataset;
  static constexpr auto kUpdate = &Service::Stub::UpdateDataset;
  static constexpr auto kDelete = &Service::Stub::DeleteDataset;
  static constexpr char kField[] = "dataset";
  static constexpr char kItems[] = "datasets";
};

struct IndicatorTraits {
  using Resource = v1::Indicator;
  using Service = v1::IndicatorService;
  using GetRequest = v1::GetIndicatorRequest;
  using ListRequest = v1::ListIndicatorsRequest;
  using ListResponse = v1::ListIndicatorsResponse;
  using CreateRequest = v1::CreateIndicatorRequest;
  using UpdateRequest = v1::UpdateIndicatorRequest;
  using DeleteRequest = v1::DeleteIndicatorRequest;
  static constexpr auto kGet = &Service::Stub::GetIndicator;
  static constexpr auto kList = &Service::Stub::ListIndicators;
  static constexpr auto kCreate = &Service::Stub::CreateIndicator;
  static constexpr auto kUpdate = &Service::Stub::UpdateIndicator;
  static constexpr auto kDelete = &Service::Stub::DeleteIndicator;
  static constexpr char kField[] = "indicator";
  static constexpr char kItems[] = "indicators";
};

struct ScriptTraits {
  using Resource = v1::Script;
  using Service = v1::ScriptService;
  using GetRequest = v1::GetScriptRequest;
  using ListRequest = v1::ListScriptsRequest;
  using ListResponse = v1::ListScriptsResponse;
  using CreateRequest = v1::CreateScriptRequest;
  using UpdateRequest = v1::UpdateScriptRequest;
  using DeleteRequest = v1::DeleteScriptRequest;
  static constexpr auto kGet = &Service::Stub::GetScript;
  static constexpr auto kList = &Service::Stub::ListScripts;
  static constexpr auto kCreate = &Service::Stub::CreateScript;
  static constexpr auto kUpdate = &Service::Stub::UpdateScript;
  static constexpr auto kDelete = &Service::Stub::DeleteScript;
  static constexpr char kField[] = "script";
  static constexpr char kItems[] = "scripts";
};

struct MeasureTraits {
  using Resource = v1::Measure;
  using Service = v1::MeasureService;
  using GetRequest = v1::GetMeasureRequest;
  using ListRequest = v1::ListMeasuresRequest;
  using ListResponse = v1::ListMeasuresResponse;
  using CreateRequest = v1::CreateMeasureRequest;
  using UpdateRequest = v1::UpdateMeasureRequest;
  using DeleteRequest = v1::DeleteMeasureRequest;
  using UndeleteRequest = v1::UndeleteMeasureRequest;
  static constexpr auto kGet = &Service::Stub::GetMeasure;
  static constexpr auto kList = &Service::Stub::ListMeasures;
  static constexpr auto kCreate = &Service::Stub::CreateMeasure;
  static constexpr auto kUpdate = &Service::Stub::UpdateMeasure;
  static constexpr auto kDelete = &Service::Stub::DeleteMeasure;
  static constexpr auto kUndelete = &Service::Stub::UndeleteMeasure;
  static constexpr char kField[] = "measure";
  static constexpr char kItems[] = "measures";
};

template <typename Traits>
class TypedApi final : public DocumentApi {
 public:
  using Resource = typename Traits::Resource;

  explicit TypedApi(Connection& connection)
      : connection_(connection), stub_(Traits::Service::NewStub(connection.channel())) {}

  absl::StatusOr<MessagePtr> Get(const std::string& name,
                                 const std::optional<v1::AsOf>& as_of) override {
    typename Traits::GetRequest request;
    request.set_name(name);
    if (as_of.has_value()) *request.mutable_as_of() = *as_of;
    return One(connection_.Unary(*stub_, Traits::kGet, request));
  }

  absl::StatusOr<DocumentPage> List(const ListArguments& arguments) override {
    typename Traits::ListRequest request;
    request.set_page_size(arguments.page_size);
    request.set_page_token(arguments.page_token);
    request.set_filter(arguments.filter);
    request.set_order_by(arguments.order_by);
    if (arguments.as_of.has_value()) *request.mutable_as_of() = *arguments.as_of;
    if constexpr (requires { request.set_show_deleted(true); }) {
      request.set_show_deleted(arguments.show_deleted);
    }
    auto response = connection_.Unary(*stub_, Traits::kList, request);
    if (!response.ok()) return response.status();
    DocumentPage page;
    const auto* reflection = response->GetReflection();
    const FieldDescriptor* items = Field(*response, Traits::kItems);
    for (int i = 0; i < reflection->FieldSize(*response, items); ++i) {
      page.items.push_back(std::make_unique<Resource>(
          static_cast<const Resource&>(reflection->GetRepeatedMessage(*response, items, i))));
    }
    page.next_page_token = response->next_page_token();
    page.revision = response->revision();
    return page;
  }

  absl::StatusOr<MessagePtr> Create(const Message& document, bool validate_only) override {
    typename Traits::CreateRequest request;
    const std::string name = NameOf(document);
    SetText(&request, std::string(Traits::kField) + "_id", name.substr(name.find('/') + 1));
    SetResource(document, &request);
    request.set_request_id(NewRequestId());
    request.set_validate_only(validate_only);
    return One(connection_.Unary(*stub_, Traits::kCreate, request));
  }

  absl::StatusOr<MessagePtr> Update(const Message& document, bool validate_only) override {
    typename Traits::UpdateRequest request;
    SetResource(document, &request);
    request.mutable_update_mask()->add_paths("*");
    request.set_validate_only(validate_only);
    return One(connection_.Unary(*stub_, Traits::kUpdate, request));
  }

  absl::StatusOr<MessagePtr> Delete(const std::string& name, const std::string& etag,
                                    bool validate_only) override {
    typename Traits::DeleteRequest request;
    request.set_name(name);
    request.set_etag(etag);
    request.set_validate_only(validate_only);
    return One(connection_.Unary(*stub_, Traits::kDelete, request));
  }

  absl::StatusOr<MessagePtr> Undelete(const std::string& name, const std::string& etag,
                                      bool validate_only) override {
    if constexpr (requires { Traits::kUndelete; }) {
      typename Traits::UndeleteRequest request;
      request.set_name(name);
      request.set_etag(etag);
      request.set_validate_only(validate_only);
      return One(connection_.Unary(*stub_, Traits::kUndelete, request));
    } else {
      return absl::UnimplementedError("only measures can be undeleted");
    }
  }

 private:
  static absl::StatusOr<MessagePtr> One(absl::StatusOr<Resource> answer) {
    if (!answer.ok()) return answer.status();
    return MessagePtr(std::make_unique<Resource>(*std::move(answer)));
  }

  static void SetResource(const Message& document, Message* request) {
    request->GetReflection()
        ->MutableMessage(request, Field(*request, Traits::kField))
        ->CopyFrom(document);
  }

  Connection& connection_;
  std::unique_ptr<typename Traits::Service::Stub> stub_;
};

}  // namespace

const std::vector<DocumentKind>& DocumentKinds() {
  static const auto* const kinds = new std::vector<DocumentKind>{
      {"Plan", kPlans, &v1::Plan::default_instance()},
      {"Dataset", kDatasets, &v1::Dataset::default_instance()},
      {"Script", kScripts, &v1::Script::default_instance()},
      {"Indicator", kIndicators, &v1::Indicator::default_instance()},
      {"Measure", kMeasures, &v1::Measure::default_instance()},
  };
  return *kinds;
}

const DocumentKind* FindKind(absl::string_view kind) {
  for (const DocumentKind& k : DocumentKinds()) {
    if (k.kind == kind) return &k;
  }
  return nullptr;
}

const DocumentKind* FindCollection(absl::string_view collection) {
  for (const DocumentKind& k : DocumentKinds()) {
    if (k.collection == collection) return &k;
  }
  return nullptr;
}

std::unique_ptr<DocumentApi> MakeDocumentApi(Connection& connection, const DocumentKind& kind) {
  if (kind.collection == kPlans) return std::make_unique<TypedApi<PlanTraits>>(connection);
  if (kind.collection == kDatasets) return std::make_unique<TypedApi<DatasetTraits>>(connection);
  if (kind.collection == kIndicators) {
    return std::make_unique<TypedApi<IndicatorTraits>>(connection);
  }
  if (kind.collection == kScripts) return std::make_unique<TypedApi<ScriptTraits>>(connection);
  return std::make_unique<TypedApi<MeasureTraits>>(connection);
}

std::string NameOf(const Message& document) { return TextOf(document, "name"); }
std::string EtagOf(const Message& document) { return TextOf(document, "etag"); }

int64_t RevisionOf(const Message& document) {
  const FieldDescriptor* field = Field(document, "revision");
  return field == nullptr ? 0 : document.GetReflection()->GetInt64(document, field);
}

std::string TextOf(const Message& document, const std::string& field) {
  const FieldDescriptor* descriptor = Field(document, field);
  return descriptor == nullptr ? "" : document.GetReflection()->GetString(document, descriptor);
}

void SetText(Message* document, const std::string& field, const std::string& value) {
  document->GetReflection()->SetString(document, Field(*document, field), value);
}

absl::StatusOr<DocumentPage> ListAll(DocumentApi& api, ListArguments arguments) {
  DocumentPage all;
  while (true) {
    auto page = api.List(arguments);
    if (!page.ok()) return page.status();
    for (MessagePtr& item : page->items) all.items.push_back(std::move(item));
    all.revision = page->revision;
    arguments.page_token = page->next_page_token;
    if (arguments.page_token.empty()) return all;
  }
}

}  // namespace policytrack::cli
