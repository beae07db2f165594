#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/error.h"
#include "core/resource_name.h"
#include "policytrack/v1/indicator.pb.h"
#include "policytrack/v1/measure.pb.h"
#include "services/app/kinds.h"
#include "services/app/resolve.h"
#include "services/app/text_checks.h"

namespace policytrack::app {
namespace {

using google::protobuf::Message;

// Documents that may use an indicator, all of them.
constexpr int kAllReferrers = 1 << 30;

class IndicatorKind final : public DocumentKind {
 public:
  explicit IndicatorKind(plugins::Engine* engine) : engine_(engine) {}

  std::string collection() const override { return kIndicators; }
  std::string singular() const override { return "indicator"; }
  MessagePtr New() const override { return std::make_unique<v1::Indicator>(); }

  absl::Status Check(storage::ReadTransaction& tx, const Message* before,
                     Message* next) const override {
    const auto& indicator = static_cast<const v1::Indicator&>(*next);
    PT_RETURN_IF_ERROR(CheckIndicatorTexts(indicator));
    // Before resolving: an indicator that feeds itself does not exist yet.
    PT_RETURN_IF_ERROR(CheckNoCycle(tx, indicator));
    return ResolveIndicator(tx, storage::kPresent, *engine_, indicator, "indicator").status();
  }

  std::vector<std::string> References(const Message& document) const override {
    return ReferencesOf(static_cast<const v1::Indicator&>(document));
  }

  // Indicators and targets that read this one must still fit it.
  absl::Status CheckDependents(storage::WriteTransaction& tx,
                               const Message& document) const override {
    const auto& indicator = static_cast<const v1::Indicator&>(document);
    // A unit or a dimension goes on from indicator to indicator.
    std::vector<std::string> changed = {indicator.name()};
    std::set<std::string> seen = {indicator.name()};
    while (!changed.empty()) {
      const std::string name = std::move(changed.back());
      changed.pop_back();
      PT_ASSIGN_OR_RETURN(const auto referrers, tx.ListReferrers(name, kAllReferrers));
      for (const std::string& referrer : referrers) {
        PT_RETURN_IF_ERROR(CheckDependent(tx, indicator.name(), name, referrer));
        if (CollectionOf(referrer) == kIndicators && seen.insert(referrer).second) {
          changed.push_back(referrer);
        }
      }
    }
    return absl::OkStatus();
  }

  absl::Status OnDelete(storage::WriteTransaction& tx, const std::string& name) const override {
    return tx.DeleteAllSeries(name).status();
  }

 private:
  // Checks what reads `name` after `origin` has changed.
  absl::Status CheckDependent(storage::WriteTransaction& tx, const std::string& origin,
                              const std::string& name, const std::string& referrer) const {
    PT_ASSIGN_OR_RETURN(auto stored, tx.GetDocument(referrer, storage::kPresent));
    if (!stored.has_value() || stored->deleted) return absl::OkStatus();
    const absl::Status status = CheckReferrer(tx, name, *stored);
    // A plugin that cannot be used is no fault of this change.
    if (status.ok() || ReasonOf(status) == reason::kPluginNotActive) return absl::OkStatus();
    if (ReasonOf(status).empty()) return status;
    return Error(absl::StatusCode::kFailedPrecondition, reason::kResourceInUse,
                 absl::StrCat("with this change ", referrer, ", which uses ", name,
                              ", would no longer be valid: ", std::string(status.message())),
                 {{"resource", origin}, {"referrer", referrer}});
  }

  absl::Status CheckReferrer(storage::WriteTransaction& tx, const std::string& name,
                             const storage::Document& stored) const {
    if (CollectionOf(stored.name) == kIndicators) {
      v1::Indicator user;
      if (!user.ParseFromString(stored.body)) return absl::InternalError("body cannot be parsed");
      return ResolveIndicator(tx, storage::kPresent, *engine_, user, "indicator").status();
    }
    v1::Measure measure;
    if (!measure.ParseFromString(stored.body)) return absl::InternalError("body cannot be parsed");
    for (int i = 0; i < measure.targets_size(); ++i) {
      if (measure.targets(i).indicator() != name) continue;
      PT_RETURN_IF_ERROR(CheckTarget(tx, storage::kPresent, *engine_, measure.targets(i),
                                     absl::StrCat("measure.targets[", i, "]")));
    }
    return absl::OkStatus();
  }

  plugins::Engine* const engine_;
};

}  // namespace

std::unique_ptr<DocumentKind> MakeIndicatorKind(plugins::Engine* engine) {
  return std::make_unique<IndicatorKind>(engine);
}

}  // namespace policytrack::app
