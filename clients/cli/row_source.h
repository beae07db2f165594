// Files as rows of a push: CSV through a mapping, or lines of JSON. Each row is
// checked as far as it can be without the server and keeps its line.
//
// Thread rule: one thread at a time.
#ifndef POLICYTRACK_CLIENTS_CLI_ROW_SOURCE_H_
#define POLICYTRACK_CLIENTS_CLI_ROW_SOURCE_H_

#include <cstdint>
#include <functional>
#include <istream>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "clients/cli/push_mapping.h"
#include "policytrack/v1/dataset.pb.h"
#include "policytrack/v1/observation.pb.h"

namespace policytrack::cli {

struct SourceItem {
  enum class Kind {
    kRow,
    kSkipped,   // its value is one of the missing marks
    kFiltered,  // `where` does not select it
    kBad,       // refused: see reason, field and message
  };
  Kind kind = Kind::kRow;
  int64_t line = 0;
  std::string dataset;
  v1::Observation observation;
  std::string reason;
  std::string field;
  std::string message;
};

class RowSource {
 public:
  virtual ~RowSource() = default;
  // The next row; false at the end.
  // Returns INVALID_ARGUMENT when the rest cannot be read as rows, at line().
  virtual absl::StatusOr<bool> Next(SourceItem* item) = 0;
  virtual int64_t line() const = 0;
};

// The dataset of a name, valid as long as the function; the errors of the service.
using DatasetLookup = std::function<absl::StatusOr<const v1::Dataset*>(const std::string& name)>;

// Reads the header; the stream must outlive the source. `lookup` is asked when the
// mapping converts units or the file is SDMX-CSV. On an error, `line` is where.
// Returns INVALID_ARGUMENT when the file is empty, not CSV, or has not the
// columns that the mapping names; and the errors of `lookup`.
// REQUIRES: CheckComplete(mapping).ok().
absl::StatusOr<std::unique_ptr<RowSource>> OpenCsv(std::istream& stream, PushMapping mapping,
                                                   DatasetLookup lookup = {},
                                                   int64_t* line = nullptr);

// One Observation in proto JSON a line, with `dataset` beside its fields unless
// `dataset` is given here; a status may also be its letter or its short name. The
// stream must outlive the source. REQUIRES: IsEncoding(encoding).
std::unique_ptr<RowSource> OpenJsonLines(std::istream& stream, std::string dataset,
                                         const std::string& encoding = kUtf8Encoding);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_ROW_SOURCE_H_
