// The graph of what is computed from what: the definitions of all indicators
// and targets as of a revision, kept in memory and brought up to date by the
// names that changed.
//
// Thread rule: one thread at a time.
#ifndef POLICYTRACK_SERVICES_APP_DEFINITION_GRAPH_H_
#define POLICYTRACK_SERVICES_APP_DEFINITION_GRAPH_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "policytrack/v1/indicator.pb.h"
#include "policytrack/v1/measure.pb.h"
#include "storage/store.h"

namespace policytrack::app {

// One thing that is computed.
struct GraphNode {
  std::string parent;  // `indicators/x` or `measures/x/targets/y`
  int64_t revision = 0;
  bool is_target = false;
  v1::Indicator indicator;
  v1::Target target;
  std::string plugin;
  std::string plugin_reference;  // with what is asked of its version
  std::set<std::string> sources;
};

class DefinitionGraph {
 public:
  // Loads everything when it is new, else reads the changed names again.
  absl::Status Refresh(storage::ReadTransaction& tx, int64_t as_of,
                       const std::vector<std::string>& changed);
  // Forgets all, after a Refresh that failed.
  void Reset();

  // Null when there is none of this name.
  const GraphNode* Find(const std::string& parent) const;
  const std::map<std::string, GraphNode>& nodes() const { return nodes_; }
  // The targets of a measure.
  std::vector<std::string> TargetsOf(const std::string& measure) const;

  // `roots` and all that is computed from `roots` or `sources`, each after what
  // it is computed from, ties by name. What lies on a cycle is left out.
  std::vector<std::string> Downstream(const std::set<std::string>& roots,
                                      const std::set<std::string>& sources) const;

 private:
  void Remove(const std::string& parent);
  void Add(GraphNode node);
  absl::Status LoadOne(storage::ReadTransaction& tx, const std::string& name, int64_t as_of);
  void AddMeasure(const v1::Measure& measure);
  void AddIndicator(const v1::Indicator& indicator);

  bool loaded_ = false;
  std::map<std::string, GraphNode> nodes_;
  std::map<std::string, std::set<std::string>> dependents_;  // by source
};

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_DEFINITION_GRAPH_H_
