#include "services/app/as_of.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/error.h"

namespace policytrack::app {
namespace {

// 0001-01-01 and 9999-12-31T23:59:59, the range of google.protobuf.Timestamp.
constexpr int64_t kFirstSecond = -62135596800;
constexpr int64_t kLastSecond = 253402300799;

}  // namespace

absl::StatusOr<int64_t> ResolveAsOf(storage::ReadTransaction& tx, bool has_as_of,
                                    const v1::AsOf& as_of) {
  if (!has_as_of) return storage::kPresent;
  switch (as_of.point_case()) {
    case v1::AsOf::kRevision:
      if (as_of.revision() < 1 || as_of.revision() > tx.revision()) {
        return FieldInvalid(
            "as_of.revision",
            absl::StrCat(as_of.revision(), " is not a revision of this store; give one from 1 to ",
                         tx.revision(), ", the present one"));
      }
      return as_of.revision();
    case v1::AsOf::kTime: {
      const auto& time = as_of.time();
      if (time.seconds() < kFirstSecond || time.seconds() > kLastSecond || time.nanos() < 0 ||
          time.nanos() > 999999999) {
        return FieldInvalid("as_of.time", "is not a time; give one from 0001-01-01 to 9999-12-31");
      }
      const absl::Time when =
          absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
      PT_ASSIGN_OR_RETURN(const int64_t revision, tx.RevisionAt(when));
      if (revision < 1) {
        return FieldInvalid("as_of.time", absl::StrCat(absl::FormatTime(absl::RFC3339_sec, when,
                                                                        absl::UTCTimeZone()),
                                                       " lies before the first commit of this "
                                                       "store; give a later time"));
      }
      return revision;
    }
    case v1::AsOf::POINT_NOT_SET:
      break;
  }
  return FieldInvalid("as_of", "needs a revision or a time; leave it unset to read the present");
}

}  // namespace policytrack::app
