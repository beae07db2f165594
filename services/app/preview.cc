#include "services/app/preview.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/digest.h"
#include "core/error.h"
#include "services/app/as_of.h"
#include "services/app/compute.h"
#include "services/app/computed_reader.h"
#include "services/app/group_inputs.h"
#include "services/app/resolve.h"
#include "services/app/series_proto.h"
#include "services/app/text_checks.h"

namespace policytrack::app {
namespace {

constexpr size_t kMaxSeries = 1000;
// Well below the 4 MiB that clients take in a message.
constexpr size_t kMaxBytes = 3 << 20;
// A point in a Series is at most about this long, all columns together.
constexpr size_t kPointBytes = 32;
// Points of inputs that are held until their plugin runs.
constexpr size_t kMaxInputPoints = 4 << 20;
constexpr char kPrefix[] = "indicator";

}  // namespace

absl::StatusOr<v1::PreviewIndicatorResponse> Preview::PreviewIndicator(
    const v1::PreviewIndicatorRequest& request) {
  v1::Indicator definition = request.indicator();
  definition.clear_name();
  definition.set_revision(0);
  PT_RETURN_IF_ERROR(CheckIndicatorTexts(definition));
  Calculation calculation;
  std::vector<Group> groups;
  std::vector<GroupInputs> inputs;
  int64_t revision = 0;
  bool truncated = false;  // groups were left out
  PT_RETURN_IF_ERROR(store_->Read([&](storage::ReadTransaction& tx) -> absl::Status {
    groups.clear();
    inputs.clear();
    truncated = false;
    PT_ASSIGN_OR_RETURN(revision, ResolveAsOf(tx, request.has_as_of(), request.as_of()));
    revision = std::min(revision, tx.revision());
    Resolver resolver(&tx, revision, engine_);
    PT_ASSIGN_OR_RETURN(calculation, resolver.Indicator(definition, kPrefix));
    PT_RETURN_IF_ERROR(BindPlugin(kPrefix, &calculation));
    HistoryFigures figures(&tx, engine_, revision);
    PT_ASSIGN_OR_RETURN(std::vector<Group> all, FindGroups(calculation, figures));
    // No more than can be shown: one series an output and group.
    size_t bytes = 0;
    size_t points = 0;
    SharedInputs shared;
    for (Group& group : all) {
      if ((inputs.size() + 1) * calculation.outputs.size() > kMaxSeries || bytes > kMaxBytes ||
          points > kMaxInputPoints) {
        truncated = true;
        break;
      }
      PT_ASSIGN_OR_RETURN(GroupInputs of,
                          ReadGroup(calculation, figures, group, PeriodRange(), &shared));
      if (of.axis.empty()) continue;
      bytes += of.axis.size() * calculation.outputs.size() * kPointBytes;
      points += of.point_count;
      groups.push_back(std::move(group));
      inputs.push_back(std::move(of));
    }
    return absl::OkStatus();
  }));

  v1::PreviewIndicatorResponse response;
  Digest digest;
  size_t bytes = 0;
  bool full = false;
  for (size_t g = 0; g < groups.size() && !full; ++g) {
    inputs[g].AddTo(&digest, calculation);
    PT_ASSIGN_OR_RETURN(const std::vector<Columns> outputs,
                        ComputeGroup(calculation, inputs[g], PeriodRange()));
    for (size_t o = 0; o < outputs.size(); ++o) {
      if (outputs[o].empty()) continue;
      v1::Series series;
      DescribeSeries(calculation.group_by, groups[g].values, calculation.outputs[o].name,
                     calculation.frequency, &series);
      AppendPoints(outputs[o], 0, outputs[o].size(), &series);
      bytes += series.ByteSizeLong();
      if (bytes > kMaxBytes) {
        full = true;
        break;
      }
      *response.add_series() = std::move(series);
    }
  }
  *response.mutable_evaluation() = calculation.Provenance();
  response.mutable_evaluation()->set_input_revision(revision);
  response.mutable_evaluation()->set_input_digest(ToHex(digest.Finish()));
  response.set_truncated(truncated || full);
  return response;
}

}  // namespace policytrack::app
