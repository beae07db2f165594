#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/documents_api.h"
#include "clients/cli/export.h"
#include "clients/cli/listing.h"
#include "clients/cli/plugin_listing.h"
#include "clients/cli/resources.h"
#include "clients/cli/safe_text.h"
#include "clients/cli/table.h"
#include "clients/cli/words.h"
#include "core/error.h"
#include "core/resource_name.h"
#include "core/unit.h"
#include "nlohmann/json.hpp"
#include "policytrack/v1/dataset.pb.h"
#include "policytrack/v1/event_service.grpc.pb.h"
#include "policytrack/v1/indicator.pb.h"
#include "policytrack/v1/measure.pb.h"
#include "policytrack/v1/observation_service.grpc.pb.h"
#include "policytrack/v1/plan.pb.h"
#include "policytrack/v1/script.pb.h"

namespace policytrack::cli {
namespace {

using google::protobuf::Message;
using Json = nlohmann::ordered_json;

constexpr size_t kMaxCellWidth = 60;

std::string Dimensions(const google::protobuf::Map<std::string, std::string>& dimensions) {
  const std::map<std::string, std::string> sorted(dimensions.begin(), dimensions.end());
  return absl::StrJoin(sorted, ", ", absl::PairFormatter("="));
}

Listing DocumentListing(Context& context, const DocumentKind& kind, const ListOptions& options,
                        const std::optional<v1::AsOf>& as_of) {
  Listing listing;
  // Shared by the copies of the function.
  std::shared_ptr<DocumentApi> api = MakeDocumentApi(context.connection, kind);
  listing.read = [api, options, as_of](const std::string& token) -> absl::StatusOr<Page> {
    ListArguments arguments;
    arguments.page_size = options.page_size;
    arguments.page_token = token;
    arguments.filter = options.filter;
    arguments.order_by = options.order_by;
    arguments.as_of = as_of;
    arguments.show_deleted = options.show_deleted;
    PT_ASSIGN_OR_RETURN(DocumentPage page, api->List(arguments));
    return Page{std::move(page.items), std::move(page.next_page_token), page.revision};
  };
  if (kind.collection == kPlans) {
    listing.header = {"NAME", "REGION", "DISPLAY NAME"};
    listing.row = [](const Message& m) -> std::vector<std::string> {
      const auto& plan = As<v1::Plan>(m);
      return {plan.name(), plan.region(), plan.display_name()};
    };
  } else if (kind.collection == kMeasures) {
    listing.header = {"NAME", "PLAN", "STAGE", "CATEGORY", "TARGETS", "DISPLAY NAME"};
    listing.right = {4};
    listing.row = [](const Message& m) -> std::vector<std::string> {
      const auto& measure = As<v1::Measure>(m);
      return {measure.name(),
              measure.plan(),
              measure.has_delete_time()
                  ? "deleted"
                  : EnumWord(v1::MeasureStage_Name(measure.stage()), "MEASURE_STAGE_"),
              measure.category(),
              absl::StrCat(measure.targets_size()),
              measure.display_name()};
    };
  } else if (kind.collection == kDatasets) {
    listing.header = {"NAME", "UNIT", "FREQUENCY", "ACCUMULATION", "DIMENSIONS", "DISPLAY NAME"};
    listing.row = [](const Message& m) -> std::vector<std::string> {
      const auto& dataset = As<v1::Dataset>(m);
      std::vector<std::string> ids;
      for (const v1::Dimension& dimension : dataset.dimensions()) ids.push_back(dimension.id());
      return {dataset.name(),
              UnitLabel(dataset.unit(), dataset.unit_multiplier()),
              EnumWord(v1::Frequency_Name(dataset.frequency()), "FREQUENCY_"),
              EnumWord(v1::Accumulation_Name(dataset.accumulation()), "ACCUMULATION_"),
              absl::StrJoin(ids, ", "),
              dataset.display_name()};
    };
  } else if (kind.collection == kScripts) {
    listing.header = {"NAME", "INPUTS", "UNIT", "FORMULA", "DISPLAY NAME"};
    listing.row = [](const Message& m) -> std::vector<std::string> {
      const auto& script = As<v1::Script>(m);
      std::vector<std::string> inputs;
      for (const v1::ScriptInput& input : script.inputs()) inputs.push_back(input.slot());
      return {script.name(), absl::StrJoin(inputs, ", "), script.unit(),
              script.code().empty() ? script.expression() : "code", script.display_name()};
    };
  } else {
    listing.header = {"NAME", "PLUGIN", "INPUTS", "DISPLAY NAME"};
    listing.row = [](const Message& m) -> std::vector<std::string> {
      const auto& indicator = As<v1::Indicator>(m);
      std::vector<std::string> inputs;
      for (const v1::IndicatorInput& input : indicator.inputs()) {
        inputs.push_back(input.source());
        if (!input.weight_source().empty()) inputs.push_back(input.weight_source());
      }
      return {indicator.name(), indicator.plugin(), absl::StrJoin(inputs, ", "),
              indicator.display_name()};
    };
  }
  return listing;
}

Listing CommitListing(Context& context, const ListOptions& options) {
  Listing listing;
  std::shared_ptr<v1::EventService::Stub> stub =
      v1::EventService::NewStub(context.connection.channel());
  listing.read = [&context, stub, options](const std::string& token) -> absl::StatusOr<Page> {
    v1::ListCommitsRequest request;
    request.set_page_size(options.page_size);
    request.set_page_token(token);
    request.set_filter(options.filter);
    PT_ASSIGN_OR_RETURN(auto response, context.connection.Unary(
                                           *stub, &v1::EventService::Stub::ListCommits, request));
    return Page{Take(response.mutable_commits()), response.next_page_token(), 0};
  };
  listing.header = {"REVISION", "TIME", "KIND", "PRINCIPAL", "CHANGES"};
  listing.right = {0};
  listing.row = [](const Message& m) -> std::vector<std::string> {
    const auto& commit = As<v1::Commit>(m);
    std::vector<std::string> changes;
    for (const v1::CommitChange& change : commit.changes()) {
      std::vector<std::string> parts;
      if (change.document()) {
        // One document counts as one; what happened to it is the news.
        parts.push_back(change.created_count() > 0   ? "created"
                        : change.deleted_count() > 0 ? "deleted"
                                                     : "changed");
      } else {
        if (change.created_count() > 0)
          parts.push_back(absl::StrCat(change.created_count(), " created"));
        if (change.revised_count() > 0)
          parts.push_back(absl::StrCat(change.revised_count(), " revised"));
        if (change.deleted_count() > 0)
          parts.push_back(absl::StrCat(change.deleted_count(), " deleted"));
      }
      changes.push_back(parts.empty()
                            ? change.name()
                            : absl::StrCat(change.name(), ": ", absl::StrJoin(parts, ", ")));
    }
    if (const int more = commit.change_count() - commit.changes_size(); more > 0) {
      changes.push_back(absl::StrCat("and ", more, " more"));
    }
    return {absl::StrCat(commit.revision()), TimeWord(commit.time()),
            EnumWord(v1::CommitKind_Name(commit.kind()), "COMMIT_KIND_"), commit.principal(),
            absl::StrJoin(changes, "; ")};
  };
  listing.below = [](const Message& m) -> std::string {
    const auto& commit = As<v1::Commit>(m);
    if (commit.plugin_changes().empty()) return "";
    return OneLine(absl::StrCat("revision ", commit.revision(), ": plugin ",
                                absl::StrJoin(commit.plugin_changes(), ", ")));
  };
  return listing;
}

Listing ObservationListing(Context& context, const ListOptions& options,
                           const std::optional<v1::AsOf>& as_of, const ScaledUnit& unit) {
  Listing listing;
  // By output; told beside each value where a unit was asked for, as outputs of
  // another kind come in their own.
  const auto units = std::make_shared<std::map<std::string, std::string>>();
  std::shared_ptr<v1::ObservationService::Stub> stub =
      v1::ObservationService::NewStub(context.connection.channel());
  listing.read = [&context, stub, options, as_of, unit,
                  units](const std::string& token) -> absl::StatusOr<Page> {
    v1::ListObservationsRequest request;
    request.set_parent(options.parent);
    request.set_page_size(options.page_size);
    request.set_page_token(token);
    request.set_filter(options.filter);
    request.set_start_period(options.from);
    request.set_end_period(options.to);
    if (as_of.has_value()) *request.mutable_as_of() = *as_of;
    request.set_at_least_revision(options.at_least_revision);
    request.set_unit(unit.unit);
    request.set_unit_multiplier(unit.multiplier);
    PT_ASSIGN_OR_RETURN(
        auto response,
        context.connection.Unary(*stub, &v1::ObservationService::Stub::ListObservations, request));
    for (const v1::OutputUnit& of : response.units()) {
      if (unit.unit.empty()) break;
      (*units)[of.output()] = UnitLabel(of.unit(), of.unit_multiplier());
    }
    return Page{Take(response.mutable_observations()),
                response.next_page_token(),
                response.revision(),
                {response.units().begin(), response.units().end()}};
  };
  listing.header = {"OUTPUT", "DIMENSIONS", "PERIOD",   "VALUE",
                    "UNIT",   "STATUS",     "REVISION", "NOTE"};
  listing.right = {3, 6};
  listing.row = [units](const Message& m) -> std::vector<std::string> {
    const auto& row = As<v1::Observation>(m);
    std::vector<std::string> notes;
    if (row.series_break()) notes.push_back("series break");
    if (row.joint()) notes.push_back("with the period before");
    return {row.output(),
            Dimensions(row.dimensions()),
            row.period(),
            row.has_value() ? ExactNumber(row.value()) : "",
            row.has_value() ? (*units)[row.output()] : "",
            row.has_value()
                ? EnumWord(v1::ObservationStatus_Name(row.status()), "OBSERVATION_STATUS_")
                : MissingWord(row.missing_reason()),
            absl::StrCat(row.revision()),
            absl::StrJoin(notes, "; ")};
  };
  return listing;
}

// A column that says nothing in any row is left out of a table.
void DropEmptyColumns(Table* table) {
  for (size_t i = table->header.size(); i-- > 0;) {
    bool used = false;
    for (const auto& row : table->rows) used = used || !row[i].empty();
    if (used || table->rows.empty()) continue;
    table->header.erase(table->header.begin() + static_cast<std::ptrdiff_t>(i));
    for (auto& row : table->rows) row.erase(row.begin() + static_cast<std::ptrdiff_t>(i));
    std::vector<size_t> right;
    for (size_t column : table->right) {
      if (column != i) right.push_back(column > i ? column - 1 : column);
    }
    table->right = std::move(right);
  }
}

int Write(const Context& context, const ListOptions& options, const Listing& listing,
          const Page& page) {
  if (context.json) {
    Json json;
    json[options.collection] = Json::array();
    for (const MessagePtr& item : page.items) {
      json[options.collection].push_back(Json::parse(ToJson(*item)));
    }
    if (!page.next_page_token.empty()) json["next_page_token"] = page.next_page_token;
    // As in proto JSON, where int64 is text.
    if (page.revision > 0) json["revision"] = absl::StrCat(page.revision);
    for (const v1::OutputUnit& unit : page.units) {
      json["units"].push_back(Json::parse(ToJson(unit)));
    }
    context.out() << json.dump(1, ' ', false, Json::error_handler_t::replace) << "\n";
    return kDone;
  }
  if (page.items.empty()) {
    context.out() << "no " << options.collection << "\n";
    return kDone;
  }
  Table table;
  table.header = listing.header;
  table.right = listing.right;
  for (const MessagePtr& item : page.items) table.rows.push_back(listing.row(*item));
  DropEmptyColumns(&table);
  context.out() << FormatText(table, context.environment.out_terminal ? kMaxCellWidth : 0);
  bool gap = false;
  for (const MessagePtr& item : page.items) {
    const std::string below = listing.below ? listing.below(*item) : "";
    if (below.empty()) continue;
    context.out() << (gap ? "" : "\n") << below << "\n";
    gap = true;
  }
  if (!page.next_page_token.empty()) {
    context.err() << "there are more: --all lists them, --page-token "
                  << OneLine(page.next_page_token) << " the next page\n";
  }
  return kDone;
}

}  // namespace

int RunList(Context& context, const ListOptions& options) {
  std::optional<v1::AsOf> as_of;
  if (!options.as_of.empty()) {
    auto parsed = ParseAsOf(options.as_of);
    if (!parsed.ok())
      return FailUsage(context, absl::StrCat("--as-of: ", parsed.status().message()));
    as_of = *parsed;
  }
  const bool observations = options.collection == "observations";
  if (observations == options.parent.empty()) {
    return FailUsage(context, observations
                                  ? "list observations of what? Name a parent such as datasets/x"
                                  : absl::StrCat("list ", options.collection, " takes no parent"));
  }
  if (!observations && (!options.from.empty() || !options.to.empty())) {
    return FailUsage(context, "--from and --to are for observations");
  }
  const auto unit = ReadUnit(options.unit);
  if (!unit.ok()) return FailUsage(context, std::string(unit.status().message()));
  if (!observations && !unit->unit.empty()) {
    return FailUsage(context, "--unit is for observations");
  }
  if (!options.export_format.empty() && observations) {
    if (!options.page_token.empty() || options.page_size > 0) {
      return FailUsage(context, absl::StrCat("--output ", options.export_format,
                                             " writes all pages; leave out --page-token and "
                                             "--page-size"));
    }
    return ExportObservations(context, options, as_of, *unit);
  }
  Listing listing;
  if (observations) {
    listing = ObservationListing(context, options, as_of, *unit);
  } else if (options.collection == kPlugins || options.collection == kCommits) {
    if (as_of.has_value()) return FailUsage(context, "--as-of is for documents and observations");
    listing = options.collection == kPlugins ? PluginListing(context, options)
                                             : CommitListing(context, options);
  } else if (const DocumentKind* kind = FindCollection(options.collection)) {
    listing = DocumentListing(context, *kind, options, as_of);
  } else {
    return FailUsage(context, absl::StrCat("there is no collection `", options.collection,
                                           "`; there are plans, measures, datasets, indicators, "
                                           "scripts, plugins, commits and observations"));
  }
  Page all;
  all.next_page_token = options.page_token;
  do {
    auto page = listing.read(all.next_page_token);
    if (!page.ok()) return Fail(context, page.status());
    for (MessagePtr& item : page->items) all.items.push_back(std::move(item));
    all.next_page_token = page->next_page_token;
    all.revision = page->revision;
    all.units = std::move(page->units);
  } while (options.all && !all.next_page_token.empty());
  return Write(context, options, listing, all);
}

}  // namespace policytrack::cli
