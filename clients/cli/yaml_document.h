// Files of YAML documents, each a resource with its `kind` and `name`. All
// problems of all files are found in one pass, each with file, line and column.
//
// Thread rule: free functions, any thread.
#ifndef POLICYTRACK_CLIENTS_CLI_YAML_DOCUMENT_H_
#define POLICYTRACK_CLIENTS_CLI_YAML_DOCUMENT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "clients/cli/context.h"
#include "clients/cli/documents_api.h"
#include "clients/cli/yaml_message.h"

namespace policytrack::cli {

struct ResourceDocument {
  const DocumentKind* kind = nullptr;
  std::string name;
  MessagePtr message;  // of the kind's type, without fields that the server sets
  std::string file;
  Positions positions;
};

// The documents of a text. Problems go to `errors`; documents that have one are
// left out.
std::vector<ResourceDocument> ParseDocuments(const std::string& text, const std::string& file,
                                             std::vector<Diagnostic>* errors);

// The files named, and those below the directories named that end in .yaml or
// .yml, in sorted order; a file named twice counts once. Mapping files of push
// (push.yaml, *.mapping.yaml) below a directory are passed over.
// Returns NOT_FOUND for a path that is not there or a directory without such
// files, PERMISSION_DENIED or UNAVAILABLE when it cannot be read.
absl::StatusOr<std::vector<std::string>> FindYamlFiles(const std::vector<std::string>& paths);

// The text of a file. Errors as for FindYamlFiles.
absl::StatusOr<std::string> ReadTextFile(const std::string& path);

// The place of a field path that the server gave, such as
// `measure.targets[2].unit`, or the nearest place around it. The first part may
// be the kind.
Position FindPosition(const ResourceDocument& document, absl::string_view field);

// The place that a refusal of the server is about: that of its field; else of the
// field path that its message begins with; else of the value that it names as the
// resource; else of the document.
Position FindRefusal(const ResourceDocument& document, const absl::Status& status);

// Appends an error for every name that is in the set twice.
void CheckUniqueNames(const std::vector<ResourceDocument>& documents,
                      std::vector<Diagnostic>* errors);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_YAML_DOCUMENT_H_
