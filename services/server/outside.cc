#include "services/server/outside.h"

#include <chrono>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/error.h"
#include "services/server/listen_address.h"

namespace policytrack::server {
namespace {

absl::Duration Monotonic() {
  return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace

Outside::Outside() : health(Monotonic) {}

}  // namespace policytrack::server
