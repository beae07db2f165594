#include "clients/cli/plugin_listing.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/safe_text.h"
#include "clients/cli/words.h"
#include "core/error.h"
#include "policytrack/v1/plugin_service.grpc.pb.h"

namespace policytrack::cli {
namespace {

using google::protobuf::Message;

// What is wrong with a plugin or with one of its versions, a line each.
std::vector<std::string> PluginNotes(const v1::Plugin& plugin) {
  std::vector<std::string> notes;
  const std::string name = OneLine(plugin.name());
  if (plugin.state() != v1::PLUGIN_STATE_ACTIVE && !plugin.state_message().empty()) {
    notes.push_back(absl::StrCat(name, ": ", OneLine(plugin.state_message())));
  }
  for (const v1::PluginVersion& version : plugin.versions()) {
    const std::string place = absl::StrCat(name, " ", OneLine(version.version()), ": ");
    for (const std::string* message :
         {&version.state_message(), &version.audit_message(), &version.update_message()}) {
      // That of the one in use stands above.
      if (message->empty() || (version.in_use() && message == &version.state_message())) continue;
      notes.push_back(absl::StrCat(place, OneLine(*message)));
    }
  }
  return notes;
}

// The version in use, and how many others there are.
std::string VersionCell(const v1::Plugin& plugin) {
  const int others = plugin.versions_size() - 1;
  return absl::StrCat(plugin.plugin_descriptor().version(),
                      others > 0 ? absl::StrCat(" (+", others, ")") : "");
}

}  // namespace

Listing PluginListing(Context& context, const ListOptions& options) {
  Listing listing;
  std::shared_ptr<v1::PluginService::Stub> stub =
      v1::PluginService::NewStub(context.connection.channel());
  listing.read = [&context, stub, options](const std::string& token) -> absl::StatusOr<Page> {
    v1::ListPluginsRequest request;
    request.set_page_size(options.page_size);
    request.set_page_token(token);
    request.set_filter(options.filter);
    PT_ASSIGN_OR_RETURN(auto response, context.connection.Unary(
                                           *stub, &v1::PluginService::Stub::ListPlugins, request));
    return Page{Take(response.mutable_plugins()), response.next_page_token(), 0};
  };
  listing.header = {"NAME", "STATE", "HOSTING", "KIND", "VERSION", "SUMMARY"};
  listing.row = [](const Message& m) -> std::vector<std::string> {
    const auto& plugin = As<v1::Plugin>(m);
    const auto& descriptor = plugin.plugin_descriptor();
    return {plugin.name(),
            EnumWord(v1::PluginState_Name(plugin.state()), "PLUGIN_STATE_"),
            EnumWord(v1::PluginHosting_Name(plugin.hosting()), "PLUGIN_HOSTING_"),
            EnumWord(v1::PluginKind_Name(descriptor.kind()), "PLUGIN_KIND_"),
            VersionCell(plugin),
            descriptor.summary().empty() && !plugin.state_message().empty() ? "see below"
                                                                            : descriptor.summary()};
  };
  // Of one that cannot be used, what matters is why: whole, as it may hold a line
  // to be copied.
  listing.below = [](const Message& m) -> std::string {
    return absl::StrJoin(PluginNotes(As<v1::Plugin>(m)), "\n");
  };
  return listing;
}

}  // namespace policytrack::cli
