// The header of a CSV file, and the columns of a mapping found in it.
//
// Thread rule: values; any thread.
#ifndef POLICYTRACK_CLIENTS_CLI_CSV_HEADER_H_
#define POLICYTRACK_CLIENTS_CLI_CSV_HEADER_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/cli/push_mapping.h"

namespace policytrack::cli {

// A CellSource with its columns found.
struct BoundSource {
  CellSource::Kind kind = CellSource::Kind::kColumn;
  std::string text;
  size_t column = 0;
  struct Part {
    std::string text;
    int column = -1;  // -1: the text alone
    size_t width = 0;
  };
  std::vector<Part> parts;

  std::string Get(const std::vector<std::string>& fields) const;
};

class Header {
 public:
  explicit Header(std::vector<std::string> names) : names_(std::move(names)) {}

  // Returns INVALID_ARGUMENT when there is none or there are two.
  absl::StatusOr<size_t> Find(const std::string& name) const;
  bool Has(const std::string& name) const;
  absl::StatusOr<BoundSource> Bind(const CellSource& source) const;
  absl::Status Bind(const std::optional<CellSource>& source,
                    std::optional<BoundSource>* bound) const;

  const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
};

// The columns that a mapping names, wherever it does; not those of its periods.
std::vector<std::string> ColumnsOf(const PushMapping& mapping);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_CSV_HEADER_H_
