#include "services/app/await_revision.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/error.h"

namespace policytrack::app {
namespace {

constexpr char kField[] = "at_least_revision";
constexpr absl::Duration kPatience = absl::Seconds(10);

}  // namespace

absl::Status AwaitRevision(const storage::Store& store, Evaluator& evaluator, bool has_as_of,
                           int64_t at_least_revision) {
  if (at_least_revision == 0) return absl::OkStatus();
  if (at_least_revision < 0) return FieldInvalid(kField, "must not be negative");
  if (has_as_of) {
    return FieldInvalid(kField, "cannot go with as_of: the past does not change; set one of them");
  }
  if (at_least_revision > store.revision()) {
    return FieldInvalid(kField, absl::StrCat(at_least_revision, " is above the present revision ",
                                             store.revision()));
  }
  return evaluator.WaitFor(at_least_revision, absl::Now() + kPatience);
}

}  // namespace policytrack::app
