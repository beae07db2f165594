// The only place that names implementations: which store, which plugin host.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "core/error.h"
#include "plugins/host/host.h"
#include "plugins/host/self_test.h"
#include "services/app/plugin_records.h"
#include "services/rpc/watch_hub.h"
#include "services/server/assembled.h"
#include "services/server/limits.h"
#include "services/server/outside.h"
#include "services/server/server.h"
#include "storage/sqlite/sqlite_store.h"

namespace policytrack::server {
namespace {

// A backup and a check hold one each for as long as they take.
constexpr int kAdminReaders = 2;

plugins::WorkerOptions WorkersOf(const Config& config, Clock* clock, const rpc::Log& log) {
  plugins::WorkerOptions workers;
  workers.program = config.plugin_worker_program;
  workers.require_sandbox = config.require_worker_sandbox;
  workers.memory_bytes = static_cast<uint64_t>(config.plugin_worker_mib) << 20;
  workers.log = log;
  workers.quarantine = std::make_shared<plugins::Quarantine>(clock);
  return workers;
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
  host_options.workers = WorkersOf(config, clock, log);
  host_options.self_test = plugins::GoldenSelfTest;
  storage::SqliteOptions store_options;
  store_options.data_dir = config.data_dir;
  // Every worker may hold one while it computes; evaluation, watches and the calls
  // that are answered at once need theirs.
  store_options.reader_connections =
      std::max(config.readers, config.workers + 2 + rpc::WatchHub::kThreads) + kAdminReaders;
  store_options.read_only_salvage = config.read_only_salvage;
  store_options.tell = log;
  PT_ASSIGN_OR_RETURN(std::unique_ptr<storage::SqliteStore> store,
                      storage::SqliteStore::Open(store_options, clock));
  // A plugin that was quarantined is not even loaded.
  PT_ASSIGN_OR_RETURN(const auto quarantined, app::QuarantinedBuilds(*store));
  for (const auto& [digest, reason] : quarantined) {
    host_options.workers.quarantine->Put(digest, reason);
  }
  PT_ASSIGN_OR_RETURN(std::unique_ptr<plugins::Engine> engine,
                      plugins::OpenHost(host_options, log));
  // It outlives the store.
  Health* const health = &outside->health;
  if (config.read_only_salvage) {
    health->SetStore(Error(absl::StatusCode::kFailedPrecondition, reason::kStoreReadOnly,
                           "it was opened to be read only"));
  }
  store->OnHealth([health, log](bool healthy) {
    if (healthy) {
      log("the database was opened again and is whole");
    } else {
      log.Error("the database had an I/O error: not ready until it can be opened again");
    }
    health->SetStore(healthy ? absl::OkStatus() : absl::UnavailableError("I/O error"));
  });
  return Assemble(std::move(outside), std::move(store), std::move(engine), config, clock, log,
                  call_log);
}

absl::StatusOr<std::unique_ptr<Server>> Server::StartOver(std::unique_ptr<storage::Store> store,
                                                          std::unique_ptr<plugins::Engine> engine,
                                                          const Config& config, Clock* clock,
                                                          const rpc::Log& log) {
  auto outside = std::make_unique<Outside>();
  PT_RETURN_IF_ERROR(outside->Open(config, log));
  return Assemble(std::move(outside), std::move(store), std::move(engine), config, clock, log,
                  nullptr);
}

}  // namespace policytrack::server
