// What the figures of a row are in, as the mapping or the row says it.
//
// Thread rule: values; any thread.
#ifndef POLICYTRACK_CLIENTS_CLI_ROW_UNIT_H_
#define POLICYTRACK_CLIENTS_CLI_ROW_UNIT_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "clients/cli/csv_header.h"
#include "clients/cli/push_mapping.h"
#include "clients/cli/unit_scale.h"
#include "policytrack/v1/dataset.pb.h"

namespace policytrack::cli {

class RowUnit {
 public:
  // Returns INVALID_ARGUMENT when the header has not the columns of the mapping.
  static absl::StatusOr<RowUnit> Bind(const Header& header, const PushMapping& mapping);

  // Whether the figures have to be looked at at all.
  bool stated() const { return stated_; }
  // Whether the unit is the same in every row.
  bool constant() const { return !column_.has_value(); }
  // The one that the mapping states, or "".
  const std::string& unit() const { return unit_; }

  // Returns INVALID_ARGUMENT / FIELD_INVALID when the row has another kind of unit
  // than the dataset, or says it in a way that cannot be read.
  absl::StatusOr<UnitScale> ScaleOf(const std::vector<std::string>& fields,
                                    const v1::Dataset& dataset) const;

 private:
  absl::StatusOr<int> MultiplierOf(const std::vector<std::string>& fields) const;
  absl::StatusOr<std::string> UnitOf(const std::vector<std::string>& fields) const;

  bool stated_ = false;
  bool percent_ = false;
  std::string unit_;
  std::optional<BoundSource> column_;
  std::optional<BoundSource> multiplier_;
  std::map<std::string, std::string> units_;
};

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_ROW_UNIT_H_
