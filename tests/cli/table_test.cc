#include "clients/cli/table.h"

#include "clients/cli/words.h"
#include "gtest/gtest.h"

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

TEST(Words, Numbers) {
  EXPECT_EQ(ShortNumber(0), "0");
  EXPECT_EQ(ShortNumber(-3), "-3");
  EXPECT_EQ(ShortNumber(1234567), "1234567");
  EXPECT_EQ(ShortNumber(0.1), "0.1");
  EXPECT_EQ(ShortNumber(87.66666666), "87.6667");
  EXPECT_EQ(ShortNumber(0.000123456789), "0.000123457");
  EXPECT_EQ(ShortNumber(1234567.25), "1234567");
  EXPECT_EQ(ExactNumber(0.1), "0.1");
}

TEST(Words, Enums) {
  EXPECT_EQ(StatusWord(v1::PROGRESS_STATUS_NO_DATA), "no data yet");
  EXPECT_EQ(StatusWord(v1::PROGRESS_STATUS_ON_TRACK), "on track");
  EXPECT_EQ(EnumWord("MEASURE_STAGE_IN_FORCE", "MEASURE_STAGE_"), "in force");
  EXPECT_EQ(EnumWord("MEASURE_STAGE_UNSPECIFIED", "MEASURE_STAGE_"), "");
}

}  // namespace
}  // namespace policytrack::cli
