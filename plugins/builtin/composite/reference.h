// Reference sets: what the parts of a slot say at a period, or of all periods up
// to it, as far as a component is held against it.
//
// Thread rule: plain data; an instance is used from one thread at a time.
#ifndef POLICYTRACK_PLUGINS_BUILTIN_COMPOSITE_REFERENCE_H_
#define POLICYTRACK_PLUGINS_BUILTIN_COMPOSITE_REFERENCE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "policytrack_plugin.hpp"

namespace composite {

// Values by their number, extremes, mean and squared distance from the mean.
class Pool {
 public:
  void Add(double value, policytrack_plugin::Flags flags);
  void Add(const Pool& other);

  size_t count() const { return count_; }
  double smallest() const { return smallest_; }
  double largest() const { return largest_; }
  double mean() const { return mean_; }
  // Of the values themselves, not of a population that they are a sample of.
  // REQUIRES: there is a value.
  double StandardDeviation() const;
  // The worst quality among the values.
  policytrack_plugin::Flags quality() const { return quality_; }

 private:
  size_t count_ = 0;
  double smallest_ = 0;
  double largest_ = 0;
  double mean_ = 0;
  double squares_ = 0;
  policytrack_plugin::Flags quality_ = 0;
};

class Reference {
 public:
  // Reads the parts of a column. With `up_to_now` the pool of a period has the
  // values of all periods up to it, of each part only those from its last break
  // on, since what was before does not compare.
  Reference(const policytrack_plugin::Call& call, const policytrack_plugin::Column& column,
            bool up_to_now);

  // The pool that counts at a period; null when there is none.
  const Pool* At(int64_t period) const;

 private:
  bool up_to_now_;
  std::vector<int64_t> periods_;
  std::vector<Pool> pools_;  // for each period
};

}  // namespace composite

#endif  // POLICYTRACK_PLUGINS_BUILTIN_COMPOSITE_REFERENCE_H_
