// level: the series as it is.
#include "policytrack_plugin.hpp"

namespace {

namespace sdk = policytrack_plugin;

class Level final : public sdk::Instance {
 public:
  explicit Level(const sdk::Setup& setup) : value_(setup.IndexOf("value")) {}

  sdk::Window window() const override { return {0, 0}; }

  void Compute(sdk::Call& call) override {
    const sdk::Column& value = call.input(value_);
    for (size_t i = call.first(); i < call.last(); ++i) {
      call.Poll();
      call.output(0).Append(call.period(i), value.value(i), value.flags(i));
    }
  }

 private:
  int value_;
};

}  // namespace

POLICYTRACK_PLUGIN(Level);
