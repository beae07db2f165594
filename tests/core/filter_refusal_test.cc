// Filters that are refused: with which words, and at which character.
#include <chrono>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/error.h"
#include "core/filter_parser.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "policytrack/v1/measure.pb.h"
#include "policytrack/v1/observation.pb.h"

namespace policytrack {
namespace {

using ::testing::HasSubstr;

struct Refusal {
  std::string text;
  int position;
  std::string message;
};

void ExpectRefused(const Refusal& c, const google::protobuf::Descriptor* type) {
  const auto tree = ParseFilter(c.text, type);
  ASSERT_FALSE(tree.ok()) << c.text;
  const absl::Status& status = tree.status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.text;
  EXPECT_EQ(ReasonOf(status), reason::kFilterInvalid) << c.text;
  EXPECT_EQ(MetadataOf(status, "field"), "filter") << c.text;
  EXPECT_EQ(MetadataOf(status, "position"), absl::StrCat(c.position)) << c.text << ": " << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(absl::StrCat("filter, character ", c.position, ": ")));
  EXPECT_THAT(std::string(status.message()), HasSubstr(c.message)) << c.text;
}

TEST(FilterRefusalTest, RefusedGrammar) {
  const Refusal kCases[] = {
      {"AND", 1, "expected a term"},
      {"a AND", 6, "expected a term, found the end"},
      {"a OR", 5, "expected a term, found the end"},
      {"NOT", 4, "expected a term, found the end"},
      {"a AND AND b", 7, "expected a term before this operator"},
      {"OR a", 1, "expected a term before this operator"},
      {"a AND OR b", 7, "expected a term before this operator"},
      {"NOT NOT a", 5, "only one NOT or -"},
      {"--a", 2, "only one NOT or -"},
      {"NOT -a", 5, "only one NOT or -"},
      {"a - b", 3, "right before what it negates"},
      {"-", 2, "expected a term"},
      {"(a", 1, "not closed"},
      {"(a OR (b)", 1, "not closed"},
      {"a)", 2, "was not opened"},
      {"()", 2, "nothing in this parenthesis"},
      {"( )", 3, "nothing in this parenthesis"},
      {"a and b", 3, "written AND"},
      {"a or b", 3, "written OR"},
      {"Not a", 1, "written NOT"},
      {"a && b", 3, "AND and OR"},
      {"a || b", 3, "AND and OR"},
      {"f(x)", 1, "functions are not supported"},
      {"a.b.f()", 1, "functions are not supported"},
      {"plan = f(x)", 9, "functions are not supported"},
      {"plan =", 7, "expected a value, found the end"},
      {"plan = )", 8, "expected a value"},
      {"(plan =)", 8, "expected a value"},
      {"plan = AND", 8, "expected a value before this operator"},
      {"plan == x", 7, "no such comparator"},
      {"plan <> x", 7, "no such comparator"},
      {"plan =~ x", 7, "regular expressions are not supported"},
      {"plan ! x", 6, "a single !"},
      {"= x", 1, "expected a word or a string in quotes"},
      {":", 1, "expected a word or a string in quotes"},
      {"plan = a=b", 9, "expected a space after the value"},
      {"plan = a:b", 9, "expected a space after the value"},
      {"plan = \"a\"b", 11, "expected a space after the value"},
      {"\"a\"\"b\"", 4, "expected a space after the value"},
      {"a,b", 2, "expected a space after the value"},
      {"\"a", 1, "quote is not closed"},
      {"plan = 'a\"", 8, "quote is not closed"},
      {"plan = \"a\\", 10, "unknown escape"},
      {R"(plan = "\d")", 9, "unknown escape"},
      {R"(plan = "\u12g4")", 10, "four hexadecimal digits"},
      {R"(plan = "\uD800")", 9, "surrogate"},
      {R"(plan = "\uDC00\uD800")", 9, "surrogate"},
      {R"(plan = "\uD800\u0041")", 9, "surrogate"},
      {".java", 1, "expected a word"},
      {"a..b", 3, "expected a name after the point"},
      {"plan. = x", 6, "expected a name after the point"},
      {"a\\b", 2, "expected a space"},
      {"a\x01z", 2, "expected a space"},
      {std::string("a\0b", 3), 2, "expected a space"},
      {"a*b", 1, "wildcard * can stand only at the ends"},
      {"plan = \"a*b\"", 8, "wildcard * can stand only at the ends"},
      {"plan = **a", 8, "wildcard * can stand only at the ends"},
      {"plan > \"a*\"", 8, "a wildcard cannot be ordered"},
      {"*", 1, "nothing to search for"},
      {"\"\"", 1, "nothing to search for"},
      {"plan != (a OR b)", 9, "may follow only = and :"},
      {"plan < (a)", 8, "may follow only = and :"},
      {"plan:()", 7, "nothing in this parenthesis"},
      {"plan:(a", 6, "not closed"},
      {"plan:(plan = a)", 12, "no such comparator"},
      // Positions count characters and not bytes.
      {"河南 AND", 7, "expected a term"},
      {"河南　汽车", 3, "U+3000"},
      {"plan = “x”", 8, "U+201C"},
      {"plan：x", 5, "U+FF1A"},
      {"a\u00a0b", 2, "U+00A0"},
  };
  for (const auto& c : kCases) ExpectRefused(c, v1::Measure::descriptor());
}

TEST(FilterRefusalTest, RefusedFields) {
  const auto* const measure = v1::Measure::descriptor();
  const Refusal kMeasure[] = {
      {"foo = 1", 1, "Measure has no field \"foo\""},
      {"a AND stag = x", 7, "did you mean stage? It has name, plan, display_name"},
      {"displayName = x", 1, "did you mean display_name?"},
      {"plan.name = x", 6, "plan is a string and has no field \"name\""},
      {"targets.baseline.valu:1", 18,
       "targets.baseline has no field \"valu\"; did you mean value?"},
      {"create_time.second = 1", 13, "did you mean seconds?"},
      {"e[0] = 1", 1, "no field \"e[0]\""},
      {"*.x = 1", 1, "cannot have a *"},
      {"translations.*.display_name = x", 14, "cannot have a *"},
      {"translations = x", 14, "translations is a map"},
      {"translations.zh = x", 17, "translations.zh is a message"},
      {"regions = x", 9, "regions is a list"},
      {"regions != x", 9, "regions is a list"},
      {"agencies.display_name = x", 23, "goes through a list"},
      {"agencies.display_name < x", 23, "goes through a list"},
      {"agencies:x", 10, "agencies has no field \"x\""},
      {"references.publish_date:x", 25, "takes a date such as 2024-09-05"},
  };
  for (const auto& c : kMeasure) ExpectRefused(c, measure);
  const std::string deep = "targets.assessment.parameters.a.b.c.d.e.f.g.h.i.j.k.l.m";
  EXPECT_TRUE(ParseFilter(deep + ":1", measure).ok());
  ExpectRefused({deep + ".n:1", 1, "at most 16 names"}, measure);
}

TEST(FilterRefusalTest, RefusedValues) {
  const Refusal kMeasure[] = {
      {"revision = x", 12, "revision takes a whole number such as 42, not \"x\""},
      {"revision = 1.5", 12, "takes a whole number"},
      {"revision = 0x10", 12, "takes a whole number"},
      {"revision = 1e999", 12, "takes a whole number"},
      {"revision = +1", 12, "takes a whole number"},
      {"revision = \"\"", 12, "takes a whole number"},
      {"revision = nan", 12, "takes a whole number"},
      {"targets.baseline.value:inf", 24, "takes a number such as"},
      {"stage = ADOPTED", 9, "did you mean MEASURE_STAGE_ADOPTED?"},
      {"stage = measure_stage_adopted", 9, "did you mean MEASURE_STAGE_ADOPTED?"},
      {"stage = 2", 9, "MeasureStage has no value \"2\""},
      {"create_time > 2024-09-05", 15, "create_time takes a time with an offset"},
      {"create_time > 2024-09-05T08:00:00", 15, "takes a time with an offset"},
      {"create_time > \"2024-09-05 08:00:00Z\"", 15, "takes a time with an offset"},
      {"create_time > 2024-02-30T08:00:00Z", 15, "takes a time with an offset"},
      {"create_time > 2024-09-05T24:00:00Z", 15, "takes a time with an offset"},
      {"create_time > 2024-09-05T23:59:60Z", 15, "takes a time with an offset"},
      {"create_time > 2024-09-05T08:00:00.Z", 15, "takes a time with an offset"},
      {"create_time > 2024-09-05T08:00:00+0800", 15, "takes a time with an offset"},
      {"create_time > 2024-09-05T08:00:00.1234567890Z", 15, "takes a time with an offset"},
      {"create_time = \"*\"", 15, "takes a time with an offset"},
      {"milestones.due_date:2024-9-5", 21, "takes a date"},
      {"milestones.due_date:2024-13", 21, "takes a date"},
      {"milestones.due_date:2023-02-29", 21, "takes a date"},
      {"milestones.due_date:2024-00", 21, "takes a date"},
      {"milestones.due_date:20240905", 21, "takes a date"},
      {"targets.assessment.parameters.x:(-5)", 34, "could be a sign or a NOT"},
  };
  for (const auto& c : kMeasure) ExpectRefused(c, v1::Measure::descriptor());
  const Refusal kObservation[] = {
      {"deleted = yes", 11, "deleted takes true or false, not \"yes\""},
      {"deleted = TRUE", 11, "true or false"},
      {"dimensions.a.b:x", 14, "dimensions.a is a string and has no field \"b\""},
      {"deleted < true", 9, "has no order"},
      {"deleted", 1, "deleted is a field; write deleted = true"},
      {"NOT series_break", 5, "series_break is a field"},
      {"value = 1,5", 10, "expected a space"},
      {"value = \"1,5\"", 9, "takes a number"},
      {"value = 1e", 9, "takes a number"},
      {"value = .", 9, "takes a number"},
      {"value = --1", 9, "takes a number"},
  };
  for (const auto& c : kObservation) ExpectRefused(c, v1::Observation::descriptor());
}

TEST(FilterRefusalTest, NotUtf8) {
  const auto* const type = v1::Measure::descriptor();
  for (const char* bytes :
       {"\xff", "\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80"}) {
    ExpectRefused({absl::StrCat("é = ", bytes), 5, "not UTF-8"}, type);
    ExpectRefused({absl::StrCat("\"é", bytes, "\""), 3, "not UTF-8"}, type);
  }
}

std::string Repeat(absl::string_view part, int count, absl::string_view between = "") {
  return absl::StrJoin(std::vector<absl::string_view>(count, part), between);
}

TEST(FilterRefusalTest, Limits) {
  const auto* const type = v1::Measure::descriptor();
  // 4 KiB.
  EXPECT_TRUE(ParseFilter(Repeat("a", 4096), type).ok());
  ExpectRefused({Repeat("a", 4097), 4097, "4096 bytes, this one has 4097"}, type);
  ExpectRefused({Repeat(" ", 4097), 4097, "4096 bytes"}, type);
  // 64 terms, of whatever kind.
  EXPECT_TRUE(ParseFilter(Repeat("a", 64, " "), type).ok());
  ExpectRefused({Repeat("a", 65, " "), 129, "64 terms"}, type);
  EXPECT_TRUE(ParseFilter(Repeat("plan=a", 64, " OR "), type).ok());
  ExpectRefused({Repeat("plan=a", 65, " OR "), 646, "64 terms"}, type);
  EXPECT_TRUE(ParseFilter(absl::StrCat("plan:(", Repeat("a", 64, " "), ")"), type).ok());
  ExpectRefused({absl::StrCat("plan:(", Repeat("a", 65, " "), ")"), 135, "64 terms"}, type);
  // Depth 16.
  EXPECT_TRUE(ParseFilter(Repeat("(", 16) + "a" + Repeat(")", 16), type).ok());
  EXPECT_TRUE(ParseFilter(Repeat("-(", 16) + "a" + Repeat(")", 16), type).ok());
  EXPECT_TRUE(ParseFilter(Repeat("((a) ", 15) + "b" + Repeat(")", 15), type).ok());
  ExpectRefused({Repeat("(", 17) + "a" + Repeat(")", 17), 17, "16 deep"}, type);
  ExpectRefused({Repeat("NOT (", 17) + "a" + Repeat(")", 17), 85, "16 deep"}, type);
  ExpectRefused({Repeat("(", 16) + "plan:(a)" + Repeat(")", 16), 22, "16 deep"}, type);
  // Depth is not used up by what is closed.
  EXPECT_TRUE(ParseFilter(Repeat("(a)", 40, " "), type).ok());
}

TEST(FilterRefusalTest, HugeTextsAreRefusedAtOnce) {
  const auto* const type = v1::Measure::descriptor();
  const auto start = std::chrono::steady_clock::now();
  for (const char* part : {"(", "-", "NOT ", "a.", "a OR ", "\"", "\\", "plan:(", "*", "\xff"}) {
    for (const int bytes : {4000, 10'000, 1'000'000}) {
      const std::string text = Repeat(part, bytes / static_cast<int>(std::strlen(part)) + 1);
      const auto tree = ParseFilter(text, type);
      EXPECT_FALSE(tree.ok()) << part;
      EXPECT_LT(tree.status().message().size(), 2000u);
    }
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

}  // namespace
}  // namespace policytrack
