// What ten times the work costs: the push and the evaluation of all of it, in time and
// in memory, with ten times the series, the history or the indicators; and what a push
// of one month and a read of its growth cost among ten times the series. The large
// form goes from ten to a hundred times.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/case.h"
#include "bench/subjects.h"

namespace policytrack::bench {
namespace {

constexpr double kMilliseconds = 1e3;
constexpr double kBytesInMib = 1024 * 1024;
// The series, months and indicators that all begin with. So many that what does not
// grow, such as a flush of the disk, is little of the time.
constexpr int kSeries = 1000;
constexpr int kMonths = 100;
constexpr int kShortSeries = 30;
constexpr int kShortMonths = 24;
constexpr int kMonthsToCome = 3;
// Ten times the work in at most twelve times the time.
constexpr double kAtMost = 12;
// Pushes of one month that the median is taken of.
constexpr int kPushes = 21;
constexpr char kOneMonth[] = "push of one new month of one series until its growth can be read";
constexpr char kOneRead[] = "read of one month of the growth of one series";

struct Size {
  int series = 0;
  int months = 0;
  int indicators = 1;
};

// Which of them is grown.
enum class Grown { kSeries, kHistory, kIndicators };

Size Times(const Setting& setting, Grown grown, int times) {
  Size size = {setting.Pick(kSeries, kShortSeries), setting.Pick(kMonths, kShortMonths)};
  if (grown == Grown::kSeries) size.series *= times;
  if (grown == Grown::kHistory) size.months *= times;
  if (grown == Grown::kIndicators) size.indicators *= times;
  return size;
}

std::string Words(const Size& size) {
  return absl::StrCat(size.series, " series of ", size.months, " points and ", size.indicators,
                      size.indicators == 1 ? " indicator" : " indicators");
}

// What a case takes at one size.
using Take = double (*)(const Setting& setting, const Figures& figures, int indicators);

double MillisecondsOfAll(const Setting& setting, const Figures& figures, int indicators) {
  const Evaluated evaluated = EvaluateInNewStore(setting, figures, indicators);
  return kMilliseconds * (evaluated.push + evaluated.evaluation);
}

double PeakMibOfAll(const Setting& setting, const Figures& figures, int indicators) {
  return EvaluateInNewStore(setting, figures, indicators).peak_bytes / kBytesInMib;
}

// The median of what pushes of one month each take of this.
double MedianOfMonths(const Setting& setting, const Figures& figures, double OneMonth::*member) {
  std::vector<double> samples;
  for (const OneMonth& month : PushOneMonths(setting, figures, setting.Pick(kPushes, 1))) {
    samples.push_back(month.*member);
  }
  return SpreadOf(std::move(samples)).median;
}

double MillisecondsOfOne(const Setting& setting, const Figures& figures, int) {
  return MedianOfMonths(setting, figures, &OneMonth::visible);
}

double MillisecondsOfRead(const Setting& setting, const Figures& figures, int) {
  return MedianOfMonths(setting, figures, &OneMonth::read);
}

// In the large form one round: it takes minutes.
CaseResult Grow(const Setting& setting, Grown grown, bool is_large, Take take) {
  const Size small = Times(setting, grown, is_large ? 10 : 1);
  const Size big = Times(setting, grown, is_large ? 100 : 10);
  const Figures small_figures(small.series, small.months, kMonthsToCome);
  const Figures big_figures(big.series, big.months, kMonthsToCome);
  CaseResult result;
  result.baseline = absl::StrCat("the same with ", Words(small));
  result.what = absl::StrCat("with ", Words(big));
  Fill(InTurns(
           is_large ? 1 : setting.Pick(5, 1),
           [&] { return take(setting, big_figures, big.indicators); },
           [&] { return take(setting, small_figures, small.indicators); }),
       &result);
  return result;
}

CaseResult GrowTime(const Setting& setting, const std::string& name, Grown grown, bool is_large) {
  CaseResult result = Grow(setting, grown, is_large, MillisecondsOfAll);
  result.name = name;
  result.what = absl::StrCat(
      "bulk push as columns into a new store until growth over all is stored, ", result.what);
  result.unit = "ms";
  result.target = {Relation::kAtMost, kAtMost};
  return result;
}

CaseResult GrowMemory(const Setting& setting, const std::string& name, bool is_large) {
  CaseResult result = Grow(setting, Grown::kSeries, is_large, PeakMibOfAll);
  result.name = name;
  result.what = absl::StrCat(
      "the most resident memory of the server in a bulk push as columns into a new store until "
      "growth over all is stored, ",
      result.what);
  result.unit = "MiB";
  return result;
}

CaseResult GrowOne(const Setting& setting, const std::string& name, const std::string& what,
                   bool is_large, Take take) {
  CaseResult result = Grow(setting, Grown::kSeries, is_large, take);
  result.name = name;
  result.what = absl::StrCat(what, ", ", result.what);
  result.unit = "ms, p50";
  return result;
}

}  // namespace

CaseResult GrowthOfSeries(const Setting& setting) {
  return GrowTime(setting, "growth-series", Grown::kSeries, false);
}

CaseResult GrowthOfHistory(const Setting& setting) {
  return GrowTime(setting, "growth-history", Grown::kHistory, false);
}

CaseResult GrowthOfIndicators(const Setting& setting) {
  return GrowTime(setting, "growth-indicators", Grown::kIndicators, false);
}

CaseResult GrowthOfOne(const Setting& setting) {
  return GrowOne(setting, "growth-one", kOneMonth, false, MillisecondsOfOne);
}

CaseResult GrowthOfRead(const Setting& setting) {
  return GrowOne(setting, "growth-read", kOneRead, false, MillisecondsOfRead);
}

CaseResult GrowthOfMemory(const Setting& setting) {
  return GrowMemory(setting, "growth-memory", false);
}

CaseResult GrowthOfSeriesLarge(const Setting& setting) {
  return GrowTime(setting, "growth-series-100", Grown::kSeries, true);
}

CaseResult GrowthOfHistoryLarge(const Setting& setting) {
  return GrowTime(setting, "growth-history-100", Grown::kHistory, true);
}

CaseResult GrowthOfIndicatorsLarge(const Setting& setting) {
  return GrowTime(setting, "growth-indicators-100", Grown::kIndicators, true);
}

CaseResult GrowthOfOneLarge(const Setting& setting) {
  return GrowOne(setting, "growth-one-100", kOneMonth, true, MillisecondsOfOne);
}

CaseResult GrowthOfReadLarge(const Setting& setting) {
  return GrowOne(setting, "growth-read-100", kOneRead, true, MillisecondsOfRead);
}

CaseResult GrowthOfMemoryLarge(const Setting& setting) {
  return GrowMemory(setting, "growth-memory-100", true);
}

}  // namespace policytrack::bench
