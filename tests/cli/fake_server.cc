#include "tests/cli/fake_server.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "policytrack/v1/event_service.grpc.pb.h"
#include "policytrack/v1/observation_service.grpc.pb.h"
#include "policytrack/v1/plugin_service.grpc.pb.h"
#include "policytrack/v1/progress_service.grpc.pb.h"
#include "tests/cli/fake_state.h"

namespace policytrack::cli {
namespace {

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
      for (const v1::Observation& row : server_->observations) *answer->add_observations() = row;
      for (const v1::OutputUnit& unit : server_->units) *answer->add_units() = unit;
      if (!server_->observations.empty()) return absl::OkStatus();
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
      error->set_message(push.rows[i].second.value() == -7
                             ? "period: row 0 gives another value for `row 1` of the same series"
                             : "value: is below 0, the smallest allowed");
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
                   absl::StrCat(rejected, " of ", rows,
                                " rows refused, nothing written; row 1: value: is below 0; "
                                "validate_only with return_partial_success lists the first 1000"));
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
  FakePlugins(FakeServer::State* state, FakeServer* server) : state_(state), server_(server) {}
  grpc::Status ListPlugins(grpc::ServerContext* context, const v1::ListPluginsRequest*,
                           v1::ListPluginsResponse* answer) override {
    server_->last_time_left = absl::FromChrono(context->deadline()) - absl::Now();
    return state_->Do("ListPlugins", "", [&] {
      for (const v1::Plugin& plugin : server_->plugins) *answer->add_plugins() = plugin;
      if (!server_->plugins.empty()) return absl::OkStatus();
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

  grpc::Status ReloadPlugins(grpc::ServerContext*, const v1::ReloadPluginsRequest* request,
                             v1::ReloadPluginsResponse* answer) override {
    return state_->Do("ReloadPlugins", request->validate_only() ? "dry run" : "", [&] {
      *answer = server_->reloaded;
      return absl::OkStatus();
    });
  }
  grpc::Status QuarantinePlugin(grpc::ServerContext*, const v1::QuarantinePluginRequest* request,
                                v1::Plugin* answer) override {
    return Change("QuarantinePlugin", request->ShortDebugString(), answer);
  }
  grpc::Status ReleasePlugin(grpc::ServerContext*, const v1::ReleasePluginRequest* request,
                             v1::Plugin* answer) override {
    return Change("ReleasePlugin", request->ShortDebugString(), answer);
  }
  grpc::Status SelectPluginVersion(grpc::ServerContext*,
                                   const v1::SelectPluginVersionRequest* request,
                                   v1::Plugin* answer) override {
    return Change("SelectPluginVersion", request->ShortDebugString(), answer);
  }

 private:
  // Answers with the first of the plugins that the test put there.
  grpc::Status Change(const std::string& method, const std::string& request, v1::Plugin* answer) {
    return state_->Do(method, request, [&] {
      if (!server_->plugins.empty()) *answer = server_->plugins[0];
      return absl::OkStatus();
    });
  }

  FakeServer::State* state_;
  FakeServer* server_;
};

class FakeEvents final : public v1::EventService::Service {
 public:
  FakeEvents(FakeServer::State* state, FakeServer* server) : state_(state), server_(server) {}
  grpc::Status ListCommits(grpc::ServerContext*, const v1::ListCommitsRequest*,
                           v1::ListCommitsResponse* answer) override {
    return state_->Do("ListCommits", "", [&] {
      v1::Commit* commit = answer->add_commits();
      commit->set_name("commits/2");
      commit->set_revision(2);
      commit->set_kind(v1::COMMIT_KIND_PUSH);
      commit->set_principal("ci");
      commit->mutable_time()->set_seconds(1731369600);
      commit->mutable_time()->set_nanos(250000000);
      v1::CommitChange* change = commit->add_changes();
      change->set_name("datasets/output");
      change->set_created_count(5);
      change->set_revised_count(1);
      commit->set_change_count(1 + server_->unlisted_changes);
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
  FakeServer* server_;
};

}  // namespace

FakeServer::FakeServer() : state_(std::make_unique<State>()) {
  auto& services = state_->services;
  services = MakeFakeDocumentServices(state_.get());
  services.push_back(std::make_unique<FakeObservations>(state_.get(), this));
  services.push_back(std::make_unique<FakeProgress>(state_.get(), this));
  services.push_back(std::make_unique<FakePlugins>(state_.get(), this));
  services.push_back(std::make_unique<FakeEvents>(state_.get(), this));
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
