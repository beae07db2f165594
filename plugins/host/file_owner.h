// Who can change a file.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_PLUGINS_HOST_FILE_OWNER_H_
#define POLICYTRACK_PLUGINS_HOST_FILE_OWNER_H_

#include <string>

namespace policytrack::plugins {

// "" when only root and the user of this process own the file or directory and it is
// not writable by everybody; else a sentence that says what to do.
std::string OwnershipProblem(const std::string& path);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_HOST_FILE_OWNER_H_
