// plugins/checks/descriptor.h: descriptors of plugins.
#include "plugins/checks/descriptor.h"

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace policytrack;
  const auto descriptor = plugins::ParseDescriptor(fuzz::Text(data, size));
  if (!descriptor.ok()) {
    fuzz::RequireRefusal(descriptor.status(), absl::StatusCode::kInvalidArgument,
                         reason::kFieldInvalid);
    return 0;
  }
  const absl::Status status = plugins::CheckDescriptor(*descriptor, descriptor->id());
  fuzz::Require(status.ok() || status.code() == absl::StatusCode::kInvalidArgument,
                status.ToString());
  return 0;
}
