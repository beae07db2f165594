#include "services/server/assembled.h"

#include <algorithm>
#include <map>
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
#include "services/app/admin.h"
#include "services/app/documents.h"
#include "services/app/evaluator.h"
#include "services/app/explain.h"
#include "services/app/history.h"
#include "services/app/kinds.h"
#include "services/app/observations.h"
#include "services/app/plugin_admin.h"
#include "services/app/plugin_list.h"
#include "services/app/preview.h"
#include "services/app/progress.h"
#include "services/app/purger.h"
#include "services/app/watch_log.h"
#include "services/rpc/admin_service.h"
#include "services/rpc/call_stats.h"
#include "services/rpc/calls_in_flight.h"
#include "services/rpc/dataset_service.h"
#include "services/rpc/edge.h"
#include "services/rpc/event_service.h"
#include "services/rpc/executor.h"
#include "services/rpc/indicator_service.h"
#include "services/rpc/measure_service.h"
#include "services/rpc/observation_service.h"
#include "services/rpc/observed_calls.h"
#include "services/rpc/plan_service.h"
#include "services/rpc/plugin_service.h"
#include "services/rpc/progress_service.h"
#include "services/rpc/script_service.h"
#include "services/rpc/watch_hub.h"
#include "services/server/call_log.h"
#include "services/server/limits.h"
#include "services/server/metrics.h"

namespace policytrack::server {
namespace {

// Calls that may wait for a thread before more are refused.
constexpr size_t kMaxQueuedCalls = 1024;
// NOT_SERVING while something is held against a plugin.
constexpr char kPluginHealth[] = "policytrack.plugins";
// How long a stop waits for watchers to take their last message.
constexpr absl::Duration kWatchGrace = absl::Seconds(2);
// How long a stop waits for clients to take leave who have no call.
constexpr absl::Duration kLeaveGrace = absl::Milliseconds(500);

std::vector<std::string> ServiceNames() {
  return {v1::PlanService::service_full_name(),        v1::MeasureService::service_full_name(),
          v1::DatasetService::service_full_name(),     v1::IndicatorService::service_full_name(),
          v1::ObservationService::service_full_name(), v1::ProgressService::service_full_name(),
          v1::PluginService::service_full_name(),      v1::EventService::service_full_name(),
          v1::ScriptService::service_full_name(),      v1::AdminService::service_full_name()};
}

std::vector<std::string> CountedServices() {
  std::vector<std::string> services = ServiceNames();
  services.emplace_back("grpc.health.v1.Health");
  return services;
}

// Whether it has calls that a store open for salvage refuses.
bool Writes(const std::string& service) {
  return service == v1::PlanService::service_full_name() ||
         service == v1::MeasureService::service_full_name() ||
         service == v1::DatasetService::service_full_name() ||
         service == v1::IndicatorService::service_full_name() ||
         service == v1::ObservationService::service_full_name() ||
         service == v1::ScriptService::service_full_name();
}

app::Retention RetentionOf(const Config& config) {
  return {absl::Hours(config.request_id_hours), absl::Hours(24 * config.deleted_measure_days)};
}

// Everything, in the order in which it is built; destroyed in reverse.
class AssembledServer final : public Server {
 public:
  AssembledServer(std::unique_ptr<Outside> outside, std::unique_ptr<storage::Store> store,
                  std::unique_ptr<plugins::Engine> engine, const Config& config, Clock* clock,
                  const rpc::Log& log, Log* call_log)
      : log_(log),
        salvage_(config.read_only_salvage),
        outside_(std::move(outside)),
        call_log_(call_log),
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
                                             config.max_push_total_mib << 20, RetentionOf(config)},
                             absl::Seconds(config.push_silence_seconds)),
        progress_service_(&edge_, &progress_, &explainer_),
        plugin_service_(&edge_, &plugin_list_, &plugin_admin_),
        event_service_(&edge_, &history_, &watch_hub_),
        admin_service_(log, &admin_) {
    call_log_.SetSlow(config.slow_call_ms);
  }

  ~AssembledServer() override { Stop(absl::ZeroDuration()); }

  absl::Status Listen(const Config& config) {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    SetLimits(config, &builder);
    acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
        grpc::InsecureServerCredentials());
    const std::vector<grpc::Service*> services = {
        &plan_service_,        &measure_service_,  &dataset_service_, &indicator_service_,
        &observation_service_, &progress_service_, &plugin_service_,  &event_service_,
        &script_service_,      &admin_service_};
    for (grpc::Service* service : services) builder.RegisterService(service);
    std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> creators;
    creators.push_back(
        rpc::ObservedCalls(std::vector<rpc::CallObserver*>{&calls_, &call_stats_, &call_log_}));
    builder.experimental().SetInterceptorCreators(std::move(creators));
    grpc_ = builder.BuildAndStart();
    if (grpc_ == nullptr) return absl::InternalError("the RPC library did not start");
    PublishHealth();
    plugin_admin_.OnHealth([this](bool healthy) {
      grpc_->GetHealthCheckService()->SetServingStatus(kPluginHealth, healthy);
    });
    PublishMetrics();
    outside_->health.Enter(Health::Phase::kServing);
    outside_->listener->Start([this](int connection, int socket) {
      grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
      parameters.listener_fd = socket;
      parameters.fd = connection;
      acceptor_->HandleNewConnection(&parameters);
    });
    return absl::OkStatus();
  }

  // Starts what follows the store by itself. What was quarantined must not run before.
  absl::Status Follow(const Config& config) {
    PT_RETURN_IF_ERROR(plugin_admin_.Restore());
    if (config.read_only_salvage) return evaluator_.Freeze();  // what follows writes
    evaluator_.OnInconsistent([this] { plugin_admin_.TellHealth(); });
    evaluator_.Start();
    purger_.Start();
    return absl::OkStatus();
  }

  int port() const override { return outside_->listener->port(); }

  absl::Status Reload(const Config& config) override {
    call_log_.SetSlow(config.slow_call_ms);
    return plugin_admin_.Reload(false).status();
  }

  void Stop(absl::Duration drain) override {
    if (stopped_) return;
    stopped_ = true;
    outside_->health.Enter(Health::Phase::kStopping);
    plugin_admin_.OnHealth(nullptr);
    if (grpc_ != nullptr) {
      {
        absl::MutexLock lock(&told_mutex_);
        for (const std::string& name : ServiceNames()) Tell(name, false);
        Tell("", false);
        leaving_ = true;
      }
      outside_->listener->Stop();
      watch_hub_.Stop(std::min(drain, kWatchGrace));
      ShutDown(drain);
    }
    // Until here it says that the server is live, however long calls take to end.
    outside_->health.Stop();
    purger_.Stop();
    evaluator_.Stop();
    store_->Stop();
    outside_->metrics.Read({});
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

  // Tells the health service of the library whenever the state changes: each service
  // and the whole are what readiness says, liveness has a name of its own.
  void PublishHealth() {
    outside_->health.Watch(
        [this] {
          return store_->Read(
              [](storage::ReadTransaction& tx) { return tx.GetCursor("").status(); });
        },
        [this](const Health::State& state) {
          absl::MutexLock lock(&told_mutex_);
          Tell(Health::kLiveness, state.live);
          if (leaving_) return;
          for (const std::string& name : ServiceNames()) {
            const bool salvaged = salvage_ && !Writes(name) && state.live;
            Tell(name, state.ready || salvaged);
          }
          Tell("", state.ready);
          if (state.failed) log_.Error(absl::StrCat("not ready: ", state.why));
        });
  }

  // The library tells whoever watches a service of every status that is set, also when
  // it is the same again.
  void Tell(const std::string& name, bool serving) ABSL_EXCLUSIVE_LOCKS_REQUIRED(told_mutex_) {
    const auto told = told_.find(name);
    if (told != told_.end() && told->second == serving) return;
    told_[name] = serving;
    grpc_->GetHealthCheckService()->SetServingStatus(name, serving);
  }

  void PublishMetrics() {
    MetricSources sources;
    sources.calls = &call_stats_;
    sources.store = store_.get();
    sources.evaluator = &evaluator_;
    sources.pushes = &observation_service_.push_stats();
    sources.listener = outside_->listener.get();
    sources.held_push_bytes = [this] { return observation_service_.push_budget().held_bytes(); };
    sources.queued_calls = [this] { return static_cast<int64_t>(executor_.queued()); };
    sources.slow_calls = [this] { return call_log_.slow_calls(); };
    sources.watchers = [this] { return watch_hub_.watchers(); };
    outside_->metrics.Read(sources);
  }

  const rpc::Log log_;
  const bool salvage_;
  const std::unique_ptr<Outside> outside_;
  rpc::CallStats call_stats_{CountedServices()};
  CallLog call_log_;
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
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;
  std::unique_ptr<grpc::Server> grpc_;
  absl::Mutex told_mutex_;
  std::map<std::string, bool> told_ ABSL_GUARDED_BY(told_mutex_);  // of each service
  bool leaving_ ABSL_GUARDED_BY(told_mutex_) = false;
  bool stopped_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Assemble(std::unique_ptr<Outside> outside,
                                                 std::unique_ptr<storage::Store> store,
                                                 std::unique_ptr<plugins::Engine> engine,
                                                 const Config& config, Clock* clock,
                                                 const rpc::Log& log, Log* call_log) {
  auto server = std::make_unique<AssembledServer>(std::move(outside), std::move(store),
                                                  std::move(engine), config, clock, log, call_log);
  PT_RETURN_IF_ERROR(server->Follow(config));
  PT_RETURN_IF_ERROR(server->Listen(config));
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace policytrack::server
