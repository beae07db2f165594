// What filters match, over messages of the contract.
#include "core/filter.h"

#include <string>
#include <utility>

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "policytrack/v1/commit.pb.h"
#include "policytrack/v1/dataset.pb.h"
#include "policytrack/v1/measure.pb.h"
#include "policytrack/v1/observation.pb.h"

namespace policytrack {
namespace {

struct Case {
  const char* text;
  bool matches;
};

template <typename Message>
Message FromText(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

template <size_t kSize>
void ExpectMatches(const Case (&cases)[kSize], const google::protobuf::Message& message) {
  for (const Case& c : cases) {
    const auto filter = Filter::Parse(c.text, message.GetDescriptor());
    ASSERT_TRUE(filter.ok()) << c.text << ": " << filter.status();
    EXPECT_EQ(filter->Matches(message), c.matches) << c.text;
  }
}

v1::Measure Subsidy() {
  return FromText<v1::Measure>(R"pb(
    name: "measures/scrappage-subsidy"
    plan: "plans/henan-auto-2024"
    display_name: "Scrappage Subsidy"
    description: "Pays for trading in an old car.\nUntil the budget is used up."
    language_code: "en"
    translations {
      key: "zh-Hans"
      value { display_name: "汽车报废更新补贴" }
    }
    translations {
      key: "ar"
      value { display_name: "دعم استبدال السيارات" description: "" }
    }
    category: "consumption"
    stage: MEASURE_STAGE_IN_FORCE
    lifecycle {
      stage: MEASURE_STAGE_ADOPTED
      effective_date { year: 2024 month: 4 day: 30 }
    }
    lifecycle {
      stage: MEASURE_STAGE_IN_FORCE
      effective_date { year: 2024 month: 9 day: 5 }
      note: "100% *new*"
    }
    agencies {
      display_name: "Department of Commerce"
      role: AGENCY_ROLE_LEAD
      translations { key: "zh" value: "商务厅" }
    }
    agencies { display_name: "Department of Finance" role: AGENCY_ROLE_SUPPORTING }
    regions: "CN-HA"
    regions: "CN-HA-01"
    targets {
      id: "cars"
      group { key: "region" value: "CN-HA" }
      final_point { period: "2025" value: 13.5 }
      tolerance_percent: 0
      assessment { plugin: "plugins/attainment" }
    }
    parameters { id: "amount" number: 20000 }
    references {
      title: "Notice"
      publish_date { year: 2024 month: 5 }
    }
    create_time { seconds: 1725494400 nanos: 500000000 }
    revision: 9007199254740993
  )pb");
}

TEST(FilterTest, EmptyMatchesEverything) {
  for (const char* text : {"", "  "}) {
    const auto filter = Filter::Parse(text, v1::Measure::descriptor());
    ASSERT_TRUE(filter.ok()) << filter.status();
    EXPECT_TRUE(filter->empty());
    EXPECT_TRUE(filter->Matches(v1::Measure()));
  }
  auto filter = Filter::Parse("plan = x", v1::Measure::descriptor());
  ASSERT_TRUE(filter.ok()) << filter.status();
  EXPECT_FALSE(filter->empty());
  const Filter moved = *std::move(filter);
  EXPECT_FALSE(moved.Matches(Subsidy()));
}

TEST(FilterTest, Strings) {
  const Case kCases[] = {
      {"category = consumption", true},
      {"category = 'consumption'", true},
      {"category = \"Consumption\"", false},
      {"category = consum", false},
      {"category != consumption", false},
      {"category != production", true},
      {"category:consumption", true},
      {"category:consum", false},
      {"category:consum*", true},
      {"category = \"\"", false},
      {"category = *", true},
      {"category = \"con*\"", true},
      {"category = \"*tion\"", true},
      {"category = \"*sump*\"", true},
      {"category = \"*pro*\"", false},
      {"category != \"con*\"", false},
      {"category != \"pro*\"", true},
      {"category > consum", true},
      {"category > consumption", false},
      {"category >= consumption", true},
      {"category < d", true},
      {"category <= \"\"", false},
      {"plan = plans/henan-auto-2024", true},
      {"plan = plans/*", true},
      // A star that is meant, and one that is a wildcard.
      {R"(lifecycle.note:"100% \*new\*")", true},
      {R"(lifecycle.note:"*\*")", true},
      {R"(lifecycle.note:"100% \*new")", false},
      {"description = \"*\\nUntil*\"", true},
      {"language_code < en", false},
  };
  ExpectMatches(kCases, Subsidy());
}

TEST(FilterTest, LogicBindsAsInTheStandard) {
  const Case kCases[] = {
      // false AND (false OR true); the other way round it would match.
      {"plan = x AND plan = y OR category = consumption", false},
      {"(plan = x AND plan = y) OR category = consumption", true},
      // (true OR false) AND false.
      {"category = consumption OR plan = x AND plan = y", false},
      // true (false OR true).
      {"language_code = en plan = x OR category = consumption", true},
      {"language_code = zh plan = x OR category = consumption", false},
      {"NOT plan = x OR plan = y", true},
      {"NOT (plan = x OR category = consumption)", false},
      {"-plan = x -plan = y", true},
      {"plan = x OR plan = y OR language_code = en", true},
      {"category = (production OR consumption)", true},
      {"regions:(CN-HA CN-HA-01)", true},
      {"regions:(CN-HA CN-BJ)", false},
      {"regions:(CN-HA -CN-BJ)", true},
      {"regions:(CN-BJ OR NOT CN-HA)", false},
  };
  ExpectMatches(kCases, Subsidy());
}

TEST(FilterTest, EnumsTimesAndDates) {
  const Case kCases[] = {
      {"stage = MEASURE_STAGE_IN_FORCE", true},
      {"stage != MEASURE_STAGE_IN_FORCE", false},
      {"stage:MEASURE_STAGE_IN_FORCE", true},
      {"stage = \"MEASURE_STAGE_ADOPTED\"", false},
      {"stage > MEASURE_STAGE_ADOPTED", true},
      {"stage <= MEASURE_STAGE_ADOPTED", false},
      {"lifecycle.stage:MEASURE_STAGE_ADOPTED", true},
      {"lifecycle.stage:MEASURE_STAGE_SUSPENDED", false},
      // 2024-09-05T00:00:00.5Z.
      {"create_time = \"2024-09-05T00:00:00.5Z\"", true},
      {"create_time = 2024-09-05T08:00:00.500+08:00", true},
      {"create_time = 2024-09-04T19:30:00.500000000-04:30", true},
      {"create_time = 2024-09-05t00:00:00.5z", true},
      {"create_time:2024-09-05T00:00:00.5Z", true},
      {"create_time > 2024-09-05T00:00:00Z", true},
      {"create_time > 2024-09-05T00:00:00.499999999Z", true},
      {"create_time > 2024-09-05T00:00:00.5Z", false},
      {"create_time < 2024-09-05T08:00:00Z", true},
      {"create_time < 2024-09-05T08:00:00+08:00", false},
      {"create_time != 2024-09-05T00:00:00Z", true},
      {"create_time > 0001-01-01T00:00:00Z AND create_time < 9999-12-31T23:59:59Z", true},
      {"create_time.nanos = 500000000", true},
      // Dates, whole and in part.
      {"lifecycle.effective_date:2024-09-05", true},
      {"lifecycle.effective_date:2024-09-06", false},
      {"lifecycle.effective_date:2024-09", true},
      {"lifecycle.effective_date:2024", true},
      {"lifecycle.effective_date:2025", false},
      {"lifecycle.effective_date.month:9", true},
  };
  ExpectMatches(kCases, Subsidy());
}

TEST(FilterTest, DatesWithoutDayStandForAllTheirDays) {
  const auto reference = FromText<v1::Reference>("publish_date { year: 2024 month: 2 }");
  const Case kMonth[] = {
      {"publish_date = 2024-02", true},     {"publish_date = 2024", true},
      {"publish_date = 2024-02-10", false}, {"publish_date != 2024-02-10", true},
      {"publish_date < 2024-02-10", false}, {"publish_date > 2024-02-10", false},
      {"publish_date >= 2024-02-01", true}, {"publish_date >= 2024-02-02", false},
      {"publish_date <= 2024-02-29", true}, {"publish_date <= 2024-02-28", false},
      {"publish_date < 2024-03-01", true},  {"publish_date > 2024-01-31", true},
      {"publish_date < 2024-03", true},     {"publish_date > 2024", false},
      {"publish_date >= 2024", true},       {"publish_date <= 2024", true},
      {"publish_date < 2025", true},        {"publish_date:2024-02", true},
      {"publish_date > 2024-02", false},
  };
  ExpectMatches(kMonth, reference);
  // Without a year it is not a date that could be compared.
  const Case kNone[] = {{"publish_date < 9999-12-31", false},
                        {"publish_date != 2024", true},
                        {"publish_date:*", true}};
  ExpectMatches(kNone, FromText<v1::Reference>("publish_date { month: 2 day: 3 }"));
}

TEST(FilterTest, Numbers) {
  const Case kMeasure[] = {
      // Beyond 2^53 whole numbers are compared exactly.
      {"revision = 9007199254740993", true},
      {"revision = 9007199254740993.0", true},
      {"revision = 9007199254740992", false},
      {"revision > 9007199254740992", true},
      {"revision < 9007199254740994", true},
      {"revision > 9.007199254740992e15", true},
      {"revision > 9007199254740992.5", true},
      {"revision < 1e19", true},
      {"revision > -1e19", true},
      {"revision < 18446744073709551615", true},
      {"revision < 99999999999999999999999", true},
      {"revision != 0", true},
      {"parameters.number:20000", true},
      {"parameters.number:2e4", true},
      {"parameters.number:-20000", false},
      {"targets.final_point.value:13.5", true},
  };
  ExpectMatches(kMeasure, Subsidy());
  const Case kObservation[] = {
      {"value = -0.5", true},     {"value = -.5", true},       {"value = -5e-1", true},
      {"value < 0", true},        {"value >= -0.5", true},     {"value > -0.5", false},
      {"value = \"-0.5\"", true}, {"value:(1 OR -0.5)", true}, {"value:(1 OR 0.5)", false},
      {"revision = 0", true},     {"revision < 0", false},
  };
  ExpectMatches(kObservation, FromText<v1::Observation>("value: -0.5"));
  const Case kFractions[] = {
      {"unit_multiplier < -1.5", true},   {"unit_multiplier > -2.5", true},
      {"unit_multiplier >= -1.5", false}, {"unit_multiplier <= -2.5", false},
      {"year_start_month < 4.5", true},   {"year_start_month > 3.5", true},
      {"year_start_month >= 4.5", false}, {"year_start_month <= 3.5", false},
      {"year_start_month = 4.0", true},   {"year_start_month = 4e0", true},
  };
  ExpectMatches(kFractions, FromText<v1::Dataset>("unit_multiplier: -2 year_start_month: 4"));
  const Case kNan[] = {
      {"value = 0", false}, {"value != 0", true}, {"value < 1e300", false}, {"value >= 0", false}};
  ExpectMatches(kNan, FromText<v1::Observation>("value: nan"));
  const Case kInfinity[] = {{"value > 1e308", true}, {"value < 1e308", false}};
  ExpectMatches(kInfinity, FromText<v1::Observation>("value: inf"));
}

TEST(FilterTest, MapsAndMessages) {
  const Case kCases[] = {
      {"translations.zh-Hans.display_name = \"汽车*\"", true},
      {"translations.\"zh-Hans\".display_name = \"*补贴\"", true},
      {"translations.ar.display_name = \"*السيارات*\"", true},
      {"translations.fr.display_name = \"x\"", false},
      {"translations.fr.display_name != \"x\"", true},
      {"translations.zh-Hans:*", true},
      {"translations.fr:*", false},
      {"translations:zh-Hans", true},
      {"translations:zh", false},
      {"translations:zh*", true},
      {"translations:*", true},
      {"translations.ar:display_name", true},
      {"translations.ar:description", false},
      {"translations.ar.description:*", false},
      {"translations.ar.description = \"\"", true},
      {"translations.fr.description = \"\"", false},
      {"targets.group.region:CN-HA", true},
      {"targets.group.region:CN", false},
      {"targets.group:region", true},
      {"targets.group:CN-HA", true},
      {"targets.group:sex", false},
      {"agencies.translations.zh:商务厅", true},
  };
  ExpectMatches(kCases, Subsidy());
  const auto observation =
      FromText<v1::Observation>(R"pb(dimensions { key: "region" value: "CN" }
                                     dimensions { key: "a.b" value: "*" })pb");
  const Case kDimensions[] = {
      {"dimensions.region = \"CN\"", true},
      {"dimensions.region = CN", true},
      {"dimensions.region != CN", false},
      {"dimensions.region = \"C*\"", true},
      {"dimensions.region > CM", true},
      {"dimensions.region:*", true},
      {"dimensions:region", true},
      {"dimensions:CN", true},
      {"dimensions:US", false},
      {"dimensions.sex = _T", false},
      {"dimensions.sex != _T", true},
      {"dimensions.sex = \"\"", false},
      {"dimensions.sex = \"*\"", false},
      {"dimensions.\"a.b\" = \"\\*\"", true},
  };
  ExpectMatches(kDimensions, observation);
}

TEST(FilterTest, Lists) {
  const Case kCases[] = {
      {"regions:CN-HA", true},
      {"regions:\"CN-HA\"", true},
      {"regions:CN", false},
      {"regions:CN*", true},
      {"regions:*", true},
      {"NOT regions:CN-BJ", true},
      {"-regions:CN-HA", false},
      {"agencies.display_name:\"Department of Finance\"", true},
      {"agencies.display_name:\"*Finance\"", true},
      {"agencies.display_name:Finance", false},
      {"agencies:display_name", true},
      {"agencies.role:AGENCY_ROLE_LEAD", true},
      {"agencies.role:AGENCY_ROLE_REPORTING", false},
      {"agencies:*", true},
      {"milestones:*", false},
      {"milestones.due_date:*", false},
      {"references.publish_date:*", true},
      {"targets:baseline", false},
      {"targets:final_point", true},
      {"targets.interim_points.value:*", false},
  };
  ExpectMatches(kCases, Subsidy());
  const Case kCommit[] = {
      {"changes.name:datasets/cars", true},
      {"changes.revised_count:0", true},
      {"changes.created_count:*", false},
      {"changes.document:true", true},
      {"kind = COMMIT_KIND_PUSH AND time >= 2024-01-01T00:00:00Z", true},
  };
  ExpectMatches(kCommit, FromText<v1::Commit>(R"pb(
                  kind: COMMIT_KIND_PUSH
                  time { seconds: 1725494400 }
                  changes { name: "datasets/cars" revised_count: 0 }
                  changes { name: "measures/x" document: true }
                )pb"));
}

}  // namespace
}  // namespace policytrack
