#include "plugins/conformance/draw.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/period.h"

namespace policytrack::plugins {
namespace {

template <typename Function>
void EachPoint(const Feed& feed, Function function) {
  for (const Point& point : feed.points) function(point);
  for (const auto& [name, points] : feed.parts) {
    for (const Point& point : points) function(point);
  }
}

bool HasPoints(const Feed& feed) {
  bool has = false;
  EachPoint(feed, [&](const Point&) { has = true; });
  return has;
}

const char* PeriodOf2010(v1::Frequency frequency) {
  switch (frequency) {
    case v1::FREQUENCY_DAY:
      return "2010-01-01";
    case v1::FREQUENCY_WEEK:
      return "2010-W01";
    case v1::FREQUENCY_MONTH:
      return "2010-01";
    case v1::FREQUENCY_QUARTER:
      return "2010-Q1";
    case v1::FREQUENCY_HALF_YEAR:
      return "2010-S1";
    default:
      return "2010";
  }
}

}  // namespace

Figures FiguresOf(const Feed& feed) {
  Figures figures{std::numeric_limits<double>::max(), std::numeric_limits<double>::lowest()};
  EachPoint(feed, [&](const Point& point) {
    if (!point.value.has_value()) return;
    figures.lowest = std::min(figures.lowest, *point.value);
    figures.highest = std::max(figures.highest, *point.value);
  });
  return figures.lowest > figures.highest ? Figures{} : figures;
}

int64_t FirstPeriod(const Setup& setup) {
  int64_t first = kLastPeriod;
  for (const Feed& feed : setup.feeds) {
    if (!feed.aligned) continue;
    EachPoint(feed, [&](const Point& point) { first = std::min(first, point.period); });
  }
  if (first != kLastPeriod) return first;
  return ParsePeriod(setup.frequency, PeriodOf2010(setup.frequency)).value_or(0);
}

int64_t Between(Random* random, int64_t lowest, int64_t highest) {
  return std::uniform_int_distribution<int64_t>(lowest, highest)(*random);
}

bool OneIn(Random* random, int n) { return Between(random, 1, n) == 1; }

double DrawValue(Random* random, Figures figures) {
  const double value =
      std::uniform_real_distribution<double>(figures.lowest, figures.highest)(*random);
  // Few digits, as figures have, and at times all of them.
  return OneIn(random, 3) ? value : std::round(value * 10) / 10;
}

std::vector<Feed> Refill(const Setup& setup, const PointMaker& points) {
  std::vector<Feed> feeds = setup.feeds;
  for (Feed& feed : feeds) {
    if (!feed.aligned && feed.parts.empty() && HasPoints(feed)) continue;
    const Figures figures = FiguresOf(feed);
    if (feed.parts.empty()) feed.points = points(figures);
    for (auto& [name, part] : feed.parts) part = points(figures);
  }
  return feeds;
}

std::vector<Feed> PlainFeeds(const Setup& setup, Random* random, int64_t count) {
  const int64_t first = FirstPeriod(setup);
  return Refill(setup, [&](const Figures& figures) {
    std::vector<Point> points;
    for (int64_t p = 0; p < count; ++p) points.push_back({first + p, DrawValue(random, figures)});
    return points;
  });
}

std::vector<Feed> RichFeeds(const Setup& setup, Random* random, int64_t count) {
  const int64_t first = FirstPeriod(setup);
  const int gaps = static_cast<int>(Between(random, 3, 30));  // one period in so many is not there
  return Refill(setup, [&](const Figures& figures) {
    std::vector<Point> points;
    for (int64_t p = 0; p < count; ++p) {
      if (OneIn(random, gaps)) continue;
      Point point{first + p, OneIn(random, 20) ? 0.0 : DrawValue(random, figures)};
      if (OneIn(random, 12)) point.value.reset();
      if (OneIn(random, 5)) point.flags = static_cast<Flags>(Between(random, 0, kForecast));
      if (OneIn(random, 25)) point.flags = static_cast<Flags>(point.flags | kBreak);
      points.push_back(point);
    }
    return points;
  });
}

}  // namespace policytrack::plugins
