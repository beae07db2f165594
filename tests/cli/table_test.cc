#include "clients/cli/table.h"

#include "clients/cli/safe_text.h"
#include "clients/cli/words.h"
#include "clients/cli/yaml_message.h"
#include "gtest/gtest.h"
#include "policytrack/v1/plan.pb.h"
#include "yaml-cpp/yaml.h"

namespace policytrack::cli {
namespace {

TEST(Table, WidthIsThatOfAScreen) {
  EXPECT_EQ(DisplayWidth("abc"), 3u);
  EXPECT_EQ(DisplayWidth("充电"), 4u);
  EXPECT_EQ(DisplayWidth("شحن"), 3u);
  // A combining mark takes no column of its own.
  EXPECT_EQ(DisplayWidth("e\xcc\x81"), 1u);
  EXPECT_EQ(DisplayWidth("a\xff"
                         "b"),
            3u);
  EXPECT_EQ(DisplayWidth(""), 0u);
}

TEST(Table, CutsAtCharacters) {
  EXPECT_EQ(CutToWidth("abcdef", 6), "abcdef");
  EXPECT_EQ(CutToWidth("abcdefg", 6), "abcde…");
  EXPECT_EQ(CutToWidth("充电网络", 8), "充电网络");
  EXPECT_EQ(CutToWidth("充电网络", 6), "充电…");
  EXPECT_EQ(CutToWidth("a\nb", 9), "a b");
}

TEST(Table, AlignsWideAndNarrowText) {
  Table table;
  table.header = {"NAME", "VALUE", "NOTE"};
  table.right = {1};
  table.rows = {{"充电", "1", ""}, {"abc", "10.5", "x"}};
  EXPECT_EQ(FormatText(table),
            "NAME  VALUE  NOTE\n"
            "充电      1\n"
            "abc    10.5  x\n");
}

TEST(Table, Markdown) {
  Table table;
  table.header = {"a", "b"};
  table.right = {1};
  table.rows = {{"x|y", "1\n2"}};
  EXPECT_EQ(FormatMarkdown(table), "| a | b |\n| --- | ---: |\n| x\\|y | 1 2 |\n");
}

TEST(Table, Csv) {
  Table table;
  table.header = {"a", "b"};
  table.rows = {{"x,y", "he said \"no\""}, {"", "two\nlines"}};
  EXPECT_EQ(FormatCsv(table), "a,b\n\"x,y\",\"he said \"\"no\"\"\"\n,\"two\nlines\"\n");
}

TEST(SafeText, NothingMovesTheCursorOrTurnsTheText) {
  EXPECT_EQ(OneLine("a\x1b[31mb\a\x7f"), "a\\x1b[31mb\\x07\\x7f");
  EXPECT_EQ(OneLine("c1 \xc2\x9b"
                    "2J"),
            "c1 \\x9b2J");
  EXPECT_EQ(OneLine("\xe2\x80\xaeno\xe2\x81\xa6\xe2\x80\xa8"), "\\u202eno\\u2066\\u2028");
  EXPECT_EQ(OneLine("a\r\nb\nc\rd\te"), "a b c d e");
  EXPECT_EQ(OneLine(absl::string_view("\0\xff", 2)), "\\x00\\xff");
  EXPECT_EQ(OneLine("充电 شحن é"), "充电 شحن é");
  EXPECT_EQ(Lines("a\nb\tc\rd\x1b"), "a\nb\tc\nd\\x1b");
}

TEST(SafeText, TablesAreSafe) {
  Table table;
  table.header = {"a"};
  table.rows = {{"x\x1b[2J\ny"}};
  EXPECT_EQ(FormatText(table), "a\nx\\x1b[2J y\n");
  EXPECT_EQ(FormatMarkdown(table), "| a |\n| --- |\n| x\\\\x1b[2J y |\n");
  EXPECT_EQ(CutToWidth("\x1b[2J", 20), "\\x1b[2J");
}

TEST(SafeText, YamlIsSafeAndTheSameWhenReadAgain) {
  const std::string text =
      "a\x1b[2J\x7f\xc2\x9b\xc2\x85\r\n\xe2\x80\xae: \"quoted\" \\x41 \xe2\x81\xa9";
  v1::Plan plan;
  plan.set_display_name(text);
  (*plan.mutable_translations())[text].set_display_name("x");
  const std::string yaml = MessageToYaml(plan, "Plan");
  EXPECT_EQ(Lines(yaml), yaml);
  const YAML::Node node = YAML::Load(yaml);
  EXPECT_EQ(node["display_name"].Scalar(), text);
  EXPECT_EQ(node["translations"].begin()->first.Scalar(), text);
}

TEST(Words, TimesAreToTheInstant) {
  google::protobuf::Timestamp time;
  time.set_seconds(1731398400);
  EXPECT_EQ(TimeWord(time), "2024-11-12T08:00:00.000Z");
  time.set_nanos(250000000);
  EXPECT_EQ(TimeWord(time), "2024-11-12T08:00:00.250Z");
  // Commits are dated to microseconds; a time cut to milliseconds would be before.
  time.set_nanos(250001000);
  EXPECT_EQ(TimeWord(time), "2024-11-12T08:00:00.250001Z");
}

TEST(Words, Numbers) {
  EXPECT_EQ(ShortNumber(0), "0");
  EXPECT_EQ(ShortNumber(-3), "-3");
  EXPECT_EQ(ShortNumber(1234567), "1234567");
  EXPECT_EQ(ShortNumber(0.1), "0.1");
  EXPECT_EQ(ShortNumber(87.66666666), "87.6667");
  EXPECT_EQ(ShortNumber(0.000123456789), "0.000123457");
  EXPECT_EQ(ShortNumber(1234567.25), "1234567");
  EXPECT_EQ(ExactNumber(0.1), "0.1");
  // As its neighbours are, though shorter with an exponent.
  EXPECT_EQ(ExactNumber(100000), "100000");
  EXPECT_EQ(ExactNumber(-3e14), "-300000000000000");
  EXPECT_EQ(ExactNumber(0.0001), "0.0001");
  EXPECT_EQ(ExactNumber(-0.0), "-0");
  EXPECT_EQ(ExactNumber(0.00030000000000000003), "0.00030000000000000003");
  EXPECT_EQ(ExactNumber(1e15), "1e+15");
  EXPECT_EQ(ExactNumber(1e-5), "1e-05");
}

TEST(Words, Enums) {
  EXPECT_EQ(StatusWord(v1::PROGRESS_STATUS_NO_DATA), "no data yet");
  EXPECT_EQ(StatusWord(v1::PROGRESS_STATUS_ON_TRACK), "on track");
  EXPECT_EQ(EnumWord("MEASURE_STAGE_IN_FORCE", "MEASURE_STAGE_"), "in force");
  EXPECT_EQ(EnumWord("MEASURE_STAGE_UNSPECIFIED", "MEASURE_STAGE_"), "");
}

}  // namespace
}  // namespace policytrack::cli
