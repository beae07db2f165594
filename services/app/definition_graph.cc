#include "services/app/definition_graph.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "core/resource_name.h"
#include "plugins/engine.h"
#include "services/app/definitions.h"

namespace policytrack::app {

void DefinitionGraph::Reset() {
  loaded_ = false;
  nodes_.clear();
  dependents_.clear();
}

void DefinitionGraph::Remove(const std::string& parent) {
  const auto found = nodes_.find(parent);
  if (found == nodes_.end()) return;
  for (const std::string& source : found->second.sources) {
    const auto dependents = dependents_.find(source);
    if (dependents == dependents_.end()) continue;
    dependents->second.erase(parent);
    if (dependents->second.empty()) dependents_.erase(dependents);
  }
  nodes_.erase(found);
}

void DefinitionGraph::Add(GraphNode node) {
  for (const std::string& source : node.sources) dependents_[source].insert(node.parent);
  std::string parent = node.parent;
  nodes_.insert_or_assign(std::move(parent), std::move(node));
}

void DefinitionGraph::AddIndicator(const v1::Indicator& indicator) {
  GraphNode node;
  node.parent = indicator.name();
  node.revision = indicator.revision();
  node.plugin = indicator.plugin();
  node.plugin_reference = plugins::PluginReference(node.plugin, indicator.plugin_version());
  for (std::string& source : ReferencesOf(indicator)) node.sources.insert(std::move(source));
  node.indicator = indicator;
  Add(std::move(node));
}

void DefinitionGraph::AddMeasure(const v1::Measure& measure) {
  for (const v1::Target& target : measure.targets()) {
    GraphNode node;
    node.parent = MakeTargetName(measure.name(), target.id());
    node.revision = measure.revision();
    node.is_target = true;
    node.target = target;
    node.plugin = target.assessment().plugin();
    node.plugin_reference =
        plugins::PluginReference(node.plugin, target.assessment().plugin_version());
    node.sources.insert(target.indicator());
    Add(std::move(node));
  }
}

std::vector<std::string> DefinitionGraph::TargetsOf(const std::string& measure) const {
  const std::string prefix = absl::StrCat(measure, "/", kTargets, "/");
  std::vector<std::string> names;
  for (auto it = nodes_.lower_bound(prefix);
       it != nodes_.end() && it->first.compare(0, prefix.size(), prefix) == 0; ++it) {
    names.push_back(it->first);
  }
  return names;
}

absl::Status DefinitionGraph::LoadOne(storage::ReadTransaction& tx, const std::string& name,
                                      int64_t as_of) {
  const absl::string_view collection = CollectionOf(name);
  if (collection == kIndicators) {
    Remove(name);
    PT_ASSIGN_OR_RETURN(const auto indicator, LoadIndicator(tx, name, as_of));
    if (indicator.has_value()) AddIndicator(*indicator);
  } else if (collection == kMeasures) {
    for (const std::string& target : TargetsOf(name)) Remove(target);
    PT_ASSIGN_OR_RETURN(const auto measure, LoadMeasure(tx, name, as_of));
    if (measure.has_value()) AddMeasure(*measure);
  }
  return absl::OkStatus();
}

absl::Status DefinitionGraph::Refresh(storage::ReadTransaction& tx, int64_t as_of,
                                      const std::vector<std::string>& changed) {
  if (loaded_) {
    for (const std::string& name : changed) PT_RETURN_IF_ERROR(LoadOne(tx, name, as_of));
    return absl::OkStatus();
  }
  PT_RETURN_IF_ERROR(ForEachDocument(
      tx, kIndicators, as_of, [this](const storage::Document& document) -> absl::Status {
        PT_ASSIGN_OR_RETURN(const v1::Indicator indicator, ParseIndicator(document));
        AddIndicator(indicator);
        return absl::OkStatus();
      }));
  PT_RETURN_IF_ERROR(ForEachDocument(
      tx, kMeasures, as_of, [this](const storage::Document& document) -> absl::Status {
        PT_ASSIGN_OR_RETURN(const v1::Measure measure, ParseMeasure(document));
        AddMeasure(measure);
        return absl::OkStatus();
      }));
  loaded_ = true;
  return absl::OkStatus();
}

const GraphNode* DefinitionGraph::Find(const std::string& parent) const {
  const auto found = nodes_.find(parent);
  return found == nodes_.end() ? nullptr : &found->second;
}

std::vector<std::string> DefinitionGraph::Downstream(const std::set<std::string>& roots,
                                                     const std::set<std::string>& sources) const {
  std::set<std::string> affected;
  std::vector<std::string> open(sources.begin(), sources.end());
  for (const std::string& root : roots) {
    if (nodes_.count(root) > 0 && affected.insert(root).second) open.push_back(root);
  }
  while (!open.empty()) {
    const std::string name = std::move(open.back());
    open.pop_back();
    const auto dependents = dependents_.find(name);
    if (dependents == dependents_.end()) continue;
    for (const std::string& dependent : dependents->second) {
      if (affected.insert(dependent).second) open.push_back(dependent);
    }
  }

  // Kahn's order over the affected, by name among those that are ready.
  std::map<std::string, int> waiting;
  std::set<std::string> ready;
  for (const std::string& name : affected) {
    int count = 0;
    for (const std::string& source : nodes_.at(name).sources) count += affected.count(source) > 0;
    waiting[name] = count;
    if (count == 0) ready.insert(name);
  }
  std::vector<std::string> order;
  while (!ready.empty()) {
    const std::string name = *ready.begin();
    ready.erase(ready.begin());
    order.push_back(name);
    const auto dependents = dependents_.find(name);
    if (dependents == dependents_.end()) continue;
    for (const std::string& dependent : dependents->second) {
      const auto left = waiting.find(dependent);
      if (left != waiting.end() && --left->second == 0) ready.insert(dependent);
    }
  }
  return order;
}

}  // namespace policytrack::app
