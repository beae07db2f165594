// The four kinds of documents behind one interface, so that apply, get, list
// and delete are written once. The typed stubs stay in documents_api.cc.
//
// Thread rule: one thread at a time.
#ifndef POLICYTRACK_CLIENTS_CLI_DOCUMENTS_API_H_
#define POLICYTRACK_CLIENTS_CLI_DOCUMENTS_API_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "clients/cli/channel.h"
#include "google/protobuf/message.h"
#include "policytrack/v1/common.pb.h"

namespace policytrack::cli {

// A kind of document, as YAML files and names say it.
struct DocumentKind {
  absl::string_view kind;        // "Plan"
  absl::string_view collection;  // "plans"
  // An empty message of its type.
  const google::protobuf::Message* prototype;
};

// All kinds, in the order in which they refer to each other: a document names
// only documents of its own or of earlier kinds.
const std::vector<DocumentKind>& DocumentKinds();
// The kind of this word, or of this collection; null when there is none.
const DocumentKind* FindKind(absl::string_view kind);
const DocumentKind* FindCollection(absl::string_view collection);

using MessagePtr = std::unique_ptr<google::protobuf::Message>;

struct ListArguments {
  int page_size = 0;
  std::string page_token;
  std::string filter;
  std::string order_by;
  std::optional<v1::AsOf> as_of;
  bool show_deleted = false;
};

struct DocumentPage {
  std::vector<MessagePtr> items;
  std::string next_page_token;
  int64_t revision = 0;
};

// Errors of all calls are those of the service.
class DocumentApi {
 public:
  virtual ~DocumentApi() = default;
  virtual absl::StatusOr<MessagePtr> Get(const std::string& name,
                                         const std::optional<v1::AsOf>& as_of) = 0;
  virtual absl::StatusOr<DocumentPage> List(const ListArguments& arguments) = 0;
  // One request id over all attempts, so that a retry cannot create twice.
  virtual absl::StatusOr<MessagePtr> Create(const google::protobuf::Message& document,
                                            bool validate_only) = 0;
  // Replaces all fields; `document` has the etag of the state that was read.
  virtual absl::StatusOr<MessagePtr> Update(const google::protobuf::Message& document,
                                            bool validate_only) = 0;
  virtual absl::StatusOr<MessagePtr> Delete(const std::string& name, const std::string& etag,
                                            bool validate_only) = 0;
  // Returns UNIMPLEMENTED for kinds whose deletion is final.
  virtual absl::StatusOr<MessagePtr> Undelete(const std::string& name, const std::string& etag,
                                              bool validate_only) = 0;
};

// REQUIRES: `kind` is one of DocumentKinds(). The connection must outlive it.
std::unique_ptr<DocumentApi> MakeDocumentApi(Connection& connection, const DocumentKind& kind);

// Fields that all documents have.
std::string NameOf(const google::protobuf::Message& document);
std::string EtagOf(const google::protobuf::Message& document);
int64_t RevisionOf(const google::protobuf::Message& document);
// A string field at the top, or "" when the type has no such field.
std::string TextOf(const google::protobuf::Message& document, const std::string& field);
void SetText(google::protobuf::Message* document, const std::string& field,
             const std::string& value);

// All pages of a list.
absl::StatusOr<DocumentPage> ListAll(DocumentApi& api, ListArguments arguments);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_DOCUMENTS_API_H_
