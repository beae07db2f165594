// The only place that names implementations: which store, which plugin host.
#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "core/error.h"
#include "grpc/grpc.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/health_check_service_interface.h"
#include "plugins/host/host.h"
#include "plugins/host/self_test.h"
#include "services/app/admin.h"
#include "services/app/documents.h"
#include "services/app/evaluator.h"
#include "services/app/explain.h"
#include "services/app/history.h"
#include "services/app/kinds.h"
#include "services/app/observations.h"
#include "services/app/plugin_admin.h"
#include "services/app/plugin_list.h"
#include "services/app/plugin_records.h"
#include "services/app/preview.h"
#include "services/app/progress.h"
#include "services/app/purger.h"
#include "services/app/watch_log.h"
#include "services/rpc/admin_service.h"
#include "services/rpc/calls_in_flight.h"
#include "services/rpc/dataset_service.h"
#include "services/rpc/edge.h"
#include "services/rpc/event_service.h"
#include "services/rpc/executor.h"
#include "services/rpc/indicator_service.h"
#include "services/rpc/measure_service.h"
#include "services/rpc/observation_service.h"
#include "services/rpc/plan_service.h"
#include "services/rpc/plugin_service.h"
#include "services/rpc/progress_service.h"
#include "services/rpc/script_service.h"
#include "services/rpc/unreadable_request.h"
#include "services/rpc/watch_hub.h"
#include "services/server/listen_address.h"
#include "services/server/server.h"
#include "storage/sqlite/sqlite_store.h"

namespace policytrack::server {
namespace {

// Calls that may wait for a thread before more are refused.
constexpr size_t kMaxQueuedCalls = 1024;
// A backup and a check hold one each for as long as they take.
constexpr int kAdminReaders = 2;
constexpr int kMaxReceiveBytes = 4 << 20;
constexpr int kMaxMetadataBytes = 8 << 10;
constexpr int kMaxConcurrentStreams = 100;
// NOT_SERVING while something is held against a plugin.
constexpr char kPluginHealth[] = "policytrack.plugins";
// How long a stop waits for watchers to take their last message.
constexpr absl::Duration kWatchGrace = absl::Seconds(2);
// How long a stop waits for clients to take leave who have no call.
constexpr absl::Duration kLeaveGrace = absl::Milliseconds(500);

absl::Status CheckListen(const Config& config) {
  PT_RETURN_IF_ERROR(CheckAddressForm(config.listen));
  if (IsLoopback(config.listen) || config.allow_unauthenticated_clients_from_any_network) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "--listen ", config.listen,
      " is open to other machines, and this server has neither TLS nor "
      "authentication; listen on 127.0.0.1 behind a proxy, or give "
      "--allow-unauthenticated-clients-from-any-network if the network is yours alone"));
}

plugins::WorkerOptions WorkersOf(const Config& config, Clock* clock, const rpc::Log& log) {
  plugins::WorkerOptions workers;
  workers.program = config.plugin_worker_program;
  workers.require_sandbox = config.require_worker_sandbox;
  workers.memory_bytes = static_cast<uint64_t>(config.plugin_worker_mib) << 20;
  workers.log = log;
  workers.quarantine = std::make_shared<plugins::Quarantine>(
      clock,
      [log](const std::string& plugin, const std::string& digest, const std::string& reason) {
        log(absl::StrCat(plugin, " (", digest, ") is quarantined: ", reason));
      });
  return workers;
}

app::Retention RetentionOf(const Config& config) {
  return {absl::Hours(config.request_id_hours), absl::Hours(24 * config.deleted_measure_days)};
}

// Everything, in the order in which it is built; destroyed in reverse.
class AssembledServer final : public Server {
 public:
  AssembledServer(std::unique_ptr<storage::Store> store, std::unique_ptr<plugins::Engine> engine,
                  const Config& config, Clock* clock, const rpc::Log& log)
      : log_(log),
        store_(std::move(store)),
        engine_(std::move(engine)),
        plan_kind_(app::MakePlanKind()),
        measure_kind_(app::MakeMeasureKind(engine_.get())),
        dataset_kind_(app::MakeDatasetKind(engine_.get())),
        indicator_kind_(app::MakeIndicatorKind(engine_.get())),
        script_kind_(app::MakeScriptKind(engine_.get())),
        plans_(store_.get(), clock, plan_kind_.get(), RetentionOf(config)),
        measures_(store_.get(), clock, measure_kind_.get(), RetentionOf(config)),
        datasets_(store_.get(), clock, dataset_kind_.get(), RetentionOf(config)),
        indicators_(store_.get(), clock, indicator_kind_.get(), RetentionOf(config)),
        scripts_(store_.get(), clock, script_kind_.get(), RetentionOf(config)),
        evaluator_(store_.get(), engine_.get(), log, app::Auditor(config.plugin_audit_interval)),
        plugin_admin_(store_.get(), engine_.get(), &evaluator_, log),
        observations_(store_.get(), engine_.get(), &evaluator_),
        progress_(store_.get(), engine_.get(), &evaluator_, clock),
        explainer_(store_.get(), engine_.get(), &evaluator_),
        preview_(store_.get(), engine_.get()),
        history_(store_.get()),
        purger_(store_.get(), &measures_, log),
        plugin_list_(engine_.get()),
        watch_log_(store_.get(), engine_.get(), app::WatchLog::Limits{config.watch_history}),
        admin_(store_.get(), clock, {config.backup_dir, config.data_dir}, log),
        executor_(config.workers, kMaxQueuedCalls),
        edge_(log, &executor_),
        watch_hub_(
            &edge_, store_.get(), &watch_log_,
            rpc::WatchHub::Limits{config.max_watchers, absl::Seconds(config.watch_stall_seconds),
                                  config.max_watch_mib << 20}),
        plan_service_(&edge_, &plans_),
        measure_service_(&edge_, &measures_),
        dataset_service_(&edge_, &datasets_),
        indicator_service_(&edge_, &indicators_, &preview_),
        script_service_(&edge_, &scripts_),
        observation_service_(&edge_, store_.get(), &observations_,
                             app::PushLimits{config.max_push_mib << 20,
                                             config.max_push_total_mib << 20, RetentionOf(config)}),
        progress_service_(&edge_, &progress_, &explainer_),
        plugin_service_(&edge_, &plugin_list_, &plugin_admin_),
        event_service_(&edge_, &history_, &watch_hub_),
        admin_service_(log, &admin_) {}

  ~AssembledServer() override { Stop(absl::ZeroDuration()); }

  absl::Status Listen(const Config& config) {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    builder.AddListeningPort(config.listen, grpc::InsecureServerCredentials(), &port_);
    // A second server on the same port must fail, not share it.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxConcurrentStreams);
    builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
    builder.SetMaxReceiveMessageSize(kMaxReceiveBytes);
    // A compressed message may be a thousand times larger than it looks.
    for (int algorithm = 1; algorithm < GRPC_COMPRESS_ALGORITHMS_COUNT; ++algorithm) {
      builder.SetCompressionAlgorithmSupportStatus(
          static_cast<grpc_compression_algorithm>(algorithm), false);
    }
    const std::vector<grpc::Service*> services = {
        &plan_service_,        &measure_service_,  &dataset_service_, &indicator_service_,
        &observation_service_, &progress_service_, &plugin_service_,  &event_service_,
        &script_service_,      &admin_service_};
    for (grpc::Service* service : services) builder.RegisterService(service);
    std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> creators;
    creators.push_back(calls_.Counter());
    creators.push_back(rpc::UnreadableRequests());
    builder.experimental().SetInterceptorCreators(std::move(creators));
    grpc_ = builder.BuildAndStart();
    if (grpc_ == nullptr) {
      return absl::FailedPreconditionError(
          absl::StrCat("cannot listen on ", config.listen,
                       ": another program took the port just now; choose another with --listen"));
    }
    SetServing(true);
    if (config.read_only_salvage) {
      // What only reads is served; what also writes, and the whole, are not.
      for (const char* name :
           {"", v1::PlanService::service_full_name(), v1::MeasureService::service_full_name(),
            v1::DatasetService::service_full_name(), v1::IndicatorService::service_full_name(),
            v1::ObservationService::service_full_name(), v1::ScriptService::service_full_name()}) {
        grpc_->GetHealthCheckService()->SetServingStatus(name, false);
      }
    }
    plugin_admin_.OnHealth([this](bool healthy) {
      grpc_->GetHealthCheckService()->SetServingStatus(kPluginHealth, healthy);
    });
    return absl::OkStatus();
  }

  // Starts what follows the store by itself. What was quarantined must not run before.
  absl::Status Follow(const Config& config) {
    PT_RETURN_IF_ERROR(plugin_admin_.Restore());
    if (config.read_only_salvage) return absl::OkStatus();  // what follows writes
    evaluator_.OnInconsistent([this] { plugin_admin_.TellHealth(); });
    evaluator_.Start();
    purger_.Start();
    return absl::OkStatus();
  }

  // While the store cannot be written; any thread.
  void SetStoreHealthy(bool healthy) {
    log_(healthy ? "the database was opened again and is whole: serving"
                 : "the database had an I/O error: not serving until it can be opened again");
    absl::MutexLock lock(&health_mutex_);
    if (!stopped_) SetServing(healthy);
  }

  absl::Status ReloadPlugins() override { return plugin_admin_.Reload(false).status(); }

  int port() const override { return port_; }

  void Stop(absl::Duration drain) override {
    {
      absl::MutexLock lock(&health_mutex_);
      if (stopped_) return;
      stopped_ = true;
    }
    plugin_admin_.OnHealth(nullptr);
    if (grpc_ != nullptr) {
      grpc_->GetHealthCheckService()->SetServingStatus(false);
      watch_hub_.Stop(std::min(drain, kWatchGrace));
      ShutDown(drain);
    }
    purger_.Stop();
    evaluator_.Stop();
    store_->Stop();
  }

 private:
  // The library waits for every connection to be closed by its client, or for 20
  // seconds: also for those that have no call, and do not answer as they wait for
  // nothing. These are closed here as soon as no call is left.
  void ShutDown(absl::Duration drain) {
    absl::Notification over;
    std::thread closer([&] {
      if (over.WaitForNotificationWithTimeout(std::min(drain, kLeaveGrace))) return;
      if (calls_.AwaitNone()) grpc_server_cancel_all_calls(grpc_->c_server());
    });
    grpc_->Shutdown(absl::ToChronoTime(absl::Now() + drain));
    over.Notify();
    calls_.Close();
    closer.join();
  }

  // The whole and each service; what is said of the plugins stays.
  void SetServing(bool serving) {
    for (const char* name :
         {"", v1::PlanService::service_full_name(), v1::MeasureService::service_full_name(),
          v1::DatasetService::service_full_name(), v1::IndicatorService::service_full_name(),
          v1::ObservationService::service_full_name(), v1::ProgressService::service_full_name(),
          v1::PluginService::service_full_name(), v1::EventService::service_full_name(),
          v1::ScriptService::service_full_name(), v1::AdminService::service_full_name()}) {
      grpc_->GetHealthCheckService()->SetServingStatus(name, serving);
    }
  }

  const rpc::Log log_;
  const std::unique_ptr<storage::Store> store_;
  const std::unique_ptr<plugins::Engine> engine_;
  const std::unique_ptr<app::DocumentKind> plan_kind_;
  const std::unique_ptr<app::DocumentKind> measure_kind_;
  const std::unique_ptr<app::DocumentKind> dataset_kind_;
  const std::unique_ptr<app::DocumentKind> indicator_kind_;
  const std::unique_ptr<app::DocumentKind> script_kind_;
  app::Documents plans_;
  app::Documents measures_;
  app::Documents datasets_;
  app::Documents indicators_;
  app::Documents scripts_;
  app::Evaluator evaluator_;
  app::PluginAdmin plugin_admin_;
  app::Observations observations_;
  app::ProgressReader progress_;
  app::Explainer explainer_;
  app::Preview preview_;
  app::History history_;
  app::Purger purger_;
  app::PluginList plugin_list_;
  app::WatchLog watch_log_;
  app::Admin admin_;
  rpc::Executor executor_;
  rpc::Edge edge_;
  rpc::WatchHub watch_hub_;
  rpc::PlanService plan_service_;
  rpc::MeasureService measure_service_;
  rpc::DatasetService dataset_service_;
  rpc::IndicatorService indicator_service_;
  rpc::ScriptService script_service_;
  rpc::ObservationService observation_service_;
  rpc::ProgressService progress_service_;
  rpc::PluginService plugin_service_;
  rpc::EventService event_service_;
  rpc::AdminService admin_service_;
  rpc::CallsInFlight calls_;
  std::unique_ptr<grpc::Server> grpc_;
  int port_ = 0;
  absl::Mutex health_mutex_;
  bool stopped_ ABSL_GUARDED_BY(health_mutex_) = false;
};

absl::StatusOr<std::unique_ptr<AssembledServer>> Assemble(std::unique_ptr<storage::Store> store,
                                                          std::unique_ptr<plugins::Engine> engine,
                                                          const Config& config, Clock* clock,
                                                          const rpc::Log& log) {
  auto server =
      std::make_unique<AssembledServer>(std::move(store), std::move(engine), config, clock, log);
  PT_RETURN_IF_ERROR(server->Follow(config));
  PT_RETURN_IF_ERROR(server->Listen(config));
  return server;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const Config& config, Clock* clock,
                                                      const rpc::Log& log) {
  PT_RETURN_IF_ERROR(CheckListen(config));
  PT_RETURN_IF_ERROR(CheckAddressFree(config.listen));
  plugins::HostOptions host_options;
  host_options.plugin_dir = config.plugin_dir;
  host_options.allow_list_file = config.plugin_allow_list;
  host_options.call_deadline = absl::Seconds(config.plugin_deadline_seconds);
  host_options.workers = WorkersOf(config, clock, log);
  host_options.self_test = plugins::GoldenSelfTest;
  storage::SqliteOptions store_options;
  store_options.data_dir = config.data_dir;
  // Every worker may hold one while it computes; evaluation, watches and the calls
  // that are answered at once need theirs.
  store_options.reader_connections =
      std::max(config.readers, config.workers + 2 + rpc::WatchHub::kThreads) + kAdminReaders;
  store_options.read_only_salvage = config.read_only_salvage;
  PT_ASSIGN_OR_RETURN(std::unique_ptr<storage::SqliteStore> store,
                      storage::SqliteStore::Open(store_options, clock));
  storage::SqliteStore* const sqlite = store.get();
  // A plugin that was quarantined is not even loaded.
  PT_ASSIGN_OR_RETURN(const auto quarantined, app::QuarantinedBuilds(*store));
  for (const auto& [digest, reason] : quarantined) {
    host_options.workers.quarantine->Put(digest, reason);
  }
  PT_ASSIGN_OR_RETURN(std::unique_ptr<plugins::Engine> engine,
                      plugins::OpenHost(host_options, log));
  PT_ASSIGN_OR_RETURN(std::unique_ptr<AssembledServer> server,
                      Assemble(std::move(store), std::move(engine), config, clock, log));
  // Ends with the writer thread, which Stop joins.
  sqlite->OnHealth([server = server.get()](bool healthy) { server->SetStoreHealthy(healthy); });
  return server;
}

absl::StatusOr<std::unique_ptr<Server>> Server::StartOver(std::unique_ptr<storage::Store> store,
                                                          std::unique_ptr<plugins::Engine> engine,
                                                          const Config& config, Clock* clock,
                                                          const rpc::Log& log) {
  return Assemble(std::move(store), std::move(engine), config, clock, log);
}

}  // namespace policytrack::server
