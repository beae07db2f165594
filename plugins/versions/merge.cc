#include "plugins/versions/merge.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"

namespace policytrack::plugins {
namespace {

const Slot* FindSlot(const std::vector<Slot>& slots, const std::string& file) {
  const auto at = std::find_if(slots.begin(), slots.end(),
                               [&](const Slot& slot) { return slot.build.file == file; });
  return at == slots.end() ? nullptr : &*at;
}

bool Runs(const Slot* slot) { return slot != nullptr && slot->build.active(); }

bool SameBytes(const FoundBuild& a, const FoundBuild& b) {
  return a.plugin.digest() == b.plugin.digest() &&
         a.plugin.descriptor_digest() == b.plugin.descriptor_digest();
}

void Break(const std::string& message, FoundBuild* build) {
  build->plugin.set_state(v1::PLUGIN_STATE_BROKEN);
  build->plugin.set_state_message(message);
  build->plugin.clear_hosting();
  build->digest.clear();
  build->engine.reset();
}

void Report(v1::PluginReloadOutcome outcome, const Slot* before, const FoundBuild& now,
            const std::string& message, v1::ReloadPluginsResponse* report) {
  v1::PluginReload& change = *report->add_changes();
  change.set_plugin(now.plugin.name());
  change.set_file(now.file);
  change.set_outcome(outcome);
  if (Runs(before)) change.set_from_version(before->build.version);
  change.set_to_version(now.version);
  change.set_message(message);
}

// What becomes of one base name that is there.
Slot Place(const Slot* before, FoundBuild now, v1::ReloadPluginsResponse* report) {
  if (now.active()) {
    if (!Runs(before)) {
      Report(v1::PLUGIN_RELOAD_OUTCOME_ADDED, before, now, "", report);
    } else if (before->build.digest != now.digest ||
               before->build.plugin.hosting() != now.plugin.hosting()) {
      Report(v1::PLUGIN_RELOAD_OUTCOME_REPLACED, before, now, "", report);
    } else {
      report->set_unchanged_count(report->unchanged_count() + 1);
      return {before->build, ""};
    }
    return {std::move(now), ""};
  }
  const std::string why = now.plugin.state_message();
  if (Runs(before)) {
    if (SameBytes(before->build, now)) {
      Report(v1::PLUGIN_RELOAD_OUTCOME_REMOVED, before, now, why, report);
      return {std::move(now), ""};
    }
    Report(v1::PLUGIN_RELOAD_OUTCOME_REFUSED, before, now, why, report);
    return {before->build, absl::StrCat(why, "; ", before->build.version, " goes on")};
  }
  if (before != nullptr && SameBytes(before->build, now) &&
      before->build.plugin.state_message() == why) {
    report->set_unchanged_count(report->unchanged_count() + 1);
  } else {
    Report(v1::PLUGIN_RELOAD_OUTCOME_REFUSED, before, now, why, report);
  }
  return {std::move(now), ""};
}

}  // namespace

void RefuseTwins(const std::vector<Slot>& running, std::vector<FoundBuild>* found) {
  const auto runs_already = [&](const FoundBuild& build) {
    const Slot* slot = FindSlot(running, build.file);
    return Runs(slot) && slot->build.digest == build.digest;
  };
  std::vector<FoundBuild*> order;
  for (FoundBuild& build : *found) {
    if (build.active()) order.push_back(&build);
  }
  std::stable_sort(order.begin(), order.end(), [&](const FoundBuild* a, const FoundBuild* b) {
    return runs_already(*a) && !runs_already(*b);
  });
  std::map<std::pair<std::string, std::string>, std::string> taken;
  for (FoundBuild* build : order) {
    const auto [first, is_first] =
        taken.emplace(std::make_pair(build->plugin.name(), build->version), build->file);
    if (is_first) continue;
    Break(absl::StrCat(build->file, ".so is version ", build->version, " of ", build->plugin.name(),
                       ", and so is ", first->second, ".so; remove one of the two"),
          build);
  }
}

Merged Merge(const std::vector<Slot>& running, std::vector<FoundBuild> found) {
  Merged merged;
  merged.report.set_unchanged_count(0);
  std::map<std::string, FoundBuild> by_file;
  for (FoundBuild& build : found) {
    std::string file = build.file;
    by_file.emplace(std::move(file), std::move(build));
  }
  for (const Slot& slot : running) {
    if (by_file.count(slot.build.file) > 0) continue;
    FoundBuild gone;
    gone.file = slot.build.file;
    gone.plugin.set_name(slot.build.plugin.name());
    Report(v1::PLUGIN_RELOAD_OUTCOME_REMOVED, &slot, gone, "its files are gone", &merged.report);
  }
  for (auto& [file, build] : by_file) {
    merged.slots.push_back(Place(FindSlot(running, file), std::move(build), &merged.report));
  }
  // What goes on in the place of a refused update may have got a twin elsewhere.
  std::vector<FoundBuild> builds;
  for (const Slot& slot : merged.slots) builds.push_back(slot.build);
  RefuseTwins(running, &builds);
  for (size_t i = 0; i < builds.size(); ++i) merged.slots[i].build = std::move(builds[i]);
  std::sort(
      merged.report.mutable_changes()->begin(), merged.report.mutable_changes()->end(),
      [](const v1::PluginReload& a, const v1::PluginReload& b) { return a.file() < b.file(); });
  return merged;
}

}  // namespace policytrack::plugins
