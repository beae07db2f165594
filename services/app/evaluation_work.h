// Work: which groups of a calculation must be recomputed after commits, and from
// which period to which. Everything that it leaves out would come out as it is.
//
// Thread rule: belongs to the thread of its transaction and must not outlive it.
#ifndef POLICYTRACK_SERVICES_APP_EVALUATION_WORK_H_
#define POLICYTRACK_SERVICES_APP_EVALUATION_WORK_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/columns.h"
#include "services/app/calculation.h"
#include "services/app/figures.h"
#include "storage/store.h"

namespace policytrack::app {

struct Work {
  // Of a group, by its key: the inputs that changed.
  struct Change {
    std::vector<std::string> values;
    PeriodRange range;
    bool whole = false;
  };
  bool whole = false;  // all groups whole
  std::map<std::string, Change> groups;
};

class WorkFinder {
 public:
  // `patches` are the outputs, by parent, that the evaluation in progress has
  // changed so far; the other changes are those of commits in (after, upto].
  WorkFinder(storage::ReadTransaction* tx, const Calculation* calculation,
             const std::map<std::string, ParentPatch>* patches, int64_t after, int64_t upto)
      : tx_(tx), calculation_(calculation), patches_(patches), after_(after), upto_(upto) {}

  // `touched` are the datasets whose figures changed.
  absl::StatusOr<Work> Find(const std::set<std::string>& touched);

 private:
  // What changed in one series of an input.
  struct SeriesRange {
    std::string key;
    PeriodRange range;
  };

  // Of an input only the series that it can take, where their keys are known; of the
  // weights of one, which have no input of their own, all.
  absl::StatusOr<std::vector<SeriesRange>> ChangesOf(const std::set<std::string>& touched,
                                                     const std::string& source,
                                                     const std::string& output,
                                                     const ResolvedInput* input);
  absl::Status AddChange(size_t input, SeriesRange change, bool of_weights);
  absl::Status Extend(const ResolvedInput& input, SeriesRange* change, bool* whole);
  absl::Status AddSharedChanges();
  void Add(const std::vector<std::string>& values, PeriodRange range, bool whole);

  storage::ReadTransaction* const tx_;
  const Calculation* const calculation_;
  const std::map<std::string, ParentPatch>* const patches_;
  const int64_t after_;
  const int64_t upto_;
  Work work_;
  // Of what several groups see, the values of the groups, "" for any.
  std::set<std::vector<std::string>> shared_;
};

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_EVALUATION_WORK_H_
