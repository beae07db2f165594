// A sum of doubles that keeps what each addition rounds away (a compensated sum,
// with Knuth's exact addition), C++17, header only. It is as good as one in twice
// the precision, rounded once: 1e16 + 1 - 1e16 is 1, and 0.1 added ten times is 1.
//
// Thread rule: a Sum is used from one thread at a time.
#ifndef POLICYTRACK_SUM_HPP_
#define POLICYTRACK_SUM_HPP_

#include "policytrack_plugin.hpp"  // refuses -ffast-math, which would undo it

namespace policytrack_plugin POLICYTRACK_PLUGIN_HIDDEN_ {

class Sum {
 public:
  void Add(double x) {
    const double next = sum_ + x;
    const double added = next - sum_;
    lost_ += (sum_ - (next - added)) + (x - added);
    sum_ = next;
  }
  // Not finite when the sum went beyond doubles on the way.
  double Value() const { return sum_ + lost_; }

 private:
  double sum_ = 0;
  double lost_ = 0;
};

}  // namespace POLICYTRACK_PLUGIN_HIDDEN_

#endif  // POLICYTRACK_SUM_HPP_
