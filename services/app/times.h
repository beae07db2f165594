// Time as the messages have it.
//
// Thread rule: free function, any thread.
#ifndef POLICYTRACK_SERVICES_APP_TIMES_H_
#define POLICYTRACK_SERVICES_APP_TIMES_H_

#include <cstdint>

#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"

namespace policytrack::app {

// To the nanosecond, downwards.
inline google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  google::protobuf::Timestamp stamp;
  const int64_t seconds = absl::ToUnixSeconds(time);
  stamp.set_seconds(seconds);
  stamp.set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return stamp;
}

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_TIMES_H_
