// A server in this process that keeps documents and pushed rows in memory and
// fails when told, so that the client's commands can be run whole.
//
// Thread rule: the accessors are for the time between calls.
#ifndef POLICYTRACK_TESTS_CLI_FAKE_SERVER_H_
#define POLICYTRACK_TESTS_CLI_FAKE_SERVER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "policytrack/v1/observation_service.pb.h"
#include "policytrack/v1/plugin.pb.h"
#include "policytrack/v1/plugin_service.pb.h"
#include "policytrack/v1/progress_service.pb.h"

namespace policytrack::cli {

// What the server is asked before it does what it is told.
struct Fault {
  absl::Status status;
  // The write is done and only its answer is lost.
  bool after = false;
};

// What one push brought.
struct Push {
  v1::PushOptions options;
  std::vector<std::pair<std::string, v1::Observation>> rows;  // dataset, row
  int messages = 0;
  size_t largest_message = 0;
};

class FakeServer {
 public:
  FakeServer();
  ~FakeServer();

  // host:port.
  const std::string& address() const;

  // Every later call that matches takes one fault first. `method` is such as
  // "CreatePlan"; empty matches all.
  void FailNext(const std::string& method, absl::Status status, bool after = false, int times = 1);

  // Puts a document in place, as a client would.
  void Put(const google::protobuf::Message& document);
  // The document, or null.
  const google::protobuf::Message* Find(const std::string& name) const;
  int64_t revision() const;

  // Methods called, with the name or parent that they were for.
  const std::vector<std::string>& calls() const;
  const std::vector<std::string>& request_ids() const;
  const std::vector<Push>& pushes() const;

  // What the progress calls answer.
  v1::PlanProgress plan_progress;
  v1::MeasureProgress measure_progress;
  v1::ExplainProgressResponse explanation;
  // What ListObservations and ListPlugins answer instead of their own rows, and the
  // units of these.
  std::vector<v1::Observation> observations;
  std::vector<v1::OutputUnit> units;
  std::vector<v1::Plugin> plugins;
  // Changes of a commit beyond those that ListCommits lists.
  int unlisted_changes = 0;
  v1::ReloadPluginsResponse reloaded;
  v1::GetPlanProgressRequest last_plan_request;
  v1::ListObservationsRequest last_list_request;
  // What the last ListPlugins still had before its deadline.
  absl::Duration last_time_left = absl::InfiniteDuration();

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace policytrack::cli

#endif  // POLICYTRACK_TESTS_CLI_FAKE_SERVER_H_
