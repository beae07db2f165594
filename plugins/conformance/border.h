// Calls over the border as a host makes them, with what a host does not do: later
// and earlier sizes of structs, canaries around all that a plugin writes to, and
// inputs that cannot be written to. The result is as the plugin left it, unchecked.
//
// Thread rule: as the functions of the border.
#ifndef POLICYTRACK_PLUGINS_CONFORMANCE_BORDER_H_
#define POLICYTRACK_PLUGINS_CONFORMANCE_BORDER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/columns.h"
#include "plugins/conformance/subject.h"
#include "plugins/engine.h"
#include "plugins/sdk/policytrack_plugin.h"
#include "policytrack/v1/plugin.pb.h"

namespace policytrack::plugins {

// How a host is built and behaves.
struct HostShape {
  size_t appended = 0;  // bytes that a later minor version has appended to each struct
  bool of_1_0 = false;  // columns end where they ended in 1.0
  uint32_t message_capacity = 1024;
  bool keep_environment = false;  // does not set the floating-point environment
  bool seals_inputs = false;      // a write to an input is a crash
};

// What came of a call.
struct Outcome {
  int32_t code = PT_OK;
  bool threw = false;
  std::string message;
  std::vector<Columns> outputs;
  std::vector<std::string> names;  // of the outputs
  v1::Frequency frequency = v1::FREQUENCY_UNSPECIFIED;
  std::string overwrote;  // what was written that is not the plugin's to write, or ""
};

// "PT_FAILED (out of luck)": how a call ended, with what it had to say.
std::string Ending(const Outcome& outcome);
// A period as people write it.
std::string PeriodText(v1::Frequency frequency, int64_t period);

// Whether two calls gave the same code and, bit for bit, the same points.
bool SameOutcome(const Outcome& a, const Outcome& b);
// In a sentence without a full stop: where they differ.
std::string Difference(const Outcome& a, const Outcome& b);

struct CallLimits {
  const volatile uint32_t* cancel = nullptr;  // null: never set
  int64_t deadline_ns = 0;                    // 0: a minute from now
};

int64_t MonotonicNanoseconds();

// An instance; destroyed with it.
class Handle {
 public:
  // `table` and `descriptor` must outlive it.
  Handle(const pt_plugin_v1& table, const v1::PluginDescriptor& descriptor, HostShape shape = {})
      : table_(table), descriptor_(descriptor), shape_(shape) {}
  ~Handle() { Destroy(); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  Outcome Create(const BoundSetup& setup);
  // As the plugin says it; unbounded when it does not.
  Window GetWindow();
  Outcome Compute(const FedInputs& inputs, PeriodRange window = {}, CallLimits limits = {});
  void Destroy();

  bool made() const { return made_; }

 private:
  const pt_plugin_v1& table_;
  const v1::PluginDescriptor& descriptor_;
  HostShape shape_;
  std::vector<BoundInput> inputs_;
  void* instance_ = nullptr;
  bool made_ = false;
};

// What is wrong with a result, as the result gate of the host judges it and names
// it, or "".
std::string Judge(const v1::PluginDescriptor& descriptor, const FedInputs& inputs,
                  PeriodRange window, Outcome outcome);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_CONFORMANCE_BORDER_H_
