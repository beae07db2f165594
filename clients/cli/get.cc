#include <optional>

#include "absl/strings/str_cat.h"
#include "clients/cli/documents_api.h"
#include "clients/cli/resources.h"
#include "clients/cli/yaml_message.h"
#include "core/resource_name.h"
#include "policytrack/v1/event_service.grpc.pb.h"
#include "policytrack/v1/plugin_service.grpc.pb.h"

namespace policytrack::cli {
namespace {

int Show(const Context& context, const google::protobuf::Message& message, absl::string_view kind) {
  context.out() << (context.json ? ToJson(message, true) : MessageToYaml(message, kind));
  return kDone;
}

// What is wrong with a name that is of no collection.
std::string WrongName(absl::string_view name) {
  return absl::StrCat("`", name,
                      "` is not a name such as plans/x, measures/x, datasets/x, indicators/x, "
                      "scripts/x, plugins/x or commits/12");
}

// Delete and undelete differ in one call and two words.
int Change(Context& context, const DeleteOptions& options, bool undelete) {
  const DocumentKind* kind = FindCollection(CollectionOf(options.name));
  if (kind == nullptr) {
    return FailUsage(context, absl::StrCat("`", options.name,
                                           "` is not the name of a document, such as measures/x"));
  }
  if (undelete && kind->collection != kMeasures) {
    return FailUsage(context, "only measures can be undeleted; apply creates other documents anew");
  }
  auto api = MakeDocumentApi(context.connection, *kind);
  auto changed = undelete ? api->Undelete(options.name, options.etag, options.dry_run)
                          : api->Delete(options.name, options.etag, options.dry_run);
  if (!changed.ok()) return Fail(context, changed.status());
  if (context.json) {
    context.out() << ToJson(**changed, true);
    return kDone;
  }
  const std::string verb = undelete ? "undelete" : "delete";
  context.out() << (options.dry_run ? absl::StrCat("dry run, nothing was written: would ", verb)
                                    : absl::StrCat(verb, "d"))
                << " " << options.name << "\n";
  return kDone;
}

}  // namespace

int RunGet(Context& context, const GetOptions& options) {
  const absl::string_view collection = CollectionOf(options.name);
  if (collection == kPlugins || collection == kCommits) {
    if (!options.as_of.empty()) return FailUsage(context, "--as-of is for documents");
    if (collection == kPlugins) {
      v1::GetPluginRequest request;
      request.set_name(options.name);
      auto stub = v1::PluginService::NewStub(context.connection.channel());
      auto plugin = context.connection.Unary(*stub, &v1::PluginService::Stub::GetPlugin, request);
      return plugin.ok() ? Show(context, *plugin, "") : Fail(context, plugin.status());
    }
    v1::GetCommitRequest request;
    request.set_name(options.name);
    auto stub = v1::EventService::NewStub(context.connection.channel());
    auto commit = context.connection.Unary(*stub, &v1::EventService::Stub::GetCommit, request);
    return commit.ok() ? Show(context, *commit, "") : Fail(context, commit.status());
  }
  const DocumentKind* kind = FindCollection(collection);
  if (kind == nullptr) return FailUsage(context, WrongName(options.name));
  std::optional<v1::AsOf> as_of;
  if (!options.as_of.empty()) {
    auto parsed = ParseAsOf(options.as_of);
    if (!parsed.ok())
      return FailUsage(context, absl::StrCat("--as-of: ", parsed.status().message()));
    as_of = *parsed;
  }
  auto document = MakeDocumentApi(context.connection, *kind)->Get(options.name, as_of);
  return document.ok() ? Show(context, **document, kind->kind) : Fail(context, document.status());
}

int RunDelete(Context& context, const DeleteOptions& options) {
  return Change(context, options, false);
}

int RunUndelete(Context& context, const DeleteOptions& options) {
  return Change(context, options, true);
}

}  // namespace policytrack::cli
