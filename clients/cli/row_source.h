// Files as rows of a push: CSV through a mapping, or lines of JSON. Each row is
// checked as far as it can be without the server and keeps its line.
//
// Thread rule: one thread at a time.
#ifndef POLICYTRACK_CLIENTS_CLI_ROW_SOURCE_H_
#define POLICYTRACK_CLIENTS_CLI_ROW_SOURCE_H_

#include <cstdint>
#include <istream>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "clients/cli/push_mapping.h"
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

// Reads the header; the stream must outlive the source.
// Returns INVALID_ARGUMENT when the file is empty, not CSV, or has not the
// columns that the mapping names.
// REQUIRES: CheckComplete(mapping).ok().
absl::StatusOr<std::unique_ptr<RowSource>> OpenCsv(std::istream& stream, PushMapping mapping);

// One Observation in proto JSON a line, with `dataset` beside its fields unless
// `dataset` is given here. The stream must outlive the source.
std::unique_ptr<RowSource> OpenJsonLines(std::istream& stream, std::string dataset);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_ROW_SOURCE_H_
