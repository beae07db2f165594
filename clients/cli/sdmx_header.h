// The header of SDMX-CSV 1.0 and 2.0: its fixed columns, and the labels that stand
// beside ids (`GEO: Area` in one column, or the name in a column of its own).
//
// Thread rule: values; any thread.
#ifndef POLICYTRACK_CLIENTS_CLI_SDMX_HEADER_H_
#define POLICYTRACK_CLIENTS_CLI_SDMX_HEADER_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace policytrack::cli {

class SdmxHeader {
 public:
  // Reads the names of the columns and leaves ids: `GEO` of `GEO: Area`, and
  // nothing of a column of names.
  // Returns INVALID_ARGUMENT, in words, when this is not SDMX-CSV.
  static absl::StatusOr<SdmxHeader> Read(std::vector<std::string>* names);

  // Leaves ids in the cells of a row as wide as the header.
  void TakeLabels(std::vector<std::string>* fields) const;

  // What a row is of, `OFFICE:CARS(1.0)`.
  size_t structure() const { return structure_; }
  const std::optional<size_t>& action() const { return action_; }
  // Between the values of a cell.
  const std::string& separator() const { return separator_; }
  // Whether the column says again, in words or as a key, what others say.
  bool Repeats(size_t column) const { return kinds_[column] == Kind::kRepeats; }

 private:
  enum class Kind { kPlain, kLabelled, kManyLabelled, kRepeats };

  // Finds the names of columns that `labels=name` puts behind each column.
  void FindNames(std::vector<std::string>* names, size_t first);

  size_t structure_ = 0;
  std::optional<size_t> action_;
  std::string separator_ = ",";
  std::vector<Kind> kinds_;  // of the columns
};

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_SDMX_HEADER_H_
