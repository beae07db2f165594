// A plugin to copy: rename it here, in CMakeLists.txt and in the descriptor.
#include "policytrack_plugin.hpp"

namespace {

namespace sdk = policytrack_plugin;

class MyPlugin final : public sdk::Instance {
 public:
  // Parameters have been checked against the descriptor. Throw sdk::Refused for
  // what only you can know to be wrong.
  explicit MyPlugin(const sdk::Setup& setup)
      : value_(setup.IndexOf("value")), factor_(setup.parameters.Number("factor")) {}

  // An output depends on the input of the same period alone.
  sdk::Window window() const override { return {0, 0}; }

  void Compute(sdk::Call& call) override {
    const sdk::Column& value = call.input(value_);
    for (size_t i = call.first(); i < call.last(); ++i) {
      call.Poll();
      const int64_t period = call.period(i);
      // Missing is not zero: say so, and why.
      if (value.missing(i)) {
        call.output(0).PutMissing(period, PT_REASON_INPUT_MISSING);
      } else {
        // Quality and break mark of the input belong to the result.
        call.output(0).Put(period, factor_ * value.value(i), value.flags(i));
      }
    }
  }

 private:
  int value_;
  double factor_;
};

}  // namespace

POLICYTRACK_PLUGIN(MyPlugin);
