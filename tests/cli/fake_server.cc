#include "tests/cli/fake_server.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "clients/cli/documents_api.h"
#include "core/error.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/grpcpp.h"
#include "policytrack/v1/dataset_service.grpc.pb.h"
#include "policytrack/v1/event_service.grpc.pb.h"
#include "policytrack/v1/indicator_service.grpc.pb.h"
#include "policytrack/v1/measure_service.grpc.pb.h"
#include "policytrack/v1/observation_service.grpc.pb.h"
#include "policytrack/v1/plan_service.grpc.pb.h"
#include "policytrack/v1/plugin_service.grpc.pb.h"
#include "policytrack/v1/progress_service.grpc.pb.h"

namespace policytrack::cli {
namespace {

using google::protobuf::Message;

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

}  // namespace

struct FakeServer::State {
  struct Pending {
    std::string method;
    Fault fault;
  };

  // The fault for a call, if one waits, and the note that it came.
  std::optional<Fault> Enter(const std::string& method, const std::string& name) {
    absl::MutexLock lock(&mutex);
    calls.push_back(name.empty() ? method : absl::StrCat(method, " ", name));
    for (auto it = faults.begin(); it != faults.end(); ++it) {
      if (!it->method.empty() && it->method != method) continue;
      const Fault fault = it->fault;
      faults.erase(it);
      return fault;
    }
    return std::nullopt;
  }

  // Runs `body` between the faults that wait before and after it.
  grpc::Status Do(const std::string& method, const std::string& name,
                  const std::function<absl::Status()>& body) {
    const std::optional<Fault> fault = Enter(method, name);
    if (fault.has_value() && !fault->after) return ToGrpc(fault->status);
    const absl::Status status = body();
    return ToGrpc(fault.has_value() ? fault->status : status);
  }

  absl::Status CheckReferences(const Message& document) const {
    std::vector<std::string> names;
    if (const auto* measure = dynamic_cast<const v1::Measure*>(&document)) {
      names.push_back(measure->plan());
      for (const v1::Target& target : measure->targets()) names.push_back(target.indicator());
    }
    if (const auto* indicator = dynamic_cast<const v1::Indicator*>(&document)) {
      for (const v1::IndicatorInput& input : indicator->inputs()) names.push_back(input.source());
    }
    for (const std::string& name : names) {
      if (!name.empty() && documents.count(name) == 0) {
        return NotFound(name, absl::StrCat("`", name, "` does not exist"));
      }
    }
    if (TextOf(document, "display_name") == "refuse me") {
      const std::string field =
          absl::StrCat(absl::AsciiStrToLower(document.GetDescriptor()->name()), ".display_name");
      return FieldInvalid(field, "is refused by the test");
    }
    return absl::OkStatus();
  }

  template <typename Resource>
  absl::Status Store(const std::string& name, const Resource& document, bool validate_only,
                     Resource* answer) {
    absl::Status status = CheckReferences(document);
    if (!status.ok()) return status;
    auto stored = std::make_unique<Resource>(document);
    stored->set_name(name);
    stored->set_revision(revision + 1);
    stored->set_etag(absl::StrCat("\"", revision + 1, "\""));
    *answer = *stored;
    if (validate_only) return absl::OkStatus();
    ++revision;
    documents[name] = std::move(stored);
    return absl::OkStatus();
  }

  template <typename Resource>
  absl::Status Get(const std::string& name, Resource* answer) const {
    const auto it = documents.find(name);
    if (it == documents.end()) return NotFound(name, absl::StrCat("there is no ", name));
    answer->CopyFrom(*it->second);
    return absl::OkStatus();
  }

  absl::Status CheckEtag(const std::string& name, const std::string& etag) const {
    if (etag.empty() || EtagOf(*documents.at(name)) == etag) return absl::OkStatus();
    return Error(absl::StatusCode::kAborted, reason::kEtagMismatch,
                 absl::StrCat(name, " has changed since it was read"));
  }

  absl::Mutex mutex;
  std::deque<Pending> faults;
  std::vector<std::string> calls;
  std::vector<std::string> request_ids;
  std::vector<Push> pushes;
  std::map<std::string, std::unique_ptr<Message>> documents;
  int64_t revision = 0;

  std::vector<std::unique_ptr<grpc::Service>> services;
  std::unique_ptr<grpc::Server> server;
  std::string address;
};

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
FAKE_DOCUMENT_SERVICE(Measure, Measures, measure, measures);

class FakeObservations final : public v1::ObservationService::Service {
 public:
  FakeObservations(FakeServer::State* state, FakeServer* server) : state_(state), server_(server) {}

  grpc::Status PushObservations(grpc::ServerContext*,
                                grpc::ServerReader<v1::PushObservationsRequest>* reader,
                                v1::PushObservationsResponse* answer) override {
    return state_->Do("PushObservations", "", [&] { return Take(reader, answer); });
  }

  grpc::Status ListObservations(grpc::ServerContext*, const v1::ListObservationsRequest* request,
                                v1::ListObservationsResponse* answer) override {
    return state_->Do("ListObservations", request->parent(), [&] {
      server_->last_list_request = *request;
      v1::Observation* row = answer->add_observations();
      row->set_period(request->page_token().empty() ? "2024-01" : "2024-02");
      (*row->mutable_dimensions())["region"] = "河南";
      row->set_value(0.1);
      row->set_status(v1::OBSERVATION_STATUS_PROVISIONAL);
      row->set_revision(3);
      if (request->page_token().empty()) answer->set_next_page_token("next");
      answer->set_revision(7);
      return absl::OkStatus();
    });
  }

 private:
  // Negative values are refused, as by a dataset with a range.
  absl::Status Take(grpc::ServerReader<v1::PushObservationsRequest>* reader,
                    v1::PushObservationsResponse* answer) {
    Push push;
    v1::PushObservationsRequest message;
    std::string dataset;
    while (reader->Read(&message)) {
      if (push.messages == 0) push.options = message.options();
      ++push.messages;
      push.largest_message = std::max(push.largest_message, message.ByteSizeLong());
      if (!message.dataset().empty()) dataset = message.dataset();
      for (const v1::Observation& row : message.rows()) push.rows.emplace_back(dataset, row);
    }
    int64_t rejected = 0;
    for (size_t i = 0; i < push.rows.size(); ++i) {
      if (push.rows[i].second.value() >= 0) continue;
      ++rejected;
      v1::RowError* error = answer->add_row_errors();
      error->set_row(static_cast<int64_t>(i));
      error->set_reason(reason::kFieldInvalid);
      error->set_field("value");
      error->set_message("value: is below 0, the smallest allowed");
    }
    const bool partial = push.options.return_partial_success();
    if (!push.options.request_id().empty()) {
      answer->set_replayed(std::count(state_->request_ids.begin(), state_->request_ids.end(),
                                      push.options.request_id()) > 0);
      state_->request_ids.push_back(push.options.request_id());
    }
    const auto rows = static_cast<int64_t>(push.rows.size());
    state_->pushes.push_back(std::move(push));
    if (rejected > 0 && !partial) {
      answer->Clear();
      return Error(absl::StatusCode::kInvalidArgument, reason::kRowsInvalid,
                   absl::StrCat(rejected, " rows are refused; nothing was written"));
    }
    answer->set_created_count(rows - rejected);
    answer->set_revised_count(0);
    answer->set_unchanged_count(0);
    answer->set_deleted_count(0);
    answer->set_rejected_count(rejected);
    answer->set_revision(++state_->revision);
    return absl::OkStatus();
  }

  FakeServer::State* state_;
  FakeServer* server_;
};

class FakeProgress final : public v1::ProgressService::Service {
 public:
  FakeProgress(FakeServer::State* state, FakeServer* server) : state_(state), server_(server) {}
  grpc::Status GetPlanProgress(grpc::ServerContext*, const v1::GetPlanProgressRequest* request,
                               v1::PlanProgress* answer) override {
    return state_->Do("GetPlanProgress", request->name(), [&] {
      server_->last_plan_request = *request;
      *answer = server_->plan_progress;
      return absl::OkStatus();
    });
  }
  grpc::Status GetMeasureProgress(grpc::ServerContext*,
                                  const v1::GetMeasureProgressRequest* request,
                                  v1::MeasureProgress* answer) override {
    return state_->Do("GetMeasureProgress", request->name(), [&] {
      *answer = server_->measure_progress;
      return absl::OkStatus();
    });
  }
  grpc::Status ExplainProgress(grpc::ServerContext*, const v1::ExplainProgressRequest* request,
                               v1::ExplainProgressResponse* answer) override {
    return state_->Do("ExplainProgress", request->target(), [&] {
      *answer = server_->explanation;
      answer->mutable_progress()->set_target(request->target());
      return absl::OkStatus();
    });
  }

 private:
  FakeServer::State* state_;
  FakeServer* server_;
};

class FakePlugins final : public v1::PluginService::Service {
 public:
  explicit FakePlugins(FakeServer::State* state) : state_(state) {}
  grpc::Status ListPlugins(grpc::ServerContext*, const v1::ListPluginsRequest*,
                           v1::ListPluginsResponse* answer) override {
    return state_->Do("ListPlugins", "", [&] {
      v1::Plugin* good = answer->add_plugins();
      good->set_name("plugins/growth");
      good->set_state(v1::PLUGIN_STATE_ACTIVE);
      good->mutable_plugin_descriptor()->set_version("1.0.0");
      good->mutable_plugin_descriptor()->set_summary("Growth rates.");
      v1::Plugin* broken = answer->add_plugins();
      broken->set_name("plugins/rusty");
      broken->set_state(v1::PLUGIN_STATE_BROKEN);
      broken->set_state_message("the file is text");
      return absl::OkStatus();
    });
  }
  grpc::Status GetPlugin(grpc::ServerContext*, const v1::GetPluginRequest* request,
                         v1::Plugin* answer) override {
    return state_->Do("GetPlugin", request->name(), [&] {
      answer->set_name(request->name());
      answer->set_state(v1::PLUGIN_STATE_ACTIVE);
      return absl::OkStatus();
    });
  }

 private:
  FakeServer::State* state_;
};

class FakeEvents final : public v1::EventService::Service {
 public:
  explicit FakeEvents(FakeServer::State* state) : state_(state) {}
  grpc::Status ListCommits(grpc::ServerContext*, const v1::ListCommitsRequest*,
                           v1::ListCommitsResponse* answer) override {
    return state_->Do("ListCommits", "", [&] {
      v1::Commit* commit = answer->add_commits();
      commit->set_name("commits/2");
      commit->set_revision(2);
      commit->set_kind(v1::COMMIT_KIND_PUSH);
      commit->set_principal("ci");
      commit->mutable_time()->set_seconds(1731369600);
      v1::CommitChange* change = commit->add_changes();
      change->set_name("datasets/output");
      change->set_created_count(5);
      change->set_revised_count(1);
      return absl::OkStatus();
    });
  }
  grpc::Status GetCommit(grpc::ServerContext*, const v1::GetCommitRequest* request,
                         v1::Commit* answer) override {
    return state_->Do("GetCommit", request->name(), [&] {
      answer->set_name(request->name());
      answer->set_revision(2);
      return absl::OkStatus();
    });
  }

 private:
  FakeServer::State* state_;
};

}  // namespace

FakeServer::FakeServer() : state_(std::make_unique<State>()) {
  auto& services = state_->services;
  services.push_back(std::make_unique<FakePlans>(state_.get()));
  services.push_back(std::make_unique<FakeDatasets>(state_.get()));
  services.push_back(std::make_unique<FakeIndicators>(state_.get()));
  services.push_back(std::make_unique<FakeMeasures>(state_.get()));
  services.push_back(std::make_unique<FakeObservations>(state_.get(), this));
  services.push_back(std::make_unique<FakeProgress>(state_.get(), this));
  services.push_back(std::make_unique<FakePlugins>(state_.get()));
  services.push_back(std::make_unique<FakeEvents>(state_.get()));
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  for (auto& service : services) builder.RegisterService(service.get());
  state_->server = builder.BuildAndStart();
  state_->address = absl::StrCat("127.0.0.1:", port);
}

FakeServer::~FakeServer() { state_->server->Shutdown(); }

const std::string& FakeServer::address() const { return state_->address; }

void FakeServer::FailNext(const std::string& method, absl::Status status, bool after, int times) {
  absl::MutexLock lock(&state_->mutex);
  for (int i = 0; i < times; ++i) state_->faults.push_back({method, {status, after}});
}

void FakeServer::Put(const Message& document) {
  std::unique_ptr<Message> copy(document.New());
  copy->CopyFrom(document);
  ++state_->revision;
  SetText(copy.get(), "etag", absl::StrCat("\"", state_->revision, "\""));
  copy->GetReflection()->SetInt64(copy.get(), copy->GetDescriptor()->FindFieldByName("revision"),
                                  state_->revision);
  state_->documents[NameOf(document)] = std::move(copy);
}

const Message* FakeServer::Find(const std::string& name) const {
  const auto it = state_->documents.find(name);
  return it == state_->documents.end() ? nullptr : it->second.get();
}

int64_t FakeServer::revision() const { return state_->revision; }
const std::vector<std::string>& FakeServer::calls() const { return state_->calls; }
const std::vector<std::string>& FakeServer::request_ids() const { return state_->request_ids; }
const std::vector<Push>& FakeServer::pushes() const { return state_->pushes; }

}  // namespace policytrack::cli
