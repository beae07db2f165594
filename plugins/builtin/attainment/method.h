// A published way to judge progress between two points or along a trend. Which
// there are, and their formulas with their sources: README.md. The way that is
// counted within a year, pro rata, is apart: pro_rata.h.
//
// Thread rule: immutable; const methods from any thread.
#ifndef POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_METHOD_H_
#define POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_METHOD_H_

#include <memory>
#include <optional>
#include <string>

#include "plugins/builtin/attainment/path.h"
#include "plugins/builtin/attainment/trend.h"
#include "plugins/builtin/attainment/verdict.h"

namespace attainment {

// What is compared. Times are in years.
struct Progress {
  double baseline = 0;
  double value = 0;
  double target = 0;        // with a final point
  double years = 0;         // from the baseline to the value
  double all_years = 0;     // from the baseline to the target
  double direction = 1;     // 1 when more is wanted, -1 when less
  bool whole_year = false;  // whether at least a year lies between baseline and value
  Earlier earlier;          // the points before the value

  double years_left() const { return all_years - years; }
};

class Method {
 public:
  virtual ~Method() = default;

  // How the way to the target is drawn, and so what is expected and needed.
  virtual Shape shape() const = 0;
  // Whether a direction alone, without a final point, can be judged.
  virtual bool judges_direction() const { return false; }
  // Whether there are enough points, with enough time between them.
  virtual bool Enough(const Progress& progress) const = 0;
  // None where the formula is not defined. Asked of values that meet the target too,
  // of which only the ratio is then shown. REQUIRES: Enough.
  virtual std::optional<Verdict> WithTarget(const Progress& progress) const = 0;
  // REQUIRES: Enough, judges_direction().
  virtual std::optional<Verdict> WithoutTarget(const Progress& progress) const;
  // The value at the target's time if the pace so far holds. REQUIRES: Enough.
  virtual std::optional<double> Project(const Progress& progress) const = 0;
  // Which of the earlier points a judgement rests on beside baseline and value.
  virtual const Rest* RestsOn(const Earlier& earlier) const;
};

// The method of this name, or null. `natural_limit` is for open_sdg without a final
// point.
std::unique_ptr<Method> MakeMethod(const std::string& name, std::optional<double> natural_limit);

// For MakeMethod: null for the names of the other.
std::unique_ptr<Method> MakeGrowthMethod(const std::string& name,
                                         std::optional<double> natural_limit);
std::unique_ptr<Method> MakeLinearMethod(const std::string& name);

}  // namespace attainment

#endif  // POLICYTRACK_PLUGINS_BUILTIN_ATTAINMENT_METHOD_H_
