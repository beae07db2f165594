// Figures: where the series that feed a calculation are read from. It hides
// whether a source is a dataset, a stored output, an output of the evaluation
// that is going on, or one computed on demand.
//
// Thread rule: belongs to one thread; StoreFigures must not outlive its
// transaction.
#ifndef POLICYTRACK_SERVICES_APP_FIGURES_H_
#define POLICYTRACK_SERVICES_APP_FIGURES_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/columns.h"
#include "storage/store.h"

namespace policytrack::app {

class Figures {
 public:
  virtual ~Figures() = default;

  // Keys of the series of a source's output, in byte order. Series without
  // points may be among them. `output` is "" for datasets.
  virtual absl::StatusOr<std::vector<std::string>> Keys(const std::string& source,
                                                        const std::string& output) = 0;
  // The points of a series in a range with their revisions; empty when there is
  // no such series.
  virtual absl::StatusOr<Columns> Read(const std::string& source, const std::string& output,
                                       const std::string& key, PeriodRange range) = 0;
};

// What stands in the store as of a revision.
class StoreFigures final : public Figures {
 public:
  StoreFigures(storage::ReadTransaction* tx, int64_t as_of);

  absl::StatusOr<std::vector<std::string>> Keys(const std::string& source,
                                                const std::string& output) override;
  absl::StatusOr<Columns> Read(const std::string& source, const std::string& output,
                               const std::string& key, PeriodRange range) override;

  // Every output of a parent that has a series, in order; without a look at all series.
  absl::StatusOr<std::vector<std::string>> Outputs(const std::string& parent);
  // Every series of a parent, in the order of (output, key).
  absl::StatusOr<std::vector<storage::SeriesInfo>> List(const std::string& parent);

 private:
  storage::ReadTransaction* const tx_;
  const int64_t as_of_;
};

// Points written and taken away over what another source says, by series.
struct SeriesPatch {
  Columns points;
  std::vector<int64_t> deletions;

  bool empty() const { return points.empty() && deletions.empty(); }
  // The smallest range that holds all of it. REQUIRES: not empty.
  PeriodRange Range() const;
};

// (output, key) to what changes there.
using ParentPatch = std::map<std::pair<std::string, std::string>, SeriesPatch>;

// `base` with patches, by parent, laid over it.
class PatchedFigures final : public Figures {
 public:
  PatchedFigures(Figures* base, const std::map<std::string, ParentPatch>* patches)
      : base_(base), patches_(patches) {}

  absl::StatusOr<std::vector<std::string>> Keys(const std::string& source,
                                                const std::string& output) override;
  absl::StatusOr<Columns> Read(const std::string& source, const std::string& output,
                               const std::string& key, PeriodRange range) override;

 private:
  Figures* const base_;
  const std::map<std::string, ParentPatch>* const patches_;
};

// What makes `stored` into `wanted`.
SeriesPatch DifferenceOf(const Columns& stored, Columns wanted);

// `base` with a patch laid over it, in a range.
Columns ApplyPatch(const Columns& base, const SeriesPatch& patch, PeriodRange range);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_FIGURES_H_
