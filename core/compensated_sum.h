// A sum with Neumaier's compensation: the parts that rounding takes away are
// kept and added at the end, so that the order of many figures hardly matters.
#ifndef POLICYTRACK_CORE_COMPENSATED_SUM_H_
#define POLICYTRACK_CORE_COMPENSATED_SUM_H_

#include <cmath>

namespace policytrack {

class CompensatedSum {
 public:
  void Add(double value) {
    const double next = total_ + value;
    lost_ +=
        std::fabs(total_) >= std::fabs(value) ? (total_ - next) + value : (value - next) + total_;
    total_ = next;
  }
  double Value() const { return std::isfinite(total_) ? total_ + lost_ : total_; }

 private:
  double total_ = 0;
  double lost_ = 0;
};

}  // namespace policytrack

#endif  // POLICYTRACK_CORE_COMPENSATED_SUM_H_
