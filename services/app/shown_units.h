// The units that the values of a read come in: those that they are kept in, or the
// one that the reader asked for.
//
// Thread rule: immutable values, any thread.
#ifndef POLICYTRACK_SERVICES_APP_SHOWN_UNITS_H_
#define POLICYTRACK_SERVICES_APP_SHOWN_UNITS_H_

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/columns.h"
#include "core/unit_conversion.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "policytrack/v1/common.pb.h"
#include "policytrack/v1/observation.pb.h"
#include "policytrack/v1/progress.pb.h"

namespace policytrack::app {

// What the outputs of a parent are kept in, by output; that of a dataset is "".
// An output of which it is not known is left out, and `unknown` says why.
struct KeptUnits {
  std::map<std::string, ScaledUnit> outputs;
  std::string unknown;
};

class ShownUnits {
 public:
  // `asked` without unit leaves everything as it is kept. REQUIRES: CheckAskedUnit
  // is ok.
  // Returns INVALID_ARGUMENT / FIELD_INVALID when no output of `parent` can be
  // converted to what is asked.
  static absl::StatusOr<ShownUnits> Make(const std::string& parent, const KeptUnits& kept,
                                         const ScaledUnit& asked);

  // What each output comes in, by output.
  void Describe(google::protobuf::RepeatedPtrField<v1::OutputUnit>* units) const;
  // Brings the values [begin, end) of an output into what it comes in.
  // Returns INVALID_ARGUMENT / FIELD_INVALID when a double cannot hold one.
  absl::Status Convert(const std::string& output, v1::Frequency frequency, size_t begin, size_t end,
                       Columns* columns) const;

 private:
  struct Shown {
    ScaledUnit unit;
    UnitRatio ratio;
  };
  std::map<std::string, Shown> outputs_;
};

// Brings what is told of targets into the unit asked, where theirs is of its kind.
// REQUIRES: CheckAskedUnit is ok.
// Returns INVALID_ARGUMENT / FIELD_INVALID when a double cannot hold a value.
absl::Status ShowProgress(const ScaledUnit& asked, v1::MeasureProgress* progress);
// Ok when nothing was asked, or some target is told in it.
// Returns INVALID_ARGUMENT / FIELD_INVALID, saying in what `name` has targets.
absl::Status CheckShown(const ScaledUnit& asked, const std::string& name,
                        const std::vector<const v1::MeasureProgress*>& measures);

}  // namespace policytrack::app

#endif  // POLICYTRACK_SERVICES_APP_SHOWN_UNITS_H_
