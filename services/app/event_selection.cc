#include "services/app/event_selection.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/digest.h"
#include "core/error.h"
#include "core/resource_name.h"

namespace policytrack::app {
namespace {

constexpr int kMaxNames = 100;

absl::Status CheckName(absl::string_view field, const std::string& name) {
  for (const char* collection :
       {kPlans, kMeasures, kDatasets, kIndicators, kScripts, kPlugins, kCommits}) {
    if (name == collection) return absl::OkStatus();
  }
  const absl::string_view collection = CollectionOf(name);
  if (collection == kCommits) return ParseCommitName(field, name).status();
  if (collection == kMeasures && std::count(name.begin(), name.end(), '/') > 1) {
    return ParseTargetName(field, name).status();
  }
  for (const char* known : {kPlans, kMeasures, kDatasets, kIndicators, kScripts, kPlugins}) {
    if (collection == known) return ParseResourceName(field, known, name).status();
  }
  return Error(
      absl::StatusCode::kInvalidArgument, reason::kNameInvalid,
      absl::StrCat(field, ": `", name,
                   "` is no name of what changes; write plans/x, measures/x, "
                   "measures/x/targets/y, datasets/x, indicators/x, scripts/x or plugins/x, "
                   "or the collection alone, such as measures"),
      {{"field", std::string(field)}});
}

}  // namespace

absl::StatusOr<EventSelection> EventSelection::Parse(const v1::WatchEventsRequest& request) {
  if (request.names_size() > kMaxNames) {
    return FieldInvalid("names",
                        absl::StrCat("has ", request.names_size(), " names, more than ", kMaxNames,
                                     "; name a collection, or select with a filter"));
  }
  std::set<std::string> names;
  for (int i = 0; i < request.names_size(); ++i) {
    PT_RETURN_IF_ERROR(CheckName(absl::StrCat("names[", i, "]"), request.names(i)));
    names.insert(request.names(i));
  }
  std::set<int> kinds;
  for (int i = 0; i < request.kinds_size(); ++i) {
    if (request.kinds(i) == v1::EVENT_KIND_UNSPECIFIED) {
      return FieldInvalid(absl::StrCat("kinds[", i, "]"),
                          "is not stated; leave kinds empty for all of them");
    }
    kinds.insert(request.kinds(i));
  }
  PT_ASSIGN_OR_RETURN(Filter filter, Filter::Parse(request.filter(), v1::Event::descriptor()));
  Digest digest;
  digest.AddInt(static_cast<int64_t>(names.size()));
  for (const std::string& name : names) digest.Add(name);
  digest.AddInt(static_cast<int64_t>(kinds.size()));
  for (const int kind : kinds) digest.AddInt(kind);
  digest.Add(request.filter());
  return EventSelection(std::move(names), std::move(kinds), std::move(filter), digest.Finish());
}

bool EventSelection::CanSelect(v1::EventKind kind, const std::string& name) const {
  if (!kinds_.empty() && kinds_.count(kind) == 0) return false;
  if (names_.empty() || names_.count(name) > 0) return true;
  // Or one that it is under: all before one of its slashes.
  for (size_t slash = name.find('/'); slash != std::string::npos;
       slash = name.find('/', slash + 1)) {
    if (names_.count(name.substr(0, slash)) > 0) return true;
  }
  return false;
}

bool EventSelection::Matches(const v1::Event& event) const {
  return CanSelect(event.kind(), event.name()) && filter_.Matches(event);
}

}  // namespace policytrack::app
