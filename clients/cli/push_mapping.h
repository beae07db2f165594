// How the columns of a file become observations: from a small YAML file beside
// the data, or from flags. docs/client.md describes the form.
//
// Thread rule: a mapping is a value; any thread.
#ifndef POLICYTRACK_CLIENTS_CLI_PUSH_MAPPING_H_
#define POLICYTRACK_CLIENTS_CLI_PUSH_MAPPING_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "clients/cli/context.h"
#include "clients/cli/file_format.h"
#include "policytrack/v1/common.pb.h"

namespace policytrack::cli {

// Where a value comes from: a column, a constant, or a template such as
// `{year}-{month:02}`.
struct CellSource {
  enum class Kind { kColumn, kConstant, kTemplate };
  // A part of a template: text, or a column padded with zeros to `width`.
  struct Part {
    std::string text;
    std::string column;
    size_t width = 0;
  };

  Kind kind = Kind::kColumn;
  std::string text;  // the column or the constant
  std::vector<Part> parts;

  static CellSource Column(absl::string_view name);
  static CellSource Constant(absl::string_view value);
};

// What a text in the column of the status says.
struct StatusText {
  v1::ObservationStatus status = v1::OBSERVATION_STATUS_UNSPECIFIED;
  bool series_break = false;
};

struct PushMapping {
  std::optional<CellSource> dataset;
  std::optional<CellSource> period;
  std::optional<CellSource> value;
  std::optional<CellSource> status;
  std::optional<CellSource> deleted;
  std::optional<CellSource> series_break;
  std::map<std::string, CellSource> dimensions;
  // Rows count only where every column has one of its values.
  std::map<std::string, std::vector<std::string>> where;
  // What stands for no value, with the status that says so; UNSPECIFIED where the
  // row is passed over and counted.
  std::map<std::string, v1::ObservationStatus> missing_marks;
  // Texts that are no letters of CL_OBS_STATUS, such as flags of an office.
  std::map<std::string, StatusText> statuses;

  CsvFormat csv;
  NumberFormat numbers;
  // What the figures of the file are in, where it is not the unit of the dataset.
  std::string unit;
  std::optional<CellSource> multiplier;
  // Or the column that says it, and what its texts are on the list of units.
  std::optional<CellSource> unit_column;
  std::map<std::string, std::string> units;
  // A wide file: columns of values with their periods. With `period_rest`, all
  // columns that the mapping does not name, their names being the periods.
  std::vector<std::pair<std::string, std::string>> period_columns;
  bool period_rest = false;

  // SDMX-CSV, with the structure that it must be of; see sdmx_csv.h.
  bool sdmx = false;
  std::string structure;
  std::vector<std::string> ignored;
  std::map<std::string, std::string> actions;

  bool wide() const { return period_rest || !period_columns.empty(); }
};

// The mapping in a YAML text. Problems are appended to `errors` with their
// place; the mapping may be incomplete, flags may fill it.
PushMapping ParseMapping(const std::string& text, const std::string& file,
                         std::vector<Diagnostic>* errors);

// A period: a template when it has braces, else a column.
// Returns INVALID_ARGUMENT for a template that cannot be read.
absl::Status ParsePeriodSource(absl::string_view text, CellSource* source);

// `region=area` (a column) or `region:=CN` (a constant).
// Returns INVALID_ARGUMENT for another form.
absl::Status AddDimensionFlag(absl::string_view flag, PushMapping* mapping);

// Whether everything that a push needs is there, and nothing contradicts it.
// Returns INVALID_ARGUMENT, saying what is missing and how to give it.
absl::Status CheckComplete(const PushMapping& mapping);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_PUSH_MAPPING_H_
