// core/filter.h: the first byte chooses the type; what parses is asked of messages.
#include "core/filter.h"

#include "policytrack/v1/commit.pb.h"
#include "policytrack/v1/measure.pb.h"
#include "policytrack/v1/observation.pb.h"
#include "tests/fuzz/fuzz.h"

namespace policytrack {
namespace {

v1::Measure SampleMeasure() {
  v1::Measure measure;
  measure.set_name("measures/x");
  measure.set_display_name("道路");
  measure.mutable_create_time()->set_seconds(1700000000);
  auto* target = measure.add_targets();
  target->set_id("a");
  target->mutable_final_point()->set_period("2030");
  target->mutable_final_point()->set_value(1.5);
  auto* parameters = target->mutable_assessment()->mutable_parameters();
  (*parameters->mutable_fields())["method"].set_string_value("linear_pace");
  (*parameters->mutable_fields())["n"].set_number_value(3);
  return measure;
}

v1::Observation SampleObservation() {
  v1::Observation row;
  row.set_period("2024-09");
  row.set_value(-1.5e3);
  (*row.mutable_dimensions())["region"] = "CN";
  return row;
}

}  // namespace
}  // namespace policytrack

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace policytrack;
  if (size == 0) return 0;
  static const v1::Measure* const measure = new v1::Measure(SampleMeasure());
  static const v1::Observation* const row = new v1::Observation(SampleObservation());
  const google::protobuf::Message& message =
      data[0] % 2 == 0 ? static_cast<const google::protobuf::Message&>(*measure) : *row;
  const auto filter = Filter::Parse(fuzz::Text(data + 1, size - 1), message.GetDescriptor());
  if (!filter.ok()) {
    fuzz::RequireRefusal(filter.status(), absl::StatusCode::kInvalidArgument,
                         reason::kFilterInvalid);
    return 0;
  }
  const bool matches = filter->Matches(message);
  fuzz::Require(matches == filter->Matches(message), "the same answer twice");
  // Where a value is required, a message without it cannot match.
  const auto required = filter->RequiredValue("dimensions", "region");
  if (&message == row && required.has_value() && *required != "CN") {
    fuzz::Require(!matches, "a match without the required value");
  }
  return 0;
}
