// core/order_by.h: what parses gives keys.
#include "core/order_by.h"

#include "policytrack/v1/dataset.pb.h"
#include "policytrack/v1/measure.pb.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace policytrack;
  v1::Measure measure;
  measure.set_name("measures/x");
  v1::Dataset dataset;
  dataset.set_name("datasets/x");
  dataset.mutable_update_time()->set_seconds(-5);
  for (const google::protobuf::Message* message :
       {static_cast<const google::protobuf::Message*>(&measure),
        static_cast<const google::protobuf::Message*>(&dataset)}) {
    const auto order = OrderBy::Parse(fuzz::Text(data, size), message->GetDescriptor());
    if (order.ok()) {
      fuzz::Require(order->SortKey(*message) == order->SortKey(*message), "the same key twice");
    } else {
      fuzz::RequireRefusal(order.status(), absl::StatusCode::kInvalidArgument,
                           reason::kOrderByInvalid);
    }
  }
  return 0;
}
