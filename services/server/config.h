// The settings of the server: flags, and one file in which each flag can stand.
//
// Thread rule: free functions, main thread.
#ifndef POLICYTRACK_SERVICES_SERVER_CONFIG_H_
#define POLICYTRACK_SERVICES_SERVER_CONFIG_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace policytrack::server {

struct Config {
  std::string listen = "127.0.0.1:7443";
  std::string data_dir;
  std::string plugin_dir;         // default: lib/policytrack/plugins beside bin/
  std::string plugin_allow_list;  // default: plugins.sha256 beside plugin_dir
  std::string log_level = "info";
  int readers = 4;                    // read connections to the database, at least workers + 4
  int workers = 8;                    // threads for calls that compute or wait
  int64_t max_push_mib = 256;         // what one push may hold in memory
  int64_t max_push_total_mib = 1024;  // what all pushes may hold together
  int push_silence_seconds = 60;      // how long the client of a push may send nothing
  int max_watchers = 20000;           // streams of WatchEvents at a time
  int64_t max_watch_mib = 64;         // what messages on their way to them may hold together
  int watch_stall_seconds = 300;      // how long one may take nothing of a message
  int64_t watch_history = 0;          // commits that one may lie behind; 0 is any number
  int drain_seconds = 10;             // how long a stop waits for calls in flight
  int plugin_deadline_seconds = 30;
  std::string plugin_workers = "on";
  std::string worker_sandbox = "best_effort";
  // What comes of the two: the program in which plugins run that nobody has pinned,
  // policytrack-worker beside this one, or "" when they do not run.
  std::string plugin_worker_program;
  bool require_worker_sandbox = false;
  int plugin_worker_mib = 1024;      // address space of one worker
  int plugin_audit_interval = 1000;  // one in so many incremental evaluations is audited
  int request_id_hours = 24;         // how long the answers of requests are kept
  int deleted_measure_days = 30;     // how long a deleted measure can be undeleted
  std::string backup_dir;            // where CreateBackup writes; empty: nowhere
  bool read_only_salvage = false;    // serve what can be read of a damaged store
  // Instead of serving: check the data directory; make one from a backup, whose chain
  // digest begins so.
  bool verify = false;
  std::string restore_from;
  std::string expect_chain;
  bool allow_unauthenticated_clients_from_any_network = false;

  // What is seen of it (docs/monitoring.md).
  std::string metrics_listen;  // "" for nowhere
  bool allow_metrics_from_any_network = false;
  std::string log_format = "text";
  int slow_call_ms = 1000;  // 0: no call is slow

  // What clients may take (docs/configuration.md).
  int max_connections = 10000;
  int handshake_timeout_seconds = 5;
  int keepalive_seconds = 60;          // of silence, then a ping
  int keepalive_timeout_seconds = 20;  // for its answer
  int min_ping_interval_seconds = 10;  // of clients without a call
  int max_connection_idle_seconds = 900;
  int max_connection_age_seconds = 3600;
  int max_connection_age_grace_seconds = 600;
  int rpc_memory_mib = 512;

  std::string config_file;  // --config
  bool check_only = false;  // --check-config
};

// What to do after reading the arguments.
struct ParsedConfig {
  Config config;
  // Every setting by name as it stands, defaults included.
  std::map<std::string, std::string> values;
  // Where each stands that is no default: "/etc/policytrack.yaml:3" or "--listen".
  std::map<std::string, std::string> places;
  // What is wrong, each with its place. `config` then has what is good.
  std::vector<std::string> problems;
  bool run = false;   // false: help was asked for or something is wrong
  int exit_code = 0;  // when not to run: 0 after --help and --version, else 2
};

// Reads arguments and the file given by --config (YAML: one `name: value` a
// line, names as the flags). Prints help or version.
ParsedConfig ParseConfig(int argc, char** argv);

}  // namespace policytrack::server

#endif  // POLICYTRACK_SERVICES_SERVER_CONFIG_H_
