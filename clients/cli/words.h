// Enums and numbers of the contract as people read them.
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_CLIENTS_CLI_WORDS_H_
#define POLICYTRACK_CLIENTS_CLI_WORDS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/timestamp.pb.h"
#include "policytrack/v1/common.pb.h"
#include "policytrack/v1/progress.pb.h"

namespace policytrack::cli {

// "on track", "no data yet" and so on.
std::string StatusWord(v1::ProgressStatus status);

// The name of an enum value without its prefix, in lower case and with spaces:
// ("MEASURE_STAGE_IN_FORCE", "MEASURE_STAGE_") gives "in force"; "" for
// the unspecified one.
std::string EnumWord(absl::string_view name, absl::string_view prefix);

// A number with at most six significant digits, never in the form 1e+06; whole
// numbers are written out.
std::string ShortNumber(double value);

// The number in full: the shortest text that gives the same double.
std::string ExactNumber(double value);

// Why a figure has no value: "the base is zero"; "no value" when nobody knows.
std::string MissingWord(v1::MissingReason reason);

// The time in RFC 3339 form, 2024-11-12T08:00:00.250Z, to milliseconds, or finer
// when it is: what is printed, --as-of takes and means the same instant.
std::string TimeWord(const google::protobuf::Timestamp& time);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_WORDS_H_
