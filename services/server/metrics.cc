#include "services/server/metrics.h"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>

#include "services/server/metric_families.h"
#include "services/server/version.h"

namespace policytrack::server {
namespace {

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

// When this process was started, in seconds of Unix time.
double StartSeconds() {
  static const double start = [] {
    std::ifstream file("/proc/self/stat");
    std::string text;
    std::getline(file, text);
    // The name in parentheses may hold anything; the field is the 20th after it.
    std::istringstream rest(text.substr(text.rfind(')') + 1));
    std::string field;
    for (int i = 0; i < 20; ++i) rest >> field;
    timespec since_boot = {}, now = {};
    clock_gettime(CLOCK_BOOTTIME, &since_boot);
    clock_gettime(CLOCK_REALTIME, &now);
    return static_cast<double>(now.tv_sec - since_boot.tv_sec) +
           std::atof(field.c_str()) / static_cast<double>(sysconf(_SC_CLK_TCK));
  }();
  return start;
}

// The names that Prometheus' own libraries give.
void AddProcess(MetricFamilies* out) {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  out->Counter("process_cpu_seconds_total", "Processor time used, of users and system",
               Seconds(usage.ru_utime) + Seconds(usage.ru_stime));
  int64_t pages = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  out->Gauge("process_resident_memory_bytes", "Memory in use",
             static_cast<double>(resident * sysconf(_SC_PAGESIZE)));
  int64_t files = 0;
  std::error_code ended;
  for (auto it = std::filesystem::directory_iterator("/proc/self/fd", ended);
       !ended && it != std::filesystem::directory_iterator(); it.increment(ended)) {
    ++files;
  }
  out->Gauge("process_open_fds", "File descriptors in use", static_cast<double>(files));
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  out->Gauge("process_max_fds", "File descriptors that may be in use",
             static_cast<double>(limit.rlim_cur));
  out->Gauge("process_start_time_seconds", "When it was started, in Unix time", StartSeconds());
}

void AddCalls(const rpc::CallStats& calls, MetricFamilies* out) {
  const std::vector<rpc::CallStats::Method> methods = calls.Read();
  for (const auto& method : methods) {
    for (const auto& code : method.codes) {
      auto& histogram = out->Histogram(
          "policytrack_rpc_duration_seconds",
          "Calls by how they ended, and how long they took until then",
          {{"service", method.service}, {"method", method.method}, {"code", code.code}});
      histogram.sample_count = code.durations.count;
      histogram.sample_sum = code.durations.seconds;
      std::uint64_t cumulative = 0;
      for (size_t b = 0; b < code.durations.buckets.size(); ++b) {
        cumulative += code.durations.buckets[b];
        histogram.bucket.push_back({cumulative, b < rpc::CallStats::kBounds.size()
                                                    ? rpc::CallStats::kBounds[b]
                                                    : std::numeric_limits<double>::infinity()});
      }
    }
  }
  for (const auto& method : methods) {
    out->Gauge("policytrack_rpc_open", "Calls that have begun and are not over",
               static_cast<double>(method.open),
               {{"service", method.service}, {"method", method.method}});
  }
}

void AddPushes(const app::PushStats& pushes, MetricFamilies* out) {
  const std::pair<const char*, const std::atomic<int64_t>*> rows[] = {
      {"created", &pushes.created},
      {"deleted", &pushes.deleted},
      {"refused", &pushes.refused},
      {"revised", &pushes.revised},
      {"unchanged", &pushes.unchanged}};
  for (const auto& [outcome, count] : rows) {
    out->Counter("policytrack_push_rows_total", "Rows pushed, by what became of them",
                 static_cast<double>(*count), {{"outcome", outcome}});
  }
}

void AddStore(const storage::Store& store, MetricFamilies* out) {
  const storage::StoreStats stats = store.stats();
  const std::pair<const char*, int64_t> commits[] = {{"document", stats.document_commits},
                                                     {"evaluation", stats.evaluation_commits},
                                                     {"push", stats.push_commits}};
  for (const auto& [kind, count] : commits) {
    out->Counter("policytrack_commits_total", "Commits, by kind", static_cast<double>(count),
                 {{"kind", kind}});
  }
  out->Counter("policytrack_store_transactions_total",
               "Transactions of the database; one may hold several commits",
               static_cast<double>(stats.database_transactions));
  out->Counter("policytrack_store_failures_total", "Transactions that the database could not take",
               static_cast<double>(stats.failed_transactions));
  out->Gauge("policytrack_store_write_queue_length", "Writes that wait for the writer",
             static_cast<double>(stats.queued_writes));
  out->Gauge("policytrack_store_revision", "The last durable revision",
             static_cast<double>(store.revision()));
  out->Gauge("policytrack_database_bytes", "Size of the database file",
             static_cast<double>(stats.database_bytes));
  out->Gauge("policytrack_database_log_bytes", "Size of the log beside it",
             static_cast<double>(stats.log_bytes));
}

void AddEvaluation(const app::Evaluator& evaluator, MetricFamilies* out) {
  const app::Evaluator::Stats stats = evaluator.stats();
  out->Counter("policytrack_evaluation_passes_total", "Passes of the evaluation",
               static_cast<double>(stats.passes));
  out->Gauge("policytrack_evaluation_lag_revisions",
             "Revisions that the evaluation has not passed yet",
             static_cast<double>(stats.lag_revisions));
  out->Gauge("policytrack_evaluation_lag_seconds", "How long the oldest of them waits, at most",
             absl::ToDoubleSeconds(stats.lag));
  double all = 0;
  for (const auto& [plugin_and_reason, count] : stats.failures) {
    all += static_cast<double>(count);
    out->Counter("policytrack_plugin_failures_total",
                 "Evaluations that failed, by plugin and reason", static_cast<double>(count),
                 {{"plugin", plugin_and_reason.first}, {"reason", plugin_and_reason.second}});
  }
  out->Counter("policytrack_evaluation_failures_total", "Evaluations that failed", all);
}

void AddConnections(const Listener& listener, MetricFamilies* out) {
  const Listener::Stats stats = listener.stats();
  out->Gauge("policytrack_connections", "Open connections", static_cast<double>(stats.open));
  out->Counter("policytrack_connections_accepted_total", "Connections accepted",
               static_cast<double>(stats.accepted));
  out->Counter("policytrack_connections_refused_total", "Connections refused, by reason",
               static_cast<double>(stats.refused_full), {{"reason", "full"}});
  out->Counter("policytrack_connections_refused_total", "Connections refused, by reason",
               static_cast<double>(stats.refused_no_files), {{"reason", "no_files"}});
}

}  // namespace

void Metrics::Read(const MetricSources& sources) {
  absl::MutexLock lock(&mutex_);
  sources_ = sources;
}

std::string Metrics::Text() const {
  MetricFamilies out;
  out.Gauge("policytrack_build_info", "1, with the version that runs", 1, {{"version", kVersion}});
  const Health::State health = health_->Get();
  out.Gauge("policytrack_ready", "1 when calls may be sent here", health.ready ? 1 : 0);
  AddProcess(&out);
  absl::MutexLock lock(&mutex_);
  if (sources_.calls != nullptr) AddCalls(*sources_.calls, &out);
  if (sources_.slow_calls) {
    out.Counter("policytrack_rpc_slow_total", "Calls that took longer than --slow-call-ms",
                static_cast<double>(sources_.slow_calls()));
  }
  if (sources_.queued_calls) {
    out.Gauge("policytrack_rpc_queue_length", "Calls that wait for a thread",
              static_cast<double>(sources_.queued_calls()));
  }
  if (sources_.pushes != nullptr) AddPushes(*sources_.pushes, &out);
  if (sources_.held_push_bytes) {
    out.Gauge("policytrack_push_held_bytes", "Memory that pushes on their way hold",
              static_cast<double>(sources_.held_push_bytes()));
  }
  if (sources_.store != nullptr) AddStore(*sources_.store, &out);
  if (sources_.evaluator != nullptr) AddEvaluation(*sources_.evaluator, &out);
  if (sources_.watchers) {
    out.Gauge("policytrack_watchers", "Open streams of WatchEvents",
              static_cast<double>(sources_.watchers()));
  }
  if (sources_.listener != nullptr) AddConnections(*sources_.listener, &out);
  return out.Text();
}

}  // namespace policytrack::server
