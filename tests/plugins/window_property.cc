#include "tests/plugins/window_property.h"

#include <algorithm>
#include <cstring>
#include <random>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace policytrack::plugins {
namespace {

constexpr int kHistories = 40;
constexpr int kWindows = 6;

using Random = std::mt19937_64;

int Between(Random& random, int lowest, int highest) {
  return std::uniform_int_distribution<int>(lowest, highest)(random);
}

bool OneIn(Random& random, int n) { return Between(random, 1, n) == 1; }

double DrawValue(Random& random, const Histories& histories) {
  if (OneIn(random, 20)) return OneIn(random, 2) ? 0.0 : -0.0;
  // Few digits, as figures have, and at times all of them.
  const double value =
      std::uniform_real_distribution<double>(histories.lowest, histories.highest)(random);
  return OneIn(random, 3) ? value : std::round(value * 10) / 10;
}

std::vector<Feed> Draw(Random& random, const Histories& histories) {
  std::vector<Feed> feeds = histories.feeds;
  const int periods = Between(random, 0, histories.longest);
  const int gaps = Between(random, 3, 30);  // one period in so many is not there
  for (Feed& feed : feeds) {
    feed.points.clear();
    for (int p = 0; p < periods; ++p) {
      if (OneIn(random, gaps)) continue;
      Point point{histories.first_period + p, DrawValue(random, histories)};
      if (OneIn(random, 12)) point.value.reset();
      if (OneIn(random, 5)) point.flags = static_cast<Flags>(Between(random, 0, kForecast));
      if (OneIn(random, 25)) point.flags |= kBreak;
      feed.points.push_back(point);
    }
  }
  return feeds;
}

std::vector<Feed> Within(const std::vector<Feed>& feeds, PeriodRange range) {
  std::vector<Feed> within = feeds;
  for (Feed& feed : within) {
    if (!feed.aligned) continue;
    std::vector<Point> points;
    for (const Point& point : feed.points) {
      if (range.Contains(point.period)) points.push_back(point);
    }
    feed.points = std::move(points);
  }
  return within;
}

bool SameBytes(double a, double b) { return std::memcmp(&a, &b, sizeof(a)) == 0; }

void ExpectPart(const Run& part, const Run& whole, PeriodRange window, const std::string& how) {
  for (const auto& [name, all] : whole.outputs) {
    const Columns& found = part.outputs.at(name);
    size_t at = 0;
    for (size_t i = 0; i < all.size(); ++i) {
      if (!window.Contains(all.periods[i])) continue;
      ASSERT_LT(at, found.size()) << how << ": " << name << " ends early";
      ASSERT_EQ(found.periods[at], all.periods[i]) << how << ": " << name;
      ASSERT_EQ(found.flags[at], all.flags[i]) << how << ": " << name << " at " << all.periods[i];
      ASSERT_TRUE(SameBytes(found.values[at], all.values[i]))
          << how << ": " << name << " at " << all.periods[i] << ": " << found.values[at] << " and "
          << all.values[i];
      ++at;
    }
    ASSERT_EQ(at, found.size()) << how << ": " << name << " goes on";
  }
}

void CheckOne(Random& random, const std::string& plugin, const std::string& parameters,
              const Histories& histories) {
  const std::vector<Feed> feeds = Draw(random, histories);
  const auto whole = RunPlugin(plugin, histories.frequency, parameters, feeds);
  ASSERT_TRUE(whole.ok()) << whole.status();
  const auto reach = WindowOf(plugin, histories.frequency, parameters, feeds);
  ASSERT_TRUE(reach.ok()) << reach.status();
  for (int w = 0; w < kWindows; ++w) {
    const int64_t first = histories.first_period + Between(random, -1, histories.longest);
    const PeriodRange window{first, first + Between(random, 0, 10)};
    PeriodRange seen = window;
    if (reach->look_back == kUnbounded) {
      seen.first = histories.first_period;
    } else {
      seen.first -= reach->look_back;
    }
    seen.last = reach->look_ahead == kUnbounded ? kLastPeriod : window.last + reach->look_ahead;
    const std::string where = absl::StrCat(window.first, " to ", window.last);
    const auto part = RunPlugin(plugin, histories.frequency, parameters, feeds, nullptr, window);
    ASSERT_TRUE(part.ok()) << part.status();
    ExpectPart(*part, *whole, window, where);
    const auto blind =
        RunPlugin(plugin, histories.frequency, parameters, Within(feeds, seen), nullptr, window);
    ASSERT_TRUE(blind.ok()) << blind.status();
    ExpectPart(*blind, *whole, window, where + ", seeing no more than its reach");
    if (::testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace

void ExpectWindowsArePartsOfTheWhole(const std::string& plugin, const std::string& parameters,
                                     const Histories& histories) {
  for (uint64_t seed = 1; seed <= kHistories; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed, ", parameters ", parameters));
    Random random(seed);
    CheckOne(random, plugin, parameters, histories);
    if (::testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace policytrack::plugins
