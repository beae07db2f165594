#include "services/app/definitions.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "core/resource_name.h"

namespace policytrack::app {
namespace {

constexpr int kBatch = 256;
// Deeper chains of indicators cannot be resolved; a stored one is damage.
constexpr int kMaxDepth = 1000;

template <typename Message>
absl::StatusOr<Message> Parse(const storage::Document& document) {
  Message message;
  if (!message.ParseFromString(document.body)) return DamagedState(document);
  message.set_name(document.name);
  message.set_revision(document.revision);
  return message;
}

template <typename Message>
absl::StatusOr<std::optional<Message>> Load(storage::ReadTransaction& tx, absl::string_view name,
                                            int64_t as_of) {
  PT_ASSIGN_OR_RETURN(const std::optional<storage::Document> document, tx.GetDocument(name, as_of));
  if (!document.has_value() || document->deleted) return std::optional<Message>();
  PT_ASSIGN_OR_RETURN(Message message, Parse<Message>(*document));
  return std::optional<Message>(std::move(message));
}

std::vector<std::string> Unique(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace

absl::Status DamagedState(const storage::Document& document) {
  return Error(absl::StatusCode::kInternal, reason::kStoreDamaged,
               absl::StrCat("the stored state of ", document.name, " at revision ",
                            document.revision, " cannot be read; verify the store"),
               {{"resource", document.name}});
}

absl::StatusOr<std::optional<v1::Dataset>> LoadDataset(storage::ReadTransaction& tx,
                                                       absl::string_view name, int64_t as_of) {
  return Load<v1::Dataset>(tx, name, as_of);
}

absl::StatusOr<std::optional<v1::Indicator>> LoadIndicator(storage::ReadTransaction& tx,
                                                           absl::string_view name, int64_t as_of) {
  return Load<v1::Indicator>(tx, name, as_of);
}

absl::StatusOr<std::optional<v1::Measure>> LoadMeasure(storage::ReadTransaction& tx,
                                                       absl::string_view name, int64_t as_of) {
  return Load<v1::Measure>(tx, name, as_of);
}

absl::StatusOr<std::optional<v1::Plan>> LoadPlan(storage::ReadTransaction& tx,
                                                 absl::string_view name, int64_t as_of) {
  return Load<v1::Plan>(tx, name, as_of);
}

absl::StatusOr<std::optional<v1::Script>> LoadScript(storage::ReadTransaction& tx,
                                                     absl::string_view name, int64_t as_of) {
  return Load<v1::Script>(tx, name, as_of);
}

absl::StatusOr<v1::Indicator> ParseIndicator(const storage::Document& document) {
  return Parse<v1::Indicator>(document);
}

absl::StatusOr<v1::Measure> ParseMeasure(const storage::Document& document) {
  return Parse<v1::Measure>(document);
}

absl::Status ForEachDocument(storage::ReadTransaction& tx, absl::string_view collection,
                             int64_t as_of,
                             const std::function<absl::Status(const storage::Document&)>& visit) {
  std::string after;
  while (true) {
    PT_ASSIGN_OR_RETURN(const std::vector<storage::Document> page,
                        tx.ListDocuments(collection, after, kBatch, as_of, false));
    for (const storage::Document& document : page) PT_RETURN_IF_ERROR(visit(document));
    if (page.size() < static_cast<size_t>(kBatch)) return absl::OkStatus();
    after = page.back().name;
  }
}

const v1::Target* FindTarget(const v1::Measure& measure, absl::string_view id) {
  for (const v1::Target& target : measure.targets()) {
    if (absl::string_view(target.id()) == id) return &target;
  }
  return nullptr;
}

std::vector<std::string> ReferencesOf(const v1::Indicator& indicator) {
  std::vector<std::string> names;
  if (CollectionOf(indicator.plugin()) == kScripts) names.push_back(indicator.plugin());
  for (const v1::IndicatorInput& input : indicator.inputs()) {
    names.push_back(input.source());
    if (!input.weight_source().empty()) names.push_back(input.weight_source());
  }
  return Unique(std::move(names));
}

std::vector<std::string> ReferencesOf(const v1::Measure& measure) {
  std::vector<std::string> names;
  if (!measure.plan().empty()) names.push_back(measure.plan());
  for (const v1::Target& target : measure.targets()) names.push_back(target.indicator());
  return Unique(std::move(names));
}

absl::StatusOr<v1::Frequency> FrequencyOf(storage::ReadTransaction& tx, absl::string_view name,
                                          int64_t as_of) {
  std::string current(name);
  for (int depth = 0; depth < kMaxDepth; ++depth) {
    const absl::string_view collection = CollectionOf(current);
    if (collection == kDatasets) {
      PT_ASSIGN_OR_RETURN(const auto dataset, LoadDataset(tx, current, as_of));
      return dataset.has_value() ? dataset->frequency() : v1::FREQUENCY_UNSPECIFIED;
    }
    if (collection == kMeasures) {
      PT_ASSIGN_OR_RETURN(const TargetName parts, ParseTargetName("name", current));
      PT_ASSIGN_OR_RETURN(const auto measure, LoadMeasure(tx, parts.measure, as_of));
      if (!measure.has_value()) return v1::FREQUENCY_UNSPECIFIED;
      const v1::Target* target = FindTarget(*measure, parts.target);
      if (target == nullptr) return v1::FREQUENCY_UNSPECIFIED;
      current = target->indicator();
      continue;
    }
    PT_ASSIGN_OR_RETURN(const auto indicator, LoadIndicator(tx, current, as_of));
    if (!indicator.has_value() || indicator->inputs().empty()) return v1::FREQUENCY_UNSPECIFIED;
    if (indicator->frequency() != v1::FREQUENCY_UNSPECIFIED) return indicator->frequency();
    current = indicator->inputs(0).source();
  }
  return v1::FREQUENCY_UNSPECIFIED;
}

}  // namespace policytrack::app
