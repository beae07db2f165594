// Many measures, created by calls that are under way together: each is a commit, and
// the server brings those that wait for the disk to it at once.
//
// Thread rule: one thread.
#ifndef POLICYTRACK_BENCH_MANY_MEASURES_H_
#define POLICYTRACK_BENCH_MANY_MEASURES_H_

#include <functional>
#include <string>

#include "policytrack/v1/measure.pb.h"

namespace policytrack::bench {

// The id of one of them; their order is that of the numbers.
std::string ManyMeasureId(int number);

// Creates the measures [0, count) as `make` has them. Each must be created.
void CreateManyMeasures(const std::string& address, int count,
                        const std::function<v1::Measure(int)>& make);

}  // namespace policytrack::bench

#endif  // POLICYTRACK_BENCH_MANY_MEASURES_H_
