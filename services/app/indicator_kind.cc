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
#include "services/app/readers.h"
#include "services/app/resolve.h"
#include "services/app/text_checks.h"

namespace policytrack::app {
namespace {

using google::protobuf::Message;

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
    return CheckReaders(tx, *engine_, indicator.name());
  }

  absl::Status OnDelete(storage::WriteTransaction& tx, const std::string& name) const override {
    return tx.DeleteAllSeries(name).status();
  }

 private:
  plugins::Engine* const engine_;
};

}  // namespace

std::unique_ptr<DocumentKind> MakeIndicatorKind(plugins::Engine* engine) {
  return std::make_unique<IndicatorKind>(engine);
}

}  // namespace policytrack::app
