// core/period.h and the periods of SDMX: the first byte chooses the frequency.
#include "core/period.h"

#include "clients/cli/sdmx_period.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace policytrack;
  if (size == 0) return 0;
  const auto frequency = static_cast<v1::Frequency>(data[0] % v1::Frequency_ARRAYSIZE);
  const absl::string_view text = fuzz::Text(data + 1, size - 1);
  const auto ordinal = ParsePeriod(frequency, text);
  if (ordinal.ok()) {
    fuzz::Require(IsValidPeriod(frequency, *ordinal), "a period out of range");
    fuzz::Require(FormatPeriod(frequency, *ordinal) == text, "a period has one form");
    fuzz::Require(FirstDay(frequency, *ordinal) <= LastDay(frequency, *ordinal), "days in order");
  } else {
    fuzz::RequireRefusal(ordinal.status(), absl::StatusCode::kInvalidArgument,
                         reason::kFieldInvalid);
  }
  const auto sdmx = cli::PeriodOfSdmx(text);
  if (sdmx.ok()) {
    // One of our forms, though perhaps of a day that there is not; or left as it was.
    fuzz::Require(*sdmx == text || (!sdmx->empty() && sdmx->size() <= 10),
                  "a period of SDMX is one of ours");
  } else {
    fuzz::Require(!sdmx.status().message().empty(), "a refusal says why");
  }
  return 0;
}
