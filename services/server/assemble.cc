// The only place that names implementations: which store, which plugin host.
#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/health_check_service_interface.h"
#include "plugins/host/host.h"
#include "services/app/documents.h"
#include "services/app/evaluator.h"
#include "services/app/explain.h"
#include "services/app/history.h"
#include "services/app/kinds.h"
#include "services/app/observations.h"
#include "services/app/plugin_list.h"
#include "services/app/preview.h"
#include "services/app/progress.h"
#include "services/app/purger.h"
#include "services/rpc/call_stats.h"
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
#include "services/rpc/unreadable_request.h"
#include "services/server/call_log.h"
#include "services/server/health.h"
#include "services/server/http_endpoint.h"
#include "services/server/limits.h"
#include "services/server/listen_address.h"
#include "services/server/listener.h"
#include "services/server/metrics.h"
#include "services/server/server.h"
#include "storage/sqlite/sqlite_store.h"

namespace policytrack::server {
namespace {

// Calls that may wait for a thread before more are refused.
constexpr size_t kMaxQueuedCalls = 1024;

std::vector<std::string> ServiceNames() {
  return {v1::PlanService::service_full_name(),        v1::MeasureService::service_full_name(),
          v1::DatasetService::service_full_name(),     v1::IndicatorService::service_full_name(),
          v1::ObservationService::service_full_name(), v1::ProgressService::service_full_name(),
          v1::PluginService::service_full_name(),      v1::EventService::service_full_name()};
}

std::vector<std::string> CountedServices() {
  std::vector<std::string> services = ServiceNames();
  services.emplace_back("grpc.health.v1.Health");
  return services;
}

absl::Duration Monotonic() {
  return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

// What is there before the store is opened and after it is closed: who watches the
// server sees it start and stop.
struct Outside {
  Health health{Monotonic};
  Metrics metrics{&health};
  std::unique_ptr<HttpEndpoint> endpoint;  // null without --metrics-listen
  std::unique_ptr<Listener> listener;

  absl::Status Open(const Config& config, const rpc::Log& log) {
    PT_RETURN_IF_ERROR(CheckListen(config));
    PT_RETURN_IF_ERROR(CheckMetricsListen(config));
    PT_ASSIGN_OR_RETURN(listener, Listener::Open({config.listen, config.max_connections,
                                                  absl::Seconds(config.keepalive_timeout_seconds)},
                                                 log));
    if (config.metrics_listen.empty()) return absl::OkStatus();
    PT_ASSIGN_OR_RETURN(endpoint, HttpEndpoint::Start(config.metrics_listen, &metrics, &health));
    log(absl::StrCat("/metrics, /healthz and /readyz on ", config.metrics_listen, " (port ",
                     endpoint->port(), ")"));
    return absl::OkStatus();
  }
};

// Everything, in the order in which it is built; destroyed in reverse.
class AssembledServer final : public Server {
 public:
  AssembledServer(std::unique_ptr<Outside> outside, std::unique_ptr<storage::Store> store,
                  std::unique_ptr<plugins::Engine> engine, const Config& config, Clock* clock,
                  const rpc::Log& log, Log* call_log)
      : log_(log),
        outside_(std::move(outside)),
        call_log_(call_log),
        store_(std::move(store)),
        engine_(std::move(engine)),
        plan_kind_(app::MakePlanKind()),
        measure_kind_(app::MakeMeasureKind(engine_.get())),
        dataset_kind_(app::MakeDatasetKind(engine_.get())),
        indicator_kind_(app::MakeIndicatorKind(engine_.get())),
        plans_(store_.get(), clock, plan_kind_.get()),
        measures_(store_.get(), clock, measure_kind_.get()),
        datasets_(store_.get(), clock, dataset_kind_.get()),
        indicators_(store_.get(), clock, indicator_kind_.get()),
        evaluator_(store_.get(), engine_.get(), log),
        observations_(store_.get(), engine_.get(), &evaluator_),
        progress_(store_.get(), engine_.get(), &evaluator_, clock),
        explainer_(store_.get(), engine_.get(), &evaluator_),
        preview_(store_.get(), engine_.get()),
        history_(store_.get()),
        purger_(&measures_, log),
        plugin_list_(engine_.get()),
        executor_(config.workers, kMaxQueuedCalls),
        edge_(log, &executor_),
        plan_service_(&edge_, &plans_),
        measure_service_(&edge_, &measures_),
        dataset_service_(&edge_, &datasets_),
        indicator_service_(&edge_, &indicators_, &preview_),
        observation_service_(
            &edge_, store_.get(), &observations_,
            app::PushLimits{config.max_push_mib << 20, config.max_push_total_mib << 20}),
        progress_service_(&edge_, &progress_, &explainer_),
        plugin_service_(&edge_, &plugin_list_),
        event_service_(&edge_, &history_) {
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
        &observation_service_, &progress_service_, &plugin_service_,  &event_service_};
    for (grpc::Service* service : services) builder.RegisterService(service);
    std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> creators;
    creators.push_back(rpc::UnreadableRequests());
    creators.push_back(
        rpc::ObservedCalls(std::vector<rpc::CallObserver*>{&call_stats_, &call_log_}));
    builder.experimental().SetInterceptorCreators(std::move(creators));
    grpc_ = builder.BuildAndStart();
    if (grpc_ == nullptr) return absl::InternalError("the RPC library did not start");
    PublishHealth();
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

  // Starts what follows the store by itself.
  void Follow() {
    evaluator_.Start();
    purger_.Start();
  }

  int port() const override { return outside_->listener->port(); }

  void Reload(const Config& config) override { call_log_.SetSlow(config.slow_call_ms); }

  void Stop(absl::Duration drain) override {
    if (stopped_) return;
    stopped_ = true;
    outside_->health.Enter(Health::Phase::kStopping);
    outside_->health.Stop();
    if (grpc_ != nullptr) {
      for (const std::string& name : ServiceNames()) {
        grpc_->GetHealthCheckService()->SetServingStatus(name, false);
      }
      grpc_->GetHealthCheckService()->SetServingStatus("", false);
      outside_->listener->Stop();
      grpc_->Shutdown(absl::ToChronoTime(absl::Now() + drain));
    }
    purger_.Stop();
    evaluator_.Stop();
    store_->Stop();
    outside_->metrics.Read({});
  }

 private:
  // Tells the health service of the library whenever the state changes: each service
  // and the whole are what readiness says, liveness has a name of its own.
  void PublishHealth() {
    outside_->health.Watch(
        [this] {
          return store_->Read(
              [](storage::ReadTransaction& tx) { return tx.GetCursor("").status(); });
        },
        [this](const Health::State& state) {
          grpc::HealthCheckServiceInterface* service = grpc_->GetHealthCheckService();
          for (const std::string& name : ServiceNames()) {
            service->SetServingStatus(name, state.ready);
          }
          service->SetServingStatus("", state.ready);
          service->SetServingStatus(Health::kLiveness, state.live);
          if (state.failed) log_(absl::StrCat("not ready: ", state.why));
        });
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
    outside_->metrics.Read(sources);
  }

  const rpc::Log log_;
  const std::unique_ptr<Outside> outside_;
  rpc::CallStats call_stats_{CountedServices()};
  CallLog call_log_;
  const std::unique_ptr<storage::Store> store_;
  const std::unique_ptr<plugins::Engine> engine_;
  const std::unique_ptr<app::DocumentKind> plan_kind_;
  const std::unique_ptr<app::DocumentKind> measure_kind_;
  const std::unique_ptr<app::DocumentKind> dataset_kind_;
  const std::unique_ptr<app::DocumentKind> indicator_kind_;
  app::Documents plans_;
  app::Documents measures_;
  app::Documents datasets_;
  app::Documents indicators_;
  app::Evaluator evaluator_;
  app::Observations observations_;
  app::ProgressReader progress_;
  app::Explainer explainer_;
  app::Preview preview_;
  app::History history_;
  app::Purger purger_;
  app::PluginList plugin_list_;
  rpc::Executor executor_;
  rpc::Edge edge_;
  rpc::PlanService plan_service_;
  rpc::MeasureService measure_service_;
  rpc::DatasetService dataset_service_;
  rpc::IndicatorService indicator_service_;
  rpc::ObservationService observation_service_;
  rpc::ProgressService progress_service_;
  rpc::PluginService plugin_service_;
  rpc::EventService event_service_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;
  std::unique_ptr<grpc::Server> grpc_;
  bool stopped_ = false;
};

absl::StatusOr<std::unique_ptr<Server>> Serve(std::unique_ptr<Outside> outside,
                                              std::unique_ptr<storage::Store> store,
                                              std::unique_ptr<plugins::Engine> engine,
                                              const Config& config, Clock* clock,
                                              const rpc::Log& log, Log* call_log) {
  auto server = std::make_unique<AssembledServer>(std::move(outside), std::move(store),
                                                  std::move(engine), config, clock, log, call_log);
  server->Follow();
  PT_RETURN_IF_ERROR(server->Listen(config));
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const Config& config, Clock* clock,
                                                      const rpc::Log& log, Log* call_log) {
  auto outside = std::make_unique<Outside>();
  PT_RETURN_IF_ERROR(outside->Open(config, log));
  RaiseFileLimit(config, log);
  plugins::HostOptions host_options;
  host_options.plugin_dir = config.plugin_dir;
  host_options.allow_list_file = config.plugin_allow_list;
  host_options.call_deadline = absl::Seconds(config.plugin_deadline_seconds);
  PT_ASSIGN_OR_RETURN(std::unique_ptr<plugins::Engine> engine,
                      plugins::OpenHost(host_options, log));
  storage::SqliteOptions store_options;
  store_options.data_dir = config.data_dir;
  // Every worker may hold one while it computes; evaluation and the calls that
  // are answered at once need theirs.
  store_options.reader_connections = std::max(config.readers, config.workers + 2);
  PT_ASSIGN_OR_RETURN(std::unique_ptr<storage::Store> store,
                      storage::SqliteStore::Open(store_options, clock));
  return Serve(std::move(outside), std::move(store), std::move(engine), config, clock, log,
               call_log);
}

absl::StatusOr<std::unique_ptr<Server>> Server::StartOver(std::unique_ptr<storage::Store> store,
                                                          std::unique_ptr<plugins::Engine> engine,
                                                          const Config& config, Clock* clock,
                                                          const rpc::Log& log) {
  auto outside = std::make_unique<Outside>();
  PT_RETURN_IF_ERROR(outside->Open(config, log));
  return Serve(std::move(outside), std::move(store), std::move(engine), config, clock, log,
               nullptr);
}

}  // namespace policytrack::server
