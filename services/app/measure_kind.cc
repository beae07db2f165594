#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "core/resource_name.h"
#include "core/unit.h"
#include "policytrack/v1/measure.pb.h"
#include "services/app/kinds.h"
#include "services/app/resolve.h"
#include "services/app/text_checks.h"

namespace policytrack::app {
namespace {

using google::protobuf::Message;

std::string StageWord(v1::MeasureStage stage) {
  return v1::MeasureStage_Name(stage).substr(sizeof("MEASURE_STAGE_") - 1);
}

// The legal successors of a stage; proto/policytrack/v1/measure.proto lists them.
const std::set<v1::MeasureStage>& Successors(v1::MeasureStage stage) {
  static const auto& table = *new std::map<v1::MeasureStage, std::set<v1::MeasureStage>>{
      {v1::MEASURE_STAGE_PROPOSED, {v1::MEASURE_STAGE_ADOPTED, v1::MEASURE_STAGE_CANCELLED}},
      {v1::MEASURE_STAGE_ADOPTED,
       {v1::MEASURE_STAGE_IN_FORCE, v1::MEASURE_STAGE_SUSPENDED, v1::MEASURE_STAGE_CANCELLED}},
      {v1::MEASURE_STAGE_IN_FORCE,
       {v1::MEASURE_STAGE_SUSPENDED, v1::MEASURE_STAGE_COMPLETED, v1::MEASURE_STAGE_CANCELLED}},
      {v1::MEASURE_STAGE_SUSPENDED,
       {v1::MEASURE_STAGE_ADOPTED, v1::MEASURE_STAGE_IN_FORCE, v1::MEASURE_STAGE_CANCELLED}},
      {v1::MEASURE_STAGE_COMPLETED, {}},
      {v1::MEASURE_STAGE_CANCELLED, {}}};
  return table.at(stage);
}

absl::Status CheckLifecycle(const v1::Measure* before, const v1::Measure& next) {
  for (int i = 0; i < next.lifecycle_size(); ++i) {
    const std::string field = absl::StrCat("measure.lifecycle[", i, "]");
    const v1::StageEntry& entry = next.lifecycle(i);
    PT_RETURN_IF_ERROR(CheckFullDate(field + ".effective_date", entry.effective_date()));
    if (i == 0) continue;
    const v1::StageEntry& previous = next.lifecycle(i - 1);
    const auto& successors = Successors(previous.stage());
    if (successors.count(entry.stage()) == 0) {
      std::string legal;
      for (const v1::MeasureStage stage : successors) {
        absl::StrAppend(&legal, legal.empty() ? "" : ", ", StageWord(stage));
      }
      return FieldInvalid(
          field + ".stage",
          absl::StrCat(StageWord(entry.stage()), " cannot follow ", StageWord(previous.stage()),
                       "; ",
                       legal.empty() ? "nothing can, it is final" : "only " + legal + " can"));
    }
    PT_RETURN_IF_ERROR(CheckDateOrder(field + ".effective_date", previous.effective_date(),
                                      entry.effective_date(),
                                      "is before that of the stage before it"));
  }
  if (before == nullptr) return absl::OkStatus();
  for (int i = 0; i < before->lifecycle_size(); ++i) {
    if (i < next.lifecycle_size() && next.lifecycle(i).stage() == before->lifecycle(i).stage()) {
      continue;
    }
    return FieldInvalid(absl::StrCat("measure.lifecycle[", i, "].stage"),
                        absl::StrCat("must stay ", StageWord(before->lifecycle(i).stage()),
                                     ": stages gone through are history; append the next one"));
  }
  return absl::OkStatus();
}

absl::Status CheckMilestones(const v1::Measure& measure) {
  std::set<std::string> ids;
  for (int i = 0; i < measure.milestones_size(); ++i) {
    const v1::Milestone& milestone = measure.milestones(i);
    const std::string field = absl::StrCat("measure.milestones[", i, "]");
    PT_RETURN_IF_ERROR(CheckResourceId(field + ".id", milestone.id()));
    if (!ids.insert(milestone.id()).second) {
      return FieldInvalid(field + ".id", absl::StrCat("\"", milestone.id(), "\" comes twice"));
    }
    PT_RETURN_IF_ERROR(CheckTranslations(field + ".translations", measure.language_code(),
                                         milestone.translations()));
    PT_RETURN_IF_ERROR(CheckReferences(field + ".evidence", milestone.evidence()));
    if (milestone.has_due_date()) {
      PT_RETURN_IF_ERROR(CheckFullDate(field + ".due_date", milestone.due_date()));
    }
    if (milestone.has_done_date()) {
      PT_RETURN_IF_ERROR(CheckFullDate(field + ".done_date", milestone.done_date()));
    } else if (milestone.evidence_size() > 0) {
      return FieldInvalid(field + ".evidence", "shows that it was done, so done_date must be set");
    }
  }
  return absl::OkStatus();
}

// The times for which the parameter of one id is valid: no two share a day.
class Validity {
 public:
  // The position of a parameter that is valid on days on which this one is, or -1.
  int Add(const v1::MeasureParameter& parameter, int position) {
    const Span span{parameter.has_valid_to() ? DateNumber(parameter.valid_to()) : 99999999,
                    position};
    const int from = parameter.has_valid_from() ? DateNumber(parameter.valid_from()) : 0;
    const auto next = by_from_.lower_bound(from);
    if (next != by_from_.end() && next->first <= span.to) return next->second.position;
    if (next != by_from_.begin() && std::prev(next)->second.to >= from) {
      return std::prev(next)->second.position;
    }
    by_from_.emplace_hint(next, from, span);
    return -1;
  }

 private:
  struct Span {
    int to = 0;
    int position = 0;
  };
  std::map<int, Span> by_from_;
};

absl::Status CheckParameters(const v1::Measure& measure) {
  std::map<std::string, Validity> by_id;
  for (int i = 0; i < measure.parameters_size(); ++i) {
    const v1::MeasureParameter& parameter = measure.parameters(i);
    const std::string field = absl::StrCat("measure.parameters[", i, "]");
    PT_RETURN_IF_ERROR(CheckResourceId(field + ".id", parameter.id()));
    PT_RETURN_IF_ERROR(CheckReferences(field + ".references", parameter.references()));
    if (parameter.value_case() == v1::MeasureParameter::VALUE_NOT_SET) {
      return FieldRequired(field, "must have a number or a text");
    }
    if (parameter.value_case() == v1::MeasureParameter::kNumber) {
      PT_RETURN_IF_ERROR(CheckUnit(field + ".unit", parameter.unit()));
      PT_RETURN_IF_ERROR(
          CheckUnitMultiplier(field + ".unit_multiplier", parameter.unit_multiplier()));
    } else if (!parameter.unit().empty() || parameter.unit_multiplier() != 0) {
      return FieldInvalid(field + ".unit", "belongs to a number, and this is a text");
    }
    if (parameter.has_valid_from()) {
      PT_RETURN_IF_ERROR(CheckFullDate(field + ".valid_from", parameter.valid_from()));
    }
    if (parameter.has_valid_to()) {
      PT_RETURN_IF_ERROR(CheckFullDate(field + ".valid_to", parameter.valid_to()));
    }
    if (parameter.has_valid_from() && parameter.has_valid_to()) {
      PT_RETURN_IF_ERROR(CheckDateOrder(field + ".valid_to", parameter.valid_from(),
                                        parameter.valid_to(), "is before valid_from"));
    }
    const int other = by_id[parameter.id()].Add(parameter, i);
    if (other >= 0) {
      return FieldInvalid(field, absl::StrCat("is valid on days on which parameters[", other,
                                              "] of the same id is valid too; end that one "
                                              "the day before"));
    }
  }
  return absl::OkStatus();
}

class MeasureKind final : public DocumentKind {
 public:
  explicit MeasureKind(plugins::Engine* engine) : engine_(engine) {}

  std::string collection() const override { return kMeasures; }
  std::string singular() const override { return "measure"; }
  MessagePtr New() const override { return std::make_unique<v1::Measure>(); }
  bool soft_delete() const override { return true; }

  absl::Status Check(storage::ReadTransaction& tx, const Message* before,
                     Message* next) const override {
    auto& measure = static_cast<v1::Measure&>(*next);
    PT_RETURN_IF_ERROR(CheckTexts(measure));
    PT_RETURN_IF_ERROR(CheckLifecycle(static_cast<const v1::Measure*>(before), measure));
    measure.set_stage(measure.lifecycle(measure.lifecycle_size() - 1).stage());
    PT_RETURN_IF_ERROR(CheckMilestones(measure));
    PT_RETURN_IF_ERROR(CheckParameters(measure));

    PT_RETURN_IF_ERROR(ParseResourceName("measure.plan", kPlans, measure.plan()).status());
    PT_ASSIGN_OR_RETURN(auto plan, tx.GetDocument(measure.plan(), storage::kPresent));
    if (!plan.has_value() || plan->deleted) {
      return NotFound(measure.plan(), absl::StrCat("measure.plan: ", measure.plan(),
                                                   " does not exist; create it first"));
    }
    std::set<std::string> ids;
    for (int i = 0; i < measure.targets_size(); ++i) {
      const v1::Target& target = measure.targets(i);
      const std::string field = absl::StrCat("measure.targets[", i, "]");
      PT_RETURN_IF_ERROR(CheckResourceId(field + ".id", target.id()));
      if (!ids.insert(target.id()).second) {
        return FieldInvalid(field + ".id", absl::StrCat("\"", target.id(), "\" comes twice"));
      }
      PT_RETURN_IF_ERROR(CheckTranslations(field + ".translations", measure.language_code(),
                                           target.translations()));
      PT_RETURN_IF_ERROR(CheckReferences(field + ".references", target.references()));
      PT_RETURN_IF_ERROR(CheckTarget(tx, storage::kPresent, *engine_, target, field));
    }
    return absl::OkStatus();
  }

  std::vector<std::string> References(const Message& document) const override {
    return ReferencesOf(static_cast<const v1::Measure&>(document));
  }

 private:
  static absl::Status CheckTexts(const v1::Measure& measure) {
    PT_RETURN_IF_ERROR(CheckLanguage("measure.language_code", measure.language_code()));
    PT_RETURN_IF_ERROR(
        CheckTranslations("measure.translations", measure.language_code(), measure.translations()));
    PT_RETURN_IF_ERROR(CheckReferences("measure.references", measure.references()));
    std::set<std::string> regions;
    for (int i = 0; i < measure.regions_size(); ++i) {
      const std::string field = absl::StrCat("measure.regions[", i, "]");
      PT_RETURN_IF_ERROR(CheckRegion(field, measure.regions(i)));
      if (!regions.insert(measure.regions(i)).second) {
        return FieldInvalid(field, absl::StrCat("\"", measure.regions(i), "\" comes twice"));
      }
    }
    for (int i = 0; i < measure.agencies_size(); ++i) {
      std::vector<std::string> languages;
      for (const auto& [language, name] : measure.agencies(i).translations()) {
        languages.push_back(language);
      }
      std::sort(languages.begin(), languages.end());
      for (const std::string& language : languages) {
        PT_RETURN_IF_ERROR(
            CheckLanguageKey(absl::StrCat("measure.agencies[", i, "].translations"), language));
      }
    }
    return absl::OkStatus();
  }

  plugins::Engine* const engine_;
};

}  // namespace

std::unique_ptr<DocumentKind> MakeMeasureKind(plugins::Engine* engine) {
  return std::make_unique<MeasureKind>(engine);
}

}  // namespace policytrack::app
