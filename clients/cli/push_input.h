// The files of a push with their mappings, each readable more than once.
//
// Thread rule: one thread at a time.
#ifndef POLICYTRACK_CLIENTS_CLI_PUSH_INPUT_H_
#define POLICYTRACK_CLIENTS_CLI_PUSH_INPUT_H_

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "clients/cli/context.h"
#include "clients/cli/push.h"
#include "clients/cli/push_mapping.h"
#include "clients/cli/row_source.h"

namespace policytrack::cli {

// A source with the stream that it reads.
struct OpenInput {
  std::unique_ptr<std::ifstream> stream;
  std::unique_ptr<RowSource> rows;
};

class PushInput {
 public:
  // Whether the file is there and can be opened; before anything is said of its
  // mapping.
  // Returns NOT_FOUND, PERMISSION_DENIED or UNAVAILABLE, for people.
  static absl::Status Find(const std::string& file);

  // Finds the mapping: the one named; or, unless columns are given by flags,
  // `<file>.mapping.yaml` or `push.yaml` beside the file; then flags over it.
  // Standard input is copied to a temporary file. Problems of a mapping file go
  // to `errors`.
  // Returns an error, for people, when something cannot be read or is missing.
  static absl::StatusOr<PushInput> Prepare(const Context& context, const std::string& file,
                                           const PushCommandOptions& options,
                                           std::vector<Diagnostic>* errors);

  // Starts from the first row. `lookup` is as for OpenCsv. Returns INVALID_ARGUMENT
  // when the header is not what the mapping needs, UNAVAILABLE when the file cannot
  // be opened, and the errors of `lookup`.
  absl::StatusOr<OpenInput> Open(const DatasetLookup& lookup) const;

  // As people know it.
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  std::string path_;
  bool json_lines_ = false;
  std::string dataset_;   // for JSON lines
  std::string encoding_;  // for JSON lines
  PushMapping mapping_;
  std::shared_ptr<void> temporary_;  // holds a temporary file open
};

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_PUSH_INPUT_H_
