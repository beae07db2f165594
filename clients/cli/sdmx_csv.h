// SDMX-CSV 1.0 and 2.0: what the header and the columns of structure, action,
// period and status say. docs/client.md states what of it is taken.
//
// Thread rule: one thread at a time.
#ifndef POLICYTRACK_CLIENTS_CLI_SDMX_CSV_H_
#define POLICYTRACK_CLIENTS_CLI_SDMX_CSV_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "clients/cli/csv_header.h"
#include "clients/cli/push_mapping.h"
#include "clients/cli/row_source.h"

namespace policytrack::cli {

// The agency of structures that are datasets of PolicyTrack: what is exported
// names its dataset, and needs no mapping to be pushed.
inline constexpr char kOwnAgency[] = "POLICYTRACK";

// `POLICYTRACK:nev-output(1.0)` for `datasets/nev-output`.
std::string StructureOf(absl::string_view dataset);
// The column of a dimension, `REF_AREA` for `ref_area`.
std::string SdmxColumn(absl::string_view dimension);

class SdmxCsv {
 public:
  // Completes the mapping from the header and the first row, whose structure all
  // rows must have; null when there is no row.
  // Returns INVALID_ARGUMENT, in words, when the header is not SDMX-CSV, a column
  // is unknown and not to be ignored, or the structure is not the expected one;
  // and the errors of `lookup`.
  static absl::StatusOr<SdmxCsv> Open(const Header& header,
                                      const std::vector<std::string>* first_row,
                                      const DatasetLookup& lookup, PushMapping* mapping);

  // Whether the row deletes.
  // Returns INVALID_ARGUMENT for another structure or an action that is not taken.
  absl::StatusOr<bool> Deletes(const std::vector<std::string>& fields) const;
  // One status, and B for a break beside or instead of it. Returns
  // INVALID_ARGUMENT for anything else.
  absl::Status ReadStatus(absl::string_view cell, v1::ObservationStatus* status,
                          bool* series_break) const;
  // The period in our form: 2024-M09 is 2024-09, 2024-A1 is 2024 and 2024-D031 is
  // 2024-01-31; another text stays, for the service to judge.
  static std::string Period(absl::string_view text);

 private:
  size_t structure_column_ = 0;
  std::string structure_;
  std::optional<size_t> action_column_;
  std::map<std::string, std::string> actions_;
  std::string separator_ = ",";  // between the values of a cell
};

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_SDMX_CSV_H_
