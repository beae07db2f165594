// A text of CSV read through a mapping, for tests of what files may be.
#ifndef POLICYTRACK_TESTS_CLI_READ_ROWS_H_
#define POLICYTRACK_TESTS_CLI_READ_ROWS_H_

#include <sstream>
#include <string>
#include <vector>

#include "clients/cli/number_text.h"
#include "clients/cli/push_mapping.h"
#include "clients/cli/row_source.h"
#include "core/observation_status.h"

namespace policytrack::cli {

// Monthly figures in ten thousands of vehicles.
inline v1::Dataset Vehicles() {
  v1::Dataset dataset;
  dataset.set_name("datasets/d");
  dataset.set_unit("vehicles");
  dataset.set_frequency(v1::FREQUENCY_MONTH);
  dataset.set_unit_multiplier(4);
  dataset.add_dimensions()->set_id("ref_area");
  return dataset;
}

// Rows as `line period value status`, or as they were passed over.
inline std::vector<std::string> Read(const std::string& text, const std::string& settings,
                                     const v1::Dataset& dataset = Vehicles()) {
  std::vector<Diagnostic> errors;
  const bool sdmx = settings.find("sdmx") != std::string::npos;
  const bool wide = settings.find("period_columns") != std::string::npos;
  const std::string base = sdmx ? "" : wide ? "dataset: d\n" : "dataset: d\nperiod: p\nvalue: v\n";
  const PushMapping mapping = ParseMapping(base + settings, "m.yaml", &errors);
  for (const Diagnostic& error : errors) return {FormatDiagnostic(error)};
  if (const absl::Status status = CheckComplete(mapping); !status.ok()) {
    return {std::string(status.message())};
  }
  std::istringstream stream(text);
  int64_t line = 0;
  auto source = OpenCsv(
      stream, mapping, [&dataset](const std::string&) { return &dataset; }, &line);
  if (!source.ok()) return {std::to_string(line) + " " + std::string(source.status().message())};
  std::vector<std::string> rows;
  SourceItem item;
  while (true) {
    const auto any = (*source)->Next(&item);
    if (!any.ok()) {
      rows.push_back(std::to_string((*source)->line()) + " " + std::string(any.status().message()));
      return rows;
    }
    if (!*any) return rows;
    const v1::Observation& row = item.observation;
    std::string out = std::to_string(item.line) + " ";
    if (item.kind == SourceItem::Kind::kSkipped) out += "skipped";
    if (item.kind == SourceItem::Kind::kFiltered) out += "filtered";
    if (item.kind == SourceItem::Kind::kBad) out += "bad " + item.message;
    if (item.kind == SourceItem::Kind::kRow) {
      out += row.period() + " " + (row.has_value() ? FormatDouble(row.value()) : "none") + " " +
             LetterOf(row.status()) + (row.series_break() ? " break" : "") +
             (row.deleted() ? " deleted" : "");
    }
    rows.push_back(out);
  }
}

}  // namespace policytrack::cli

#endif  // POLICYTRACK_TESTS_CLI_READ_ROWS_H_
