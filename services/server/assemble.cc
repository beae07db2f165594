// The only place that names implementations: which store, which plugin host.
#include <algorithm>
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
#include "services/app/admin.h"
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
#include "services/rpc/admin_service.h"
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
#include "services/rpc/unreadable_request.h"
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

app::Retention RetentionOf(const Config& config) {
  return {absl::Hours(config.request_id_hours), absl::Hours(24 * config.deleted_measure_days)};
}

// Everything, in the order in which it is built; destroyed in reverse.
class AssembledServer final : public Server {
 public:
  AssembledServer(std::unique_ptr<storage::Store> store, std::unique_ptr<plugins::Engine> engine,
                  const Config& config, Clock* clock, const rpc::Log& log)
      : store_(std::move(store)),
        engine_(std::move(engine)),
        plan_kind_(app::MakePlanKind()),
        measure_kind_(app::MakeMeasureKind(engine_.get())),
        dataset_kind_(app::MakeDatasetKind(engine_.get())),
        indicator_kind_(app::MakeIndicatorKind(engine_.get())),
        plans_(store_.get(), clock, plan_kind_.get(), RetentionOf(config)),
        measures_(store_.get(), clock, measure_kind_.get(), RetentionOf(config)),
        datasets_(store_.get(), clock, dataset_kind_.get(), RetentionOf(config)),
        indicators_(store_.get(), clock, indicator_kind_.get(), RetentionOf(config)),
        evaluator_(store_.get(), engine_.get(), log),
        observations_(store_.get(), engine_.get(), &evaluator_),
        progress_(store_.get(), engine_.get(), &evaluator_, clock),
        explainer_(store_.get(), engine_.get(), &evaluator_),
        preview_(store_.get(), engine_.get()),
        history_(store_.get()),
        purger_(store_.get(), &measures_, log),
        plugin_list_(engine_.get()),
        admin_(store_.get(), clock, {config.backup_dir, config.data_dir}, log),
        executor_(config.workers, kMaxQueuedCalls),
        edge_(log, &executor_),
        plan_service_(&edge_, &plans_),
        measure_service_(&edge_, &measures_),
        dataset_service_(&edge_, &datasets_),
        indicator_service_(&edge_, &indicators_, &preview_),
        observation_service_(&edge_, store_.get(), &observations_,
                             app::PushLimits{config.max_push_mib << 20,
                                             config.max_push_total_mib << 20, RetentionOf(config)}),
        progress_service_(&edge_, &progress_, &explainer_),
        plugin_service_(&edge_, &plugin_list_),
        event_service_(&edge_, &history_),
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
        &plan_service_,      &measure_service_,     &dataset_service_,
        &indicator_service_, &observation_service_, &progress_service_,
        &plugin_service_,    &event_service_,       &admin_service_};
    for (grpc::Service* service : services) builder.RegisterService(service);
    std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> creators;
    creators.push_back(rpc::UnreadableRequests());
    builder.experimental().SetInterceptorCreators(std::move(creators));
    grpc_ = builder.BuildAndStart();
    if (grpc_ == nullptr) {
      return absl::FailedPreconditionError(
          absl::StrCat("cannot listen on ", config.listen,
                       ": another program took the port just now; choose another with --listen"));
    }
    grpc::HealthCheckServiceInterface* const health = grpc_->GetHealthCheckService();
    // What only reads is served in salvage too; the whole is not.
    for (const char* name :
         {v1::ProgressService::service_full_name(), v1::PluginService::service_full_name(),
          v1::EventService::service_full_name(), v1::AdminService::service_full_name()}) {
      health->SetServingStatus(name, true);
    }
    for (const char* name :
         {"", v1::PlanService::service_full_name(), v1::MeasureService::service_full_name(),
          v1::DatasetService::service_full_name(), v1::IndicatorService::service_full_name(),
          v1::ObservationService::service_full_name()}) {
      health->SetServingStatus(name, !config.read_only_salvage);
    }
    return absl::OkStatus();
  }

  // Starts what follows the store by itself.
  void Follow() {
    evaluator_.Start();
    purger_.Start();
  }

  int port() const override { return port_; }

  void Stop(absl::Duration drain) override {
    if (stopped_) return;
    stopped_ = true;
    if (grpc_ != nullptr) {
      grpc_->GetHealthCheckService()->SetServingStatus(false);
      grpc_->Shutdown(absl::ToChronoTime(absl::Now() + drain));
    }
    purger_.Stop();
    evaluator_.Stop();
    store_->Stop();
  }

 private:
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
  app::Admin admin_;
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
  rpc::AdminService admin_service_;
  std::unique_ptr<grpc::Server> grpc_;
  int port_ = 0;
  bool stopped_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const Config& config, Clock* clock,
                                                      const rpc::Log& log) {
  PT_RETURN_IF_ERROR(CheckListen(config));
  PT_RETURN_IF_ERROR(CheckAddressFree(config.listen));
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
  store_options.reader_connections = std::max(config.readers, config.workers + 2) + kAdminReaders;
  store_options.read_only_salvage = config.read_only_salvage;
  PT_ASSIGN_OR_RETURN(std::unique_ptr<storage::Store> store,
                      storage::SqliteStore::Open(store_options, clock));
  return StartOver(std::move(store), std::move(engine), config, clock, log);
}

absl::StatusOr<std::unique_ptr<Server>> Server::StartOver(std::unique_ptr<storage::Store> store,
                                                          std::unique_ptr<plugins::Engine> engine,
                                                          const Config& config, Clock* clock,
                                                          const rpc::Log& log) {
  auto server =
      std::make_unique<AssembledServer>(std::move(store), std::move(engine), config, clock, log);
  // What follows the store writes.
  if (!config.read_only_salvage) server->Follow();
  PT_RETURN_IF_ERROR(server->Listen(config));
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace policytrack::server
