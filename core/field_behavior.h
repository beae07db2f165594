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
// not empty, enums not unspecified, messages, `optional` fields and entries of
// lists and maps present, whole numbers without `optional` not 0 (a double or
// bool without it passes: its 0 may be meant). Also checks that every string is
// UTF-8 without NUL and takes at most 64 KiB (a display_name, a title and a key of
// a map at most 1000 bytes; names, filters, orders and page tokens are measured by
// their parsers), every enum number is declared, every double is finite,
// every google.type.Date is a day that exists (in Reference.publish_date the day,
// or day and month, may be 0), every Timestamp lies in years 1 to 9999, and that
// a Struct holds finite numbers, texts without NUL, and is nested at most 32 deep.
// OUTPUT_ONLY fields are not looked at. Fields are checked in the order of the
// proto and maps in that of their keys; the first fault is told.
// Returns INVALID_ARGUMENT / FIELD_REQUIRED or FIELD_INVALID with the path of
// the field, as in `measure.targets[2].unit` or `plan.translations.zh`; `prefix`
// is its first part.
absl::Status CheckFields(const google::protobuf::Message& message, absl::string_view prefix);

// Merges `update` into `*present` as AIP-134 says: unset mask = the populated
// top-level fields, `*` = replace all, paths name fields (`display_name`,
// `allowed_range.minimum`) or a map key after a map field or Struct
// (`translations.zh`, `translations.zh.display_name`; in `backticks` if it holds
// a dot). What is named is replaced as a whole: a list is not appended to, and
// what is unset in `update` is cleared. OUTPUT_ONLY and IDENTIFIER paths and
// fields are ignored, and so is a top-level `etag`: they stay as they are.
// On an error `*present` is unchanged. REQUIRES: both are of one type. The result
// has still to pass CheckFields.
// Returns INVALID_ARGUMENT / FIELD_INVALID with field `update_mask` for a path
// that does not exist, goes into a list or a plain value, is `*` among others,
// or is more than the thousandth; and with the path of an IMMUTABLE field whose
// value would change.
absl::Status ApplyUpdate(const google::protobuf::Message& update,
                         const google::protobuf::FieldMask& mask,
                         google::protobuf::Message* present);

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_FIELD_BEHAVIOR_H_
