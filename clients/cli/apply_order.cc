#include "clients/cli/apply_order.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "policytrack/v1/indicator.pb.h"

namespace policytrack::cli {
namespace {

// Depth-first over the inputs; what is done is appended to `order`.
class Sorter {
 public:
  Sorter(const std::vector<ResourceDocument>& documents, std::vector<Diagnostic>* errors)
      : documents_(documents), errors_(errors), states_(documents.size(), kNew) {
    for (size_t i = 0; i < documents.size(); ++i) index_[documents[i].name] = i;
  }

  void Visit(size_t i) {
    if (states_[i] == kDoneState) return;
    if (states_[i] == kOpen) {
      Circle(i);
      return;
    }
    states_[i] = kOpen;
    path_.push_back(i);
    if (const auto* indicator = dynamic_cast<const v1::Indicator*>(documents_[i].message.get())) {
      for (const v1::IndicatorInput& input : indicator->inputs()) {
        VisitSource(i, input.source());
        VisitSource(i, input.weight_source());
      }
    }
    path_.pop_back();
    states_[i] = kDoneState;
    order.push_back(i);
  }

  std::vector<size_t> order;

 private:
  enum State { kNew, kOpen, kDoneState };

  // What feeds a document of its own kind comes before it.
  void VisitSource(size_t i, const std::string& source) {
    const auto it = index_.find(source);
    if (it != index_.end() && documents_[it->second].kind == documents_[i].kind) {
      Visit(it->second);
    }
  }

  void Circle(size_t start) {
    std::vector<std::string> names;
    auto it = std::find(path_.begin(), path_.end(), start);
    for (; it != path_.end(); ++it) names.push_back(documents_[*it].name);
    names.push_back(documents_[start].name);
    const Position position = FindPosition(documents_[start], "inputs");
    errors_->push_back(
        {documents_[start].file, position.line, position.column,
         absl::StrCat("these indicators feed each other: ", absl::StrJoin(names, " <- "))});
  }

  const std::vector<ResourceDocument>& documents_;
  std::vector<Diagnostic>* errors_;
  std::map<std::string, size_t> index_;
  std::vector<State> states_;
  std::vector<size_t> path_;
};

}  // namespace

void SortByDependency(std::vector<ResourceDocument>* documents, std::vector<Diagnostic>* errors) {
  std::stable_sort(documents->begin(), documents->end(),
                   [](const ResourceDocument& a, const ResourceDocument& b) {
                     // DocumentKinds() is in the order of reference.
                     return a.kind - DocumentKinds().data() < b.kind - DocumentKinds().data();
                   });
  Sorter sorter(*documents, errors);
  for (size_t i = 0; i < documents->size(); ++i) sorter.Visit(i);
  std::vector<ResourceDocument> sorted;
  for (size_t i : sorter.order) sorted.push_back(std::move((*documents)[i]));
  *documents = std::move(sorted);
}

}  // namespace policytrack::cli
