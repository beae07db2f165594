// Orders: what is refused, and that the bytes of the keys are in the order.
#include "core/order_by.h"

#include <algorithm>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "policytrack/v1/commit.pb.h"
#include "policytrack/v1/dataset.pb.h"
#include "policytrack/v1/measure.pb.h"
#include "policytrack/v1/observation.pb.h"

namespace policytrack {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

OrderBy Parsed(absl::string_view text, const google::protobuf::Descriptor* type) {
  auto order = OrderBy::Parse(text, type);
  EXPECT_TRUE(order.ok()) << text << ": " << order.status();
  return order.ok() ? *std::move(order) : OrderBy();
}

// That the keys of the messages, as given, are strictly increasing.
template <typename Message>
void ExpectInOrder(absl::string_view text, const std::vector<Message>& messages) {
  const OrderBy order = Parsed(text, Message::descriptor());
  for (size_t i = 0; i + 1 < messages.size(); ++i) {
    EXPECT_LT(order.SortKey(messages[i]), order.SortKey(messages[i + 1]))
        << text << ": " << messages[i].ShortDebugString() << " before "
        << messages[i + 1].ShortDebugString();
  }
}

// In both directions, `values` being ascending.
template <typename Message>
void ExpectBothWays(const std::string& field, std::vector<Message> messages) {
  ExpectInOrder(field, messages);
  ExpectInOrder(field + " asc", messages);
  std::reverse(messages.begin(), messages.end());
  ExpectInOrder(field + " desc", messages);
}

TEST(OrderByTest, NameAlone) {
  for (const char* text :
       {"", "  ", "name", " name asc ", "name,display_name desc", "name asc,plan"}) {
    EXPECT_TRUE(Parsed(text, v1::Measure::descriptor()).by_name()) << text;
  }
  for (const char* text : {"name desc", "display_name", "display_name, name"}) {
    EXPECT_FALSE(Parsed(text, v1::Measure::descriptor()).by_name()) << text;
  }
  std::vector<v1::Measure> measures(4);
  measures[0].set_name("measures/a");
  measures[1].set_name("measures/a-1");
  measures[2].set_name("measures/ab");
  measures[3].set_name("measures/b");
  ExpectBothWays("name", measures);
  ExpectInOrder("", measures);
}

TEST(OrderByTest, Strings) {
  std::vector<v1::Measure> measures;
  for (const std::string& value :
       {std::string(), std::string("\0", 1), std::string("\0\0", 2), std::string("\0\1", 2),
        std::string("\0\xff", 2), std::string("\1"), std::string("a"), std::string("a\0", 2),
        std::string("a\0b", 3), std::string("a\1"), std::string("aa"), std::string("ab"),
        std::string("b"), std::string("河"), std::string("河南"), std::string("\xff"),
        std::string("\xff\xff")}) {
    measures.emplace_back().set_display_name(value);
    measures.back().set_name("measures/x");
  }
  ExpectBothWays("display_name", measures);
}

TEST(OrderByTest, ShorterTextDoesNotRunIntoTheNextField) {
  std::vector<v1::Measure> measures(4);
  measures[0].set_display_name("a");
  measures[0].set_category("z");
  measures[1].set_display_name("a");
  measures[1].set_category("zz");
  measures[2].set_display_name("ab");
  measures[3].set_display_name("ab");
  measures[3].set_category("a");
  ExpectInOrder("display_name, category", measures);
  ExpectInOrder(" display_name  asc ,\n category ", measures);
  ExpectInOrder("display_name,category desc",
                std::vector<v1::Measure>{measures[1], measures[0], measures[3], measures[2]});
  ExpectInOrder("display_name desc, category",
                std::vector<v1::Measure>{measures[2], measures[3], measures[0], measures[1]});
}

TEST(OrderByTest, EqualFieldsAreOrderedByAscendingName) {
  std::vector<v1::Measure> measures(3);
  measures[0].set_name("measures/a");
  measures[1].set_name("measures/b");
  measures[2].set_name("measures/b-1");
  ExpectInOrder("display_name", measures);
  ExpectInOrder("display_name desc", measures);
  ExpectInOrder("stage desc, create_time", measures);
  const OrderBy order = Parsed("display_name desc", v1::Measure::descriptor());
  EXPECT_EQ(order.SortKey(measures[0]), order.SortKey(measures[0]));
}

TEST(OrderByTest, Numbers) {
  std::vector<v1::Commit> commits;
  for (const int64_t value :
       {std::numeric_limits<int64_t>::min(), int64_t{-256}, int64_t{-1}, int64_t{0}, int64_t{1},
        int64_t{255}, int64_t{256}, std::numeric_limits<int64_t>::max()}) {
    commits.emplace_back().set_revision(value);
  }
  ExpectBothWays("revision", commits);

  std::vector<v1::Dataset> datasets;
  for (const int32_t value :
       {std::numeric_limits<int32_t>::min(), -1, 0, 1, std::numeric_limits<int32_t>::max()}) {
    datasets.emplace_back().set_unit_multiplier(value);
  }
  ExpectBothWays("unit_multiplier", datasets);

  using Limits = std::numeric_limits<double>;
  std::vector<v1::Observation> observations(1);  // without a value
  for (const double value :
       {-Limits::infinity(), Limits::lowest(), -1e10, -1.5, -1.0, -Limits::min(),
        -Limits::denorm_min(), 0.0, Limits::denorm_min(), Limits::min(), 1.0, 1.5, 1e10,
        Limits::max(), Limits::infinity(), Limits::quiet_NaN()}) {
    observations.emplace_back().set_value(value);
  }
  ExpectBothWays("value", observations);
  v1::Observation zero;
  zero.set_value(0.0);
  v1::Observation minus_zero;
  minus_zero.set_value(-0.0);
  const OrderBy by_value = Parsed("value", v1::Observation::descriptor());
  EXPECT_EQ(by_value.SortKey(zero), by_value.SortKey(minus_zero));

  std::vector<v1::Observation> breaks(2);
  breaks[1].set_series_break(true);
  ExpectBothWays("series_break", breaks);
  std::vector<v1::Observation> statuses(3);
  statuses[1].set_status(v1::OBSERVATION_STATUS_NORMAL);
  statuses[2].set_status(v1::OBSERVATION_STATUS_FORECAST);
  ExpectBothWays("status", statuses);
}

TEST(OrderByTest, TimesDatesAndNestedFields) {
  std::vector<v1::Measure> measures(1);  // without a time
  for (const auto& [seconds, nanos] : {std::pair<int64_t, int32_t>{-62135596800, 0},
                                       {-1, 0},
                                       {-1, 999999999},
                                       {0, 0},
                                       {0, 1},
                                       {1725494400, 0}}) {
    auto* const time = measures.emplace_back().mutable_create_time();
    time->set_seconds(seconds);
    time->set_nanos(nanos);
  }
  ExpectBothWays("create_time", measures);
  ExpectBothWays("create_time.seconds",
                 std::vector<v1::Measure>{measures[0], measures[1], measures[2], measures[4]});

  std::vector<v1::Reference> references(1);
  for (const auto& [year, month, day] : {std::tuple<int, int, int>{1999, 12, 31},
                                         {2024, 0, 0},
                                         {2024, 1, 0},
                                         {2024, 1, 1},
                                         {2024, 2, 0},
                                         {2024, 10, 5},
                                         {2025, 0, 0}}) {
    auto* const date = references.emplace_back().mutable_publish_date();
    date->set_year(year);
    date->set_month(month);
    date->set_day(day);
  }
  ExpectBothWays("publish_date", references);

  std::vector<v1::Dataset> datasets(4);  // no range, no minimum, minima
  datasets[1].mutable_allowed_range();
  datasets[1].set_name("datasets/a");
  datasets[2].mutable_allowed_range()->set_minimum(-1);
  datasets[3].mutable_allowed_range()->set_minimum(0);
  ExpectInOrder("allowed_range.minimum", datasets);
}

TEST(OrderByTest, Refused) {
  const struct {
    std::string text;
    int position;
    const char* message;
  } kCases[] = {
      {"foo", 1, "Measure has no field \"foo\"; it has name, plan"},
      {"stag", 1, "did you mean stage?"},
      {"plan, displayName", 7, "did you mean display_name?"},
      {"create_time.second", 13, "create_time has no field \"second\"; did you mean seconds?"},
      {"plan.x", 1, "plan has no fields to order by"},
      {"plan.", 1, "plan has no fields to order by"},
      {".plan", 1, "has no field \"\""},
      {"regions", 1, "regions is a list or a map"},
      {"agencies", 1, "agencies is a list or a map"},
      {"agencies.display_name", 1, "agencies is a list or a map and has no fields"},
      {"translations.zh.display_name", 1, "translations is a list or a map"},
      {"translations", 1, "list or a map"},
      {"plan DESC", 6, "expected asc or desc after a field, found \"DESC\""},
      {"plan descending", 6, "expected asc or desc"},
      {"plan desc asc", 11, "unexpected \"asc\""},
      {"plan display_name", 6, "expected asc or desc"},
      {"-plan", 1, "has no field \"-plan\""},
      {"plan,", 6, "expected a field"},
      {",plan", 1, "expected a field"},
      {"plan,,name", 6, "expected a field"},
      {"plan, plan desc", 7, "plan is named twice"},
      {"plan;name", 1, "has no field"},
      {"plan\xff", 1, "not UTF-8"},
      {"河南", 1, "has no field \"河南\""},
      {"plan 河, x", 6, "expected asc or desc"},
      {"desc", 1, "has no field \"desc\""},
      {std::string("plan\0", 5), 1, "has no field"},
      {std::string(4097, ' '), 4097, "4096 bytes, this one has 4097"},
      {std::string(1'000'000, ','), 4097, "4096 bytes"},
  };
  for (const auto& c : kCases) {
    const auto order = OrderBy::Parse(c.text, v1::Measure::descriptor());
    ASSERT_FALSE(order.ok()) << c.text;
    EXPECT_EQ(order.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ReasonOf(order.status()), reason::kOrderByInvalid);
    EXPECT_EQ(MetadataOf(order.status(), "field"), "order_by");
    EXPECT_EQ(MetadataOf(order.status(), "position"), absl::StrCat(c.position)) << c.text;
    EXPECT_THAT(std::string(order.status().message()), HasSubstr(c.message)) << c.text;
  }
  const auto message = OrderBy::Parse("allowed_range", v1::Dataset::descriptor());
  EXPECT_THAT(std::string(message.status().message()), HasSubstr("allowed_range is a message"));
}

TEST(OrderByTest, TypesWithoutNameAreOrderedByTheirFieldsAlone) {
  const OrderBy order = Parsed("", v1::Observation::descriptor());
  EXPECT_TRUE(order.by_name());
  EXPECT_EQ(order.SortKey(v1::Observation()), "");
}

// Keys against a comparison of the fields themselves.
TEST(OrderByTest, RandomMessages) {
  std::mt19937 random(132);
  const auto text = [&random] {
    std::string value;
    for (size_t count = random() % 4; count > 0; --count) {
      value.push_back("\x00\x01\x61\xff"[random() % 4]);
    }
    return value;
  };
  const OrderBy order = Parsed("display_name desc, revision, category", v1::Measure::descriptor());
  const auto before = [](const v1::Measure& a, const v1::Measure& b) {
    if (a.display_name() != b.display_name()) return a.display_name() > b.display_name();
    if (a.revision() != b.revision()) return a.revision() < b.revision();
    if (a.category() != b.category()) return a.category() < b.category();
    return a.name() < b.name();
  };
  for (int round = 0; round < 20'000; ++round) {
    v1::Measure pair[2];
    for (v1::Measure& measure : pair) {
      measure.set_display_name(text());
      measure.set_revision(static_cast<int64_t>(random() % 3) - 1);
      measure.set_category(text());
      measure.set_name(text());
    }
    ASSERT_EQ(order.SortKey(pair[0]) < order.SortKey(pair[1]), before(pair[0], pair[1]))
        << pair[0].ShortDebugString() << " and " << pair[1].ShortDebugString();
    ASSERT_EQ(order.SortKey(pair[0]) == order.SortKey(pair[1]),
              !before(pair[0], pair[1]) && !before(pair[1], pair[0]));
  }
}

TEST(OrderByTest, RandomTexts) {
  std::mt19937 random(4);
  const std::vector<std::string> parts = {"plan", "name",         "create_time", ".",       ",",
                                          " ",    "desc",         "asc",         "seconds", "\xff",
                                          "河",   "translations", "stage",       "\n"};
  int parsed = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (size_t count = random() % 8; count > 0; --count) text += parts[random() % parts.size()];
    const auto order = OrderBy::Parse(text, v1::Measure::descriptor());
    if (order.ok()) {
      ++parsed;
      EXPECT_FALSE(order->SortKey(v1::Measure()).empty());
    } else {
      ASSERT_EQ(ReasonOf(order.status()), reason::kOrderByInvalid) << order.status();
    }
  }
  EXPECT_GT(parsed, 100);
}

}  // namespace
}  // namespace policytrack
