#include "services/app/plugin_list.h"

#include "core/error.h"
#include "core/filter.h"
#include "core/page_token.h"
#include "core/resource_name.h"

namespace policytrack::app {

absl::StatusOr<v1::Plugin> PluginList::Get(const std::string& name) {
  PT_RETURN_IF_ERROR(ParseResourceName("name", kPlugins, name).status());
  return engine_->GetPlugin(name);
}

absl::StatusOr<v1::ListPluginsResponse> PluginList::List(const v1::ListPluginsRequest& request) {
  PT_ASSIGN_OR_RETURN(const int page_size, EffectivePageSize(request.page_size(), 100, 1000));
  PT_ASSIGN_OR_RETURN(const Filter filter,
                      Filter::Parse(request.filter(), v1::Plugin::descriptor()));
  const std::string digest = RequestDigest(request);
  PageCursor cursor;
  if (!request.page_token().empty()) {
    PT_ASSIGN_OR_RETURN(cursor, ParsePageToken(digest, request.page_token()));
  }
  v1::ListPluginsResponse response;
  for (v1::Plugin& plugin : engine_->ListPlugins()) {
    if (plugin.name() <= cursor.key || !filter.Matches(plugin)) continue;
    if (response.plugins_size() == page_size) {
      response.set_next_page_token(
          MakePageToken(digest, {0, response.plugins().rbegin()->name(), 0}));
      break;
    }
    response.add_plugins()->Swap(&plugin);
  }
  return response;
}

}  // namespace policytrack::app
