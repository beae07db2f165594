// What differs between two states of a document, field by field.
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_CLIENTS_CLI_DIFF_H_
#define POLICYTRACK_CLIENTS_CLI_DIFF_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "google/protobuf/message.h"

namespace policytrack::cli {

// One difference. Values are written as in JSON, dates as 2024-11-09.
struct FieldChange {
  std::string path;                      // `targets[ev-share].final_point.value`
  std::optional<std::string> old_value;  // nothing when the field was not there
  std::optional<std::string> new_value;  // nothing when it is gone
};

// The differences in the order of the fields. Items of a list that have unique
// ids are compared id by id, others position by position. Fields that the
// server sets and the etag do not count.
// REQUIRES: both are of one type.
std::vector<FieldChange> Diff(const google::protobuf::Message& from,
                              const google::protobuf::Message& to);

// `path: old -> new`; long values are cut.
std::string FormatChange(const FieldChange& change);

// A copy without what the server sets and without etag: what people write.
std::unique_ptr<google::protobuf::Message> Authored(const google::protobuf::Message& document);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_DIFF_H_
