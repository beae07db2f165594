// A file that is there whole under its name, or not at all.
//
// Thread rule: belongs to one thread.
#ifndef POLICYTRACK_CLIENTS_CLI_NEW_FILE_H_
#define POLICYTRACK_CLIENTS_CLI_NEW_FILE_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace policytrack::cli {

class NewFile {
 public:
  explicit NewFile(std::string path) : path_(std::move(path)) {}
  // Removes what was not finished.
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  // Begins, or begins again, with nothing.
  // Returns FAILED_PRECONDITION when there is a file of that name, or none can be made.
  absl::Status Begin();
  // Returns FAILED_PRECONDITION when it cannot be written: a full disk, for one.
  absl::Status Write(absl::string_view bytes);
  // Puts it on disk and gives it its name. Errors as of the two above.
  absl::Status Finish();

 private:
  absl::Status Failed(absl::string_view what) const;

  const std::string path_;
  std::string draft_;
  int descriptor_ = -1;
};

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_NEW_FILE_H_
