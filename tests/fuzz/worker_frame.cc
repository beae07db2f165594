// plugins/host/worker_messages.h: what a worker that has gone wrong may leave in the
// arena that both ends write: any bytes. Nothing outside of it is read.
#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "plugins/host/worker_messages.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace policytrack;
  constexpr int kOutputs = 2;
  constexpr size_t kCalls = 2;
  static const std::vector<int64_t> axis = {1, 2, 3, 5};
  static const Columns column = [] {
    Columns made;
    made.periods = {1, 2, 3, 5};
    made.values = {1, 2, 3, 4};
    made.flags = {0, 0, 0, 0};
    return made;
  }();
  static const std::vector<plugins::InputView> inputs = {&column};
  static const std::vector<plugins::BoundInput> bound(1);
  const std::vector<plugins::CallInput> calls(kCalls, {&axis, &inputs, PeriodRange{}});
  const plugins::BatchLayout layout(bound, kOutputs, calls);
  // Of the exact sizes, so that a sanitizer sees every step beyond.
  const auto input = std::make_unique<char[]>(layout.input_bytes());
  const auto output = std::make_unique<char[]>(layout.output_bytes());
  layout.Write(input.get(), output.get());
  if (size > 0) {
    std::memcpy(output.get(), data, std::min<size_t>(size, layout.output_bytes()));
  }
  for (uint32_t call = 0; call < kCalls; ++call) {
    const wire::CallResult result = layout.Result(output.get(), call);
    fuzz::Require(result.message_length <= sizeof(result.message), "a message in its place");
    for (int index = 0; index < kOutputs; ++index) {
      const auto columns = layout.Output(output.get(), call, index);
      fuzz::Require(!columns.ok() || (columns->size() <= axis.size() &&
                                      columns->values.size() == columns->size() &&
                                      columns->flags.size() == columns->size()),
                    "an output within its capacity");
    }
  }
  return 0;
}
