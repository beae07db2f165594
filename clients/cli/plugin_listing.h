// The list of plugins.
//
// Thread rule: main thread.
#ifndef POLICYTRACK_CLIENTS_CLI_PLUGIN_LISTING_H_
#define POLICYTRACK_CLIENTS_CLI_PLUGIN_LISTING_H_

#include "clients/cli/context.h"
#include "clients/cli/listing.h"
#include "clients/cli/resources.h"

namespace policytrack::cli {

Listing PluginListing(Context& context, const ListOptions& options);

}  // namespace policytrack::cli

#endif  // POLICYTRACK_CLIENTS_CLI_PLUGIN_LISTING_H_
