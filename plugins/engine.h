// All that the services see of plugins: which there are, and instances that
// turn aligned input columns into checked output columns. Start here, then
// plugins/sdk/policytrack_plugin.h for the border itself.
//
// Thread rule: an Engine and a Build are safe from any thread. An Instance may be
// used from any thread, one call at a time.
#ifndef POLICYTRACK_PLUGINS_ENGINE_H_
#define POLICYTRACK_PLUGINS_ENGINE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/columns.h"
#include "google/protobuf/struct.pb.h"
#include "policytrack/v1/measure.pb.h"
#include "policytrack/v1/plugin.pb.h"
#include "policytrack/v1/plugin_service.pb.h"

namespace policytrack::plugins {

inline constexpr int64_t kUnbounded = -1;

// How far a changed input reaches: outputs for [a - look_ahead, b + look_back]
// depend on inputs [a, b].
struct Window {
  int64_t look_back = 0;   // periods, or kUnbounded
  int64_t look_ahead = 0;  // periods, or kUnbounded
};

// What a slot is fed with, known before any figure is.
struct InputMeta {
  std::string slot;
  v1::Frequency frequency = v1::FREQUENCY_UNSPECIFIED;
  v1::Accumulation accumulation = v1::ACCUMULATION_UNSPECIFIED;
  std::string unit;          // values come in this unit with multiplier 0
  bool spread = false;       // fed with its parts
  int year_start_month = 1;  // 1 to 12
};

// A part of a spread input: one value of the dimension that is spread.
struct Part {
  std::string name;
  // A part counts from its first value on: before it, a point is missing as
  // INPUT_MISSING and no part of the whole; after it, a gap is PART_MISSING.
  Columns columns;
};

// What one slot is given in a computation. Owns nothing.
struct InputView {
  // Implicit, since most slots have no parts.
  InputView(const Columns* of) : column(of) {}  // NOLINT
  InputView(const Columns* of, const std::vector<Part>* its_parts) : column(of), parts(its_parts) {}
  const Columns& operator*() const { return *column; }
  const Columns* operator->() const { return column; }

  const Columns* column;
  // By name, each with exactly the periods of the column; null or empty unless
  // the slot is spread.
  const std::vector<Part>* parts = nullptr;
};

// Parameters that the host gives to every assessment, beside those that the
// target states. A plugin cannot declare parameters of these names. Numbers
// are absent when the target does not state them.
struct AssessmentContext {
  v1::TargetRelation relation;  // host.relation: "at_least", "at_most", "about", "within"
  bool has_baseline_period = false;
  int64_t baseline_period = 0;  // host.baseline_period
  bool has_target_period = false;
  int64_t target_period = 0;  // host.target_period: of the final point
  bool has_tolerance_percent = false;
  double tolerance_percent = 0;  // host.tolerance_percent
};

// One computation of several that go together.
struct BatchCall {
  const std::vector<int64_t>* axis;
  std::vector<InputView> inputs;
  PeriodRange window;
};

// A plugin bound to parameters and the kinds of its inputs.
class Instance {
 public:
  virtual ~Instance() = default;

  virtual Window window() const = 0;

  // Computes the outputs, in the order of the descriptor, for the periods of
  // `axis` in `window`. `inputs` are in the order of the metas given to
  // MakeInstance; those of aligned slots have exactly the periods of `axis`,
  // with missing points where there is none. The column of a spread slot is the
  // sum of its parts, or missing as UNDEFINED where their unit does not add up.
  // An output has points only for periods of the axis in the window. The result
  // has passed the result gate.
  // Returns INTERNAL / PLUGIN_FAILED when the plugin says so or its process ends,
  // DEADLINE_EXCEEDED / PLUGIN_TIMEOUT when it overran, INTERNAL / RESULT_REFUSED when the gate
  // refused what it gave, FAILED_PRECONDITION / PLUGIN_NOT_ACTIVE once it is quarantined.
  virtual absl::StatusOr<std::vector<Columns>> Compute(const std::vector<int64_t>& axis,
                                                       const std::vector<InputView>& inputs,
                                                       PeriodRange window) = 0;

  // The same for several: an answer for each, in their order, each as if it had been
  // computed alone. Where a call has a price of its own, this is cheaper.
  virtual std::vector<absl::StatusOr<std::vector<Columns>>> ComputeBatch(
      const std::vector<BatchCall>& calls) {
    std::vector<absl::StatusOr<std::vector<Columns>>> results;
    for (const BatchCall& call : calls) {
      results.push_back(Compute(*call.axis, call.inputs, call.window));
    }
    return results;
  }
};

// One version of a plugin as it was found. What it says of itself never changes, so
// whoever holds it computes with what it was described by, and finishes on it
// whatever takes its place meanwhile.
class Build {
 public:
  virtual ~Build() = default;

  // As Engine::GetPlugin, with the state of this version.
  virtual const v1::Plugin& plugin() const = 0;
  // As Engine::PluginDigest.
  virtual const std::string& digest() const = 0;
  // What an audit found against it; empty while none did.
  virtual const std::string& audit_message() const = 0;
  // Errors as for Engine::MakeInstance.
  virtual absl::StatusOr<std::unique_ptr<Instance>> MakeInstance(
      const google::protobuf::Struct& parameters, const std::vector<InputMeta>& inputs,
      const AssessmentContext* assessment) const = 0;
  // Errors as for Engine::EffectiveParameters.
  virtual absl::StatusOr<std::vector<std::string>> EffectiveParameters(
      const google::protobuf::Struct& parameters) const = 0;
};

// A plugin and what is asked of its version, as one word: `plugins/growth@1.2.0` for
// that version, `plugins/growth@1` for the newest of a major version, the name alone
// for the newest of all.
std::string PluginReference(absl::string_view name, absl::string_view version);
struct SplitReference {
  absl::string_view name;
  absl::string_view version;
};
SplitReference SplitPluginReference(absl::string_view reference);

// That the engine itself keeps a build from running, as one that crashed too often.
struct QuarantineEvent {
  std::string plugin;  // `plugins/{plugin}`
  std::string version;
  std::string build_digest;
  std::string reason;
};

class Engine {
 public:
  virtual ~Engine() = default;

  // Every plugin found, usable or not, by name.
  virtual std::vector<v1::Plugin> ListPlugins() const = 0;

  // One plugin, `plugins/{plugin}`.
  // Returns NOT_FOUND / RESOURCE_NOT_FOUND when there is none of this name.
  virtual absl::StatusOr<v1::Plugin> GetPlugin(absl::string_view name) const = 0;

  // SHA-256, in hexadecimal, over shared object and descriptor: what a result
  // depends on. "" when the plugin is not active.
  virtual std::string PluginDigest(absl::string_view name) const = 0;

  // Checks parameters against the descriptor and makes an instance.
  // `assessment` is null for calculators. Slots that are left open have no meta.
  // Returns NOT_FOUND / RESOURCE_NOT_FOUND for an unknown plugin,
  // FAILED_PRECONDITION / PLUGIN_NOT_ACTIVE with the reason for one that cannot
  // be used, INVALID_ARGUMENT / PARAMETERS_INVALID, naming the parameter, for
  // unknown, missing, ill-typed and out-of-range ones and for what the plugin
  // itself refuses, INVALID_ARGUMENT / FIELD_INVALID for slots that are unknown,
  // missing, fed twice, fed with a unit or accumulation that they do not take,
  // with parts that they do not take, or without parts that they need.
  virtual absl::StatusOr<std::unique_ptr<Instance>> MakeInstance(
      absl::string_view name, const google::protobuf::Struct& parameters,
      const std::vector<InputMeta>& inputs, const AssessmentContext* assessment) = 0;

  // The parameters in force, defaults included, each as `name = value`, by name.
  // Errors as for MakeInstance.
  virtual absl::StatusOr<std::vector<std::string>> EffectiveParameters(
      absl::string_view name, const google::protobuf::Struct& parameters) const = 0;

  // The build that a reference asks for, now. It need not be active.
  // Returns NOT_FOUND / RESOURCE_NOT_FOUND when there is no such plugin,
  // INVALID_ARGUMENT / FIELD_INVALID for field `plugin_version` when what is asked
  // of the version is no such thing, and FAILED_PRECONDITION / PLUGIN_NOT_ACTIVE
  // when there is no version that fits.
  virtual absl::StatusOr<std::shared_ptr<const Build>> Find(absl::string_view reference) const;

  // The rest is for operators. An engine whose plugins never change, which is what
  // stands here, takes all of it and does nothing.

  // Reads again which plugins there are. A new build is loaded beside the one that
  // runs, tested, and put in its place; with `dry_run` it is not.
  // Returns FAILED_PRECONDITION / PLUGINS_UNREADABLE when that cannot be read; then
  // nothing has changed.
  virtual absl::StatusOr<v1::ReloadPluginsResponse> Reload(bool dry_run);
  // From now on this is what is held against the builds of a plugin, and the
  // version selected: in place of what was said before, unless that is of a later
  // revision.
  virtual void Apply(const v1::PluginRecord& record);
  // Keeps builds from running at once, and tells the listener: those of this digest, or
  // whose shared object has it. For hosts that see one crash too often.
  virtual void Quarantine(absl::string_view digest, absl::string_view reason);
  // Who is told of every Quarantine, from whichever thread that comes; null for
  // nobody. No call is running or comes after it was replaced.
  virtual void SetQuarantineListener(std::function<void(const QuarantineEvent&)> listener);
};

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_ENGINE_H_
