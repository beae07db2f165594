// plugins/checks/golden_vectors.h: worked examples that lie beside a plugin.
#include "plugins/checks/golden_vectors.h"

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace policytrack;
  static const v1::PluginDescriptor* const descriptor = [] {
    auto* made = new v1::PluginDescriptor;
    made->set_id("growth");
    made->set_version("1.0.0");
    for (const char* slot : {"value", "published"}) made->add_inputs()->set_slot(slot);
    for (const char* output : {"growth", "published", "implied_base", "difference"}) {
      made->add_outputs()->set_name(output);
    }
    return made;
  }();
  const auto cases = plugins::ParseGoldenVectors(fuzz::Text(data, size), *descriptor);
  if (cases.ok()) {
    fuzz::Require(!cases->empty(), "a file without cases");
  } else {
    fuzz::RequireRefusal(cases.status(), absl::StatusCode::kInvalidArgument, reason::kFieldInvalid);
  }
  return 0;
}
