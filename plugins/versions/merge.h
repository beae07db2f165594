// What becomes of the builds in use when others are found: which take their place,
// which stay, which go.
//
// Thread rule: free functions.
#ifndef POLICYTRACK_PLUGINS_VERSIONS_MERGE_H_
#define POLICYTRACK_PLUGINS_VERSIONS_MERGE_H_

#include <string>
#include <vector>

#include "plugins/versions/build_source.h"
#include "policytrack/v1/plugin_service.pb.h"

namespace policytrack::plugins {

// One base name: what runs, or what is wrong.
struct Slot {
  FoundBuild build;
  // Why what lies there now is not what runs; empty when it is.
  std::string update_message;
};

struct Merged {
  std::vector<Slot> slots;  // by file
  v1::ReloadPluginsResponse report;
};

// Marks as broken each build whose id and version another has: what runs already
// goes before what does not, then the first by file.
void RefuseTwins(const std::vector<Slot>& running, std::vector<FoundBuild>* found);

// Puts what was found into the place of what runs. Found builds that are active have
// passed their self-test. What cannot be used takes no place, unless its very bytes
// ran and are not trusted any more.
Merged Merge(const std::vector<Slot>& running, std::vector<FoundBuild> found);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_VERSIONS_MERGE_H_
