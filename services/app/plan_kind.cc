#include "core/error.h"
#include "core/resource_name.h"
#include "policytrack/v1/plan.pb.h"
#include "services/app/kinds.h"
#include "services/app/text_checks.h"

namespace policytrack::app {
namespace {

using google::protobuf::Message;

class PlanKind final : public DocumentKind {
 public:
  std::string collection() const override { return kPlans; }
  std::string singular() const override { return "plan"; }
  MessagePtr New() const override { return std::make_unique<v1::Plan>(); }

  absl::Status Check(storage::ReadTransaction& tx, const Message* before,
                     Message* next) const override {
    const auto& plan = static_cast<const v1::Plan&>(*next);
    PT_RETURN_IF_ERROR(CheckLanguage("plan.language_code", plan.language_code()));
    PT_RETURN_IF_ERROR(
        CheckTranslations("plan.translations", plan.language_code(), plan.translations()));
    PT_RETURN_IF_ERROR(CheckReferences("plan.references", plan.references()));
    if (!plan.region().empty()) PT_RETURN_IF_ERROR(CheckRegion("plan.region", plan.region()));
    if (plan.has_start_date()) {
      PT_RETURN_IF_ERROR(CheckFullDate("plan.start_date", plan.start_date()));
    }
    if (plan.has_end_date()) {
      PT_RETURN_IF_ERROR(CheckFullDate("plan.end_date", plan.end_date()));
    }
    if (plan.has_start_date() && plan.has_end_date()) {
      return CheckDateOrder("plan.end_date", plan.start_date(), plan.end_date(),
                            "is before start_date");
    }
    return absl::OkStatus();
  }

  std::vector<std::string> References(const Message& document) const override { return {}; }
};

}  // namespace

std::unique_ptr<DocumentKind> MakePlanKind() { return std::make_unique<PlanKind>(); }

}  // namespace policytrack::app
