#include "storage/store.h"

#include <utility>

#include "absl/synchronization/notification.h"

namespace policytrack::storage {

absl::StatusOr<int64_t> Store::Write(WriteOptions options, WriteBody body) {
  absl::Notification finished;
  absl::StatusOr<int64_t> result;
  WriteAsync(std::move(options), std::move(body), [&](absl::StatusOr<int64_t> answer) {
    result = std::move(answer);
    finished.Notify();
  });
  finished.WaitForNotification();
  return result;
}

}  // namespace policytrack::storage
