// Enforces what the protos say of their fields (google.api.field_behavior) by
// descriptor, so that no handler repeats it; and applies update masks.
#ifndef POLICYTRACK_CORE_FIELD_BEHAVIOR_H_
#define POLICYTRACK_CORE_FIELD_BEHAVIOR_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/message.h"

namespace policytrack {

// Clears every OUTPUT_ONLY field, at any depth (a set one is ignored, as AIP-203
// says).
void ClearOutputOnly(google::protobuf::Message* message);

// Checks every REQUIRED field at any depth of messages that are present: texts
// not empty, enums not unspecified, messages and repeated fields present; a
// `double`/`optional` field present. Also checks that every string is without
// NUL, every enum number is declared, every double is finite, every google.type.Date
// is a day that exists (day, or day and month, 0 where partial is allowed).
// Returns INVALID_ARGUMENT / FIELD_REQUIRED or FIELD_INVALID with the path of
// the field, as in `measure.targets[2].unit`; `prefix` is its first part.
absl::Status CheckFields(const google::protobuf::Message& message, absl::string_view prefix);

// Merges `update` into `*present` as AIP-134 says: unset mask = populated
// fields, `*` = replace all, paths name fields (`display_name`,
// `allowed_range.minimum`), a map key after a map field
// (`translations.zh`). OUTPUT_ONLY and IDENTIFIER paths and fields are ignored.
// Returns INVALID_ARGUMENT / FIELD_INVALID with field `update_mask` for a path
// that does not exist, and with the path of an IMMUTABLE field whose value
// would change.
absl::Status ApplyUpdate(const google::protobuf::Message& update,
                         const google::protobuf::FieldMask& mask,
                         google::protobuf::Message* present);

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_FIELD_BEHAVIOR_H_
