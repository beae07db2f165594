// SDMX-CSV 1.0 and 2.0: what the columns of structure, action, frequency, status
// and unit say. docs/client.md states what of it is taken.
//
// Thread rule: one thread at a time.
#ifndef POLICYTRACK_CLIENTS_CLI_SDMX_CSV_H_
#define POLICYTRACK_CLIENTS_CLI_SDMX_CSV_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "clients/cli/csv_header.h"
#include "clients/cli/push_mapping.h"
#include "clients/cli/row_source.h"
#include "clients/cli/sdmx_header.h"

namespace policytrack::cli {

// The agency of structures that are datasets of PolicyTrack: what is exported
// names its dataset, and needs no mapping to be pushed.
inline constexpr char kOwnAgency[] = "POLICYTRACK";

inline constexpr char kUnitColumn[] = "UNIT_MEASURE";
inline constexpr char kMultiplierColumn[] = "UNIT_MULT";

// `POLICYTRACK:nev-output(1.0)` for `datasets/nev-output`.
std::string StructureOf(absl::string_view dataset);
// The column of a dimension, `REF_AREA` for `ref_area`.
std::string SdmxColumn(absl::string_view dimension);

class SdmxCsv {
 public:
  // Returns INVALID_ARGUMENT, in words, when the header is not SDMX-CSV.
  static absl::StatusOr<SdmxCsv> Open(std::vector<std::string> names);

  // Completes the dataset of the mapping from the first row, whose structure all
  // rows must have; null when there is none, and nothing is completed then.
  // Returns INVALID_ARGUMENT, in words, when the structure is not the expected one.
  absl::Status FindDataset(const std::vector<std::string>* first_row, PushMapping* mapping);
  // Completes the rest of it from the header.
  // Returns INVALID_ARGUMENT, in words, when columns are missing, or unknown and
  // not to be ignored, or when nothing says what multiplier the figures have and
  // the dataset has one.
  absl::Status FindColumns(const v1::Dataset& dataset, PushMapping* mapping);

  // The header with ids for names.
  const Header& header() const { return ids_; }
  // Leaves ids in the cells of a row as wide as the header.
  void TakeLabels(std::vector<std::string>* fields) const { columns_.TakeLabels(fields); }

  // Whether the row deletes.
  // Returns INVALID_ARGUMENT for another structure or frequency, and for an action
  // that is not taken.
  absl::StatusOr<bool> Deletes(const std::vector<std::string>& fields) const;
  // One status, and B for a break beside or instead of it. Returns
  // INVALID_ARGUMENT for anything else.
  absl::Status ReadStatus(absl::string_view cell, v1::ObservationStatus* status,
                          bool* series_break) const;

 private:
  SdmxCsv(SdmxHeader columns, Header ids) : columns_(std::move(columns)), ids_(std::move(ids)) {}

  // FREQ, where it is no dimension, must be the frequency of the dataset.
  absl::Status FindFrequency(const v1::Dataset& dataset, const PushMapping& mapping);
  // Columns that nothing is known of could change what the figures mean.
  absl::Status CheckColumns(const PushMapping& mapping) const;

  SdmxHeader columns_;
  Header ids_;
  std::string structure_;
  std::map<std::string, std::string> actions_;
  std::string dataset_;
  std::optional<size_t> frequency_column_;
  v1::Frequency frequency_ = v1::FREQUENCY_UNSPECIFIED;
  std::optional<BoundSource> value_;
  std::optional<BoundSource> status_;
};

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_SDMX_CSV_H_
