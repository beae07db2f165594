// plugins/host/allow_list.h: the list of trusted plugins.
#include "plugins/host/allow_list.h"

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace policytrack;
  const absl::string_view text = fuzz::Text(data, size);
  const auto list = plugins::AllowList::Parse(text);
  if (list.ok()) {
    // Trust is never made up: a digest of zeros stands in the text, or counts not.
    const std::string zeros(64, '0');
    fuzz::Require(!list->Trusts("a.so", zeros) || text.find(zeros) != text.npos, "invented trust");
    fuzz::Require(!list->Trusts("a.so", zeros) || list->Names("a.so"), "trusted, so named");
  } else {
    fuzz::Require(list.status().code() == absl::StatusCode::kInvalidArgument,
                  list.status().ToString());
  }
  return 0;
}
