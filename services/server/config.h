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
  int readers = 4;                    // read connections to the database, at least workers + 2
  int workers = 8;                    // threads for calls that compute or wait
  int64_t max_push_mib = 256;         // what one push may hold in memory
  int64_t max_push_total_mib = 1024;  // what all pushes may hold together
  int drain_seconds = 10;             // how long a stop waits for calls in flight
  int plugin_deadline_seconds = 30;
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
