// lua: runs scripts. What they see and how they are bounded: README.md.
#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "plugins/builtin/lua/library.h"
#include "plugins/builtin/lua/row.h"
#include "plugins/builtin/lua/sandbox.h"
#include "policytrack_plugin.hpp"

namespace {

namespace sdk = policytrack_plugin;
using policytrack_lua::Row;
using policytrack_lua::RunResult;
using policytrack_lua::Sandbox;
using policytrack_lua::ScriptInput;

// Of a trial: somebody waits for it.
constexpr std::chrono::milliseconds kTrialTime(1000);

bool IsName(const std::string& text) {
  if (text.empty() || text[0] < 'a' || text[0] > 'z') return false;
  for (const char c : text) {
    if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_') return false;
  }
  return true;
}

// The names between the commas, each with what feeds it.
std::vector<ScriptInput> ReadInputs(const sdk::Setup& setup) {
  std::vector<ScriptInput> inputs;
  const std::string& text = setup.parameters.Text("inputs");
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    ScriptInput input{text.substr(begin, end - begin), -1};
    begin = end + 1;
    if (!IsName(input.name)) {
      throw sdk::Refused("the input `" + input.name +
                         "` is not a name of small letters, digits and `_` that begins with a "
                         "letter");
    }
    if (policytrack_lua::IsTaken(input.name.c_str())) {
      throw sdk::Refused("the input `" + input.name +
                         "` has the name of a word or function of scripts; choose another");
    }
    for (const ScriptInput& other : inputs) {
      if (other.name == input.name)
        throw sdk::Refused("the input `" + input.name + "` comes twice");
    }
    input.column = setup.IndexOf(input.name.c_str());
    inputs.push_back(input);
  }
  for (const sdk::InputMeta& fed : setup.inputs) {
    bool known = false;
    for (const ScriptInput& input : inputs) known |= input.name == fed.slot;
    if (!known) throw sdk::Refused("`" + fed.slot + "` is fed, but is no input of the script");
  }
  return inputs;
}

class Lua final : public sdk::Instance {
 public:
  explicit Lua(const sdk::Setup& setup)
      : look_back_(setup.parameters.Integer("look_back")),
        trial_(setup.parameters.Boolean("trial")),
        row_(ReadInputs(setup),
             setup.inputs.empty() ? PT_FREQUENCY_YEAR : setup.inputs[0].frequency, look_back_,
             setup.parameters.Boolean("handles_missing")),
        sandbox_(&row_) {
    const bool expression = setup.parameters.Has("expression");
    if (expression == setup.parameters.Has("code")) {
      throw sdk::Refused("either expression or code must be given");
    }
    const std::string problem = expression
                                    ? sandbox_.LoadExpression(setup.parameters.Text("expression"))
                                    : sandbox_.LoadCode(setup.parameters.Text("code"));
    if (!problem.empty()) throw sdk::Refused(problem);
  }

  sdk::Window window() const override { return {look_back_, 0}; }

  void Compute(sdk::Call& call) override {
    sdk::Output& output = call.output(0);
    if (trial_) sandbox_.LimitTime(kTrialTime);
    for (size_t i = call.first(); i < call.last(); ++i) {
      call.Poll();
      row_.Set(&call, i);
      const int64_t period = call.period(i);
      if (!row_.handles_missing() && row_.AnyMissing()) {
        output.PutMissing(period, PT_REASON_INPUT_MISSING);
        continue;
      }
      const RunResult result = sandbox_.Run();
      switch (result.kind) {
        case RunResult::kValue:
          output.Put(period, result.value, row_.flags());
          break;
        case RunResult::kMissing:
          output.PutMissing(period,
                            row_.reason() == PT_REASON_NONE ? PT_REASON_UNDEFINED : row_.reason());
          break;
        case RunResult::kCancelled:
          throw sdk::Cancelled();
        default:
          Fail(result.message);
      }
    }
  }

 private:
  [[noreturn]] void Fail(const std::string& message) const {
    char period[32];
    row_.PrintPeriod(period);
    throw sdk::Failed(std::string("at ") + period + ", " + message);
  }

  const int64_t look_back_;
  const bool trial_;
  Row row_;
  Sandbox sandbox_;
};

}  // namespace

POLICYTRACK_PLUGIN(Lua);
