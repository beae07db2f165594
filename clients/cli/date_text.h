// google.type.Date as people write it: 2024-11-09, 2024-11 or 2024.
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_CLIENTS_CLI_DATE_TEXT_H_
#define POLICYTRACK_CLIENTS_CLI_DATE_TEXT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/type/date.pb.h"

namespace policytrack::cli {

// Returns INVALID_ARGUMENT for another form or a day that does not exist.
absl::StatusOr<google::type::Date> ParseDate(absl::string_view text);

// REQUIRES: the date has a year.
std::string FormatDate(const google::type::Date& date);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_DATE_TEXT_H_
