// What the host writes into a worker's arenas and reads from them.
//
// Thread rule: free functions and values, any thread.
#ifndef POLICYTRACK_PLUGINS_HOST_WORKER_MESSAGES_H_
#define POLICYTRACK_PLUGINS_HOST_WORKER_MESSAGES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "plugins/checks/parameters.h"
#include "plugins/checks/slots.h"
#include "plugins/engine.h"
#include "plugins/wire/wire.h"

namespace policytrack::plugins {

// The bytes of a request's records and texts, to be put at wire::kArenaStart.
std::string LoadMessage(const v1::PluginDescriptor& descriptor);
std::string SetupMessage(const v1::PluginDescriptor& descriptor,
                         const std::vector<Parameter>& parameters,
                         const std::vector<BoundInput>& inputs);

// What one computation of a batch is given.
struct CallInput {
  const std::vector<int64_t>* axis;
  const std::vector<InputView>* inputs;  // converted
  PeriodRange window;
};

// Where the results of a batch lie, as this side knows it: nothing in the arena is
// asked for it.
class BatchLayout {
 public:
  // REQUIRES: `bound` are the bindings of the inputs of each call, which passed
  // CheckInputs.
  BatchLayout(const std::vector<BoundInput>& bound, int outputs, std::vector<CallInput> calls);

  uint64_t input_bytes() const { return input_bytes_; }
  uint64_t output_bytes() const { return output_bytes_; }
  uint32_t count() const { return static_cast<uint32_t>(calls_.size()); }

  // Writes inputs and clears outputs.
  // REQUIRES: the arenas have as many bytes as stated above.
  void Write(char* input, char* output) const;

  // Of call i, copied out first: the code with its message.
  wire::CallResult Result(const char* output, uint32_t call) const;
  // An output of a call, copied out. Returns OUT_OF_RANGE when the plugin wrote
  // beyond its capacity or says so.
  absl::StatusOr<Columns> Output(const char* output, uint32_t call, int index) const;

 private:
  const std::vector<BoundInput>* const bound_;
  const int outputs_;
  const std::vector<CallInput> calls_;
  uint64_t input_bytes_ = 0;
  uint64_t output_bytes_ = 0;
  std::vector<wire::OutputRecord> places_;  // by call, then output
};

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_HOST_WORKER_MESSAGES_H_
