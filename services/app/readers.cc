#include "services/app/readers.h"

#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "core/resource_name.h"
#include "policytrack/v1/indicator.pb.h"
#include "policytrack/v1/measure.pb.h"
#include "services/app/resolve.h"

namespace policytrack::app {
namespace {

constexpr int kAllReferrers = 1 << 30;

absl::Status CheckReader(storage::WriteTransaction& tx, plugins::Engine& engine,
                         const std::string& name, const storage::Document& stored) {
  if (CollectionOf(stored.name) == kIndicators) {
    v1::Indicator user;
    if (!user.ParseFromString(stored.body)) return DamagedState(stored);
    return ResolveIndicator(tx, storage::kPresent, engine, user, "indicator").status();
  }
  v1::Measure measure;
  if (!measure.ParseFromString(stored.body)) return DamagedState(stored);
  for (int i = 0; i < measure.targets_size(); ++i) {
    if (measure.targets(i).indicator() != name) continue;
    PT_RETURN_IF_ERROR(CheckTarget(tx, storage::kPresent, engine, measure.targets(i),
                                   absl::StrCat("measure.targets[", i, "]")));
  }
  return absl::OkStatus();
}

// Checks what reads `name` after `origin` has changed.
absl::Status CheckReferrer(storage::WriteTransaction& tx, plugins::Engine& engine,
                           const std::string& origin, const std::string& name,
                           const std::string& referrer) {
  PT_ASSIGN_OR_RETURN(auto stored, tx.GetDocument(referrer, storage::kPresent));
  if (!stored.has_value() || stored->deleted) return absl::OkStatus();
  const absl::Status status = CheckReader(tx, engine, name, *stored);
  if (status.ok() || ReasonOf(status) == reason::kPluginNotActive) return absl::OkStatus();
  if (ReasonOf(status).empty()) return status;
  return Error(absl::StatusCode::kFailedPrecondition, reason::kResourceInUse,
               absl::StrCat("with this change ", referrer, ", which uses ", name,
                            ", would no longer be valid: ", std::string(status.message())),
               {{"resource", origin}, {"referrer", referrer}});
}

}  // namespace

absl::Status CheckReaders(storage::WriteTransaction& tx, plugins::Engine& engine,
                          const std::string& name) {
  // A unit or a dimension goes on from indicator to indicator.
  std::vector<std::string> changed = {name};
  std::set<std::string> seen = {name};
  while (!changed.empty()) {
    const std::string next = std::move(changed.back());
    changed.pop_back();
    PT_ASSIGN_OR_RETURN(const auto referrers, tx.ListReferrers(next, kAllReferrers));
    for (const std::string& referrer : referrers) {
      PT_RETURN_IF_ERROR(CheckReferrer(tx, engine, name, next, referrer));
      if (CollectionOf(referrer) == kIndicators && seen.insert(referrer).second) {
        changed.push_back(referrer);
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace policytrack::app
