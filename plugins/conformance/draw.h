// Figures to feed a plugin with, drawn from a seed.
//
// Thread rule: a Random is used from one thread at a time.
#ifndef POLICYTRACK_PLUGINS_CONFORMANCE_DRAW_H_
#define POLICYTRACK_PLUGINS_CONFORMANCE_DRAW_H_

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "plugins/conformance/subject.h"

namespace policytrack::plugins {

using Random = std::mt19937_64;

// What the figures of a slot look like.
struct Figures {
  double lowest = 1;
  double highest = 100;
};

// The figures of a feed's example, or those above when it has none.
Figures FiguresOf(const Feed& feed);

// The first period of a setup's examples, or one of 2010.
int64_t FirstPeriod(const Setup& setup);

// One of equally many numbers, both ends inclusive.
int64_t Between(Random* random, int64_t lowest, int64_t highest);
bool OneIn(Random* random, int n);
double DrawValue(Random* random, Figures figures);

// The feeds of a setup with other points: `points` makes those of one series, whose
// figures look like these. A slot that comes with its own periods and has an
// example, such as the path of a target, keeps it.
using PointMaker = std::function<std::vector<Point>(const Figures& figures)>;
std::vector<Feed> Refill(const Setup& setup, const PointMaker& points);

// `count` periods without gap, each with a plain value.
std::vector<Feed> PlainFeeds(const Setup& setup, Random* random, int64_t count);
// Histories as sources have them: gaps, missing points, breaks, zeros, qualities.
std::vector<Feed> RichFeeds(const Setup& setup, Random* random, int64_t count);

}  // namespace policytrack::plugins

#endif  // POLICYTRACK_PLUGINS_CONFORMANCE_DRAW_H_
